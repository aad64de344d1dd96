"""Resources as an ARM deployment template.

The template deploys into one resource group; resources of other groups stand in nested deployments, whose groups must
exist. What ARM alone decides is left out: states, kept dynamic addresses, endpoints. Unmanaged disks are attached where
they lie, so the template describes the same machines, not copies of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from asmosis.arm.resource import ArmModel, Resource, ResourceId, body, parse_id
from asmosis.arm.storage import VAULTS
from asmosis.errors import CatalogueError

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
# Published in Microsoft's template schemas; the SDKs' own defaults are newer than what is published.
API_VERSIONS = {
    "Microsoft.Compute": "2025-04-01",
    "Microsoft.KeyVault": "2025-05-01",
    "Microsoft.Network": "2025-05-01",
    "Microsoft.Resources": "2025-04-01",
    "Microsoft.Storage": "2025-06-01",
}


def template(resources: Sequence[Resource], group: str) -> dict[str, Any]:
    """The deployment template of `resources`, to be deployed into `group`.

    Raises:
        CatalogueError: a resource is of a provider whose api-version is not known here.
    """
    by_group: dict[str, list[Resource]] = {}
    names: dict[str, str] = {}
    for resource in resources:
        own = parse_id(resource.id).group
        by_group.setdefault(names.setdefault(own.casefold(), own), []).append(resource)
    here = names.get(group.casefold(), group)
    own_items = _items(by_group.get(here, ()), here)
    # Services refer to their network, never the other way round.
    before = [_resource_id(parse_id(resource.id), here) for resource in by_group.get(here, ())]
    nested = [_nested(other, _items(inner, other), before) for other, inner in by_group.items() if other != here]
    return _envelope([*own_items, *nested])


def _items(resources: Sequence[Resource], group: str) -> list[dict[str, Any]]:
    present = frozenset(parse_id(resource.id) for resource in resources)
    return [_item(resource, group, present) for resource in resources]


def _envelope(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": items}


def _nested(group: str, items: list[dict[str, Any]], before: list[str]) -> dict[str, Any]:
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": API_VERSIONS["Microsoft.Resources"],
        "name": f"into-{group}",
        "resourceGroup": group,
        "dependsOn": before,
        "properties": {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": "inner"},
            "template": _envelope(items),
        },
    }


def _item(resource: Resource, group: str, present: frozenset[ResourceId]) -> dict[str, Any]:
    own = parse_id(resource.id)
    if own.namespace not in API_VERSIONS:
        raise CatalogueError(f"no api-version is known for {own.namespace}")
    plain = body(resource)
    item: dict[str, Any] = {
        "type": resource.type,
        "apiVersion": API_VERSIONS[own.namespace],
        "name": _literal("/".join(own.names)),
        "location": resource.location or "[resourceGroup().location]",
    }
    item |= {key: _plain(plain[key]) for key in ("tags", "sku", "kind") if key in plain}
    if depends := [_resource_id(needed, group) for needed in _dependencies(resource, own) if needed in present]:
        item["dependsOn"] = depends
    item["properties"] = _settable(resource.properties, group)
    if resource.type == VAULTS:
        item["properties"] |= {"tenantId": "[subscription().tenantId]", "accessPolicies": []}
    return item


def _dependencies(resource: Resource, own: ResourceId) -> list[ResourceId]:
    """The resource that this one is a part of, and those that it refers to, each once."""
    needed = [own.top, *(parse_id(reference).top for reference in _references(resource.properties))]
    return list(dict.fromkeys(item for item in needed if item != own))


def _references(model: Any) -> Iterator[str]:
    if isinstance(model, ArmModel):
        for name in type(model).model_fields:
            value = getattr(model, name)
            if name == "id":
                yield value
            else:
                yield from _references(value)
    elif isinstance(model, tuple):
        for item in model:
            yield from _references(item)


def _settable(model: ArmModel, group: str) -> dict[str, Any]:
    """What a deployment may set, on the wire."""
    found: dict[str, Any] = {}
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        extra = info.json_schema_extra
        if value is None or (isinstance(extra, dict) and extra.get("read_only")) or _is_told(model, name):
            continue
        found[str(info.alias)] = _resource_id(parse_id(value), group) if name == "id" else _wire(value, group)
    return found


def _is_told(model: ArmModel, name: str) -> bool:
    """A public address, and a dynamic private one, is the platform's to give, even where it is known beforehand."""
    if name == "private_ip_address":
        return getattr(model, "private_ip_allocation_method", None) == "Dynamic"
    return name == "ip_address"


def _wire(value: Any, group: str) -> Any:
    if isinstance(value, ArmModel):
        return _settable(value, group)
    if isinstance(value, tuple):
        return [_wire(item, group) for item in value]
    return _plain(value)


def _plain(value: Any) -> Any:
    """Literal JSON; text that looks like an expression is quoted."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return _literal(value) if isinstance(value, str) else value


def _literal(text: str) -> str:
    return f"[{text}" if text.startswith("[") and text.endswith("]") else text


def _resource_id(identifier: ResourceId, group: str) -> str:
    scope = [] if identifier.group.casefold() == group.casefold() else [identifier.group]
    arguments = [*scope, identifier.full_type, *identifier.names]
    return f"[resourceId({', '.join(_quoted(argument) for argument in arguments)})]"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
