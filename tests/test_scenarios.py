"""Each mode beside each fault that a wave can meet: many disturbed units at one time, over real processes.

What one unit alone shows better (a lost reply to prepare, kills, windows, votes) is in test_flows and test_crash.
"""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from asmosis.parameters import ApprovalPolicy, Mode, Probe
from asmosis.runs import Run, Runs
from asmosis.units import Verb
from deployments import local
from tests.stage import PATIENCE, Stage

pytestmark = pytest.mark.slow

PREPARE, COMMIT, ABORT = ({"verb": verb.value} for verb in (Verb.PREPARE, Verb.COMMIT, Verb.ABORT))
VALIDATE = {"verb": Verb.VALIDATE.value}
HTML = {"status": 502, "body": "<html><body><h1>Bad Gateway</h1></body></html>", "content_type": "text/html"}
BUSY = {"status": 409, "code": "ConflictError", "message": "A concurrent operation holds the resource."}
THROTTLED = {"status": 429, "code": "TooManyRequests", "headers": {"Retry-After": "1"}}
REFUSED = {"status": 400, "code": "BadRequest", "message": "The request is not acceptable today."}
FAILS = {"operation": {"code": "InternalError", "message": "The fabric stumbled."}}
ONE_SERVICE_FAILS = {"operation": {"code": "InternalError", "message": "One stumbled.", "service": "{name}-svc-001"}}
QUOTA = {"quota": {"resource": "cores", "current": 10, "needed": 4}}
WRONG = {
    "wrong": {
        "type": "Microsoft.Network/virtualNetworks",
        "name": "{name}",
        "path": "properties.addressSpace.addressPrefixes.0",
        "value": "10.99.0.0/16",
    }
}
ONCE_EACH = {"prepare": 1, "commit": 1}
AND_BACK = {"prepare": 1, "abort": 1}


@dataclass(frozen=True)
class Scene:
    """One unit of a wave, what it meets, and how it must end."""

    story: str
    when: Mapping[str, Any]
    then: Mapping[str, Any]
    ends: str
    steps: Mapping[str, int]
    says: str = ""
    answers: tuple[str, ...] = field(default=())
    """What a person says each time the unit's run waits."""


SCENES: dict[Mode, list[Scene]] = {
    Mode.FULL: [
        Scene("nothing happens to it", {}, {}, "Committed", ONCE_EACH),
        Scene("validate is overloaded", VALIDATE, HTML, "Committed", ONCE_EACH),
        Scene("prepare meets a page of a proxy", PREPARE, HTML, "Committed", ONCE_EACH),
        Scene("prepare is throttled", PREPARE, THROTTLED, "Committed", ONCE_EACH),
        Scene("prepare finds another operation", PREPARE, BUSY, "Committed", ONCE_EACH),
        Scene("prepare is refused", PREPARE, REFUSED, "Blocked", {}, "The request is not acceptable today."),
        Scene("prepare is never answered", PREPARE, {"hang": True}, "Committed", ONCE_EACH),
        Scene("prepare is cut off", PREPARE, {"cut": True}, "Committed", ONCE_EACH),
        Scene("the platform dies of prepare", PREPARE, {"crash": "after"}, "Committed", ONCE_EACH),
        Scene("a quota is too small", PREPARE, QUOTA, "PrepareFailed", AND_BACK, "current quota for cores"),
        Scene("one service fails", PREPARE, ONE_SERVICE_FAILS, "PrepareFailed", AND_BACK, "One stumbled."),
        Scene("the result is wrong", PREPARE, WRONG, "Aborted", AND_BACK, "no such network", ("abort",)),
        Scene("commit is cut off", COMMIT, {"cut": True}, "Committed", ONCE_EACH),
        Scene("the answer to commit is lost", COMMIT, {"lose_reply": True}, "Committed", ONCE_EACH),
        Scene("commit is throttled", COMMIT, THROTTLED, "Committed", ONCE_EACH),
        Scene("commit fails and goes forward", COMMIT, FAILS, "Committed", {"prepare": 1, "commit": 2}),
        Scene("the platform dies of commit", COMMIT, {"crash": "after"}, "Committed", ONCE_EACH),
    ],
    Mode.DRY_RUN: [
        Scene("nothing happens to it", {}, {}, "Rehearsed", AND_BACK),
        Scene("prepare fails", PREPARE, FAILS, "PrepareFailed", AND_BACK, "The fabric stumbled."),
        Scene("the result is wrong", PREPARE, WRONG, "Incomplete", AND_BACK, "differs from what was promised"),
        Scene("the answer to abort is lost", ABORT, {"lose_reply": True}, "Rehearsed", AND_BACK),
        Scene("the platform dies before abort", ABORT, {"crash": "before"}, "Rehearsed", AND_BACK),
        Scene("abort fails at first", ABORT, FAILS, "Rehearsed", {"prepare": 1, "abort": 2}),
    ],
    Mode.PREPARE_ONLY: [
        Scene("nothing happens to it", {}, {}, "Prepared", {"prepare": 1}),
        Scene("the answer to prepare is lost", PREPARE, {"lose_reply": True}, "Prepared", {"prepare": 1}),
        Scene("prepare fails", PREPARE, FAILS, "PrepareFailed", AND_BACK, "The fabric stumbled."),
    ],
    Mode.ASSESS: [
        Scene("nothing happens to it", {}, {}, "Ready", {}),
        Scene("validate is throttled", VALIDATE, THROTTLED, "Ready", {}),
        Scene("validate is refused", VALIDATE, REFUSED, "Blocked", {}, "The request is not acceptable today."),
    ],
}


