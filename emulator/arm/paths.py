"""What a path below a resource group names: a resource, a list of them, a part of one, or an action on one."""

from dataclasses import dataclass

from emulator.arm.types import ResourceType, find
from emulator.errors import NotEmulatedError


@dataclass(frozen=True)
class Target:
    """A resolved path.

    `resource_id` is set unless a list is meant. `parent_id` is that of a child resource or list.
    `collection` names a list of parts, and `part` one of them.
    """

    type: ResourceType
    group_id: str
    resource_id: str = ""
    parent_id: str = ""
    collection: str = ""
    part: str = ""

    @property
    def name(self) -> str:
        """Type and name as refusals spell them."""
        names = self.resource_id.removeprefix(f"{self.group_id}/providers/").split("/")[2::2]
        return f"{self.type.name}/{'/'.join(names)}"

    @property
    def part_id(self) -> str:
        """Id of the part."""
        return f"{self.resource_id}/{self.collection}/{self.part}"


def resolve(group_id: str, rest: str) -> Target:
    """Read `Microsoft.X/type/name/...`; spelling of types comes from the table, that of names from the path.

    Raises:
        NotEmulatedError: for a type or a sub-resource that is not in the table.
    """
    namespace, *segments = rest.strip("/").split("/")
    type_names, names = segments[0::2], segments[1::2]
    type_ = find([namespace, *type_names])
    if type_:
        return _resource(type_, group_id, names)
    owner = find([namespace, *type_names[:-1]]) if type_names else None
    if owner is None or len(names) < len(type_names) - 1:
        raise NotEmulatedError(f"{namespace}/{'/'.join(type_names)}")
    known = {collection.lower(): collection for collection in owner.parts}
    collection = known.get(type_names[-1].lower())
    if collection is None:
        raise NotEmulatedError(f"{namespace}/{'/'.join(type_names)}")
    inner = names[: len(type_names) - 1]
    part = names[len(inner)] if len(names) > len(inner) else ""
    holder = _resource(owner, group_id, inner)
    return Target(owner, group_id, holder.resource_id, collection=collection, part=part)


def _resource(type_: ResourceType, group_id: str, names: list[str]) -> Target:
    namespace, *type_names = type_.name.split("/")
    ids = [f"{group_id}/providers/{namespace}"]
    for type_name, name in zip(type_names, names, strict=False):
        ids.append(f"{ids[-1]}/{type_name}/{name}")
    is_list = len(names) < len(type_names)
    parent = ids[-1 if is_list else -2] if len(type_names) > 1 else ""
    return Target(type_, group_id, "" if is_list else ids[-1], parent_id=parent)
