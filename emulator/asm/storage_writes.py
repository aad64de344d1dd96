"""Writes of storage accounts, disk objects and image objects; the blobs behind them are not emulated."""

import re
from collections.abc import Callable, Iterable
from typing import get_args
from urllib.parse import urlsplit

from lxml.etree import _Element
from starlette.responses import Response

from emulator.asm import changes, locks, shapes, xml
from emulator.asm.call import Call, Held, Route, answer, stored
from emulator.asm.service_writes import place
from emulator.asm.xml import node
from emulator.platform import documents
from emulator.seeds import compute, storage
from emulator.seeds.model import Account, AccountType
from emulator.store import ClassicRow

_ACCOUNTS = "services/storageservices"
_TYPES: tuple[AccountType, ...] = get_args(AccountType)
_OS = ("Windows", "Linux")


def create_account(call: Call) -> Response:
    """A new account with new keys."""
    body = changes.body(call, "CreateStorageServiceInput")
    name, label = changes.required(body, "ServiceName", "Label")
    if not re.fullmatch(r"[a-z0-9]{3,24}", name):
        raise changes.bad(
            "The name is not a valid storage account name. Storage account names must be between 3 and 24 characters"
            " in length and use numbers and lower-case letters only."
        )
    if call.store.classic_get(call.subscription, "storageAccount", name):
        raise changes.taken(f"A storage account named '{name}' already exists in the subscription.")
    location, group = place(call, body)
    document = xml.read(storage.account(call.subscription, Account(name, _type(body) or "Standard_GRS", location)))
    properties = _properties(document)
    if group:
        xml.drop(properties, "Location")
        shapes.put(properties, "AffinityGroup", group)
    shapes.put(properties, "Label", label)
    shapes.put(properties, "CreationTime", changes.now(call))
    _describe(properties, body)

    def effect() -> None:
        documents.put(call.store, call.subscription, xml.canonical(document))
        documents.put(call.store, call.subscription, storage.fresh_keys(), name=name)

    done = changes.later(call, effect)
    done.headers["location"] = f"https://management.core.windows.net/subscriptions/{call.subscription}/storage/{name}"
    return done


def update_account(call: Call) -> Response:
    """Label, description and redundancy; answers 200 at once (recorded)."""
    body = changes.body(call, "UpdateStorageServiceInput")
    document = xml.read(locks.found(call, "storageAccount", call.names["name"]).document)
    properties = _properties(document)
    if label := xml.text(body, "Label"):
        shapes.put(properties, "Label", label)
    _describe(properties, body)
    wanted, present = _type(body), xml.text(properties, "AccountType")
    if wanted and wanted != present:
        if "Premium_LRS" in (wanted, present) or "Standard_ZRS" in (wanted, present):
            raise changes.bad(f"The account type cannot be changed from {present} to {wanted}.")
        location = xml.text(properties, "GeoPrimaryRegion")
        name = xml.text(document, "ServiceName")
        model = xml.read(storage.account(call.subscription, Account(name, wanted, location)))
        for tag in ("GeoSecondaryRegion", "StatusOfSecondary", "SecondaryEndpoints", "AccountType"):
            xml.drop(properties, tag)
            for each in xml.findall(_properties(model), tag):
                properties.replace(shapes.insert(properties, tag), each)
    return changes.at_once(call, lambda: documents.put(call.store, call.subscription, xml.canonical(document)))


def delete_account(call: Call) -> Response:
    """An account goes only when no disk or image is in it (documented)."""
    row = locks.found(call, "storageAccount", call.names["name"])
    held = [each for each in _objects(call) if _account_of(each) == row.name.lower()]
    if held:
        raise changes.taken(
            f"Storage account {row.name} has {len(held)} active image(s) and/or disk(s), e.g. {held[0].name}. Ensure"
            " these image(s) and/or disk(s) are removed before deleting this storage account."
        )

    def effect() -> None:
        for kind in ("storageAccount", "storageKeys"):
            call.store.classic_delete(call.subscription, kind, row.name)

    return changes.at_once(call, effect)


