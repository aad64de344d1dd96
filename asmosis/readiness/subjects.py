"""What rules judge: the parts of an estate, each with the unit that it migrates with."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from ipaddress import IPv4Network

import msgspec

from asmosis.classic.compute import Deployment, HostedService
from asmosis.classic.estate import Estate, key
from asmosis.classic.instance import RoleInstance
from asmosis.classic.network import Gateway, NetworkSecurityGroup, ReservedIp, RouteTable, VirtualNetworkSite
from asmosis.classic.role import ConfigurationSet, DataDisk, ExtensionReference, InputEndpoint, OsDisk, Role
from asmosis.classic.storage import Disk, StorageService
from asmosis.facts import Facts
from asmosis.readiness.demand import Demand, demand
from asmosis.readiness.extensions import Kind, kinds_of
from asmosis.readiness.index import NO_FACTS, Index
from asmosis.units import Destination, State, Unit

_SLASHES = 4  # of the address of a blob in a container


class _InEstate:
    """What a subject knows by its estate."""

    __slots__ = ()
    index: Index

    @property
    def facts(self) -> Facts:
        """What is known beside the classic documents."""
        return self.index.facts


class Subject(_InEstate, msgspec.Struct, frozen=True, dict=True):
    """What rules judge; there is one for every machine, at a fifth of what a dataclass costs."""

    estate: Estate
    index: Index


class Subscription(Subject, frozen=True):
    """What belongs to no unit."""

    @property
    def place(self) -> str:
        """KIND/NAME, as findings name it."""
        return f"subscription/{self.estate.subscription}"


class _OfUnit(_InEstate):
    """What a subject knows by the unit that it migrates with."""

    __slots__ = ()
    unit: Unit

    @property
    def place(self) -> str:
        """KIND/NAME of the unit, as findings name it."""
        return self.unit.short

    @property
    def state(self) -> State:
        """Where the unit stands in its migration."""
        return self.index.state_of(self.unit)


class InUnit(_OfUnit, Subject, frozen=True):
    """A subject of a unit."""

    unit: Unit


class Whole(InUnit, frozen=True):
    """A unit with all that migrates with it; `before` is what the units before it in the request need."""

    services: tuple[HostedService, ...]
    before: Demand

    @cached_property
    def demand(self) -> Demand:
        """What the unit needs in ARM."""
        return demand(self.estate, self.unit, self.index, self.index.destination)

    @cached_property
    def fits(self) -> bool:
        """Whether no quota that is known forbids the unit on its own."""
        usages = ((self.facts.usage_of(place.region, place.name), more) for place, more in self.demand.quotas.items())
        return all(usage.current + more <= usage.limit for usage, more in usages if usage)


class Network(InUnit, frozen=True):
    """A virtual network with its cloud services; `site` is none where only deployments name it."""

    site: VirtualNetworkSite | None
    services: tuple[HostedService, ...]

    def at(self, path: str) -> str:
        """Where in the ASM documents `path` of the network is."""
        return f"VirtualNetworkSite[{self.unit.name}]/{path}"

    @property
    def gateway(self) -> Gateway | None:
        """The network's gateway, if one is provisioned."""
        gateway = self.index.gateways.get(key(self.unit.name))
        return gateway if gateway and gateway.state != "NotProvisioned" else None

    @cached_property
    def space(self) -> tuple[IPv4Network, ...]:
        """The address prefixes that can be read."""
        prefixes = self.site.address_prefixes if self.site else ()
        return tuple(parsed for prefix in prefixes if (parsed := readable(prefix)))


class Service(InUnit, frozen=True):
    """A cloud service."""

    service: HostedService

    def at(self, path: str) -> str:
        """Where in the ASM documents `path` of the service is."""
        return f"HostedService[{self.service.name}]/{path}"

    @property
    def location(self) -> str:
        """Where the service stands, or the network that it migrates with; empty when nobody says."""
        return _location(self.estate, self.index, self.unit, self.service)


