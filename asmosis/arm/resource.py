"""What every ARM resource has: an id, wire names, and a body as JSON."""

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny
from pydantic.fields import FieldInfo

from asmosis.errors import UnreadableDocument

_RESOURCE = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/(?P<namespace>[^/]+)(?P<rest>(?:/[^/]+/[^/]+)+)/?",
    re.IGNORECASE,
)
# Words that ARM writes in capitals after the first word, and the names that break its own rule (recorded).
_CAPITALS = {"ip": "IP", "gb": "GB", "rm": "RM"}
_IRREGULAR = {"next_hop_ip_address": "nextHopIpAddress", "gateway_ip_address": "gatewayIpAddress"}


def arm_name(field: str) -> str:
    """The wire name of a field: `enable_floating_ip` is `enableFloatingIP`."""
    if field in _IRREGULAR:
        return _IRREGULAR[field]
    first, *others = field.split("_")
    return first + "".join(_CAPITALS.get(word, word.capitalize()) for word in others)


def arm_location(location: str | None) -> str | None:
    """A region as ARM spells it: `West US` is `westus`; none where nobody names one."""
    return "".join((location or "").split()).lower() or None


def read_only(default: Any = None) -> Any:
    """A field that ARM tells and nobody can set: promised and compared, but left out of a template."""
    return Field(default, json_schema_extra={"read_only": True})


def is_read_only(field: FieldInfo) -> bool:
    """Whether a field is ARM's to tell."""
    extra = field.json_schema_extra
    return isinstance(extra, dict) and bool(extra.get("read_only"))


class ArmModel(BaseModel):
    """A frozen piece of an ARM body; fields in our spelling, wire names by `arm_name()`."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=arm_name, populate_by_name=True)


class Reference(ArmModel):
    """A pointer to another resource, or to a part of one."""

    id: str


class Part(ArmModel):
    """A named part of a resource, such as a subnet; its id is the resource's, the list's name and its own."""

    name: str
    properties: SerializeAsAny[ArmModel]


class Sku(ArmModel):
    """The variant of a resource."""

    name: str


class Resource(ArmModel):
    """A resource as ARM would answer it, without what ARM alone decides (states, etags, guids).

    The location is None where classic does not tell it. `generated` says that the platform chooses the name, by no
    documented pattern; it is not on the wire.
    """

    id: str
    name: str
    type: str
    location: str | None = None
    tags: dict[str, str] | None = None
    sku: Sku | None = None
    kind: str | None = None
    properties: SerializeAsAny[ArmModel]
    generated: bool = Field(default=False, exclude=True)


@dataclass(frozen=True, eq=False)
class ResourceId:
    """The id of a resource or of a part of one; compares without case, as ARM does.

    `type` is relative to the namespace (`virtualMachines/extensions`), with one name per step.
    """

    subscription: str
    group: str
    namespace: str
    type: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        head = f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/{self.namespace}"
        return head + "".join(f"/{kind}/{name}" for kind, name in zip(self.type.split("/"), self.names, strict=True))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ResourceId) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def name(self) -> str:
        """The last name."""
        return self.names[-1]

    @property
    def full_type(self) -> str:
        """The type with its namespace, as a body's `type` has it."""
        return f"{self.namespace}/{self.type}"

    @property
    def short(self) -> str:
        """Type and names without subscription and group, for people."""
        return str(self).partition("/providers/")[2]

    @property
    def top(self) -> "ResourceId":
        """The resource that this one is, or is a part of."""
        return replace(self, type=self.type.partition("/")[0], names=self.names[:1])

    @cached_property
    def _key(self) -> str:
        return str(self).casefold()


def body(resource: ArmModel) -> dict[str, Any]:
    """The wire JSON of a resource; absent values are left out."""
    return resource.model_dump(mode="json", by_alias=True, exclude_none=True)


def parse_id(text: str) -> ResourceId:
    """Read a resource's id.

    Raises:
        UnreadableDocument: it is not the id of a resource in a group.
    """
    match = _RESOURCE.fullmatch(text)
    if match is None:
        raise UnreadableDocument("resource id", f"{text!r} names no resource of a group")
    steps = match["rest"].strip("/").split("/")
    return ResourceId(
        match["subscription"], match["group"], match["namespace"], "/".join(steps[::2]), tuple(steps[1::2])
    )
