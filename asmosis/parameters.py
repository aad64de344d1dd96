"""What a run is asked to do: the parameters of the flows, as the UI's form, the REST API and the CLI give them."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator

from asmosis.errors import UsageError
from asmosis.units import Destination, Unit


class ApprovalPolicy(StrEnum):
    """Who says yes between prepare and commit."""

    MANUAL = "manual"
    AUTOMATIC_WHEN_CLEAN = "automatic-when-clean"


class _Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


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


class MigrateParameters(_ForUnit):
    """One unit, from validate to commit or abort."""

    destination: Destination = Field(default_factory=Destination)
    """The ARM network for a cloud service outside any network."""
    approval: ApprovalPolicy = ApprovalPolicy.MANUAL
    """Whether a person decides after the check, or a clean check is enough."""
    wave: str = ""
    """The wave that the run belongs to."""


class WaveParameters(_ForSubscription):
    """Many units: one migrate run each; storage accounts last."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    """Name of the wave; a second wave of the same name goes on with the first."""
    units: list[str] = Field(min_length=1)
    """The units as KIND/NAME."""
    approval: ApprovalPolicy = ApprovalPolicy.MANUAL
    """Whether a person decides about each unit, or a clean check is enough."""

    @field_validator("units")
    @classmethod
    def _are_units(cls, units: list[str]) -> list[str]:
        return list(dict.fromkeys(_checked_unit(text) for text in units))

    @property
    def ids(self) -> tuple[Unit, ...]:
        """The units in their subscription, in the order given."""
        return tuple(Unit.parse(text, self.subscription) for text in self.units)


class AbortParameters(_ForUnit):
    """One prepared unit, back to classic."""

    reason: str = ""
    """Why; kept with the run."""


class AssessParameters(_ForSubscription):
    """A whole subscription, judged without any lock."""

    profile: str = "platform-2023"
    """Which platform vintage's rules apply."""


def _checked_unit(text: str) -> str:
    try:
        return Unit.parse(text, "00000000-0000-0000-0000-000000000000").short
    except UsageError as error:
        raise ValueError(str(error)) from None
