"""A copy whose server asks for a password and for tokens against forged requests: all works, and nobody else gets in."""

import asyncio
import json
import os
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
import websockets
import yaml

from asmosis.cli import call
from asmosis.runs import Run, Runs
from deployments import access, local
from tests.conftest import free_port
from tests.stage import answered

PASSWORD = "Xy7-hushed-p4ssword"
BATCH, ROUTES = "hostedService/contoso-batch", "routeTable/contoso-spare-routes"
pytestmark = pytest.mark.xdist_group("protected")  # one copy for all of them
ELSEWHERE = "http://192.0.2.7:4200/api"


@pytest.fixture(scope="module")
def protected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local.Place]:
    home = tmp_path_factory.mktemp("protected") / "home"
    place = local.Place(
        home=home,
        prefect_home=home / "prefect",
        api_url=f"http://127.0.0.1:{free_port()}/api",
        emulator_port=free_port(),
        seed="contoso",
        login=f"ada:{PASSWORD}",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_SERVER_CSRF_PROTECTION_ENABLED", "true")
        try:
            local.up(place)
            yield place
        finally:
            local.down(place)


def family(place: local.Place) -> list[psutil.Process]:
    """Everything that the copy runs."""
    services = [local.living(service, place) for service in (*local.services(place), local.KEEPER)]
    assert all(services)
    return [each for one in services if one for each in (one, *one.children(recursive=True))]


def until_waiting(runs: Runs, subscription: str, wave: str, unit: str) -> None:
    deadline = time.monotonic() + 180
    found: tuple[Run, ...] = ()
    while not any(run.waiting for run in found):
        assert time.monotonic() < deadline, found
        found = runs.find(subscription, wave, unit)
        time.sleep(0.5)


@pytest.mark.slow
def test_a_wave_goes_through_for_those_who_know_the_password(
    protected: local.Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (protected.environment() | {"ASMOSIS_TOKEN": "any"}).items():
        monkeypatch.setenv(name, value)
    [seeded] = requests.get(f"{protected.emulator_url}/_control/seed", timeout=30).json()
    here = ["--subscription", seeded["subscription"]]
    file = tmp_path / "wave.yaml"
    file.write_text(yaml.safe_dump({"name": "locked", "subscription": here[1], "units": [BATCH, ROUTES]}))
    assert call(["run", "--wave", str(file), "--detach"]) == 0
    runs = Runs.from_environment(os.environ)
    for unit in (BATCH, ROUTES):
        until_waiting(runs, here[1], "locked", unit)
    assert call(["approve", BATCH, ROUTES, *here, "--reason", "looked", "--json"]) == 0
    assert call(["status", "--wave", "locked", *here, "--watch"]) == 0
    ends = {run.unit or "wave": run.state for run in runs.find(here[1])}
    assert ends == {BATCH: "Committed", ROUTES: "Committed", "wave": "Completed"}
    assert PASSWORD not in capsys.readouterr().err
    # The keeper brings the server back with its password.
    server = local.living(next(each for each in local.services(protected) if each.serves), protected)
    assert server
    server.kill()
    assert answered(lambda: runs.find(here[1]))


@pytest.mark.slow
def test_nobody_gets_in_without_it(protected: local.Place) -> None:
    forms: dict[str, dict[str, Any]] = {
        "deployments/filter": {},
        "admin/database/clear": {"confirm": True},
        "block_documents/filter": {},
    }
    for login in (None, ("ada", "wrong"), ("", "")):
        for path in ("version", "csrf-token?client=1", "deployments/name/migrate/migrate", "admin/settings"):
            assert requests.get(f"{protected.api_url}/{path}", auth=login, timeout=30).status_code == 401, path
        for path, form in forms.items():
            refused = requests.post(f"{protected.api_url}/{path}", json=form, auth=login, timeout=30)
            assert refused.status_code in (401, 403), path
    # Who has the password, but is a page of another site, has no token.
    known = requests.post(
        f"{protected.api_url}/deployments/filter",
        data=b"{}",
        headers={"Origin": "https://elsewhere.example"},
        auth=("ada", PASSWORD),
        timeout=30,
    )
    assert known.status_code == 403
    assert "access-control-allow-origin" not in known.headers

    async def listen() -> str:
        url = f"{protected.api_url.replace('http', 'ws', 1)}/events/out"
        async with websockets.connect(url, subprotocols=[websockets.Subprotocol("prefect")]) as socket:
            await socket.send(json.dumps({"type": "auth", "token": "wrong"}))
            return str(await socket.recv())

    with pytest.raises(websockets.ConnectionClosed):
        asyncio.run(listen())


@pytest.mark.slow
def test_the_password_is_in_no_process_list_no_log_and_no_file_of_others(protected: local.Place) -> None:
    processes = family(protected)
    assert len(processes) >= 4
    assert [each.pid for each in processes if PASSWORD in " ".join(each.cmdline())] == []
    emulator = local.living(local.services(protected)[0], protected)
    assert emulator
    for process in processes:
        told = process.environ()
        serves = "PREFECT_SERVER_API_AUTH_STRING" in told
        assert serves is any("deployments.server" in word for word in process.cmdline())
    written = [path for path in protected.home.rglob("*") if path.is_file()]
    assert len(written) > 8
    assert [path for path in written if PASSWORD.encode() in path.read_bytes()] == []
    readable = {path.name for path in written if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)}
    # Who runs and since when is no secret.
    assert {name for name in readable if not name.endswith(".pid")} == set()


@pytest.mark.parametrize(
    ("login", "url", "refused"),
    [
        ("", "http://127.0.0.1:4200/api", ""),
        ("", "http://localhost:4200/api", ""),
        ("", "http://[::1]:4200/api", ""),
        ("", ELSEWHERE, "Other machines reach 192.0.2.7"),
        ("", "http://0.0.0.0:4200/api", "Other machines reach 0.0.0.0"),
        ("", "http://prefect.example/api", "Other machines reach prefect.example"),
        ("ada:hush", ELSEWHERE, ""),
        ("ada", "http://127.0.0.1:4200/api", "USER:PASSWORD"),
        ("ada:", ELSEWHERE, "USER:PASSWORD"),
        (":hush", ELSEWHERE, "USER:PASSWORD"),
        ("ada:grün", ELSEWHERE, "ASCII"),
    ],
)
def test_a_server_that_others_reach_needs_a_password_that_it_can_take(login: str, url: str, refused: str) -> None:
    if not refused:
        access.require_login(login, url)
        return
    with pytest.raises(SystemExit, match=refused):
        access.require_login(login, url)


def test_nothing_is_started_before_that_is_known(tmp_path: Path) -> None:
    place = local.Place(tmp_path / "home", tmp_path, ELSEWHERE, 1, "contoso")
    with pytest.raises(SystemExit, match="Other machines"):
        local.up(place)
    assert not place.home.exists()


@pytest.mark.parametrize(
    ("environment", "login"),
    [
        ({}, ""),
        ({"PREFECT_API_AUTH_STRING": "ada:hush"}, "ada:hush"),
        ({"PREFECT_SERVER_API_AUTH_STRING": "eve:hush", "PREFECT_API_AUTH_STRING": "ada:hush"}, "eve:hush"),
        ({"PROFILE": "scale", "PREFECT_API_AUTH_STRING": "ada:hush"}, "ada:hush"),
    ],
)
def test_whoever_chooses_a_password_gets_it(environment: dict[str, str], login: str, tmp_path: Path) -> None:
    place = local.Place.from_environment(environment | {"ASMOSIS_HOME": str(tmp_path)})
    assert place.login == login
    assert place.environment().get("PREFECT_API_AUTH_STRING", "") == login
    assert access.of_server(place.login, place.ui_url).get("PREFECT_SERVER_API_AUTH_STRING", "") == login
    assert list(tmp_path.iterdir()) == []


def test_the_profile_for_many_makes_a_password_once_and_keeps_it_to_itself(tmp_path: Path) -> None:
    environment = {"ASMOSIS_HOME": str(tmp_path / "home"), "PROFILE": "scale"}
    places = [local.Place.from_environment(environment) for _ in range(2)]
    [login] = {place.login for place in places}
    user, _, password = login.partition(":")
    assert user == access.USER
    assert len(password) >= 32
    [kept] = (tmp_path / "home").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert password not in repr(places)
    other = local.Place.from_environment(environment | {"ASMOSIS_HOME": str(tmp_path / "other")})
    assert other.login != login


def test_what_only_the_server_knows_is_told_to_no_one_else(tmp_path: Path) -> None:
    for store in ("postgres", "redis"):
        (tmp_path / f"{store}.password").write_text(f"{store}-p4ssword")
    place = local.Place(tmp_path, tmp_path, "http://127.0.0.1:4200/api", 1, "contoso", profile="scale", login="a:hush")
    server = place.server_environment()
    assert "postgres-p4ssword" in server["PREFECT_SERVER_DATABASE_CONNECTION_URL"]
    assert "redis-p4ssword" in server["PREFECT_REDIS_MESSAGING_URL"]
    assert "p4ssword" not in str(place.environment())
    assert not set(server) & set(place.environment())
    told = " ".join(word for service in local.services(place) for word in service.command)
    assert "p4ssword" not in told
    assert "hush" not in told
    assert {service.serves for service in local.services(place) if "deployments.server" in service.command} == {True}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_pages_of_other_sites_may_not_read_answers(host: str) -> None:
    told = access.of_server("", f"http://{host}:4711")["PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS"]
    assert set(told.split(",")) == {"http://127.0.0.1:4711", "http://localhost:4711"}


DEPLOYED = Path(local.__file__).parent
COMPOSE = yaml.safe_load((DEPLOYED / "docker-compose.yaml").read_text())["services"]


@pytest.mark.parametrize("name", sorted(COMPOSE))
def test_no_container_gains_rights(name: str) -> None:
    service = COMPOSE[name]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not service.get("privileged")
    if name in ("postgres", "redis"):
        return  # their images drop root's rights themselves
    assert (service["user"], service["read_only"], service["cap_drop"]) == ("1001", True, ["ALL"])
    writable = [*service["tmpfs"], *(each.split(":")[1] for each in service.get("volumes", ()))]
    for variable in ("HOME", "PREFECT_HOME", "PREFECT_SERVER_UI_STATIC_DIRECTORY", "ASMOSIS_HOME"):
        place = service["environment"].get(variable)
        if place and (variable != "ASMOSIS_HOME" or name == "worker"):
            assert any(f"{place}/".startswith(f"{folder}/") for folder in writable), variable


def test_only_this_machine_reaches_what_compose_publishes() -> None:
    published = [port for service in COMPOSE.values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def secrets_in(value: object, name: str = "") -> Iterator[str]:
    """What stands in a file where a secret belongs."""
    if isinstance(value, dict):
        named = value.get("name") if isinstance(value.get("name"), str) else ""
        for key, each in value.items():
            yield from secrets_in(each, f"{named} {key}")
    elif isinstance(value, list):
        for each in value:
            yield from secrets_in(each, name)
    elif re.search(r"PASSWORD|AUTH_STRING|authString|CONNECTION_URL|API_KEY|password", name):
        secret = re.sub(r"\$\{\w+:\?\}", "", str(value))
        if not re.fullmatch(r"|[\w+]+://\w+:@[\w:/.]+|PREFECT_\w+|connection-string|POSTGRES_PASSWORD", secret):
            yield f"{name}: {value}"


@pytest.mark.parametrize("file", ["docker-compose.yaml", "helm/server.yaml", "helm/worker.yaml"])
def test_no_secret_stands_in_a_file(file: str) -> None:
    assert list(secrets_in(yaml.safe_load((DEPLOYED / file).read_text()))) == []
    assert list(secrets_in({"POSTGRES_PASSWORD": "hush"}))
    assert list(secrets_in({"env": [{"name": "PREFECT_API_AUTH_STRING", "value": "a:hush"}]}))


def test_the_image_is_not_roots() -> None:
    users = re.findall(r"^USER (\S+)", (DEPLOYED / "Dockerfile").read_text(), re.MULTILINE)
    assert users[-1:] == ["1001"]
