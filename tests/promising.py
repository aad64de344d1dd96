"""Documents of our own as an estate, some of them edited, and what their units are promised to become."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from asmosis.arm.resource import Resource, body
from asmosis.azure.inventory import RawDocument
from asmosis.classic.documents import read_document
from asmosis.classic.estate import Estate
from asmosis.translate import Promise, promise
from asmosis.units import Destination, Unit

PROMISED = Path(__file__).parent / "promised"
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
VINEYARD, LOOKOUT, TASTING = "virtualNetwork/vineyard", "virtualNetwork/lookout", "hostedService/Tasting"
Edit = tuple[str, str, str]
"""In FILE, replace OLD by NEW."""


def estate(*edits: Edit) -> Estate:
    """The documents beside this file, and what no archived document tells: whose a gateway or a certificate is."""
    documents = []
    for path in sorted((PROMISED / "documents").glob("*.xml")):
        text = path.read_text(encoding="utf-8")
        for file, old, new in edits:
            if path.name == file:
                assert old in text, f"{file} has no {old}"
                text = text.replace(old, new)
        documents.append(read_document(text.encode(), path.name))
    [gateway] = read_document((PROMISED / "lookout-gateway.xml").read_bytes(), "lookout-gateway.xml").models
    told: dict[str, Any] = {
        "gateways": {"lookout": gateway},
        "certificates": {"press": ("AB12",), "barrels": ("CD34",)},
    }
    return replace(Estate.of_documents(SUBSCRIPTION, documents), **told)


# What the classic plane answers at which path.
_PATHS = {
    "affinity.xml": "affinitygroups",
    "disks.xml": "services/disks",
    "networks.xml": "services/networking/virtualnetwork",
    "reserved.xml": "services/networking/reservedips",
    "routes.xml": "services/networking/routetables",
    "security.xml": "services/networking/networksecuritygroups",
    "services.xml": "services/hostedservices",
    "storage.xml": "services/storageservices",
}


def archived() -> list[RawDocument]:
    """The documents beside this file as the classic plane answers them."""
    folder = PROMISED / "documents"
    return [
        RawDocument(_PATHS.get(path.name, f"services/hostedservices/{path.stem}?embed-detail=true"), path.read_bytes())
        for path in sorted(folder.glob("*.xml"))
    ]


def promised(unit: str, *edits: Edit, destination: Destination | None = None) -> Promise:
    return promise(estate(*edits), Unit.parse(unit, SUBSCRIPTION), destination or Destination())


def bodies(resources: tuple[Resource, ...]) -> dict[str, Any]:
    """Resources by type and name, the type without its provider."""
    return {resource.id.split("/", 7)[7]: body(resource) for resource in resources}


def file_name(unit: str) -> str:
    """What the files of a unit are called."""
    return re.sub(r"[^A-Za-z0-9]+", "-", unit)


def at(value: Any, path: str) -> Any:
    """The value at `list[name].key`; ids are shown by their last names, absent is None."""
    for step in re.findall(r"[^.\[\]]+|\[[^\]]+\]", path):
        if value is None:
            return None
        if step.startswith("["):
            named = [item for item in value if str(item.get("name", item.get("lun"))) == step[1:-1]]
            value = named[0] if named else None
        else:
            value = value.get(step, value.get("properties", {}).get(step))
    return _tail(value)


def _tail(value: Any) -> Any:
    if isinstance(value, dict) and set(value) <= {"id", "properties"} and "id" in value:
        return value["id"].rpartition("/")[2]
    return [_tail(item) for item in value] if isinstance(value, list) else value
