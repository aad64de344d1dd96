"""A network configuration file as the documents of the things it configures."""

from collections.abc import Iterator

from lxml.etree import _Element

from emulator.asm import xml
from emulator.asm.xml import node
from emulator.seeds.model import number


def from_configuration(root: _Element) -> Iterator[tuple[str, bytes]]:
    """(kind, document) of every DNS server, local network site and virtual network."""
    servers = {each.get("name", ""): each.get("IPAddress", "") for each in root.iter("{*}DnsServer")}
    sites = {each.get("name", ""): each for each in root.iter("{*}LocalNetworkSite")}
    for name, address in servers.items():
        yield "dnsServer", xml.document(_dns_server(name, address))
    for name, site in sites.items():
        yield "localNetworkSite", xml.document(_local_site(name, site, ()))
    for network in root.iter("{*}VirtualNetworkSite"):
        yield "virtualNetwork", _network(network, servers, sites)


def _network(element: _Element, servers: dict[str, str], sites: dict[str, _Element]) -> bytes:
    name = element.get("name", "")
    used = [each.get("name", "") for each in element.iter("{*}DnsServerRef")]
    references = list(element.iter("{*}LocalNetworkSiteRef"))
    dns = [_dns_server(each, servers[each]) for each in used if each in servers]
    local = [
        _local_site(
            reference.get("name", ""),
            sites[reference.get("name", "")],
            [each.get("type", "") for each in reference.iter("{*}Connection")],
        )
        for reference in references
        if reference.get("name") in sites
    ]
    gateway = [
        node("Profile", "Small"),
        node("Sites", local),
        node("VPNClientAddressPool", [node("AddressPrefixes", [])]),
        node("VnetNames", []),
    ]
    subnets = [
        node("Subnet", [node("Name", each.get("name", "")), node("AddressPrefix", each.findtext("{*}AddressPrefix"))])
        for each in element.iterfind("{*}Subnets/{*}Subnet")
    ]
    return xml.document(
        node(
            "VirtualNetworkSite",
            [
                node("Name", name),
                node("Id", str(number("network", name))),
                node("AffinityGroup", element.get("AffinityGroup")),
                node("State", "Created"),
                _address_space(element),
                node("Subnets", subnets),
                node("Dns", [node("DnsServers", dns)] if dns else None),
                node("Gateway", gateway if references else None),
                node("Location", element.get("Location")),
            ],
        )
    )


def _dns_server(name: str, address: str) -> bytes:
    return node("DnsServer", [node("Name", name), node("Address", address)])


def _local_site(name: str, element: _Element, connections: list[str] | tuple[()]) -> bytes:
    return node(
        "LocalNetworkSite",
        [
            node("Name", name),
            _address_space(element),
            node("VpnGatewayAddress", element.findtext("{*}VPNGatewayAddress")),
            node("Connections", [node("Connection", [node("Type", each)]) for each in connections] or None),
        ],
    )


def _address_space(element: _Element) -> bytes:
    prefixes = [node("AddressPrefix", each.text or "") for each in element.iterfind("{*}AddressSpace/{*}AddressPrefix")]
    return node("AddressSpace", [node("AddressPrefixes", prefixes)])
