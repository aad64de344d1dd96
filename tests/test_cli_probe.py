"""The verb `probe`, against the emulator's data plane and against whatever else listens."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from asmosis.cli import call
from asmosis.probe import read_timeline

NETWORK, BATCH = "virtualNetwork/contoso-vnet", "hostedService/contoso-batch"


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("ready ").strip()
        process.terminate()


@pytest.fixture
def subscription(emulator: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh one, which the environment names."""
    for name in [name for name in os.environ if name.startswith("ASMOSIS_")]:
        monkeypatch.delenv(name)
    loaded = requests.post(f"{emulator}/_control/seed", json={"estate": "contoso"}, timeout=60).json()
    monkeypatch.setenv("ASMOSIS_ASM_URL", emulator)
    monkeypatch.setenv("ASMOSIS_ARM_URL", emulator)
    monkeypatch.setenv("ASMOSIS_TOKEN", "any")
    monkeypatch.setenv("ASMOSIS_SUBSCRIPTION", str(loaded["subscription"]))
    return str(loaded["subscription"])


@pytest.fixture
def listening() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def answer(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.usefixtures("subscription")
def test_all_public_endpoints_of_units_are_probed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "probe.jsonl"
    assert call(["probe", NETWORK, BATCH, "--for", "0.5", "--json", "--out", str(file)]) == 0
    seen = answer(capsys)
    assert [each["endpoint"] for each in seen["endpoints"]] == [
        "contoso-web:80",
        "contoso-web/web1:3389",
        "contoso-web/web2:3389",
        "contoso-app/app1:22",
        "contoso-app/app2:22",
        "contoso-batch/batch1:22",
    ]
    assert (seen["lost"], seen["longest_gap"], seen["complete"]) == (0, None, True)
    assert {way["host"] for each in seen["endpoints"] for way in each["ways"]} >= {
        "contoso-web.cloudapp.net",
        "40.112.9.21",
    }
    assert read_timeline(file).attempts == seen["attempts"] >= 12


@pytest.mark.usefixtures("subscription")
def test_a_table_and_a_sentence_for_people(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert call(["probe", BATCH, "--for", "0.5"]) == 0
    shown = capsys.readouterr().out
    assert "contoso-batch.cloudapp.net:50022" in shown
    assert "connections lost at 1 endpoint. None was interrupted." in shown


def test_any_host_is_probed_and_silence_is_a_no(listening: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["probe", listening, "--for", "0.4", "--json"]) == 0
    assert answer(capsys)["endpoints"][0]["answers"] is True
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{closed.getsockname()[1]}"
        assert call(["probe", listening, nobody, "--for", "0.4"]) == 1
    told = capsys.readouterr()
    assert f"{nobody}: down (refused)" in told.err
    assert "1 endpoint never answered" in told.out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        pytest.param(["nowhere"], "it is not HOST:PORT", id="no port"),
        pytest.param(["a:80", BATCH], "units and hosts are both named", id="units and hosts"),
        pytest.param([f"11111111-2222-3333-4444-555555555555/{BATCH}"], "the planes are those of", id="another one"),
        pytest.param(["storageAccount/contosovhds"], "no public endpoint that can be probed", id="nothing to probe"),
        pytest.param(["a:80", "--rate", "1000"], "It may be 0.01 to 100", id="too often"),
        pytest.param(["127.0.0.1:9", "--out", __file__], "File exists", id="a file that is there"),
        pytest.param(["hostedService/absent"], "no such unit", id="no such unit"),
    ],
)
@pytest.mark.usefixtures("subscription")
def test_wrong_usage_is_said_so(arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["probe", *arguments, "--for", "0.2"]) == 2
    assert problem in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_whoever_ends_it_gets_what_was_seen(how: signal.Signals, listening: str, tmp_path: Path) -> None:
    file = tmp_path / "probe.jsonl"
    command = [sys.executable, "-m", "asmosis.cli", "probe", listening, "--json", "--out", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 30
        while not (file.exists() and '"turn"' in file.read_text()):
            assert time.monotonic() < end
            time.sleep(0.02)
        process.send_signal(how)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert json.loads(out)["attempts"] == read_timeline(file).attempts > 0
    assert read_timeline(file).complete


@pytest.mark.slow
def test_a_terminal_shows_how_it_stands(listening: str) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "asmosis.cli", "probe", listening, "--for", "1.2"]
    environment = {**os.environ, "COLUMNS": "140", "TERM": "xterm"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, text=True, env=environment) as process:
        out, _ = process.communicate(timeout=30)
    os.close(theirs)
    drawn = os.read(ours, 1_000_000).decode()
    os.close(ours)
    assert process.returncode == 0
    assert "Ctrl-C ends" in drawn
    assert listening in drawn
    assert "None was interrupted." in out
