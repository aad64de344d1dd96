"""What a run is asked to do: the parameters of the flows, as the UI's form, the REST API and the CLI give them."""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from asmosis.approvals import Rules
from asmosis.errors import UsageError
from asmosis.units import Destination, Unit
from asmosis.windows import Calendar, DaysOff, Extra, Window, zone_named

WAVE_NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"


class ApprovalPolicy(StrEnum):
    """Who says yes between prepare and commit."""

    MANUAL = "manual"
    AUTOMATIC_WHEN_CLEAN = "automatic-when-clean"


def _asked_first(schema: dict[str, Any]) -> None:
    """Put what has to be said before what may be: forms show it in this order."""
    properties, required = schema.get("properties", {}), schema.get("required", ())
    schema["properties"] = {name: properties[name] for name in dict.fromkeys((*required, *properties))}


def _sentence(name: str, _: object) -> str:
    """The title of a field: `arm_writes_per_hour` is "ARM writes per hour"."""
    return name.replace("_", " ").capitalize().replace("Arm ", "ARM ")


class _Parameters(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra=_asked_first,
        field_title_generator=_sentence,
    )


class _ForSubscription(_Parameters):
    subscription: str
    """Id of the Azure subscription."""
    planes: str = "emulator"
    """Name of the ControlPlanes block that says where both control planes are and how to sign in."""


class _ForUnit(_ForSubscription):
    unit: str
    """The unit as KIND/NAME, for example virtualNetwork/contoso-vnet."""

    @field_validator("unit")
    @classmethod
    def _is_a_unit(cls, text: str) -> str:
        return _checked_unit(text)

    @property
    def id(self) -> Unit:
        """The unit in its subscription."""
        return Unit.parse(self.unit, self.subscription)


class Mode(StrEnum):
    """How far a unit goes."""

    ASSESS = "assess"
    DRY_RUN = "dry-run"
    PREPARE_ONLY = "prepare-only"
    FULL = "full"


def _text_of(parse: Callable[[str], object]) -> AfterValidator:
    """Keep a text that `parse` understands."""

    def checked(text: str) -> str:
        try:
            parse(text)
        except UsageError as error:
            raise ValueError(str(error)) from None
        return text

    return AfterValidator(checked)


class Windows(_Parameters):
    """Maintenance windows: when prepare and commit may start; a step that runs is let finish."""

    zone: Annotated[str, _text_of(zone_named)] = "UTC"
    """IANA time zone of all times here, for example Europe/Berlin."""
    prepare: list[Annotated[str, _text_of(Window.parse)]] = Field(default_factory=list)
    """When units may be prepared, each as DAYS FROM-TO: mon-fri 22:00-04:00. Empty: always."""
    commit: list[Annotated[str, _text_of(Window.parse)]] = Field(default_factory=list)
    """When units may be committed, likewise. Empty: always."""
    off: list[Annotated[str, _text_of(DaysOff.parse)]] = Field(default_factory=list, title="Days off")
    """Dates on which no window opens: 2026-12-24, or 2026-12-24..2027-01-02."""
    extra: list[Annotated[str, _text_of(Extra.parse)]] = Field(default_factory=list, title="Extra windows")
    """Windows on single dates for both, besides the others: 2027-01-02 10:00-14:00."""

    @model_validator(mode="after")
    def _open_something(self) -> "Windows":
        if self.off and not (self.prepare or self.commit):
            raise ValueError("days off without any window. Write prepare: or commit: windows.")
        return self

    @property
    def for_prepare(self) -> Calendar:
        """When a prepare may start."""
        return self._calendar(self.prepare)

    @property
    def for_commit(self) -> Calendar:
        """When a commit may start."""
        return self._calendar(self.commit)

    @property
    def words(self) -> str:
        """The windows in one line; empty if nothing is limited."""
        named = (("prepare", self.prepare), ("commit", self.commit), ("besides", self.extra), ("not", self.off))
        words = "; ".join(f"{name} {', '.join(spans)}" for name, spans in named if spans)
        return f"Windows: {words} ({self.zone})." if words else ""

    def _calendar(self, windows: list[str]) -> Calendar:
        return Calendar(
            tuple(Window.parse(text) for text in windows),
            self.zone,
            tuple(DaysOff.parse(text) for text in self.off),
            # Extra times widen windows; a step without windows, beside one that has some, is always open.
            tuple(Extra.parse(text) for text in self.extra) if windows or not (self.prepare or self.commit) else (),
        )


