"""What runs tell about the units of a plan."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from asmosis.planning.plan import UnitState, same
from asmosis.units import Outcome, Unit

# A rehearsal or a mere judgement changes nothing about a unit.
_NO_NEWS = frozenset({Outcome.REHEARSED, Outcome.READY})
_OUTCOMES = {outcome.value: UnitState(outcome.value) for outcome in Outcome if outcome not in _NO_NEWS}


class ToldRun(Protocol):
    """The part of a run that a plan looks at."""

    @property
    def subscription(self) -> str:
        """Id of the subscription."""

    @property
    def unit(self) -> str:
        """KIND/NAME; empty for a wave."""

    @property
    def wave(self) -> str:
        """The wave that it belongs to, or is."""

    @property
    def state(self) -> str:
        """The name of its state."""

    @property
    def ended(self) -> bool:
        """Whether it will not go on."""


@dataclass(frozen=True)
class Happened:
    """Where units stand (by `same`), with the wave of their newest run; empty for a unit that went alone."""

    units: dict[Unit, tuple[UnitState, str]] = field(default_factory=dict)


NOTHING = Happened()


def happened(runs: Iterable[ToldRun]) -> Happened:
    """What runs, newest first, tell."""
    states: dict[Unit, UnitState] = {}
    waves: dict[Unit, str] = {}
    seen: set[Unit] = set()
    for run in runs:
        if not run.unit:
            continue
        unit = same(Unit.parse(run.unit, run.subscription))
        if run.ended and run.state in _NO_NEWS:
            continue
        if run.wave:
            waves.setdefault(unit, run.wave)
        if unit not in seen:
            seen.add(unit)
            # A run that broke may have left its unit locked: that is for a person to see.
            states[unit] = _OUTCOMES.get(run.state, UnitState.FAILED) if run.ended else UnitState.RUNNING
    return Happened({unit: (state, waves.get(unit, "")) for unit, state in states.items()})
