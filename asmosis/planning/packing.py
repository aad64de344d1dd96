"""Puts units into waves: in the order of what goes before what, the small and harmless first, within the limits."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from asmosis.errors import UsageError
from asmosis.planning.links import Link, groups
from asmosis.planning.load import Filling
from asmosis.planning.plan import Plan, same
from asmosis.planning.weights import Weight
from asmosis.units import Unit

_END = 10**9  # beyond every wave


@dataclass
class Packing:
    """Waves being filled; `waves` is what a plan begins with, `notes` what a person should hear about.

    Units that stand in a wave already stay there. New waves come after them.
    """

    plan: Plan
    weights: Mapping[Unit, Weight]
    links: Sequence[Link]
    pins: Mapping[Unit, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = [wave.name for wave in self.plan.waves]
        self.begun = [wave.begun for wave in self.plan.waves]
        self._known: int = len(self.names)
        before: defaultdict[Unit, list[Unit]] = defaultdict(list)
        later: defaultdict[Unit, list[Unit]] = defaultdict(list)
        for link in self.links:
            if not link.together:
                before[link.then].append(link.first)
                later[link.first].append(link.then)
        self._before, self._later = dict(before), dict(later)
        self._turn = {unit: self.weights[unit].turn for unit in self.weights}
        self._inherit_turns()
        self._late: dict[Unit, Sequence[Unit]] = {}
        self.at: dict[Unit, int] = {}
        self.fillings: list[Filling] = []
        self._turns: list[set[int]] = []
        spelled = {same(unit): unit for unit in self.weights}
        for position, wave in enumerate(self.plan.waves):
            self._open(wave.name)
            for planned in wave.units:
                identity = self.plan.identity(planned.unit)
                if identity in spelled:
                    self._put(position, [spelled[identity]])
                else:  # gone, or of a subscription that was not asked: it weighs nothing here, but keeps its order
                    self.at[identity] = position

    def place(self, units: Iterable[Unit], back: Mapping[Unit, str]) -> None:
        """Find a wave for each of `units`; `back` names the wave that a unit stood in before it was left out.

        Raises:
            UsageError: a pin contradicts an order or another pin.
        """
        wanted = set(units)
        whole = groups([unit for unit in self.weights if unit in wanted or unit in self.at], self.links)
        of_unit = {unit: group for group in whole for unit in group}
        if not self.plan.waves:
            self._pinned_first(of_unit)
        for group in self._in_turn([group for group in whole if any(unit in wanted for unit in group)]):
            new = self._sorted([unit for unit in group if unit not in self.at])
            if new:
                self._place_group(group, new, back)

    def _place_group(self, group: Sequence[Unit], new: list[Unit], back: Mapping[Unit, str]) -> None:
        lowest, highest = self._bounds(new)
        pinned = sorted({self.pins[unit] for unit in group if unit in self.pins})
        if len(pinned) > 1:
            names = ", ".join(self.plan.text(unit) for unit in group)
            raise UsageError("rules.pin", f"{names} go together, and are pinned to {' and '.join(pinned)}", "Pin one.")
        if pinned:
            self._put(self._pinned_at(pinned[0], new[0], lowest, highest), new)
            return
        stands = [self.at[unit] for unit in group if unit in self.at and not self.begun[self.at[unit]]]
        stood = [self.names.index(back[unit]) for unit in new if back.get(unit) in self.names]
        for position in (*stands, *(place for place in stood if not self.begun[place])):
            if lowest <= position <= highest:
                self._put(position, new)
                return
        weights = [self.weights[unit] for unit in new]
        fitting = self._fitting(weights, lowest, highest)
        if fitting is not None:
            self._put(fitting, new)
        elif highest < _END:
            self._force(new, lowest, highest)
        else:
            self._put(self._open(""), new)

    def _fitting(self, weights: Sequence[Weight], lowest: int, highest: int) -> int | None:
        """Any wave of the plan that has room, else the newest; earlier new ones hold what is less risky."""
        turn = max(self._turn[weight.unit] for weight in weights)
        newest = range(max(self._known, len(self.names) - 1), len(self.names))
        for position in (*range(self._known), *newest):
            open_ = lowest <= position <= highest and not self.begun[position]
            if open_ and self._turns[position] <= {turn}:
                filling = self.fillings[position]
                if not filling.units or not filling.with_also(weights).over(self.plan.limits):
                    return int(position)
        return None

    def _force(self, new: Sequence[Unit], lowest: int, highest: int) -> None:
        """Place units that have to go before something that stands in a wave already, full or not."""
        for position in range(highest, lowest - 1, -1):
            if not self.begun[position]:
                self._put(position, new)
                return
        self._late.update(dict.fromkeys(new, new))

    @property
    def refused(self) -> dict[Unit, str]:
        """Units that cannot be placed any more, and why: the first of what stands where they would have to go before.

        Told once all others have their places, so that the plan says the same when it is gone on from.
        """
        return {unit: self._before_what(together) for unit, together in self._late.items()}

    def _before_what(self, units: Sequence[Unit]) -> str:
        later = {then for unit in units for then in self._later.get(unit, ()) if then in self.at}
        position, text = min((self.at[then], self.plan.text(then)) for then in later)
        return f"it has to go before {text}, which stands in {self.names[position]} already"

    def _pinned_at(self, name: str, unit: Unit, lowest: int, highest: int) -> int:
        position = self.names.index(name) if name in self.names else self._open(name)
        text = self.plan.text(unit)
        if self.begun[position]:
            raise UsageError(f"rules.pin {text}", f"the wave {name} has begun", "Pin it to a later wave.")
        if not lowest <= position <= highest:
            where = self._from(lowest) if position < lowest else self._until(highest)
            remedy = "Pin the units that it depends on as well, or take the pin out."
            raise UsageError(f"rules.pin {text}", f"it is pinned to {name}, but its order puts it {where}", remedy)
        return position

    def _from(self, lowest: int) -> str:
        # What goes after another subscription's unit of the last wave has none yet.
        return f"in {self.names[lowest]} or later" if lowest < len(self.names) else f"after {self.names[-1]}"

    def _until(self, highest: int) -> str:
        return f"in {self.names[highest]} or earlier" if highest >= 0 else f"before {self.names[0]}"

    def _pinned_first(self, of_unit: Mapping[Unit, Sequence[Unit]]) -> None:
        """The waves that pins name, each with everything that has to go before what is pinned there."""
        for name in dict.fromkeys(self.pins.values()):
            position = self._open(name)
            todo = [unit for unit, wave in self.pins.items() if wave == name]
            drawn: dict[Unit, None] = {}
            while todo:
                for unit in of_unit.get(todo.pop(), ()):
                    pinned = self.pins.get(unit, name)
                    if pinned != name and self.at.get(unit, position) >= position:
                        text = self.plan.text(unit)
                        problem = f"it is pinned to {pinned}, and has to go with or before what is pinned to {name}"
                        raise UsageError(f"rules.pin {text}", problem, "Pin it to the earlier wave.")
                    if unit not in drawn and unit not in self.at:
                        drawn[unit] = None
                        todo += self._before.get(unit, ())
                        self._refuse_far(unit, name, position)
            self._put(position, self._sorted(drawn))
            self.notes += [
                f"{self.plan.text(unit)} goes in {name} too, because of what is pinned there"
                for unit in drawn
                if unit not in self.pins
            ]
        self._known = len(self.names) if self.pins else self._known
        # What is not pinned goes after the pinned waves, not into their free places.
        self._turns[: self._known] = [turns | {-1} for turns in self._turns[: self._known]]

    def _refuse_far(self, unit: Unit, name: str, position: int) -> None:
        for first in self._before.get(unit, ()):
            if first.subscription != unit.subscription and self.at.get(first, position) >= position:
                text, remedy = self.plan.text(first), "Pin that one to an earlier wave of its own."
                problem = f"{name} holds it, but not in one wave with {text} of another subscription, which goes first"
                raise UsageError(f"rules.pin {self.plan.text(unit)}", problem, remedy)

    def _bounds(self, new: Sequence[Unit]) -> tuple[int, int]:
        """The first and the last position for units that go together, the others being where they are."""
        lowest, highest = 0, _END
        for unit in new:
            for first in self._before.get(unit, ()):
                if first in self.at:
                    # A run of a wave is about one subscription, so it cannot wait for another one's.
                    lowest = max(lowest, self.at[first] + (first.subscription != unit.subscription))
            for then in self._later.get(unit, ()):
                # What stands in a wave that has begun comes too soon anyhow.
                if then in self.at and not self.begun[self.at[then]]:
                    highest = min(highest, self.at[then] - (then.subscription != unit.subscription))
        return lowest, highest

    def _in_turn(self, whole: Sequence[tuple[Unit, ...]]) -> Iterable[tuple[Unit, ...]]:
        """Groups by risk, but none before what it goes after."""
        of_unit = {unit: position for position, group in enumerate(whole) for unit in group}
        waits: list[set[int]] = [set() for _ in whole]
        frees: list[set[int]] = [set() for _ in whole]
        for then, group in enumerate(whole):
            firsts = (of_unit.get(first, then) for unit in group for first in self._before.get(unit, ()))
            waits[then] = {first for first in firsts if first != then}
            for first in waits[then]:
                frees[first].add(then)

        def turn(at: int) -> tuple[int, float, int]:
            of_group = whole[at]
            return self._turn[of_group[0]], sum(self.weights[unit].risk for unit in of_group), at

        ready = [turn(at) for at in range(len(whole)) if not waits[at]]
        heapq.heapify(ready)
        while ready:
            at = heapq.heappop(ready)[2]
            yield whole[at]
            for free in frees[at]:
                waits[free].discard(at)
                if not waits[free]:
                    heapq.heappush(ready, turn(free))

    def _inherit_turns(self) -> None:
        """A group goes no earlier than what it goes after, and goes first if one of it is on ExpressRoute."""
        for group in groups(self.weights, self.links):
            turns = {self.weights[unit].turn for unit in group}
            self._turn.update(dict.fromkeys(group, 0 if 0 in turns else max(turns)))
        for group in self._in_turn(groups(self.weights, self.links)):
            firsts = [self._turn.get(first, 0) for unit in group for first in self._before.get(unit, ())]
            self._turn.update(dict.fromkeys(group, max((self._turn[group[0]], *firsts))))

    def _sorted(self, units: Iterable[Unit]) -> list[Unit]:
        """Units of one group, each after what it goes after."""
        single = [(unit,) for unit in units]
        return [unit for (unit,) in self._in_turn(single)]

    def _open(self, name: str) -> int:
        position = len(self.fillings)
        if position >= len(self.names):
            self.names.append(name or self._free_name())
            self.begun.append(False)
        self.fillings.append(Filling(self.plan.limits, self._before))
        self._turns.append(set())
        return position

    def _free_name(self) -> str:
        taken = {*self.names, *self.pins.values()}
        numbers = range(len(self.names) + 1, len(self.names) + len(taken) + 2)
        return next(name for number in numbers if (name := f"{self.plan.name}-{number:02}") not in taken)

    def _put(self, position: int, units: Sequence[Unit]) -> None:
        self.fillings[position].add(self.weights[unit] for unit in units)
        self._turns[position].update(self._turn[unit] for unit in units)
        self.at.update(dict.fromkeys(units, position))