class Approvers(_Parameters):
    """Whose yes a commit needs; names are declared, not authenticated."""

    needed: int = Field(default=1, ge=1, le=20, title="Approvals needed")
    """How many different people have to approve."""
    names: list[str] = Field(default_factory=list, title="Names of approvers")
    """Who may decide; empty: anybody."""
    requester_may_approve: bool = True
    """Whether who asked for the run may approve it too."""
    holds_for_hours: float = Field(default=0, ge=0, title="Asked anew after hours")
    """After so many hours without a decision the check runs again and earlier approvals count no more; 0: never."""

    @model_validator(mode="after")
    def _are_enough(self) -> "Approvers":
        names = {" ".join(name.split()).casefold() for name in self.names}
        if "" in names:
            raise ValueError("an approver has no name")
        if names and len(names) < self.needed:
            raise ValueError(f"{self.needed} approvals are needed of {len(names)} approvers")
        return self

    def rules(self, requester: str) -> Rules:
        """The rules for a run that `requester` asked for."""
        holds = timedelta(hours=self.holds_for_hours) if self.holds_for_hours else None
        return Rules(self.needed, tuple(self.names), requester, self.requester_may_approve, holds)


class Probe(_Parameters):
    """Connecting to the public endpoints while a unit is prepared and committed; nothing is sent to the machines."""

    on: bool = Field(default=True, title="Measure downtime")
    """Whether anybody connects."""
    rate: float = Field(default=5.0, ge=0.1, le=100, title="Attempts per second")
    """Attempts a second at each address and name of each endpoint."""
    grace_seconds: float = Field(default=10.0, ge=0, le=600)
    """How long to wait after a step for endpoints that had answered before it."""


class _Going(_Parameters):
    """What a wave hands to the run of each unit."""

    approval: ApprovalPolicy = ApprovalPolicy.MANUAL
    """Whether people decide about each unit, or a clean check is enough."""
    approvers: Approvers = Field(default_factory=Approvers)
    """Who decides, and how many of them it takes."""
    approval_policy: str = ""
    """Name of an Approval Policy block that says both instead; it is asked whenever votes are counted."""
    mode: Mode = Mode.FULL
    """How far a unit goes: judged only, prepared and brought back, prepared and left there, or all the way."""
    windows: Windows = Field(default_factory=Windows)
    """When prepare and commit may start."""
    waivers: str = ""
    """The text of a file of waivers: findings that somebody accepts, with who, why and until when."""
    probe: Probe = Field(default_factory=Probe)
    """How downtime is measured."""
    requested_by: str = ""
    """Who asked for it; matters where the requester may not approve."""

    @model_validator(mode="after")
    def _says_once_who_decides(self) -> Self:
        if self.approval_policy and (self.approval is not ApprovalPolicy.MANUAL or self.approvers != Approvers()):
            raise ValueError("approval_policy says who decides; leave approval and approvers out")
        return self


class MigrateParameters(_ForUnit, _Going):
    """One unit, from validate to commit or abort."""

    destination: Destination = Field(default_factory=Destination)
    """The ARM network for a cloud service outside any network."""
    wave: str = ""
    """The wave that the run belongs to."""


class WaveSettings(_Going):
    """How a wave goes about its units; everything has a default."""

    planes: str = "emulator"
    """Name of the ControlPlanes block that says where both control planes are and how to sign in."""
    failure_budget: str = Field(default="", pattern=r"^(\d{1,5}|\d{1,2}%|100%)?$")
    """How many units may fail before no other starts, as a number or a percentage of the wave; empty: any number."""
    prepares_at_once: int = Field(default=0, ge=0, le=1000)
    """The most prepares at one time in the subscription; 0 leaves the limit as it is."""
    arm_writes_per_hour: int = Field(default=0, ge=0, le=100_000)
    """The most ARM writes per hour in the subscription that prepares may cause; 0 leaves the limit as it is."""


