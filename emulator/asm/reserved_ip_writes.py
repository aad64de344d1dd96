"""Writes of reserved addresses, and their way to a service and back.

All are accepted and polled. Association while the service runs changes its public address at once (documented).
"""

from collections.abc import Iterable

from lxml.etree import _Element
from starlette.responses import Response

from emulator.asm import changes, locks, shapes, xml
from emulator.asm.call import Call, Held, Route
from emulator.asm.deployed import Deployed
from emulator.asm.network_writes import deletion
from emulator.asm.role_writes import occupy
from emulator.asm.service_writes import released
from emulator.platform import documents
from emulator.seeds import network
from emulator.store import ClassicRow

_RESERVED = "services/networking/reservedips"
_NAMED = f"{_RESERVED}/{{name}}"


def create(call: Call) -> Response:
    """A new address, or the one that a deployment has now, which then stays with it."""
    body = changes.body(call, "ReservedIP")
    name, location = changes.required(body, "Name", "Location")
    if call.store.classic_get(call.subscription, "reservedIp", changes.name(name)):
        raise changes.taken(f"The name {name} is already in use.")
    label = xml.text(body, "Label") or None
    if not xml.text(body, "ServiceName"):
        document = _labelled(network.reserved_ip(name, _free(call), None, location), label)
        return changes.later(call, lambda: documents.put(call.store, call.subscription, document))
    deployed = _deployment(call, body)
    addresses = xml.findall(deployed.element, "VirtualIPs/VirtualIP")
    if not addresses or xml.text(deployed.element, "ReservedIPName"):
        raise changes.bad(f"The deployment of {deployed.service} has no address that can be reserved.")
    address = xml.text(addresses[0], "Address")
    document = _labelled(network.reserved_ip(name, address, deployed.service, location), label)
    _reserve(deployed.element, name, keep=address)
    deployment = xml.text(deployed.element, "Name")

    def effect() -> None:
        documents.put(call.store, call.subscription, document)
        occupy(call, name, deployed.service, deployment)

    return deployed.keep(call, more=effect)


def associate(call: Call) -> Response:
    """A service gets the reserved address instead of its own."""
    row = locks.found(call, "reservedIp", call.names["name"])
    deployed = _deployment(call, changes.body(call, "ReservedIPAssociation"))
    if row.owner:
        raise changes.bad(f"The reserved IP {row.name} is in use.")
    if xml.text(deployed.element, "ReservedIPName"):
        raise changes.bad(f"The deployment of {deployed.service} has a reserved IP already.")
    _reserve(deployed.element, row.name)
    name = xml.text(deployed.element, "Name")
    return deployed.keep(call, more=lambda: occupy(call, row.name, deployed.service, name))


def disassociate(call: Call) -> Response:
    """A service gets another address; the reserved one is free."""
    row = locks.found(call, "reservedIp", call.names["name"])
    deployed = _deployment(call, changes.body(call, "ReservedIPAssociation"))
    if xml.text(deployed.element, "ReservedIPName").lower() != row.name.lower():
        raise changes.bad(f"The reserved IP {row.name} is not in use by the deployment of {deployed.service}.")
    xml.drop(deployed.element, "ReservedIPName")
    for each in xml.findall(deployed.element, "VirtualIPs"):
        xml.drop(each, "VirtualIP")
    free = released(xml.read(row.document))
    return deployed.keep(call, more=lambda: documents.put(call.store, call.subscription, free))


def _reserve(deployment: _Element, name: str, keep: str = "") -> None:
    """The deployment is to have this reserved address; one that it has already stays."""
    shapes.put(deployment, "ReservedIPName", name)
    for container in xml.findall(deployment, "VirtualIPs"):
        if not keep:
            xml.drop(container, "VirtualIP")
        for each in xml.findall(container, "VirtualIP"):
            for tag, value in (("Name", name), ("IsReserved", "true"), ("ReservedIPName", name)):
                shapes.put(each, tag, value)


def _labelled(document: bytes, label: str | None) -> bytes:
    element = xml.read(document)
    shapes.put(element, "Label", label)
    return xml.canonical(element)


def _free(call: Call) -> str:
    taken = b"".join(row.document for row in call.store.classic_list(call.subscription, "reservedIp"))
    addresses = (f"40.65.{index // 256}.{index % 256}" for index in range(65536))
    return next(each for each in addresses if f">{each}<".encode() not in taken)


def _deployment(call: Call, body: _Element) -> Deployed:
    row = _row(call, body)
    if row is None:
        raise changes.bad(f"The deployment name '{xml.text(body, 'DeploymentName')}' does not exist.")
    return Deployed(row.parent, xml.read(row.document))


def _row(call: Call, body: _Element) -> ClassicRow | None:
    service, name = xml.text(body, "ServiceName"), xml.text(body, "DeploymentName")
    return call.store.classic_get(call.subscription, "deployment", name, service)


def _held_by_new(call: Call) -> Iterable[Held]:
    row = _row(call, changes.body(call, "ReservedIP"))
    return [Held(row)] if row else []


def _held_by_association(call: Call) -> Iterable[Held]:
    row = _row(call, changes.body(call, "ReservedIPAssociation"))
    return [*locks.named("reservedIp")(call), *([Held(row)] if row else [])]


ROUTES = (
    Route("POST", _RESERVED, create, "recorded", "of an address in use: documented", holds=_held_by_new),
    Route("DELETE", _NAMED, deletion("reservedIp", "reserved IP"), "recorded", holds=locks.named("reservedIp")),
    Route("POST", f"{_NAMED}/operations/associate", associate, "documented", holds=_held_by_association),
    Route("POST", f"{_NAMED}/operations/disassociate", disassociate, "documented", holds=_held_by_association),
)
