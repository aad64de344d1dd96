"""How long a unit's steps will take: a range from its size, and from what was measured before.

Recorded: prepare of a reserved IP took 62 seconds, of a small network 94; validate answers at once. Documented by
Microsoft: the services of a network migrate one after another, and machines outside a network are stopped and started.
Every other figure here is assumed; each step says which it rests on.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from asmosis.classic.estate import Estate
from asmosis.facts import StepDuration
from asmosis.units import Unit

Step = Literal["validate", "prepare", "commit"]
Basis = Literal["recorded", "assumed", "measured"]

STEPS: tuple[Step, ...] = ("validate", "prepare", "commit")
_MANY = 10  # measurements from which on the outermost tenths do not count


@dataclass(frozen=True)
class StepEstimate:
    """A step's duration in seconds; `measurements` is how many it rests on, if any."""

    step: Step
    low: float
    high: float
    basis: Basis
    measurements: int = 0


@dataclass(frozen=True)
class Estimate:
    """How long a unit takes, step by step; approval is a person's time and not in it."""

    machines: int
    services: int
    outside_network: bool
    steps: tuple[StepEstimate, ...]

    @property
    def low(self) -> float:
        """Seconds if all goes fast."""
        return sum(step.low for step in self.steps)

    @property
    def high(self) -> float:
        """Seconds if all goes slowly."""
        return sum(step.high for step in self.steps)


def estimate(estate: Estate, unit: Unit, history: Iterable[StepDuration] = ()) -> Estimate:
    """How long a unit of the estate takes; nothing migrates with what the estate does not hold.

    Measurements of the same kind of unit and step count, scaled by size; without any, the published figures do.
    """
    try:
        services = estate.services_of(unit)
    except KeyError:
        services = ()
    machines = sum(
        role.is_virtual_machine for service in services for each in service.deployments for role in each.roles
    )
    outside = unit.kind == "hostedService"
    alike = [one for one in history if one.kind == unit.kind and one.outside_network == outside]
    steps = tuple(_step(step, machines, len(services), alike, outside=outside) for step in STEPS)
    return Estimate(machines, len(services), outside, steps)


@dataclass(frozen=True)
class _Figures:
    """Seconds, from and to: once, per service, per machine, and more for both outside a network."""

    once: tuple[float, float]
    service: tuple[float, float]
    machine: tuple[float, float]
    outside: tuple[float, float] = (0, 0)
    machine_outside: tuple[float, float] = (0, 0)


_FIGURES: dict[Step, _Figures] = {
    "validate": _Figures(once=(1, 10), service=(0.5, 5), machine=(0.1, 1)),
    "prepare": _Figures(
        once=(62, 94), service=(30, 120), machine=(5, 20), outside=(120, 600), machine_outside=(10, 60)
    ),
    "commit": _Figures(once=(30, 120), service=(15, 60), machine=(1, 5)),
}


def _step(step: Step, machines: int, services: int, history: list[StepDuration], *, outside: bool) -> StepEstimate:
    low, high = _published(step, machines, services, outside=outside)
    measured = [one for one in history if one.step == step]
    if not measured:
        # Only the time that prepare takes for next to nothing was ever recorded.
        basis: Basis = "recorded" if step == "prepare" and not machines and not services else "assumed"
        return StepEstimate(step, low, high, basis)
    least, most = _spread(step, measured)
    middle = (low + high) / 2
    return StepEstimate(step, middle * least, middle * most, "measured", len(measured))


def _published(step: Step, machines: int, services: int, *, outside: bool) -> tuple[float, float]:
    figures = _FIGURES[step]
    ranges = (
        (1, figures.once),
        (services, figures.service),
        (machines, figures.machine),
        (outside, figures.outside),
        (machines * outside, figures.machine_outside),
    )
    return sum(number * each[0] for number, each in ranges), sum(number * each[1] for number, each in ranges)


def _spread(step: Step, measured: list[StepDuration]) -> tuple[float, float]:
    """How the measured times compare with the middle of the published range; few of them widen it (assumed)."""
    ratios = sorted(
        2 * one.seconds / sum(_published(step, one.machines, one.services, outside=one.outside_network))
        for one in measured
    )
    number = len(ratios)
    if number >= _MANY:
        return ratios[number // 10], ratios[-1 - number // 10]
    return ratios[0] * (1 - 0.5 / number), ratios[-1] * (1 + 0.5 / number)
