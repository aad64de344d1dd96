"""Writes of hosted services, their certificates, and affinity groups."""

import base64
import re
from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from lxml.etree import _Element
from starlette.responses import Response

from emulator.asm import changes, locks, shapes, xml
from emulator.asm.call import Call, Held, Route, answer, stored
from emulator.asm.xml import node
from emulator.errors import PlatformError
from emulator.platform import documents
from emulator.seeds import compute
from emulator.store import ClassicRow

_SERVICES = "services/hostedservices"
_DNS_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_RESERVED_PROPERTIES = ("ResourceGroup", "ResourceLocation")


def create(call: Call) -> Response:
    """A hosted service without a deployment; answers 201 at once (recorded)."""
    body = changes.body(call, "CreateHostedService")
    name, label = changes.required(body, "ServiceName", "Label")
    if not _DNS_NAME.fullmatch(name):
        raise changes.bad("The hosted service name is invalid.")
    if call.store.classic_get(call.subscription, "hostedService", name):
        raise changes.taken("The specified DNS name is already taken.")
    location, group = place(call, body)
    service = xml.read(compute.hosted_service(call.subscription, name, location, group))
    properties = xml.find(service, "HostedServiceProperties")
    assert properties is not None  # noqa: S101 -- compute made it
    now = changes.now(call)
    for tag in ("DateCreated", "DateLastModified"):
        shapes.put(properties, tag, now)
    shapes.put(properties, "Label", label)
    _describe(properties, body)
    document = xml.canonical(service)
    return changes.at_once(
        call,
        lambda: documents.put(call.store, call.subscription, document),
        201,
        f"https://management.core.windows.net/subscriptions/{call.subscription}/compute/{name}",
    )


def update(call: Call) -> Response:
    """Label, description and extended properties of a hosted service."""
    body = changes.body(call, "UpdateHostedService")
    service = xml.read(locks.found(call, "hostedService", call.names["service"]).document)
    properties = xml.find(service, "HostedServiceProperties")
    assert properties is not None  # noqa: S101 -- every hosted service has them
    if label := xml.text(body, "Label"):
        shapes.put(properties, "Label", label)
    _describe(properties, body)
    shapes.put(properties, "DateLastModified", changes.now(call))
    document = xml.canonical(service)
    return changes.at_once(call, lambda: documents.put(call.store, call.subscription, document))


def delete(call: Call) -> Response:
    """A service without a deployment goes at once; with `comp=media` all that is in it goes too, accepted."""
    row = locks.found(call, "hostedService", call.names["service"])
    deployments = call.store.classic_list(call.subscription, "deployment", parent=row.name)
    everything = call.query.get("comp", "").lower() == "media"
    if deployments and not everything:
        raise changes.bad(f"The hosted service {row.name} has a deployment and cannot be deleted.")

    def effect() -> None:
        for each in deployments:
            remove_deployment(call, each.name, row.name, media=True)
        for each in call.store.classic_list(call.subscription, "certificate", parent=row.name):
            call.store.classic_delete(call.subscription, each.kind, each.name, row.name)
        call.store.classic_delete(call.subscription, "hostedService", row.name)

    return changes.later(call, effect) if everything else changes.at_once(call, effect)


def is_available(call: Call) -> Response:
    """Whether a service name is free."""
    taken = call.store.classic_get(call.subscription, "hostedService", call.names["name"]) is not None
    reason = node("Reason", "The specified DNS name is already taken.") if taken else node("Reason", "", xml.NIL)
    return answer(node("AvailabilityResponse", [node("Result", not taken), reason]))


def remove_deployment(call: Call, name: str, service: str, *, media: bool) -> None:
    """Take a deployment out of its service; its disks are detached or, with `media`, deleted."""
    store, where = call.store, call.subscription
    row = store.classic_get(where, "deployment", name, service)
    store.classic_delete(where, "deployment", name, service)
    for disk in store.classic_list(where, "disk", owner=service):
        element = xml.read(disk.document)
        if xml.text(element, "AttachedTo/DeploymentName").lower() != name.lower():
            continue
        if media:
            store.classic_delete(where, "disk", disk.name)
        else:
            xml.drop(element, "AttachedTo")
            documents.put(store, where, xml.canonical(element))
    for reserved in store.classic_list(where, "reservedIp", owner=service):
        documents.put(store, where, released(xml.read(reserved.document)))
    if row and row.owner:
        mark_network(call, row.owner)


