"""An estate from real documents, in any mix, as the classic plane answered them once."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from lxml.etree import QName, _Element

from emulator.asm import xml
from emulator.errors import PlatformError
from emulator.seeds.collection import Collection, Found
from emulator.seeds.configuration import from_configuration
from emulator.seeds.filling import fill
from emulator.seeds.model import Estate
from emulator.seeds.roles import deployment_of_role

SUBSCRIPTION = "22222222-3333-4444-8555-666666666666"

_LISTS = {
    "HostedServices": "HostedService",
    "VirtualNetworkSites": "VirtualNetworkSite",
    "NetworkSecurityGroups": "NetworkSecurityGroup",
    "RouteTables": "RouteTable",
    "ReservedIPs": "ReservedIP",
    "StorageServices": "StorageService",
    "Disks": "Disk",
    "Images": "OSImage",
    "VMImages": "VMImage",
    "AffinityGroups": "AffinityGroup",
}
_NAMED = {
    "VirtualNetworkSite": "virtualNetwork",
    "NetworkSecurityGroup": "networkSecurityGroup",
    "RouteTable": "routeTable",
    "ReservedIP": "reservedIp",
    "Disk": "disk",
    "OSImage": "osImage",
    "VMImage": "vmImage",
}


def folder(files: Mapping[str, bytes], subscription: str | None = None) -> Estate:
    """Every document of the files and, with a note, what they leave out but need.

    Raises:
        PlatformError: 400 naming the file that is not XML.
    """
    collection = Collection()
    for name in sorted(files):
        _read(collection, name, _parsed(name, files[name]))
    where = subscription or SUBSCRIPTION
    fill(collection, where)
    return Estate(where, "folder", tuple(found.document() for found in collection), tuple(collection.notes))


def service_name(deployment: _Element) -> str:
    """The hosted service of a deployment: the host of its URL, spelled as the deployment when that is the same."""
    name = xml.text(deployment, "Name")
    host = (urlsplit(xml.text(deployment, "Url")).hostname or "").partition(".")[0]
    return name if not host or host == name.lower() else host


def _parsed(name: str, content: bytes) -> _Element:
    try:
        return xml.parse(xml.without_illegal_references(content.removeprefix(b"\xef\xbb\xbf").lstrip()))
    except PlatformError as error:
        raise PlatformError(error.status, error.code, f"{name}: {error.message}") from None


def _read(collection: Collection, source: str, root: _Element) -> None:
    tag = QName(root).localname
    if tag in _LISTS:
        for element in xml.findall(root, _LISTS[tag]):
            _read(collection, source, element)
    elif tag in _NAMED:
        _add(collection, source, _NAMED[tag], xml.text(root, "Name"), root)
    elif tag in _SPECIAL:
        _SPECIAL[tag](collection, source, root)
    else:
        collection.notes.append(f"{source}: a {tag} says nothing about an estate and is ignored")


def _add(collection: Collection, source: str, kind: str, name: str, element: _Element, parent: str = "") -> None:
    if not name:
        raise PlatformError(400, "BadRequest", f"{source}: a {QName(element).localname} without a name")
    collection.add(Found(kind, name, parent, element, source))


def _deployment(collection: Collection, source: str, root: _Element) -> None:
    _add(collection, source, "deployment", xml.text(root, "Name"), root, service_name(root))


def _hosted_service(collection: Collection, source: str, root: _Element) -> None:
    name = xml.text(root, "ServiceName")
    for element in xml.findall(root, "Deployments/Deployment"):
        _add(collection, source, "deployment", xml.text(element, "Name"), element, name)
    xml.drop(root, "Deployments")
    _add(collection, source, "hostedService", name, root)


def _storage_service(collection: Collection, source: str, root: _Element) -> None:
    keys = xml.find(root, "StorageServiceKeys")
    if keys is None:
        _add(collection, source, "storageAccount", xml.text(root, "ServiceName"), root)
    else:
        _add(collection, source, "storageKeys", xml.text(root, "Url").rpartition("/")[2], keys)


def _affinity_group(collection: Collection, source: str, root: _Element) -> None:
    """The members it lists are services of their own; of its accounts it says too little to be one."""
    for element in xml.findall(root, "HostedServices/HostedService"):
        _hosted_service(collection, source, element)
    _add(collection, source, "affinityGroup", xml.text(root, "Name"), root)


def _association(collection: Collection, source: str, root: _Element) -> None:
    name = xml.text(root, "RouteTableName")
    collection.notes.append(f"{source}: routeTable/{name} is associated with a subnet that the document does not name")


def _role(collection: Collection, source: str, root: _Element) -> None:
    """A role does not say where it is deployed; one that no deployment has gets a deployment of its own."""
    name = xml.text(root, "RoleName")
    for found in collection.all("deployment"):
        if any(xml.text(role, "RoleName") == name for role in xml.findall(found.element, "RoleList/Role")):
            collection.notes.append(f"{source}: role {name} is in deployment {found.name} of {found.source}")
            return
    collection.notes.append(f"{source}: role {name} is in no deployment of the folder and gets one of its own")
    collection.add(Found("deployment", name, name, xml.read(deployment_of_role(root)), source))


def _configuration(collection: Collection, source: str, root: _Element) -> None:
    for kind, document in from_configuration(root):
        element = xml.read(document)
        _add(collection, source, kind, xml.text(element, "Name"), element)


_SPECIAL: dict[str, Callable[[Collection, str, _Element], None]] = {
    "Deployment": _deployment,
    "HostedService": _hosted_service,
    "StorageService": _storage_service,
    "AffinityGroup": _affinity_group,
    "RouteTableAssociation": _association,
    "PersistentVMRole": _role,
    "NetworkConfiguration": _configuration,
}
