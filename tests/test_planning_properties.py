"""What holds for any estate, limits and rules."""

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from asmosis.classic.estate import Estate
from asmosis.errors import UsageError
from asmosis.planning.files import PLAN_FILE, written
from asmosis.planning.happened import Happened
from asmosis.planning.links import groups
from asmosis.planning.plan import Plan, UnitState, same
from asmosis.planning.propose import Proposal, propose
from asmosis.planning.survey import Survey
from asmosis.readiness import Finding
from tests.planned import OTHER, SUBSCRIPTION, Net, Svc, blocker, estate

NETS = tuple("abcdef")
ACCOUNTS = ("disks", "more", "prod-disks", "unused")
# Without making an example smaller: that takes minutes with whole estates, and the plan alone says what is wrong.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=PHASES)

services = st.lists(
    st.builds(
        Svc,
        name=st.sampled_from(["web", "prod-web", "app", "lab", "db", "prod-db", "batch"]),
        network=st.sampled_from([None, *NETS]),
        machines=st.integers(1, 6),
        accounts=st.lists(st.sampled_from(ACCOUNTS), max_size=2).map(tuple),
    ),
    max_size=7,
    unique_by=lambda service: service.name,
)


@st.composite
def networks(draw: st.DrawFn) -> list[Net]:
    names = draw(st.lists(st.sampled_from(NETS), unique=True, max_size=len(NETS)))
    found = []
    for number, name in enumerate(names):
        sites = draw(st.lists(st.integers(0, len(names) - 1), max_size=2, unique=True))
        found.append(
            Net(
                name,
                (f"10.{number}.0.0/16",),
                tuple(
                    (f"to-{other}", f"40.0.0.{other}", (f"10.{other}.0.0/16",)) for other in sites if other != number
                ),
                gateway=f"40.0.0.{number}",
                gateway_type=draw(st.sampled_from(["DynamicRouting", "DynamicRouting", "DedicatedCircuit"])),
            )
        )
    return found


def estates(subscription: str) -> st.SearchStrategy[Estate]:
    return st.builds(
        lambda nets, svcs, accounts: estate(nets, svcs, accounts, subscription=subscription),
        networks(),
        services,
        st.lists(st.sampled_from(ACCOUNTS), unique=True),
    )


@st.composite
def asked(draw: st.DrawFn) -> tuple[list[Survey], Plan]:
    """One subscription or two, some units blocked, limits and rules that may contradict each other."""
    found = [draw(estates(SUBSCRIPTION)), *draw(st.lists(estates(OTHER), max_size=1))]
    units = [unit for each in found for unit in each.units]
    plan = Plan(subscription=SUBSCRIPTION)
    texts = st.sampled_from([plan.text(unit) for unit in units] or [f"{SUBSCRIPTION}/virtualNetwork/none"])
    rules: dict[str, Any] = {}
    if units:
        rules["after"] = draw(st.dictionaries(texts, st.lists(texts, max_size=2), max_size=3))
        rules["together"] = draw(st.lists(st.lists(texts, min_size=2, max_size=3), max_size=2))
        rules["pin"] = draw(st.dictionaries(texts, st.sampled_from(["pilot", "second"]), max_size=2))
        rules["exclude"] = draw(st.lists(st.sampled_from(["*lab*", "b", "*/unused"]), max_size=1))
    surveys = []
    for each in found:
        blocked = draw(st.lists(st.sampled_from(each.units), max_size=2, unique=True)) if each.units else []
        findings: list[Finding] = [blocker(unit.short) for unit in blocked]
        surveys.append(Survey(each, findings))
    limits = {
        "units": draw(st.integers(1, 6)),
        "machines": draw(st.integers(1, 12)),
        "minutes": draw(st.integers(5, 90)),
        "prepares": draw(st.integers(1, 4)),
    }
    blocked_too = draw(st.booleans())
    told = {"subscription": SUBSCRIPTION, "rules": rules, "limits": limits, "include_blocked": blocked_too}
    return surveys, Plan.model_validate(told)


