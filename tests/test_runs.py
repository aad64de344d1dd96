"""Runs: what is asked of Prefect's REST API, what its answers mean, and what the verbs make of them."""

import getpass
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from asmosis.cli import call
from asmosis.errors import (
    AsmosisError,
    AuthenticationFailed,
    Conflict,
    ControlPlaneError,
    Forbidden,
    IllegalMove,
    NotFound,
    ServerFault,
    Throttled,
    Unreachable,
    UsageError,
)
from asmosis.facts import StepDuration
from asmosis.limits import awaiting_slot, free, limit, spend
from asmosis.parameters import AbortParameters, Approvers, MigrateParameters, WaveParameters
from asmosis.prefect_rest import DEFAULT_API
from asmosis.runs import Run, Runs, newest
from asmosis.units import Destination, DestinationMode

# One server for all of them, wherever `--dist loadgroup` runs them.
pytestmark = pytest.mark.xdist_group("runs")
TESTS = Path(__file__).parent
PATIENCE = 120.0  # seconds


def a_run(id: str = "1", unit: str = "routeTable/r", wave: str = "", **changes: Any) -> Run:
    tags = (f"subscription:{'s' * 3}", *([f"unit:{unit}"] if unit else []), *([f"wave:{wave}"] if wave else []))
    plain: dict[str, Any] = {
        "id": id, "name": "n", "flow": "migrate", "type": "RUNNING", "state": "Running", "since": "", "message": "",
        "tags": tags, "link": "",
    }  # fmt: skip
    return Run(**plain | changes)


# --- answers, from a server that says what the test wants -------------------------------------------------------------


class Scripted(ThreadingHTTPServer):
    """Gives the scripted answers in turn, the last one again and again; keeps what it was asked."""

    def __init__(self, *answers: tuple[int, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers, self.asked = list(answers), list[tuple[str, str, str, bytes]]()

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api"


class _Handler(BaseHTTPRequestHandler):
    server: Scripted

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, self.headers.get("Authorization", ""), body))
        answers = self.server.answers
        status, content = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _answer  # noqa: N815 - the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    servers: list[tuple[Scripted, Thread]] = []

    def start(*answers: tuple[int, bytes]) -> Scripted:
        server = Scripted(*answers)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        servers.append((server, thread))
        return server

    yield start
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (401, b'{"detail": "Unauthorized"}', AuthenticationFailed, "Prefect answered 401 Unauthorized: Unauthorized"),
        (403, b'{"detail": "No."}', Forbidden, "Prefect answered 403 Forbidden: No."),
        (404, b'{"detail": "Not Found"}', NotFound, "Prefect answered 404 NotFound: Not Found"),
        (409, b'{"detail": "\'units\' is required"}', Conflict, "409 Conflict: 'units' is required"),
        (422, b'{"exception_message": "Invalid request received."}', ControlPlaneError, "Invalid request received."),
        (429, b"{}", Throttled, "429 TooManyRequests: /flow_runs/filter"),
        (500, b"Internal Server Error", ServerFault, "500 InternalServerError: /flow_runs/filter"),
        (503, b'{"detail": "database is locked"}', ServerFault, "database is locked"),
        (299, b"<html>", ControlPlaneError, "PREFECT_API_URL usually ends in /api"),
        (302, b"", ControlPlaneError, "PREFECT_API_URL usually ends in /api"),
        (200, b"<!doctype html>", ControlPlaneError, "PREFECT_API_URL usually ends in /api"),
    ],
)
def test_a_refusal_is_an_error_of_the_tree(
    status: int, body: bytes, kind: type[AsmosisError], said: str, scripted: Callable[..., Scripted]
) -> None:
    with pytest.raises(kind) as caught:
        Runs(scripted((status, body)).api).find()
    assert type(caught.value) is kind
    assert said in str(caught.value)


