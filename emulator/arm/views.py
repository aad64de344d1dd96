"""Stored resources as a GET shows them: without private fields, with what other resources know about them."""

from typing import Any

from emulator.arm.references import back_references, decorated, pointing_at
from emulator.arm.types import TYPES
from emulator.store import ArmRow, Store

_MACHINE = "Microsoft.Compute/virtualMachines"
_EXTENSION = "Microsoft.Compute/virtualMachines/extensions"


def one(store: Store, row: ArmRow, expand: str = "") -> dict[str, Any]:
    """A single resource; `expand` is the query parameter."""
    back = back_references(pointing_at(store, _canonical(row.type), row.id))
    return _shown(store, row, decorated(row.body, back), expand)


def many(store: Store, rows: list[ArmRow], expand: str = "") -> list[dict[str, Any]]:
    """Resources of one type."""
    return [one(store, row, expand) for row in rows]


def summary(row: ArmRow) -> dict[str, Any]:
    """A resource in a list of mixed types: without properties, a child with its parents' names (documented)."""
    members = ("id", "name", "type", "kind", "location", "sku", "tags")
    name = "/".join(row.id.rpartition("/providers/")[2].split("/")[2::2])
    return {member: row.body[member] for member in members if member in row.body} | {"name": name}


def status_only(row: ArmRow) -> dict[str, Any]:
    """A machine in a list with `statusOnly=true`: how it runs, nothing of how it is made (documented)."""
    told = {name: row.body["properties"].get(name) for name in ("provisioningState", "vmId")}
    shown = {member: row.body[member] for member in ("id", "name", "type", "location")}
    return {**shown, "properties": {**told, "instanceView": instance_view(row)}}


def instance_view(row: ArmRow) -> dict[str, Any]:
    """A machine's instance view; one that was made here simply runs."""
    return dict(row.body["_instanceView"])


def children(store: Store, row: ArmRow) -> list[ArmRow]:
    """Resources below another one."""
    first = f"{row.id}/".lower()
    last = f"{row.id}0".lower()  # `0` follows `/`, so a range of keys does what a prefix would
    rows = store.execute("SELECT key FROM arm WHERE key > ? AND key < ? ORDER BY key", (first, last))
    return [child for found in rows if (child := store.arm_get(found["key"]))]


def public(body: dict[str, Any]) -> dict[str, Any]:
    """A body without the fields that never leave the platform."""
    return {name: value for name, value in body.items() if not name.startswith("_")}


def _canonical(type_: str) -> str:
    known = TYPES.get(type_.lower())
    return known.name if known else type_


def _shown(store: Store, row: ArmRow, body: dict[str, Any], expand: str) -> dict[str, Any]:
    type_, body = row.type.lower(), public(body)
    with_view = "instanceview" in expand.lower()
    if type_ == _MACHINE.lower():
        if extensions := [child.body for child in children(store, row) if child.type == _EXTENSION]:
            body["resources"] = extensions
        if with_view:
            body["properties"] = {**body["properties"], "instanceView": instance_view(row)}
    if type_ == _EXTENSION.lower() and with_view and (view := _extension_view(store, row)):
        body["properties"] = {**body["properties"], "instanceView": view}
    return body


def _extension_view(store: Store, row: ArmRow) -> dict[str, Any] | None:
    machine = store.arm_get(row.id.rpartition("/extensions/")[0])
    views = instance_view(machine).get("extensions", []) if machine else []
    return next((view for view in views if view["name"].lower() == row.body["name"].lower()), None)
