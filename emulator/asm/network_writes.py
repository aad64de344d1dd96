"""Writes of classic networking: the network configuration file and the resources of Microsoft's own network tests.

Each is accepted with 202 and polled (recorded); its effect is there at once. Refusals of what is in use are assumed.
"""

from collections.abc import Callable

from lxml.etree import _Element
from starlette.responses import Response

from emulator import operations
from emulator.asm import xml
from emulator.asm.call import Call, Route, accepted
from emulator.errors import PlatformError
from emulator.operations import Operation
from emulator.platform import documents, units
from emulator.seeds import network
from emulator.seeds.configuration import from_configuration
from emulator.store import ClassicRow

_CONFIGURED = ("AffinityGroup", "AddressSpace", "Dns", "Gateway", "Location")
_BINDINGS = {"networkSecurityGroup": "NetworkSecurityGroup", "routeTable": "RouteTableName"}


def create_reserved_ip(call: Call) -> Response:
    """A new address that nothing else in the subscription has."""
    body = _new(call, "ReservedIP", "reservedIp")
    rows = call.store.classic_list(call.subscription, "reservedIp")
    taken = {xml.text(xml.read(row.document), "Address") for row in rows}
    address = next(each for index in range(65536) if (each := f"40.65.{index // 256}.{index % 256}") not in taken)
    name, location = xml.text(body, "Name"), xml.text(body, "Location")
    document = network.reserved_ip(name, address, None, location)
    return _done(call, lambda: documents.put(call.store, call.subscription, document))


def create_security_group(call: Call) -> Response:
    """A security group with the default rules."""
    body = _new(call, "NetworkSecurityGroup", "networkSecurityGroup")
    document = network.security_group(
        xml.text(body, "Name"), (), xml.text(body, "Location"), label=xml.text(body, "Label") or None
    )
    return _done(call, lambda: documents.put(call.store, call.subscription, document))


def create_route_table(call: Call) -> Response:
    """A route table without routes."""
    body = _new(call, "RouteTable", "routeTable")
    document = network.route_table(
        xml.text(body, "Name"), (), xml.text(body, "Location"), label=xml.text(body, "Label") or None
    )
    return _done(call, lambda: documents.put(call.store, call.subscription, document))


def put_configuration(call: Call) -> Response:
    """Make the networks what the file says; one that it leaves out is deleted."""
    body = xml.parse(call.body.removeprefix(b"\xef\xbb\xbf"))
    if xml.local_name(body) != "NetworkConfiguration":
        raise PlatformError(400, "BadRequest", "The request body is not a NetworkConfiguration.")
    wanted = _wanted(body)
    present = {row.name.lower(): row for row in call.store.classic_list(call.subscription, "virtualNetwork")}
    changed = {
        name: _merged(present.get(name), element)
        for name, element in wanted["virtualNetwork"].items()
        if name not in present or not _alike(xml.read(present[name].document), element)
    }
    deleted = [row for name, row in present.items() if name not in wanted["virtualNetwork"]]
    _refuse(call, deleted, [present[name] for name in changed if name in present])

    def apply() -> None:
        for row in deleted:
            call.store.classic_delete(call.subscription, row.kind, row.name)
        for document in changed.values():
            documents.put(call.store, call.subscription, document)
        for kind in ("dnsServer", "localNetworkSite"):
            for row in call.store.classic_list(call.subscription, kind):
                call.store.classic_delete(call.subscription, kind, row.name)
            for element in wanted[kind].values():
                documents.put(call.store, call.subscription, xml.canonical(element))

    return _done(call, apply)


def _wanted(body: _Element) -> dict[str, dict[str, _Element]]:
    """What the file configures, by kind and lower-case name."""
    wanted: dict[str, dict[str, _Element]] = {"virtualNetwork": {}, "dnsServer": {}, "localNetworkSite": {}}
    for kind, document in from_configuration(body):
        element = xml.read(document)
        wanted[kind][xml.text(element, "Name").lower()] = element
    return wanted


def _refuse(call: Call, deleted: list[ClassicRow], changed: list[ClassicRow]) -> None:
    for row in [*deleted, *changed]:
        _refuse_locked(row)
    for row in deleted:
        if call.store.classic_list(call.subscription, "deployment", owner=row.name):
            raise PlatformError(400, "BadRequest", f"The virtual network {row.name} is in use and cannot be deleted.")


