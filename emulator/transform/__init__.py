"""What prepare makes in Resource Manager out of classic documents."""

from collections.abc import Iterator

from lxml.etree import _Element

from emulator.errors import PlatformError
from emulator.transform import addresses, bodies, gateways, names, network, services, storage
from emulator.transform.model import (
    ArmResource,
    ClassicService,
    ClassicUnit,
    Destination,
    Existing,
)
from emulator.transform.placement import Network, Placement
from emulator.transform.reading import text

__all__ = ["ArmResource", "ClassicService", "ClassicUnit", "Destination", "transform"]


def transform(unit: ClassicUnit, existing: Existing) -> list[ArmResource]:
    """Every resource that prepare makes for `unit`: groups first, then each before what refers to it.

    A group that `existing` knows already is used and not made again.
    Raises PlatformError when the chosen destination does not exist.
    """
    made = list(_FROM[unit.kind](unit, existing))
    groups = {
        resource.id.lower(): resource
        for resource in made
        if resource.body["type"] == "Microsoft.Resources/resourceGroups" and existing(resource.id) is None
    }
    others = [r for r in made if r.body["type"] != "Microsoft.Resources/resourceGroups"]
    return [*groups.values(), *others]


def _virtual_network(unit: ClassicUnit, _existing: Existing) -> Iterator[ArmResource]:
    if unit.network is None:
        raise ValueError(unit.name)
    group, location = _group(unit), bodies.normal_location(unit.location)
    yield group
    security_groups, route_tables = {}, {}
    for name, classic in unit.network_security_groups.items():
        cloned = _network_security_group(group.id, name, location, classic)
        security_groups[name.lower()] = cloned.id
        yield cloned
    for name, classic in unit.route_tables.items():
        table = _route_table(group.id, name, location, classic)
        route_tables[name.lower()] = table.id
        yield table
    id_ = bodies.resource_id(group.id, "Microsoft.Network/virtualNetworks", names.kept(unit.name))
    made = network.virtual_network(id_, location, unit.network, security_groups, route_tables)
    yield made
    if unit.gateway is not None:
        yield from gateways.gateway(group.id, location, made, unit.network, unit.gateway)
    home = Network(made.body, keeps_addresses=True, only_subnet="", security_groups=security_groups)
    for service in unit.services:
        yield from _service(unit, service, home)


def _hosted_service(unit: ClassicUnit, existing: Existing) -> Iterator[ArmResource]:
    [service] = unit.services
    location = bodies.normal_location(unit.location)
    if unit.destination.mode == "Existing":
        home = _existing_network(unit, existing)
    else:
        id_ = bodies.resource_id(_group(unit).id, "Microsoft.Network/virtualNetworks", names.network(unit.name))
        made = network.default_virtual_network(id_, location)
        yield made
        home = Network(made.body, keeps_addresses=False, only_subnet="", security_groups={})
    yield from _service(unit, service, home)


def _existing_network(unit: ClassicUnit, existing: Existing) -> Network:
    wanted = unit.destination
    group = bodies.group_id(unit.subscription, wanted.resource_group)
    body = existing(bodies.resource_id(group, "Microsoft.Network/virtualNetworks", wanted.virtual_network))
    subnets = [subnet["name"].lower() for subnet in body["properties"]["subnets"]] if body else []
    if body is None or wanted.subnet.lower() not in subnets:
        raise PlatformError(
            400,
            "BadRequest",
            f"The subnet '{wanted.subnet}' of virtual network '{wanted.virtual_network}' in resource group "
            f"'{wanted.resource_group}' was not found.",
        )
    return Network(body, keeps_addresses=False, only_subnet=wanted.subnet, security_groups={})


def _service(unit: ClassicUnit, service: ClassicService, home: Network) -> Iterator[ArmResource]:
    location = bodies.normal_location(unit.location)
    group = bodies.group(unit.subscription, names.group(service.name), location)
    yield group
    reserved = {name.lower(): text(classic, "Address") for name, classic in unit.reserved_ips.items()}
    yield from services.cloud_service(Placement(service, unit.subscription, group.id, location, home, reserved))


def _storage_account(unit: ClassicUnit, _existing: Existing) -> Iterator[ArmResource]:
    group = _group(unit)
    yield group
    yield storage.storage_account(unit, group.id)


def _unattached_security_group(unit: ClassicUnit, _existing: Existing) -> Iterator[ArmResource]:
    group = _group(unit)
    yield group
    for name, classic in unit.network_security_groups.items():
        yield _network_security_group(group.id, name, group.body["location"], classic)


def _unattached_route_table(unit: ClassicUnit, _existing: Existing) -> Iterator[ArmResource]:
    group = _group(unit)
    yield group
    for name, classic in unit.route_tables.items():
        yield _route_table(group.id, name, group.body["location"], classic)


def _reserved_ip(unit: ClassicUnit, _existing: Existing) -> Iterator[ArmResource]:
    group = _group(unit)
    yield group
    for name, classic in unit.reserved_ips.items():
        address = text(classic, "Address")
        yield addresses.static_address(group.id, group.body["location"], names.kept(name), address)


def _group(unit: ClassicUnit) -> ArmResource:
    return bodies.group(unit.subscription, names.group(unit.name), bodies.normal_location(unit.location))


def _network_security_group(group: str, name: str, location: str, classic: _Element) -> ArmResource:
    id_ = bodies.resource_id(group, "Microsoft.Network/networkSecurityGroups", names.kept(name))
    return network.network_security_group(id_, location, classic)


def _route_table(group: str, name: str, location: str, classic: _Element) -> ArmResource:
    id_ = bodies.resource_id(group, "Microsoft.Network/routeTables", names.kept(name))
    return network.route_table(id_, location, classic)


_FROM = {
    "virtualNetwork": _virtual_network,
    "hostedService": _hosted_service,
    "storageAccount": _storage_account,
    "networkSecurityGroup": _unattached_security_group,
    "routeTable": _unattached_route_table,
    "reservedIp": _reserved_ip,
}
