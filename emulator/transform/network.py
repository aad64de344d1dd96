"""Microsoft.Network: virtual networks, security groups and route tables."""

from collections.abc import Mapping
from typing import Any

from lxml.etree import _Element

from emulator.transform import bodies, names
from emulator.transform.model import ArmResource
from emulator.transform.reading import findall, is_on, text, texts

_PREFIX = {
    "VIRTUAL_NETWORK": "VirtualNetwork",
    "AZURE_LOADBALANCER": "AzureLoadBalancer",
    "INTERNET": "Internet",
}
_PROTOCOL = {"TCP": "Tcp", "UDP": "Udp", "*": "*"}
_NEXT_HOP = {
    "VPNGateway": "VirtualNetworkGateway",
    "VNETLocal": "VnetLocal",
    "Internet": "Internet",
    "VirtualAppliance": "VirtualAppliance",
    "Null": "None",
}
_VNET, _BALANCER, _INTERNET = "VirtualNetwork", "AzureLoadBalancer", "Internet"
_DEFAULT_RULES = (
    ("AllowVnetInBound", "Allow inbound traffic from all VMs in VNET", _VNET, _VNET, "Allow", 65000),
    (
        "AllowAzureLoadBalancerInBound",
        "Allow inbound traffic from azure load balancer",
        _BALANCER,
        "*",
        "Allow",
        65001,
    ),
    ("DenyAllInBound", "Deny all inbound traffic", "*", "*", "Deny", 65500),
    (
        "AllowVnetOutBound",
        "Allow outbound traffic from all VMs to all VMs in VNET",
        _VNET,
        _VNET,
        "Allow",
        65000,
    ),
    (
        "AllowInternetOutBound",
        "Allow outbound traffic from all VMs to Internet",
        "*",
        _INTERNET,
        "Allow",
        65001,
    ),
    ("DenyAllOutBound", "Deny all outbound traffic", "*", "*", "Deny", 65500),
)


def virtual_network(
    id_: str,
    location: str,
    classic: _Element,
    network_security_groups: Mapping[str, str],
    route_tables: Mapping[str, str],
) -> ArmResource:
    """A network with its subnets; the mappings go from classic names in lower case to ids."""
    properties: dict[str, Any] = {
        "addressSpace": {"addressPrefixes": texts(classic, "AddressSpace/AddressPrefixes/AddressPrefix")},
        "subnets": [
            bodies.part(
                id_,
                "subnets",
                names.child(text(subnet, "Name")),
                _subnet(subnet, network_security_groups, route_tables),
            )
            for subnet in findall(classic, "Subnets/Subnet")
        ],
        "virtualNetworkPeerings": [],
    }
    if servers := texts(classic, "Dns/DnsServers/DnsServer/Address"):
        properties["dhcpOptions"] = {"dnsServers": servers}
    return bodies.network_resource(id_, location, properties)


def default_virtual_network(id_: str, location: str) -> ArmResource:
    """The network for a service that had none; its ranges are assumed."""
    subnet = bodies.part(id_, "subnets", names.DEFAULT, {"addressPrefix": "10.0.0.0/24"})
    return bodies.network_resource(
        id_,
        location,
        {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [subnet],
            "virtualNetworkPeerings": [],
        },
    )


def network_security_group(id_: str, location: str, classic: _Element) -> ArmResource:
    """A security group: custom rules are copied, the platform adds its six default ones (recorded)."""
    custom = [
        bodies.part(id_, "securityRules", names.child(text(rule, "Name")), _rule(rule))
        for rule in findall(classic, "Rules/Rule")
        if not is_on(rule, "IsDefault")
    ]
    return bodies.network_resource(
        id_, location, {"securityRules": custom, "defaultSecurityRules": default_security_rules(id_)}
    )


def default_security_rules(id_: str) -> list[dict[str, Any]]:
    """The six rules every security group ends with (recorded)."""
    return [
        bodies.part(
            id_,
            "defaultSecurityRules",
            name,
            {
                "description": description,
                "protocol": "*",
                "sourcePortRange": "*",
                "destinationPortRange": "*",
                "sourceAddressPrefix": source,
                "destinationAddressPrefix": destination,
                "access": access,
                "priority": priority,
                "direction": "Inbound" if name.endswith("InBound") else "Outbound",
                **_no_lists(),
            },
        )
        for name, description, source, destination, access, priority in _DEFAULT_RULES
    ]


def route_table(id_: str, location: str, classic: _Element) -> ArmResource:
    """A route table; a hop has an address only when it is an appliance."""
    routes = []
    for route in findall(classic, "RouteList/Route"):
        hop = text(route, "NextHopType/Type")
        properties = {"addressPrefix": text(route, "AddressPrefix"), "nextHopType": _NEXT_HOP.get(hop, hop)}
        if hop == "VirtualAppliance":
            properties["nextHopIpAddress"] = text(route, "NextHopType/IpAddress")
        routes.append(bodies.part(id_, "routes", names.child(text(route, "Name")), properties))
    return bodies.network_resource(id_, location, {"routes": routes})


def _subnet(
    classic: _Element, network_security_groups: Mapping[str, str], route_tables: Mapping[str, str]
) -> dict[str, Any]:
    properties: dict[str, Any] = {"addressPrefix": text(classic, "AddressPrefix")}
    if (name := text(classic, "NetworkSecurityGroup").lower()) in network_security_groups:
        properties["networkSecurityGroup"] = bodies.reference(network_security_groups[name])
    if (name := text(classic, "RouteTableName").lower()) in route_tables:
        properties["routeTable"] = bodies.reference(route_tables[name])
    return properties


def _rule(classic: _Element) -> dict[str, Any]:
    source = text(classic, "SourceAddressPrefix", "*")
    destination = text(classic, "DestinationAddressPrefix", "*")
    protocol = text(classic, "Protocol", "*")
    return {
        "protocol": _PROTOCOL.get(protocol.upper(), protocol),
        "sourcePortRange": text(classic, "SourcePortRange", "*"),
        "destinationPortRange": text(classic, "DestinationPortRange", "*"),
        "sourceAddressPrefix": _PREFIX.get(source.upper(), source),
        "destinationAddressPrefix": _PREFIX.get(destination.upper(), destination),
        "access": text(classic, "Action"),
        "priority": int(text(classic, "Priority", "0")),
        "direction": text(classic, "Type"),
        **_no_lists(),
    }


def _no_lists() -> dict[str, list[str]]:
    return {
        "sourcePortRanges": [],
        "destinationPortRanges": [],
        "sourceAddressPrefixes": [],
        "destinationAddressPrefixes": [],
    }
