"""Microsoft.Network/networkInterfaces: primary and extra ones of machines, instance-level addresses."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from lxml.etree import _Element

from emulator.transform import addresses, bodies, names
from emulator.transform.balancing import Balancer
from emulator.transform.model import ArmResource
from emulator.transform.placement import Placement, network_configuration
from emulator.transform.reading import find, findall, is_on, number, text, texts

_TYPE = "Microsoft.Network/networkInterfaces"


def interface_ids(placement: Placement, role: _Element) -> list[str]:
    """Ids of a machine's interfaces, the primary one first."""
    machine = text(role, "RoleName")
    extra = [text(nic, "Name") for nic in findall(network_configuration(role), "NetworkInterfaces/NetworkInterface")]
    return [placement.id(_TYPE, names.interface(machine, name)) for name in ("", *extra)]


def network_interfaces(
    placement: Placement, role: _Element, balancers: Sequence[Balancer], newcomer_address: str
) -> Iterator[ArmResource]:
    """Instance-level addresses and interfaces; `newcomer_address` is for a machine from no network."""
    machine, instance = text(role, "RoleName"), placement.instance(role)
    classic = network_configuration(role)
    first, *further = interface_ids(placement, role)
    configuration = _primary_configuration(placement, role, newcomer_address)
    public = list(_instance_addresses(placement, role))
    yield from public
    if public:
        configuration["publicIPAddress"] = bodies.reference(public[0].id)
    if pools := [pool for balancer in balancers for pool in balancer.pools_with(machine)]:
        configuration["loadBalancerBackendAddressPools"] = [bodies.reference(pool) for pool in pools]
    if rules := [rule for balancer in balancers for rule in balancer.nat_rules_of(machine)]:
        configuration["loadBalancerInboundNatRules"] = [bodies.reference(rule) for rule in rules]
    yield _interface(placement, first, classic, configuration, mac="", primary=True)
    for id_, nic in zip(further, findall(classic, "NetworkInterfaces/NetworkInterface"), strict=True):
        found = _by_name(findall(instance, "NetworkInterfaces/NetworkInterface"), text(nic, "Name"))
        declared = find(nic, "IPConfigurations/IPConfiguration")
        yield _interface(
            placement,
            id_,
            nic,
            _ip_configuration(
                placement,
                text(declared, "SubnetName"),
                text(declared, "StaticVirtualNetworkIPAddress"),
                text(found, "IPConfigurations/IPConfiguration/Address"),
            ),
            mac=text(found, "MacAddress"),
            primary=False,
        )


def _primary_configuration(placement: Placement, role: _Element, newcomer_address: str) -> dict[str, Any]:
    if not placement.network.keeps_addresses:
        return _ip_configuration(placement, "", "", newcomer_address)
    classic = network_configuration(role)
    return _ip_configuration(
        placement,
        text(classic, "SubnetNames/SubnetName"),
        text(classic, "StaticVirtualNetworkIPAddress"),
        text(placement.instance(role), "IpAddress"),
    )


def _ip_configuration(placement: Placement, subnet: str, static: str, current: str) -> dict[str, Any]:
    """A dynamic address is kept while the machine runs; a deallocated one has none."""
    address = static or current
    return {
        **({"privateIPAddress": address} if address else {}),
        "privateIPAllocationMethod": "Static" if static else "Dynamic",
        "subnet": bodies.reference(placement.network.subnet(subnet, address)),
        "primary": True,
        "privateIPAddressVersion": "IPv4",
    }


def _interface(
    placement: Placement,
    id_: str,
    classic: _Element | None,
    configuration: dict[str, Any],
    *,
    mac: str,
    primary: bool,
) -> ArmResource:
    deployment = placement.service.deployment
    dns_settings: dict[str, Any] = {
        "dnsServers": texts(deployment, "Dns/DnsServers/DnsServer/Address"),
        "appliedDnsServers": [],
    }
    if suffix := text(deployment, "InternalDnsSuffix"):
        dns_settings["internalDomainNameSuffix"] = suffix
    properties: dict[str, Any] = {
        "ipConfigurations": [bodies.part(id_, "ipConfigurations", names.IP_CONFIGURATION, configuration)],
        "dnsSettings": dns_settings,
        "macAddress": _mac_address(mac or "000D3A" + bodies.stable_guid("mac", id_)[:6]),
        "enableAcceleratedNetworking": False,
        "enableIPForwarding": is_on(classic, "IPForwarding"),
        "primary": primary,
    }
    security_group = text(classic, "NetworkSecurityGroup").lower()
    if security_group in placement.network.security_groups:
        properties["networkSecurityGroup"] = bodies.reference(placement.network.security_groups[security_group])
    return bodies.network_resource(id_, placement.location, properties)


def _mac_address(digits: str) -> str:
    """`000D3A3097C8` as `00-0D-3A-30-97-C8` (both recorded)."""
    return "-".join(re.findall("..", digits.upper()))


def _instance_addresses(placement: Placement, role: _Element) -> Iterator[ArmResource]:
    """Dynamic addresses on the machine itself (documented); an instance may omit names (recorded)."""
    machine = text(role, "RoleName")
    current = findall(placement.instance(role), "PublicIPs/PublicIP")
    for place, public in enumerate(findall(network_configuration(role), "PublicIPs/PublicIP")):
        found = _by_name(current, text(public, "Name"))
        if found is None and place < len(current):
            found = current[place]
        name = names.instance_address(machine, text(public, "Name"))
        address = text(found, "Address")
        if address and not placement.network.keeps_addresses:
            address = addresses.new_address(placement.id("instance", name))
        yield addresses.dynamic_address(
            placement.group,
            placement.location,
            name,
            address,
            text(public, "DomainNameLabel"),
            number(public, "IdleTimeoutInMinutes", 4),
        )


def _by_name(elements: list[_Element], name: str) -> _Element | None:
    return next((found for found in elements if text(found, "Name") == name), None)
