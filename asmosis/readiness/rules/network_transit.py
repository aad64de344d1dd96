"""What a virtual network reaches through the gateway of another one."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from asmosis.classic.network import VirtualNetworkSite
from asmosis.readiness import sources
from asmosis.readiness.rule import Hit, Severity, rule, some
from asmosis.readiness.subjects import Network, readable


@rule(
    "vpn-transit",
    seed_2016=None,
    platform_2023=Severity.WARNING,
    title="A network is reached through the gateway of another one",
    remedy="Switch on BGP (from the Standard size on), or connect the two directly.",
    source=sources.VPN_GATEWAYS,
    noticed="never",
)
def reached_through_another(network: Network) -> Iterator[Hit]:
    """One hit per local network site that stands for another virtual network and for more than that."""
    for site_name, other, beyond in _transits(network):
        yield Hit(
            network.unit.name,
            f"{network.unit.name} reaches {some(map(str, beyond))} through {other.name}; that way is lost when both"
            " become a connection between virtual networks.",
            network.at(f"Gateway/Sites/LocalNetworkSite[{site_name}]/AddressSpace"),
        )


@rule(
    "vpn-transit-extensions",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="Machines with extensions ask a name server that is reached through the gateway of another network",
    remedy="Switch on BGP (from the Standard size on), connect the two directly, or use a name server that stays.",
    source=sources.VPN_GATEWAYS,
    noticed="validate",
)
def extensions_reached_through_another(network: Network) -> Iterator[Hit]:
    """One hit per name server; of what extensions talk to, the documents tell only the name servers."""
    machines = [
        f"{service.name}/{role.name}"
        for service in (network.services if network.gateway else ())
        for deployment in service.deployments
        for role in deployment.roles
        if role.extensions
    ]
    for _, other, beyond in _transits(network) if machines else ():
        for server in network.site.dns_servers if network.site else ():
            address = readable(server.address)
            if address and any(address.subnet_of(prefix) for prefix in beyond):
                yield Hit(
                    network.unit.name,
                    f"The extensions of {some(machines)} need the name server {server.address}, which is reached"
                    f" through {other.name}.",
                    network.at(f"Dns/DnsServers/DnsServer[{server.address}]"),
                )


def _transits(network: Network) -> Iterator[tuple[str, VirtualNetworkSite, list[IPv4Network]]]:
    """Each site that is another network's gateway, that network, and the prefixes that are not its own."""
    sites = network.site.gateway.sites if network.gateway and network.site and network.site.gateway else ()
    for site in sites:
        other = network.index.network_by_gateway.get(site.gateway_address or "")
        if other is None or other is network.site:
            continue
        own = [prefix for text in other.address_prefixes if (prefix := readable(text))]
        named = [prefix for text in site.address_prefixes if (prefix := readable(text))]
        beyond = [prefix for prefix in named if not any(prefix.subnet_of(space) for space in own)]
        if beyond:
            yield site.name, other, beyond
