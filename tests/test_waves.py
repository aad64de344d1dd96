"""Which units of a wave may start, which never will, and what speaks against a wave."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asmosis.admission import objections
from asmosis.parameters import MigrateParameters, Mode, WaveParameters
from asmosis.runs import Run
from asmosis.units import Outcome, Unit
from asmosis.waves import allowed_failures, due_units, skipped_units

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
A, B, C = (Unit(SUBSCRIPTION, "virtualNetwork", name) for name in "abc")
DISKS = Unit(SUBSCRIPTION, "storageAccount", "disks")
WAVE = (A, B, C, DISKS)
AFTER = {B: (A,), C: (B,), DISKS: (A,)}


@pytest.mark.parametrize(
    ("started", "ended", "after", "budget", "due", "skipped"),
    [
        pytest.param([], {}, {}, None, [A, B, C], [], id="all but storage at once"),
        pytest.param([A, B, C], {A: "Committed", B: "Committed"}, {}, None, [], [], id="storage waits for the last"),
        pytest.param(
            [A, B, C], {A: "Committed", B: "Failed", C: "Aborted"}, {}, None, [DISKS], [], id="however they ended"
        ),
        pytest.param([], {}, AFTER, None, [A], [], id="a dependant waits"),
        pytest.param([A], {}, AFTER, None, [], [], id="as long as the other runs"),
        pytest.param([A], {A: "Committed"}, AFTER, None, [B, DISKS], [], id="storage that says what it waits for starts"),
        pytest.param([A], {A: "Blocked"}, AFTER, None, [], [B, C, DISKS], id="a failure takes all that depends on it along"),
        pytest.param([A], {A: "Aborted"}, AFTER, None, [], [B, C, DISKS], id="so does an abort"),
        pytest.param([A], {A: "Prepared"}, AFTER, None, [B, DISKS], [], id="prepared is as far as it was to go"),
        pytest.param([A, B], {A: "Committed", B: "Blocked"}, {C: (B,)}, None, [DISKS], [C], id="storage waits for no skipped one"),
        pytest.param([A], {A: "Blocked"}, {}, 0, [], [B, C, DISKS], id="no failure is allowed"),
        pytest.param([A], {A: "Blocked"}, {}, 1, [B, C], [], id="one is"),
        pytest.param([A, B], {A: "Blocked", B: "Crashed"}, {}, 1, [], [C, DISKS], id="the second is too much"),
        pytest.param([A, B], {A: "Aborted", B: "Cancelled"}, {}, 0, [C], [], id="what people decided is no failure"),
    ],
)  # fmt: skip
def test_what_starts_and_what_is_skipped(
    started: list[Unit],
    ended: dict[Unit, str],
    after: dict[Unit, tuple[Unit, ...]],
    budget: int | None,
    due: list[Unit],
    skipped: list[Unit],
) -> None:
    assert list(due_units(WAVE, started, ended, after=after, budget=budget)) == due
    assert list(skipped_units(WAVE, started, ended, after=after, budget=budget)) == skipped


def test_the_reason_for_a_skip_is_told() -> None:
    assert skipped_units(WAVE, [A], {A: "Blocked"}, after=AFTER) == {
        B: "virtualNetwork/a ended Blocked",
        C: "virtualNetwork/b is skipped",
        DISKS: "virtualNetwork/a ended Blocked",
    }
    assert skipped_units(WAVE, [A], {A: "Blocked"}, budget=0)[B] == "1 units failed, 0 may"


@given(
    st.lists(st.sampled_from([outcome.value for outcome in Outcome]), min_size=4, max_size=4),
    st.sets(st.sampled_from([(B, A), (C, A), (C, B), (DISKS, A), (DISKS, C)])),
    st.none() | st.integers(0, 4),
)
def test_every_wave_comes_to_an_end(outcomes: list[str], edges: set[tuple[Unit, Unit]], budget: int | None) -> None:
    after: dict[Unit, list[Unit]] = {}
    for unit, first in edges:
        after.setdefault(unit, []).append(first)
    verdict = dict(zip(WAVE, outcomes, strict=True))
    ended: dict[Unit, str] = {}
    while due := list(due_units(WAVE, list(ended), ended, after=after, budget=budget)):
        assert not set(due) & set(ended)
        ended |= {unit: verdict[unit] for unit in due}
    skipped = skipped_units(WAVE, list(ended), ended, after=after, budget=budget)
    assert set(ended) | set(skipped) == set(WAVE)
    assert not set(ended) & set(skipped)


@pytest.mark.parametrize(
    ("budget", "allowed"),
    [
        pytest.param("", None, id="any number"),
        pytest.param("0", 0, id="none"),
        pytest.param("3", 3, id="a number"),
        pytest.param("10%", 2, id="a percentage is rounded down"),
        pytest.param("100%", 25, id="all"),
    ],
)
def test_a_failure_budget(budget: str, allowed: int | None) -> None:
    assert allowed_failures(budget, 25) == allowed


def wave(name: str, *units: str, **more: object) -> WaveParameters:
    return WaveParameters.model_validate({"subscription": SUBSCRIPTION, "name": name, "units": list(units), **more})


def run_of(parameters: WaveParameters, kind: str = "PAUSED", id: str = "1") -> Run:
    tags = (f"subscription:{SUBSCRIPTION}", f"wave:{parameters.name}")
    dumped = {"wave": parameters.model_dump(mode="json")}
    return Run(id, "wave", "wave", kind, kind.title(), "", "", tags, f"http://p/{id}", parameters=dumped)


FRIDAY = wave("friday", "virtualNetwork/a", "virtualNetwork/b")


@pytest.mark.parametrize(
    ("others", "said"),
    [
        pytest.param([], [], id="alone"),
        pytest.param([run_of(wave("monday", "virtualNetwork/c"))], [], id="another wave with other units"),
        pytest.param(
            [run_of(wave("monday", "virtualnetwork/B", "virtualNetwork/c"))],
            ["virtualNetwork/b is in wave monday as well, which goes on"],
            id="a unit that another wave has, however it is spelt",
        ),
        pytest.param([run_of(wave("monday", "virtualNetwork/b"), "FAILED")], [], id="which is over"),
        pytest.param([run_of(FRIDAY)], ["wave friday is still going on: http://p/1"], id="the same again"),
        pytest.param([run_of(FRIDAY, "COMPLETED")], [], id="the same, once it is over"),
        pytest.param(
            [run_of(wave("friday", "virtualNetwork/a", "virtualNetwork/b", "virtualNetwork/c"), "COMPLETED")], [],
            id="what is left of it",
        ),
        pytest.param(
            [run_of(wave("friday", "virtualNetwork/a"), "COMPLETED")],
            ["a wave named friday had other units, without virtualNetwork/b; choose another name"],
            id="the same name for other units",
        ),
        pytest.param(
            [run_of(FRIDAY, "COMPLETED"), run_of(wave("friday", "virtualNetwork/c"), "COMPLETED", "0")], [],
            id="the newest of a name counts",
        ),
        pytest.param([Run("9", "wave", "wave", "PAUSED", "Suspended", "", "", ("wave:x",), "")], [], id="a run without parameters"),
    ],
)  # fmt: skip
def test_what_speaks_against_a_wave(others: list[Run], said: list[str]) -> None:
    assert list(objections(FRIDAY, others)) == said


def test_of_two_waves_that_start_together_the_later_one_has_to_go() -> None:
    earlier, later = run_of(FRIDAY, "RUNNING", "1"), run_of(FRIDAY, "RUNNING", "2")
    assert list(objections(FRIDAY, [later, earlier], "1")) == []
    assert list(objections(FRIDAY, [later, earlier], "2")) == ["wave friday is still going on: http://p/1"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param({"after": {"virtualNetwork/a": ["virtualNetwork/a"]}}, "wait for each other", id="itself"),
        pytest.param({"after": {"virtualNetwork/a": ["virtualNetwork/z"]}}, "no unit of the wave", id="a stranger"),
        pytest.param({"failure_budget": "101%"}, "failure_budget", id="more than all"),
        pytest.param({"prepares_at_once": -1}, "prepares_at_once", id="less than none"),
    ],
)
def test_a_wave_that_cannot_be_is_refused(more: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        wave("w", "virtualNetwork/a", "virtualNetwork/b", **more)


def test_units_that_are_only_judged_wait_for_nothing() -> None:
    order = {"virtualNetwork/b": ["virtualNetwork/a"]}
    full = wave("w", "virtualNetwork/a", "virtualNetwork/b", "storageAccount/disks", after=order)
    assert full.order == {B: (A,)}
    judged = full.model_copy(update={"mode": Mode.ASSESS})
    assert list(due_units(judged.ids, [], {}, after=judged.order)) == [A, B, DISKS]


def test_a_unit_is_told_all_that_the_wave_says_of_how_to_go() -> None:
    shared = set(MigrateParameters.model_fields) - {"unit", "destination", "wave"}
    assert shared <= set(WaveParameters.model_fields)
