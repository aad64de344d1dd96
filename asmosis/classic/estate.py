"""One subscription's classic resources at one moment, with the look-ups that everything else needs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import msgspec

from asmosis.classic.archive import owner_of
from asmosis.classic.compute import Certificate, Deployment, HostedService
from asmosis.classic.documents import Document
from asmosis.classic.network import (
    Gateway,
    GatewayConnection,
    NetworkSecurityGroup,
    ReservedIp,
    RouteTable,
    VirtualNetworkSite,
)
from asmosis.classic.storage import Disk, OsImage, StorageService, VmImage
from asmosis.classic.subscription import AffinityGroup
from asmosis.classic.xml import ClassicModel
from asmosis.errors import UnknownUnit
from asmosis.units import KINDS, Unit

Model = TypeVar("Model", bound=ClassicModel)


@dataclass(frozen=True)
class Estate:
    """A snapshot of a subscription: what classic listed, in the platform's order.

    Deployments are embedded in their cloud services. `gateways` and `connections` are by virtual network name.
    `certificates` are thumbprints by cloud service name. Names compare without case, as the platform's do.
    """

    subscription: str
    hosted_services: tuple[HostedService, ...] = ()
    virtual_networks: tuple[VirtualNetworkSite, ...] = ()
    network_security_groups: tuple[NetworkSecurityGroup, ...] = ()
    route_tables: tuple[RouteTable, ...] = ()
    reserved_ips: tuple[ReservedIp, ...] = ()
    storage_accounts: tuple[StorageService, ...] = ()
    disks: tuple[Disk, ...] = ()
    os_images: tuple[OsImage, ...] = ()
    vm_images: tuple[VmImage, ...] = ()
    affinity_groups: tuple[AffinityGroup, ...] = ()
    gateways: Mapping[str, Gateway] = field(default_factory=dict)
    connections: Mapping[str, tuple[GatewayConnection, ...]] = field(default_factory=dict)
    certificates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of_documents(cls, subscription: str, documents: Iterable[Document]) -> "Estate":
        """The estate that archived documents describe; a deployment finds its service by its address.

        A deployment whose service no document lists gets a service that holds only its name. Where two documents
        name one resource, the later one stands. Gateways, connections and certificates are whose their file's name
        says; without one they are left out. So are images that are not the subscription's own.
        """
        models: defaultdict[type, list[Any]] = defaultdict(list)
        owned: defaultdict[type, dict[str, tuple[Any, ...]]] = defaultdict(dict)
        for document in documents:
            for model in document.models:
                models[type(model)].append(model)
            if owner := _owner(document):
                owned[type(document.models[0])][owner] = document.models
        return cls(
            subscription=subscription,
            hosted_services=_with_deployments(models[HostedService], models[Deployment]),
            virtual_networks=_latest(models[VirtualNetworkSite]),
            network_security_groups=_latest(models[NetworkSecurityGroup]),
            route_tables=_latest(models[RouteTable]),
            reserved_ips=_latest(models[ReservedIp]),
            # The answer with an account's keys has the same root and no name.
            storage_accounts=_latest([account for account in models[StorageService] if account.name]),
            disks=_latest(models[Disk]),
            os_images=_latest([image for image in models[OsImage] if image.category == "User"]),
            vm_images=_latest([image for image in models[VmImage] if image.category == "User"]),
            affinity_groups=_latest(models[AffinityGroup]),
            gateways={name: gateway for name, (gateway, *_) in owned[Gateway].items()},
            connections=owned[GatewayConnection],
            certificates={
                name: tuple(certificate.thumbprint for certificate in held) for name, held in owned[Certificate].items()
            },
        )

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """Everything that can migrate, kinds in the order of `KINDS`, names in the platform's order."""
        names: dict[str, list[str]] = {
            "virtualNetwork": [network.name for network in self.virtual_networks],
            "hostedService": [service.name for service in self.hosted_services if not self.network_of(service)],
            "networkSecurityGroup": [
                group.name
                for group in self.network_security_groups
                if key(group.name) not in self._bound_security_groups
            ],
            "routeTable": [
                table.name for table in self.route_tables if key(table.name) not in self._bound_route_tables
            ],
            "reservedIp": [address.name for address in self.reserved_ips if not address.in_use],
            "storageAccount": [account.name for account in self.storage_accounts if account.name],
        }
        return tuple(Unit(self.subscription, kind, name) for kind in KINDS for name in names[kind])

    def unit(self, wanted: Unit) -> Unit:
        """The unit as the platform writes its name.

        Raises:
            UnknownUnit: the subscription has no such unit; says where a member of another unit migrates.
        """
        unit = self._unit_by_name.get((wanted.kind, key(wanted.name)))
        if unit is not None:
            return unit
        service = self._service_by_name.get(key(wanted.name))
        if wanted.kind == "hostedService" and service is not None:
            network = self.network_of(service)
            remedy = f"It belongs to a network; migrate virtualNetwork/{network}."
            raise UnknownUnit(wanted.short, "it does not migrate alone", remedy)
        same_kind = ", ".join(unit.name for unit in self.units if unit.kind == wanted.kind) or "none"
        raise UnknownUnit(wanted.short, f"no such unit in subscription {self.subscription}", f"There are: {same_kind}.")

    def service(self, name: str) -> HostedService:
        """A cloud service by name (KeyError if there is none)."""
        return self._service_by_name[key(name)]

    def services_of(self, unit: Unit) -> tuple[HostedService, ...]:
        """The cloud services that migrate with a unit, in the platform's order."""
        if unit.kind == "hostedService":
            return (self.service(unit.name),)
        if unit.kind == "virtualNetwork":
            return self._services_by_network.get(key(unit.name), ())
        return ()

    def network_of(self, service: HostedService) -> str | None:
        """The virtual network that the service's production deployment names."""
        return service.deployment.virtual_network if service.deployment else None

    def network(self, name: str) -> VirtualNetworkSite | None:
        """A virtual network by name."""
        return self._virtual_networks_by_name.get(key(name))

    def network_security_group(self, name: str) -> NetworkSecurityGroup | None:
        """A network security group by name."""
        return self._network_security_groups_by_name.get(key(name))

    def route_table(self, name: str) -> RouteTable | None:
        """A route table by name."""
        return self._route_tables_by_name.get(key(name))

    def reserved_ip(self, name: str) -> ReservedIp | None:
        """A reserved IP by name."""
        return self._reserved_ips_by_name.get(key(name))

    def storage_account(self, name: str) -> StorageService | None:
        """A storage account by name."""
        return self._storage_accounts_by_name.get(key(name))

    def disks_in(self, account: str) -> tuple[Disk, ...]:
        """The disk objects whose blobs lie in a storage account."""
        return self._disks_by_account.get(key(account), ())

    def location_of(self, resource: HostedService | VirtualNetworkSite | StorageService | Disk) -> str:
        """Where a resource stands; an affinity group stands for its location. Empty when nobody says."""
        if resource.location:
            return resource.location
        group = self._affinity_group_by_name.get(key(resource.affinity_group or ""))
        return group.location if group else ""

    @cached_property
    def _unit_by_name(self) -> dict[tuple[str, str], Unit]:
        return {(unit.kind, key(unit.name)): unit for unit in reversed(self.units)}

    @cached_property
    def _service_by_name(self) -> dict[str, HostedService]:
        return _by_name(self.hosted_services)

    @cached_property
    def _virtual_networks_by_name(self) -> dict[str, VirtualNetworkSite]:
        return _by_name(self.virtual_networks)

    @cached_property
    def _network_security_groups_by_name(self) -> dict[str, NetworkSecurityGroup]:
        return _by_name(self.network_security_groups)

    @cached_property
    def _route_tables_by_name(self) -> dict[str, RouteTable]:
        return _by_name(self.route_tables)

    @cached_property
    def _reserved_ips_by_name(self) -> dict[str, ReservedIp]:
        return _by_name(self.reserved_ips)

    @cached_property
    def _storage_accounts_by_name(self) -> dict[str, StorageService]:
        return _by_name(self.storage_accounts)

    @cached_property
    def _services_by_network(self) -> dict[str, tuple[HostedService, ...]]:
        gathered: dict[str, list[HostedService]] = {}
        for service in self.hosted_services:
            network = self.network_of(service)
            if network:
                gathered.setdefault(key(network), []).append(service)
        return {name: tuple(services) for name, services in gathered.items()}

    @cached_property
    def _disks_by_account(self) -> dict[str, tuple[Disk, ...]]:
        gathered: dict[str, list[Disk]] = {}
        for disk in self.disks:
            gathered.setdefault(key(disk.account), []).append(disk)
        return {account: tuple(disks) for account, disks in gathered.items()}

    @cached_property
    def _affinity_group_by_name(self) -> dict[str, AffinityGroup]:
        return _by_name(self.affinity_groups)

    @cached_property
    def _bound_security_groups(self) -> frozenset[str]:
        names = {subnet.network_security_group for network in self.virtual_networks for subnet in network.subnets}
        for service in self.hosted_services:
            for deployment in service.deployments:
                for role in deployment.roles:
                    names.add(role.network.network_security_group)
                    names.update(nic.network_security_group for nic in role.network.network_interfaces)
        return frozenset(key(name) for name in names if name)

    @cached_property
    def _bound_route_tables(self) -> frozenset[str]:
        names = {subnet.route_table for network in self.virtual_networks for subnet in network.subnets}
        return frozenset(key(name) for name in names if name)


def key(name: str) -> str:
    """What two spellings of one platform name have in common."""
    return name.casefold()


def is_ownerless(document: Document) -> bool:
    """Whether a document belongs to a network or cloud service, and its file's name does not tell to which."""
    return _owner(document) == ""


_OWNED = (Gateway, GatewayConnection, Certificate)


def _owner(document: Document) -> str | None:
    is_owned = bool(document.models) and isinstance(document.models[0], _OWNED)
    return owner_of(document.place) if is_owned else None


def _with_deployments(listed: Iterable[HostedService], deployments: Iterable[Deployment]) -> tuple[HostedService, ...]:
    services = _by_name(listed)
    for deployment in deployments:
        name = deployment.service_name or deployment.name
        service = services.get(key(name)) or HostedService(name=name)
        others = tuple(item for item in service.deployments if item.name != deployment.name)
        services[key(name)] = msgspec.structs.replace(service, deployments=(*others, deployment))
    return tuple(services.values())


def _latest(models: Iterable[Model]) -> tuple[Model, ...]:
    return tuple(_by_name(models).values())


def _by_name(models: Iterable[Model]) -> dict[str, Model]:
    return {key(model.name): model for model in models}  # type: ignore[attr-defined]
