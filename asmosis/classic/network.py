"""Virtual networks, network security groups, route tables, reserved IPs and VPN gateways.

Shapes are those of recorded Azure replies; fields marked SDK were never recorded, but Microsoft's clients read them.
"""

from typing import ClassVar, Literal

from asmosis.classic.compute import DnsServer
from asmosis.classic.xml import ClassicModel, at


class Subnet(ClassicModel):
    """A subnet of a virtual network."""

    name: str = at("Name")
    address_prefix: str = at("AddressPrefix")
    network_security_group: str | None = at("NetworkSecurityGroup", default=None)  # SDK
    route_table: str | None = at("RouteTableName", default=None)


class LocalNetworkSite(ClassicModel):
    """The far side of a site-to-site connection."""

    name: str = at("Name")
    address_prefixes: tuple[str, ...] = at("AddressSpace/AddressPrefixes/AddressPrefix", default=())
    gateway_address: str | None = at("VpnGatewayAddress", default=None)
    connection_types: tuple[str, ...] = at("Connections/Connection/Type", default=())


class SiteGateway(ClassicModel):
    """The gateway that a network asks for; whether one exists is told by `Gateway`."""

    profile: str | None = at("Profile", default=None)
    sites: tuple[LocalNetworkSite, ...] = at("Sites/LocalNetworkSite", default=())
    client_prefixes: tuple[str, ...] = at("VPNClientAddressPool/AddressPrefixes/AddressPrefix", default=())
    vnet_names: str | None = at("VnetNames", default=None)


class VirtualNetworkSite(ClassicModel):
    """A virtual network."""

    root: ClassVar[str] = "VirtualNetworkSite"

    name: str = at("Name")
    label: str | None = at("Label", default=None)
    id: str | None = at("Id", default=None)
    affinity_group: str | None = at("AffinityGroup", default=None)
    state: str | None = at("State", default=None)
    in_use: bool = at("InUse", default=False)
    address_prefixes: tuple[str, ...] = at("AddressSpace/AddressPrefixes/AddressPrefix", default=())
    subnets: tuple[Subnet, ...] = at("Subnets/Subnet", default=())
    dns_servers: tuple[DnsServer, ...] = at("Dns/DnsServers/DnsServer", default=())
    gateway: SiteGateway | None = at("Gateway", default=None)
    location: str | None = at("Location", default=None)
    migration_state: str | None = at("MigrationState", default=None)  # SDK


class SecurityRule(ClassicModel):
    """A rule of a network security group; default rules (priority 65000 and up) come last."""

    name: str = at("Name")
    direction: Literal["Inbound", "Outbound"] = at("Type")
    priority: int = at("Priority")
    action: Literal["Allow", "Deny"] = at("Action")
    source_prefix: str = at("SourceAddressPrefix")
    source_ports: str = at("SourcePortRange")
    destination_prefix: str = at("DestinationAddressPrefix")
    destination_ports: str = at("DestinationPortRange")
    protocol: str = at("Protocol")
    state: str | None = at("State", default=None)
    default: bool = at("IsDefault", default=False)


class NetworkSecurityGroup(ClassicModel):
    """A network security group; rules only where the answer has them (`detaillevel=Full`)."""

    root: ClassVar[str] = "NetworkSecurityGroup"

    name: str = at("Name")
    label: str | None = at("Label", default=None)
    location: str | None = at("Location", default=None)
    state: str | None = at("State", default=None)
    rules: tuple[SecurityRule, ...] = at("Rules/Rule", default=())
    migration_state: str | None = at("MigrationState", default=None)


class Route(ClassicModel):
    """A user-defined route."""

    name: str = at("Name")
    address_prefix: str = at("AddressPrefix")
    next_hop: str = at("NextHopType/Type")
    next_hop_address: str | None = at("NextHopType/IpAddress", default=None)
    metric: int | None = at("Metric", default=None)  # SDK
    state: str | None = at("RouteState", default=None)  # SDK


class RouteTable(ClassicModel):
    """A route table; routes only where the answer has them (`detailLevel=Full`)."""

    root: ClassVar[str] = "RouteTable"

    name: str = at("Name")
    label: str | None = at("Label", default=None)
    location: str | None = at("Location", default=None)
    state: str | None = at("RouteTableState", default=None)  # SDK
    routes: tuple[Route, ...] = at("RouteList/Route", default=())
    migration_state: str | None = at("MigrationState", default=None)


class RouteTableAssociation(ClassicModel):
    """Which route table a subnet uses."""

    root: ClassVar[str] = "RouteTableAssociation"

    route_table: str = at("RouteTableName")


