"""What chaos has found, each by itself: runs, slots and votes that an outage or a clock must not leave behind."""

import asyncio
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import requests
from prefect import flow
from prefect.client.orchestration import PrefectClient, SyncPrefectClient
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate
from prefect.client.schemas.objects import FlowRun, State, StateType, WorkPool
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Pending, Running, Scheduled

import asmosis.limits
import tasks.runs
from asmosis.parameters import AbortParameters, MigrateParameters, Probe
from asmosis.runs import Runs
from asmosis.units import Outcome
from deployments import local
from flows import waiting
from flows.approval import Approval
from tasks import endings, limits
from tests.stage import Stage
from workers import orphans
from workers.clock import ServerClock
from workers.in_process import REMEMBERED, InProcessWorker
from workers.orphans import Patrol

SPARE = "reservedIp/contoso-spare-ip"


class _Late(BaseHTTPRequestHandler):
    """Answers `[]`, an hour ahead of everybody else."""

    def do_GET(self) -> None:
        self.send_response_only(200)
        self.send_header("Date", format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True))
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def late() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Late) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()
        thread.join()


def test_the_time_is_the_servers(late: str) -> None:
    runs = Runs(late)
    assert abs(runs.now() - datetime.now(UTC)) < timedelta(seconds=1)
    runs.call("GET", "/anything")
    assert abs(runs.now() - datetime.now(UTC) - timedelta(hours=1)) < timedelta(seconds=5)


def test_a_worker_asks_for_what_is_due_by_the_servers_clock(late: str) -> None:
    clock = ServerClock()

    async def ask() -> None:
        async with PrefectClient(late) as client:
            await clock.ask(client)

    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
    asyncio.run(ask())
    assert abs(clock.now() - datetime.now(UTC) - timedelta(hours=1)) < timedelta(seconds=5)


def test_a_server_that_is_away_while_writes_are_counted_makes_the_unit_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "server", lambda: Runs("http://127.0.0.1:9/api", tries=0))
    with pytest.raises(limits.NoSlotFree, match="The server is away"):
        limits._spent("s", 5)


@pytest.fixture
def pool(prefect_server: str) -> Iterator[WorkPool]:
    name = f"recovery-{time.time_ns()}"
    template = InProcessWorker.get_default_base_job_template()
    with SyncPrefectClient(prefect_server) as client:
        yield client.create_work_pool(WorkPoolCreate(name=name, type="asmosis", base_job_template=template))
        client.delete_work_pool(name)


@pytest.mark.slow
@pytest.mark.parametrize("hour", [-1, 0, 1], ids=["behind", "right", "ahead"])
def test_a_run_that_nobody_claimed_is_found_soon_whatever_the_clocks_say(
    prefect_server: str, pool: WorkPool, monkeypatch: pytest.MonkeyPatch, hour: int
) -> None:
    """A worker was killed after it took the run and before it put its name on it."""
    monkeypatch.setattr(orphans, "SETTLED", 1.0)

    async def looks() -> list[bool]:
        async with PrefectClient(prefect_server) as client:
            flow = await client.create_flow_from_name("unclaimed")
            deployment = await client.create_deployment(flow, f"of-{pool.name}", work_pool_name=pool.name)
            state: State[None] = Pending(timestamp=datetime.now(UTC) + timedelta(hours=hour))
            run = await client.create_flow_run_from_deployment(deployment)
            await client.set_flow_run_state(run.id, state, force=True)
            await client.send_worker_heartbeat(pool.name, "one", heartbeat_interval_seconds=30)
            alone, one_of_two = Patrol(pool.name, "one"), Patrol(pool.name, "one")
            found = [run.id in {each.id for each in (await alone.look(client, []))[0]}]
            await asyncio.sleep(1.2)
            found.append(run.id in {each.id for each in (await alone.look(client, []))[0]})
            # It may be the other's, who is about to say so.
            await client.send_worker_heartbeat(pool.name, "two", heartbeat_interval_seconds=30)
            await one_of_two.look(client, [])
            await asyncio.sleep(1.2)
            found.append(run.id in {each.id for each in (await one_of_two.look(client, []))[0]})
            return found

    assert asyncio.run(looks()) == [False, True, False]


