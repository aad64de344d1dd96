"""kill -9 of each part in the middle of a unit's life: found and taken up again without a person, no step twice."""

import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from asmosis.parameters import ApprovalPolicy, MigrateParameters
from asmosis.runs import Run, Runs
from deployments import local

pytestmark = pytest.mark.slow
PATIENCE = 240.0
UNIT = "virtualNetwork/contoso-vnet"
PARTS = ["worker", "server", "emulator"]


def within_patience(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.3)


def answered(ask: Callable[[], Any]) -> Any:
    """The answer of something that is down for a while."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return ask()
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


class Scene:
    """A subscription of its own whose steps take long enough to kill something meanwhile."""

    def __init__(self, place: local.Place) -> None:
        self.place, self.subscription = place, str(uuid.uuid4())
        self.runs = Runs(place.api_url)
        self.control("POST", "seed", {"estate": "contoso", "subscription": self.subscription})

    def control(self, method: str, what: str, body: dict[str, Any] | None = None) -> Any:
        answer = requests.request(method, f"{self.place.emulator_url}/_control/{what}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def migrate(self) -> Run:
        asked = {
            "subscription": self.subscription,
            "unit": UNIT,
            "approval": ApprovalPolicy.AUTOMATIC_WHEN_CLEAN,
            # Whoever listened dies with the worker, and a person is asked about what was not heard.
            "probe": {"on": False},
        }
        return self.runs.migrate(MigrateParameters.model_validate(asked))

    def moving(self, state: str) -> bool:
        url = f"{self.place.emulator_url}/{self.subscription}/services/networking/virtualnetwork"
        return state in str(
            answered(lambda: requests.get(url, headers={"x-ms-version": "2016-07-01"}, timeout=30).text)
        )

    def kill(self, part: str) -> psutil.Process:
        process = psutil.Process(json.loads((self.place.home / f"{part}.pid").read_text())["pid"])
        process.kill()
        psutil.wait_procs([process], timeout=10)
        return process

    def ended(self, run: Run) -> Run:
        within_patience(lambda: bool(answered(lambda: self.runs.read(run)).ended))
        return self.runs.read(run)

    def steps(self) -> Counter[str]:
        entries = self.control("GET", f"journal?subscription={self.subscription}")
        return Counter(entry["verb"] for entry in entries if entry["verb"] and entry["effect"])


@pytest.fixture
def scene(stack: local.Place) -> Iterator[Scene]:
    scene = Scene(stack)
    scene.control("POST", "latency", {"prepare": 5, "commit": 5})
    yield scene
    answered(lambda: scene.control("POST", "latency", {"prepare": 0, "commit": 0}))


@pytest.mark.parametrize("step", ["Preparing", "Committing"])
@pytest.mark.parametrize("part", PARTS)
def test_a_part_killed_in_a_step_comes_back_and_the_unit_is_committed_once(scene: Scene, part: str, step: str) -> None:
    run = scene.migrate()
    within_patience(lambda: scene.moving(step))
    killed = scene.kill(part)
    ended = scene.ended(run)
    assert (ended.state, scene.steps()) == ("Committed", {"prepare": 1, "commit": 1})
    assert json.loads((scene.place.home / f"{part}.pid").read_text())["pid"] != killed.pid


def test_all_parts_killed_at_once_as_by_a_power_cut_go_on(scene: Scene) -> None:
    run = scene.migrate()
    within_patience(lambda: scene.moving("Preparing"))
    for part in PARTS:
        scene.kill(part)
    assert scene.ended(run).state == "Committed"
    assert scene.steps() == {"prepare": 1, "commit": 1}


def test_a_child_that_was_killed_is_no_zombie_beside_its_successor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASMOSIS_HOME", str(tmp_path))
    place = local.Place.from_environment()
    sleeping = local.Service("sleeper", ("sleep", "60"), "")
    local.start(sleeping, place)
    first = local.living(sleeping, place)
    assert first is not None
    first.kill()
    while first.is_running() and first.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    local.start(sleeping, place)
    assert not psutil.pid_exists(first.pid)
    assert local.living(sleeping, place) is not None
    local._STARTED[-1].kill()
    local._STARTED.pop().wait()
