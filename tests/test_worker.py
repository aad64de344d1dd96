"""The in-process worker on a Prefect server: right contexts, nothing of one run touches another, nothing is left."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest
from prefect.client.orchestration import PrefectClient, SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import FlowRun
from prefect.states import Cancelling

from workers.in_process import InProcessWorker
from workers.orphans import give_back

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 90.0
GONE = "Its worker (one) went while it ran."


class Pool:
    """A work pool of its own on the shared server, and one worker that can be killed."""

    def __init__(self, client: SyncPrefectClient, api: str, home: Path, name: str, type: str) -> None:
        self.client = client
        self.name, self._home, self._api = name, home, api
        template = InProcessWorker.get_default_base_job_template() if type == "asmosis" else {}
        pool = WorkPoolCreate(name=name, type=type, base_job_template=template, concurrency_limit=40)
        self.client.create_work_pool(pool)
        self._deployments: dict[str, UUID] = {}
        self.process: psutil.Popen | None = None

    def start(self, name: str = "one") -> None:
        environment = {
            **os.environ,
            "PREFECT_API_URL": self._api,
            "PREFECT_HOME": str(self._home),
            "PREFECT_WORKER_QUERY_SECONDS": "0.5",
            "PREFECT_WORKER_HEARTBEAT_SECONDS": "2",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
        }
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", self.name, "--name", name]
        with (self._home / f"{self.name}.log").open("ab") as log:
            self.process = psutil.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)

    def begin(self, flow: str, **parameters: Any) -> FlowRun:
        if flow not in self._deployments:
            self._deployments[flow] = self.deploy(flow, f"worker_flows.{flow}")
        return self.client.create_flow_run_from_deployment(self._deployments[flow], parameters=parameters)

    def deploy(self, flow: str, entrypoint: str) -> UUID:
        return self.client.create_deployment(
            self.client.create_flow_from_name(flow),
            f"{flow}-{self.name}",
            entrypoint=entrypoint,
            work_pool_name=self.name,
        )

    def until(self, run: FlowRun, reached: Callable[[FlowRun], bool]) -> FlowRun:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            run = self.client.read_flow_run(run.id)
            if reached(run):
                return run
            time.sleep(0.2)
        pytest.fail(f"{run.name} is {run.state!r} after {PATIENCE:.0f} s; {self._home}/{self.name}.log")

    def ended(self, run: FlowRun) -> FlowRun:
        return self.until(run, lambda seen: seen.state is not None and seen.state.is_final())

    def running(self, run: FlowRun) -> FlowRun:
        return self.until(run, lambda seen: seen.state is not None and seen.state.is_running())

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def close(self) -> None:
        if self.process is not None and self.process.is_running():
            self.kill()
        self.client.delete_work_pool(self.name)


@pytest.fixture
def pool(prefect_server: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Pool]:
    with SyncPrefectClient(prefect_server) as client:
        pool = Pool(client, prefect_server, tmp_path, f"pool-{time.time_ns()}", getattr(request, "param", "asmosis"))
        try:
            yield pool
        finally:
            pool.close()


def message(run: FlowRun) -> str:
    assert run.state is not None
    return run.state.message or ""


def test_many_runs_at_once_each_know_themselves(pool: Pool) -> None:
    pool.start()
    runs = [pool.begin("tells", number=number) for number in range(30)]
    for number, run in enumerate(runs):
        assert message(pool.ended(run)) == f"{run.id} tells {number} tells-{pool.name} {number}"


def test_what_breaks_one_run_leaves_the_others_alone(pool: Pool) -> None:
    pool.start()
    steady = pool.begin("lasts", seconds=8)
    pool.running(steady)
    ends = {how: pool.ended(pool.begin("fails", how=how)) for how in ("exit", "raise")}
    assert {how: run.state_name for how, run in ends.items()} == {"exit": "Crashed", "raise": "Failed"}
    assert message(pool.ended(steady)) == "count 1"


def test_a_run_that_takes_the_process_along_is_taken_up_again_with_the_others(pool: Pool) -> None:
    pool.start()
    steady = pool.begin("lasts", seconds=5)
    pool.running(steady)
    fatal = pool.begin("fails", how="kill")
    assert pool.process is not None
    pool.process.wait(PATIENCE)
    pool.start()
    assert message(pool.ended(steady)) == "count 2"
    again = pool.ended(fatal)
    assert (again.state_name, again.run_count) == ("Completed", 2)
    states = [state.message for state in pool.client.read_flow_run_states(steady.id)]
    assert GONE in states


def test_a_worker_that_never_comes_back_is_missed_by_another(pool: Pool) -> None:
    pool.start("one")
    run = pool.begin("lasts", seconds=10)
    pool.running(run)
    pool.kill()
    pool.start("two")
    ended = pool.until(run, lambda seen: seen.run_count == 2)
    assert ended.labels["prefect.worker.name"] == "two"
    assert GONE in [state.message for state in pool.client.read_flow_run_states(run.id)]


def test_a_run_that_has_moved_on_meanwhile_is_not_given_back(pool: Pool, prefect_server: str) -> None:
    async def late(seen: FlowRun) -> object:
        async with PrefectClient(prefect_server) as client:
            return await give_back(client, seen, "seen long ago", counted=True)

    pool.start()
    seen = pool.begin("tells")
    pool.ended(seen)
    assert asyncio.run(late(seen)) is None
    assert pool.client.read_flow_run(seen.id).state_name == "Completed"


def test_a_suspended_run_leaves_no_thread_and_goes_on_when_resumed(pool: Pool) -> None:
    pool.start()
    pool.ended(pool.begin("tells"))
    assert pool.process is not None
    run = pool.until(pool.begin("asks"), lambda seen: seen.state_name == "Suspended")
    deadline = time.monotonic() + PATIENCE
    while run.infrastructure_pid in {f"thread-{thread.id}" for thread in pool.process.threads()}:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    pool.client.resume_flow_run(run.id)
    assert message(pool.ended(run)) == f"thread {pool.process.pid}"


@pytest.mark.parametrize("pause", [0.1, 600], ids=["between tasks", "inside a task that hangs"])
def test_a_cancelled_run_ends_and_frees_its_slot(pool: Pool, pause: float) -> None:
    pool.start()
    run = pool.running(pool.begin("lasts", seconds=600, pause=pause))
    pool.client.set_flow_run_state(run.id, Cancelling())
    assert pool.ended(run).state_name == "Cancelled"
    assert pool.ended(pool.begin("tells")).state_name == "Completed"


def test_a_worker_that_is_asked_to_stop_gives_its_runs_back(pool: Pool) -> None:
    pool.start()
    run = pool.running(pool.begin("lasts", seconds=6))
    assert pool.process is not None
    pool.process.send_signal(signal.SIGTERM)
    assert pool.process.wait(PATIENCE) is not None
    given = pool.client.read_flow_run(run.id)
    assert (given.state_name, message(given)) == ("AwaitingRetry", "Worker one stopped.")
    pool.start()
    assert message(pool.ended(run)) == "count 2"


def test_code_that_is_not_installed_is_refused_with_a_reason(pool: Pool) -> None:
    pool.start()
    run = pool.client.create_flow_run_from_deployment(pool.deploy("tells", "worker_flows.py:tells"))
    ended = pool.ended(run)
    assert ended.state_name == "Crashed"
    assert "this worker executes what is installed beside it" in message(ended)


@pytest.mark.parametrize("pool", ["process"], indirect=True)
def test_prefects_own_worker_executes_the_same_deployments(pool: Pool) -> None:
    pool.start()
    run = pool.begin("tells", number=7)
    assert message(pool.ended(run)) == f"{run.id} tells 7 tells-{pool.name} 7"


def test_a_hundred_and_twenty_runs_leave_no_memory_behind(pool: Pool) -> None:
    pool.start()
    resident: list[float] = []
    assert pool.process is not None
    for _ in range(4):
        for run in [pool.begin("tells", number=number) for number in range(30)]:
            pool.ended(run)
        resident.append(pool.process.memory_info().rss / 2**20)
    # The first sixty pay for imports, pools and caches.
    assert resident[-1] - resident[1] < 3, json.dumps(resident)
