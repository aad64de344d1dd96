"""How long a wave is going to take, before it has a pace of its own."""

from collections.abc import Iterable
from dataclasses import replace
from graphlib import TopologicalSorter

from asmosis.classic.estate import Estate
from asmosis.errors import UnknownUnit
from asmosis.facts import StepDuration
from asmosis.parameters import Mode, WaveParameters
from asmosis.planning.load import Filling
from asmosis.planning.plan import Limits
from asmosis.planning.weights import Weight
from asmosis.readiness.demand import demand
from asmosis.readiness.estimates import estimate
from asmosis.readiness.index import NO_FACTS, Index
from asmosis.units import Destination, Unit

_ONLY_SOME = {Mode.ASSESS: ("validate",), Mode.PREPARE_ONLY: ("validate", "prepare")}
_NEW_NETWORK = Destination()


def expected_minutes(
    estate: Estate, wave: WaveParameters, limits: Limits, history: Iterable[StepDuration] = ()
) -> tuple[float, float]:
    """Minutes from and to, without waits for people and windows; a unit that classic no longer has takes none.

    The abort that ends a dry run is taken to last as long as a commit (assumed).
    """
    index, measured = Index(estate, NO_FACTS), tuple(history)
    before = wave.order | _storage_last(wave)
    low, high = Filling(limits, before), Filling(limits, before)
    for unit in TopologicalSorter({unit: before.get(unit, ()) for unit in wave.ids}).static_order():
        try:
            there = estate.unit(unit)
        except UnknownUnit:
            continue
        steps = estimate(estate, there, measured).steps
        counted = [step for step in steps if step.step in _ONLY_SOME.get(wave.mode, (step.step,))]
        writes = demand(estate, there, index, wave.destinations.get(unit.short, _NEW_NETWORK)).writes
        weight = Weight(unit, writes=writes if wave.mode is not Mode.ASSESS else 0)
        low.add([replace(weight, minutes=sum(step.low for step in counted) / 60)])
        high.add([replace(weight, minutes=sum(step.high for step in counted) / 60)])
    return low.load.minutes, high.load.minutes


def _storage_last(wave: WaveParameters) -> dict[Unit, tuple[Unit, ...]]:
    """What waits for everything else, as waves do it unless their order says otherwise."""
    if wave.mode is Mode.ASSESS:
        return {}
    others = tuple(unit for unit in wave.ids if not unit.row.last)
    return {unit: others for unit in wave.ids if unit.row.last and unit not in wave.order}
