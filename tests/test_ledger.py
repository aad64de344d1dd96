"""Who holds which lock, and what is wrong with it."""

from datetime import UTC, datetime, timedelta

import pytest

from asmosis.classic.estate import Estate
from asmosis.ledger import Lock, locks, states_of
from asmosis.runs import Run
from asmosis.units import State, Unit

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
NET = Unit(SUBSCRIPTION, "virtualNetwork", "Net")
DISKS = Unit(SUBSCRIPTION, "storageAccount", "disks")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def run(unit: Unit, kind: str, state: str, id: str = "1", flow: str = "migrate") -> Run:
    tags = (f"subscription:{unit.subscription}", f"unit:{unit.short.lower()}")
    return Run(id, flow, flow, kind, state, "", "", tags, "")


WAITS, PREPARED = run(NET, "PAUSED", "Suspended"), run(NET, "COMPLETED", "Prepared")


@pytest.mark.parametrize(
    ("unit", "runs", "days", "concern"),
    [
        pytest.param(NET, [WAITS], 1, "", id="a run waits for its approval"),
        pytest.param(NET, [PREPARED], 1, "", id="left so on purpose"),
        pytest.param(NET, [run(NET, "FAILED", "Blocked", "2"), PREPARED], 1, "", id="whatever was refused since"),
        pytest.param(
            NET, [run(NET, "FAILED", "Failed", "2"), PREPARED], 1, "no run goes on", id="but not what failed since"
        ),
        pytest.param(NET, [], None, "no run goes on with it", id="nobody knows it"),
        pytest.param(NET, [run(NET, "CRASHED", "Crashed")], 1, "no run goes on with it", id="its run crashed"),
        pytest.param(
            NET, [run(NET, "PAUSED", "Suspended", flow="abort")], 1, "no run goes on", id="an abort holds nothing"
        ),
        pytest.param(NET, [WAITS], 8, "locked for more than 7 days", id="for a week"),
        pytest.param(DISKS, [run(DISKS, "PAUSED", "Suspended")], 19, "", id="storage may wait longer"),
        pytest.param(
            DISKS, [run(DISKS, "PAUSED", "Suspended")], 20, "may commit it after 30 days", id="but not for ever"
        ),
        pytest.param(DISKS, [], 21, "no run goes on with it; Microsoft may commit it after 30 days", id="both"),
    ],
)
def test_what_is_wrong_with_a_lock(unit: Unit, runs: list[Run], days: float | None, concern: str) -> None:
    prepared = {} if days is None else {str(unit).casefold(): NOW - timedelta(days=days)}
    [lock] = locks({unit: State.PREPARED}, runs, prepared)
    assert concern in lock.concern(NOW)
    assert bool(concern) == bool(lock.concern(NOW))
    assert lock.old(NOW) == ("days" in concern)


def test_only_what_is_locked_is_listed_the_unknown_age_first_then_the_oldest() -> None:
    names = [Unit(SUBSCRIPTION, "virtualNetwork", name) for name in "abcd"]
    states = dict(zip(names, [State.PREPARED, State.CLASSIC, State.PREPARE_FAILED, State.PREPARED], strict=True))
    since = {str(names[0]).casefold(): NOW, str(names[3]).casefold(): NOW - timedelta(days=2)}
    assert [lock.unit.name for lock in locks(states, [], since)] == ["c", "d", "a"]


def test_the_holder_is_the_run_that_goes_on_not_the_newest_that_ended() -> None:
    ended = run(NET, "FAILED", "Failed", "2")
    assert locks({NET: State.PREPARED}, [ended, WAITS], {}) == (Lock(NET, State.PREPARED, None, WAITS, ended),)


def test_an_empty_estate_has_no_states() -> None:
    assert states_of(Estate(subscription=SUBSCRIPTION)) == {}
