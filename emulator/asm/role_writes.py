"""Writes of deployments and the VMs in them.

Each is accepted and polled; the platform then brings the deployment to what the roles say (see `platform.fabric`).
"""

import base64
from collections.abc import Iterable

from lxml.etree import _Element
from starlette.responses import Response

from emulator.asm import changes, locks, requests, shapes, xml
from emulator.asm.call import Call, Held, Route, stored
from emulator.asm.deployed import Deployed
from emulator.asm.service_writes import remove_deployment
from emulator.asm.xml import node
from emulator.errors import PlatformError
from emulator.platform import documents, fabric
from emulator.seeds import compute
from emulator.store import ClassicRow

_SERVICE = "services/hostedservices/{service}"
_DEPLOYMENT = f"{_SERVICE}/deployments/{{deployment}}"
_ROLE = f"{_DEPLOYMENT}/roles/{{role}}"


def create_deployment(call: Call) -> Response:
    """VMs in a service that has no deployment in the slot."""
    body = changes.body(call, "Deployment")
    service = locks.found(call, "hostedService", call.names["service"]).name
    name, slot = changes.required(body, "Name", "DeploymentSlot")
    for row in call.store.classic_list(call.subscription, "deployment", parent=service):
        if slot.lower() == xml.text(xml.read(row.document), "DeploymentSlot").lower():
            raise changes.taken("The specified deployment slot is occupied.")
    deployment = _empty_deployment(call, body, service, changes.name(name), slot)
    made = [requests.role(call, each, deployment, service) for each in xml.findall(body, "RoleList/Role")]
    if not made:
        raise changes.bad("The deployment needs a role.")
    Deployed(service, deployment).roles.extend(role for role, _ in made)
    _distinct([xml.text(role, "RoleName") for role, _ in made])
    reserved = xml.text(deployment, "ReservedIPName")
    return Deployed(service, deployment).keep(
        call,
        disks=[disk for _, disks in made for disk in disks],
        more=(lambda: occupy(call, reserved, service, name)) if reserved else None,
    )


def delete_deployment(call: Call) -> Response:
    """A deployment with its VMs; the disks stay unless `comp=media` deletes them too (documented)."""
    row = locks.deployment_row(call)
    media = call.query.get("comp", "").lower() == "media"
    return changes.later(
        call, lambda: remove_deployment(call, row.name, row.parent, media=media), f"hostedService/{row.parent}"
    )


def add_role(call: Call) -> Response:
    """Another VM in a deployment."""
    deployed = Deployed.named(call)
    body = changes.body(call, "PersistentVMRole")
    made, disks = requests.role(call, body, deployed.element, deployed.service)
    container = deployed.roles
    _distinct([*(xml.text(each, "RoleName") for each in container), xml.text(made, "RoleName")])
    container.append(made)
    return deployed.keep(call, disks=disks)


def update_role(call: Call) -> Response:
    """Endpoints, extensions, availability set, size and addresses of a VM."""
    deployed = Deployed.named(call)
    role = deployed.role(call.names["role"])
    before = fabric.handlers(role)
    requests.changed_role(changes.body(call, "PersistentVMRole"), role)
    return deployed.keep(call, installed=fabric.handlers(role) - before)


def delete_role(call: Call) -> Response:
    """A VM; the last one of a deployment does not go alone (recorded)."""
    deployed = Deployed.named(call)
    role = deployed.role(call.names["role"])
    name, container = xml.text(role, "RoleName"), deployed.roles
    if len(container) == 1:
        raise changes.bad(
            f"Role {name} is the only role present in the deployment and so cannot be removed. Please delete the"
            " deployment or add another role before removing this role."
        )
    container.remove(role)
    disks = list(requests.attached_disks(call, deployed.service, name))
    media = call.query.get("comp", "").lower() == "media"

    def detach() -> None:
        for disk, element in disks:
            if media:
                call.store.classic_delete(call.subscription, "disk", disk)
            else:
                xml.drop(element, "AttachedTo")
                documents.put(call.store, call.subscription, xml.canonical(element))

    return deployed.keep(call, more=detach)


def add_data_disk(call: Call) -> Response:
    """A data disk at a LUN that is free."""
    deployed = Deployed.named(call)
    role = deployed.role(call.names["role"])
    wanted = xml.read(xml.canonical(changes.body(call, "DataVirtualHardDisk")))
    disk = requests.data_disk(call, wanted, role, deployed.element, deployed.service)
    container = deployed.disks(role)
    lun = xml.text(wanted, "Lun") or "0"
    if lun in [xml.text(each, "Lun") or "0" for each in container]:
        raise changes.bad(f"LUN {lun} of role {xml.text(role, 'RoleName')} is already in use.")
    container.append(wanted)
    return deployed.keep(call, disks=[disk])


def data_disk(call: Call) -> Response:
    """One data disk of a VM."""
    return stored(xml.canonical(_data_disk(call, Deployed.named(call))))


def update_data_disk(call: Call) -> Response:
    """Caching, label and LUN of a data disk."""
    deployed = Deployed.named(call)
    disk = _data_disk(call, deployed)
    body = changes.body(call, "DataVirtualHardDisk")
    changes.integer(body, "Lun", 0, 63)
    for tag in ("HostCaching", "DiskLabel", "Lun"):
        if given := xml.text(body, tag):
            shapes.put(disk, tag, None if (tag, given) == ("Lun", "0") else given)
    return deployed.keep(call)


