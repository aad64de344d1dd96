"""Look-ups over an estate and the facts beside it, for rules and sums."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property

from asmosis.classic.estate import Estate, key
from asmosis.classic.network import (
    Gateway,
    GatewayConnection,
    NetworkSecurityGroup,
    ReservedIp,
    RouteTable,
    Subnet,
    VirtualNetworkSite,
)
from asmosis.classic.storage import OsImage, StorageService, VmImage, account_of
from asmosis.facts import Facts, RoleAssignment, Watch
from asmosis.readiness.attached import Owners, UnitKey
from asmosis.units import Destination, State, Unit

_DetachedKind = NetworkSecurityGroup | RouteTable | ReservedIp
_NOT_IN_ARM = re.compile(r"[^A-Za-z0-9_.-]+")
NO_FACTS = Facts()
"""Nobody asked about anything."""


class Index:
    """Look-ups over a whole estate, each made once; every name is a `key`."""

    def __init__(self, estate: Estate, facts: Facts = NO_FACTS, destination: Destination | None = None) -> None:
        self._estate = estate
        self.facts = facts
        self.destination = destination or Destination()
        self._states: dict[Unit, State] = {}

    def state_of(self, unit: Unit) -> State:
        """Where a unit stands: as the facts tell, else as the documents do; what neither knows is classic.

        Raises:
            ValueError: the documents tell of a state that there is not.
        """
        if unit not in self._states:
            told = self.facts.state_by_unit.get(unit.short.casefold())
            self._states[unit] = told.state if told else State.overall(map(State.of_platform, self._shown(unit)))
        return self._states[unit]

    def _shown(self, unit: Unit) -> Iterator[str | None]:
        """The migration states in the documents of a unit; a cloud service tells it role by role."""
        name = key(unit.name)
        if unit.kind == "hostedService":
            for service in self._estate.services_of(unit):
                yield from (role.migration_state for each in service.deployments for role in each.roles)
            return
        by_kind: dict[str, Mapping[str, VirtualNetworkSite | StorageService | _DetachedKind]] = {
            "virtualNetwork": self.networks,
            "storageAccount": self.accounts,
            "networkSecurityGroup": self.security_groups,
            "routeTable": self.route_tables,
            "reservedIp": self.reserved_ips,
        }
        resource = by_kind[unit.kind].get(name)
        yield resource.migration_state if resource else None

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
    def network_by_gateway(self) -> dict[str, VirtualNetworkSite]:
        """Virtual networks by the public address of their gateway, which is how another network's site names them."""
        return {
            gateway.address: self.networks[name]
            for name, gateway in self.gateways.items()
            if gateway.address and name in self.networks
        }

    @cached_property
    def connections(self) -> dict[str, tuple[GatewayConnection, ...]]:
        """Gateway connections by network."""
        return {key(name): connections for name, connections in self._estate.connections.items()}

    @cached_property
    def subnets(self) -> dict[str, dict[str, Subnet]]:
        """Subnets by network and name."""
        return {
            name: {key(subnet.name): subnet for subnet in network.subnets} for name, network in self.networks.items()
        }

    @cached_property
    def namesakes(self) -> dict[str, list[Unit]]:
        """Units by what their resource group is called, where several land in one."""
        found: defaultdict[str, list[Unit]] = defaultdict(list)
        for unit in self.units.values():
            found[key(group_of(unit.name))].append(unit)
        return {name: units for name, units in found.items() if len(units) > 1}

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

    @cached_property
    def role_assignments(self) -> dict[UnitKey, list[tuple[str, RoleAssignment]]]:
        """Role assignments on classic resources, each with the resource's name, by unit."""
        return self._owners.by_unit(self.facts.role_assignments or (), lambda assignment: assignment.scope)

    @cached_property
    def alert_rules(self) -> dict[UnitKey, list[tuple[str, Watch]]]:
        """Alert rules on classic resources, each with the resource's name, by unit."""
        return self._owners.by_unit(self.facts.alert_rules or (), lambda watch: watch.resource)

    @cached_property
    def autoscale_settings(self) -> dict[UnitKey, list[tuple[str, Watch]]]:
        """Autoscale settings on classic resources, each with the resource's name, by unit."""
        return self._owners.by_unit(self.facts.autoscale_settings or (), lambda watch: watch.resource)

    @cached_property
    def _owners(self) -> Owners:
        return Owners(self._estate)


def group_of(name: str) -> str:
    """The resource group that prepare makes for a unit or a cloud service (documented by Microsoft).

    What the names of ARM's resources cannot hold becomes a hyphen (documented for spaces).
    """
    return _NOT_IN_ARM.sub("-", name).strip("-") + "-Migrated"


def _first_blob(image: OsImage | VmImage) -> str:
    if isinstance(image, OsImage):
        return image.media_link or ""
    disks = (*((image.os_disk,) if image.os_disk else ()), *image.data_disks)
    return next((disk.media_link for disk in disks if disk.media_link), "")