class OfDeployment(msgspec.Struct, frozen=True, dict=True):
    """A deployment of a cloud service."""

    service: HostedService
    deployment: Deployment

    def at(self, path: str) -> str:
        """Where in the ASM documents `path` of the deployment is."""
        return f"{_at(self.service, self.deployment)}/{path}"

    @cached_property
    def machines(self) -> tuple[Role, ...]:
        """The roles that are virtual machines."""
        return tuple(role for role in self.deployment.roles if role.is_virtual_machine)

    @property
    def machine_names(self) -> list[str]:
        """The names of the virtual machines."""
        return [role.name for role in self.machines]

    @cached_property
    def endpoints(self) -> tuple[tuple[Role, InputEndpoint], ...]:
        """The endpoints of all machines, each with its machine."""
        return tuple([(role, endpoint) for role in self.machines for endpoint in role.network.input_endpoints])


class Slot(OfDeployment, frozen=True):
    """A deployment by itself, with nothing else in sight, so that whoever has read its document can judge it."""


class PlacedSlot(_OfUnit, OfDeployment, frozen=True):
    """A deployment in its estate."""

    estate: Estate
    index: Index
    unit: Unit

    @property
    def location(self) -> str:
        """Where the deployment stands; empty when nobody says."""
        return _location(self.estate, self.index, self.unit, self.service)

    @cached_property
    def members(self) -> tuple["PlacedMachine", ...]:
        """Its machines; a rule that has nothing to say of most deployments should see that by their roles."""
        return tuple(
            PlacedMachine(self.service, self.deployment, *each, self.estate, self.index, self.unit)
            for each in _machines(self.deployment)
        )


class OfMachine(msgspec.Struct, frozen=True, dict=True):
    """A virtual machine; `instance` is none in a deployment's first seconds."""

    service: HostedService
    deployment: Deployment
    role: Role
    instance: RoleInstance | None
    disks: Sequence[OsDisk | DataDisk]
    """The disk that the machine boots from, then its data disks."""

    def at(self, path: str) -> str:
        """Where in the ASM documents `path` of the role is."""
        return f"{_at(self.service, self.deployment)}/RoleList/Role[{self.role.name}]/{path}"

    def at_instance(self, path: str) -> str:
        """Where in the ASM documents `path` of the role's instance is."""
        return f"{_at(self.service, self.deployment)}/RoleInstanceList/RoleInstance[{self.role.name}]/{path}"

    @property
    def name(self) -> str:
        """SERVICE/MACHINE; a machine's own name is not unique in a subscription."""
        return f"{self.service.name}/{self.role.name}"

    @property
    def subnets(self) -> tuple[str, ...]:
        """The subnets that the machine names, then those of its further network interfaces."""
        return subnets_of(self.role.network)

    def at_disk(self, disk: OsDisk | DataDisk) -> str:
        """Where in the ASM documents a disk of the role is."""
        return self.at(f"{'OS' if isinstance(disk, OsDisk) else 'Data'}VirtualHardDisk[{disk.name}]")

    @property
    def deallocated(self) -> bool:
        """Whether the machine is on no host, so that nothing in it can report."""
        return self.instance is not None and self.instance.status == "StoppedDeallocated"


class Machine(OfMachine, frozen=True):
    """A virtual machine by itself, with nothing else in sight, so that whoever has read its document can judge it."""

    odd_disks: Sequence[OsDisk | DataDisk]
    """Those that are not simply at HTTPS://ACCOUNT/CONTAINER/BLOB.vhd; spares nearly all of them closer looks."""
    special_extensions: Sequence[ExtensionReference]
    """Those of a kind that rules ask for."""

    def extensions_of(self, kind: Kind) -> Iterator[ExtensionReference]:
        """The machine's extensions of a kind."""
        return (extension for extension in self.special_extensions if kind in kinds_of(extension))


class PlacedMachine(_OfUnit, OfMachine, frozen=True):
    """A virtual machine in its estate; rules judge it with its deployment, as most look at what few machines have."""

    estate: Estate
    index: Index
    unit: Unit

    @property
    def location(self) -> str:
        """Where the machine stands; empty when nobody says."""
        return _location(self.estate, self.index, self.unit, self.service)


class Account(InUnit, frozen=True):
    """A storage account with the disk objects on its blobs; `account` is none where there is no such account."""

    account: StorageService | None
    disks: tuple[Disk, ...]


class Detached(InUnit, frozen=True):
    """A network security group, route table or reserved IP that nothing uses, so that it migrates alone."""

    resource: NetworkSecurityGroup | RouteTable | ReservedIp


Placed = Subscription | InUnit | PlacedSlot
"""A subject that knows where it belongs."""


