"""A plan from an estate: a new one, or one that goes on from what stands in a file and what has happened."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from asmosis.errors import UsageError
from asmosis.planning.happened import NOTHING, Happened
from asmosis.planning.links import Link, groups
from asmosis.planning.load import Filling, Load
from asmosis.planning.orders import links_of
from asmosis.planning.packing import Packing
from asmosis.planning.plan import LeftOut, Plan, PlannedUnit, PlannedWave, UnitState, same
from asmosis.planning.survey import Survey
from asmosis.planning.weights import Weight, weigh
from asmosis.units import Unit

STANDING = "plan "
"""What the place of an error about a unit that stands in the plan begins with."""
_SHOWN = 3  # reasons that a plan spells out


@dataclass(frozen=True)
class Proposal:
    """A plan with what it was made of; `loads` in the order of its waves, `notes` for the person who asked."""

    plan: Plan
    weights: Mapping[Unit, Weight]
    links: Sequence[Link]
    loads: Sequence[Load]
    notes: tuple[str, ...]


def propose(surveys: Sequence[Survey], plan: Plan, happened: Happened = NOTHING) -> Proposal:
    """The plan that goes on from `plan`; one without waves is made anew.

    Units keep the waves that they stand in. Blocked, excluded and dependent units are left out; new ones go into waves
    that have not begun, or into new waves at the end. The same input gives the same plan.

    Raises:
        UsageError: units wait for each other, a rule names what is not there, two pins contradict each other, or a unit
            stands before one that it goes after.
    """
    links = links_of([survey.estate for survey in surveys], plan)
    weights = weigh(surveys, plan, links)
    _refuse_far_pairs(links, weights, plan)
    told = _with_states(plan, weights, {survey.estate.subscription.lower() for survey in surveys}, happened)
    _refuse_disorder(told, links)
    out = _left_out(told, weights, links)
    pins = {unit: told.rules.pin[text] for text, unit in _pinned(told, weights)}
    kept, moved = _kept(told, out, pins)
    packing = Packing(kept, weights, links, pins)
    back = {same(told.unit(entry.unit)): entry.was for entry in told.left_out if entry.was}
    standing = set(kept.placed())
    todo = [unit for unit in weights if same(unit) not in standing and unit not in out]
    packing.place(todo, {unit: back[same(unit)] for unit in todo if same(unit) in back})
    out |= {unit: (why,) for unit, why in packing.refused.items()}
    notes = [*moved, *packing.notes, *_parted(told, links, out)]
    made = _written(kept, packing, links, _entries(told, out, weights))
    loads = loads_of(made, weights, links)
    notes += _too_soon(made, links)
    notes += [
        f"{wave.name} is over its limits: {', '.join(over)}"
        for wave, load in zip(made.waves, loads, strict=True)
        if not wave.begun and (over := load.over(made.limits))
    ]
    return Proposal(made, weights, links, loads, tuple(notes))


def loads_of(plan: Plan, weights: Mapping[Unit, Weight], links: Iterable[Link]) -> tuple[Load, ...]:
    """What each wave carries, as far as its units are still there."""
    before: dict[Unit, list[Unit]] = {}
    for link in links:
        if not link.together:
            before.setdefault(link.then, []).append(link.first)
    spelled = {same(unit): weight for unit, weight in weights.items()}
    loads = []
    for wave in plan.waves:
        filling = Filling(plan.limits, before)
        filling.add(weight for planned in wave.units if (weight := spelled.get(same(plan.unit(planned.unit)))))
        loads.append(filling.load)
    return tuple(loads)


def _refuse_far_pairs(links: Sequence[Link], weights: Mapping[Unit, Weight], plan: Plan) -> None:
    """A wave's runs are about one subscription each, so none of them can wait for another's units."""
    of_unit = {unit: group for group in groups(weights, links) for unit in group}
    for link in links:
        far = not link.together and link.first.subscription != link.then.subscription
        if far and link.first in of_unit and of_unit[link.first] is of_unit.get(link.then):
            problem = f"it goes after {plan.text(link.first)}, but in one wave with it"
            remedy = "Units of two subscriptions cannot do both; take one of the rules out."
            raise UsageError(f"rules.after {plan.text(link.then)}", problem, remedy)


def _with_states(plan: Plan, weights: Mapping[Unit, Weight], surveyed: set[str], happened: Happened) -> Plan:
    """The plan with what has happened since it was written."""
    there = {same(unit) for unit in weights}

    names = {wave.name for wave in plan.waves}

    def state(planned: PlannedUnit, wave: str, *, begun: bool) -> UnitState | None:
        unit = same(plan.unit(planned.unit))
        told, where = happened.units.get(unit, (None, ""))
        # What became of it in an earlier wave is no news after somebody has moved it to this one.
        # What its own wave left behind may have gone again by itself.
        again = begun and where not in names
        if told and (where == wave or again or told in (UnitState.COMMITTED, UnitState.RUNNING)):
            return told
        gone = unit not in there and unit.subscription in surveyed
        if planned.state in (None, UnitState.VANISHED):
            return UnitState.VANISHED if gone else None
        return planned.state

    waves = []
    for wave in plan.waves:
        begun = wave.begun or any((plan.identity(each.unit), wave.name) in happened.begun for each in wave.units)
        units = tuple(
            planned.model_copy(update={"state": state(planned, wave.name, begun=begun)}) for planned in wave.units
        )
        waves.append(wave.model_copy(update={"units": units, "begun": begun}))
    return plan.model_copy(update={"waves": tuple(waves)})


def _refuse_disorder(plan: Plan, links: Iterable[Link]) -> None:
    placed = plan.placed()
    for link in links:
        first, then = placed.get(same(link.first)), placed.get(same(link.then))
        if link.together or first is None or then is None or plan.waves[then].begun:
            continue
        far = link.first.subscription != link.then.subscription
        if then < first + far:
            problem = f"it stands in {plan.waves[then].name}, but goes after {plan.text(link.first)}: {link.why}"
            later = f"after {plan.waves[first].name}" if far else f"to {plan.waves[first].name} or later"
            raise UsageError(f"{STANDING}{plan.text(link.then)}", problem, f"Move it {later}.")


def _left_out(plan: Plan, weights: Mapping[Unit, Weight], links: Sequence[Link]) -> dict[Unit, tuple[str, ...]]:
    """The units that stay out of every wave, and why; what has begun stays in."""
    settled = {
        same(plan.unit(planned.unit))
        for wave in plan.waves
        for planned in wave.units
        if wave.begun or planned.state not in (None, UnitState.VANISHED)
    }
    out: dict[Unit, tuple[str, ...]] = {}
    for unit, weight in weights.items():
        if same(unit) in settled:
            continue
        if weight.excluded_by:
            out[unit] = (f"excluded by {weight.excluded_by!r}",)
        elif weight.blockers and not plan.include_blocked:
            out[unit] = tuple(_some(weight.blockers))
    later: dict[Unit, list[Unit]] = {}
    for link in links:
        if not link.together and link.then in weights:
            later.setdefault(link.first, []).append(link.then)
    todo = list(out)
    while todo:
        first = todo.pop()
        for then in later.get(first, ()):
            if then not in out and same(then) not in settled:
                out[then] = (f"it goes after {plan.text(first)}, which is left out",)
                todo.append(then)
    return out


def _parted(plan: Plan, links: Iterable[Link], out: Container[Unit]) -> Iterator[str]:
    for link in links:
        if link.together and (link.first in out) != (link.then in out):
            goes, stays = (link.then, link.first) if link.first in out else (link.first, link.then)
            why = f"{plan.text(link.first)}: {link.why}"
            yield f"{plan.text(goes)} goes without {plan.text(stays)}, which is left out ({why})"


def _too_soon(plan: Plan, links: Iterable[Link]) -> Iterator[str]:
    placed = plan.placed()
    states = {plan.identity(planned.unit): planned.state for wave in plan.waves for planned in wave.units}
    for link in links:
        first, then = placed.get(same(link.first)), placed.get(same(link.then))
        if link.together or first is None or then is None or states[same(link.then)] is UnitState.COMMITTED:
            continue
        if first > then:
            text, wave = plan.text(link.then), plan.waves[then].name
            yield f"{text} stands in {wave}, which has begun, but goes after {plan.text(link.first)}: {link.why}"


def _some(blockers: Sequence[str]) -> Iterator[str]:
    yield from blockers[:_SHOWN]
    if len(blockers) > _SHOWN:
        yield f"and {len(blockers) - _SHOWN} more reasons; see asmosis assess"


def _pinned(plan: Plan, weights: Mapping[Unit, Weight]) -> Iterator[tuple[str, Unit]]:
    spelled, placed = {same(unit): unit for unit in weights}, plan.placed()
    for text in plan.rules.pin:
        unit = same(plan.unit(text))
        if unit in spelled:
            yield text, spelled[unit]
        elif unit not in placed:
            raise UsageError(f"rules.pin {text}", "there is no such unit", "See asmosis assess for the units.")


def _kept(plan: Plan, out: Iterable[Unit], pins: Mapping[Unit, str]) -> tuple[Plan, list[str]]:
    """The plan without the units that leave their waves, and a note for each of them."""
    leaving, pinned = {same(unit) for unit in out}, {same(unit): name for unit, name in pins.items()}
    notes, waves = [], []
    for wave in plan.waves:
        units = []
        for planned in wave.units:
            unit = same(plan.unit(planned.unit))
            if unit in leaving:
                notes.append(f"{planned.unit} leaves {wave.name}; left_out says why")
            elif not wave.begun and pinned.get(unit, wave.name) != wave.name:
                notes.append(f"{planned.unit} goes from {wave.name} to {pinned[unit]}, where it is pinned")
            else:
                units.append(planned)
        waves.append(wave.model_copy(update={"units": tuple(units)}))
    return plan.model_copy(update={"waves": tuple(waves)}), notes


def _written(plan: Plan, packing: Packing, links: Iterable[Link], left_out: tuple[LeftOut, ...]) -> Plan:
    """The plan with the new units in their waves, and with the orders that the estate tells."""
    standing = set(plan.placed())
    texts = {unit: plan.text(unit) for unit in packing.at} | {
        plan.unit(planned.unit): planned.unit for wave in plan.waves for planned in wave.units
    }
    by_same = {same(unit): text for unit, text in texts.items()}
    after: dict[Unit, list[str]] = {}
    for link in links:
        if not link.together and same(link.first) in by_same and same(link.then) in by_same:
            after.setdefault(same(link.then), []).append(by_same[same(link.first)])

    def ordered(planned: PlannedUnit) -> PlannedUnit:
        # What has happened keeps the order that it had, as far as that still stands in the plan.
        there = tuple(text for text in planned.after if plan.identity(text) in by_same)
        told = there if planned.state else tuple(after.get(plan.identity(planned.unit), ()))
        return planned.model_copy(update={"after": told})

    waves = [*plan.waves]
    waves += [PlannedWave(name=name) for name in packing.names[len(waves) :]]
    made = []
    for position, wave in enumerate(waves):
        new = [unit for unit in packing.fillings[position].units if same(unit) not in standing]
        units = (*wave.units, *(PlannedUnit(unit=texts[unit]) for unit in new))
        made.append(wave.model_copy(update={"units": tuple(map(ordered, units))}))
    return plan.model_copy(update={"waves": tuple(made), "left_out": left_out})


def _entries(plan: Plan, out: Mapping[Unit, tuple[str, ...]], weights: Mapping[Unit, Weight]) -> tuple[LeftOut, ...]:
    was = {same(plan.unit(entry.unit)): entry.was for entry in plan.left_out}
    was |= {unit: plan.waves[position].name for unit, position in plan.placed().items()}
    return tuple(
        LeftOut(unit=plan.text(unit), why=out[unit], was=was.get(same(unit), "")) for unit in weights if unit in out
    )