def regenerate_keys(call: Call) -> Response:
    """A new key for the one that is named; answers both (recorded)."""
    body = changes.body(call, "RegenerateKeys")
    row = locks.found(call, "storageAccount", call.names["name"])
    kind = xml.text(body, "KeyType")
    if kind not in ("Primary", "Secondary") or call.query.get("action", "").lower() != "regenerate":
        raise changes.bad("The KeyType must be one of: Primary, Secondary, with action=regenerate.")
    kept = documents.load(call.store, call.subscription, "storageKeys", row.name)
    fresh = xml.read(storage.fresh_keys())
    keys = fresh if kept is None else kept
    shapes.put(keys, kind, xml.text(fresh, kind))
    document = xml.canonical(keys)
    documents.put(call.store, call.subscription, document, name=row.name)
    changes.finished(call)
    url = node("Url", xml.text(xml.read(row.document), "Url"))
    return answer(node("StorageService", [url, xml.embed(document)]))


def create_disk(call: Call) -> Response:
    """A disk object over a blob that is there; its size is assumed."""
    body = changes.body(call, "Disk")
    name, link = changes.required(body, "Name", "MediaLink")
    if call.store.classic_get(call.subscription, "disk", changes.name(name)):
        raise changes.taken(f"A disk with name {name} already exists.")
    os = xml.text(body, "OS") or None
    if os not in (None, *_OS):
        raise changes.bad("The OS of a disk must be one of: Windows, Linux.")
    size = compute.OS_SIZES[os] if os else 30
    location, premium = _where(call, link)
    io_type = "Provisioned" if premium else "Standard"
    element = xml.read(compute.disk(name, link, size, location=location, os=os, io_type=io_type))
    shapes.put(element, "Label", xml.text(body, "Label") or None)
    shapes.put(element, "CreatedTime", changes.now(call))
    return _kept(call, element)


def update_disk(call: Call) -> Response:
    """The label, and a larger size, of a disk object."""
    body = changes.body(call, "Disk")
    element = xml.read(locks.found(call, "disk", call.names["name"]).document)
    shapes.put(element, "Label", xml.text(body, "Label") or xml.text(element, "Label") or None)
    size = changes.integer(body, "ResizedSizeInGB", 1, 4095)
    if size:
        if size < int(xml.text(element, "LogicalDiskSizeInGB")):
            raise changes.bad("A disk cannot be made smaller.")
        shapes.put(element, "LogicalDiskSizeInGB", str(size))
        return changes.later(call, lambda: documents.put(call.store, call.subscription, xml.canonical(element)))
    return _kept(call, element)


def delete_disk(call: Call) -> Response:
    """A disk object that no VM holds; the blob goes only with `comp=media`, which makes no difference here."""
    row = locks.found(call, "disk", call.names["name"])
    element = xml.read(row.document)
    if row.owner:
        raise changes.taken(
            f"A disk with name {row.name} is currently in use by virtual machine"
            f" {xml.text(element, 'AttachedTo/RoleName')} running within hosted service {row.owner}, deployment"
            f" {xml.text(element, 'AttachedTo/DeploymentName')}."
        )
    return changes.at_once(call, lambda: call.store.classic_delete(call.subscription, "disk", row.name))


def create_image(call: Call) -> Response:
    """An image object over a blob that is there."""
    body = changes.body(call, "OSImage")
    name, label, link, os = changes.required(body, "Name", "Label", "MediaLink", "OS")
    if call.store.classic_get(call.subscription, "osImage", changes.name(name)):
        raise changes.taken(f"An image with name {name} already exists.")
    if os not in _OS:
        raise changes.bad("The OS of an image must be one of: Windows, Linux.")
    location, premium = _where(call, link)
    content = [
        node("Category", "User"),
        node("Label", label),
        node("Location", location),
        node("LogicalSizeInGB", compute.OS_SIZES[os]),
        node("MediaLink", link),
        node("Name", name),
        node("OS", os),
        node("IsPremium", premium),
        node("OSState", "Generalized"),
        node("IOType", "Provisioned" if premium else "Standard"),
    ]
    return _kept(call, xml.read(xml.document(node("OSImage", content))))


