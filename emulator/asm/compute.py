"""Reads of Microsoft's classic compute: hosted services, deployments, roles, disks, images."""

from collections.abc import Callable

from starlette.responses import Response

from emulator.asm import xml
from emulator.asm.account import COMPUTE_CAPABILITIES
from emulator.asm.call import Call, Route, answer, stored
from emulator.errors import PlatformError
from emulator.platform.downtime import as_it_is_now
from emulator.store import ClassicRow

_SERVICE = "services/hostedservices/{service}"


def hosted_services(call: Call) -> Response:
    """Every hosted service; only the list has ComputeCapabilities (recorded)."""
    rows = call.store.classic_list(call.subscription, "hostedService")
    return answer(xml.node("HostedServices", [_listed(row) for row in rows]))


def hosted_service(call: Call) -> Response:
    """One hosted service, with `embed-detail=true` its deployments (`<Deployments/>` when there is none)."""
    row = _service(call)
    if call.query.get("embed-detail", "").lower() != "true":
        return stored(_single(row))
    deployments = call.store.classic_list(call.subscription, "deployment", parent=row.name)
    inner = xml.node("Deployments", [xml.embed(render(call, each)) for each in deployments])
    return stored(xml.add_last(_single(row), "HostedService", inner))


def deployment_in_slot(call: Call) -> Response:
    """The deployment of a slot; none is a normal 404 (recorded 292 times)."""
    for row in call.store.classic_list(call.subscription, "deployment", parent=call.names["service"]):
        if xml.text(xml.read(row.document), "DeploymentSlot").lower() == call.names["slot"].lower():
            return stored(render(call, row))
    raise PlatformError(404, "ResourceNotFound", "No deployments were found.")


def deployment(call: Call) -> Response:
    """A deployment by its name."""
    return stored(render(call, _deployment(call)))


def role(call: Call) -> Response:
    """A role as a document of its own: without VIPs, extensions and empty subnets (recorded)."""
    row = _deployment(call)
    document = as_it_is_now(call.store, call.subscription, row)
    for each in xml.findall(xml.read(document), "RoleList/Role"):
        if xml.text(each, "RoleName").lower() == call.names["role"].lower():
            for configuration in xml.findall(each, "ConfigurationSets/ConfigurationSet"):
                for endpoint in xml.findall(configuration, "InputEndpoints/InputEndpoint"):
                    xml.drop(endpoint, "Vip")
                subnets = xml.find(configuration, "SubnetNames")
                if subnets is not None and not len(subnets):
                    xml.drop(configuration, "SubnetNames")
            xml.drop(each, "ResourceExtensionReferences")
            role_document = xml.canonical(each, tag="PersistentVMRole")
            return stored(_with_state(role_document, "PersistentVMRole", row.migration_state))
    raise PlatformError(404, "ResourceNotFound", f"The role name '{call.names['role']}' does not exist.")


def certificates(call: Call) -> Response:
    """The service certificates of a hosted service."""
    row = _service(call)
    rows = call.store.classic_list(call.subscription, "certificate", parent=row.name)
    return answer(xml.node("Certificates", [xml.embed(each.document) for each in rows]))


def render(call: Call, row: ClassicRow) -> bytes:
    """A deployment as it is answered: with the migration state in every role."""
    return _with_state(as_it_is_now(call.store, call.subscription, row), "Role", row.migration_state)


def _list(root: str, kind: str) -> Callable[[Call], Response]:
    def handler(call: Call) -> Response:
        rows = call.store.classic_list(call.subscription, kind)
        return answer(xml.node(root, [xml.embed(row.document) for row in rows]))

    return handler


def _one(kind: str, missing: str) -> Callable[[Call], Response]:
    def handler(call: Call) -> Response:
        row = call.store.classic_get(call.subscription, kind, call.names["name"])
        if row is None:
            raise PlatformError(404, "ResourceNotFound", missing.format(name=call.names["name"]))
        return stored(row.document)

    return handler


def _service(call: Call) -> ClassicRow:
    row = call.store.classic_get(call.subscription, "hostedService", call.names["service"])
    if row is None:
        raise PlatformError(404, "ResourceNotFound", "The hosted service does not exist.")
    return row


def _deployment(call: Call) -> ClassicRow:
    row = call.store.classic_get(call.subscription, "deployment", call.names["deployment"], call.names["service"])
    if row is None:
        missing = f"The deployment name '{call.names['deployment']}' does not exist."
        raise PlatformError(404, "ResourceNotFound", missing)
    return row


def _single(row: ClassicRow) -> bytes:
    element = xml.read(row.document)
    for tag in ("DefaultWinRmCertificateThumbprint", "ComputeCapabilities", "Deployments"):
        xml.drop(element, tag)
    return xml.canonical(element)


def _listed(row: ClassicRow) -> bytes:
    if b"<ComputeCapabilities" in row.document:
        return xml.embed(row.document)
    return xml.embed(xml.add_last(row.document, "HostedService", COMPUTE_CAPABILITIES))


def _with_state(document: bytes, tag: str, state: str | None) -> bytes:
    return xml.add_last(document, tag, xml.node("MigrationState", state))


ROUTES = (
    Route("GET", "services/hostedservices", hosted_services, "recorded"),
    Route("GET", _SERVICE, hosted_service, "recorded"),
    Route("GET", f"{_SERVICE}/deploymentslots/{{slot}}", deployment_in_slot, "recorded"),
    Route("GET", f"{_SERVICE}/deployments/{{deployment}}", deployment, "documented", "same document as by slot"),
    Route(
        "GET",
        f"{_SERVICE}/deployments/{{deployment}}/roles/{{role}}",
        role,
        "recorded",
        "a missing role: assumed",
    ),
    Route("GET", f"{_SERVICE}/certificates", certificates, "recorded"),
    Route("GET", "services/disks", _list("Disks", "disk"), "recorded"),
    Route(
        "GET",
        "services/disks/{name}",
        _one("disk", "The disk with the specified name does not exist."),
        "recorded",
        "the answer for a missing one is assumed",
    ),
    Route("GET", "services/images", _list("Images", "osImage"), "recorded"),
    Route(
        "GET",
        "services/images/{name}",
        _one("osImage", "The image with the specified name does not exist."),
        "recorded",
    ),
    Route("GET", "services/vmimages", _list("VMImages", "vmImage"), "recorded"),
)
