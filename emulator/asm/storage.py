"""Reads of classic storage accounts."""

import re

from starlette.responses import Response

from emulator.asm import xml
from emulator.asm.call import Call, Route, answer, stored
from emulator.errors import PlatformError
from emulator.platform import documents
from emulator.store import ClassicRow

_ACCOUNTS = "services/storageservices"
_CAPABILITIES = xml.node("Capabilities", [xml.node("Capability", "PersistentVMRole")])


def accounts(call: Call) -> Response:
    """Every account; only the read of a single one has Capabilities (recorded)."""
    rows = call.store.classic_list(call.subscription, "storageAccount")
    return answer(xml.node("StorageServices", [xml.embed(_listed(row)) for row in rows]))


def account(call: Call) -> Response:
    """One account."""
    row = _row(call)
    document = row.document
    if b"<Capabilities" not in document:
        document = xml.add_last(document, "StorageService", _CAPABILITIES)
    return stored(_with_state(document, row))


def keys(call: Call) -> Response:
    """Both access keys, under the same root as an account."""
    row = _row(call)
    kept = documents.load(call.store, call.subscription, "storageKeys", row.name)
    if kept is None:
        raise PlatformError(404, "ResourceNotFound", f"The storage account '{row.name}' was not found.")
    return answer(
        xml.node(
            "StorageService",
            [xml.node("Url", xml.text(xml.read(row.document), "Url")), xml.embed(xml.canonical(kept))],
        )
    )


def is_available(call: Call) -> Response:
    """Whether an account name is free."""
    name = call.names["name"]
    if not re.fullmatch(r"[a-z0-9]{3,24}", name):
        raise PlatformError(
            400,
            "BadRequest",
            "The name is not a valid storage account name. Storage account names must be between 3 and 24 characters"
            " in length and use numbers and lower-case letters only.",
        )
    free = call.store.classic_get(call.subscription, "storageAccount", name) is None
    reason = f"A storage account named '{name}' already exists in the subscription."
    return answer(
        xml.node(
            "AvailabilityResponse",
            [
                xml.node("Result", free),
                xml.node("Reason", "", xml.NIL) if free else xml.node("Reason", reason),
            ],
        )
    )


def _row(call: Call) -> ClassicRow:
    row = call.store.classic_get(call.subscription, "storageAccount", call.names["name"])
    if row is None:
        raise PlatformError(404, "ResourceNotFound", f"The storage account '{call.names['name']}' was not found.")
    return row


def _listed(row: ClassicRow) -> bytes:
    element = xml.read(row.document)
    xml.drop(element, "Capabilities")
    return _with_state(xml.canonical(element), row)


def _with_state(document: bytes, row: ClassicRow) -> bytes:
    return xml.add_last(document, "StorageService", xml.node("MigrationState", row.migration_state))


ROUTES = (
    Route("GET", _ACCOUNTS, accounts, "recorded", "MigrationState: SDK source"),
    Route("GET", f"{_ACCOUNTS}/{{name}}", account, "recorded", "the answer for a missing one: as in migration"),
    Route("GET", f"{_ACCOUNTS}/{{name}}/keys", keys, "recorded"),
    Route("GET", f"{_ACCOUNTS}/operations/isavailable/{{name}}", is_available, "recorded"),
)