def update_image(call: Call) -> Response:
    """The label of an image object."""
    body = changes.body(call, "OSImage")
    element = xml.read(locks.found(call, "osImage", call.names["name"]).document)
    shapes.put(element, "Label", changes.required(body, "Label")[0])
    return _kept(call, element)


def _delete_image(kind: str) -> Callable[[Call], Response]:
    def handler(call: Call) -> Response:
        row = locks.found(call, kind, call.names["name"])
        return changes.at_once(call, lambda: call.store.classic_delete(call.subscription, kind, row.name))

    return handler


def _kept(call: Call, element: _Element) -> Response:
    shapes.arrange(element)
    document = xml.canonical(element)
    documents.put(call.store, call.subscription, document)
    changes.finished(call)
    return stored(document)


def _properties(document: _Element) -> _Element:
    found = xml.find(document, "StorageServiceProperties")
    assert found is not None  # noqa: S101 -- every account has them
    return found


def _describe(properties: _Element, body: _Element) -> None:
    if xml.find(body, "Description") is not None:
        shapes.put(properties, "Description", xml.text(body, "Description"))


def _type(body: _Element) -> AccountType | None:
    wanted = xml.text(body, "AccountType")
    found = next((each for each in _TYPES if each == wanted), None)
    if wanted and found is None:
        raise changes.bad(f"The AccountType must be one of: {', '.join(_TYPES)}.")
    return found


def _where(call: Call, link: str) -> tuple[str, bool]:
    """Location and premium of the account that a blob is in."""
    for held in _held_account(call, link):
        properties = _properties(xml.read(held.row.document))
        location = xml.text(properties, "Location") or xml.text(properties, "GeoPrimaryRegion")
        return location, xml.text(properties, "AccountType") == "Premium_LRS"
    raise changes.bad(f"The storage account of {link} is not in this subscription.")


def _held_account(call: Call, link: str) -> list[Held]:
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:
        host = ""
    row = call.store.classic_get(call.subscription, "storageAccount", host.partition(".")[0])
    return [Held(row)] if row else []


def _held_by_new(root: str) -> Callable[[Call], Iterable[Held]]:
    """A new object takes its blob in an account."""

    def holds(call: Call) -> Iterable[Held]:
        return _held_account(call, xml.text(changes.body(call, root), "MediaLink"))

    return holds


def _objects(call: Call) -> list[ClassicRow]:
    kinds = ("disk", "osImage", "vmImage")
    return [row for kind in kinds for row in call.store.classic_list(call.subscription, kind)]


def _account_of(row: ClassicRow) -> str:
    link = next((each.text or "" for each in xml.read(row.document).iter("{*}MediaLink")), "")
    return link.partition("://")[2].partition(".")[0].lower()


_NAMED = f"{_ACCOUNTS}/{{name}}"
_OF_ACCOUNT = locks.named("storageAccount")
_BLOB = "blobs are not looked at, sizes are assumed"
ROUTES = (
    Route("POST", _ACCOUNTS, create_account, "recorded", holds=locks.nothing),
    Route("PUT", _NAMED, update_account, "recorded", holds=_OF_ACCOUNT),
    Route(
        "DELETE",
        _NAMED,
        delete_account,
        "recorded",
        "the refusal of one in use is reported by users",
        holds=_OF_ACCOUNT,
    ),
    Route("POST", f"{_NAMED}/keys", regenerate_keys, "recorded", holds=_OF_ACCOUNT),
    Route("POST", "services/disks", create_disk, "recorded", _BLOB, holds=_held_by_new("Disk")),
    Route("PUT", "services/disks/{name}", update_disk, "documented", holds=locks.named("disk")),
    Route(
        "DELETE",
        "services/disks/{name}",
        delete_disk,
        "recorded",
        "one in use: reported by users",
        holds=locks.named("disk"),
    ),
    Route("POST", "services/images", create_image, "recorded", _BLOB, holds=_held_by_new("OSImage")),
    Route("PUT", "services/images/{name}", update_image, "documented", holds=locks.named("osImage")),
    Route("DELETE", "services/images/{name}", _delete_image("osImage"), "recorded", holds=locks.named("osImage")),
    Route("DELETE", "services/vmimages/{name}", _delete_image("vmImage"), "documented", holds=locks.named("vmImage")),
)
