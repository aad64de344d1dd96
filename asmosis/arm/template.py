"""Resources as an ARM deployment template.

The template deploys into one resource group; resources of other groups stand in nested deployments, whose groups must
exist. What ARM alone decides is left out: states, kept dynamic addresses, endpoints. Unmanaged disks are attached where
they lie, so the template describes the same machines, not copies of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asmosis.arm.resource import ArmModel, Resource, ResourceId, body, is_read_only, parse_id
from asmosis.arm.storage import VAULTS
from asmosis.arm.template_parameters import Parameters
from asmosis.errors import CatalogueError

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
PARAMETERS_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"
# Published in Microsoft's template schemas; the SDKs' own defaults are newer than what is published.
API_VERSIONS = {
    "Microsoft.Compute": "2025-04-01",
    "Microsoft.KeyVault": "2025-05-01",
    "Microsoft.Network": "2025-05-01",
    "Microsoft.Resources": "2025-04-01",
    "Microsoft.Storage": "2025-06-01",
}


@dataclass(frozen=True)
class Exported:
    """A template, and the document of its parameters; `required` are those that the document leaves to be given."""

    template: dict[str, Any]
    parameters: dict[str, Any]
    required: tuple[str, ...]


def template(resources: Sequence[Resource], group: str) -> dict[str, Any]:
    """The deployment template of `resources`, to be deployed into `group`; everything in it is literal.

    Raises:
        CatalogueError: a resource is of a provider whose api-version is not known here.
    """
    return _Writer(None).whole(resources, group)


def parameterized(resources: Sequence[Resource], group: str) -> Exported:
    """Like `template`, with parameters for what may be chosen, and secure ones for what classic does not tell.

    Raises:
        CatalogueError: like `template`.
    """
    generated = {parse_id(resource.id): resource for resource in resources if resource.generated}
    parameters = Parameters(generated)
    written = _Writer(parameters).whole(resources, group)
    given = {made.name: {"value": made.default} for made in parameters.made.values() if made.default is not None}
    return Exported(
        written,
        {"$schema": PARAMETERS_SCHEMA, "contentVersion": "1.0.0.0", "parameters": given},
        tuple(made.name for made in parameters.made.values() if made.default is None),
    )


@dataclass(frozen=True)
class _Writer:
    """Writes one template; without parameters everything in it is literal."""

    parameters: Parameters | None

    def whole(self, resources: Sequence[Resource], group: str) -> dict[str, Any]:
        """A template of all resources, with those of other groups in nested ones."""
        by_group: dict[str, list[Resource]] = {}
        names: dict[str, str] = {}
        for resource in resources:
            own = parse_id(resource.id).group
            by_group.setdefault(names.setdefault(own.casefold(), own), []).append(resource)
        here = names.get(group.casefold(), group)
        own_items = self._items(by_group.get(here, ()), here)
        # Services refer to their network, never the other way round.
        before = [self._resource_id(parse_id(resource.id), here) for resource in by_group.get(here, ())]
        nested = [self._nested(other, inner, before) for other, inner in by_group.items() if other != here]
        return self._envelope([*own_items, *nested])

    def _nested(self, group: str, resources: Sequence[Resource], before: list[str]) -> dict[str, Any]:
        writer = _Writer(self.parameters and self.parameters.within())
        inner = writer._envelope(writer._items(resources, group))
        handed = {}
        if self.parameters and writer.parameters:
            self.parameters.used.update(writer.parameters.used)
            handed = {name: {"value": f"[parameters('{name}')]"} for name in writer.parameters.used}
        return {
            "type": "Microsoft.Resources/deployments",
            "apiVersion": API_VERSIONS["Microsoft.Resources"],
            "name": f"into-{group}",
            "resourceGroup": group,
            "dependsOn": before,
            "properties": {
                "mode": "Incremental",
                "expressionEvaluationOptions": {"scope": "inner"},
                **({"parameters": handed} if handed else {}),
                "template": inner,
            },
        }

    def _envelope(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        used = self.parameters.used if self.parameters else {}
        declared = {"parameters": {name: made.declaration for name, made in used.items()}} if used else {}
        return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", **declared, "resources": items}

    def _items(self, resources: Sequence[Resource], group: str) -> list[dict[str, Any]]:
        present = frozenset(parse_id(resource.id) for resource in resources)
        return [self._item(resource, group, present) for resource in resources]

    def _item(self, resource: Resource, group: str, present: frozenset[ResourceId]) -> dict[str, Any]:
        own = parse_id(resource.id)
        if own.namespace not in API_VERSIONS:
            raise CatalogueError(f"no api-version is known for {own.namespace}")
        plain = body(resource)
        chosen = self.parameters.name(own) if self.parameters else None
        item: dict[str, Any] = {
            "type": resource.type,
            "apiVersion": API_VERSIONS[own.namespace],
            "name": f"[{chosen}]" if chosen else _literal("/".join(own.names)),
            "location": self._location(resource.location),
        }
        item |= {key: _plain(plain[key]) for key in ("tags", "sku", "kind") if key in plain}
        needed = [self._resource_id(each, group) for each in _dependencies(resource, own) if each in present]
        if needed:
            item["dependsOn"] = needed
        item["properties"] = self._settable(resource.properties, group)
        if resource.type == VAULTS:
            item["properties"] |= {"tenantId": "[subscription().tenantId]", "accessPolicies": []}
        if self.parameters:
            self.parameters.fill(item, resource)
        return item

    def _location(self, location: str | None) -> str:
        if location is None:
            return "[resourceGroup().location]"
        return f"[{self.parameters.location(location)}]" if self.parameters else location

    def _settable(self, model: ArmModel, group: str) -> dict[str, Any]:
        """What a deployment may set, on the wire."""
        found: dict[str, Any] = {}
        for name, info in type(model).model_fields.items():
            value = getattr(model, name)
            if value is None or info.exclude or is_read_only(info) or _is_told(model, name):
                continue
            whole = name == "id"
            found[str(info.alias)] = self._resource_id(parse_id(value), group) if whole else self._wire(value, group)
        return found

    def _wire(self, value: Any, group: str) -> Any:
        if isinstance(value, ArmModel):
            return self._settable(value, group)
        if isinstance(value, tuple):
            return [self._wire(item, group) for item in value]
        return _plain(value)

    def _resource_id(self, identifier: ResourceId, group: str) -> str:
        scope = [] if identifier.group.casefold() == group.casefold() else [_quoted(identifier.group)]
        chosen = self.parameters.name(identifier.top) if self.parameters else None
        first, *others = identifier.names
        names = [chosen or _quoted(first), *map(_quoted, others)]
        return f"[resourceId({', '.join([*scope, _quoted(identifier.full_type), *names])})]"


def _dependencies(resource: Resource, own: ResourceId) -> list[ResourceId]:
    """The resource that this one is a part of, and those that it refers to, each once."""
    needed = [own.top, *(parse_id(reference).top for reference in _references(resource.properties))]
    return list(dict.fromkeys(item for item in needed if item != own))


def _references(model: Any) -> Iterator[str]:
    if isinstance(model, ArmModel):
        for name, info in type(model).model_fields.items():
            value = getattr(model, name)
            if is_read_only(info):
                continue
            if name == "id":
                yield value
            else:
                yield from _references(value)
    elif isinstance(model, tuple):
        for item in model:
            yield from _references(item)


def _is_told(model: ArmModel, name: str) -> bool:
    """A public address, and a dynamic private one, is the platform's to give, even where it is known beforehand."""
    if name == "private_ip_address":
        return getattr(model, "private_ip_allocation_method", None) == "Dynamic"
    return name == "ip_address"


def _plain(value: Any) -> Any:
    """Literal JSON; text that looks like an expression is quoted."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return _literal(value) if isinstance(value, str) else value


def _literal(text: str) -> str:
    return f"[{text}" if text.startswith("[") and text.endswith("]") else text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
