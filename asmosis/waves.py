"""Which units of a wave may start now, and how a wave stands."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from asmosis.units import Unit


def due_units(units: Iterable[Unit], started: Collection[Unit], ended: Collection[Unit]) -> Iterator[Unit]:
    """The units that are not started and wait for no other: what goes last waits until all else has ended."""
    everything = tuple(units)
    first_are_through = all(unit in ended for unit in everything if not unit.row.last)
    for unit in everything:
        if unit not in started and (first_are_through or not unit.row.last):
            yield unit


def counted(states: Iterable[str]) -> str:
    """`3 Committed, 1 Blocked`: how many units stand where, most first."""
    return ", ".join(f"{number} {state}" for state, number in Counter(states).most_common())
