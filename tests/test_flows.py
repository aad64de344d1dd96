"""The flows through real parts: a Prefect server, a worker, and the emulator."""

import contextlib
import json
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from asmosis.approvals import tally
from asmosis.cli import call
from asmosis.limits import limit
from asmosis.parameters import (
    AbortParameters,
    ApprovalPolicy,
    Approvers,
    MigrateParameters,
    Mode,
    WaveParameters,
    Windows,
)
from asmosis.runs import AWAITING_SLOT, Run, Runs
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
LOGS = "storageAccount/contosologs"


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

    def wave(self, name: str, units: list[str], **more: Any) -> Run:
        return self.runs.wave(WaveParameters(subscription=self.subscription, name=name, units=units, **more))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.place.api_url}/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def advance(self) -> None:
        """Look after everything that waits, as the schedule does."""
        deployment = requests.get(f"{self.place.api_url}/deployments/name/advance/advance", timeout=30).json()
        self.post(f"deployments/{deployment['id']}/create_flow_run", {"parameters": {"thorough": True}})

    def started_by_form(self, flow: str, parameters: dict[str, Any]) -> Run:
        """Start a flow as the UI does: without the tags that our own clients give."""
        for values in parameters.values():
            values["subscription"] = self.subscription
        deployment = requests.get(f"{self.place.api_url}/deployments/name/{flow}/{flow}", timeout=30).json()
        started = self.post(f"deployments/{deployment['id']}/create_flow_run", {"parameters": parameters})
        return self.runs.read(started["id"])

    def keep_policy(self, name: str, **data: Any) -> None:
        """Save an Approval Policy block, as the UI does."""
        kind = requests.get(f"{self.place.api_url}/block_types/slug/approval-policy", timeout=30).json()["id"]
        [schema] = self.post("block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": [kind]}}})
        document = {"name": name, "data": data, "block_type_id": kind, "block_schema_id": schema["id"]}
        self.post("block_documents/", document)

    def slots(self) -> int:
        """How many prepares of the subscription hold a slot."""
        url = f"{self.place.api_url}/v2/concurrency_limits/asmosis-prepare-{self.subscription}"
        return int(requests.get(url, timeout=30).json()["active_slots"])

    def lose_a_slot(self) -> None:
        """Leave a slot taken with no lease to it, as a server does whose lease storage is away."""
        name = f"asmosis-prepare-{self.subscription}"
        self.runs.call("POST", "/v2/concurrency_limits/", {"name": name, "limit": 2, "active_slots": 1})

    def page(self, key: str) -> str:
        return str(requests.get(f"{self.place.api_url}/artifacts/{key}/latest", timeout=30).json()["data"])

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

    def worker(self) -> psutil.Process:
        """The worker that runs; after one was killed, the keeper takes a moment to start the next."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(psutil.NoSuchProcess, ValueError, FileNotFoundError):
                return psutil.Process(json.loads((self.place.home / "worker.pid").read_text())["pid"])
            assert time.monotonic() < deadline, "no worker runs"
            time.sleep(0.2)

    def holds_nothing(self, run: Run) -> bool:
        """Whether the run's thread has gone from the worker."""
        pid = requests.get(f"{self.place.api_url}/flow_runs/{run.id}", timeout=30).json()["infrastructure_pid"]
        with contextlib.suppress(psutil.NoSuchProcess):
            return pid not in {f"thread-{thread.id}" for thread in self.worker().threads()}
        return True

    def kill_worker(self) -> None:
        """Kill it with all its runs; the keeper starts another, which takes them up again."""
        worker = self.worker()
        worker.kill()
        psutil.wait_procs([worker], timeout=10)

    def approve(self, run: Run) -> None:
        self.runs.decide(run, "commit", "ada", "looked at both sides")


@pytest.fixture
def azure(stack: local.Place) -> Azure:
    return Azure(stack)


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
                wait_for(partial(azure.holds_nothing, run))
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


def in_minutes(first: int, last: int) -> Windows:
    """Windows of both steps that open in so many minutes."""
    now = datetime.now(UTC)
    start, end = (now + timedelta(minutes=minutes) for minutes in (first, last))
    span = f"{start:%Y-%m-%d} {start:%H:%M}-{end:%H:%M}"
    return Windows(extra=[span])


