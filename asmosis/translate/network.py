"""Classic networks, security groups, route tables → Microsoft.Network (documented by Microsoft: deep dive)."""

from collections.abc import Iterator
from typing import Literal

from asmosis.arm import network as arm
from asmosis.arm.resource import Part, Resource, arm_location
from asmosis.classic import network as classic
from asmosis.translate.scope import Scope
from asmosis.translate.translation import Loss, produces

HopType = Literal["VirtualNetworkGateway", "VnetLocal", "Internet", "VirtualAppliance", "None"]

_PREFIXES = {
    "VIRTUAL_NETWORK": "VirtualNetwork",
    "AZURE_LOADBALANCER": "AzureLoadBalancer",
    "INTERNET": "Internet",
}
_PROTOCOLS = {"TCP": "Tcp", "UDP": "Udp", "*": "*"}
# VPNGateway is recorded; the others are assumed from Microsoft's own clients.
_HOPS: dict[str, HopType] = {
    "vpngateway": "VirtualNetworkGateway",
    "vnetlocal": "VnetLocal",
    "internet": "Internet",
    "virtualappliance": "VirtualAppliance",
    "null": "None",
}
# The ranges of the network that the platform makes are assumed; there is no way to choose them.
_MADE_SPACE, _MADE_SUBNET = "10.0.0.0/16", "10.0.0.0/24"


@produces(arm.VIRTUAL_NETWORKS)
def virtual_networks(scope: Scope) -> Iterator[Resource | Loss]:
    """The network with its subnets; or the one that the platform makes for a service outside any."""
    if scope.network is not None:
        network = scope.network
        name = scope.names.kept(network.name)
        yield Resource(
            id=scope.id(scope.group, arm.VIRTUAL_NETWORKS, name),
            name=name,
            type=arm.VIRTUAL_NETWORKS,
            location=arm_location(scope.estate.location_of(network)),
            properties=arm.VirtualNetwork(
                address_space=arm.AddressSpace(address_prefixes=network.address_prefixes),
                dhcp_options=_name_servers(network),
                subnets=tuple(_subnet(scope, subnet) for subnet in network.subnets),
            ),
        )
    elif scope.makes_network:
        for service in scope.services:
            if service.machines:
                yield _made_network(scope, service.name, service.location)


@produces(arm.NETWORK_SECURITY_GROUPS)
def network_security_groups(scope: Scope) -> Iterator[Resource | Loss]:
    """A clone of every group that the unit uses; default rules are implicit in ARM."""
    for group in scope.security_groups:
        name = scope.names.kept(group.name)
        yield Resource(
            id=scope.id(scope.group, arm.NETWORK_SECURITY_GROUPS, name),
            name=name,
            type=arm.NETWORK_SECURITY_GROUPS,
            location=arm_location(group.location),
            properties=arm.NetworkSecurityGroup(
                security_rules=tuple(
                    _security_rule(scope.names.kept(rule.name), rule) for rule in group.rules if not rule.default
                )
            ),
        )


@produces(arm.ROUTE_TABLES)
def route_tables(scope: Scope) -> Iterator[Resource | Loss]:
    """A clone of every route table that the unit uses."""
    for table in scope.route_tables:
        name = scope.names.kept(table.name)
        yield Resource(
            id=scope.id(scope.group, arm.ROUTE_TABLES, name),
            name=name,
            type=arm.ROUTE_TABLES,
            location=arm_location(table.location),
            properties=arm.RouteTable(
                routes=tuple(
                    _route(scope.names.kept(route.name), route, hop)
                    for route in table.routes
                    if (hop := _HOPS.get(route.next_hop.lower()))
                )
            ),
        )
        for route in table.routes:
            if route.next_hop.lower() not in _HOPS:
                yield Loss(
                    f"routeTable/{table.name}/{route.name}",
                    "NextHopType",
                    f"nobody knows what the next hop {route.next_hop!r} is called in Resource Manager.",
                    "Look at the route table after prepare, and make the route by hand if it is missing.",
                )


def _name_servers(network: classic.VirtualNetworkSite) -> arm.DhcpOptions | None:
    servers = tuple(server.address for server in network.dns_servers)
    return arm.DhcpOptions(dns_servers=servers) if servers else None


def _subnet(scope: Scope, subnet: classic.Subnet) -> Part:
    return Part(
        name=scope.names.kept(subnet.name),
        properties=arm.Subnet(
            address_prefix=subnet.address_prefix,
            network_security_group=scope.security_group(subnet.network_security_group),
            route_table=scope.route_table(subnet.route_table),
        ),
    )


def _made_network(scope: Scope, service: str, location: str | None) -> Resource:
    name = scope.names.network(service)
    return Resource(
        id=scope.id(scope.group, arm.VIRTUAL_NETWORKS, name),
        name=name,
        type=arm.VIRTUAL_NETWORKS,
        location=location,
        properties=arm.VirtualNetwork(
            address_space=arm.AddressSpace(address_prefixes=(_MADE_SPACE,)),
            subnets=(Part(name=scope.names.subnet, properties=arm.Subnet(address_prefix=_MADE_SUBNET)),),
        ),
        generated=True,
    )


def _security_rule(name: str, rule: classic.SecurityRule) -> Part:
    return Part(
        name=name,
        properties=arm.SecurityRule(
            direction=rule.direction,
            priority=rule.priority,
            access=rule.action,
            protocol=_PROTOCOLS.get(rule.protocol.upper(), rule.protocol),
            source_address_prefix=_PREFIXES.get(rule.source_prefix.upper(), rule.source_prefix),
            source_port_range=rule.source_ports,
            destination_address_prefix=_PREFIXES.get(rule.destination_prefix.upper(), rule.destination_prefix),
            destination_port_range=rule.destination_ports,
        ),
    )


def _route(name: str, route: classic.Route, hop: HopType) -> Part:
    return Part(
        name=name,
        properties=arm.Route(
            address_prefix=route.address_prefix,
            next_hop_type=hop,
            next_hop_ip_address=route.next_hop_address if hop == "VirtualAppliance" else None,
        ),
    )
