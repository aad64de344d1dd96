"""Single resources called otherwise: every id of them and of what is in them follows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asmosis.arm import compute, network, storage
from asmosis.arm.resource import ArmModel, Resource, parse_id
from asmosis.errors import UnreadableDocument, UsageError
from asmosis.translate.scope import Scope
from asmosis.units import KINDS
from asmosis.yaml_files import did_you_mean

_TYPES = {
    "virtualNetwork": network.VIRTUAL_NETWORKS,
    "networkSecurityGroup": network.NETWORK_SECURITY_GROUPS,
    "routeTable": network.ROUTE_TABLES,
    "reservedIp": network.PUBLIC_IP_ADDRESSES,
    "storageAccount": storage.STORAGE_ACCOUNTS,
}
# Steps of ids: /subscriptions/S/resourceGroups/G, then /providers/NAMESPACE/TYPE/NAME, and more for a part.
_GROUP, _NAME = 4, 8


@dataclass(frozen=True)
class NewName:
    """A name of choice, and the key that a person wrote it down under."""

    name: str
    key: str


NewNames = Mapping[str, NewName]
"""By the id of what is called so, in lower case."""


def new_names(scope: Scope, chosen: Mapping[str, str], resources: Sequence[Resource]) -> NewNames:
    """The chosen names by what they are for; whatever is of another unit is there too.

    Raises:
        UsageError: a key is neither a resource id nor something of classic, or two keys mean one resource.
    """
    found: dict[str, NewName] = {}
    for key, name in chosen.items():
        other = found.setdefault(_id_of(scope, key, resources), NewName(name, key))
        if other.key != key:
            raise UsageError(f"names: {key}", f"{other.key} means the same resource", "Keep one of the two.")
    return found


def renamed_resources(resources: Iterable[Resource], names: NewNames) -> tuple[Resource, ...]:
    """The resources under their new names, with every reference to them."""
    return tuple(_renamed(resource, names) for resource in resources)


def renamed_groups(scope: Scope, groups: Sequence[str], names: NewNames) -> tuple[str, ...]:
    """The resource groups under their new names."""
    found = ((names.get(_group_id(scope, group)), group) for group in groups)
    return tuple(dict.fromkeys(new.name if new else group for new, group in found))


def unused_names(
    scope: Scope, names: NewNames, resources: Iterable[Resource], groups: Iterable[str]
) -> tuple[str, ...]:
    """The keys of names that are for nothing which the unit becomes."""
    known = {resource.id.casefold() for resource in resources} | {_group_id(scope, group) for group in groups}
    return tuple(new.key for identifier, new in names.items() if identifier not in known)


def _id_of(scope: Scope, key: str, resources: Sequence[Resource]) -> str:
    """The id of what a key means, in lower case; the key itself if that is not in the unit."""
    if key.startswith("/"):
        return _checked_id(key)
    kind, _, rest = key.partition("/")
    if kind not in KINDS or not rest:
        remedy = did_you_mean(kind, KINDS) or f"Write a resource id, or KIND/NAME; kinds: {', '.join(KINDS)}."
        raise UsageError(f"names: {key}", "it is neither a resource id nor something of classic", remedy)
    if kind in _TYPES:
        wanted = (_TYPES[kind], scope.names.kept(rest).casefold(), False)
        ids = (one.id for one in resources if (one.type, one.name.casefold(), one.generated) == wanted)
        return next(ids, key).casefold()
    service, _, machine = rest.partition("/")
    group = scope.names.group(service)
    if machine:
        return scope.id(group, compute.VIRTUAL_MACHINES, machine).casefold()
    return _group_id(scope, group)


def _checked_id(text: str) -> str:
    steps = text.rstrip("/").casefold().split("/")
    if len(steps) == _GROUP + 1 and steps[1::2] == ["subscriptions", "resourcegroups"]:
        return "/".join(steps)
    try:
        depth = len(parse_id(text).names)
    except UnreadableDocument:
        depth = 0
    if depth != 1:
        problem = "it is not the id of a resource or of a group"
        raise UsageError(f"names: {text}", problem, "Parts of resources get their names from templates.")
    return "/".join(steps)


def _group_id(scope: Scope, group: str) -> str:
    return f"/subscriptions/{scope.unit.subscription}/resourceGroups/{group}".casefold()


def _renamed(value: Any, names: NewNames) -> Any:
    if isinstance(value, tuple):
        return tuple(_renamed(item, names) for item in value)
    if not isinstance(value, ArmModel):
        return value
    changes = {field: _renamed(getattr(value, field), names) for field in type(value).model_fields}
    if "id" in changes:
        changes["id"] = _new_id(changes["id"], names)
    if isinstance(value, Resource):
        changes["name"] = changes["id"].rpartition("/")[2]
    return value.model_copy(update=changes)


def _new_id(identifier: str, names: NewNames) -> str:
    steps = identifier.split("/")
    old = identifier.casefold().split("/")
    for length in (_GROUP, _NAME):
        if new := names.get("/".join(old[: length + 1])):
            steps[length] = new.name
    return "/".join(steps)
