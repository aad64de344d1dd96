"""What runs tell about the units of a plan."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from asmosis.planning.plan import UnitState, same
from asmosis.units import Outcome, Unit

_OF_REHEARSALS = frozenset({Outcome.REHEARSED, Outcome.READY})
_OUTCOMES = {outcome.value: UnitState(outcome.value) for outcome in Outcome if outcome not in _OF_REHEARSALS}


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

    @property
    def rehearses(self) -> bool:
        """Whether it leaves its unit as it was."""


@dataclass(frozen=True)
class Happened:
    """Where units stand (by `same`), with the wave of their newest run; empty for a unit that went alone.

    `begun` are the units with each wave that they ever went in.
    """

    units: dict[Unit, tuple[UnitState, str]] = field(default_factory=dict)
    begun: frozenset[tuple[Unit, str]] = frozenset()


NOTHING = Happened()


def happened(runs: Iterable[ToldRun]) -> Happened:
    """What runs, newest first, tell."""
    states: dict[Unit, UnitState] = {}
    waves: dict[Unit, str] = {}
    seen: set[Unit] = set()
    begun: set[tuple[Unit, str]] = set()
    for run in runs:
        # A rehearsal or a mere judgement changes nothing about a unit, whatever it finds.
        if not run.unit or run.rehearses:
            continue
        unit = same(Unit.parse(run.unit, run.subscription))
        if run.wave:
            waves.setdefault(unit, run.wave)
            begun.add((unit, run.wave))
        if unit not in seen:
            seen.add(unit)
            # A run that broke may have left its unit locked: that is for a person to see.
            states[unit] = _OUTCOMES.get(run.state, UnitState.FAILED) if run.ended else UnitState.RUNNING
    return Happened({unit: (state, waves.get(unit, "")) for unit, state in states.items()}, frozenset(begun))