def test_a_missing_deployment_is_named_with_its_remedy(scripted: Callable[..., Scripted]) -> None:
    runs = Runs(scripted((404, b'{"detail": "Deployment not found"}')).api)
    with pytest.raises(NotFound, match=r"no deployment 'abort'; register the deployments first"):
        runs.abort(AbortParameters(subscription="s", unit="routeTable/r"))


def test_nobody_listening_is_named_in_plain_words() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        api = f"http://127.0.0.1:{reserved.getsockname()[1]}/api"
        with pytest.raises(Unreachable, match=rf"^Prefect at {api} cannot be reached: Connection refused$"):
            Runs(api).find()


def test_an_answer_that_breaks_off_is_unreachable() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def hang_up() -> None:
            for _ in range(3):
                server.accept()[0].close()

        thread = Thread(target=hang_up)
        thread.start()
        with pytest.raises(Unreachable, match="cannot be reached: "):
            Runs(f"http://127.0.0.1:{server.getsockname()[1]}/api").find()
        thread.join()


@pytest.mark.parametrize("api", ["127.0.0.1:4200/api", "/api", "gopher://x/api", "http://", "http://[::1"])
def test_an_address_that_is_none_is_wrong_usage(api: str) -> None:
    with pytest.raises(UsageError, match=r"^PREFECT_API_URL: .* Give it as http://HOST:PORT/api\.$"):
        Runs(api).find()


@pytest.mark.slow
@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_server_that_stumbles_is_asked_again(status: int, scripted: Callable[..., Scripted]) -> None:
    server = scripted((status, b""), (status, b""), (200, b"[]"))
    assert Runs(server.api).find() == ()
    assert len(server.asked) == 3


def told(type: str, state: str) -> bytes:
    """A flow run as Prefect's API tells it."""
    tags = ["subscription:s", "unit:routeTable/r"]
    told = {"id": "7", "name": "n", "flow_id": "f", "created": "", "state": {"type": type, "name": state}, "tags": tags}
    return json.dumps(told).encode()


def test_durations_are_those_of_one_platform(scripted: Callable[..., Scripted]) -> None:
    measured = {"kind": "reservedIp", "step": "prepare", "seconds": 61.5}
    rows = [{"unit": f"s/reservedIp/{plane}", "plane": f"https://{plane}", **measured} for plane in ("azure", "local")]
    kept = [{"created": "2026-03-04T05:00:00Z", "data": json.dumps([row])} for row in rows]
    runs = Runs(scripted((200, json.dumps(kept).encode())).api)
    assert runs.durations("https://azure") == (StepDuration.model_validate(measured),)
    assert runs.durations("https://elsewhere") == ()