def delete_data_disk(call: Call) -> Response:
    """Detach a data disk; `comp=media` deletes the disk object and the blob too."""
    deployed = Deployed.named(call)
    disk = _data_disk(call, deployed)
    name = xml.text(disk, "DiskName")
    deployed.disks(deployed.role(call.names["role"])).remove(disk)
    element = documents.load(call.store, call.subscription, "disk", name)
    media = call.query.get("comp", "").lower() == "media"

    def detach() -> None:
        if media or element is None:
            call.store.classic_delete(call.subscription, "disk", name)
        else:
            xml.drop(element, "AttachedTo")
            documents.put(call.store, call.subscription, xml.canonical(element))

    return deployed.keep(call, more=detach)


def occupy(call: Call, reserved: str, service: str, deployment: str) -> None:
    """A reserved address is in use by a service."""
    element = documents.load(call.store, call.subscription, "reservedIp", reserved)
    if element is not None:
        values = {"InUse": "true", "ServiceName": service, "DeploymentName": deployment, "VirtualIPName": reserved}
        for tag, value in values.items():
            shapes.put(element, tag, value)
        documents.put(call.store, call.subscription, xml.canonical(element))


def _empty_deployment(call: Call, body: _Element, service: str, name: str, slot: str) -> _Element:
    network, reserved = _named(call, body, "VirtualNetworkName"), _named(call, body, "ReservedIPName")
    if reserved is not None and reserved.owner:
        raise changes.bad(f"The reserved IP {reserved.name} is in use.")
    now = changes.now(call)
    content = [
        node("Name", name),
        node("DeploymentSlot", slot.capitalize()),
        node("PrivateID", call.request_id),
        node("Status", "Running"),
        node("Label", _label(xml.text(body, "Label") or name)),
        node("Url", f"http://{service.lower()}.cloudapp.net/"),
        node("RoleInstanceList", []),
        node("UpgradeDomainCount", 1),
        node("RoleList", []),
        node("SdkVersion", ""),
        node("Locked", False),
        node("RollbackAllowed", False),
        node("VirtualNetworkName", network.name if network else None),
        node("CreatedTime", now),
        node("LastModifiedTime", now),
        node("ExtendedProperties", []),
        node("VirtualIPs", []),
        *(xml.embed(xml.canonical(each)) for each in xml.findall(body, "Dns")),
        node("ReservedIPName", reserved.name if reserved else None),
        node("InternalDnsSuffix", f"{service}.d1.internal.cloudapp.net"),
        *(xml.embed(xml.canonical(each)) for each in xml.findall(body, "LoadBalancers")),
        node("VirtualNetworkId", xml.text(xml.read(network.document), "Id") if network else None),
    ]
    made = xml.read(xml.document(node("Deployment", content)))
    if xml.find(made, "LoadBalancers") is None:
        shapes.insert(made, "LoadBalancers")
    return made


def _label(text: str) -> str:
    """Labels are answered in Base64; one that does not come so is taken for plain text (assumed)."""
    try:
        base64.b64decode(text, validate=True).decode()
    except ValueError:
        return compute.encoded(text)
    return text


def _named(call: Call, body: _Element, tag: str) -> ClassicRow | None:
    """The network or the reserved IP that a new deployment wants."""
    kind, words = {
        "VirtualNetworkName": ("virtualNetwork", "virtual network"),
        "ReservedIPName": ("reservedIp", "reserved IP"),
    }[tag]
    name = xml.text(body, tag)
    if not name:
        return None
    row = call.store.classic_get(call.subscription, kind, name)
    if row is None:
        raise changes.bad(f"The {words} {name} does not exist.")
    return row


def _distinct(names: list[str]) -> None:
    if len({each.lower() for each in names}) < len(names):
        raise changes.taken("The role name is already in use in the deployment.")


def _data_disk(call: Call, deployed: Deployed) -> _Element:
    role = deployed.role(call.names["role"])
    for each in deployed.disks(role):
        if (xml.text(each, "Lun") or "0") == call.names["lun"]:
            return each
    raise PlatformError(
        404, "ResourceNotFound", f"The role {xml.text(role, 'RoleName')} has no data disk at LUN {call.names['lun']}."
    )


def _held_by_new(call: Call) -> Iterable[Held]:
    """A new deployment joins its service, its network and its reserved address."""
    body = changes.body(call, "Deployment")
    rows = (_named(call, body, tag) for tag in ("VirtualNetworkName", "ReservedIPName"))
    return [*locks.service(call), *(Held(row) for row in rows if row)]


_DELETED = "what deleted disks leave in storage is not emulated"
_IMAGES = "an image that is not listed is taken for one of the gallery"
ROUTES = (
    Route("POST", f"{_SERVICE}/deployments", create_deployment, "recorded", _IMAGES, holds=_held_by_new),
    Route("DELETE", _DEPLOYMENT, delete_deployment, "recorded", _DELETED, holds=locks.deployment),
    Route(
        "DELETE",
        f"{_SERVICE}/deploymentslots/{{slot}}",
        delete_deployment,
        "documented",
        _DELETED,
        holds=locks.deployment,
    ),
    Route("POST", f"{_DEPLOYMENT}/roles", add_role, "recorded", _IMAGES, holds=locks.machine),
    Route("PUT", _ROLE, update_role, "recorded", "what is left out stays: assumed", holds=locks.machine),
    Route("DELETE", _ROLE, delete_role, "recorded", _DELETED, holds=locks.machine),
    Route("POST", f"{_ROLE}/datadisks", add_data_disk, "recorded", holds=locks.machine),
    Route("GET", f"{_ROLE}/datadisks/{{lun}}", data_disk, "documented"),
    Route("PUT", f"{_ROLE}/datadisks/{{lun}}", update_data_disk, "documented", holds=locks.machine),
    Route("DELETE", f"{_ROLE}/datadisks/{{lun}}", delete_data_disk, "recorded", _DELETED, holds=locks.machine),
)
