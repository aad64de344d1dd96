"""The doctor in a whole local copy: all is well after `make up`; what is broken there is said, and mended by its remedy."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from asmosis.azure.planes import Planes
from asmosis.doctor import CHECKS, Condition, Patient, Told, examine
from asmosis.runs import Runs
from asmosis.units import Unit, Verb
from asmosis.version import VERSION
from deployments import local
from tests.stage import PATIENCE, Stage
from workers.in_process import REMEMBERED

pytestmark = pytest.mark.slow
OK, WARNING, FAILED, _ = Condition
Broken = Callable[["Copy"], Iterator[None]]


@dataclass(frozen=True)
class Copy:
    """The copy, the server in it, and a subscription of the test's own."""

    place: local.Place
    runs: Runs
    subscription: str

    def told(self, name: str, block: str = "emulator", **environment: str) -> Told:
        own = self.place.environment() | {"ASMOSIS_TOKEN": "any"} | environment
        patient = Patient(own, self.subscription, block=block, patience=30)
        (row,) = examine(patient, [check for check in CHECKS if check.name == name])
        return row.told

    def until(self, name: str, reached: Callable[[Told], bool]) -> Told:
        """What a check says once it is as wanted."""
        deadline = time.monotonic() + PATIENCE
        while not reached(told := self.told(name)):
            assert time.monotonic() < deadline, told
            time.sleep(0.5)
        return told

    def deployment(self, name: str) -> Any:
        return self.runs.call("GET", f"/deployments/name/{name}/{name}")

    @contextmanager
    def patched(self, path: str, broken: dict[str, Any], mended: dict[str, Any]) -> Iterator[None]:
        self.runs.call("PATCH", path, broken)
        try:
            yield
        finally:
            self.runs.call("PATCH", path, mended)


@pytest.fixture(scope="module")
def copy(stack: local.Place) -> Copy:
    stage = Stage(stack, {"estate": "contoso"})
    return Copy(stack, Runs(stack.api_url), stage.subscription)


def test_after_make_up_a_newcomer_sees_that_all_is_well(copy: Copy) -> None:
    script = f'eval "$({sys.executable} -m deployments.shell)" && asmosis doctor --json'
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ASMOSIS", "PREFECT"))}
    environment |= {
        "ASMOSIS_HOME": str(copy.place.home),
        "PREFECT_API_URL": copy.place.api_url,
        "EMULATOR_PORT": str(copy.place.emulator_port),
        "ASMOSIS_SUBSCRIPTION": copy.subscription,
    }
    done = subprocess.run(
        ["bash", "-c", script], check=False, env=environment, cwd=local.ROOT, capture_output=True, text=True
    )
    answer = json.loads(done.stdout)
    rows = {row["check"]: row for row in answer["checks"]}
    # Runs of other tests may be late: this copy is theirs too. And somebody may have edited the code meanwhile.
    edited = copy.deployment("plan")["version"] not in rows["versions"]["found"]
    spared = {"runs", "deployments"} if edited else {"runs"}
    other = [row for name, row in rows.items() if row["condition"] != "ok" and name not in spared]
    assert (other, done.stderr, done.returncode, answer["well"]) == ([], "", 0, True)
    assert len(answer["checks"]) == len(CHECKS)


@pytest.fixture(scope="module")
def of_this_version(copy: Copy) -> Copy:
    """The copy as if nobody had edited the code since these tests began."""
    for each in copy.runs.call("POST", "/deployments/filter", {}):
        copy.runs.call("PATCH", f"/deployments/{each['id']}", {"version": VERSION})
    return copy


def paused_pool(copy: Copy) -> Iterator[None]:
    with copy.patched("/work_pools/asmosis", {"is_paused": True}, {"is_paused": False}):
        yield


def shut_pool(copy: Copy) -> Iterator[None]:
    with copy.patched("/work_pools/asmosis", {"concurrency_limit": 0}, {"concurrency_limit": 30}):
        yield


def other_version(copy: Copy) -> Iterator[None]:
    with copy.patched(f"/deployments/{copy.deployment('plan')['id']}", {"version": "0.0.1+old"}, {"version": VERSION}):
        yield


def paused_deployment(copy: Copy) -> Iterator[None]:
    with copy.patched(f"/deployments/{copy.deployment('plan')['id']}", {"paused": True}, {"paused": False}):
        yield


def no_schedule(copy: Copy) -> Iterator[None]:
    advance = copy.deployment("advance")
    path = f"/deployments/{advance['id']}/schedules/{advance['schedules'][0]['id']}"
    with copy.patched(path, {"active": False}, {"active": True}):
        yield


def no_wake_up(copy: Copy) -> Iterator[None]:
    (waker,) = [each for each in copy.runs.call("POST", "/automations/filter", {}) if "run ended" in each["name"]]
    with copy.patched(f"/automations/{waker['id']}", {"enabled": False}, {"enabled": True}):
        yield