def released(reserved: _Element) -> bytes:
    """A reserved address that nothing uses any more."""
    for tag in ("InUse", "ServiceName", "DeploymentName", "VirtualIPName"):
        xml.drop(reserved, tag)
    return xml.canonical(reserved)


def mark_network(call: Call, name: str) -> None:
    """A network says whether it is in use."""
    site = documents.load(call.store, call.subscription, "virtualNetwork", name)
    if site is not None:
        used = call.store.classic_list(call.subscription, "deployment", owner=name)
        shapes.put(site, "InUse", "true" if used else None)
        documents.put(call.store, call.subscription, xml.canonical(site))


def place(call: Call, body: _Element) -> tuple[str, str | None]:
    """(location, affinity group): a request names one of the two.

    Raises:
        PlatformError: 400 when it names both or none, or a group that is not there.
    """
    location, group = xml.text(body, "Location"), xml.text(body, "AffinityGroup")
    if bool(location) == bool(group):
        raise changes.bad("The request must name a Location or an AffinityGroup, and not both.")
    if not group:
        return location, None
    element = documents.load(call.store, call.subscription, "affinityGroup", group)
    if element is None:
        raise changes.bad("The affinity group does not exist.")
    return xml.text(element, "Location"), xml.text(element, "Name")


def add_certificate(call: Call) -> Response:
    """A certificate for the VMs of a service, as a PFX with its password or as a DER certificate."""
    body = changes.body(call, "CertificateFile")
    service = locks.found(call, "hostedService", call.names["service"]).name
    certificate = _certificate(body)
    thumbprint = certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 -- a name, not a proof
    url = (
        f"https://management.core.windows.net/{call.subscription}/{_SERVICES}/{service}/certificates/sha1-{thumbprint}"
    )
    document = xml.document(
        node(
            "Certificate",
            [
                node("CertificateUrl", url),
                node("Thumbprint", thumbprint),
                node("ThumbprintAlgorithm", "sha1"),
                node("Data", base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()),
            ],
        )
    )
    return changes.later(
        call,
        lambda: documents.put(call.store, call.subscription, document, parent=service),
        f"hostedService/{service}",
    )


def certificate_data(call: Call) -> Response:
    """A single certificate is answered without its names (recorded)."""
    element = xml.read(_certificate_row(call).document)
    return stored(xml.document(node("Certificate", [node("Data", xml.text(element, "Data"))])))


def delete_certificate(call: Call) -> Response:
    """Take a certificate out of its service."""
    row = _certificate_row(call)
    return changes.later(
        call,
        lambda: call.store.classic_delete(call.subscription, "certificate", row.name, row.parent),
        f"hostedService/{row.parent}",
    )


def create_affinity_group(call: Call) -> Response:
    """A new affinity group; answers 201 at once (recorded)."""
    body = changes.body(call, "CreateAffinityGroup")
    name, label, location = changes.required(body, "Name", "Label", "Location")
    if call.store.classic_get(call.subscription, "affinityGroup", changes.name(name)):
        raise changes.taken("An affinity group with this name already exists.")
    element = xml.read(compute.affinity_group(name, location))
    shapes.put(element, "Label", label)
    shapes.put(element, "CreatedTime", changes.now(call))
    _describe(element, body)
    return changes.at_once(
        call,
        lambda: documents.put(call.store, call.subscription, xml.canonical(element)),
        201,
        f"https://management.core.windows.net/subscriptions/{call.subscription}/affinitygroup/{name}",
    )


def update_affinity_group(call: Call) -> Response:
    """Label and description."""
    body = changes.body(call, "UpdateAffinityGroup")
    element = xml.read(locks.found(call, "affinityGroup", call.names["name"]).document)
    if label := xml.text(body, "Label"):
        shapes.put(element, "Label", label)
    _describe(element, body)
    return changes.at_once(call, lambda: documents.put(call.store, call.subscription, xml.canonical(element)))


