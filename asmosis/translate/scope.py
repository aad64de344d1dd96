"""What a translation is given: one unit of an estate, seen the way ARM will arrange it."""

from dataclasses import dataclass
from functools import cached_property

from asmosis.arm.resource import Reference, arm_location
from asmosis.classic.compute import Deployment, HostedService
from asmosis.classic.estate import Estate, key
from asmosis.classic.instance import RoleInstance
from asmosis.classic.network import NetworkSecurityGroup, RouteTable, VirtualNetworkSite
from asmosis.classic.role import Role
from asmosis.translate.names import Names
from asmosis.units import Destination, DestinationMode, Unit


@dataclass(frozen=True)
class Machine:
    """A virtual machine: what was asked for, and how it stands (nothing in a deployment's first seconds)."""

    role: Role
    instance: RoleInstance | None

    @property
    def name(self) -> str:
        """The machine's name, which stays."""
        return self.role.name

    @property
    def is_windows(self) -> bool:
        """Whether it boots Windows."""
        return self.role.os_disk is not None and self.role.os_disk.os == "Windows"


@dataclass(frozen=True)
class CloudService:
    """A cloud service with the machines of its production slot."""

    classic: HostedService
    deployment: Deployment
    group: str
    location: str | None
    inside_network: bool

    @property
    def name(self) -> str:
        """The service's name."""
        return self.classic.name

    @property
    def subject(self) -> str:
        """The service for people."""
        return f"hostedService/{self.name}"

    @cached_property
    def machines(self) -> tuple[Machine, ...]:
        """The virtual machines in the platform's order; web and worker roles are none."""
        instances = {instance.role_name: instance for instance in self.deployment.instances}
        return tuple(
            Machine(role, instances.get(role.name)) for role in self.deployment.roles if role.is_virtual_machine
        )


@dataclass(frozen=True)
class Scope:
    """One unit, where it goes and how names are chosen; the only argument of every translation."""

    estate: Estate
    unit: Unit
    destination: Destination
    names: Names

    def id(self, group: str, resource_type: str, name: str, *part: str) -> str:
        """The id of a resource, or of a part of it (the list's name, then the part's name)."""
        path = "/".join((resource_type, name, *part))
        return f"/subscriptions/{self.unit.subscription}/resourceGroups/{group}/providers/{path}"

    @property
    def group(self) -> str:
        """The resource group of the unit itself."""
        return self.names.group(self.unit.name)

    @cached_property
    def network(self) -> VirtualNetworkSite | None:
        """The virtual network that migrates."""
        return self.estate.network(self.unit.name) if self.unit.kind == "virtualNetwork" else None

    @cached_property
    def services(self) -> tuple[CloudService, ...]:
        """The cloud services that migrate and have something deployed."""
        return tuple(
            CloudService(
                classic=service,
                deployment=service.deployment,
                group=self.names.group(service.name),
                location=arm_location(self._location_of(service)),
                inside_network=self.network is not None,
            )
            for service in self.estate.services_of(self.unit)
            if service.deployment is not None
        )

    @cached_property
    def certificates(self) -> dict[str, tuple[str, ...]]:
        """Thumbprints by the key of the cloud service that holds them."""
        return {key(name): thumbprints for name, thumbprints in self.estate.certificates.items()}

    @cached_property
    def makes_network(self) -> bool:
        """Whether the platform makes a network for the unit."""
        return self.unit.kind == "hostedService" and self.destination.mode is DestinationMode.NEW

    def subnet(self, name: str | None) -> Reference | None:
        """The subnet that an interface or a balancer ends up in; none where classic names none."""
        if self.unit.kind == "hostedService":
            return Reference(id=self._destination_subnet())
        if name is None or self.network is None:
            return None
        network = self.names.kept(self.network.name)
        return Reference(
            id=self.id(self.group, "Microsoft.Network/virtualNetworks", network, "subnets", self.names.kept(name))
        )

    def security_group(self, name: str | None) -> Reference | None:
        """The clone of a network security group that goes with the unit."""
        return self._clone("Microsoft.Network/networkSecurityGroups", name)

    def route_table(self, name: str | None) -> Reference | None:
        """The clone of a route table that goes with the unit."""
        return self._clone("Microsoft.Network/routeTables", name)

    @cached_property
    def security_groups(self) -> tuple[NetworkSecurityGroup, ...]:
        """The network security groups that migrate with the unit, in the estate's order."""
        if self.unit.kind == "networkSecurityGroup":
            wanted = {key(self.unit.name)}
        else:
            subnets = self.network.subnets if self.network else ()
            wanted = {key(subnet.network_security_group or "") for subnet in subnets}
            for service in self.services:
                for machine in service.machines:
                    network = machine.role.network
                    wanted.add(key(network.network_security_group or ""))
                    wanted.update(key(nic.network_security_group or "") for nic in network.network_interfaces)
        return tuple(group for group in self.estate.network_security_groups if key(group.name) in wanted)

    @cached_property
    def route_tables(self) -> tuple[RouteTable, ...]:
        """The route tables that migrate with the unit, in the estate's order."""
        if self.unit.kind == "routeTable":
            wanted = {key(self.unit.name)}
        else:
            subnets = self.network.subnets if self.network else ()
            wanted = {key(subnet.route_table or "") for subnet in subnets}
        return tuple(table for table in self.estate.route_tables if key(table.name) in wanted)

    def _clone(self, resource_type: str, name: str | None) -> Reference | None:
        if name is None:
            return None
        return Reference(id=self.id(self.group, resource_type, self.names.kept(name)))

    def _destination_subnet(self) -> str:
        if self.makes_network:
            group, network, subnet = self.group, self.names.network(self.unit.name), self.names.subnet
        else:
            chosen = self.destination
            group, network, subnet = chosen.resource_group, chosen.virtual_network, chosen.subnet
        return self.id(group, "Microsoft.Network/virtualNetworks", network, "subnets", subnet)

    def _location_of(self, service: HostedService) -> str:
        # A service that only a deployment's archived document tells of stands where its network stands.
        own = self.estate.location_of(service)
        return own or (self.estate.location_of(self.network) if self.network else "")
