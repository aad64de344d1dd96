"""Any archived ASM document by its root element."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from lxml import etree

from asmosis.classic import compute, instance, network, role, storage, subscription
from asmosis.classic.blocks import Parts, apart, root_of
from asmosis.classic.plan import plan_of
from asmosis.classic.reader import NO_RUNS, Run, name_of, read
from asmosis.classic.xml import ClassicModel, local_name, parse
from asmosis.collect import collect
from asmosis.errors import UnreadableDocument

_MODELS = collect(type, lambda model: model.__name__, compute, network, role, storage, subscription)
READABLE: dict[str, type[ClassicModel]] = {
    model.root: model for model in _MODELS.values() if issubclass(model, ClassicModel) and model.root
}
"""Root element → model."""

LISTS: dict[str, str] = {
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
    "Locations": "Location",
    "Certificates": "Certificate",
    "Connections": "Connection",
    "ValidationMessages": "ValidationMessage",
}
"""Root element of a list → root element of its items."""

# What most of a cloud service consists of; other lists consist of their items.
_OF_SERVICES: dict[str, type[ClassicModel]] = {"RoleInstance": instance.RoleInstance, "Role": role.Role}
_WITH_SERVICES = frozenset(("HostedServices", "HostedService", "Deployment"))


@dataclass(frozen=True)
class Document:
    """A document as models, and the paths in it that no model claims."""

    place: str
    root: str
    models: tuple[ClassicModel, ...]
    unread: tuple[str, ...]


def read_document(content: bytes, place: str) -> Document:
    """Read one ASM document of any known root; a list becomes its items.

    Raises:
        UnreadableDocument: malformed, unsafe, of an unknown root, or with a value that its model refuses.
    """
    parts = _parts(content)
    if parts:
        # What is wrong with it, and where, is told of the whole document.
        with suppress(UnreadableDocument):
            return _document(parse(parts.rest.encode(), place), place, parts.runs)
    return _document(parse(content, place), place, NO_RUNS)


def _parts(content: bytes) -> Parts | None:
    """A document without what it is full of."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    root = root_of(text)
    if root in _WITH_SERVICES:
        return apart(text, _OF_SERVICES)
    return apart(text, {LISTS[root]: READABLE[LISTS[root]]}) if root in LISTS else None


def _document(root: etree._Element, place: str, runs: Mapping[str, Run]) -> Document:
    name = local_name(root)
    if name in READABLE:
        models, unread = read(plan_of(READABLE[name]), [root], name, place, runs=runs)
        return Document(place, name, models, unread)
    if name not in LISTS:
        known = ", ".join(sorted([*READABLE, *LISTS]))
        raise UnreadableDocument(place, f"no ASM document has the root element {name!r}; known are {known}")
    item = LISTS[name]
    items = [child for child in root if name_of(child, runs) == item]
    strangers = tuple(f"{name}/{local_name(child)}" for child in root if name_of(child, runs) != item)
    models, unread = read(plan_of(READABLE[item]), items, f"{name}/{item}", place, numbered=True, runs=runs)
    return Document(place, name, models, strangers + unread)
