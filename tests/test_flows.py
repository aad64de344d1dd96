"""The flows through real parts: a Prefect server, a worker with a process per run, and the emulator."""

import contextlib
import os
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psutil
import pytest
import requests

from asmosis.parameters import AbortParameters, ApprovalPolicy, MigrateParameters, WaveParameters
from asmosis.runs import Run, Runs
from asmosis.units import Unit
from deployments import local
from tasks.reports import artifact_key

pytestmark = pytest.mark.slow
PATIENCE = 180.0

NETWORK = "virtualNetwork/contoso-vnet"
BATCH = "hostedService/contoso-batch"
LEGACY = "hostedService/contoso-legacy"
MIXED = "hostedService/contoso-mixed"
VHDS = "storageAccount/contosovhds"


class Azure:
    """A subscription of its own in the running emulator, and the Prefect server that works on it."""

    def __init__(self, place: local.Place) -> None:
        self.place = place
        self.subscription = str(uuid.uuid4())
        self.runs = Runs(place.api_url)
        self._control("POST", "seed", {"estate": "contoso", "subscription": self.subscription})

    def _control(self, method: str, what: str, body: dict[str, Any] | None = None) -> Any:
        answer = requests.request(method, f"{self.place.emulator_url}/_control/{what}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    @contextlib.contextmanager
    def latency(self, **seconds: float) -> Iterator[None]:
        self._control("POST", "latency", seconds)
        try:
            yield
        finally:
            self._control("POST", "latency", dict.fromkeys(seconds, 0))

    @contextlib.contextmanager
    def fault(self, script: dict[str, Any]) -> Iterator[None]:
        self._control("POST", "faults", script)
        try:
            yield
        finally:
            self._control("DELETE", "faults")

    def steps(self) -> Counter[tuple[str, str]]:
        """How often each step of each unit took effect."""
        entries = self._control("GET", f"journal?subscription={self.subscription}")
        return Counter((entry["unit"], entry["verb"]) for entry in entries if entry["verb"] and entry["effect"])

    def classic(self, path: str) -> requests.Response:
        url = f"{self.place.emulator_url}/{self.subscription}/{path}"
        return requests.get(url, headers={"x-ms-version": "2016-07-01"}, timeout=30)

    def migrate(self, unit: str, **more: Any) -> Run:
        return self.runs.migrate(MigrateParameters(subscription=self.subscription, unit=unit, **more))

    def wave(self, name: str, units: list[str]) -> Run:
        return self.runs.wave(WaveParameters(subscription=self.subscription, name=name, units=units))

    def until(self, run: Run, reached: Callable[[Run], bool]) -> Run:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            run = self.runs.read(run)
            if reached(run):
                return run
            assert not run.ended, f"{run.name} ended as {run.state}: {run.message}"
            time.sleep(0.3)
        pytest.fail(f"{run.name} is {run.state} after {PATIENCE:.0f} s")

    def ended(self, run: Run) -> Run:
        return self.until(run, lambda seen: seen.ended)

    def waiting(self, run: Run) -> Run:
        return self.until(run, lambda seen: seen.waiting)

    def approve(self, run: Run) -> None:
        self.runs.decide(run, "commit", "ada", "looked at both sides")


@pytest.fixture
def azure(stack: local.Place) -> Azure:
    return Azure(stack)


def processes_of(run: Run) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("PREFECT__FLOW_RUN_ID") == run.id and process.pid != os.getpid():
                found.append(process)
    return found


def no_process(run: Run) -> bool:
    return processes_of(run) == []


def kill(run: Run) -> None:
    processes = processes_of(run)
    assert processes, f"{run.name} has no process to kill"
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=10)