def delete_affinity_group(call: Call) -> Response:
    """Only a group without members goes."""
    row = call.store.classic_get(call.subscription, "affinityGroup", call.names["name"])
    if row is None:
        raise changes.bad("The affinity group name is invalid.")
    if _members(call, row.name):
        raise changes.bad(f"The affinity group {row.name} is not empty and cannot be deleted.")
    return changes.at_once(call, lambda: call.store.classic_delete(call.subscription, row.kind, row.name))


def _members(call: Call, group: str) -> bool:
    mark = f"<AffinityGroup>{group}</AffinityGroup>".lower().encode()
    kinds = ("hostedService", "storageAccount", "disk", "virtualNetwork")
    return any(
        mark in row.document.lower() for kind in kinds for row in call.store.classic_list(call.subscription, kind)
    )


def _describe(element: _Element, body: _Element) -> None:
    if xml.find(body, "Description") is not None:
        shapes.put(element, "Description", xml.text(body, "Description"))
    given = xml.find(body, "ExtendedProperties")
    kept = xml.find(element, "ExtendedProperties")
    if given is None or kept is None:
        return
    for each in xml.findall(kept, "ExtendedProperty"):
        if xml.text(each, "Name") not in _RESERVED_PROPERTIES:
            kept.remove(each)
    for each in xml.findall(given, "ExtendedProperty"):
        kept.append(xml.read(xml.document(compute.extended(xml.text(each, "Name"), xml.text(each, "Value")))))


def _certificate(body: _Element) -> x509.Certificate:
    refusal = changes.bad("The certificate data is not valid or the password does not fit it.")
    try:
        data = base64.b64decode("".join(xml.text(body, "Data").split()), validate=True)
        if xml.text(body, "CertificateFormat").lower() == "cer":
            return x509.load_der_x509_certificate(data)
        found = pkcs12.load_pkcs12(data, xml.text(body, "Password").encode() or None).cert
    except ValueError:
        raise refusal from None
    if found is None:
        raise refusal
    return found.certificate


def _certificate_row(call: Call) -> ClassicRow:
    service = locks.found(call, "hostedService", call.names["service"]).name
    algorithm, _, thumbprint = call.names["certificate"].partition("-")
    row = call.store.classic_get(call.subscription, "certificate", thumbprint, service)
    if row is None or algorithm.lower() != "sha1":
        raise PlatformError(404, "ResourceNotFound", "The certificate does not exist.")
    return row


def _held_certificate(call: Call) -> Iterable[Held]:
    return [Held(_certificate_row(call))]


_CERTIFICATES = f"{_SERVICES}/{{service}}/certificates"
ROUTES = (
    Route("POST", _SERVICES, create, "recorded", "the name is taken only in this subscription", holds=locks.nothing),
    Route("PUT", f"{_SERVICES}/{{service}}", update, "documented", holds=locks.service),
    Route(
        "DELETE",
        f"{_SERVICES}/{{service}}",
        delete,
        "recorded",
        "the refusal of one in use is assumed",
        holds=locks.service,
    ),
    Route("GET", f"{_SERVICES}/operations/isavailable/{{name}}", is_available, "documented"),
    Route("POST", _CERTIFICATES, add_certificate, "recorded", holds=locks.service),
    Route("GET", f"{_CERTIFICATES}/{{certificate}}", certificate_data, "recorded"),
    Route("DELETE", f"{_CERTIFICATES}/{{certificate}}", delete_certificate, "documented", holds=_held_certificate),
    Route("POST", "affinitygroups", create_affinity_group, "recorded", holds=locks.nothing),
    Route("PUT", "affinitygroups/{name}", update_affinity_group, "documented", holds=locks.nothing),
    Route(
        "DELETE",
        "affinitygroups/{name}",
        delete_affinity_group,
        "recorded",
        "a group in use: assumed",
        holds=locks.nothing,
    ),
)
