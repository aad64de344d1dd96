"""Writes of classic networking: the network configuration file, security groups and route tables as a whole.

Each is accepted with 202 and polled (recorded); its effect is there at once. Refusals of what is in use are assumed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lxml.etree import _Element
from starlette.responses import Response

from emulator.asm import changes, locks, xml
from emulator.asm.call import Call, Held, Route
from emulator.platform import documents, units
from emulator.seeds import network
from emulator.seeds.configuration import from_configuration
from emulator.store import ClassicRow

_CONFIGURED = ("AffinityGroup", "AddressSpace", "Dns", "Gateway", "Location")
_GATEWAY_SUBNET = "gatewaysubnet"


@dataclass(frozen=True)
class _Plan:
    """What a configuration file makes of what is there."""

    deleted: list[ClassicRow]
    changed: dict[str, bytes]
    touched: list[ClassicRow]
    others: dict[str, dict[str, _Element]]


def create_security_group(call: Call) -> Response:
    """A security group with the default rules."""
    body = _new(call, "NetworkSecurityGroup", "networkSecurityGroup")
    document = network.security_group(
        xml.text(body, "Name"), (), xml.text(body, "Location"), label=xml.text(body, "Label") or None
    )
    return changes.later(call, lambda: documents.put(call.store, call.subscription, document))


def create_route_table(call: Call) -> Response:
    """A route table without routes."""
    body = _new(call, "RouteTable", "routeTable")
    document = network.route_table(
        xml.text(body, "Name"), (), xml.text(body, "Location"), label=xml.text(body, "Label") or None
    )
    return changes.later(call, lambda: documents.put(call.store, call.subscription, document))


def put_configuration(call: Call) -> Response:
    """Make the networks what the file says; one that it leaves out is deleted."""
    locks.network_configuration(call)
    plan = _plan(call)
    _refuse_in_use(call, plan)

    def effect() -> None:
        for row in plan.deleted:
            call.store.classic_delete(call.subscription, row.kind, row.name)
        for document in plan.changed.values():
            documents.put(call.store, call.subscription, document)
        for kind, wanted in plan.others.items():
            for row in call.store.classic_list(call.subscription, kind):
                call.store.classic_delete(call.subscription, kind, row.name)
            for element in wanted.values():
                documents.put(call.store, call.subscription, xml.canonical(element))

    return changes.later(call, effect, locks.NETWORK_CONFIGURATION)


def deletion(kind: str, words: str) -> Callable[[Call], Response]:
    """Deletes what nothing uses."""

    def handler(call: Call) -> Response:
        row = locks.found(call, kind, call.names["name"])
        used = kind in units.BINDINGS and units.users(call.store, call.subscription, kind, row.name)
        if row.owner or used:
            raise changes.bad(f"The {words} {row.name} is in use and cannot be deleted.")
        return changes.later(call, lambda: call.store.classic_delete(call.subscription, kind, row.name))

    return handler


def _new(call: Call, root: str, kind: str) -> _Element:
    """The body of a creation; it needs a name that is free and a location."""
    body = changes.body(call, root)
    name, _ = changes.required(body, "Name", "Location")
    if call.store.classic_get(call.subscription, kind, changes.name(name)):
        raise changes.taken(f"The name {name} is already in use.")
    return body


def _held_by_configuration(call: Call) -> Iterable[Held]:
    """Only networks that become different: the file always names all of them."""
    return map(Held, _plan(call).touched)


def _plan(call: Call) -> _Plan:
    body = changes.body(call, "NetworkConfiguration")
    _check_references(body)
    wanted: dict[str, dict[str, _Element]] = {"virtualNetwork": {}, "dnsServer": {}, "localNetworkSite": {}}
    for kind, document in from_configuration(body):
        element = xml.read(document)
        wanted[kind][changes.name(xml.text(element, "Name")).lower()] = element
    networks = wanted.pop("virtualNetwork")
    present = {row.name.lower(): row for row in call.store.classic_list(call.subscription, "virtualNetwork")}
    changed = {
        name: _merged(present.get(name), element)
        for name, element in networks.items()
        if name not in present or not _alike(xml.read(present[name].document), element)
    }
    deleted = [row for name, row in present.items() if name not in networks]
    touched = [*deleted, *(present[name] for name in changed if name in present)]
    return _Plan(deleted, changed, touched, wanted)


def _check_references(body: _Element) -> None:
    """What a network refers to must be in the file."""
    for tag, target, words in (
        ("DnsServerRef", "DnsServer", "DNS server"),
        ("LocalNetworkSiteRef", "LocalNetworkSite", "local network site"),
    ):
        there = {each.get("name", "").lower() for each in body.iter(f"{{*}}{target}")}
        for each in body.iter(f"{{*}}{tag}"):
            if each.get("name", "").lower() not in there:
                raise changes.bad(f"The {words} {each.get('name', '')} is referred to but not defined.")


def _refuse_in_use(call: Call, plan: _Plan) -> None:
    for row in plan.deleted:
        used = call.store.classic_list(call.subscription, "deployment", owner=row.name)
        if used or call.store.classic_get(call.subscription, "gateway", row.name):
            raise changes.bad(f"The virtual network {row.name} is in use and cannot be deleted.")
    for row in plan.touched:
        document = plan.changed.get(row.name.lower())
        if document is None:
            continue
        kept = {xml.text(each, "Name").lower() for each in xml.findall(xml.read(document), "Subnets/Subnet")}
        for subnet in sorted(_used_subnets(call, row) - kept):
            raise changes.bad(f"The subnet {subnet} of virtual network {row.name} is in use and cannot be deleted.")


def _used_subnets(call: Call, row: ClassicRow) -> set[str]:
    used = {
        (each.text or "").lower()
        for deployment in call.store.classic_list(call.subscription, "deployment", owner=row.name)
        for each in xml.read(deployment.document).iter(f"{{{xml.NAMESPACE}}}SubnetName")
    }
    if call.store.classic_get(call.subscription, "gateway", row.name):
        used.add(_GATEWAY_SUBNET)
    return used - {""}


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
            subnet.extend(each for tag in units.BINDINGS.values() for each in xml.findall(before, tag))
    return xml.canonical(wanted)


_NETWORKING = "services/networking"
_GROUPS, _TABLES = f"{_NETWORKING}/networksecuritygroups", f"{_NETWORKING}/routetables"
ROUTES = (
    Route(
        "PUT", f"{_NETWORKING}/media", put_configuration, "recorded", "refusals: assumed", holds=_held_by_configuration
    ),
    Route("POST", _GROUPS, create_security_group, "recorded", holds=locks.nothing),
    Route(
        "DELETE",
        f"{_GROUPS}/{{name}}",
        deletion("networkSecurityGroup", "network security group"),
        "recorded",
        holds=locks.named("networkSecurityGroup"),
    ),
    Route("POST", _TABLES, create_route_table, "recorded", holds=locks.nothing),
    Route(
        "DELETE",
        f"{_TABLES}/{{name}}",
        deletion("routeTable", "route table"),
        "recorded",
        holds=locks.named("routeTable"),
    ),
)
