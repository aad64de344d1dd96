"""What of a template may be chosen when it is deployed: names, location, sizes, address ranges; and what must be given.

Names of parameters follow the portal's own export: type, name and property of the resource.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from asmosis.arm import compute, network, storage
from asmosis.arm.resource import Resource, ResourceId, parse_id

_LISTS = re.compile(r"\[\]$")
# Type → paths on the wire that may be chosen, and what the parameter is called; `[]` steps into a list of named parts.
_CHOICES: Mapping[str, tuple[tuple[str, str], ...]] = {
    compute.VIRTUAL_MACHINES: (("properties.hardwareProfile.vmSize", "vmSize"),),
    network.LOAD_BALANCERS: (
        ("properties.frontendIPConfigurations[].properties.privateIPAddress", "privateIPAddress"),
    ),
    network.NETWORK_INTERFACES: (("properties.ipConfigurations[].properties.privateIPAddress", "privateIPAddress"),),
    network.VIRTUAL_NETWORKS: (
        ("properties.addressSpace.addressPrefixes", "addressPrefixes"),
        ("properties.subnets[].properties.addressPrefix", "addressPrefix"),
    ),
    network.VIRTUAL_NETWORK_GATEWAYS: (("properties.sku.name", "sku"), ("properties.sku.tier", "sku")),
    storage.STORAGE_ACCOUNTS: (("sku.name", "sku"),),
}
# Connection type → the property that nobody could read from classic, whether it is a secret, and how it is wrapped.
_UNTOLD = {"IPsec": ("sharedKey", "securestring", ""), "ExpressRoute": ("peer", "string", "id")}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a template; without a default it must be given."""

    name: str
    type: str
    default: Any = None
    description: str = ""

    @property
    def declaration(self) -> dict[str, Any]:
        """How a template declares it."""
        default = {} if self.default is None else {"defaultValue": self.default}
        return {"type": self.type, **default, "metadata": {"description": self.description}}


@dataclass
class Parameters:
    """The parameters of a template while it is written; the first use of each makes it.

    `made` are those of the whole, `used` those of this template alone, both in order of use.
    """

    generated: Mapping[ResourceId, Resource]
    made: dict[str, Parameter] = field(default_factory=dict)
    used: dict[str, Parameter] = field(default_factory=dict)
    _names: dict[tuple[str, str], str] = field(default_factory=dict)

    def within(self) -> "Parameters":
        """The same parameters, for a template within this one."""
        return Parameters(self.generated, self.made, {}, self._names)

    def name(self, identifier: ResourceId) -> str | None:
        """The expression for the name of a resource, if it may be chosen."""
        resource = self.generated.get(identifier)
        if resource is None:
            return None
        return self._parameter(identifier, "name", "string", resource.name, f"Name of {identifier.short}.")

    def location(self, location: str) -> str:
        """The expression for a region; the first one of a template is its usual one."""
        regions = [made.default for made in self.made.values() if made.name.startswith("location")]
        name = "location" if not regions or regions[0] == location else f"location_{location}"
        return self._use(Parameter(name, "string", location, f"Region of what stands in {location}."))

    def fill(self, item: dict[str, Any], resource: Resource) -> None:
        """Put expressions where a written resource may be chosen, and where something must be given."""
        identifier = parse_id(resource.id)
        for path, suffix in _CHOICES.get(resource.type, ()):
            for holder, key, part in _places(item, path.split("."), ""):
                value = holder[key]
                kind = "array" if isinstance(value, list) else "string"
                words = f"{suffix} of {identifier.short}{part and f', {part}'}."
                inner = f"{part}_{suffix}" if part else suffix
                holder[key] = f"[{self._parameter(identifier, inner, kind, value, words)}]"
        for key, kind, wrapped in _untold(resource):
            words = f"{key} of {identifier.short}; it cannot be read from classic."
            expression = f"[{self._parameter(identifier, f'{key}{wrapped.capitalize()}', kind, None, words)}]"
            item["properties"][key] = {wrapped: expression} if wrapped else expression

    def _parameter(self, identifier: ResourceId, suffix: str, kind: str, default: Any, words: str) -> str:
        known = (str(identifier).casefold(), suffix)
        if known not in self._names:
            kept = "_".join((identifier.type.rpartition("/")[2], *identifier.names, suffix))
            self._names[known] = self._free(re.sub(r"\W+", "_", kept, flags=re.ASCII))
        return self._use(Parameter(self._names[known], kind, default, words))

    def _free(self, name: str) -> str:
        taken = {made.casefold() for made in self.made}
        tries = (name if number == 1 else f"{name}_{number}" for number in range(1, len(taken) + 2))
        return next(one for one in tries if one.casefold() not in taken)

    def _use(self, parameter: Parameter) -> str:
        self.used[parameter.name] = self.made.setdefault(parameter.name, parameter)
        return f"parameters('{parameter.name}')"


def _untold(resource: Resource) -> Iterator[tuple[str, str, str]]:
    properties = resource.properties
    if isinstance(properties, compute.Extension) and properties.protected:
        yield "protectedSettings", "secureObject", ""
    if isinstance(properties, network.Connection) and properties.connection_type in _UNTOLD:
        yield _UNTOLD[properties.connection_type]


def _places(holder: Any, steps: list[str], part: str) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Where a path ends: the mapping, its key, and the name of the innermost part on the way."""
    key, *further = steps
    name = _LISTS.sub("", key)
    if name not in holder:
        return
    if not further:
        yield holder, name, part
    elif name == key:
        yield from _places(holder[name], further, part)
    else:
        for item in holder[name]:
            yield from _places(item, further, str(item["name"]) if len(holder[name]) > 1 else "")
