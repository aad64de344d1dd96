"""What rules judge: the parts of an estate, each with the unit that it migrates with."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network

from asmosis.classic.compute import Deployment, HostedService
from asmosis.classic.estate import Estate, key
from asmosis.classic.instance import RoleInstance
from asmosis.classic.network import Gateway, NetworkSecurityGroup, ReservedIp, RouteTable, VirtualNetworkSite
from asmosis.classic.role import DataDisk, InputEndpoint, OsDisk, Role
from asmosis.classic.storage import Disk, StorageService
from asmosis.facts import Facts
from asmosis.readiness.demand import Demand, demand
from asmosis.readiness.index import NO_FACTS, Index
from asmosis.units import Destination, State, Unit


@dataclass(frozen=True)
class Subscription:
    """What belongs to no unit."""

    estate: Estate
    index: Index

    @property
    def place(self) -> str:
        """KIND/NAME, as findings name it."""
        return f"subscription/{self.estate.subscription}"

    @property
    def facts(self) -> Facts:
        """What is known beside the classic documents."""
        return self.index.facts


@dataclass(frozen=True)
class InUnit:
    """A subject of a unit."""

    estate: Estate
    index: Index
    unit: Unit

    @property
    def place(self) -> str:
        """KIND/NAME, as findings name it."""
        return self.unit.short

    @property
    def facts(self) -> Facts:
        """What is known beside the classic documents."""
        return self.index.facts

    @property
    def state(self) -> State:
        """Where the unit stands in its migration."""
        return self.index.state_of(self.unit)


@dataclass(frozen=True)
class Whole(InUnit):
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


@dataclass(frozen=True)
class Network(InUnit):
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


@dataclass(frozen=True)
class Service(InUnit):
    """A cloud service."""

    service: HostedService

    def at(self, path: str) -> str:
        """Where in the ASM documents `path` of the service is."""
        return f"HostedService[{self.service.name}]/{path}"

    @property
    def location(self) -> str:
        """Where the service stands, or the network that it migrates with; empty when nobody says."""
        network = self.index.networks.get(key(self.unit.name)) if self.unit.kind == "virtualNetwork" else None
        return self.estate.location_of(self.service) or (self.estate.location_of(network) if network else "")


@dataclass(frozen=True)
class Slot(Service):
    """A deployment of a cloud service."""

    deployment: Deployment

    def at(self, path: str) -> str:
        """Where in the ASM documents `path` of the deployment is."""
        return f"HostedService[{self.service.name}]/Deployment[{self.deployment.name}]/{path}"

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
        return tuple((role, endpoint) for role in self.machines for endpoint in role.network.input_endpoints)


@dataclass(frozen=True)
class Machine(Slot):
    """A virtual machine; `instance` is none in a deployment's first seconds."""

    role: Role
    instance: RoleInstance | None

    def at(self, path: str) -> str:
        """Where in the ASM documents `path` of the role is."""
        return f"{super().at('RoleList')}/Role[{self.role.name}]/{path}"

    def at_instance(self, path: str) -> str:
        """Where in the ASM documents `path` of the role's instance is."""
        return f"{super().at('RoleInstanceList')}/RoleInstance[{self.role.name}]/{path}"

    @property
    def name(self) -> str:
        """SERVICE/MACHINE; a machine's own name is not unique in a subscription."""
        return f"{self.service.name}/{self.role.name}"

    @property
    def subnets(self) -> tuple[str, ...]:
        """The subnets that the machine names, then those of its further network interfaces."""
        network = self.role.network
        if not network.network_interfaces:
            return network.subnets
        return (*network.subnets, *(nic.subnet for nic in network.network_interfaces if nic.subnet))

    @cached_property
    def disks(self) -> tuple[OsDisk | DataDisk, ...]:
        """The disk that the machine boots from, then its data disks."""
        boot = self.role.os_disk
        return (boot, *self.role.data_disks) if boot else self.role.data_disks

    def at_disk(self, disk: OsDisk | DataDisk) -> str:
        """Where in the ASM documents a disk of the role is."""
        return self.at(f"{'OS' if isinstance(disk, OsDisk) else 'Data'}VirtualHardDisk[{disk.name}]")

    @property
    def deallocated(self) -> bool:
        """Whether the machine is on no host, so that nothing in it can report."""
        return self.instance is not None and self.instance.status == "StoppedDeallocated"


@dataclass(frozen=True)
class Account(InUnit):
    """A storage account with the disk objects on its blobs; `account` is none where there is no such account."""

    account: StorageService | None
    disks: tuple[Disk, ...]


@dataclass(frozen=True)
class Detached(InUnit):
    """A network security group, route table or reserved IP that nothing uses, so that it migrates alone."""

    resource: NetworkSecurityGroup | RouteTable | ReservedIp


def subjects(
    estate: Estate, units: Iterable[Unit] | None, facts: Facts = NO_FACTS, destination: Destination | None = None
) -> Iterator[Subscription | InUnit]:
    """Every subject of `units` in their order, or of the whole estate; each element of it is visited once.

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


def _of_service(estate: Estate, index: Index, unit: Unit, service: HostedService) -> Iterator[InUnit]:
    yield Service(estate, index, unit, service)
    for deployment in service.deployments:
        slot = Slot(estate, index, unit, service, deployment)
        yield slot
        instances = {instance.role_name: instance for instance in deployment.instances}
        for role in slot.machines:
            yield Machine(estate, index, unit, service, deployment, role, instances.get(role.name))


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
