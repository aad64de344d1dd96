"""Fates of the fields of networks, security groups, route tables, reserved IPs and gateways."""

from collections.abc import Mapping

from asmosis.arm import network as to
from asmosis.classic import network
from asmosis.classic.xml import ClassicModel
from asmosis.translate.fates.fate import (
    AFFINITY,
    GUID,
    KEPT,
    LABEL,
    MIGRATING,
    STATE,
    Fate,
    Way,
    also,
    each,
    moves,
    one,
)

_FILE = "The network configuration file repeats what the networks' own answers tell."

FATES: Mapping[type[ClassicModel], Mapping[str, Fate]] = {
    network.VirtualNetworkSite: {
        "name": moves(to.VIRTUAL_NETWORKS, "name", why="Also names the resource group, and the gateway's resources."),
        "location": moves(to.VIRTUAL_NETWORKS, "location", why="Also of its gateway's resources."),
        "address_prefixes": moves(to.VIRTUAL_NETWORKS, "addressSpace.addressPrefixes[]"),
        "label": one(Way.LOST, LABEL),
        "affinity_group": one(Way.LOST, AFFINITY),
        **each(Way.LEFT, GUID, "id"),
        **each(Way.LEFT, STATE, "state", "in_use"),
        **each(Way.LEFT, MIGRATING, "migration_state"),
    },
    network.Subnet: {
        "name": moves(to.VIRTUAL_NETWORKS, "subnets[].name"),
        "address_prefix": moves(to.VIRTUAL_NETWORKS, "subnets[].addressPrefix"),
        "network_security_group": moves(to.VIRTUAL_NETWORKS, "subnets[].networkSecurityGroup.id"),
        "route_table": moves(to.VIRTUAL_NETWORKS, "subnets[].routeTable.id"),
    },
    network.SiteGateway: {
        "client_prefixes": moves(
            to.VIRTUAL_NETWORK_GATEWAYS,
            "vpnClientConfiguration.vpnClientAddressPool.addressPrefixes[]",
        ),
        **each(Way.LEFT, "What was asked for; the gateway tells what it is.", "profile"),
        **each(Way.LEFT, "Empty in every recorded answer.", "vnet_names"),
    },
    network.LocalNetworkSite: {
        "name": also(moves(to.LOCAL_NETWORK_GATEWAYS, "name"), moves(to.CONNECTIONS, "name")),
        "address_prefixes": moves(to.LOCAL_NETWORK_GATEWAYS, "localNetworkAddressSpace.addressPrefixes[]"),
        "gateway_address": moves(to.LOCAL_NETWORK_GATEWAYS, "gatewayIpAddress"),
        "connection_types": moves(to.CONNECTIONS, "connectionType", why="A point-to-site client has none."),
    },
    network.Gateway: {
        "type": moves(to.VIRTUAL_NETWORK_GATEWAYS, "gatewayType", "vpnType"),
        "size": moves(to.VIRTUAL_NETWORK_GATEWAYS, "sku.name", "sku.tier"),
        "default_sites": moves(to.VIRTUAL_NETWORK_GATEWAYS, "gatewayDefaultSite.id"),
        "address": moves(to.PUBLIC_IP_ADDRESSES, "ipAddress", why=KEPT),
        "state": one(Way.DECIDES, "Only a provisioned gateway migrates."),
        **each(Way.LEFT, STATE, "event_id", "event_message", "event_time", "event_data"),
        **each(Way.LEFT, GUID, "id"),
    },
    network.NetworkSecurityGroup: {
        "name": moves(to.NETWORK_SECURITY_GROUPS, "name"),
        "location": moves(to.NETWORK_SECURITY_GROUPS, "location"),
        "label": one(Way.LOST, LABEL),
        **each(Way.LEFT, STATE, "state"),
        **each(Way.LEFT, MIGRATING, "migration_state"),
    },
    network.SecurityRule: {
        "name": moves(to.NETWORK_SECURITY_GROUPS, "securityRules[].name"),
        **{
            name: moves(to.NETWORK_SECURITY_GROUPS, f"securityRules[].{path}")
            for name, path in (
                ("direction", "direction"),
                ("priority", "priority"),
                ("action", "access"),
                ("source_prefix", "sourceAddressPrefix"),
                ("source_ports", "sourcePortRange"),
                ("destination_prefix", "destinationAddressPrefix"),
                ("destination_ports", "destinationPortRange"),
                ("protocol", "protocol"),
            )
        },
        "default": one(Way.DECIDES, "Default rules are implicit in ARM."),
        **each(Way.LEFT, STATE, "state"),
    },
    network.RouteTable: {
        "name": moves(to.ROUTE_TABLES, "name"),
        "location": moves(to.ROUTE_TABLES, "location"),
        "label": one(Way.LOST, LABEL),
        **each(Way.LEFT, STATE, "state"),
        **each(Way.LEFT, MIGRATING, "migration_state"),
    },
    network.Route: {
        "name": moves(to.ROUTE_TABLES, "routes[].name"),
        "address_prefix": moves(to.ROUTE_TABLES, "routes[].addressPrefix"),
        "next_hop": moves(to.ROUTE_TABLES, "routes[].nextHopType", why="An unknown one is reported lost."),
        "next_hop_address": moves(to.ROUTE_TABLES, "routes[].nextHopIpAddress", why="Of a virtual appliance only."),
        **each(Way.LEFT, "ARM has no metrics; the longest prefix wins.", "metric"),
        **each(Way.LEFT, STATE, "state"),
    },
    network.ReservedIp: {
        "name": moves(to.PUBLIC_IP_ADDRESSES, "name"),
        "address": moves(to.PUBLIC_IP_ADDRESSES, "ipAddress", why=KEPT),
        "location": moves(to.PUBLIC_IP_ADDRESSES, "location"),
        "in_use": one(Way.DECIDES, "One in use migrates with its service; any other is a unit."),
        "label": one(Way.LOST, LABEL),
        **each(Way.LEFT, GUID, "id"),
        **each(Way.LEFT, STATE, "state"),
        **each(
            Way.LEFT,
            "The deployment tells which reserved IPs it uses.",
            "service_name",
            "deployment_name",
            "virtual_ip",
        ),
        **each(Way.LEFT, MIGRATING, "migration_state"),
    },
}
"""What becomes of each field of the models that are read."""

LEFT_WHOLE: Mapping[type[ClassicModel], str] = {
    network.GatewayConnection: STATE,
    network.RouteTableAssociation: "The subnet itself names its route table.",
    network.NetworkConfiguration: _FILE,
    network.ConfiguredDnsServer: _FILE,
    network.ConfiguredSite: _FILE,
    network.ConfiguredSubnet: _FILE,
    network.ConfiguredConnection: _FILE,
    network.ConfiguredSiteRef: _FILE,
    network.ConfiguredDnsServerRef: _FILE,
    network.ConfiguredNetwork: _FILE,
}
"""Of the models that are never read: why."""
