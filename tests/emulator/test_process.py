"""The emulator as a process: what it prints, how it ends, and that kill -9 loses nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from emulator.__main__ import cli

if TYPE_CHECKING:
    from tests.emulator.conftest import Client

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
NETWORK = "virtualNetwork/contoso-vnet"
Start = Callable[..., "tuple[subprocess.Popen[str], Client]"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "emulator", *arguments],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def start(client: Client, tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, **environment: str) -> tuple[subprocess.Popen[str], Client]:
        process = subprocess.Popen(
            [sys.executable, "-m", "emulator", "serve", "--db", str(tmp_path / "state.sqlite"), *arguments],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        ready, _, url = process.stdout.readline().strip().partition(" ")
        assert ready == "ready"
        return process, type(client)(url, SUBSCRIPTION)

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def kill(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)


def test_kill_9_loses_nothing_acknowledged_and_no_running_operation(start: Start) -> None:
    process, client = start("--seed", "contoso", "--latency", "prepare=3600,commit=3600")
    accepted = client.migrate(NETWORK, "prepare")
    keys = client.asm("GET", "services/storageservices/contosovhds/keys").body
    kill(process)

    process, client = start("--seed", "contoso")
    assert client.operation(accepted).one("Status") == "InProgress"
    assert client.migrate(NETWORK, "prepare").status == 409
    client.control("clock", {"advance": 3600})
    assert client.operation(accepted).one("Status") == "Succeeded"
    resources = client.arm("GET", "resources").json
    committing = client.migrate(NETWORK, "commit")
    kill(process)

    process, client = start("--seed", "contoso")
    # The turned clock and the latencies are state too.
    assert client.operation(committing).one("Status") == "InProgress"
    client.control("clock", {"advance": 3600})
    assert client.operation(committing).one("Status") == "Succeeded"
    assert client.arm("GET", "resources").json == resources
    assert client.migrate(NETWORK, "commit").status == 400
    assert client.asm("GET", "services/storageservices/contosovhds/keys").body == keys
    assert [(each["verb"], each["after"]) for each in client.journal(NETWORK) if each["effect"]] == [
        ("prepare", "Preparing"),
        ("commit", "Committing"),
    ]


@pytest.mark.parametrize(("moment", "began"), [("before", False), ("after", True)])
def test_a_scripted_crash_is_before_or_after_the_work(start: Start, moment: str, *, began: bool) -> None:
    process, client = start("--seed", "contoso")
    client.fault({"verb": "prepare", "unit": NETWORK}, {"crash": moment})
    with pytest.raises(OSError, match=r"closed connection|reset"):
        client.migrate(NETWORK, "prepare")
    assert process.wait(10) == 70

    _, client = start()
    assert [each["verb"] for each in client.journal(NETWORK) if each["effect"]] == (["prepare"] if began else [])
    # The fault was spent on the crash, so the repeat goes through.
    client.done(NETWORK, "prepare")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_one_line_and_ends_cleanly_on_a_signal(start: Start, number: signal.Signals) -> None:
    process, client = start("--seed", "contoso")
    assert client.base.startswith("http://127.0.0.1:")
    process.send_signal(number)
    assert process.wait(10) == 0
    assert process.stdout is not None
    assert not process.stdout.read()


def test_seed_loads_a_folder_that_the_server_cannot_see(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "ip.xml").write_text(
        "﻿<ReservedIP xmlns='http://schemas.microsoft.com/windowsazure'><Name>mine</Name><Address>1.2.3.4</Address>"
        "<State>Created</State><Location>West US</Location></ReservedIP>"
    )
    _, client = start()
    loaded = run("seed", client.base, str(folder), "--subscription", SUBSCRIPTION)
    assert loaded.returncode == 0, loaded.stderr
    assert json.loads(loaded.stdout)["loaded"] == {"reservedIp": 1}
    (folder / "ip.xml").unlink()
    assert client.asm("GET", "services/networking/reservedips").all("Name") == ["mine"]


def test_an_identity_with_a_scope_has_a_say_in_its_subscriptions_only(start: Start) -> None:
    _, client = start("--seed", "contoso", "--auth", "token", EMULATOR_IDENTITY_HEADER="knock")
    endpoint = "/msi/token?api-version=2019-08-01&resource=https://management.azure.com&client_id="
    tokens = {
        name: client.send("GET", endpoint + name, headers={"X-IDENTITY-HEADER": "knock"}).json["access_token"]
        for name in ("anybody", "elsewhere", "here")
    }
    headers = {name: {"x-ms-version": "2016-03-01", "authorization": f"Bearer {tokens[name]}"} for name in tokens}
    for name, scope in (("elsewhere", str(uuid4())), ("here", SUBSCRIPTION.upper())):
        body = json.dumps({"client_id": name, "subscriptions": [scope]})
        assert client.send("POST", "/_control/identities", body, headers["anybody"]).status == 200
    classic = f"/{SUBSCRIPTION}/services/hostedservices"
    arm = f"/subscriptions/{SUBSCRIPTION}/resources?api-version=2021-04-01"
    for name, status in (("anybody", 200), ("here", 200), ("elsewhere", 403)):
        assert [client.send("GET", each, headers=headers[name]).status for each in (classic, arm)] == [status, status]
    refused = client.send("GET", arm, headers=headers["elsewhere"])
    assert refused.json["error"]["code"] == "AuthorizationFailed"
    assert "<Code>ForbiddenError</Code>" in client.send("GET", classic, headers=headers["elsewhere"]).text


def test_a_token_opens_everything_and_nothing_is_open_without(start: Start) -> None:
    process, client = start("--seed", "contoso", "--auth", "token", EMULATOR_IDENTITY_HEADER="knock")
    path = f"/{SUBSCRIPTION}/services/hostedservices"
    closed = [path, f"/subscriptions/{SUBSCRIPTION}/resources?api-version=2021-04-01", "/_control/journal"]
    assert [client.send("GET", each).status for each in closed] == [401, 401, 401]
    assert "<Code>AuthenticationFailed</Code>" in client.send("GET", path).text
    endpoint = "/msi/token?api-version=2019-08-01&resource=https://management.azure.com&client_id=someone"
    assert client.send("GET", endpoint, headers={"X-IDENTITY-HEADER": "guess"}).status == 401
    token: dict[str, Any] = client.send("GET", endpoint, headers={"X-IDENTITY-HEADER": "knock"}).json
    assert set(token) == {"access_token", "expires_on", "resource", "token_type", "client_id"}
    headers = {"x-ms-version": "2016-03-01", "authorization": f"Bearer {token['access_token']}"}
    assert [client.send("GET", each, headers=headers).status for each in closed] == [200, 200, 200]
    forged = {**headers, "authorization": f"Bearer {token['access_token'][:-2]}xx"}
    assert client.send("GET", path, headers=forged).status == 401
    migration = f"/{SUBSCRIPTION}/services/networking/virtualnetwork/contoso-vnet/migration?comp=prepare"
    assert client.send("POST", migration, headers=headers).status == 202
    kill(process)

    _, client = start("--auth", "token", EMULATOR_IDENTITY_HEADER="knock")
    journal = client.send("GET", "/_control/journal", headers=headers).json
    assert journal[0]["caller"]["subject"] == "someone"
    assert run("seed", client.base, "contoso", EMULATOR_IDENTITY_HEADER="knock").returncode == 0
    assert run("seed", client.base, "contoso").returncode == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["serve", "--host", "0.0.0.0"], "0.0.0.0 is not a loopback address"),
        (["serve", "--host", "0.0.0.0", "--auth", "token"], "EMULATOR_IDENTITY_HEADER"),
        (["serve", "--host", "192.0.2.77.5"], "not a loopback address"),
        (["serve", "--seed", "fabrikam"], "There is no estate fabrikam; there is: contoso."),
        (["serve", "--latency", "prepare=soon"], "prepare=soon: give VERB=SECONDS"),
        (["serve", "--latency", "undo=1"], "undo=1: give VERB=SECONDS"),
        (["serve", "--port", "99999"], "cannot listen on 127.0.0.1:99999"),
        (["serve", "--db", "/proc/nowhere/state.sqlite"], "/proc/nowhere/state.sqlite"),
        (["serve", "--seed", str(ROOT / "docs" / "adr")], "holds no *.xml documents"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_says_what_to_change(arguments: list[str], told: str) -> None:
    ended = CliRunner().invoke(cli, arguments, env={"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200"})
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert told in " ".join(re.sub(r"[│╭╮╰╯─]", " ", ended.stderr).split())


def test_a_second_server_on_one_file_is_refused(start: Start, tmp_path: Path) -> None:
    start()
    ended = run("serve", "--db", str(tmp_path / "state.sqlite"))
    assert ended.returncode == 2
    assert "is in use" in " ".join(ended.stderr.split())


def test_seed_without_a_server_exits_3_with_one_line() -> None:
    ended = run("seed", "http://127.0.0.1:9", "contoso")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (3, "", 1)