def _delete(kind: str, words: str) -> Callable[[Call], Response]:
    def handler(call: Call) -> Response:
        row = call.store.classic_get(call.subscription, kind, call.names["name"])
        if row is None:
            missing = f"The {words} {call.names['name']} does not exist."
            raise PlatformError(404, "ResourceNotFound", missing)
        _refuse_locked(row)
        if row.owner or _bound(call, kind, row.name):
            raise PlatformError(400, "BadRequest", f"The {words} {row.name} is in use and cannot be deleted.")
        return _done(call, lambda: call.store.classic_delete(call.subscription, kind, row.name))

    return handler


def _new(call: Call, root: str, kind: str) -> _Element:
    """The body of a creation; it needs a name that is free and a location."""
    body = xml.parse(call.body)
    if xml.local_name(body) != root or not xml.text(body, "Name") or not xml.text(body, "Location"):
        raise PlatformError(400, "BadRequest", f"The request body is not a {root} with a Name and a Location.")
    if call.store.classic_get(call.subscription, kind, xml.text(body, "Name")):
        raise PlatformError(409, "ConflictError", f"The name {xml.text(body, 'Name')} is already in use.")
    return body


def _done(call: Call, effect: Callable[[], None]) -> Response:
    if call.plan.failure is None:
        effect()
        call.note.effect = True
    now = call.clock.timestamp()
    operations.accept(
        call.store,
        Operation(call.request_id, call.subscription, "write", "", now, now, "InProgress", call.plan),
    )
    return accepted()


def _refuse_locked(row: ClassicRow) -> None:
    if row.migration_state:
        raise PlatformError(
            409,
            "ConflictError",
            f"Virtual Network {row.name} is in the process of being migrated and hence cannot be changed"
            if row.kind == "virtualNetwork"
            else f"{row.name} is in the process of being migrated and hence cannot be changed",
        )


def _bound(call: Call, kind: str, name: str) -> bool:
    return kind in _BINDINGS and bool(units.users(call.store, call.subscription, kind, name))


def _alike(present: _Element, wanted: _Element) -> bool:
    return _configured(present) == _configured(wanted)


def _configured(site: _Element) -> list[bytes]:
    """What the file says of a site: neither its identity nor what is bound to its subnets."""
    parts = [xml.canonical(each) for tag in _CONFIGURED for each in xml.findall(site, tag)]
    for subnet in xml.findall(site, "Subnets/Subnet"):
        parts += [xml.text(subnet, "Name").encode(), xml.text(subnet, "AddressPrefix").encode()]
    return parts


def _merged(present: ClassicRow | None, wanted: _Element) -> bytes:
    """The wanted site with the identity and the bindings that the present one has."""
    if present is None:
        return xml.canonical(wanted)
    old = xml.read(present.document)
    identity = xml.find(wanted, "Id")
    if identity is not None:
        identity.text = xml.text(old, "Id")
    state, in_use = xml.find(wanted, "State"), xml.find(old, "InUse")
    if state is not None and in_use is not None:
        state.addnext(in_use)
    bindings = {xml.text(subnet, "Name").lower(): subnet for subnet in xml.findall(old, "Subnets/Subnet")}
    for subnet in xml.findall(wanted, "Subnets/Subnet"):
        before = bindings.get(xml.text(subnet, "Name").lower())
        if before is not None:
            subnet.extend(each for tag in _BINDINGS.values() for each in xml.findall(before, tag))
    return xml.canonical(wanted)


_NETWORKING = "services/networking"
ROUTES = (
    Route("PUT", f"{_NETWORKING}/media", put_configuration, "recorded", "refusals are assumed"),
    Route("POST", f"{_NETWORKING}/reservedips", create_reserved_ip, "recorded"),
    Route("DELETE", f"{_NETWORKING}/reservedips/{{name}}", _delete("reservedIp", "reserved IP"), "recorded"),
    Route("POST", f"{_NETWORKING}/networksecuritygroups", create_security_group, "recorded"),
    Route(
        "DELETE",
        f"{_NETWORKING}/networksecuritygroups/{{name}}",
        _delete("networkSecurityGroup", "network security group"),
        "recorded",
    ),
    Route("POST", f"{_NETWORKING}/routetables", create_route_table, "recorded"),
    Route("DELETE", f"{_NETWORKING}/routetables/{{name}}", _delete("routeTable", "route table"), "recorded"),
)
