"""How large a unit is, as classic tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from asmosis.arm.sizes import vm_size
from asmosis.classic.compute import HostedService
from asmosis.classic.estate import Estate, key
from asmosis.units import Unit


@dataclass(frozen=True)
class Size:
    """What migrates with a unit; `machines` are named SERVICE/MACHINE.

    `sizes` tells how many of them have which size, by its name in ARM; `cores` are of the sizes that are known,
    `gigabytes` of the disks whose size classic tells.
    """

    region: str = ""
    services: int = 0
    machines: tuple[str, ...] = field(default=(), repr=False)
    sizes: Mapping[str, int] = field(default_factory=dict)
    cores: int = 0
    disks: int = 0
    gigabytes: int = 0


def sizes(estate: Estate, units: Sequence[Unit]) -> tuple[Size, ...]:
    """The size of each unit; what the estate does not hold counts nothing."""
    # Roles tell the size of data disks only; boot disks are looked up among the disk objects.
    of_disk = {key(disk.name): disk.size_gb or 0 for disk in estate.disks}
    return tuple(_size(estate, unit, of_disk) for unit in units)


def _size(estate: Estate, unit: Unit, of_disk: Mapping[str, int]) -> Size:
    if unit.kind == "storageAccount":
        held = estate.disks_in(unit.name)
        gigabytes = sum(disk.size_gb or 0 for disk in held)
        return Size(_region(estate, unit, ()), disks=len(held), gigabytes=gigabytes)
    services = _services(estate, unit)
    machines: list[str] = []
    by_role_size: dict[str, int] = {}
    disks = gigabytes = 0
    for service in services:
        for role in (role for deployment in service.deployments for role in deployment.roles):
            if not role.is_virtual_machine:
                continue
            machines.append(f"{service.name}/{role.name}")
            role_size = role.size or ""
            by_role_size[role_size] = by_role_size.get(role_size, 0) + 1
            disks += len(role.data_disks) + (role.os_disk is not None)
            gigabytes += sum(disk.size_gb for disk in role.data_disks)
            gigabytes += of_disk.get(key(role.os_disk.name), 0) if role.os_disk else 0
    by_size: dict[str, int] = {}
    cores = 0
    for role_size, number in by_role_size.items():
        known = vm_size(role_size)
        name = known.name if known else role_size or "unknown"
        by_size[name] = by_size.get(name, 0) + number
        cores += known.cores * number if known else 0
    return Size(_region(estate, unit, services), len(services), tuple(machines), by_size, cores, disks, gigabytes)


def _services(estate: Estate, unit: Unit) -> tuple[HostedService, ...]:
    try:
        return estate.services_of(unit)
    except KeyError:
        return ()


def _region(estate: Estate, unit: Unit, services: Sequence[HostedService]) -> str:
    if unit.kind == "virtualNetwork":
        network = estate.network(unit.name)
        # A network that only deployments name stands where they do.
        return estate.location_of(network or services[0]) if network or services else ""
    if unit.kind == "hostedService":
        return estate.location_of(services[0]) if services else ""
    if unit.kind == "storageAccount":
        account = estate.storage_account(unit.name)
        return estate.location_of(account) if account else ""
    found = {
        "networkSecurityGroup": estate.network_security_group,
        "routeTable": estate.route_table,
        "reservedIp": estate.reserved_ip,
    }[unit.kind](unit.name)
    return (found.location if found else None) or ""
