"""A plan goes on: what people did and what happened stays, the rest is brought up to date."""

from dataclasses import dataclass
from typing import Any

import pytest

from asmosis.classic.estate import Estate
from asmosis.errors import UsageError
from asmosis.planning.files import PLAN_FILE, written
from asmosis.planning.happened import NOTHING, Happened, happened
from asmosis.planning.plan import Plan, UnitState
from asmosis.planning.propose import Proposal, propose
from asmosis.planning.survey import Survey
from asmosis.readiness import Finding
from tests.planned import OTHER, SUBSCRIPTION, Svc, blocker, empty, estate, waves

SERVICES = [Svc("a", accounts=("disks",)), Svc("b", machines=2), Svc("c", machines=3)]
GIVEN = estate(services=SERVICES, accounts=["disks"])


@dataclass(frozen=True)
class Run:
    unit: str
    wave: str = ""
    state: str = "Running"
    ended: bool = False
    subscription: str = SUBSCRIPTION
    rehearses: bool = False


def ran(unit: str, state: str, wave: str = "", *, rehearses: bool = False) -> Run:
    return Run(unit, wave, state, ended=state != "Suspended", rehearses=rehearses)


def plan_of(*told: tuple[str, list[Any]], **more: Any) -> Plan:
    return empty(waves=[{"name": name, "units": units} for name, units in told], **more)


def updated(plan: Plan, given: Estate = GIVEN, *runs: Run, findings: tuple[Finding, ...] = ()) -> Proposal:
    return propose([Survey(given, findings)], plan, happened(runs) if runs else NOTHING)


A, B, C, DISKS = "hostedService/a", "hostedService/b", "hostedService/c", "storageAccount/disks"
WHOLE = (("first", [C, A]), ("second", [B, DISKS]))


def test_an_unchanged_plan_gives_the_same_text() -> None:
    text = written(updated(empty(name="night", limits={"units": 2}, rules={"owners": {"*": "ops"}})))
    again = written(updated(PLAN_FILE.parse(text.encode(), "plan")), text)
    assert again == text
    assert again.count("\n") > 30


def test_units_stay_where_a_person_moved_them() -> None:
    assert waves(updated(plan_of(*WHOLE))) == {"first": [C, A], "second": [B, DISKS]}


def test_the_order_and_names_of_waves_stay() -> None:
    plan = plan_of(("zulu", [B]), ("alpha", [C, A, DISKS]))
    assert list(waves(updated(plan))) == ["zulu", "alpha"]


def test_a_unit_that_a_person_put_before_what_it_goes_after_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        updated(plan_of(("first", [DISKS]), ("second", [A, B, C])))
    assert str(caught.value) == (
        "plan storageAccount/disks: it stands in first, but goes after hostedService/a: it holds disks or images of"
        " a/vm0. Move it to second or later."
    )


def test_new_units_go_where_there_is_room_and_then_in_new_waves() -> None:
    plan = plan_of(("first", [A, B]), ("second", [DISKS]), limits={"units": 2}, name="night")
    larger = estate(services=[*SERVICES, Svc("d", machines=4)], accounts=["disks"])
    assert waves(updated(plan, larger)) == {
        "first": [A, B],
        "second": [DISKS, C],
        "night-03": ["hostedService/d"],
    }


def test_a_new_unit_goes_before_a_standing_one_that_waits_for_it_even_over_the_limit() -> None:
    proposal = updated(plan_of(("first", [B, DISKS]), ("second", [C]), limits={"units": 2}))
    assert waves(proposal)["first"] == [B, DISKS, A]
    assert "first is over its limits: 3 units of 2" in proposal.notes


def test_what_has_begun_too_soon_holds_nothing_up_but_is_said() -> None:
    proposal = updated(plan_of(("first", [DISKS]), ("second", [B, C])), GIVEN, ran(DISKS, "Aborted", "first"))
    assert waves(proposal) == {"first": [DISKS], "second": [B, C, A]}
    said = "storageAccount/disks stands in first, which has begun, but goes after hostedService/a"
    assert [note.partition(":")[0] for note in proposal.notes] == [said]


def test_a_unit_that_has_no_place_between_what_stands_is_left_out_with_the_reason() -> None:
    rules = {"after": {A: [B]}}
    proposal = updated(plan_of(("first", [DISKS]), ("second", [B, C]), rules=rules))
    assert {entry.unit: entry.why for entry in proposal.plan.left_out} == {
        A: ("it has to go before storageAccount/disks, which stands in first already",)
    }
    assert waves(proposal) == {"first": [DISKS], "second": [B, C]}


def test_nothing_joins_or_leaves_a_wave_that_has_begun() -> None:
    proposal = updated(
        plan_of(("first", [A, B]), limits={"units": 9}), GIVEN, ran(A, "Committed", "first"), findings=(blocker(B),)
    )
    assert waves(proposal) == {"first": [A, B], "wave-02": [DISKS, C]}
    assert [wave.begun for wave in proposal.plan.waves] == [True, False]


