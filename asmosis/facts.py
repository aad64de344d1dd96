"""What classic documents do not tell, and rules need to know: quotas, access, what hangs on classic resources.

Every part is optional: none means that nobody asked, and an empty list that there is nothing. Rules that need a part
that is none do not judge. Names compare without case, regions also without spaces.
"""

import re
import sys
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from asmosis.arm.resource import arm_location
from asmosis.units import State
from asmosis.yaml_files import FileFormat, to_json_schema

MIGRATION_PROVIDER = "Microsoft.ClassicInfrastructureMigrate"
"""The resource provider that a subscription registers with to migrate."""

FACTS_FILE = "facts.yaml"
"""What the file is called in the folder of a snapshot."""

_LARGEST = 256 * 1024 * 1024  # bytes; a line per disk of a hundred thousand machines is under a fifth
_CLASSIC = re.compile(
    r"/providers/Microsoft\.Classic(?P<provider>Compute|Network|Storage)/(?P<type>[^/]+)/(?P<name>[^/]+)", re.IGNORECASE
)
_OWNED_BY = {
    ("compute", "domainnames"): "hostedService",
    ("compute", "virtualmachines"): "machine",
    ("network", "virtualnetworks"): "virtualNetwork",
    ("network", "networksecuritygroups"): "networkSecurityGroup",
    ("network", "reservedips"): "reservedIp",
    ("storage", "storageaccounts"): "storageAccount",
}

InjectedKind = Literal[
    "application-gateway",
    "api-management",
    "app-service-environment",
    "hdinsight",
    "dynamics-lifecycle-services",
    "batch",
    "domain-services",
    "other",
]
"""Platform services that can stand inside a classic virtual network."""


class Fact(BaseModel):
    """A frozen piece of the facts file; keys that it does not know are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Usage(Fact):
    """A line of the usages API of compute, network or storage."""

    region: str
    name: str
    """As the API spells it: cores, standardDSv2Family, virtualMachines, NetworkInterfaces, StorageAccounts, …"""
    limit: int
    current: int


class Size(Fact):
    """A size of virtual machines that a region offers to the subscription."""

    region: str
    name: str
    """Name in ARM, such as Standard_D2_v2."""
    family: str = ""
    """The quota of cores that it counts for; empty where it is not told."""
    cores: int = 0
    """Virtual processors; 0 where they are not told."""
    restriction: str = ""
    """Why the subscription cannot have it there; empty if it can."""


class ResourceGroup(Fact):
    """A resource group of the subscription."""

    name: str
    region: str


class ArmSubnet(Fact):
    """A subnet of a virtual network in ARM."""

    name: str
    prefix: str


class ArmNetwork(Fact):
    """A virtual network in ARM."""

    resource_group: str
    name: str
    region: str
    prefixes: tuple[str, ...] = ()
    subnets: tuple[ArmSubnet, ...] = ()


class StorageName(Fact):
    """A storage account in ARM."""

    resource_group: str
    name: str


class RoleAssignment(Fact):
    """A role on a scope of the subscription."""

    scope: str
    """Id of the subscription, group or resource."""
    principal: str
    role: str
    """Name such as Owner, or the id of the role's definition."""


class Peering(Fact):
    """A peering of a classic virtual network with one in ARM; two classic ones cannot be peered."""

    network: str
    """Name of the classic network."""
    remote: str
    """Id of the other network."""


class InjectedService(Fact):
    """A platform service inside a classic virtual network."""

    network: str
    kind: InjectedKind
    name: str


class Circuit(Fact):
    """An ExpressRoute circuit."""

    name: str
    model: Literal["classic", "arm"]
    subscription: str
    """Id of the subscription that owns it."""
    networks: tuple[str, ...] = ()
    """Names of the classic networks that are linked to it."""


class Blob(Fact):
    """The blob under a disk."""

    media_link: str
    length: int | None = None
    """Bytes; left out if the blob cannot be reached."""


class UnitState(Fact):
    """Where a unit stands in its migration."""

    unit: str
    """KIND/NAME."""
    state: State
    since: datetime | None = None
    """When it got there; left out if nobody knows."""


class Watch(Fact):
    """An alert rule or an autoscale setting on a classic resource."""

    name: str
    resource: str
    """Id of the classic resource."""


class StepDuration(Fact):
    """How long a step of a migration took."""

    kind: str
    """Kind of the unit, such as virtualNetwork."""
    step: Literal["validate", "prepare", "commit", "abort"]
    seconds: float = Field(ge=0)
    machines: int = 0
    services: int = 0
    outside_network: bool = False
    """Whether a cloud service outside any network migrated, whose machines are stopped and started."""