class WaveParameters(WaveSettings):
    """Many units: one migrate run each; storage accounts last."""

    subscription: str
    """Id of the Azure subscription."""
    name: str = Field(pattern=WAVE_NAME)
    """Name of the wave; a second wave of the same name goes on with the first."""
    units: list[str] = Field(min_length=1)
    """The units as KIND/NAME."""
    after: dict[str, list[str]] = Field(default_factory=dict)
    """What has to be committed before a unit starts: {"storageAccount/disks": ["virtualNetwork/prod"]}."""
    destinations: dict[str, Destination] = Field(default_factory=dict)
    """The ARM networks of cloud services outside any network, by KIND/NAME; the platform makes one for the others."""

    @field_validator("units")
    @classmethod
    def _are_units(cls, units: list[str]) -> list[str]:
        return list(dict.fromkeys(_checked_unit(text) for text in units))

    @field_validator("after")
    @classmethod
    def _wait_for_units(cls, after: dict[str, list[str]]) -> dict[str, list[str]]:
        checked = {_checked_unit(unit): [_checked_unit(first) for first in firsts] for unit, firsts in after.items()}
        try:
            TopologicalSorter(checked).prepare()
        except CycleError as error:
            # The sorter names who goes first first.
            raise ValueError(f"the units wait for each other: {' after '.join(reversed(error.args[1]))}") from None
        return checked

    @field_validator("destinations")
    @classmethod
    def _lead_units(cls, destinations: dict[str, Destination]) -> dict[str, Destination]:
        return {_checked_unit(unit): destination for unit, destination in destinations.items()}

    @model_validator(mode="after")
    def _speaks_of_its_own_units(self) -> "WaveParameters":
        mentioned = [*self.destinations, *self.after, *(first for firsts in self.after.values() for first in firsts)]
        strangers = dict.fromkeys(unit for unit in mentioned if unit not in self.units)
        if strangers:
            raise ValueError(f"{', '.join(strangers)}: no unit of the wave")
        return self

    @property
    def ids(self) -> tuple[Unit, ...]:
        """The units in their subscription, in the order given."""
        return tuple(Unit.parse(text, self.subscription) for text in self.units)

    @property
    def order(self) -> dict[Unit, tuple[Unit, ...]]:
        """`after` as units; nothing waits where units are only judged."""
        if self.mode is Mode.ASSESS:
            return dict.fromkeys(self.ids, ())
        known = {unit.short: unit for unit in self.ids}
        return {known[unit]: tuple(known[first] for first in firsts) for unit, firsts in self.after.items()}


class AbortParameters(_ForUnit):
    """One prepared unit, back to classic."""

    reason: str = ""
    """Why; kept with the run."""


class AssessParameters(_ForSubscription):
    """A whole subscription, judged without any lock."""

    profile: Literal["platform-2023", "seed-2016"] = "platform-2023"
    """Which platform vintage's rules apply."""
    waivers: str = ""
    """The text of a file of waivers: findings that somebody accepts, with who, why and until when."""


class PlanParameters(_Parameters):
    """Waves for one subscription or several; takes no lock."""

    subscriptions: list[str] = Field(min_length=1)
    """Ids of the Azure subscriptions."""
    planes: str = "emulator"
    """Name of the ControlPlanes block that says where both control planes are and how to sign in."""
    name: str = Field(default="wave", pattern=WAVE_NAME)
    """Name of the plan; the names of its waves begin with it."""
    plan: str = ""
    """The text of a plan file to go on from; it may hold no more than limits and rules. Empty: a new plan."""


def _checked_unit(text: str) -> str:
    try:
        return Unit.parse(text, "00000000-0000-0000-0000-000000000000").short
    except UsageError as error:
        raise ValueError(str(error)) from None
