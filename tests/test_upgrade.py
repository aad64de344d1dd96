"""An upgrade in its order (drain, deploy, start) while units wait: runs go on under the new code, and votes count."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from asmosis.parameters import MigrateParameters
from asmosis.runs import Run
from deployments import local
from tests.stage import Stage

pytestmark = pytest.mark.slow
VOTED, UNDECIDED = "routeTable/contoso-spare-routes", "reservedIp/contoso-spare-ip"
CODE = ("asmosis", "blocks", "flows", "tasks", "workers", "deployments", "emulator", "prefect.yaml")


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """Another release of the same code."""
    for name in CODE:
        place = local.ROOT / name
        (shutil.copytree if place.is_dir() else shutil.copy)(place, tmp_path / name)
    with (tmp_path / "flows" / "migrate.py").open("a") as file:
        file.write("# The next release.\n")
    return tmp_path


def environment(code: Path, place: local.Place) -> dict[str, str]:
    return {**place.environment(), "PYTHONPATH": str(code)}


def version_of(code: Path) -> str:
    program = "from asmosis.version import VERSION; print(VERSION)"
    told = {**os.environ, "PYTHONPATH": str(code)}
    done = subprocess.run([sys.executable, "-c", program], cwd=code, env=told, check=True, capture_output=True)
    return done.stdout.decode().strip()


def deploy(code: Path, place: local.Place) -> None:
    command = [sys.executable, "-m", "deployments.setup"]
    subprocess.run(command, cwd=code, env=environment(code, place), check=True, capture_output=True)


@contextmanager
def drained(place: local.Place) -> Iterator[tuple[str, ...]]:
    """The copy without its worker; yields what starts one, and puts its own in place again."""
    services = {service.name: service for service in (*local.services(place), local.KEEPER)}
    for name in ("keeper", "worker"):
        process = local.living(services[name], place)
        assert process is not None
        process.terminate()
        process.wait(60)
    try:
        yield services["worker"].command
    finally:
        deploy(local.ROOT, place)
        for name in ("worker", "keeper"):
            local.start(services[name], place)


@contextmanager
def working(command: tuple[str, ...], code: Path, place: local.Place) -> Iterator[None]:
    """A worker of this code, while it lasts."""
    with (place.home / "newer.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=code, env=environment(code, place), stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


def test_runs_that_wait_go_on_under_the_new_code(stack: local.Place, newer: Path) -> None:
    stage = Stage(stack, {"estate": "contoso"})

    def waiting(unit: str) -> Run:
        run = stage.runs.migrate(MigrateParameters(subscription=stage.subscription, unit=unit))
        return stage.until(run, lambda run: run.waiting or run.ended)

    voted, undecided = waiting(VOTED), waiting(UNDECIDED)
    assert (voted.waiting, undecided.waiting) == (True, True), (voted, undecided)
    before = stage.runs.call("GET", f"/flow_runs/{voted.id}")["flow_version"]
    with drained(stack) as command:
        # Decided while nobody is there to act upon it.
        stage.answer(voted, "commit", "ada", "before the upgrade")
        deploy(newer, stack)
        with working(command, newer, stack):
            stage.until(voted, lambda run: run.ended)
            stage.answer(undecided, "commit", "ada", "after the upgrade")
            stage.until(undecided, lambda run: run.ended)
    ended = {unit: stage.members()[unit].state for unit in (VOTED, UNDECIDED)}
    assert ended == {VOTED: "Committed", UNDECIDED: "Committed"}
    assert stage.steps() == Counter(
        {(VOTED, "prepare"): 1, (VOTED, "commit"): 1, (UNDECIDED, "prepare"): 1, (UNDECIDED, "commit"): 1}
    )
    told = stage.runs.call("GET", f"/flow_runs/{voted.id}")
    assert told["flow_version"] == version_of(newer) != before == told["deployment_version"]
