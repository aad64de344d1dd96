"""The life cycle as a full table: every verb in every state."""

import pytest

from asmosis.errors import AsmosisError, IllegalMove, StillMoving, UnknownUnit, UsageError
from asmosis.units import KINDS, Destination, DestinationMode, State, Unit, Verb, still_due

UNIT = Unit("0b1f6471-1bf0-4dda-aec3-cb9272f09590", "virtualNetwork", "net")
DUE, DONE, MOVING, ILLEGAL = True, False, StillMoving, IllegalMove

LIFE: dict[State, tuple[object, object, object, object]] = {
    #                      validate prepare  commit   abort
    State.CLASSIC: (DUE, DUE, ILLEGAL, DONE),
    State.PREPARING: (MOVING, MOVING, MOVING, MOVING),
    State.PREPARED: (DONE, DONE, DUE, DUE),
    State.PREPARE_FAILED: (DUE, DUE, ILLEGAL, DUE),
    State.COMMITTING: (MOVING, MOVING, MOVING, MOVING),
    State.COMMIT_FAILED: (DONE, DONE, DUE, ILLEGAL),
    State.COMMITTED: (DONE, DONE, DONE, ILLEGAL),
    State.ABORTING: (MOVING, MOVING, MOVING, MOVING),
    State.ABORT_FAILED: (DONE, ILLEGAL, ILLEGAL, DUE),
    State.ABSENT: (ILLEGAL, ILLEGAL, ILLEGAL, ILLEGAL),
}
TABLE = [(state, verb, LIFE[state][column]) for state in State for column, verb in enumerate(Verb)]


@pytest.mark.parametrize(("state", "verb", "answer"), TABLE, ids=[f"{verb} when {state}" for state, verb, _ in TABLE])
def test_every_step_in_every_state(state: State, verb: Verb, answer: object) -> None:
    if isinstance(answer, bool):
        assert still_due(UNIT, verb, state) is answer
    else:
        assert isinstance(answer, type)
        with pytest.raises(answer):
            still_due(UNIT, verb, state)


def test_after_a_commit_was_sent_abort_is_closed_whatever_the_platform_shows() -> None:
    with pytest.raises(IllegalMove, match="A commit was sent"):
        still_due(UNIT, Verb.ABORT, State.PREPARED, commit_sent=True)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (None, State.CLASSIC),
        ("", State.CLASSIC),
        ("None", State.CLASSIC),
        ("Aborted", State.CLASSIC),
        ("Prepared", State.PREPARED),
    ],
)
def test_the_platforms_words_become_states(text: str | None, state: State) -> None:
    assert State.of_platform(text) is state


def test_a_unit_survives_its_text() -> None:
    odd = Unit(UNIT.subscription, "virtualNetwork", "Group a/b net")
    assert Unit.parse(str(odd)) == odd
    assert Unit.parse("VirtualNetwork/net", UNIT.subscription) == UNIT


@pytest.mark.parametrize(
    "text", ["", "net", "vnet/net", "virtualNetwork/", "virtualNetwork/net", f"{UNIT.subscription}/net"]
)
def test_a_text_that_is_no_unit_is_refused(text: str) -> None:
    with pytest.raises(UnknownUnit):
        Unit.parse(text)


def test_an_existing_destination_is_fully_named() -> None:
    with pytest.raises(UsageError, match="resource_group, virtual_network and subnet"):
        Destination(DestinationMode.EXISTING, resource_group="rg", virtual_network="vn")


def test_only_storage_waits_for_the_others() -> None:
    assert [kind.name for kind in KINDS.values() if kind.last] == ["storageAccount"]


def test_every_state_that_is_not_at_rest_is_locked() -> None:
    assert {state for state in State if not state.locked} == {State.CLASSIC, State.COMMITTED, State.ABSENT}


def test_errors_are_one_line() -> None:
    assert "\n" not in str(IllegalMove("u", "commit", "Classic", "Prepare it first."))
    assert issubclass(UnknownUnit, UsageError)
    assert issubclass(UsageError, AsmosisError)