class Facts(Fact):
    """Everything known beside the classic documents; parts that nobody asked about are none.

    `unknown` tells why a part is none, or what of it is missing (`usages/westus`).
    """

    as_of: datetime | None = None
    """When all this was asked; how long a unit is prepared counts to here."""
    usages: tuple[Usage, ...] | None = None
    """Quotas of the regions of the estate, with what is in use."""
    providers: dict[str, str] | None = None
    """Resource provider → registration state, such as Registered."""
    migration_regions: tuple[str, ...] | None = None
    """The regions in which the platform migrates."""
    sizes: tuple[Size, ...] | None = None
    """Sizes of virtual machines, for every region of the estate."""
    resource_groups: tuple[ResourceGroup, ...] | None = None
    """The resource groups of the subscription."""
    networks: tuple[ArmNetwork, ...] | None = None
    """The virtual networks of the subscription in ARM."""
    storage_accounts: tuple[StorageName, ...] | None = None
    """The storage accounts of the subscription in ARM."""
    role_assignments: tuple[RoleAssignment, ...] | None = None
    """The roles on the subscription and on everything in it."""
    co_administrator: bool | None = None
    """Whether whoever migrates is let into the classic plane."""
    agent_policies: tuple[str, ...] | None = None
    """Policies that install monitoring or security agents again after they have been removed."""
    peerings: tuple[Peering, ...] | None = None
    """Peerings of classic networks."""
    injected_services: tuple[InjectedService, ...] | None = None
    """Platform services inside classic networks."""
    circuits: tuple[Circuit, ...] | None = None
    """ExpressRoute circuits that classic networks are linked to."""
    blobs: tuple[Blob, ...] | None = None
    """The blobs under disks."""
    states: tuple[UnitState, ...] | None = None
    """Units that are on their way."""
    replication_caches: tuple[str, ...] | None = None
    """Storage accounts that Site Recovery keeps its cache in."""
    alert_rules: tuple[Watch, ...] | None = None
    """Alert rules on classic resources."""
    autoscale_settings: tuple[Watch, ...] | None = None
    """Autoscale settings on classic resources."""
    writes_per_hour: PositiveInt | None = None
    """What ARM accepts of the subscription in an hour; 1200 unless Microsoft has raised it."""
    history: tuple[StepDuration, ...] | None = None
    """Measured durations, for the estimate."""
    unknown: dict[str, str] = {}
    """Part that could not be asked → why."""

    def tells(self, need: str) -> bool:
        """Whether a part is known, or a share of it (`injected_services/batch`), so that rules can judge by it."""
        return getattr(self, need.partition("/")[0]) is not None and need not in self.unknown

    def usage_of(self, region: str, name: str) -> Usage | None:
        """The usage of a quota in a region (`place_of`); none if nobody told."""
        return self._usage_by_name.get((region, name.casefold()))

    @cached_property
    def size_by_name(self) -> dict[tuple[str, str], Size]:
        """Sizes by region and name (`place_of`, name without case)."""
        return {(place_of(size.region), size.name.casefold()): size for size in self.sizes or ()}

    @cached_property
    def group_by_name(self) -> dict[str, ResourceGroup]:
        """Resource groups by name without case."""
        return {group.name.casefold(): group for group in self.resource_groups or ()}

    @cached_property
    def regions_with_sizes(self) -> frozenset[str]:
        """The regions (`place_of`) whose sizes are known."""
        return frozenset(place_of(size.region) for size in self.sizes or ())

    @cached_property
    def blob_by_link(self) -> dict[str, Blob]:
        """Blobs by address."""
        return {blob.media_link: blob for blob in self.blobs or ()}

    @cached_property
    def state_by_unit(self) -> dict[str, UnitState]:
        """States by KIND/NAME without case."""
        return {state.unit.casefold(): state for state in self.states or ()}

    @cached_property
    def _usage_by_name(self) -> dict[tuple[str, str], Usage]:
        return {(place_of(usage.region), usage.name.casefold()): usage for usage in self.usages or ()}


def read_facts(path: Path) -> Facts:
    """The facts that a YAML or JSON file tells.

    Raises:
        UsageError: names the file, the line and the key of the first problem, and how many follow.
    """
    return _FORMAT.read(path)


def parse_facts(content: bytes, place: str) -> Facts:
    """Like `read_facts`, for content that is already in memory; `place` is how to call it."""
    return _FORMAT.parse(content, place)


def place_of(region: str) -> str:
    """What two spellings of a region have in common: `West US` and `westus`."""
    return arm_location(region) or ""


def classic_resource(id: str) -> tuple[str, str] | None:
    """Kind of unit (or `machine`) and name that the ARM id of a classic resource tells; none for any other id."""
    match = _CLASSIC.search(id)
    if match is None:
        return None
    kind = _OWNED_BY.get((match["provider"].lower(), match["type"].lower()))
    return (kind, match["name"]) if kind else None


_FORMAT = FileFormat("facts file", Facts, _LARGEST)

if __name__ == "__main__":
    sys.stdout.write(to_json_schema(Facts))
