"""What rules judge: the parts of an estate, each with the unit that it migrates with."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network

from asmosis.classic.compute import Deployment, HostedService
from asmosis.classic.estate import Estate, key
from asmosis.classic.instance import RoleInstance
from asmosis.classic.network import (
    Gateway,
    GatewayConnection,
    NetworkSecurityGroup,
    ReservedIp,
    RouteTable,
    VirtualNetworkSite,
)
from asmosis.classic.role import InputEndpoint, Role
from asmosis.classic.storage import Disk, OsImage, StorageService, VmImage, account_of
from asmosis.units import Unit


class Index:
    """Look-ups over a whole estate, each made once; every name is a `key`."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    @cached_property
    def units(self) -> dict[tuple[str, str], Unit]:
        """Units by kind and name, with the networks that only deployments name."""
        found: dict[tuple[str, str], Unit] = {}
        for name in map(self._estate.network_of, self._estate.hosted_services):
            if name and key(name) not in self.networks:
                unlisted = Unit(self._estate.subscription, "virtualNetwork", name)
                found.setdefault((unlisted.kind, key(name)), unlisted)
        return found | {(unit.kind, key(unit.name)): unit for unit in self._estate.units}

    @cached_property
    def networks(self) -> dict[str, VirtualNetworkSite]:
        """Virtual networks by name."""
        return {key(network.name): network for network in self._estate.virtual_networks}

    @cached_property
    def gateways(self) -> dict[str, Gateway]:
        """Gateways by network."""
        return {key(name): gateway for name, gateway in self._estate.gateways.items()}

    @cached_property
    def connections(self) -> dict[str, tuple[GatewayConnection, ...]]:
        """Gateway connections by network."""
        return {key(name): connections for name, connections in self._estate.connections.items()}

    @cached_property
    def security_groups(self) -> dict[str, NetworkSecurityGroup]:
        """Network security groups by name."""
        return {key(group.name): group for group in self._estate.network_security_groups}

    @cached_property
    def route_tables(self) -> dict[str, RouteTable]:
        """Route tables by name."""
        return {key(table.name): table for table in self._estate.route_tables}

    @cached_property
    def reserved_ips(self) -> dict[str, ReservedIp]:
        """Reserved IPs by name."""
        return {key(address.name): address for address in self._estate.reserved_ips}

    @cached_property
    def accounts(self) -> dict[str, StorageService]:
        """Storage accounts by name."""
        return {key(account.name or ""): account for account in self._estate.storage_accounts}

    @cached_property
    def certificates(self) -> dict[str, tuple[str, ...]]:
        """Thumbprints by cloud service."""
        return {key(name): thumbprints for name, thumbprints in self._estate.certificates.items()}

    @cached_property
    def premium_accounts(self) -> frozenset[str]:
        """The storage accounts on premium disks."""
        return frozenset(
            name for name, account in self.accounts.items() if (account.account_type or "").startswith("Premium")
        )

    @cached_property
    def images(self) -> dict[str, list[OsImage | VmImage]]:
        """The subscription's own images by the storage account of their first blob."""
        found: defaultdict[str, list[OsImage | VmImage]] = defaultdict(list)
        images: tuple[OsImage | VmImage, ...] = (*self._estate.os_images, *self._estate.vm_images)
        for image in images:
            if image.category == "User":
                found[key(account_of(_first_blob(image)))].append(image)
        return found

    @cached_property
    def machines(self) -> frozenset[tuple[str, str]]:
        """The machines that are in classic, by service and role."""
        return frozenset(
            (key(service.name), key(role.name))
            for service in self._estate.hosted_services
            for deployment in service.deployments
            for role in deployment.roles
        )


@dataclass(frozen=True)
class Subscription:
    """What belongs to no unit."""

    estate: Estate
    index: Index

    @property
    def place(self) -> str:
        """KIND/NAME, as findings name it."""
        return f"subscription/{self.estate.subscription}"


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


def subjects(estate: Estate, units: Iterable[Unit] | None) -> Iterator[Subscription | InUnit]:
    """Every subject of `units` in their order, or of the whole estate; each element of it is visited once.

    Raises:
        UnknownUnit: a wanted cloud service, security group, route table or reserved IP is no unit of the estate.
    """
    index = Index(estate)
    if units is None:
        yield Subscription(estate, index)
        units = index.units.values()
    for wanted in units:
        unit = index.units.get((wanted.kind, key(wanted.name)), wanted)
        if unit.kind == "virtualNetwork":
            services = estate.services_of(unit)
            yield Network(estate, index, unit, index.networks.get(key(unit.name)), services)
            for service in services:
                yield from _of_service(estate, index, unit, service)
        elif unit.kind == "hostedService":
            yield from _of_service(estate, index, unit, _service(estate, unit))
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


def _first_blob(image: OsImage | VmImage) -> str:
    if isinstance(image, OsImage):
        return image.media_link or ""
    disks = (*((image.os_disk,) if image.os_disk else ()), *image.data_disks)
    return next((disk.media_link for disk in disks if disk.media_link), "")