@pytest.mark.parametrize(
    ("type", "state", "sent"),
    [
        pytest.param("PAUSED", "Suspended", 2, id="the answer was lost on its way"),
        pytest.param("SCHEDULED", "Resuming", 1, id="the answer got through"),
    ],
)
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_decision_is_sent_again_only_if_the_run_still_waits(
    status: int, type: str, state: str, sent: int, scripted: Callable[..., Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asmosis.runs._BUSY_PAUSES", (0.001,))
    monkeypatch.setattr("asmosis.runs._FLOW_NAMES", {})
    server = scripted(
        (status, b'{"detail": "database is locked"}'),
        (200, told(type, state)),
        (200, b'{"name": "migrate"}'),
        (200, b'{"status": "ACCEPT"}'),
    )
    Runs(server.api).decide(a_run("7"), "commit", "Ann", "seen")
    form = {"run_input": {"decision": "commit", "approver": "Ann", "reason": "seen"}}
    posted = [(path, json.loads(body)) for method, path, _, body in server.asked if method == "POST"]
    assert posted == [("/api/flow_runs/7/resume", form)] * sent


def test_a_decision_that_never_gets_through_is_an_error(
    scripted: Callable[..., Scripted], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asmosis.runs._BUSY_PAUSES", ())
    with pytest.raises(ServerFault, match="database is locked"):
        Runs(scripted((503, b'{"detail": "database is locked"}')).api).decide(a_run("7"), "commit", "Ann", "seen")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": "ABORT", "details": {"reason": "Cannot resume."}}, "it is Cannot resume."),
        ({"status": "REJECT", "details": {"reason": "Reason: 'approver' is missing"}}, "'approver' is missing"),
        ({"status": "WAIT", "details": None}, "it is WAIT"),
    ],
    ids=["not waiting", "another form", "wait"],
)
def test_a_decision_that_is_not_accepted_is_an_error(
    answer: dict[str, Any], said: str, scripted: Callable[..., Scripted]
) -> None:
    with pytest.raises(IllegalMove) as caught:
        Runs(scripted((200, json.dumps(answer).encode())).api).decide(a_run(), "abort", "Ann", "")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "header"),
    [
        ({}, ""),
        ({"PREFECT_API_KEY": "pnu_k3y"}, "Bearer pnu_k3y"),
        ({"PREFECT_API_AUTH_STRING": "admin:pass:word"}, "Basic YWRtaW46cGFzczp3b3Jk"),
        ({"PREFECT_API_AUTH_STRING": "admin:pass:word", "PREFECT_API_KEY": "k"}, "Basic YWRtaW46cGFzczp3b3Jk"),
    ],
    ids=["nothing", "key", "login", "login before key"],
)
def test_prefects_own_variables_sign_in(
    environment: dict[str, str],
    header: str,
    scripted: Callable[..., Scripted],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # requests would otherwise take this login, for the key too.
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password x\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = scripted((200, b"[]"))
    runs = Runs.from_environment(environment | {"PREFECT_API_URL": server.api + "/"})
    runs.find()
    assert server.asked[0][:3] == ("POST", "/api/flow_runs/filter", header)


def test_secrets_are_not_shown() -> None:
    runs = Runs("http://127.0.0.1:9/api", login=SecretStr("admin:hush"), key=SecretStr("hush"))
    assert "hush" not in repr(runs) + str(vars(runs))


def test_without_an_address_the_local_server_is_meant() -> None:
    assert Runs.from_environment({}).api == DEFAULT_API


@pytest.mark.parametrize(
    ("type", "state", "unit", "waiting", "ended"),
    [
        ("PAUSED", "Suspended", "routeTable/r", True, False),
        ("PAUSED", "Suspended", "", False, False),  # a wave waits for its units, not for a person
        ("PAUSED", "Paused", "routeTable/r", False, False),
        ("RUNNING", "Running", "routeTable/r", False, False),
        ("COMPLETED", "Committed", "routeTable/r", False, True),
        ("FAILED", "Blocked", "routeTable/r", False, True),
        ("CRASHED", "Crashed", "routeTable/r", False, True),
        ("CANCELLED", "Cancelled", "routeTable/r", False, True),
    ],
)
def test_a_run_tells_whether_it_waits_or_has_ended(
    type: str, state: str, unit: str, *, waiting: bool, ended: bool
) -> None:
    run = a_run(type=type, state=state, unit=unit, wave="w")
    assert (run.waiting, run.ended) == (waiting, ended)


def test_the_newest_run_of_each_unit_and_wave_is_kept() -> None:
    runs = [
        a_run("6", "routeTable/R", "friday"),
        a_run("5", "", "friday"),
        a_run("4", "routeTable/r"),
        a_run("3", "", "monday"),
        a_run("2", "", "friday"),
        a_run("1", "routeTable/other"),
    ]
    assert [run.id for run in newest(runs)] == ["6", "5", "3", "1"]


# --- a real Prefect server ------------------------------------------------------------------------------------------


class Server:
    """A Prefect server of its own, and a process that registers `runs_flows` and executes what the test wants."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = str(probe.getsockname()[1])
        self.api = f"http://127.0.0.1:{self._port}/api"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
            "PREFECT_HOME": str(home),
            "PREFECT_API_URL": self.api,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PYTHONPATH": str(TESTS),
        }
        self._home = home
        self._lock = Lock()
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        serve = ["-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", self._port]
        self._server = self._process("server", *serve)
        deadline = time.monotonic() + PATIENCE
        while not self._healthy():
            given_up = self._server.poll() is not None or time.monotonic() > deadline
            assert not given_up, (self._home / "server.log").read_text()
            time.sleep(0.2)
        self._worker = self._process("worker", "-m", "runs_flows", pipes=subprocess.PIPE)
        self._worker_says("registered")

    def stop(self) -> None:
        for process in reversed(self._started):
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)
            for pipe in filter(None, (process.stdin, process.stdout)):
                pipe.close()

    def execute(self, run: str) -> None:
        """Run a flow run as a worker would, until it ends or suspends."""
        assert self._worker.stdin is not None
        with self._lock:
            self._worker.stdin.write(f"{run}\n".encode())
            self._worker.stdin.flush()
            self._worker_says("executed")

    def asked_parameters(self, run: str) -> Any:
        return requests.get(f"{self.api}/flow_runs/{run}", timeout=30).json()["parameters"]

    def _healthy(self) -> bool:
        try:
            return requests.get(f"{self.api}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def _process(self, name: str, *arguments: str, pipes: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        with (self._home / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                env=self._environment,
                stdin=pipes,
                stdout=pipes,
                stderr=log,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def _worker_says(self, word: str) -> None:
        assert self._worker.stdout is not None
        said = self._worker.stdout.readline().decode()
        assert said == f"{word}\n", said + (self._home / "worker.log").read_text()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("prefect"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def runs(server: Server, monkeypatch: pytest.MonkeyPatch) -> Runs:
    for name in ("PREFECT_API_AUTH_STRING", "PREFECT_API_KEY", "PREFECT_UI_URL", "ASMOSIS_SUBSCRIPTION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PREFECT_API_URL", server.api)
    return Runs(server.api)


@pytest.fixture
def subscription() -> str:
    return str(uuid.uuid4())


def shown(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["runs"]
    return found


@pytest.mark.slow
def test_a_migration_is_started_with_its_parameters_and_tags(server: Server, runs: Runs, subscription: str) -> None:
    destination = Destination(DestinationMode.EXISTING, "group", "net", "front")
    parameters = MigrateParameters(
        subscription=subscription, unit="hostedservice/Web", destination=destination, wave="friday"
    )
    run = runs.migrate(parameters)
    assert (run.name, run.flow, run.type) == ("migrate hostedService/Web", "migrate", "SCHEDULED")
    assert (run.subscription, run.unit, run.wave) == (subscription, "hostedService/Web", "friday")
    assert run.link == f"{server.api.removesuffix('/api')}/runs/flow-run/{run.id}"
    assert server.asked_parameters(run.id) == {"migration": parameters.model_dump(mode="json")}
    assert runs.read(run) == run


@pytest.mark.slow
def test_waves_and_aborts_are_started_likewise(server: Server, runs: Runs, subscription: str) -> None:
    wave = WaveParameters(subscription=subscription, name="friday", units=["routeTable/r"])
    abort = AbortParameters(subscription=subscription, unit="routeTable/r", reason="why not")
    started = runs.wave(wave), runs.abort(abort)
    assert [(run.flow, run.unit, run.wave) for run in started] == [
        ("wave", "", "friday"),
        ("abort", "routeTable/r", ""),
    ]
    assert server.asked_parameters(started[0].id) == {"wave": wave.model_dump(mode="json")}
    assert server.asked_parameters(started[1].id) == {"request": abort.model_dump(mode="json")}


@pytest.mark.slow
def test_runs_are_found_by_tag_newest_first_page_after_page(
    runs: Runs, subscription: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = runs.migrate(MigrateParameters(subscription=subscription, unit="routeTable/A", wave="w1"))
    second = runs.migrate(MigrateParameters(subscription=subscription, unit="routeTable/b", wave="w2"))
    third = runs.migrate(MigrateParameters(subscription=subscription, unit="routeTable/a", wave="w1"))
    monkeypatch.setattr("asmosis.runs._PAGE", 2)
    assert runs.find(subscription) == (third, second, first)
    assert runs.find(subscription, wave="w1") == (third, first)
    assert runs.find(subscription, unit="routetable/a") == (third, first)
    assert runs.find(subscription, waiting=True) == ()
    assert runs.find(str(uuid.uuid4())) == ()
    assert newest(runs.find(subscription)) == (third, second)


@pytest.mark.slow
@pytest.mark.parametrize(("verb", "state"), [("approve", "Committed"), ("reject", "Aborted")])
def test_a_suspended_unit_is_decided_from_the_command_line(
    verb: str, state: str, server: Server, runs: Runs, subscription: str, capsys: pytest.CaptureFixture[str]
) -> None:
    unit = f"{subscription}/routeTable/Main"
    assert call(["run", unit, "--detach", "--json"]) == 0
    [run] = shown(capsys)
    assert (run["state"], run["waiting_for_approval"], run["wave"]) == ("Scheduled", False, None)

    assert call([verb, unit]) == 1
    assert re.search("no run waits for an approval; its newest run is (Scheduled|Late)", capsys.readouterr().err)

    server.execute(run["run"])
    assert call(["status", "--unit", unit, "--json"]) == 0
    [waiting] = shown(capsys)
    assert (waiting["run"], waiting["state"], waiting["waiting_for_approval"]) == (run["run"], "Suspended", True)

    other = f"{subscription}/routeTable/other"
    assert call([verb, unit, other]) == 1
    assert "routeTable/other: no run waits for an approval; it has no run." in capsys.readouterr().err
    assert runs.find(subscription)[0].waiting, "nothing is answered unless all wait"

    assert call([verb, "routetable/main", "--subscription", subscription, "--reason", "seen [both]", "--json"]) == 0
    [answered] = shown(capsys)
    assert not answered["waiting_for_approval"]

    server.execute(run["run"])
    [ended] = runs.find(subscription)
    assert (ended.state, ended.message) == (state, f"{getpass.getuser()}: seen [both]")


@pytest.mark.slow
def test_a_unit_of_one_name_in_two_subscriptions_is_not_guessed(
    server: Server, runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"routeTable/{uuid.uuid4().hex}"
    first, second = (runs.migrate(MigrateParameters(subscription=str(uuid.uuid4()), unit=name)) for _ in range(2))
    server.execute(first.id)
    server.execute(second.id)
    assert call(["approve", name]) == 2
    assert "units of this name are in several subscriptions. Use SUBSCRIPTION/KIND/NAME." in capsys.readouterr().err
    assert call(["approve", f"{second.subscription}/{name}", "--approver", "Ann"]) == 0
    assert runs.read(first).waiting
    assert not runs.read(second).waiting


@pytest.mark.slow
def test_who_may_not_decide_is_told_before_anything_is_sent_and_what_is_decided_is_not_decided_again(
    server: Server, runs: Runs, subscription: str, capsys: pytest.CaptureFixture[str]
) -> None:
    unit = f"{subscription}/routeTable/r"
    rules = Approvers(names=["Ann", "Cleo"], requester_may_approve=False)
    asked = MigrateParameters(subscription=subscription, unit="routeTable/r", approvers=rules, requested_by="Cleo")
    run = runs.migrate(asked)
    server.execute(run.id)
    for approver, why in (("Bob", "Bob is not among the approvers (Ann, Cleo)"), ("Cleo", "Cleo requested it")):
        assert call(["approve", unit, "--approver", approver]) == 1
        assert f"asmosis: routeTable/r: {why}" in capsys.readouterr().err
    assert runs.read(run).waiting
    assert runs.votes(run.id, runs.read(run).question) == ()

    assert call(["approve", unit, "--approver", "ann", "--reason", "seen"]) == 0
    [vote] = runs.votes(run.id, "approval-evidence")
    assert (vote.decision, vote.approver, vote.reason) == ("commit", "ann", "seen")
    server.execute(run.id)
    capsys.readouterr()
    assert call(["approve", unit, "--approver", "ann"]) == 0
    assert "routeTable/r: it is Committed already." in capsys.readouterr().err
    assert call(["reject", unit, "--approver", "ann"]) == 1
    assert "its newest run is Committed" in capsys.readouterr().err


@pytest.mark.slow
def test_a_wave_is_not_started_beside_one_that_has_its_units_and_is_aborted_as_a_whole(
    server: Server,
    runs: Runs,
    subscription: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    friday = runs.wave(WaveParameters(subscription=subscription, name="friday", units=["routeTable/a", "routeTable/b"]))
    server.execute(friday.id)
    member = runs.migrate(MigrateParameters(subscription=subscription, unit="routeTable/a", wave="friday"))
    server.execute(member.id)
    both = [f"{subscription}/routeTable/{name}" for name in "bc"]
    assert call(["run", *both, "--name", "monday"]) == 2
    said = "asmosis: wave monday: routeTable/b is in wave friday as well, which goes on. Nothing was started.\n"
    assert capsys.readouterr().err == said
    assert [run.wave for run in runs.find(subscription)] == ["friday", "friday"]

    monkeypatch.setenv("ASMOSIS_SUBSCRIPTION", subscription)
    assert call(["abort", "--wave", "friday", "--detach", "--json"]) == 0
    [started] = shown(capsys)
    assert (started["flow"], started["unit"]) == ("abort", "routeTable/a")
    assert runs.read(friday).type == "CANCELLED"
    assert call(["abort", "--wave", "saturday"]) == 2
    assert "wave 'saturday': there is no such wave." in capsys.readouterr().err

    server.execute(member.id)
    runs.decide(runs.read(member), "abort", "Ann", "not now")
    server.execute(member.id)
    assert call(["approve", f"{subscription}/routeTable/a"]) == 1
    assert "it was aborted (Ann: not now), start it again with asmosis run" in capsys.readouterr().err
    assert call(["abort", "--wave", "friday"]) == 0
    assert "wave friday: no unit of it is prepared." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(
            ["--mode", "dry"], "--mode 'dry': no such mode. There are: assess, dry-run, prepare-only, full.", id="mode"
        ),
        pytest.param(["--approval", "never"], "--approval 'never': no such policy. There are: manual, ", id="policy"),
        pytest.param(["--waivers", "waivers.yaml"], "waivers.yaml:2: 'waivers.1.why' is missing", id="waivers"),
    ],
)
def test_how_a_unit_cannot_go_is_said_before_anything_starts(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("waivers.yaml").write_text("waivers:\n- {rule: vm-ext-xml, unit: '*', who: ada, until: 2026-01-01}\n")
    assert call(["run", f"{uuid.uuid4()}/routeTable/r", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_abort_has_to_be_told_what(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["routeTable/a", "--wave", "w"], ["--wave", "w", "--all-prepared"]):
        assert call(["abort", *arguments]) == 2
        assert "it is not clear what. Name units, or a wave" in capsys.readouterr().err


@pytest.mark.slow
def test_limits_are_made_once_changed_on_request_and_spent(runs: Runs) -> None:
    name = f"asmosis-writes-{uuid.uuid4()}"
    assert free(runs, name)
    assert [limit(runs, name, wanted, 7, decays=True) for wanted in (0, 0, 9, 0)] == [7, 7, 9, 9]
    assert spend(runs, name, 8)
    assert free(runs, name)
    assert not spend(runs, name, 8)
    assert spend(runs, name, 1)
    with pytest.raises(ControlPlaneError, match="greater than the limit"):
        spend(runs, name, 10)
    assert awaiting_slot(runs, str(uuid.uuid4())) == 0


@pytest.mark.slow
def test_a_decision_that_comes_too_late_is_refused(server: Server, runs: Runs, subscription: str) -> None:
    run = runs.migrate(MigrateParameters(subscription=subscription, unit="routeTable/r"))
    server.execute(run.id)
    runs.decide(run, "commit", "Ann", "")
    with pytest.raises(IllegalMove, match="not paused"):
        runs.decide(run, "abort", "Bob", "")


@pytest.mark.slow
def test_a_wave_is_watched_until_only_people_are_waited_for(server: Server, runs: Runs, subscription: str) -> None:
    wave = runs.wave(WaveParameters(subscription=subscription, name="friday", units=["routeTable/a", "routeTable/b"]))
    a, b = (
        runs.migrate(MigrateParameters(subscription=subscription, unit=f"routeTable/{name}", wave="friday"))
        for name in "ab"
    )
    steps: list[Callable[[], None]] = [
        lambda: server.execute(wave.id),
        lambda: server.execute(a.id),
        lambda: runs.decide(runs.read(a), "abort", "Ann", ""),
        lambda: server.execute(a.id),
        lambda: server.execute(b.id),
    ]
    changes = [(run.id, run.state) for run in runs.watch(wave, sleep=lambda _: steps.pop(0)())]
    assert not steps
    assert set(changes[:3]) == {(wave.id, "Scheduled"), (a.id, "Scheduled"), (b.id, "Scheduled")}
    assert [change for change in changes[3:] if change[1] not in ("Resuming", "Late")] == [
        (wave.id, "Suspended"),
        (a.id, "Suspended"),
        (a.id, "Aborted"),
        (b.id, "Suspended"),
    ]


@contextmanager
def working_off(server: Server, runs: Runs, subscription: str) -> Iterator[None]:
    """Executes the first run that the subscription gets, beside what the test does."""

    def work() -> None:
        deadline = time.monotonic() + PATIENCE
        while not runs.find(subscription) and time.monotonic() < deadline:
            time.sleep(0.1)
        server.execute(runs.find(subscription)[0].id)

    worker = Thread(target=work)
    worker.start()
    yield
    worker.join()


@pytest.mark.slow
def test_following_tells_the_way_on_stderr_and_the_end_on_stdout(
    server: Server, runs: Runs, subscription: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with working_off(server, runs, subscription):
        code = call(["run", f"{subscription}/storageAccount/disks", "--json"])
    captured = capsys.readouterr()
    [run] = json.loads(captured.out)["runs"]
    assert (code, run["state"], run["unit"]) == (0, "Suspended", "storageAccount/disks")
    assert captured.err.splitlines()[0].startswith("storageAccount/disks: started, http://")
    assert captured.err.endswith("then: asmosis approve storageAccount/disks\n")


@pytest.mark.slow
def test_an_abort_is_followed_to_its_end(
    server: Server, runs: Runs, subscription: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with working_off(server, runs, subscription):
        code = call(["abort", f"{subscription}/storageAccount/disks", "--reason", "by mistake"])
    captured = capsys.readouterr()
    assert code == 0
    assert captured.err.endswith("storageAccount/disks: Aborted: by mistake\n")
    assert re.search(r"abort +storageAccount/disks +Aborted +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", captured.out)


@pytest.mark.slow
def test_a_unit_that_the_flow_does_not_know_is_wrong_usage(
    server: Server, runs: Runs, subscription: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with working_off(server, runs, subscription):
        code = call(["run", f"{subscription}/routeTable/nowhere"])
    assert code == 2
    assert "UnknownUnit: routeTable/nowhere: no such unit. There are: none." in capsys.readouterr().err
