"""The profile for hundreds of units, for real: PostgreSQL, Redis, the server's services apart, two workers."""

import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from asmosis.parameters import ApprovalPolicy, WaveParameters
from asmosis.runs import Run, Runs
from deployments import local, postgres
from tests.conftest import free_port

POSSIBLE = (os.getuid() == 0 and shutil.which("apt-get")) or (postgres.found("initdb") and shutil.which("redis-server"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not POSSIBLE, reason="neither PostgreSQL and Redis, nor somebody who may install them"),
]
PATIENCE = 300.0
UNITS = 16
STEPS = ("prepare", "commit")


@pytest.fixture(scope="module")
def scale() -> Iterator[local.Place]:
    # Not below pytest's own folder, which PostgreSQL's user may not enter.
    home = Path(tempfile.mkdtemp(prefix="asmosis-scale-"))
    home.chmod(0o755)
    ports = {name: free_port() for name in ("emulator_port", "postgres_port", "redis_port")}
    api = f"http://127.0.0.1:{free_port()}/api"
    place = local.Place(
        home,
        home / "prefect",
        api,
        seed="contoso",
        profile="scale",
        workers=2,
        login="ada:Xy7-hushed-p4ssword",
        **ports,
    )
    try:
        local.up(place)
        yield place
    finally:
        local.down(place)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def runs(scale: local.Place) -> Runs:
    return Runs.from_environment(scale.environment())


def begun(scale: local.Place, runs: Runs, name: str) -> tuple[Run, str]:
    """A wave of networks with a machine each, in a subscription of its own."""
    subscription = str(uuid4())
    wanted = {"vnets": UNITS, "services_per_vnet": 1, "vms_per_service": 1, "storage_accounts": 1}
    control(scale, "seed", {"synthetic": wanted, "subscription": subscription})
    control(scale, "latency", {"prepare": 5, "commit": 2})
    units = [f"virtualNetwork/syn0-vnet-{number:04}" for number in range(UNITS)]
    clean = ApprovalPolicy.AUTOMATIC_WHEN_CLEAN
    wave = WaveParameters.model_validate(
        {"subscription": subscription, "name": name, "units": units, "approval": clean, "probe": {"on": False}}
    )
    return runs.wave(wave), subscription


def control(scale: local.Place, what: str, body: dict[str, Any]) -> None:
    requests.post(f"{scale.emulator_url}/_control/{what}", json=body, timeout=60).raise_for_status()


def ended(runs: Runs, run: Run) -> Run:
    deadline = time.monotonic() + PATIENCE
    while not (run := runs.read(run)).ended:
        assert time.monotonic() < deadline, run
        time.sleep(1)
    return run


def members(runs: Runs, subscription: str) -> list[Run]:
    return [run for run in runs.find(subscription) if run.flow == "migrate"]


def steps(scale: local.Place, subscription: str) -> set[int]:
    """How often each step of each unit was taken."""
    journal = requests.get(f"{scale.emulator_url}/_control/journal?subscription={subscription}", timeout=60).json()
    taken = Counter((entry["unit"], entry["verb"]) for entry in journal if entry["verb"] in STEPS and entry["effect"])
    assert len(taken) == UNITS * len(STEPS)
    return set(taken.values())


def test_two_workers_share_a_wave_that_the_services_wake(scale: local.Place, runs: Runs) -> None:
    wave, subscription = begun(scale, runs, "shared")
    assert ended(runs, wave).state == "Completed"
    units = members(runs, subscription)
    assert Counter(run.state for run in units) == {"Committed": UNITS}
    assert {run.labels["prefect.worker.name"] for run in units} == {"local-0", "local-1"}
    assert steps(scale, subscription) == {1}


def test_a_worker_that_is_told_to_stop_hands_its_units_to_the_other(scale: local.Place, runs: Runs) -> None:
    wave, subscription = begun(scale, runs, "drained")
    deadline = time.monotonic() + PATIENCE
    while not any(run.labels.get("prefect.worker.name") == "local-1" for run in members(runs, subscription)):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    keeper, worker = (
        local.living(service, scale)
        for service in (local.KEEPER, next(each for each in local.services(scale) if each.name == "worker-1"))
    )
    assert keeper
    assert worker
    # Nobody starts it again: the other one has to do.
    keeper.kill()
    worker.send_signal(signal.SIGTERM)
    worker.wait(60)
    assert ended(runs, wave).state == "Completed"
    units = members(runs, subscription)
    assert Counter(run.state for run in units) == {"Committed": UNITS}
    assert all(run.labels["prefect.worker.name"] == "local-0" for run in units if run.labels.get("asmosis.taken-up"))
    assert steps(scale, subscription) == {1}