def unit_of(position: int) -> str:
    return f"virtualNetwork/syn1-vnet-{position:04}"


def told(value: Any, name: str) -> Any:
    """A fault with the unit's name in its words."""
    if isinstance(value, Mapping):
        return {key: told(each, name) for key, each in value.items()}
    return value.format(name=name) if isinstance(value, str) else value


def begin(stage: Stage, mode: Mode, scenes: list[Scene]) -> Run:
    for position, scene in enumerate(scenes):
        unit = unit_of(position)
        if scene.then:
            stage.disturb(unit, scene.when, told(scene.then, unit.partition("/")[2]))
    units = [unit_of(position) for position in range(len(scenes))]
    policy = ApprovalPolicy.AUTOMATIC_WHEN_CLEAN
    # Probing waits for endpoints after each step, and is tested by itself.
    return stage.wave(f"scenes-{mode}", units, mode=mode, approval=policy, probe=Probe(on=False))


def answer_what_waits(stage: Stage, scenes: list[Scene], answered: dict[tuple[str, str], str]) -> None:
    for position, scene in enumerate(scenes):
        run = stage.members().get(unit_of(position))
        if run is None or not run.waiting or (run.unit, run.since) in answered:
            continue
        given = [decision for unit, decision in answered.items() if unit[0] == run.unit]
        decision = scene.answers[len(given)] if len(given) < len(scene.answers) else "abort"
        stage.answer(run, decision, "ada", "no such network")
        answered[run.unit, run.since] = decision


def test_every_unit_of_every_mode_ends_as_its_fault_says_and_no_lock_is_left(stack: local.Place) -> None:
    estate = {"vnets": max(map(len, SCENES.values())), "services_per_vnet": 2, "vms_per_service": 1, "seed": 1}
    stages = {mode: Stage(stack, {"synthetic": estate}) for mode in SCENES}
    waves = {mode: begin(stages[mode], mode, scenes) for mode, scenes in SCENES.items()}
    answered: dict[tuple[str, str], str] = {}
    deadline = time.monotonic() + PATIENCE
    while not all(stages[mode].runs.read(wave).ended for mode, wave in waves.items()):
        assert time.monotonic() < deadline, {mode: stage.members() for mode, stage in stages.items()}
        answer_what_waits(stages[Mode.FULL], SCENES[Mode.FULL], answered)
        time.sleep(1)

    ends, steps, silent = {}, {}, []
    for mode, scenes in SCENES.items():
        members, taken = stages[mode].members(), stages[mode].steps()
        for position, scene in enumerate(scenes):
            run, key = members[unit_of(position)], f"{mode}: {scene.story}"
            ends[key] = (run.state, scene.ends)
            steps[key] = ({verb: taken[run.unit, verb] for verb in Verb if taken[run.unit, verb]}, dict(scene.steps))
            silent += [] if scene.says in run.message else [(key, run.message)]
    assert {key: pair for key, pair in ends.items() if pair[0] != pair[1]} == {}
    assert {key: pair for key, pair in steps.items() if pair[0] != pair[1]} == {}
    assert silent == []
    left = [lock for stage in stages.values() for lock in stage.locks()]
    assert sorted(lock.unit.short for lock in left) == [unit_of(0), unit_of(1)]
    assert {(lock.unit.subscription, lock.last.state if lock.last else "") for lock in left} == {
        (stages[Mode.PREPARE_ONLY].subscription, "Prepared")
    }
    ours = {stage.subscription for stage in stages.values()}
    faults = stages[Mode.FULL].control("GET", "faults")
    assert [fault for fault in faults if fault["when"].get("subscription") in ours] == []


