"""Where a cloud service goes: its group, and the network its machines are in afterwards."""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml.etree import _Element

from emulator.transform import bodies, names
from emulator.transform.model import ClassicService
from emulator.transform.reading import findall, text


@dataclass(frozen=True)
class Network:
    """A Resource Manager network as machines see it.

    `keeps_addresses` is false for a service that moves in from outside: it loses its private addresses and
    its virtual IP (documented). `only_subnet` is set when the request named one. The security groups go from
    classic names in lower case to ids.
    """

    body: dict[str, Any]
    keeps_addresses: bool
    only_subnet: str
    security_groups: Mapping[str, str]

    def subnet(self, name: str, address: str = "") -> str:
        """Id of a subnet: the named one, else the one that holds the address, else the first (assumed)."""
        wanted = names.child(name or self.only_subnet).lower()
        subnets = self.body["properties"]["subnets"]
        for subnet in subnets:
            if (name or self.only_subnet) and subnet["name"].lower() == wanted:
                return str(subnet["id"])
        for subnet in subnets:
            if address and ipaddress.IPv4Address(address) in _prefix(subnet):
                return str(subnet["id"])
        usual = [subnet for subnet in subnets if subnet["name"] != names.GATEWAY_SUBNET] or subnets
        return str(usual[0]["id"])

    def free_addresses(self) -> Iterator[str]:
        """Addresses of the subnet for newcomers; the platform keeps the first three hosts for itself."""
        chosen = self.subnet("")
        subnet = next(s for s in self.body["properties"]["subnets"] if s["id"] == chosen)
        hosts = _prefix(subnet).hosts()
        return (str(host) for number, host in enumerate(hosts, 1) if number > 3)  # noqa: PLR2004 -- see above


@dataclass(frozen=True)
class Placement:
    """One cloud service on its way: classic documents, target group id, location and network."""

    service: ClassicService
    subscription: str
    group: str
    location: str
    network: Network
    reserved_addresses: Mapping[str, str]

    @property
    def roles(self) -> list[_Element]:
        """The machines in document order."""
        return findall(self.service.deployment, "RoleList/Role")

    def instance(self, role: _Element) -> _Element | None:
        """The instance of a machine; there is none in the first seconds of a deployment."""
        name = text(role, "RoleName")
        instances = findall(self.service.deployment, "RoleInstanceList/RoleInstance")
        return next((found for found in instances if text(found, "RoleName") == name), None)

    def id(self, resource_type: str, name: str) -> str:
        """Id of a resource in the service's group."""
        return bodies.resource_id(self.group, resource_type, name)


def network_configuration(role: _Element) -> _Element | None:
    """The only configuration set that reads return (recorded)."""
    for found in findall(role, "ConfigurationSets/ConfigurationSet"):
        if text(found, "ConfigurationSetType") == "NetworkConfiguration":
            return found
    return None


def _prefix(subnet: dict[str, Any]) -> ipaddress.IPv4Network:
    properties = subnet["properties"]
    prefix = properties.get("addressPrefix") or properties["addressPrefixes"][0]
    return ipaddress.IPv4Network(prefix, strict=False)