@pytest.mark.parametrize(
    ("runs", "state"),
    [
        pytest.param([ran(A, "Suspended", "first")], UnitState.RUNNING, id="waits for approval"),
        pytest.param([ran(A, "Committed", "first")], UnitState.COMMITTED, id="committed"),
        pytest.param([ran(A, "Committed")], UnitState.COMMITTED, id="committed on its own"),
        pytest.param([ran(A, "Aborted", "first")], UnitState.ABORTED, id="aborted"),
        pytest.param([ran(A, "Aborted"), ran(A, "Suspended", "first")], UnitState.ABORTED, id="aborted by another run"),
        pytest.param([ran(A, "Blocked", "first")], UnitState.BLOCKED, id="blocked"),
        pytest.param([ran(A, "Crashed", "first")], UnitState.FAILED, id="broken"),
        pytest.param([ran(A, "Aborted", "earlier")], None, id="aborted in another wave"),
        pytest.param([ran(A, "Aborted")], None, id="aborted on its own"),
        pytest.param(
            [ran(A, "Aborted", "again"), ran(A, "PrepareFailed", "first")], UnitState.ABORTED, id="went again by itself"
        ),
        pytest.param([ran(A, "Rehearsed", "first", rehearses=True)], None, id="rehearsed"),
        pytest.param([ran(A, "Blocked", "first", rehearses=True)], None, id="could not be rehearsed"),
        pytest.param([ran(A, "Ready", "first", rehearses=True)], None, id="judged only"),
        pytest.param(
            [ran(A, "Rehearsed", "first", rehearses=True), ran(A, "Aborted", "first")],
            UnitState.ABORTED,
            id="rehearsed later",
        ),
        pytest.param([Run(A, "first", "Committed", ended=True, subscription=OTHER)], None, id="another subscription"),
        pytest.param([Run("", "first")], None, id="a wave's own run"),
    ],
)
def test_what_has_happened_is_kept_with_the_unit(runs: list[Run], state: UnitState | None) -> None:
    proposal = updated(plan_of(*WHOLE), GIVEN, *runs)
    unit = next(unit for unit in proposal.plan.waves[0].units if unit.unit == A)
    assert unit.state == state


def test_what_has_happened_stays_when_nobody_can_be_asked_again() -> None:
    told = updated(plan_of(*WHOLE), GIVEN, ran(A, "Committed", "first"))
    gone = estate(services=SERVICES[1:], accounts=["disks"])
    again = updated(told.plan, gone)
    assert [unit.state for unit in again.plan.waves[0].units] == [None, UnitState.COMMITTED]
    assert again.plan.waves[0].begun


def test_a_unit_that_is_gone_is_marked_until_it_is_back() -> None:
    gone = updated(plan_of(*WHOLE), estate(services=SERVICES[:2], accounts=["disks"]))
    assert [unit.state for unit in gone.plan.waves[0].units] == [UnitState.VANISHED, None]
    back = updated(gone.plan)
    assert [unit.state for unit in back.plan.waves[0].units] == [None, None]
    assert not back.plan.waves[0].begun


def test_what_is_gone_goes_after_nothing_that_leaves_the_plan() -> None:
    gone = {"unit": "storageAccount/gone", "state": "Vanished", "after": [A, B]}
    proposal = updated(plan_of(("first", [A, B]), ("second", [gone])), findings=(blocker(A),))
    again = PLAN_FILE.parse(written(proposal).encode(), "plan")
    assert [unit.after for wave in again.waves for unit in wave.units if unit.unit == "storageAccount/gone"] == [(B,)]


def test_units_of_a_subscription_that_is_not_looked_at_stay_as_they_are() -> None:
    texts = [f"{OTHER}/virtualNetwork/far", f"{SUBSCRIPTION}/{A}"]
    plan = Plan.model_validate({"waves": [{"name": "first", "units": texts}]})
    proposal = updated(plan)
    assert [unit.state for unit in proposal.plan.waves[0].units][:2] == [None, None]
    assert waves(proposal)["first"][:2] == texts


def test_a_unit_leaves_while_it_is_blocked_and_comes_back_to_its_wave() -> None:
    out = updated(plan_of(*WHOLE), GIVEN, findings=(blocker(B, "no way"),))
    assert waves(out) == {"first": [C, A], "second": [DISKS]}
    [entry] = out.plan.left_out
    assert (entry.unit, entry.why, entry.was) == (B, ("no way",), "second")
    assert "hostedService/b leaves second; left_out says why" in out.notes
    still = updated(out.plan, GIVEN, findings=(blocker(B, "no way"),))
    assert still.plan == out.plan
    assert waves(updated(out.plan)) == {"first": [C, A], "second": [DISKS, B]}


