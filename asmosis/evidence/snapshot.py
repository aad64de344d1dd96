"""A unit's classic side as it was received and as it was understood, without the secrets in it."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from lxml import etree

from asmosis.azure.inventory import RawDocument
from asmosis.classic.archive import file_name
from asmosis.classic.documents import LISTS, read_document
from asmosis.classic.estate import Estate
from asmosis.classic.xml import local_name, parse
from asmosis.errors import UnreadableDocument
from asmosis.evidence.manifest import ZIP, Content, json_content
from asmosis.evidence.members import Members, members
from asmosis.redaction import redacted_elements
from asmosis.units import Unit

RECEIVED, MODEL = "snapshot/received.zip", "snapshot/model"
"""The documents, and what was read in them."""

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest moment that an archive can tell; the same bytes for the same documents
_NAMES = ("Name", "ServiceName")


def documents_of(unit: Unit, estate: Estate, documents: Iterable[RawDocument]) -> dict[str, bytes]:
    """Of all documents those that concern a unit, by file name; lists are cut down to its members.

    A document without secrets and strangers is kept byte for byte.
    """
    wanted = _wanted(members(estate, unit))
    kept = {}
    for document in documents:
        if (content := _kept(document, wanted)) is not None:
            kept[file_name(document.path)] = content
    return dict(sorted(kept.items()))


def received_content(documents: Mapping[str, bytes]) -> Content:
    """The documents as one archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in documents.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
    return Content(target.getvalue(), ZIP, "" if documents else "no document concerns the unit")


def model_content(documents: Mapping[str, bytes]) -> Content:
    """The documents as models; what no model claims is named."""
    read: list[dict[str, Any]] = []
    doubts: list[str] = []
    for name, data in documents.items():
        try:
            found = read_document(data, name)
        except UnreadableDocument as error:
            doubts.append(str(error))
            continue
        models = [model.dump() for model in found.models]
        read.append({"file": name, "root": found.root, "models": models, "unread": list(found.unread)})
    return json_content({"documents": read}, "; ".join(doubts))


def _wanted(of: Members) -> dict[str, frozenset[str]]:
    """By the path of a list, the names in it that concern the unit."""
    lists: dict[str, Iterable[str | None]] = {
        "services/hostedservices": (each.name for each in of.services),
        "services/networking/virtualnetwork": (each.name for each in of.networks),
        "services/networking/networksecuritygroups": (each.name for each in of.security_groups),
        "services/networking/routetables": (each.name for each in of.route_tables),
        "services/networking/reservedips": (each.name for each in of.reserved_ips),
        "services/networking": (each.name for each in of.networks),
        "services/storageservices": (each.name for each in of.storage_accounts),
        "services/disks": (each.name for each in of.disks),
        "services/images": of.images,
        "services/vmimages": of.images,
        "affinitygroups": (each.name for each in of.affinity_groups),
    }
    return {path: frozenset(name.casefold() for name in names if name) for path, names in lists.items()}


def _kept(document: RawDocument, wanted: Mapping[str, frozenset[str]]) -> bytes | None:
    path = unquote(document.path.partition("?")[0])
    names = wanted.get(path)
    if names is None or path == "services/networking":
        # A resource of its own, or something of one: NAME in LIST/NAME/...
        owner = next(
            (list_ for list_ in sorted(wanted, key=len, reverse=True) if path.startswith(f"{list_}/")),
            None,
        )
        if owner is None or path.removeprefix(f"{owner}/").partition("/")[0].casefold() not in wanted[owner]:
            return None
    root = parse(document.content, document.path, namespaced=True)
    strangers = list(_strangers(root, names)) if names is not None else []
    for element in strangers:
        root.remove(element)
    if names is not None and not len(root):
        return None
    changed = redacted_elements(root)
    if not changed and not strangers:
        return document.content
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _strangers(root: etree._Element, names: frozenset[str]) -> Iterator[etree._Element]:
    item = LISTS.get(local_name(root))
    for child in root.iterchildren(etree.Element):
        if local_name(child) == item:
            named = {
                local_name(part): (part.text or "").strip().casefold() for part in child.iterchildren(etree.Element)
            }
            if not any(named.get(name) in names for name in _NAMES):
                yield child
