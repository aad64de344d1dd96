"""Building blocks of Resource Manager bodies, in the shapes that were recorded."""

import uuid
from typing import Any

from emulator.transform.model import ArmResource

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://management.azure.com/")


def normal_location(display_name: str) -> str:
    """`West US` as `westus`, the form Resource Manager answers with."""
    return display_name.replace(" ", "").lower()


def stable_guid(*parts: str) -> str:
    """The same parts, in any case, give the same guid, so that a second prepare promises the same."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts).lower()))


def etag(resource_id: str) -> str:
    """The weak tag the network provider puts on a resource and on all its parts."""
    return f'W/"{stable_guid("etag", resource_id)}"'


def group_id(subscription: str, name: str) -> str:
    """Id of a resource group."""
    return f"/subscriptions/{subscription}/resourceGroups/{name}"


def resource_id(group: str, resource_type: str, name: str) -> str:
    """Id of a top-level resource in the group with the id `group`."""
    return f"{group}/providers/{resource_type}/{name}"


def reference(resource_id: str) -> dict[str, str]:
    """A pointer at another resource."""
    return {"id": resource_id}


def group(subscription: str, name: str, location: str) -> ArmResource:
    """A resource group; tags are not made from classic labels (documented)."""
    id_ = group_id(subscription, name)
    return ArmResource(
        id_,
        {
            "id": id_,
            "name": name,
            "type": "Microsoft.Resources/resourceGroups",
            "location": location,
            "tags": {},
            "properties": {"provisioningState": "Succeeded"},
        },
    )


def resource(id_: str, location: str, properties: dict[str, Any], **further: Any) -> ArmResource:
    """A resource of the compute, storage or vault provider; `further` are top-level members."""
    return ArmResource(
        id_,
        {
            "id": id_,
            "name": id_.rpartition("/")[2],
            "type": type_of(id_),
            "location": location,
            "properties": {**properties, "provisioningState": "Succeeded"},
            **further,
        },
    )


def network_resource(id_: str, location: str, properties: dict[str, Any], **further: Any) -> ArmResource:
    """A resource of the network provider: with etag and resourceGuid (recorded)."""
    return ArmResource(
        id_,
        {
            "name": id_.rpartition("/")[2],
            "id": id_,
            "etag": etag(id_),
            "type": type_of(id_),
            "location": location,
            "properties": {
                "provisioningState": "Succeeded",
                "resourceGuid": stable_guid("resource", id_),
                **properties,
            },
            **further,
        },
    )


def part(parent: str, collection: str, name: str, properties: dict[str, Any]) -> dict[str, Any]:
    """An element of a network resource's collection: it has its own id and its parent's etag (recorded)."""
    return {
        "name": name,
        "id": part_id(parent, collection, name),
        "etag": etag(parent),
        "properties": {"provisioningState": "Succeeded", **properties},
    }


def part_id(parent: str, collection: str, name: str) -> str:
    """Id of an element of a resource's collection."""
    return f"{parent}/{collection}/{name}"


def type_of(id_: str) -> str:
    """`Microsoft.X/a/b` of an id under a resource group."""
    namespace, *rest = id_.rpartition("/providers/")[2].split("/")
    return "/".join([namespace, *rest[0::2]])