def subjects(
    estate: Estate, units: Iterable[Unit] | None, facts: Facts = NO_FACTS, destination: Destination | None = None
) -> Iterator[Placed]:
    """Every subject of `units` in their order, or of the whole estate; each element of it is visited once.

    What is judged by itself (`by_themselves`) is not among them.

    Raises:
        UnknownUnit: a wanted cloud service, security group, route table or reserved IP is no unit of the estate.
    """
    index = Index(estate, facts, destination)
    before = Demand()
    if units is None:
        yield Subscription(estate, index)
        units = index.units.values()
    for wanted in units:
        unit = index.units.get((wanted.kind, key(wanted.name)), wanted)
        services = (_service(estate, unit),) if unit.kind == "hostedService" else estate.services_of(unit)
        whole = Whole(estate, index, unit, services, before)
        yield whole
        if facts.usages is not None and whole.fits:
            before += whole.demand
        if unit.kind == "virtualNetwork":
            yield Network(estate, index, unit, index.networks.get(key(unit.name)), services)
            for service in services:
                yield from _of_service(estate, index, unit, service)
        elif unit.kind == "hostedService":
            yield from _of_service(estate, index, unit, services[0])
        elif unit.kind == "storageAccount":
            disks = estate.disks_in(unit.name)
            yield Account(estate, index, unit, index.accounts.get(key(unit.name)), disks)
        else:
            yield Detached(estate, index, unit, _detached(estate, index, unit))


def readable(prefix: str) -> IPv4Network | None:
    """An address or prefix, host bits cleared; none where it is malformed. Classic networks have IPv4 only."""
    try:
        return IPv4Network(prefix, strict=False)
    except ValueError:
        return None


def by_themselves(service: HostedService) -> Iterator[Slot | Machine]:
    """The deployments and virtual machines of a cloud service, each with nothing else in sight."""
    for deployment in service.deployments:
        yield Slot(service, deployment)
        for role, instance, disks in _machines(deployment):
            odd = [disk for disk in disks if _is_odd(disk.media_link)]
            special = [extension for extension in role.extensions if kinds_of(extension)]
            yield Machine(service, deployment, role, instance, disks, odd, special)


def _of_service(estate: Estate, index: Index, unit: Unit, service: HostedService) -> Iterator[Placed]:
    yield Service(estate, index, unit, service)
    for deployment in service.deployments:
        yield PlacedSlot(service, deployment, estate, index, unit)


def _machines(
    deployment: Deployment,
) -> Iterator[tuple[Role, RoleInstance | None, Sequence[OsDisk | DataDisk]]]:
    instances = {instance.role_name: instance for instance in deployment.instances}
    for role in deployment.roles:
        if role.is_virtual_machine:
            yield role, instances.get(role.name), disks_of(role)


def subnets_of(network: ConfigurationSet) -> tuple[str, ...]:
    """The subnets that a machine's configuration names, then those of its further network interfaces."""
    if not network.network_interfaces:
        return network.subnets
    return (*network.subnets, *(nic.subnet for nic in network.network_interfaces if nic.subnet))


def disks_of(role: Role) -> Sequence[OsDisk | DataDisk]:
    """The disk that a machine boots from, then its data disks."""
    return (role.os_disk, *role.data_disks) if role.os_disk else role.data_disks


def _at(service: HostedService, deployment: Deployment) -> str:
    return f"HostedService[{service.name}]/Deployment[{deployment.name}]"


def _location(estate: Estate, index: Index, unit: Unit, service: HostedService) -> str:
    network = index.networks.get(key(unit.name)) if unit.kind == "virtualNetwork" else None
    return estate.location_of(service) or (estate.location_of(network) if network else "")


def _is_odd(address: str) -> bool:
    return not address.endswith(".vhd") or address.count("/") > _SLASHES or "%" in address


def _service(estate: Estate, unit: Unit) -> HostedService:
    try:
        return estate.service(unit.name)
    except KeyError:
        estate.unit(unit)
        raise


def _detached(estate: Estate, index: Index, unit: Unit) -> NetworkSecurityGroup | RouteTable | ReservedIp:
    if (unit.kind, key(unit.name)) not in index.units:
        estate.unit(unit)
    if unit.kind == "networkSecurityGroup":
        return index.security_groups[key(unit.name)]
    if unit.kind == "routeTable":
        return index.route_tables[key(unit.name)]
    return index.reserved_ips[key(unit.name)]
