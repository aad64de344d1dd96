"""Documents of classic networking, elements in the recorded order."""

from emulator.asm import xml
from emulator.asm.xml import node
from emulator.seeds.model import CREATED, Network, Route, Rule, Site, Subnet, number

# Every security group ends with these six (recorded).
_DEFAULT_RULES = (
    ("ALLOW VNET INBOUND", "Inbound", 65000, "Allow", "VIRTUAL_NETWORK", "VIRTUAL_NETWORK"),
    ("ALLOW VNET OUTBOUND", "Outbound", 65000, "Allow", "VIRTUAL_NETWORK", "VIRTUAL_NETWORK"),
    ("ALLOW AZURE LOAD BALANCER INBOUND", "Inbound", 65001, "Allow", "AZURE_LOADBALANCER", "*"),
    ("ALLOW INTERNET OUTBOUND", "Outbound", 65001, "Allow", "*", "INTERNET"),
    ("DENY ALL OUTBOUND", "Outbound", 65500, "Deny", "*", "*"),
    ("DENY ALL INBOUND", "Inbound", 65500, "Deny", "*", "*"),
)


def site(wanted: Network) -> bytes:
    """A virtual network."""
    servers = [node("DnsServer", [node("Name", name), node("Address", address)]) for name, address in wanted.dns]
    return xml.document(
        node(
            "VirtualNetworkSite",
            [
                node("Name", wanted.name),
                node("Id", str(number("network", wanted.name))),
                node("State", "Created"),
                node("InUse", True),
                node("AddressSpace", [node("AddressPrefixes", [node("AddressPrefix", wanted.prefix)])]),
                node("Subnets", [_subnet(each) for each in wanted.subnets]),
                node("Dns", [node("DnsServers", servers)] if servers else None),
                node("Gateway", _gateway_of(wanted.site) if wanted.site else None),
                node("Location", wanted.location),
            ],
        )
    )


def gateway(wanted: Network) -> bytes:
    """The VPN gateway of a network."""
    message = f"Successfully created a gateway for the following virtual network: {wanted.name}"
    return xml.document(
        node(
            "Gateway",
            [
                node("GatewayType", "DynamicRouting"),
                node("LastEvent", _event(23002, message)),
                node("State", "Provisioned"),
                node("VIPAddress", wanted.gateway),
                node("DefaultSites", []),
                node("GatewaySize", "Default"),
                node("GatewayId", str(number("gateway", wanted.name))),
            ],
        )
    )


def connections(site: Site) -> bytes:
    """The connection of a gateway to its site."""
    counters = ("EgressBytesTransferred", "EgressPacketsTransferred", "IngressBytesTransferred")
    allocated = ' xmlns:a="http://schemas.microsoft.com/2003/10/Serialization/Arrays"'
    content = [
        node("AllocatedIPAddresses", [], allocated),
        node("ConnectivityState", "Connected"),
        *(node(each, 4096) for each in (*counters, "IngressPacketsTransferred")),
        node("LastConnectionEstablished", CREATED),
        node("LastEvent", _event(24401, f"The connectivity state for the local network site '{site.name}' changed.")),
        node("LocalNetworkSiteName", site.name),
    ]
    return xml.document(node("Connections", [node("Connection", content)]))


def security_group(name: str, rules: tuple[Rule, ...], location: str = "West US", label: str | None = None) -> bytes:
    """A network security group with its rules and the default ones."""
    own = [
        _rule(each.name, each.direction, each.priority, each.action, (each.source, "*", each.port, each.protocol))
        for each in rules
    ]
    default = [
        _rule(name, direction, priority, action, (source, target, "*", "*"), default=True)
        for name, direction, priority, action, source, target in _DEFAULT_RULES
    ]
    return xml.document(
        node(
            "NetworkSecurityGroup",
            [
                node("Name", name),
                node("Label", label),
                node("Location", location),
                node("State", "Created"),
                node("Rules", own + default),
            ],
        )
    )


def route_table(name: str, routes: tuple[Route, ...], location: str = "West US", label: str | None = None) -> bytes:
    """A route table."""
    written = [
        node(
            "Route",
            [
                node("Name", each.name),
                node("AddressPrefix", each.prefix),
                node("NextHopType", [node("Type", each.next_hop), node("IpAddress", each.address)]),
            ],
        )
        for each in routes
    ]
    return xml.document(
        node(
            "RouteTable",
            [
                node("Name", name),
                node("Label", label),
                node("Location", location),
                node("RouteList", written),
            ],
        )
    )


def reserved_ip(name: str, address: str, service: str | None = None, location: str = "West US") -> bytes:
    """A reserved address; `service` is the hosted service (and deployment) that uses it."""
    return xml.document(
        node(
            "ReservedIP",
            [
                node("Name", name),
                node("Address", address),
                node("Id", str(number("reserved", name))),
                node("State", "Created"),
                node("InUse", True if service else None),
                node("ServiceName", service),
                node("DeploymentName", service),
                node("Location", location),
                node("VirtualIPName", name if service else None),
            ],
        )
    )


def _gateway_of(site: Site) -> list[bytes]:
    local = [
        node("Name", site.name),
        node("AddressSpace", [node("AddressPrefixes", [node("AddressPrefix", site.prefix)])]),
        node("VpnGatewayAddress", site.address),
        node("Connections", [node("Connection", [node("Type", "IPsec")])]),
    ]
    return [
        node("Profile", "Small"),
        node("Sites", [node("LocalNetworkSite", local)]),
        node("VPNClientAddressPool", [node("AddressPrefixes", [])]),
        node("VnetNames", []),
    ]


def _event(number_: int, message: str) -> list[bytes]:
    return [node("Id", number_), node("Message", message), node("Timestamp", CREATED)]


def _subnet(wanted: Subnet) -> bytes:
    return node(
        "Subnet",
        [
            node("Name", wanted.name),
            node("AddressPrefix", wanted.prefix),
            node("NetworkSecurityGroup", wanted.security_group),
            node("RouteTableName", wanted.route_table),
        ],
    )


def _rule(
    name: str,
    direction: str,
    priority: int,
    action: str,
    match: tuple[str, str, str, str],
    *,
    default: bool = False,
) -> bytes:
    """`match` is (source, destination, destination port, protocol)."""
    source, destination, port, protocol = match
    return node(
        "Rule",
        [
            node("Name", name),
            node("Type", direction),
            node("Priority", priority),
            node("Action", action),
            node("SourceAddressPrefix", source),
            node("SourcePortRange", "*"),
            node("DestinationAddressPrefix", destination),
            node("DestinationPortRange", port),
            node("Protocol", protocol),
            node("State", "Active"),
            node("IsDefault", True if default else None),
        ],
    )
