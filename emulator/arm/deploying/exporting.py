"""Resources as a template that would make them again."""

from collections.abc import Sequence
from typing import Any

from emulator.arm import views
from emulator.arm.deploying.templates import DEPLOYMENT
from emulator.arm.providers import API_VERSIONS
from emulator.arm.types import GROUP, TYPES
from emulator.pointers import pointers
from emulator.store import ArmRow

_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
_READ_ONLY = frozenset(
    (
        "etag",
        "provisioningState",
        "resourceGuid",
        "vmId",
        "macAddress",
        "creationTime",
        "primaryEndpoints",
        "primaryLocation",
        "statusOfPrimary",
        "defaultSecurityRules",
        "vaultUri",
        "appliedDnsServers",
    )
)


def template(rows: Sequence[ArmRow]) -> dict[str, Any]:
    """The template of the resources, each after what it refers to."""
    resources = [row for row in rows if row.type.lower() not in (GROUP.lower(), DEPLOYMENT.lower())]
    ids = {row.id.lower(): row.id for row in resources}
    return {
        "$schema": _SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {},
        "variables": {},
        "resources": [_resource(row, ids) for row in resources],
    }


def _resource(row: ArmRow, ids: dict[str, str]) -> dict[str, Any]:
    body = views.public(row.body)
    known = TYPES[row.type.lower()]
    segments = row.id.rpartition("/providers/")[2].split("/")
    made: dict[str, Any] = {
        "type": known.name,
        "apiVersion": API_VERSIONS[known.namespace][0],
        "name": "/".join(segments[2::2]),
    }
    made |= {name: body[name] for name in ("location", "kind", "sku", "tags") if name in body}
    wanted = [ids[id_] for id_ in _needed(row, ids) if id_ != row.id.lower()]
    made["dependsOn"] = [_literal(id_) for id_ in wanted]
    made["properties"] = _settable(body["properties"])
    return made


def _needed(row: ArmRow, ids: dict[str, str]) -> list[str]:
    """The parent and the resources that this one or a part of it refers to."""
    found = [row.id.lower().rpartition("/")[0].rpartition("/")[0]]
    for pointer in pointers(row.body):
        target = pointer.target.lower()
        found.extend(id_ for id_ in ids if target == id_ or target.startswith(f"{id_}/"))
    return [id_ for id_ in dict.fromkeys(found) if id_ in ids]


def _settable(value: Any) -> Any:
    if isinstance(value, list):
        return [_settable(item) for item in value]
    if isinstance(value, dict):
        return {name: _settable(inner) for name, inner in value.items() if name not in _READ_ONLY}
    return _literal(value) if isinstance(value, str) else value


def _literal(text: str) -> str:
    return f"[{text}" if text.startswith("[") and text.endswith("]") else text