def made(question: tuple[list[Survey], Plan]) -> Proposal:
    try:
        return propose(*question)
    except UsageError:  # rules that contradict each other or the estate
        assume(False)
        raise


@MANY
@given(asked())
def test_every_unit_is_in_one_wave_or_left_out_with_a_reason(question: tuple[list[Survey], Plan]) -> None:
    plan = made(question).plan
    found = Counter(plan.identity(unit.unit) for wave in plan.waves for unit in wave.units)
    found += Counter(plan.identity(entry.unit) for entry in plan.left_out if all(entry.why) and entry.why)
    assert found == Counter(same(unit) for survey in question[0] for unit in survey.estate.units)


@MANY
@given(asked())
def test_no_unit_goes_before_what_it_goes_after_and_what_goes_together_does(
    question: tuple[list[Survey], Plan],
) -> None:
    proposal = made(question)
    placed = proposal.plan.placed()
    for link in proposal.links:
        first, then = placed.get(same(link.first)), placed.get(same(link.then))
        if first is None or then is None:
            assert link.together or then is None
        elif link.together:
            assert first == then
        else:
            assert first + (link.first.subscription != link.then.subscription) <= then


@MANY
@given(asked())
def test_only_what_must_go_together_is_over_a_limit(question: tuple[list[Survey], Plan]) -> None:
    proposal = made(question)
    plan = proposal.plan
    of_unit = {same(unit): group for group in groups(proposal.weights, proposal.links) for unit in group}
    pinned = set(plan.rules.pin.values())
    for wave, load in zip(plan.waves, proposal.loads, strict=True):
        whole = {frozenset(of_unit[plan.identity(unit.unit)]) for unit in wave.units}
        assert not load.over(plan.limits) or len(whole) == 1 or wave.name in pinned
        assert load.writes_per_hour <= plan.limits.writes_per_hour + 1e-6


@MANY
@given(asked())
def test_a_written_plan_is_read_as_it_was_and_going_on_from_it_changes_nothing(
    question: tuple[list[Survey], Plan],
) -> None:
    surveys, _ = question
    text = written(made(question))
    again = PLAN_FILE.parse(text.encode(), "plan")
    assert written(propose(surveys, again), text) == text


@MANY
@given(asked(), asked(), st.data())
def test_going_on_moves_nothing_that_has_begun_and_loses_no_unit(
    before: tuple[list[Survey], Plan], after: tuple[list[Survey], Plan], data: st.DataObject
) -> None:
    old = made(before).plan
    units = [(wave.name, old.identity(unit.unit)) for wave in old.waves for unit in wave.units]
    ran = data.draw(st.lists(st.sampled_from(units), max_size=3)) if units else []
    states = st.sampled_from([UnitState.COMMITTED, UnitState.ABORTED, UnitState.RUNNING])
    stood = {unit: (data.draw(states), wave) for wave, unit in ran}
    known = Happened(stood, frozenset((unit, wave) for wave, unit in ran))
    try:
        proposal = propose(after[0], old, known)
    except UsageError:  # the estate has changed in a way that a person has to decide about
        assume(False)
        raise
    plan = proposal.plan
    found = Counter(plan.identity(unit.unit) for wave in plan.waves for unit in wave.units)
    found += Counter(plan.identity(entry.unit) for entry in plan.left_out)
    assert set(found.values()) <= {1}
    assert set(found) >= {same(unit) for survey in after[0] for unit in survey.estate.units}
    begun = {wave for wave, _ in ran}
    for was, wave in zip(old.waves, plan.waves, strict=False):
        assert wave.name == was.name
        assert wave.begun is (wave.name in begun)
        if wave.begun:
            assert [unit.unit for unit in wave.units] == [unit.unit for unit in was.units]
    standing = {unit: (state, name) for name, unit in ran for state, _ in [known.units[unit]]}
    for wave in plan.waves:
        for unit in wave.units:
            if plan.identity(unit.unit) in standing:
                assert (unit.state, wave.name) == standing[plan.identity(unit.unit)]
    text = written(proposal)
    again = PLAN_FILE.parse(text.encode(), "plan")
    assert written(propose(after[0], again, known), text) == text