ONE, TWO = "routeTable/contoso-spare-routes", "networkSecurityGroup/contoso-spare-nsg"
CANNOT_BE: dict[str, tuple[str, dict[str, Any], str]] = {
    "units that wait for each other": ("wave", {"after": {ONE: [TWO], TWO: [ONE]}}, "the units wait for each other"),
    "a stranger in the order": (
        "wave",
        {"after": {ONE: ["routeTable/other"]}},
        "routeTable/other: no unit of the wave",
    ),
    "no unit": ("wave", {"units": ["routeTable/none"]}, "routeTable/none: no such unit"),
    "no kind of unit": ("wave", {"units": ["table/none"]}, "it is not KIND/NAME"),
    "a window that is never open": ("wave", {"windows": {"commit": ["mon 01:00-01:00"]}}, "it closes when it opens"),
    "a window that has closed for ever": ("migrate", {"windows": {"extra": ["2020-01-01 01:00-02:00"]}}, "No window"),
    "a zone that nobody keeps": ("migrate", {"windows": {"zone": "Europe/Berln"}}, "did you mean 'Europe/Berlin'"),
    "more approvals than approvers": ("migrate", {"approvers": {"needed": 2, "names": ["ada"]}}, "2 approvals are"),
    "a policy that nobody keeps": ("migrate", {"approval_policy": "none"}, "there is no block of this name"),
    "a policy that nobody keeps, of a wave": ("wave", {"approval_policy": "none"}, "there is no block of this name"),
    "a policy and something else": (
        "wave",
        {"approval_policy": "none", "approval": "automatic-when-clean"},
        "approval_policy says who decides",
    ),
    "a commit of what is not there": ("migrate", {"unit": "routeTable/none"}, "no such unit in subscription"),
}


def test_what_cannot_be_is_refused_with_the_reason_before_anything_is_sent(stack: local.Place) -> None:
    stage = Stage(stack, {"estate": "contoso"})
    runs = {}
    for position, (story, (flow, more, _)) in enumerate(CANNOT_BE.items()):
        asked = {"name": f"odd-{position}", "units": [ONE, TWO]} if flow == "wave" else {"unit": ONE}
        parameter = "wave" if flow == "wave" else "migration"
        runs[story] = stage.submit(flow, {parameter: {"subscription": stage.subscription, **asked, **more}})
    ended = {story: stage.until(run, lambda run: run.ended) for story, run in runs.items()}
    assert {story: run.type for story, run in ended.items()} == dict.fromkeys(CANNOT_BE, "FAILED")
    said = {story: run.message for story, run in ended.items()}
    assert {
        story: said[story] for story, (*_, words) in CANNOT_BE.items() if words.lower() not in said[story].lower()
    } == {}
    assert stage.steps() == {}


def test_what_was_decided_is_not_decided_again_by_rest(stack: local.Place) -> None:
    stage = Stage(stack, {"estate": "contoso"})
    asked = [
        stage.submit("migrate", {"migration": {"subscription": stage.subscription, "unit": each}})
        for each in (ONE, TWO)
    ]
    committed, aborted = (stage.until(run, lambda run: run.waiting) for run in asked)
    first = [stage.answer(committed, "commit", "ada", ""), stage.answer(aborted, "abort", "ada", "")]
    second = [stage.answer(run, "commit", "grace", "me too") for run in (committed, aborted)]
    ends = [stage.until(run, lambda run: run.ended) for run in (committed, aborted)]
    late = [stage.answer(run, "commit", "linus", "") for run in ends]
    assert [answer["status"] for answer in first] == ["ACCEPT"] * 2
    assert {answer["status"] for answer in (*second, *late)} <= {"REJECT", "ABORT"}
    assert [(run.state, run.message) for run in ends] == [
        ("Committed", "ada decided to commit."),
        ("Aborted", "ada decided to abort."),
    ]
    assert set(stage.steps().values()) == {1}
    # What is committed cannot be brought back, and asking for it changes nothing.
    back = stage.submit("abort", {"request": {"subscription": stage.subscription, "unit": ONE}})
    back = stage.until(back, lambda run: run.ended)
    assert (back.type, "A commit was sent" in back.message) == ("FAILED", True)
    assert (ONE, "abort") not in stage.steps()


def test_a_look_at_the_waves_is_scheduled_once_however_many_units_ask_for_it(stack: local.Place) -> None:
    runs, at, once = Runs(stack.api_url), datetime.now(UTC) + timedelta(hours=9), str(uuid.uuid4())
    for _ in range(3):
        runs.later("advance", at, once)
    query = {"flows": {"name": {"any_": ["advance"]}}, "flow_runs": {"idempotency_key": {"any_": [once]}}}
    found = requests.post(f"{stack.api_url}/flow_runs/filter", json=query, timeout=60).json()
    assert [(run["state"]["type"], datetime.fromisoformat(run["expected_start_time"])) for run in found] == [
        ("SCHEDULED", at)
    ]