def wait_for(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_wave_commits_aborts_and_blocks_each_unit_by_itself_and_storage_last(azure: Azure) -> None:
    wave = azure.wave("night-1", [VHDS, NETWORK, BATCH, LEGACY, MIXED])
    order: list[str] = []
    members: dict[str, Run] = {}
    deadline = time.monotonic() + 2 * PATIENCE
    while not azure.runs.read(wave).ended and time.monotonic() < deadline:
        members = {run.unit: run for run in azure.runs.find(azure.subscription, "night-1") if run.flow == "migrate"}
        for unit, run in members.items():
            if run.waiting and unit not in order:
                # Waiting for a person holds no process.
                wait_for(partial(no_process, run))
                order.append(unit)
                azure.runs.decide(run, "abort" if unit == LEGACY else "commit", "ada", "")
        time.sleep(0.5)
    assert {unit: run.state for unit, run in members.items()} == {
        NETWORK: "Committed",
        BATCH: "Committed",
        LEGACY: "Aborted",
        MIXED: "Blocked",
        VHDS: "Committed",
    }
    assert order[-1] == VHDS
    assert "has VMs that are not part of the Availability Set" in members[MIXED].message
    assert azure.runs.read(wave).state == "Attention"
    steps = azure.steps()
    assert set(steps.values()) == {1}
    assert (BATCH, "abort") not in {(unit.partition("/")[2], verb) for unit, verb in steps}
    assert azure.classic("services/hostedservices/contoso-batch").status_code == 404
    assert azure.classic("services/hostedservices/contoso-legacy").ok


def test_a_run_killed_after_prepare_and_again_during_commit_ends_committed_with_each_step_once(azure: Azure) -> None:
    with azure.latency(prepare=6, commit=6):
        first = azure.migrate(NETWORK)
        wait_for(lambda: "Preparing" in azure.classic("services/networking/virtualnetwork").text)
        kill(first)

        second = azure.waiting(azure.migrate(NETWORK))
        azure.approve(second)
        wait_for(lambda: "Committing" in azure.classic("services/networking/virtualnetwork").text)
        kill(second)

        third = azure.ended(azure.migrate(NETWORK))
    assert third.state == "Committed"
    assert azure.steps() == {
        (unit, verb): 1 for unit, _ in azure.steps() for verb in ("prepare", "commit") if NETWORK in unit
    }
    assert NETWORK.partition("/")[2] not in azure.classic("services/networking/virtualnetwork").text


def test_a_lost_reply_to_prepare_is_not_sent_twice(azure: Azure) -> None:
    lost = {"when": {"plane": "asm", "verb": "prepare"}, "then": {"lose_reply": True}, "times": 1}
    with azure.fault(lost):
        run = azure.waiting(azure.migrate(LEGACY))
    assert {verb: times for (_, verb), times in azure.steps().items()} == {"prepare": 1}
    azure.runs.decide(run, "abort", "ada", "")
    assert azure.ended(run).state == "Aborted"


def test_a_prepare_that_fails_unlocks_the_unit_and_says_the_platforms_words(azure: Azure) -> None:
    words = "The current quota for cores in Azure Resource Manager is insufficient to complete migration."
    failed = {"when": {"verb": "prepare"}, "then": {"operation": {"code": "QuotaExceeded", "message": words}}}
    with azure.fault({**failed, "times": 1}):
        run = azure.ended(azure.migrate(LEGACY))
    assert (run.state, words in run.message) == ("PrepareFailed", True)
    assert (
        "MigrationState" not in azure.classic("services/hostedservices/contoso-legacy/deploymentslots/Production").text
    )


def test_an_answer_that_does_not_fit_the_form_is_refused_and_the_run_goes_on_waiting(azure: Azure) -> None:
    run = azure.waiting(azure.migrate(LEGACY))
    resume = f"{azure.place.api_url}/flow_runs/{run.id}/resume"
    for form in ({}, {"decision": "perhaps", "approver": "ada"}, {"decision": "commit"}):
        answer = requests.post(resume, json={"run_input": form}, timeout=30).json()
        assert answer["status"] == "REJECT"
    assert azure.runs.read(run).waiting
    azure.runs.decide(run, "abort", "ada", "")
    assert azure.ended(run).state == "Aborted"


def test_abort_brings_a_prepared_unit_back_and_cancels_the_run_that_waits(azure: Azure) -> None:
    before = azure.classic("services/hostedservices/contoso-legacy/deploymentslots/Production").content
    run = azure.waiting(azure.migrate(LEGACY))
    request = AbortParameters(subscription=azure.subscription, unit=LEGACY, reason="wrong night")
    assert azure.ended(azure.runs.abort(request)).state == "Aborted"
    assert azure.runs.read(run).type == "CANCELLED"
    assert azure.classic("services/hostedservices/contoso-legacy/deploymentslots/Production").content == before


def test_a_clean_check_is_enough_where_the_policy_says_so_and_a_difference_is_not(azure: Azure) -> None:
    clean = azure.ended(azure.migrate(NETWORK, approval=ApprovalPolicy.AUTOMATIC_WHEN_CLEAN))
    assert clean.state == "Committed"
    assert azure.steps().total() == 2
    wrong = {
        "type": "Microsoft.Compute/virtualMachines",
        "name": "legacy1",
        "path": "properties.hardwareProfile.vmSize",
        "value": "Basic_A0",
    }
    with azure.fault({"when": {"verb": "prepare"}, "then": {"wrong": wrong}, "times": 1}):
        azure.waiting(azure.migrate(LEGACY, approval=ApprovalPolicy.AUTOMATIC_WHEN_CLEAN))
    unit = Unit(azure.subscription, *LEGACY.split("/"))
    page = requests.get(f"{azure.place.api_url}/artifacts/{artifact_key('side-by-side', unit)}/latest", timeout=30)
    assert "Basic_A0" in page.json()["data"]


def test_an_unknown_unit_fails_with_one_line_and_nothing_is_sent(azure: Azure) -> None:
    run = azure.ended(azure.migrate("virtualNetwork/nowhere"))
    assert run.type == "FAILED"
    assert "no such unit in subscription" in run.message
    assert azure.steps() == {}
