"""How much a wave has to carry, and how long it takes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from asmosis.planning.plan import Limits
from asmosis.planning.weights import Weight
from asmosis.units import Unit


@dataclass(frozen=True)
class Load:
    """The sums of a wave; `minutes` is the expected time from its start to its end, without waits for approvals.

    `writes` and `writes_per_hour` are of the busiest subscription, for ARM counts them apart.
    """

    units: int
    machines: int
    cores: int
    writes: int
    minutes: float

    @property
    def writes_per_hour(self) -> float:
        """ARM writes per hour, spread evenly over the wave."""
        return self.writes * 60 / self.minutes if self.minutes else 0.0

    def over(self, limits: Limits) -> tuple[str, ...]:
        """Every limit that is not kept, as `31 machines of 30`."""
        return tuple(
            f"{round(value)} {name} of {limit}"
            for name in ("units", "machines", "cores", "minutes")
            if (value := getattr(self, name)) > (limit := getattr(limits, name))
        )


@dataclass
class Filling:
    """A wave that is being filled: what `Load` needs is kept as sums, so that a look at one more unit is cheap."""

    limits: Limits
    before: Mapping[Unit, Sequence[Unit]]
    """Unit → units that have to be committed first, in any wave."""
    units: list[Unit] = field(default_factory=list)
    machines: int = 0
    cores: int = 0
    _minutes: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    _writes: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    _ends: dict[Unit, float] = field(default_factory=dict)
    _chain: float = 0

    def add(self, weights: Iterable[Weight]) -> None:
        """Take units in; those that others of them wait for come first."""
        for weight in weights:
            self.units.append(weight.unit)
            self.machines += weight.machines
            self.cores += weight.cores
            self._minutes[weight.unit.subscription] += weight.minutes
            self._writes[weight.unit.subscription] += weight.writes
            starts = max((self._ends.get(first, 0.0) for first in self.before.get(weight.unit, ())), default=0.0)
            self._ends[weight.unit] = starts + weight.minutes
            self._chain = max(self._chain, self._ends[weight.unit])

    @property
    def load(self) -> Load:
        """What the wave carries now."""
        return self._with(())

    def with_also(self, weights: Sequence[Weight]) -> Load:
        """What it would carry."""
        return self._with(weights)

    def _with(self, more: Sequence[Weight]) -> Load:
        minutes, writes = dict(self._minutes), dict(self._writes)
        ends: dict[Unit, float] = {}
        for weight in more:
            subscription = weight.unit.subscription
            minutes[subscription] = minutes.get(subscription, 0.0) + weight.minutes
            writes[subscription] = writes.get(subscription, 0) + weight.writes
            firsts = self.before.get(weight.unit, ())
            starts = max((ends.get(first, self._ends.get(first, 0.0)) for first in firsts), default=0.0)
            ends[weight.unit] = starts + weight.minutes
        # The last unit cannot end before its turn in its lane, before what it waits for, or before ARM has taken all.
        lanes = max((total / self.limits.prepares for total in minutes.values()), default=0.0)
        chain = max((self._chain, *ends.values()))
        throttled = max((60 * total / self.limits.writes_per_hour for total in writes.values()), default=0.0)
        return Load(
            units=len(self.units) + len(more),
            machines=self.machines + sum(weight.machines for weight in more),
            cores=self.cores + sum(weight.cores for weight in more),
            writes=max(writes.values(), default=0),
            minutes=max(lanes, chain, throttled),
        )
