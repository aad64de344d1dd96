"""One subscription's classic resources at one moment, with the look-ups that everything else needs."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from asmosis.classic.compute import Deployment, HostedService
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


class Estate(BaseModel):
    """A snapshot of a subscription: what classic listed, in the platform's order.

    Deployments are embedded in their cloud services. `gateways` and `connections` are by virtual network name.
    `certificates` are thumbprints by cloud service name. Names compare without case, as the platform's do.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

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
    gateways: Mapping[str, Gateway] = {}
    connections: Mapping[str, tuple[GatewayConnection, ...]] = {}
    certificates: Mapping[str, tuple[str, ...]] = {}

    @classmethod
    def of_documents(cls, subscription: str, documents: Iterable[Document]) -> "Estate":
        """The estate that archived documents describe; a deployment finds its service by its address.

        A deployment whose service no document lists gets a service that holds only its name. Where two documents
        name one resource, the later one stands.
        """
        models = [model for document in documents for model in document.models]
        services = {key(service.name): service for service in _of(HostedService, models)}
        for deployment in _of(Deployment, models):
            name = deployment.service_name or deployment.name
            service = services.get(key(name)) or HostedService(name=name)
            others = tuple(item for item in service.deployments if item.name != deployment.name)
            services[key(name)] = service.model_copy(update={"deployments": (*others, deployment)})
        return cls(
            subscription=subscription,
            hosted_services=tuple(services.values()),
            virtual_networks=_latest(VirtualNetworkSite, models),
            network_security_groups=_latest(NetworkSecurityGroup, models),
            route_tables=_latest(RouteTable, models),
            reserved_ips=_latest(ReservedIp, models),
            storage_accounts=_latest(StorageService, models),
            disks=_latest(Disk, models),
            os_images=_latest(OsImage, models),
            vm_images=_latest(VmImage, models),
            affinity_groups=_latest(AffinityGroup, models),
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
            "storageAccount": [account.name or "" for account in self.storage_accounts],
        }
        return tuple(Unit(self.subscription, kind, name) for kind in KINDS for name in names[kind])

    def unit(self, wanted: Unit) -> Unit:
        """The unit as the platform writes its name.

        Raises:
            UnknownUnit: the subscription has no such unit; says where a member of another unit migrates.
        """
        for unit in self.units:
            if unit.kind == wanted.kind and key(unit.name) == key(wanted.name):
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
        return _find(self.virtual_networks, name)

    def network_security_group(self, name: str) -> NetworkSecurityGroup | None:
        """A network security group by name."""
        return _find(self.network_security_groups, name)

    def route_table(self, name: str) -> RouteTable | None:
        """A route table by name."""
        return _find(self.route_tables, name)

    def reserved_ip(self, name: str) -> ReservedIp | None:
        """A reserved IP by name."""
        return _find(self.reserved_ips, name)

    def storage_account(self, name: str) -> StorageService | None:
        """A storage account by name."""
        return _find(self.storage_accounts, name)

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
    def _service_by_name(self) -> dict[str, HostedService]:
        return {key(service.name): service for service in self.hosted_services}

    @cached_property
    def _services_by_network(self) -> dict[str, tuple[HostedService, ...]]:
        found: dict[str, tuple[HostedService, ...]] = {}
        gathered: dict[str, list[HostedService]] = {}
        for service in self.hosted_services:
            network = self.network_of(service)
            if network:
                gathered.setdefault(key(network), []).append(service)
        for name, services in gathered.items():
            found[name] = tuple(services)
        return found

    @cached_property
    def _disks_by_account(self) -> dict[str, tuple[Disk, ...]]:
        gathered: dict[str, list[Disk]] = {}
        for disk in self.disks:
            gathered.setdefault(key(disk.account), []).append(disk)
        return {account: tuple(disks) for account, disks in gathered.items()}

    @cached_property
    def _affinity_group_by_name(self) -> dict[str, AffinityGroup]:
        return {key(group.name): group for group in self.affinity_groups}

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


def _of(kind: type[Model], models: Iterable[ClassicModel]) -> list[Model]:
    return [model for model in models if isinstance(model, kind)]


def _latest(kind: type[Model], models: Iterable[ClassicModel]) -> tuple[Model, ...]:
    return tuple({key(str(getattr(model, "name", ""))): model for model in _of(kind, models)}.values())


def _find(models: Iterable[Model], name: str) -> Model | None:
    return next((model for model in models if key(str(getattr(model, "name", ""))) == key(name)), None)
