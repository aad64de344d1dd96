"""What of a subscription's classic side belongs to a unit, or is needed to understand it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from asmosis.classic.compute import HostedService
from asmosis.classic.estate import Estate
from asmosis.classic.network import NetworkSecurityGroup, ReservedIp, RouteTable, VirtualNetworkSite
from asmosis.classic.role import Role
from asmosis.classic.storage import Disk, StorageService
from asmosis.classic.subscription import AffinityGroup
from asmosis.units import Unit

T = TypeVar("T")


@dataclass(frozen=True)
class Members:
    """A unit's resources in the platform's order; `images` are names."""

    affinity_groups: tuple[AffinityGroup, ...] = ()
    storage_accounts: tuple[StorageService, ...] = ()
    reserved_ips: tuple[ReservedIp, ...] = ()
    security_groups: tuple[NetworkSecurityGroup, ...] = ()
    route_tables: tuple[RouteTable, ...] = ()
    networks: tuple[VirtualNetworkSite, ...] = ()
    services: tuple[HostedService, ...] = ()
    disks: tuple[Disk, ...] = ()
    images: tuple[str, ...] = ()


def members(estate: Estate, unit: Unit) -> Members:
    """What a unit consists of; a unit that the estate does not hold has no members."""
    services = estate.services_of(unit) if unit.kind != "hostedService" or _holds(estate, unit) else ()
    network = estate.network(unit.name) if unit.kind == "virtualNetwork" else None
    account = estate.storage_account(unit.name) if unit.kind == "storageAccount" else None
    roles = tuple(role for service in services for each in service.deployments for role in each.roles)
    subnets = network.subnets if network else ()
    groups = [subnet.network_security_group for subnet in subnets]
    for role in roles:
        groups += [role.network.network_security_group]
        groups += [card.network_security_group for card in role.network.network_interfaces]
    tables = [subnet.route_table for subnet in subnets]
    addresses = [each.reserved_ip for service in services for each in service.deployments]
    own = {"networkSecurityGroup": groups, "routeTable": tables, "reservedIp": addresses}.get(unit.kind)
    if own is not None:
        own.append(unit.name)
    disk_names = _folded(name for role in roles for name in _disks_of(role))
    affinity = _folded(each.affinity_group for each in (*services, network, account) if each)
    return Members(
        affinity_groups=_named(estate.affinity_groups, affinity),
        storage_accounts=(account,) if account else (),
        reserved_ips=_named(estate.reserved_ips, _folded(addresses)),
        security_groups=_named(estate.network_security_groups, _folded(groups)),
        route_tables=_named(estate.route_tables, _folded(tables)),
        networks=(network,) if network else (),
        services=services,
        disks=estate.disks_in(unit.name) if account else _named(estate.disks, disk_names),
        images=tuple(_images_in(estate, unit.name)) if account else (),
    )


def _holds(estate: Estate, unit: Unit) -> bool:
    return unit.name.casefold() in {service.name.casefold() for service in estate.hosted_services}


def _folded(names: Iterable[str | None]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names if name)


def _named(models: Iterable[T], names: frozenset[str]) -> tuple[T, ...]:
    return tuple(model for model in models if str(getattr(model, "name", "")).casefold() in names)


def _disks_of(role: Role) -> Iterator[str | None]:
    yield role.os_disk.name if role.os_disk else None
    yield from (disk.name for disk in role.data_disks)


def _images_in(estate: Estate, account: str) -> Iterator[str]:
    """Images whose blobs lie in a storage account."""
    host = f"://{account.casefold()}.blob."
    yield from (image.name for image in estate.os_images if host in (image.media_link or "").casefold())
    for image in estate.vm_images:
        disks = (*((image.os_disk,) if image.os_disk else ()), *image.data_disks)
        if any(host in (disk.media_link or "").casefold() for disk in disks):
            yield image.name