class ReservedIp(ClassicModel):
    """A public address that stays; in use when it names a service and a deployment."""

    root: ClassVar[str] = "ReservedIP"

    name: str = at("Name")
    address: str | None = at("Address", default=None)
    id: str | None = at("Id", default=None)
    label: str | None = at("Label", default=None)
    state: str | None = at("State", default=None)
    in_use: bool = at("InUse", default=False)
    service_name: str | None = at("ServiceName", default=None)
    deployment_name: str | None = at("DeploymentName", default=None)
    location: str | None = at("Location", default=None)
    virtual_ip: str | None = at("VirtualIPName", default=None)
    migration_state: str | None = at("MigrationState", default=None)


class Gateway(ClassicModel):
    """A virtual network's gateway as it exists."""

    root: ClassVar[str] = "Gateway"

    type: str | None = at("GatewayType", default=None)
    event_id: str | None = at("LastEvent/Id", default=None)
    event_message: str | None = at("LastEvent/Message", default=None)
    event_time: str | None = at("LastEvent/Timestamp", default=None)
    event_data: str | None = at("LastEvent/Data", default=None)  # SDK
    state: str = at("State")
    address: str | None = at("VIPAddress", default=None)
    default_sites: tuple[str, ...] = at("DefaultSites/string", default=())
    size: str | None = at("GatewaySize", default=None)
    id: str | None = at("GatewayId", default=None)


class GatewayConnection(ClassicModel):
    """A tunnel of a gateway and how it does."""

    root: ClassVar[str] = "Connection"

    allocated_addresses: tuple[str, ...] = at("AllocatedIPAddresses/string", default=())
    state: str = at("ConnectivityState")
    egress_bytes: int | None = at("EgressBytesTransferred", default=None)
    egress_packets: int | None = at("EgressPacketsTransferred", default=None)
    ingress_bytes: int | None = at("IngressBytesTransferred", default=None)
    ingress_packets: int | None = at("IngressPacketsTransferred", default=None)
    last_established: str | None = at("LastConnectionEstablished", default=None)
    event_id: str | None = at("LastEvent/Id", default=None)
    event_message: str | None = at("LastEvent/Message", default=None)
    event_time: str | None = at("LastEvent/Timestamp", default=None)
    site: str | None = at("LocalNetworkSiteName", default=None)


class ConfiguredDnsServer(ClassicModel):
    """A name server as the network configuration file lists it."""

    name: str = at("@name")
    address: str = at("@IPAddress")


class ConfiguredSite(ClassicModel):
    """A local network site as the network configuration file lists it."""

    name: str = at("@name")
    address_prefixes: tuple[str, ...] = at("AddressSpace/AddressPrefix", default=())
    gateway_address: str | None = at("VPNGatewayAddress", default=None)


class ConfiguredSubnet(ClassicModel):
    """A subnet as the network configuration file lists it."""

    name: str = at("@name")
    address_prefix: str = at("AddressPrefix")


class ConfiguredConnection(ClassicModel):
    """A connection type as the network configuration file lists it."""

    type: str = at("@type")


class ConfiguredSiteRef(ClassicModel):
    """A local network site that a network connects to."""

    name: str = at("@name")
    connections: tuple[ConfiguredConnection, ...] = at("Connection", default=())


class ConfiguredDnsServerRef(ClassicModel):
    """A name server that a network uses."""

    name: str = at("@name")


class ConfiguredNetwork(ClassicModel):
    """A virtual network as the network configuration file lists it: names are attributes there."""

    name: str = at("@name")
    location: str | None = at("@Location", default=None)
    affinity_group: str | None = at("@AffinityGroup", default=None)
    address_prefixes: tuple[str, ...] = at("AddressSpace/AddressPrefix", default=())
    subnets: tuple[ConfiguredSubnet, ...] = at("Subnets/Subnet", default=())
    sites: tuple[ConfiguredSiteRef, ...] = at("Gateway/ConnectionsToLocalNetwork/LocalNetworkSiteRef", default=())
    dns_servers: tuple[ConfiguredDnsServerRef, ...] = at("DnsServersRef/DnsServerRef", default=())


class NetworkConfiguration(ClassicModel):
    """The network configuration file of a subscription (`services/networking/media`)."""

    root: ClassVar[str] = "NetworkConfiguration"

    dns_servers: tuple[ConfiguredDnsServer, ...] = at(
        "VirtualNetworkConfiguration/Dns/DnsServers/DnsServer", default=()
    )
    local_network_sites: tuple[ConfiguredSite, ...] = at(
        "VirtualNetworkConfiguration/LocalNetworkSites/LocalNetworkSite", default=()
    )
    virtual_networks: tuple[ConfiguredNetwork, ...] = at(
        "VirtualNetworkConfiguration/VirtualNetworkSites/VirtualNetworkSite", default=()
    )
