"""The shape a written document must have before the plane works with it; what it does not read may be anything."""

import ipaddress
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from emulator.arm import refusals
from emulator.arm.types import ResourceType


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class _Named(_Open):
    name: str


class _Reference(_Open):
    id: str


class _Document(_Open):
    location: str | None = None
    tags: dict[str, str] | None = None
    sku: _Named | None = None
    properties: dict[str, Any] | None = None


class _Part(_Open):
    name: str | None = None
    id: str | None = None
    properties: dict[str, Any] | None = None


class _Configuration(_Open):
    subnet: _Reference | None = None
    privateIPAddress: str | None = None  # noqa: N815 -- the wire's name


class _Hardware(_Open):
    vmSize: str  # noqa: N815 -- the wire's name


class _Machine(_Open):
    hardwareProfile: _Hardware  # noqa: N815 -- the wire's name


class _WithDns(_Open):
    dnsSettings: dict[str, Any] | None = None  # noqa: N815 -- the wire's name


_PROPERTIES: dict[str, type[_Open]] = {
    "Microsoft.Compute/virtualMachines": _Machine,
    "Microsoft.Network/networkInterfaces": _WithDns,
    "Microsoft.Network/publicIPAddresses": _WithDns,
}
_PART_PROPERTIES: dict[str, type[_Open]] = {
    "frontendIPConfigurations": _Configuration,
    "ipConfigurations": _Configuration,
}


def require_group_shape(document: dict[str, Any]) -> None:
    """Refuse what cannot be a resource group.

    Raises:
        PlatformError: 400.
    """
    _require(_Document, document)


def require_shape(type_: ResourceType, document: dict[str, Any], resource_id: str) -> None:
    """Refuse a document that the plane could not work with.

    Raises:
        PlatformError: 400.
    """
    _require(_Document, document)
    properties = document.get("properties") or {}
    if type_.name in _PROPERTIES:
        _require(_PROPERTIES[type_.name], properties)
    for collection in type_.parts:
        parts = properties.get(collection) or []
        if not isinstance(parts, list):
            raise refusals.invalid_content(f"{collection} has to be a list")
        for part in parts:
            _require(_Part, part)
            if not (part.get("name") or part.get("id")):
                raise refusals.invalid_content(f"an element of {collection} has no name")
            _require(_PART_PROPERTIES.get(collection, _Open), part.get("properties") or {})
            if collection == "subnets":
                _require_prefix(part.get("properties") or {}, resource_id)


def _require_prefix(subnet: dict[str, Any], resource_id: str) -> None:
    listed = subnet.get("addressPrefixes")
    prefix = subnet.get("addressPrefix") or (listed[0] if isinstance(listed, list) and listed else None)
    try:
        if not isinstance(prefix, str) or "/" not in prefix:
            raise refusals.invalid_prefix(str(prefix), resource_id)
        ipaddress.IPv4Network(prefix, strict=False)
    except ValueError:
        raise refusals.invalid_prefix(str(prefix), resource_id) from None


def _require(model: type[BaseModel], value: Any) -> None:
    try:
        model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        raise refusals.invalid_content(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
