"""Any archived ASM document by its root element."""

from dataclasses import dataclass

from asmosis.classic import compute, network, role, storage, subscription
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
    root = parse(content, place)
    name = local_name(root)
    if name in READABLE:
        model, unread = READABLE[name].read(root, place)
        return Document(place, name, (model,), unread)
    if name not in LISTS:
        known = ", ".join(sorted([*READABLE, *LISTS]))
        raise UnreadableDocument(place, f"no ASM document has the root element {name!r}; known are {known}")
    item = LISTS[name]
    models: list[ClassicModel] = []
    leftovers: list[str] = []
    for position, child in enumerate(root, start=1):
        if local_name(child) != item:
            leftovers.append(f"{name}/{local_name(child)}")
            continue
        model, unread = READABLE[item].read(child, place)
        models.append(model)
        leftovers.extend(f"{name}/{item}[{position}]{path.removeprefix(item)}" for path in unread)
    return Document(place, name, tuple(models), tuple(leftovers))