def test_each_mode_goes_as_far_as_it_says_and_a_killed_dry_run_does_not_prepare_again(
    azure: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = azure.classic("services/networking/virtualnetwork").content
    judged = azure.migrate(BATCH, mode=Mode.ASSESS)
    with azure.latency(abort=8):
        rehearsed = azure.migrate(NETWORK, mode=Mode.DRY_RUN)
        azure.until(rehearsed, lambda _: "Aborting" in azure.classic("services/networking/virtualnetwork").text)
        azure.kill_worker()
        rehearsed = azure.ended(rehearsed)
    left = azure.ended(azure.migrate(LEGACY, mode=Mode.PREPARE_ONLY))
    refused = azure.ended(azure.migrate(LEGACY, mode=Mode.DRY_RUN))
    assert [run.state for run in (azure.ended(judged), left, refused)] == ["Ready", "Prepared", "Blocked"]
    assert "a dry run would abort what others began" in refused.message
    assert azure.classic("services/networking/virtualnetwork").content == before
    assert {(unit.partition("/")[2], verb): times for (unit, verb), times in azure.steps().items()} == {
        (NETWORK.partition("/")[2], "prepare"): 1,
        (NETWORK.partition("/")[2], "abort"): 1,
        (LEGACY.partition("/")[2], "prepare"): 1,
    }
    timings = [row for row in azure.runs.timings() if row["unit"].startswith(azure.subscription)]
    assert {(row["kind"], row["step"]) for row in timings} >= {
        ("virtualNetwork", "prepare"),
        ("hostedService", "prepare"),
    }
    assert next(row["machines"] for row in timings if row["kind"] == "virtualNetwork") == 4

    for name, value in azure.place.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ASMOSIS_SUBSCRIPTION", azure.subscription)
    monkeypatch.setenv("ASMOSIS_TOKEN", "any")
    capsys.readouterr()
    assert call(["status", "--locks", "--json"]) == 0
    [lock] = json.loads(capsys.readouterr().out)["locks"]
    assert (lock["unit"], lock["state"]) == (f"{azure.subscription}/{LEGACY}", "Prepared")
    assert 0 <= lock["age_seconds"] < 2 * PATIENCE
    assert call(["abort", "--all-prepared", "--reason", "tidy up"]) == 0
    capsys.readouterr()
    assert call(["status", "--locks", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"locks": []}
    # What was measured is what is expected from now on.
    page = tmp_path / "assessment.html"
    assert call(["assess", "--out", str(page)]) == 1
    assert re.search(r"prepare [^;)]*\(measured\)", page.read_text())


def test_two_approvals_are_asked_of_others_than_the_requester_and_again_when_nobody_answers(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = Approvers(needed=2, names=["ada", "grace"], requester_may_approve=False, holds_for_hours=1)
    # A policy's name is enough, and the command line keeps to it before it wakes anybody.
    azure.keep_policy(policy := f"careful-{azure.subscription}", **rules.model_dump())
    run = azure.waiting(azure.migrate(LEGACY, approval_policy=policy, requested_by="linus"))
    monkeypatch.setenv("PREFECT_API_URL", azure.place.api_url)
    unit = f"{azure.subscription}/{LEGACY}"
    assert call(["approve", unit, "--approver", "mallory"]) == 1
    assert "mallory is not among the approvers (ada, grace)" in capsys.readouterr().err
    for approver in ("linus", "ada"):
        azure.runs.decide(run, "commit", approver, "seen")
        run = azure.until(run, lambda seen, asked=run.since: seen.waiting and seen.since != asked)  # type: ignore[misc]
    votes = azure.runs.votes(run.id, run.question)
    standing = tally(votes, rules.rules("linus"), datetime.now(UTC))
    assert ([vote.approver for vote in standing.counted], len(standing.refused)) == (["ada"], 1)
    # Votes are Prefect's, not the process's: whatever is killed, they are counted again.
    azure.runs.decide(run, "commit", "grace", "")
    ended = azure.ended(run)
    assert (ended.state, ended.message) == ("Committed", "ada decided to commit: seen grace decided to commit.")
    assert set(azure.steps().values()) == {1}

    hasty = Approvers(holds_for_hours=0.0005)
    asked = azure.waiting(azure.migrate(BATCH, approvers=hasty))
    time.sleep(2)
    azure.advance()
    renewed = azure.until(asked, lambda seen: seen.waiting and seen.since != asked.since)
    [vote] = azure.runs.votes(renewed.id, renewed.question)
    assert (vote.decision, vote.approver) == ("recheck", "asmosis")
    azure.runs.decide(renewed, "abort", "ada", "")
    assert azure.ended(renewed).state == "Aborted"


def test_a_unit_waits_for_its_window_without_a_process_and_a_killed_holder_loses_its_slot(azure: Azure) -> None:
    later = azure.migrate(LEGACY, windows=in_minutes(300, 360))
    soon = azure.until(azure.migrate(BATCH, windows=in_minutes(2, 9)), lambda run: run.parked)
    wait_for(partial(azure.holds_nothing, soon))
    assert ("prepare may start from" in soon.message, azure.steps()) == (True, {})
    limit(azure.runs, f"asmosis-prepare-{azure.subscription}", 1, 10)
    with azure.latency(prepare=20):
        held = azure.migrate(NETWORK)
        azure.until(held, lambda _: "Preparing" in azure.classic("services/networking/virtualnetwork").text)
        assert azure.slots() == 1
        queued = azure.until(azure.migrate(LOGS), lambda run: run.state == AWAITING_SLOT)
        azure.kill_worker()
    later = azure.until(later, lambda run: run.parked)
    wait_for(partial(azure.holds_nothing, later))

    request = AbortParameters(subscription=azure.subscription, unit=LEGACY)
    assert azure.ended(azure.runs.abort(request)).state == "Aborted"
    assert azure.runs.read(later).type == "CANCELLED"
    opening = datetime.now(UTC)
    assert azure.waiting(soon).waiting
    assert datetime.now(UTC) - opening < timedelta(seconds=PATIENCE)
    assert azure.waiting(queued).waiting
    wait_for(lambda: azure.slots() == 0)


def test_a_wave_keeps_its_order_its_budget_and_its_units_to_itself(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    order = {VHDS: [BATCH, NETWORK], LEGACY: [MIXED]}
    policy = ApprovalPolicy.AUTOMATIC_WHEN_CLEAN
    units = [VHDS, BATCH, LEGACY, MIXED, NETWORK]
    azure.lose_a_slot()
    first = azure.wave("ordered", units, after=order, approval=policy)
    second = azure.started_by_form("wave", {"wave": {"name": "greedy", "units": [LEGACY]}})
    stranger = azure.ended(azure.wave("lost", ["virtualNetwork/nowhere", "routeTable/none"]))
    assert (stranger.state, "virtualNetwork/nowhere: no such unit" in stranger.message) == ("Refused", True)
    assert "routeTable/none: no such unit" in stranger.message
    assert f"{LEGACY} is in wave ordered as well" in azure.ended(second).message
    assert azure.runs.read(second).wave == "greedy"
    monkeypatch.setenv("PREFECT_API_URL", azure.place.api_url)
    capsys.readouterr()
    assert call(["status", "--watch", "--wave", "ordered", "--subscription", azure.subscription, "--json"]) == 0
    watched = capsys.readouterr()
    assert f"Z {VHDS}: Committed: policy decided to commit: The check found no difference.\n" in watched.err
    shown = {run["unit"]: run["state"] for run in json.loads(watched.out)["runs"]}
    assert (shown[None], shown[MIXED], shown[NETWORK]) == ("Attention", "Blocked", "Committed")
    assert azure.runs.read(first).message == "3 Committed, 1 Blocked, 1 Skipped"
    assert azure.slots() == 0
    assert {unit.rpartition("/")[2] for unit, _ in azure.steps()} == {"contoso-batch", "contoso-vnet", "contosovhds"}
    page = azure.page(f"wave-ordered-{azure.subscription[:8]}")
    assert f"| {LEGACY} | {MIXED} ended Blocked |" in page
    assert "**Health:** attention: 1 Blocked, 1 skipped." in page
    # What is left of a wave may go again; other units need another name.
    assert "had other units, without routeTable/none" in azure.ended(azure.wave("ordered", ["routeTable/none"])).message
