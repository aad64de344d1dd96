"""What a unit needs in ARM, counted from the classic side (arithmetic documented by Microsoft unless marked)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from asmosis.arm import compute, network, storage
from asmosis.arm.sizes import arm_size, vm_size
from asmosis.classic.compute import Deployment, HostedService
from asmosis.classic.estate import Estate, key
from asmosis.classic.role import InputEndpoint, Role
from asmosis.facts import place_of
from asmosis.readiness.index import Index
from asmosis.units import Destination, DestinationMode, Unit

_NEW_NETWORK = Destination()
_TUNNELS = {"IPsec", "Dedicated"}
_SWITCHED_OFF = {"disable", "uninstall"}
# How the usages APIs call what a resource type counts for (documented; network recorded).
_QUOTAS = {
    compute.AVAILABILITY_SETS: "availabilitySets",
    compute.VIRTUAL_MACHINES: "virtualMachines",
    network.VIRTUAL_NETWORKS: "VirtualNetworks",
    network.NETWORK_INTERFACES: "NetworkInterfaces",
    network.LOAD_BALANCERS: "LoadBalancers",
    network.PUBLIC_IP_ADDRESSES: "PublicIPAddresses",
    network.NETWORK_SECURITY_GROUPS: "NetworkSecurityGroups",
    network.ROUTE_TABLES: "RouteTables",
    storage.STORAGE_ACCOUNTS: "StorageAccounts",
}
CORES, STATIC_ADDRESSES = "cores", "StaticPublicIPAddresses"


class Place(NamedTuple):
    """A region (as ARM spells it) and, in it, a resource type or the name of a quota."""

    region: str
    name: str


@dataclass(frozen=True)
class Demand:
    """What migrating takes of ARM; adds up.

    `resources` counts by type, `quotas` by the names of the usages APIs, `groups` are resource groups, `writes` the
    predicted write requests to ARM (ours: every resource and group, and one deployment per cloud service). Machines of
    a size that nobody knows (`unsized`) count no cores.
    """

    resources: Counter[Place] = field(default_factory=Counter)
    quotas: Counter[Place] = field(default_factory=Counter)
    groups: int = 0
    writes: int = 0
    unsized: int = 0

    def __add__(self, other: "Demand") -> "Demand":
        return Demand(
            self.resources + other.resources,
            self.quotas + other.quotas,
            self.groups + other.groups,
            self.writes + other.writes,
            self.unsized + other.unsized,
        )

    @cached_property
    def types(self) -> Counter[str]:
        """Resources by type, in all regions together."""
        found: Counter[str] = Counter()
        for place, number in self.resources.items():
            found[place.name] += number
        return found

    @property
    def machines(self) -> int:
        """Virtual machines."""
        return self.types[compute.VIRTUAL_MACHINES]

    @property
    def cores(self) -> int:
        """Cores of all families and regions."""
        return sum(number for place, number in self.quotas.items() if place.name == CORES)


def demand(estate: Estate, unit: Unit, index: Index | None = None, destination: Destination = _NEW_NETWORK) -> Demand:
    """What a unit needs; nothing for what the estate does not hold.

    Args:
        estate: is only read.
        unit: of the estate.
        index: of the estate; with it the work does not grow with the estate, and known sizes of its facts count.
        destination: where a cloud service outside any network goes.
    """
    return _Count(estate, unit, index or Index(estate), destination).done()


class _Count:
    """A sum in the making."""

    def __init__(self, estate: Estate, unit: Unit, index: Index, destination: Destination) -> None:
        self._estate, self._unit, self._index, self._destination = estate, unit, index, destination
        self._site = index.networks.get(key(unit.name)) if unit.kind == "virtualNetwork" else None
        self._resources: Counter[Place] = Counter()
        self._quotas: Counter[Place] = Counter()
        self._unsized = 0

    def done(self) -> Demand:
        services = self._services()
        if self._unit.kind == "storageAccount":
            self._account()
        elif self._unit.kind == "reservedIp":
            self._reserved_ip()
        elif self._site is not None:
            self._network()
        for service, deployment in services:
            self._service(service, deployment)
        self._clones(services)
        groups = len({key(self._unit.name), *(key(service.name) for service, _ in services)}) if self._resources else 0
        writes = self._resources.total() + groups + (max(1, len(services)) if groups else 0)
        return Demand(self._resources, self._quotas, groups, writes, self._unsized)

    def _services(self) -> tuple[tuple[HostedService, Deployment], ...]:
        try:
            services = self._estate.services_of(self._unit)
        except KeyError:
            return ()
        return tuple((service, deployment) for service in services if (deployment := service.deployment))

    def _add(self, resource_type: str, region: str, number: int = 1) -> None:
        if not number:
            return
        self._resources[Place(region, resource_type)] += number
        if quota := _QUOTAS.get(resource_type):
            self._quotas[Place(region, quota)] += number

    def _address(self, region: str, *, static: bool) -> None:
        self._add(network.PUBLIC_IP_ADDRESSES, region)
        if static:
            self._quotas[Place(region, STATIC_ADDRESSES)] += 1

    def _account(self) -> None:
        account = self._index.accounts.get(key(self._unit.name))
        if account is not None:
            region = self._estate.location_of(account) or account.primary_region or ""
            self._add(storage.STORAGE_ACCOUNTS, place_of(region))

    def _reserved_ip(self) -> None:
        address = self._index.reserved_ips.get(key(self._unit.name))
        if address is not None:
            self._address(place_of(address.location or ""), static=True)

    def _network(self) -> None:
        if self._site is None:
            return
        region = place_of(self._estate.location_of(self._site))
        self._add(network.VIRTUAL_NETWORKS, region)
        gateway = self._index.gateways.get(key(self._site.name))
        if gateway is None or gateway.state != "Provisioned":
            return
        sites = self._site.gateway.sites if self._site.gateway else ()
        self._add(network.VIRTUAL_NETWORK_GATEWAYS, region)
        self._address(region, static=False)
        self._add(network.LOCAL_NETWORK_GATEWAYS, region, len(sites))
        self._add(network.CONNECTIONS, region, sum(len(_TUNNELS & set(site.connection_types)) for site in sites))

    def _service(self, service: HostedService, deployment: Deployment) -> None:
        region = self._region_of(service)
        roles = [role for role in deployment.roles if role.is_virtual_machine]
        for role in roles:
            self._machine(role, region)
        if roles:
            sets = {key(role.availability_set) for role in roles if role.availability_set}
            # Where a service has no set the platform makes one (reported by customers).
            self._add(compute.AVAILABILITY_SETS, region, len(sets) or 1)
            if self._unit.kind == "hostedService" and self._destination.mode is DestinationMode.NEW:
                self._add(network.VIRTUAL_NETWORKS, region)
        if self._index.certificates.get(key(service.name)):
            self._add(storage.VAULTS, region)
        self._balancing(roles, deployment, region)

    def _machine(self, role: Role, region: str) -> None:
        self._add(compute.VIRTUAL_MACHINES, region)
        self._add(network.NETWORK_INTERFACES, region, 1 + len(role.network.network_interfaces))
        if role.network.public_ips:  # a machine has at most one address of its own
            self._address(region, static=False)
        active = [item for item in role.extensions if (item.state or "").lower() not in _SWITCHED_OFF]
        self._add(compute.EXTENSIONS, region, len(active))
        family, cores = self._size(role.size or "", region)
        self._unsized += not cores
        if cores:
            self._quotas[Place(region, CORES)] += cores
        if cores and family:
            self._quotas[Place(region, family)] += cores

    def _size(self, role_size: str, region: str) -> tuple[str, int]:
        """Family and cores: what the platform told of the size, else what is published."""
        told = self._index.facts.size_by_name.get((region, arm_size(role_size).casefold()))
        published = vm_size(role_size)
        family = (told.family if told else "") or (published.family if published else "")
        return family, (told.cores if told else 0) or (published.cores if published else 0)

    def _balancing(self, roles: list[Role], deployment: Deployment, region: str) -> None:
        internal = {key(balancer.name) for balancer in deployment.load_balancers}
        public = [
            endpoint
            for role in roles
            for endpoint in role.network.input_endpoints
            if key(endpoint.load_balancer or "") not in internal
        ]
        self._add(network.LOAD_BALANCERS, region, len(internal) + bool(public))
        for reserved in _addresses(deployment, public):
            self._address(region, static=reserved)

    def _clones(self, services: tuple[tuple[HostedService, Deployment], ...]) -> None:
        """Security groups and route tables: once per unit, however many of its parts they are bound to."""
        subnets = self._site.subnets if self._site else ()
        tables = {self._unit.name} if self._unit.kind == "routeTable" else {subnet.route_table for subnet in subnets}
        groups = {subnet.network_security_group for subnet in subnets}
        if self._unit.kind == "networkSecurityGroup":
            groups.add(self._unit.name)
        for _, deployment in services if self._index.security_groups else ():
            groups.update(_guards_of(deployment))
        for name in {key(name) for name in groups if name} & self._index.security_groups.keys():
            region = self._index.security_groups[name].location
            self._add(network.NETWORK_SECURITY_GROUPS, place_of(region or ""))
        for name in {key(name) for name in tables if name} & self._index.route_tables.keys():
            self._add(network.ROUTE_TABLES, place_of(self._index.route_tables[name].location or ""))

    def _region_of(self, service: HostedService) -> str:
        own = self._estate.location_of(service)
        return place_of(own or (self._estate.location_of(self._site) if self._site else ""))


def _guards_of(deployment: Deployment) -> Iterator[str | None]:
    for role in deployment.roles:
        if role.is_virtual_machine:
            configuration = role.network
            yield configuration.network_security_group
            yield from (nic.network_security_group for nic in configuration.network_interfaces)


def _addresses(deployment: Deployment, public: list[InputEndpoint]) -> Iterator[bool]:
    """Whether it is reserved, for every virtual IP that goes along: reserved ones, and those that endpoints use."""
    addresses = deployment.virtual_ips
    if not addresses:
        # While every machine is deallocated the service has no virtual IP (recorded), and gets one when it starts.
        if public or deployment.reserved_ip:
            yield bool(deployment.reserved_ip)
        return
    last_first = list(enumerate(addresses))[::-1]
    by_name = {key(address.name): position for position, address in last_first if address.name}
    by_address = {address.address: position for position, address in last_first}
    used = {by_name.get(key(endpoint.virtual_ip or ""), by_address.get(endpoint.vip or "", 0)) for endpoint in public}
    for position, address in enumerate(addresses):
        reserved = bool(address.reserved_ip or (position == 0 and deployment.reserved_ip))
        if reserved or position in used:
            yield reserved