@pytest.mark.slow
def test_a_run_is_not_given_up_for_the_name_of_the_worker_that_had_it_before(
    prefect_server: str, pool: WorkPool
) -> None:
    async def looks() -> list[bool]:
        async with PrefectClient(prefect_server) as client:
            flow = await client.create_flow_from_name("unclaimed")
            deployment = await client.create_deployment(flow, f"of-{pool.name}", work_pool_name=pool.name)
            run = await client.create_flow_run_from_deployment(deployment)
            await client.update_flow_run_labels(run.id, {orphans.WORKER: "before"})
            patrol, found = Patrol(pool.name, "one"), []
            # Taken by this worker, which has yet to say so; then by another one, which keeps it.
            states: list[State[None]] = [Pending(), Running()]
            for state in states:
                await client.set_flow_run_state(run.id, state, force=True)
                found.append(bool((await patrol.look(client, [run.id]))[1]))
            found.append(bool((await patrol.look(client, [run.id]))[1]))
            return found

    assert asyncio.run(looks()) == [False, False, True]


@pytest.mark.slow
def test_what_a_busy_server_kept_although_it_said_no_is_kept_once(
    prefect_server: str, pool: WorkPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clients send again what was refused with 503; a note or a form that is there then is no reason to fail."""
    lost, fresh = uuid.uuid4(), uuid.uuid4()
    numbers = iter([lost, fresh])
    monkeypatch.setattr(waiting, "uuid4", lambda: next(numbers))
    with SyncPrefectClient(prefect_server) as client:
        flow = client.create_flow_from_name("unclaimed")
        deployment = client.create_deployment(flow, f"of-{pool.name}", work_pool_name=pool.name)
        run = client.create_flow_run_from_deployment(deployment)
        server = Runs(prefect_server)
        for words in ("first", "again"):
            endings.note_ending(server, str(run.id), Outcome.ABORTED, words)
        assert json.loads(client.read_flow_run_input(run.id, "asmosis-ending"))["words"] == "first"

        client.create_flow_run_input(run.id, f"suspended-approval-a-{str(lost)[:8]}-schema", "{}")
        with temporary_settings({PREFECT_API_URL: prefect_server}):
            state = waiting.asked(Approval, "approval-a", "words", run.id)
        keys = state.state_details.run_input_keyset or {}
        assert keys["schema"] == f"suspended-approval-a-{str(fresh)[:8]}-schema"
        assert "approver" in client.read_flow_run_input(run.id, keys["schema"])


@pytest.mark.slow
def test_a_run_whose_cancellation_was_overtaken_ends_aborted_all_the_same(stack: local.Place) -> None:
    stage = Stage(stack, {"estate": "contoso"})
    asked = MigrateParameters(subscription=stage.subscription, unit=SPARE, probe=Probe(on=False))
    run = stage.until(stage.runs.migrate(asked), lambda run: run.waiting)
    aborting = stage.runs.abort(AbortParameters(subscription=stage.subscription, unit=SPARE, reason="not tonight"))
    assert stage.until(aborting, lambda run: run.ended).state == "Aborted"
    assert stage.runs.read(run).type == StateType.CANCELLED
    # What a worker does that had taken the run a moment before.
    again = {"state": {"type": "SCHEDULED", "name": "Scheduled"}, "force": True}
    requests.post(f"{stack.api_url}/flow_runs/{run.id}/set_state", json=again, timeout=60).raise_for_status()
    ended = stage.until(run, lambda run: run.ended and run.type != StateType.CANCELLED)
    assert (ended.state, ended.message) == ("Aborted", f"{SPARE} is aborted by another run.")
    assert stage.steps() == {(SPARE, "prepare"): 1, (SPARE, "abort"): 1}


class Worker:
    """A worker of the pool, and the runs of a flow that it may be too old for."""

    def __init__(self, place: local.Place, pool: WorkPool, client: SyncPrefectClient) -> None:
        self._client, self._pool = client, pool
        self._flow = client.create_flow_from_name("troubled")
        environment = {**place.environment(), "PYTHONPATH": f"{local.ROOT}:{local.ROOT / 'tests'}"}
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool.name, "--name", "one"]
        self.process = subprocess.Popen(
            command, env=environment, cwd=local.ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )

    def begin(self, version: str, troubles: Sequence[str]) -> FlowRun:
        """A run of what somebody deployed with that version."""
        deployment = self._client.create_deployment(
            self._flow,
            f"{version}-{self._pool.name}",
            version=version,
            entrypoint="worker_flows.troubled",
            work_pool_name=self._pool.name,
        )
        return self._client.create_flow_run_from_deployment(deployment, parameters={"troubles": troubles})

    def until(self, run: FlowRun, reached: Callable[[State[None]], bool]) -> State[None]:
        deadline = time.monotonic() + 90
        while (state := self._client.read_flow_run(run.id).state) is None or not reached(state):
            assert time.monotonic() < deadline, state
            time.sleep(0.3)
        return state


@pytest.fixture
def worker(stack: local.Place, pool: WorkPool) -> Iterator[Worker]:
    with SyncPrefectClient(stack.api_url) as client:
        worker = Worker(stack, pool, client)
        try:
            yield worker
        finally:
            worker.process.kill()
            worker.process.wait()


@pytest.mark.slow
def test_a_run_outlasts_outages_and_says_what_it_waits_for(worker: Worker, prefect_server: str) -> None:
    once, always = worker.begin("1.2.0+abc", ["outage"]), worker.begin("1.1.9", ["outage"] * 4)
    ended = {run.id: worker.until(run, State.is_final) for run in (once, always)}
    assert (ended[once.id].name, ended[once.id].message) == ("Completed", "run 2")
    assert ended[always.id].name == "Failed"
    for run, times in ((once, 1), (always, 3)):
        with SyncPrefectClient(prefect_server) as client:
            states = client.read_flow_run_states(run.id)
        told = [state.message or "" for state in states if state.name == "AwaitingRetry"]
        assert len(told) == times
        assert all("No space left on device. The run begins again at" in each for each in told)


@pytest.mark.slow
def test_a_run_that_was_let_in_before_takes_a_refusal_for_an_outage(worker: Worker) -> None:
    before, never = worker.begin("1.2.0", ["outage", "refused"]), worker.begin("1.1.9", ["refused"])
    assert worker.until(before, State.is_final).message == "run 3"
    assert worker.until(never, State.is_final).name == "Failed"


@pytest.mark.slow
def test_a_run_that_is_too_new_for_a_worker_waits_for_another(worker: Worker, prefect_server: str) -> None:
    run = worker.begin("1.10.0+def", [])
    state = worker.until(run, lambda state: state.name == "AwaitingRetry")
    assert "The worker has 1.2.0+abc, which is older than what is deployed (1.10.0+def)" in (state.message or "")
    assert state.state_details.scheduled_time is not None
    assert state.state_details.scheduled_time > datetime.now(UTC) + timedelta(seconds=30)
    with SyncPrefectClient(prefect_server) as client:
        # What a newer worker is to this deployment, this one is to an older.
        older = client.read_deployment_by_name(f"troubled/1.10.0+def-{worker._pool.name}")
        client.update_deployment(older.id, DeploymentUpdate(version="1.2.0"))
        time.sleep(REMEMBERED)
        client.set_flow_run_state(run.id, Scheduled(), force=True)
    assert worker.until(run, State.is_final).name == "Completed"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("working", "minutes", "left"),
    [(1, 3, 0), (1, 0, 0), (2, 3, 1), (2, 0, 2), (3, 3, 2)],
    ids=["alone", "alone, just now", "another works", "another works, just now", "as many work"],
)
def test_slots_that_the_server_forgot_are_taken_back_when_nobody_can_hold_them(
    prefect_server: str, monkeypatch: pytest.MonkeyPatch, working: int, minutes: int, left: int
) -> None:
    monkeypatch.setattr(asmosis.limits, "_FORGOTTEN", timedelta(minutes=3 - minutes))
    runs, name, subscription = Runs(prefect_server), f"forgotten-{uuid.uuid4()}", str(uuid.uuid4())
    assert not asmosis.limits.reclaim(runs, name, subscription), "there is no such limit"
    runs.call("POST", "/v2/concurrency_limits/", {"name": name, "limit": 2, "active_slots": 2})
    with SyncPrefectClient(prefect_server) as client:
        at_work = [client.create_flow_run(_nothing, tags=[f"subscription:{subscription}"]) for _ in range(working)]
        for run in at_work:
            client.set_flow_run_state(run.id, Running(), force=True)
        assert not asmosis.limits.free(runs, name)
        assert asmosis.limits.reclaim(runs, name, subscription) is (left < 2)
        assert runs.call("GET", f"/v2/concurrency_limits/{name}")["active_slots"] == left
        assert not asmosis.limits.reclaim(runs, name, subscription), "they were taken back already"
        for run in at_work:
            client.delete_flow_run(run.id)


@pytest.mark.slow
def test_of_two_looks_after_the_waves_that_begin_at_once_one_is_taken(
    prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.runs, "server", lambda: Runs(prefect_server))
    with SyncPrefectClient(prefect_server) as client:
        looks = [client.create_flow_run(_looks) for _ in range(3)]
        at = datetime.now(UTC)
        for look in looks:
            client.set_flow_run_state(look.id, Running(timestamp=at), force=True)
        leaves_it = []
        for look in looks:
            monkeypatch.setenv("PREFECT__RUNTIME__FLOW_RUN__ID", str(look.id))
            leaves_it.append(tasks.runs.another_looks("looks", 30.0))
        for look in looks:
            client.delete_flow_run(look.id)
    assert sorted(leaves_it) == [False, True, True]


@flow(name="nothing")
def _nothing() -> None: ...


@flow(name="looks")
def _looks() -> None: ...
