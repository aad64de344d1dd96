"""Ask, then act: the steps of a unit against a running emulator, and the evidence that an approval signs."""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from asmosis.azure.arm import ArmClient
from asmosis.azure.asm import AsmClient
from asmosis.azure.inventory import snapshot
from asmosis.azure.planes import Planes
from asmosis.azure.sign_in import StaticToken
from asmosis.check import check
from asmosis.check.evidence import comparison
from asmosis.errors import AbortFailed, CommitFailed, IllegalMove, OperationFailed, Unreachable
from asmosis.steps import Steps
from asmosis.translate import Names, groups_in, promise
from asmosis.units import State, Unit, Verb
from asmosis.waves import counted, due_units

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
Control = Callable[..., Any]


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    command = [sys.executable, "-m", "emulator", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process.stdout.readline().split()[1]
        process.terminate()


@pytest.fixture
def control(emulator: str) -> Iterator[Control]:
    def send(method: str, what: str, body: dict[str, Any] | None = None) -> Any:
        answer = requests.request(method, f"{emulator}/_control/{what}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    yield send
    send("DELETE", "faults")


@pytest.fixture
def planes(emulator: str, control: Control) -> Planes:
    subscription = str(uuid.uuid4())
    control("POST", "seed", {"estate": "contoso", "subscription": subscription})
    return Planes(subscription, emulator, emulator, StaticToken(SecretStr("anything")))


@pytest.fixture
def asm(planes: Planes) -> Iterator[AsmClient]:
    with planes.asm() as client:
        yield client


@pytest.fixture
def arm(planes: Planes) -> Iterator[ArmClient]:
    with planes.arm() as client:
        yield client


@pytest.fixture
def steps(planes: Planes, asm: AsmClient, arm: ArmClient) -> Steps:
    unit = Unit(planes.subscription, "virtualNetwork", "contoso-vnet")
    return Steps(unit, asm, arm, [Names().group(unit.name)])


def effects(control: Control, planes: Planes) -> list[str]:
    return [entry["verb"] for entry in control("GET", f"journal?subscription={planes.subscription}") if entry["effect"]]


def test_each_step_is_taken_once_however_often_it_is_asked_for(steps: Steps, control: Control, planes: Planes) -> None:
    taken = [steps.take(verb) for verb in (Verb.PREPARE, Verb.PREPARE, Verb.COMMIT, Verb.COMMIT, Verb.PREPARE)]
    assert [(step.verb, step.taken, step.after) for step in taken] == [
        (Verb.PREPARE, True, State.PREPARED),
        (Verb.PREPARE, False, State.PREPARED),
        (Verb.COMMIT, True, State.COMMITTED),
        (Verb.COMMIT, False, State.COMMITTED),
        (Verb.PREPARE, False, State.COMMITTED),
    ]
    assert taken[0].operation
    assert effects(control, planes) == ["prepare", "commit"]


def test_abort_after_commit_is_refused_on_our_side_and_nothing_is_sent(
    steps: Steps, control: Control, planes: Planes
) -> None:
    steps.take(Verb.PREPARE)
    steps.take(Verb.COMMIT)
    with pytest.raises(IllegalMove, match="A commit was sent"):
        steps.take(Verb.ABORT)
    assert effects(control, planes) == ["prepare", "commit"]


def test_a_commit_that_failed_is_retried_forward_and_never_aborted(steps: Steps, control: Control) -> None:
    failure = {"code": "InternalError", "message": "The server encountered an internal error."}
    control("POST", "faults", {"when": {"verb": "commit"}, "then": {"operation": failure}, "times": 1})
    steps.take(Verb.PREPARE)
    with pytest.raises(CommitFailed, match="internal error") as caught:
        steps.take(Verb.COMMIT)
    assert caught.value.worth_retrying
    with pytest.raises(IllegalMove):
        steps.take(Verb.ABORT)
    assert steps.take(Verb.COMMIT).after is State.COMMITTED


def test_a_prepare_that_failed_can_be_aborted_and_taken_again(steps: Steps, control: Control) -> None:
    failure = {"code": "QuotaExceeded", "message": "Not enough cores."}
    control("POST", "faults", {"when": {"verb": "prepare"}, "then": {"operation": failure}, "times": 1})
    with pytest.raises(OperationFailed, match="Not enough cores"):
        steps.take(Verb.PREPARE)
    assert steps.take(Verb.ABORT).after is State.CLASSIC
    assert steps.take(Verb.PREPARE).after is State.PREPARED


def test_an_abort_that_failed_is_worth_another_which_unlocks_the_unit(steps: Steps, control: Control) -> None:
    failure = {"code": "InternalError", "message": "The server encountered an internal error."}
    control("POST", "faults", {"when": {"verb": "abort"}, "then": {"operation": failure}, "times": 1})
    steps.take(Verb.PREPARE)
    with pytest.raises(AbortFailed, match="internal error") as caught:
        steps.take(Verb.ABORT)
    assert caught.value.worth_retrying
    assert steps.take(Verb.ABORT).after is State.CLASSIC


def test_after_a_lost_reply_the_next_try_finds_the_step_taken(steps: Steps, control: Control, planes: Planes) -> None:
    control("POST", "faults", {"when": {"verb": "prepare"}, "then": {"lose_reply": True}, "times": 1})
    with pytest.raises(Unreachable):
        steps.take(Verb.PREPARE)
    assert steps.take(Verb.PREPARE).taken is False
    assert effects(control, planes) == ["prepare"]


def test_a_step_waits_for_what_is_still_moving(
    planes: Planes, asm: AsmClient, arm: ArmClient, control: Control, steps: Steps
) -> None:
    unit = Unit(planes.subscription, "virtualNetwork", "contoso-vnet")
    naps: list[float] = []

    def turn_the_clock(seconds: float) -> None:
        naps.append(seconds)
        control("POST", "clock", {"advance": 20})

    control("POST", "latency", {"prepare": 50})
    try:
        asm.send(unit, Verb.PREPARE)
        patient = Steps(unit, asm, arm, [Names().group(unit.name)], sleep=turn_the_clock)
        assert patient.take(Verb.PREPARE).taken is False
    finally:
        control("POST", "latency", {"prepare": 0})
    assert len(naps) == 3
    assert naps == sorted(naps)
    assert steps.settled() is State.PREPARED


def test_the_digest_is_the_same_for_the_same_evidence_and_another_for_other_evidence(
    steps: Steps, planes: Planes, asm: AsmClient, arm: ArmClient
) -> None:
    unit = Unit(planes.subscription, "virtualNetwork", "contoso-vnet")
    promised = promise(snapshot(asm), unit)
    steps.take(Verb.PREPARE)
    first = check(promised, arm.resources(groups_in(promised)))
    again = check(promised, arm.resources(groups_in(promised)))
    assert first.clean
    assert comparison(first) == comparison(again)
    poorer = check(promised, arm.resources(groups_in(promised))[1:])
    assert comparison(poorer) != comparison(first)
    assert comparison(replace(first, losses=first.losses[1:])) != comparison(first)


def units(*names: str) -> list[Unit]:
    return [Unit(SUBSCRIPTION, *name.split("/")) for name in names]


@pytest.mark.parametrize(
    ("started", "ended", "due"),
    [
        pytest.param([], [], ["virtualNetwork/a", "hostedService/b"], id="all but storage at first"),
        pytest.param(["virtualNetwork/a"], ["virtualNetwork/a"], ["hostedService/b"], id="nothing twice"),
        pytest.param(
            ["virtualNetwork/a", "hostedService/b"], ["virtualNetwork/a"], [], id="storage waits for the last"
        ),
        pytest.param(
            ["virtualNetwork/a", "hostedService/b"],
            ["virtualNetwork/a", "hostedService/b"],
            ["storageAccount/c"],
            id="storage when all else has ended",
        ),
    ],
)
def test_which_units_of_a_wave_are_due(started: list[str], ended: list[str], due: list[str]) -> None:
    wave = units("storageAccount/c", "virtualNetwork/a", "hostedService/b")
    assert list(due_units(wave, units(*started), dict.fromkeys(units(*ended), "Committed"))) == units(*due)


def test_a_wave_of_storage_alone_waits_for_nothing() -> None:
    assert list(due_units(units("storageAccount/c"), [], {})) == units("storageAccount/c")


def test_states_are_counted_most_first() -> None:
    assert counted(["Blocked", "Committed", "Committed"]) == "2 Committed, 1 Blocked"
