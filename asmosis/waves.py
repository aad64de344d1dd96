"""Which units of a wave may start now, which never will, and how a wave stands."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from asmosis.units import Outcome, Unit

After = Mapping[Unit, Collection[Unit]]
"""The units that have to be through well before a unit starts."""

_LETS_DEPENDANTS_GO = frozenset({Outcome.COMMITTED, Outcome.PREPARED, Outcome.REHEARSED, Outcome.READY})
# What somebody decided is no failure, but what depends on it cannot go either.
_NO_FAILURE = _LETS_DEPENDANTS_GO | {Outcome.ABORTED, "Cancelled"}


def due_units(
    units: Iterable[Unit],
    started: Collection[Unit],
    ended: Mapping[Unit, str],
    *,
    after: After | None = None,
    budget: int | None = None,
) -> Iterator[Unit]:
    """The units that are not started and wait for no other.

    Args:
        units: the wave, in its order.
        started: those that have begun, ended ones included.
        ended: how each unit that is through has ended.
        after: what waits for what; a storage account that it does not mention waits until all else has ended.
        budget: how many units may fail before no other starts; None for any number.
    """
    everything = tuple(units)
    skipped = skipped_units(everything, started, ended, after=after, budget=budget)
    over = {*ended, *skipped}
    first_are_through = all(unit in over for unit in everything if not unit.row.last)
    for unit in everything:
        if unit in started or unit in skipped:
            continue
        if after and unit in after:
            if all(ended.get(other) in _LETS_DEPENDANTS_GO for other in after[unit]):
                yield unit
        elif first_are_through or not unit.row.last:
            yield unit


def skipped_units(
    units: Iterable[Unit],
    started: Collection[Unit],
    ended: Mapping[Unit, str],
    *,
    after: After | None = None,
    budget: int | None = None,
) -> dict[Unit, str]:
    """The units that will not start any more, and why: what they depend on failed, or too much else did."""
    everything = tuple(units)
    failed = sum(state not in _NO_FAILURE for state in ended.values())
    if budget is not None and failed > budget:
        why = f"{failed} units failed, {budget} may"
        return {unit: why for unit in everything if unit not in started}
    skipped: dict[Unit, str] = {}
    while True:
        more = {
            unit: why
            for unit in everything
            if unit not in started and unit not in skipped and (why := _reason(unit, after or {}, ended, skipped))
        }
        if not more:
            return {unit: skipped[unit] for unit in everything if unit in skipped}
        skipped |= more


def allowed_failures(budget: str, units: int) -> int | None:
    """How many of `units` may fail: `3`, or `10%` of them rounded down; None for an empty budget."""
    if not budget:
        return None
    if budget.endswith("%"):
        return units * int(budget[:-1]) // 100
    return int(budget)


def counted(states: Iterable[str]) -> str:
    """`3 Committed, 1 Blocked`: how many units stand where, most first."""
    return ", ".join(f"{number} {state}" for state, number in Counter(states).most_common())


def _reason(unit: Unit, after: After, ended: Mapping[Unit, str], skipped: Collection[Unit]) -> str:
    for other in after.get(unit, ()):
        if other in skipped:
            return f"{other.short} is skipped"
        if other in ended and ended[other] not in _LETS_DEPENDANTS_GO:
            return f"{other.short} ended {ended[other]}"
    return ""