def no_prepares(copy: Copy) -> Iterator[None]:
    name = f"asmosis-prepare-{copy.subscription}"
    copy.runs.call("POST", "/v2/concurrency_limits/", {"name": name, "limit": 0, "active": True})
    yield
    copy.runs.call("DELETE", f"/v2/concurrency_limits/{name}")


CASES: list[tuple[Broken, str, Condition, str, bool]] = [
    (paused_pool, "work pool", FAILED, "it is paused", True),
    (shut_pool, "work pool", FAILED, "0 of 0 slots", True),
    (other_version, "deployments", WARNING, "registered from 0.0.1+old", False),
    (paused_deployment, "deployments", FAILED, "paused: plan", False),
    (no_schedule, "schedule", FAILED, "no active schedule", False),
    (no_wake_up, "automations", FAILED, "nothing wakes waves", False),
    (no_prepares, "limits", FAILED, "prepares 0 of 0", True),
]


@pytest.mark.parametrize(("broken", "name", "condition", "words", "pasted"), CASES, ids=[c[0].__name__ for c in CASES])
def test_what_is_broken_is_said_and_helped(
    of_this_version: Copy,
    broken: Broken,
    name: str,
    condition: Condition,
    words: str,
    pasted: bool,  # noqa: FBT001 - a column of the table above: whether its remedy is tried
) -> None:
    copy, breaking = of_this_version, contextmanager(broken)
    with breaking(copy):
        told = copy.told(name)
        assert (told.condition, words in told.found, bool(told.remedy)) == (condition, True, True), told
        if pasted:
            subprocess.run(["bash", "-ec", told.remedy], env=copy.place.environment(), check=True, capture_output=True)
            assert copy.told(name).condition is OK
    assert copy.told(name).condition is OK


def test_all_deployments_are_registered_anew_by_the_remedy(copy: Copy) -> None:
    copy.runs.call("DELETE", f"/deployments/{copy.deployment('plan')['id']}")
    told = copy.told("deployments")
    assert (told.condition, told.found) == (FAILED, "not registered: plan")
    environment = copy.place.environment()
    subprocess.run(["bash", "-ec", told.remedy], env=environment, cwd=local.ROOT, check=True, capture_output=True)
    assert not copy.told("deployments").condition.bad


def test_the_block_of_the_flows_is_compared_with_this_shell(copy: Copy) -> None:
    assert copy.told("sign-in of flows").condition is OK
    assert copy.told("sign-in of flows", block="nobody").condition is FAILED
    other = copy.told("sign-in of flows", ASMOSIS_ASM_URL="http://127.0.0.1:1")
    assert other.condition is WARNING
    assert f"ASMOSIS_ASM_URL={copy.place.emulator_url}" in other.remedy


def test_a_lock_that_no_run_goes_on_with_is_told(copy: Copy) -> None:
    assert copy.told("locks").condition is OK
    environment = copy.place.environment() | {"ASMOSIS_TOKEN": "any"}
    with Planes.from_environment(environment, copy.subscription).asm() as asm:
        asm.wait(asm.send(Unit.parse("routeTable/contoso-spare-routes", copy.subscription), Verb.PREPARE))
    told = copy.told("locks")
    assert (told.condition, told.found) == (FAILED, "routeTable/contoso-spare-routes: no run goes on with it")


@pytest.mark.parametrize(
    ("registered", "words"),
    [
        # Of the same release, but other code: executed all the same. Of a later release: given back.
        ("0.1.0+0ther", r"local-0 executes 0\.1\.0\+[0-9a-f]{8}, registered is 0\.1\.0\+0ther"),
        (
            "9.9.9+new",
            r"The worker has 0\.1\.0\+.* is older than what is deployed \(9\.9\.9\+new\), and gives runs back: .*",
        ),
    ],
)
def test_a_worker_of_other_code_than_is_registered_is_told(copy: Copy, registered: str, words: str) -> None:
    advance = copy.deployment("advance")
    path, before = f"/deployments/{advance['id']}", advance["version"]
    with copy.patched(path, {"version": registered}, {"version": before}):
        # The worker remembers for a while what it has read of a deployment.
        time.sleep(REMEMBERED)
        run = copy.runs.call("POST", f"{path}/create_flow_run", {})
        told = copy.until("worker version", lambda told: told.condition is FAILED)
        assert re.fullmatch(words, told.found), told
        copy.runs.call("DELETE", f"/flow_runs/{run['id']}")
    assert copy.told("worker version").condition is OK


def test_a_worker_that_went_is_missed(copy: Copy) -> None:
    assert copy.told("workers").condition is OK
    services = {service.name: service for service in (*local.services(copy.place), local.KEEPER)}
    try:
        for name in ("keeper", "worker"):
            process = local.living(services[name], copy.place)
            assert process is not None
            process.terminate()
            process.wait(60)
        told = copy.until("workers", lambda told: told.condition is FAILED)
        assert told.found.startswith("none is alive; local-0 silent since")
        assert told.remedy == "make up"
    finally:
        for name in ("worker", "keeper"):
            local.start(services[name], copy.place)
    copy.until("workers", lambda told: told.condition is OK)
