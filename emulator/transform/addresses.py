"""Microsoft.Network/publicIPAddresses: virtual IPs of a service, instance-level and reserved addresses."""

import ipaddress
import uuid
from typing import Any

from lxml.etree import _Element

from emulator.transform import bodies, names
from emulator.transform.model import ArmResource
from emulator.transform.placement import Placement
from emulator.transform.reading import findall, text

_IDLE_TIMEOUT_MINUTES = 4
_NEW_ADDRESSES = ipaddress.IPv4Network("198.18.0.0/15")  # reserved for benchmarks, so nobody's


def virtual_ips(placement: Placement) -> list[tuple[_Element | None, ArmResource]]:
    """Every virtual IP of a service with its address; the first one carries the DNS label.

    A deallocated deployment has no virtual IPs (recorded); its only address stands without one.
    """
    found = findall(placement.service.deployment, "VirtualIPs/VirtualIP")
    if not found:
        return [(None, _virtual_ip(placement, None, is_first=True))]
    return [(vip, _virtual_ip(placement, vip, is_first=vip is found[0])) for vip in found]


def static_address(group: str, location: str, name: str, address: str, label: str = "") -> ArmResource:
    """A reserved address keeps its name and value (documented)."""
    return _address(group, location, name, "Static", address, label, _IDLE_TIMEOUT_MINUTES)


def dynamic_address(
    group: str,
    location: str,
    name: str,
    address: str = "",
    label: str = "",
    idle_timeout: int = _IDLE_TIMEOUT_MINUTES,
) -> ArmResource:
    """An address that is kept while the machines run; none while they are deallocated."""
    return _address(group, location, name, "Dynamic", address, label, idle_timeout)


def new_address(owner: str) -> str:
    """The address given in place of a lost one: always the same for the same owner."""
    number = uuid.UUID(bodies.stable_guid("address", owner)).int % (_NEW_ADDRESSES.num_addresses - 2)
    return str(_NEW_ADDRESSES[number + 1])


def _virtual_ip(placement: Placement, vip: _Element | None, *, is_first: bool) -> ArmResource:
    service, group, location = placement.service.name, placement.group, placement.location
    label = service if is_first else ""
    address = text(vip, "Address")
    reserved = text(vip, "ReservedIPName")
    if is_first and not reserved:
        reserved = text(placement.service.deployment, "ReservedIPName")
    if reserved:
        address = placement.reserved_addresses.get(reserved.lower(), address)
        return static_address(group, location, names.kept(reserved), address, label)
    name = names.public_address(service, "" if is_first else text(vip, "Name"))
    if address and not placement.network.keeps_addresses:
        address = new_address(bodies.resource_id(group, "vip", name))
    return dynamic_address(group, location, name, address, label)


def _address(
    group: str, location: str, name: str, method: str, address: str, label: str, idle_timeout: int
) -> ArmResource:
    properties: dict[str, Any] = {
        "publicIPAddressVersion": "IPv4",
        "publicIPAllocationMethod": method,
        "idleTimeoutInMinutes": idle_timeout,
    }
    if address:
        properties["ipAddress"] = address
    if label:
        # The service keeps its label and its domain (documented).
        label = label.lower()
        properties["dnsSettings"] = {"domainNameLabel": label, "fqdn": f"{label}.cloudapp.net"}
    return bodies.network_resource(
        bodies.resource_id(group, "Microsoft.Network/publicIPAddresses", name),
        location,
        properties,
        sku={"name": "Basic"},
    )
