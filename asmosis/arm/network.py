"""Microsoft.Network: networks, interfaces, balancers, addresses, gateways (shapes: api-version 2025-05-01)."""

from typing import Literal

from asmosis.arm.resource import ArmModel, Part, Reference, Sku, read_only

VIRTUAL_NETWORKS = "Microsoft.Network/virtualNetworks"
NETWORK_SECURITY_GROUPS = "Microsoft.Network/networkSecurityGroups"
ROUTE_TABLES = "Microsoft.Network/routeTables"
NETWORK_INTERFACES = "Microsoft.Network/networkInterfaces"
LOAD_BALANCERS = "Microsoft.Network/loadBalancers"
PUBLIC_IP_ADDRESSES = "Microsoft.Network/publicIPAddresses"
VIRTUAL_NETWORK_GATEWAYS = "Microsoft.Network/virtualNetworkGateways"
LOCAL_NETWORK_GATEWAYS = "Microsoft.Network/localNetworkGateways"
CONNECTIONS = "Microsoft.Network/connections"

Allocation = Literal["Dynamic", "Static"]
Protocol = Literal["Tcp", "Udp"]


class AddressSpace(ArmModel):
    """Address ranges in CIDR notation."""

    address_prefixes: tuple[str, ...]


class DhcpOptions(ArmModel):
    """The name servers of a network, in the order in which they are asked."""

    dns_servers: tuple[str, ...]


class Subnet(ArmModel):
    """A subnet and what guards it."""

    address_prefix: str
    network_security_group: Reference | None = None
    route_table: Reference | None = None


class VirtualNetwork(ArmModel):
    """A virtual network."""

    address_space: AddressSpace
    dhcp_options: DhcpOptions | None = None
    subnets: tuple[Part, ...] = ()


class SecurityRule(ArmModel):
    """A rule of a network security group; default rules are the platform's and never listed here."""

    description: str | None = None
    direction: Literal["Inbound", "Outbound"]
    priority: int
    access: Literal["Allow", "Deny"]
    protocol: str
    source_address_prefix: str
    source_port_range: str
    destination_address_prefix: str
    destination_port_range: str


class NetworkSecurityGroup(ArmModel):
    """A network security group."""

    security_rules: tuple[Part, ...] = ()


class Route(ArmModel):
    """A user-defined route; only an appliance has an address."""

    address_prefix: str
    next_hop_type: Literal["VirtualNetworkGateway", "VnetLocal", "Internet", "VirtualAppliance", "None"]
    next_hop_ip_address: str | None = None


class RouteTable(ArmModel):
    """A route table."""

    routes: tuple[Part, ...] = ()


class DnsSettings(ArmModel):
    """The label of a public address below the region's domain."""

    domain_name_label: str


class PublicIPAddress(ArmModel):
    """A public address."""

    public_ip_allocation_method: Allocation
    ip_address: str | None = None
    idle_timeout_in_minutes: int | None = None
    dns_settings: DnsSettings | None = None


class IPConfiguration(ArmModel):
    """One address of an interface, and what leads to it."""

    primary: bool = True
    subnet: Reference | None = None
    private_ip_allocation_method: Allocation
    private_ip_address: str | None = None
    public_ip_address: Reference | None = None
    load_balancer_backend_address_pools: tuple[Reference, ...] = ()
    load_balancer_inbound_nat_rules: tuple[Reference, ...] = ()


class InterfaceDnsSettings(ArmModel):
    """Name servers of a machine, and the suffix that the network gives it."""

    dns_servers: tuple[str, ...] = ()
    internal_domain_name_suffix: str | None = read_only()


class NetworkInterface(ArmModel):
    """A network interface."""

    ip_configurations: tuple[Part, ...]
    enable_ip_forwarding: bool = False
    network_security_group: Reference | None = None
    dns_settings: InterfaceDnsSettings | None = None


class FrontendIPConfiguration(ArmModel):
    """An address that a balancer listens on: public, or in a subnet."""

    public_ip_address: Reference | None = None
    subnet: Reference | None = None
    private_ip_allocation_method: Allocation | None = None
    private_ip_address: str | None = None


class BackendAddressPool(ArmModel):
    """The machines behind a balancer; they name the pool, not the other way round."""


class Probe(ArmModel):
    """How a balancer asks whether a machine is well."""

    protocol: Literal["Tcp", "Http"]
    port: int
    request_path: str | None = None
    interval_in_seconds: int
    number_of_probes: int


class LoadBalancingRule(ArmModel):
    """A port that is spread over the pool."""

    frontend_ip_configuration: Reference
    backend_address_pool: Reference
    probe: Reference | None = None
    protocol: Protocol
    frontend_port: int
    backend_port: int
    idle_timeout_in_minutes: int
    enable_floating_ip: bool
    load_distribution: Literal["Default", "SourceIP", "SourceIPProtocol"]


class InboundNatRule(ArmModel):
    """A port that leads to one machine; the machine's interface names the rule."""

    frontend_ip_configuration: Reference
    protocol: Protocol
    frontend_port: int
    backend_port: int
    idle_timeout_in_minutes: int
    enable_floating_ip: bool


class LoadBalancer(ArmModel):
    """A load balancer, public or internal."""

    frontend_ip_configurations: tuple[Part, ...]
    backend_address_pools: tuple[Part, ...] = ()
    probes: tuple[Part, ...] = ()
    load_balancing_rules: tuple[Part, ...] = ()
    inbound_nat_rules: tuple[Part, ...] = ()


class GatewayIPConfiguration(ArmModel):
    """Where a gateway stands and which address it has."""

    subnet: Reference
    public_ip_address: Reference
    private_ip_allocation_method: Allocation = "Dynamic"


class GatewaySku(Sku):
    """The size of a gateway."""

    tier: str


class VpnClientConfiguration(ArmModel):
    """Point-to-site."""

    vpn_client_address_pool: AddressSpace


class VirtualNetworkGateway(ArmModel):
    """A gateway of a network."""

    gateway_type: Literal["Vpn", "ExpressRoute"]
    vpn_type: Literal["PolicyBased", "RouteBased"] | None = None
    sku: GatewaySku
    ip_configurations: tuple[Part, ...]
    gateway_default_site: Reference | None = None
    vpn_client_configuration: VpnClientConfiguration | None = None


class LocalNetworkGateway(ArmModel):
    """The far side of a site-to-site tunnel."""

    gateway_ip_address: str | None = None
    local_network_address_space: AddressSpace


class Connection(ArmModel):
    """A tunnel between a gateway and a far side; the shared key is never known."""

    connection_type: Literal["IPsec", "Vnet2Vnet", "ExpressRoute"]
    virtual_network_gateway1: Reference
    virtual_network_gateway2: Reference | None = None
    local_network_gateway2: Reference | None = None