def test_what_has_happened_is_not_left_out_afterwards() -> None:
    plan = plan_of(("first", [A]), ("second", [{"unit": DISKS, "state": "Prepared"}, B, C]))
    proposal = updated(plan, GIVEN, findings=(blocker(A),))
    assert waves(proposal) == {"first": [], "second": [DISKS, B, C]}
    assert [entry.unit for entry in proposal.plan.left_out] == [A]


def test_the_order_of_what_has_begun_is_not_judged_any_more() -> None:
    plan = plan_of(("first", [DISKS]), ("second", [A, B, C]))
    assert waves(updated(plan, GIVEN, ran(DISKS, "Blocked", "first"))) == {"first": [DISKS], "second": [A, B, C]}


def test_a_pin_moves_a_unit_that_stands_elsewhere() -> None:
    proposal = updated(plan_of(*WHOLE, rules={"pin": {C: "second"}}))
    assert waves(proposal) == {"first": [A], "second": [B, DISKS, C]}
    assert "hostedService/c goes from first to second, where it is pinned" in proposal.notes


def test_a_pin_to_a_wave_that_is_not_there_makes_it_last() -> None:
    assert list(waves(updated(plan_of(*WHOLE, rules={"pin": {C: "finale"}})))) == ["first", "second", "finale"]


@pytest.mark.parametrize(
    ("pins", "runs", "said"),
    [
        pytest.param({C: "first"}, [ran(A, "Committed", "first")], "the wave first has begun", id="a begun wave"),
        pytest.param(
            {A: "finale"}, [], "to finale, but its order puts it in second or earlier", id="after what waits for it"
        ),
    ],
)
def test_pins_into_impossible_waves_are_refused(pins: dict[str, str], runs: list[Run], said: str) -> None:
    plan = plan_of(("first", [A, B]), ("second", [DISKS]), rules={"pin": pins})
    with pytest.raises(UsageError, match=said):
        updated(plan, GIVEN, *runs)


@pytest.mark.parametrize(
    ("there", "rules", "said"),
    [
        pytest.param(f"{OTHER}/{B}", {"after": {A: [f"{OTHER}/{B}"]}}, "puts it after only", id="none after it"),
        pytest.param(f"{OTHER}/{B}", {"after": {f"{OTHER}/{B}": [A]}}, "puts it before only", id="none before it"),
    ],
)
def test_a_pin_beside_another_subscriptions_unit_is_refused(there: str, rules: dict[str, Any], said: str) -> None:
    here, far = estate(services=[Svc("a")]), estate(services=[Svc("b")], subscription=OTHER)
    plan = plan_of(("only", [there]), rules={**rules, "pin": {A: "only"}})
    with pytest.raises(UsageError, match=said):
        propose([Survey(here, ()), Survey(far, ())], plan)


def test_a_unit_goes_before_what_stands_though_it_belongs_to_what_stands_later() -> None:
    rules = {"after": {DISKS: [A], C: [DISKS]}, "together": [[A, C]]}
    proposal = updated(plan_of(("first", [B, DISKS]), ("second", [C]), rules=rules))
    assert waves(proposal) == {"first": [B, DISKS, A], "second": [C]}
    assert updated(proposal.plan).plan == proposal.plan


def test_an_abort_may_be_tried_again_in_a_later_wave() -> None:
    plan = plan_of(("first", [{"unit": B, "state": "Aborted"}]), ("second", [A, DISKS, C]))
    moved = plan_of(("first", []), ("second", [A, DISKS, C, B]))
    runs = [ran(B, "Aborted", "first")]
    assert updated(plan, GIVEN, *runs).plan.waves[0].units[0].state is UnitState.ABORTED
    assert updated(moved, GIVEN, *runs).plan.waves[1].units[-1].state is None


def test_names_compare_without_case() -> None:
    plan = plan_of(("first", ["hostedService/A", "hostedService/B", C, DISKS]))
    proposal = updated(plan, GIVEN, ran("hostedService/a", "Committed", "first"))
    assert waves(proposal) == {"first": ["hostedService/A", "hostedService/B", C, DISKS]}
    assert proposal.plan.waves[0].units[0].state is UnitState.COMMITTED


def test_rules_may_go_on_to_name_what_has_migrated() -> None:
    rules = {"after": {B: [A]}, "together": [[A, C]], "pin": {A: "first"}}
    plan = plan_of(("first", [{"unit": A, "state": "Committed"}]), ("second", [B, C, DISKS]), rules=rules)
    left = estate(services=SERVICES[1:], accounts=["disks"])
    assert waves(updated(plan, left)) == {"first": [A], "second": [B, C, DISKS]}


def test_nothing_happened_is_nothing() -> None:
    assert happened([]) == NOTHING == Happened()
