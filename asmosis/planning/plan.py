"""The plan of an estate: waves in their order, and the rules and limits that they were made by."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, PositiveInt, field_validator, model_validator

from asmosis.parameters import WAVE_NAME, WaveSettings
from asmosis.planning.consistency import refuse_contradictions
from asmosis.readiness.rule import PLATFORM_2023
from asmosis.units import Destination, Unit

Name = Annotated[str, Field(pattern=WAVE_NAME)]
Patterns = tuple[str, ...]
"""Shell patterns (`*prod*`) over the names, labels and properties (`NAME=VALUE`) of a unit; without case."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class UnitState(StrEnum):
    """What has happened to a planned unit; the outcomes of runs, and what only a plan knows."""

    RUNNING = "Running"
    PREPARED = "Prepared"
    COMMITTED = "Committed"
    ABORTED = "Aborted"
    BLOCKED = "Blocked"
    PREPARE_FAILED = "PrepareFailed"
    INCOMPLETE = "Incomplete"
    FAILED = "Failed"
    VANISHED = "Vanished"


class Limits(_Part):
    """The most that one wave may hold."""

    units: PositiveInt = 25
    """Units of a wave."""
    machines: PositiveInt = 150
    """Virtual machines of a wave."""
    cores: PositiveInt = 600
    """Processor cores of a wave's machines."""
    minutes: PositiveInt = 360
    """Minutes that a wave is expected to take."""
    writes_per_hour: int = Field(default=1200, gt=0, le=100_000)
    """ARM writes per hour and subscription; 1200 is ARM's own limit."""
    prepares: int = Field(default=6, gt=0, le=1000)
    """Units of a subscription that are prepared at the same time."""


class Risk(_Part):
    """What counts as risk; the points of a unit add up."""

    machine: float = Field(default=1, ge=0)
    """Points per virtual machine."""
    core: float = Field(default=0.25, ge=0)
    """Points per processor core."""
    endpoint: float = Field(default=0.5, ge=0)
    """Points per public endpoint."""
    warning: float = Field(default=2, ge=0)
    """Points per warning of the readiness rules."""
    loss: float = Field(default=0.5, ge=0)
    """Points per thing that gets lost."""
    restart: float = Field(default=5, ge=0)
    """Points per machine that is stopped and started, as those outside a network are."""


class Rules(_Part):
    """How units are told apart and held together; everything here is a person's."""

    production: Patterns = ("*prod*", "*prd*", "*live*")
    """Units that go after all others."""
    exclude: Patterns = ()
    """Units that stay where they are."""
    pin: dict[str, Name] = {}
    """Unit → the wave that it must go in; waves that nothing else names come first."""
    after: dict[str, tuple[str, ...]] = {}
    """Unit → units that have to be committed before it, beside those that the estate itself tells."""
    together: tuple[tuple[str, ...], ...] = ()
    """Units that go in one wave, beside those that the estate itself tells."""
    destinations: dict[str, Destination] = {}
    """Cloud service outside any network → the ARM network that it goes to; the platform makes one for the others."""
    owners: dict[str, str] = {}
    """Pattern → who is in charge; the first that matches counts."""
    risk: Risk = Risk()
    """Points of risk."""

    @field_validator("destinations", mode="before")
    @classmethod
    def _names_mean_existing(cls, destinations: Any) -> Any:
        if not isinstance(destinations, dict):
            return destinations
        return {
            unit: {"mode": "Existing"} | named if isinstance(named, dict) else named
            for unit, named in destinations.items()
        }


class PlannedUnit(_Part):
    """A unit in its wave; in a file just the unit, where there is nothing else to say."""

    unit: str
    """KIND/NAME, or SUBSCRIPTION/KIND/NAME in a plan of several subscriptions."""
    state: UnitState | None = None
    """What has happened to it; taken out by hand, it may go again."""
    after: tuple[str, ...] = ()
    """Units of the plan that have to be committed first; told by the estate."""
    note: str = ""
    """Anything for people."""

    @model_validator(mode="before")
    @classmethod
    def _may_be_plain(cls, value: Any) -> Any:
        return {"unit": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A file may hold the unit alone."""
        return {"anyOf": [{"type": "string", "title": "KIND/NAME"}, handler(schema)]}


class PlannedWave(WaveSettings):
    """Units that go together, and what is different for them; what is not said comes from `defaults`."""

    name: Name
    """Name of the wave and of its runs."""
    not_before: date | None = None
    """The first day on which it may start."""
    begun: bool = False
    """Whether it was started; from then on nothing is added to it or moved in it."""
    note: str = ""
    """Anything for people."""
    units: tuple[PlannedUnit, ...] = ()
    """The units; their order is that in which they start."""


class LeftOut(_Part):
    """A unit that is in no wave, and why."""

    unit: str
    """KIND/NAME, or SUBSCRIPTION/KIND/NAME in a plan of several subscriptions."""
    why: tuple[str, ...]
    """Every reason."""
    was: str = ""
    """The wave that it goes back to when nothing keeps it any more."""


class Plan(_Part):
    """Waves in the order in which they go."""

    name: Name = "wave"
    """Name of the plan; the names of its waves begin with it."""
    subscription: str = ""
    """Id of the Azure subscription; left out where the units themselves name several."""
    profile: str = PLATFORM_2023
    """Which platform vintage's readiness rules apply."""
    first: date | None = None
    """The first day on which a wave may start; what the calendar begins with."""
    include_blocked: bool = False
    """Whether blocked units are planned too."""
    defaults: WaveSettings = Field(default_factory=WaveSettings)
    """What holds for every wave."""
    limits: Limits = Limits()
    """The most that one wave may hold."""
    rules: Rules = Rules()
    """How units are told apart and held together."""
    waves: tuple[PlannedWave, ...] = ()
    """The waves in their order."""
    left_out: tuple[LeftOut, ...] = ()
    """The units that are in no wave."""

    def unit(self, text: str) -> Unit:
        """The unit that a text of this plan means.

        Raises:
            UnknownUnit: it is not KIND/NAME, or names no subscription where the plan has none.
        """
        return Unit.parse(text, self.subscription.lower())

    def text(self, unit: Unit) -> str:
        """How this plan writes a unit."""
        return unit.short if unit.subscription == self.subscription.lower() else str(unit)

    def identity(self, text: str) -> Unit:
        """What two spellings of one unit in this plan have in common."""
        return same(self.unit(text))

    def placed(self) -> dict[Unit, int]:
        """Every planned unit → the position of its wave; names as `same` makes them."""
        return {self.identity(planned.unit): position for position, planned in self._units()}

    @model_validator(mode="after")
    def _says_nothing_twice(self) -> "Plan":
        refuse_contradictions(self)
        return self

    def _units(self) -> Iterator[tuple[int, PlannedUnit]]:
        for position, wave in enumerate(self.waves):
            for planned in wave.units:
                yield position, planned


def same(unit: Unit) -> Unit:
    """What two spellings of one unit have in common; the platform's names compare without case."""
    return Unit(unit.subscription.casefold(), unit.kind, unit.name.casefold())
