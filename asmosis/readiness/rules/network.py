"""Virtual networks, their gateways and security groups."""

from collections.abc import Iterator

from asmosis.classic.estate import key
from asmosis.classic.network import NetworkSecurityGroup, SecurityRule
from asmosis.readiness import sources, texts
from asmosis.readiness.rule import Hit, Severity, rule
from asmosis.readiness.subjects import Detached, Network, PlacedMachine, PlacedSlot, readable

_OWN_PRIORITIES = range(100, 4097)
_INTERNET = ("INTERNET", "*", "0.0.0.0/0")
_FROM_A_MACHINE = ("VIRTUAL_NETWORK", "*", "0.0.0.0/0")
_HTTPS = 443


@rule(
    "vnet-not-found",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="There is no such virtual network",
    remedy="Look its name up in the classic list; a network made in the portal is called 'Group GROUP NAME' there.",
    source=sources.ERRORS,
    noticed="validate",
    text=texts.NETWORK_NOT_FOUND,
)
def network_is_not_there(network: Network) -> Iterator[Hit]:
    """One hit per network that was asked for, or that a deployment names and nobody lists."""
    if network.site is None:
        name = network.unit.name
        yield Hit(
            name,
            texts.NETWORK_NOT_FOUND.format(network=name),
            f"VirtualNetworkSites: no {name}",
        )


@rule(
    "vnet-mixed-iaas-paas",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="Virtual machines and web or worker roles share a virtual network",
    remedy="Move the web and worker roles to another classic network, and peer the two after the migration.",
    source=sources.ANNOUNCEMENT_2016,
    noticed="validate",
)
def machines_and_web_roles(network: Network) -> Iterator[Hit]:
    """One hit per network."""
    kinds: dict[bool, str] = {}
    for service in network.services:
        for deployment in service.deployments:
            for role in deployment.roles:
                kinds.setdefault(role.is_virtual_machine, service.name)
    if len(kinds) > 1:
        yield Hit(
            network.unit.name,
            f"{network.unit.name} holds virtual machines ({kinds[True]}) and web or worker roles ({kinds[False]}).",
            f"HostedService[{kinds[False]}]/Deployment/RoleList/Role/RoleType",
        )


@rule(
    "vnet-gateway-s2s",
    seed_2016=Severity.BLOCKER,
    platform_2023=None,
    title="The virtual network has a site-to-site gateway",
    remedy="Delete the gateway, migrate, and build it again in ARM.",
    source=sources.ANNOUNCEMENT_2016,
    noticed="validate",
)
def site_to_site(network: Network) -> Iterator[Hit]:
    """One hit per network."""
    if network.gateway and _has_sites(network):
        yield _gateway_hit(network, "site-to-site", "Gateway/Sites/LocalNetworkSite")


@rule(
    "vnet-gateway-p2s",
    seed_2016=Severity.BLOCKER,
    platform_2023=None,
    title="The virtual network has a point-to-site gateway",
    remedy="Delete the gateway, migrate, and build it again in ARM.",
    source=sources.ANNOUNCEMENT_2016,
    noticed="validate",
)
def point_to_site(network: Network) -> Iterator[Hit]:
    """One hit per network."""
    if network.gateway and _has_clients(network):
        yield _gateway_hit(network, "point-to-site", "Gateway/VPNClientAddressPool")


@rule(
    "vnet-gateway-er",
    seed_2016=Severity.BLOCKER,
    platform_2023=None,
    title="The virtual network has an ExpressRoute gateway",
    remedy="Delete the gateway, migrate, and build it again in ARM.",
    source=sources.ANNOUNCEMENT_2016,
    noticed="validate",
)
def express_route(network: Network) -> Iterator[Hit]:
    """One hit per network."""
    if _is_express_route(network):
        yield _gateway_hit(network, "ExpressRoute", "Gateway/GatewayType")


@rule(
    "vnet-er-and-vpn",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="The virtual network has an ExpressRoute and a VPN gateway",
    remedy="Delete one of the two gateways.",
    source=sources.DEEP_DIVE,
    noticed="prepare",
)
def express_route_beside_vpn(network: Network) -> Iterator[Hit]:
    """One hit per network."""
    if _is_express_route(network) and (_has_sites(network) or _has_clients(network)):
        yield Hit(
            network.unit.name,
            f"{network.unit.name} connects through ExpressRoute and through a VPN.",
            network.at("Gateway/Sites/LocalNetworkSite/Connections/Connection/Type"),
        )


@rule(
    "er-vnet-has-local-sites",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="A network on ExpressRoute still lists local network sites",
    remedy="Take the local network sites out of the network's configuration.",
    source=sources.EXPRESS_ROUTE,
    noticed="never",
)
def sites_beside_express_route(network: Network) -> Iterator[Hit]:
    """One hit per network; sites on a VPN are a matter of `vnet-er-and-vpn`."""
    sites = [site.name for site in network.site.gateway.sites] if network.site and network.site.gateway else []
    if sites and _is_express_route(network) and not _has_sites(network):
        yield Hit(
            network.unit.name,
            f"{network.unit.name} is on ExpressRoute and lists the local network sites {', '.join(sites)}.",
            network.at("Gateway/Sites/LocalNetworkSite"),
        )


@rule(
    "gw-connection-disconnected",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="A connection of the gateway is not connected",
    remedy="Connect it again, or delete the connection.",
    source=sources.DEEP_DIVE,
    noticed="prepare",
)
def connection_is_down(network: Network) -> Iterator[Hit]:
    """One hit per connection of a provisioned gateway."""
    connections = network.index.connections.get(key(network.unit.name), ()) if network.gateway else ()
    for connection in connections:
        if connection.state != "Connected":
            yield Hit(
                network.unit.name,
                f"The connection of {network.unit.name} to {connection.site} is in state {connection.state}.",
                f"Connection[{connection.site}]/ConnectivityState",
            )


@rule(
    "vnet-dns-onprem-lost",
    seed_2016=Severity.WARNING,
    platform_2023=Severity.WARNING,
    title="A name server is reached through the gateway",
    remedy="Keep names resolving while the gateway is away, or extensions stop reporting and prepare fails.",
    source=sources.PLANNING,
    noticed="never",
)
def name_server_behind_gateway(network: Network) -> Iterator[Hit]:
    """One hit per name server with a private address outside the network."""
    for server in network.site.dns_servers if network.site and network.gateway else ():
        address = readable(server.address)
        if address and address.is_private and not any(address.subnet_of(prefix) for prefix in network.space):
            yield Hit(
                network.unit.name,
                f"{network.unit.name} asks the name server {server.address}, which is not in the network itself.",
                network.at(f"Dns/DnsServers/DnsServer[{server.address}]"),
            )


@rule(
    "nsg-blocks-outbound",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="A security group keeps a machine with extensions from the Internet",
    remedy="Allow outbound TCP 443 and DNS, or extensions stop reporting and the machine does not migrate.",
    source=sources.PLANNING,
    noticed="validate",
)
def no_way_out(slot: PlacedSlot) -> Iterator[Hit]:
    """One hit per machine and group; the group may be the machine's own or its subnet's."""
    groups = slot.index.security_groups
    for machine in slot.members if groups else ():
        for name in _security_groups_of(machine) if machine.role.extensions else ():
            group = groups.get(key(name))
            denial = _denial_of_https(group) if group else None
            if denial:
                yield Hit(
                    machine.name,
                    f"Rule {denial.name} of network security group {name} denies {machine.role.name} the Internet.",
                    f"NetworkSecurityGroup[{name}]/Rules/Rule[{denial.name}]",
                )


@rule(
    "nsg-rule-priority-reserved",
    seed_2016=Severity.INFORMATION,
    platform_2023=Severity.INFORMATION,
    title="A rule has a priority of the platform's own default rules",
    remedy="Compare the group's rules after prepare; ARM brings default rules of its own.",
    source=sources.FIELD_TOOLSET,
    noticed="never",
)
def reserved_priority(subject: Network | Detached) -> Iterator[Hit]:
    """One hit per rule that is not marked as a default, in the groups of subnets and in detached ones."""
    for group in _security_groups_in(subject):
        for each in group.rules:
            if each.priority not in _OWN_PRIORITIES and not each.default:
                yield Hit(
                    group.name,
                    f"Rule {each.name} has the priority {each.priority}; users' rules have 100 to 4096.",
                    f"NetworkSecurityGroup[{group.name}]/Rules/Rule[{each.name}]/Priority",
                )


def _security_groups_in(subject: Network | Detached) -> Iterator[NetworkSecurityGroup]:
    if isinstance(subject, Network):
        subnets = subject.site.subnets if subject.site else ()
        names = {key(subnet.network_security_group): None for subnet in subnets if subnet.network_security_group}
        yield from (group for name in names if (group := subject.index.security_groups.get(name)))
    elif isinstance(subject.resource, NetworkSecurityGroup):
        yield subject.resource


def _is_express_route(network: Network) -> bool:
    if not network.gateway:
        return False
    sites = network.site.gateway.sites if network.site and network.site.gateway else ()
    return "dedicated" in (network.gateway.type or "").lower() or any(
        "Dedicated" in site.connection_types for site in sites
    )


def _has_sites(network: Network) -> bool:
    sites = network.site.gateway.sites if network.site and network.site.gateway else ()
    return any("Dedicated" not in site.connection_types for site in sites)


def _has_clients(network: Network) -> bool:
    return bool(network.site and network.site.gateway and network.site.gateway.client_prefixes)


def _gateway_hit(network: Network, kind: str, path: str) -> Hit:
    state = network.gateway.state if network.gateway else ""
    return Hit(
        network.unit.name,
        f"{network.unit.name} has a gateway ({kind}) in state {state}.",
        network.at(path),
    )


def _security_groups_of(machine: PlacedMachine) -> list[str]:
    """The names of the groups that the machine's packets pass on their way out."""
    configuration = machine.role.network
    site = machine.index.networks.get(key(machine.deployment.virtual_network or ""))
    wanted = {key(name) for name in configuration.subnets}
    names = [configuration.network_security_group]
    names += [subnet.network_security_group for subnet in site.subnets if key(subnet.name) in wanted] if site else []
    return [name for name in names if name]


def _denial_of_https(group: NetworkSecurityGroup) -> SecurityRule | None:
    """The rule that decides about HTTPS to anywhere, if it denies."""
    for each in sorted(group.rules, key=lambda rule: rule.priority):
        decides = (
            each.direction == "Outbound"
            and each.protocol.upper() in ("TCP", "*")
            and each.source_prefix.upper() in _FROM_A_MACHINE
            and each.destination_prefix.upper() in _INTERNET
            and _covers(each.destination_ports, _HTTPS)
        )
        if decides:
            return each if each.action == "Deny" else None
    return None


def _covers(ports: str, port: int) -> bool:
    if ports == "*":
        return True
    low, _, high = ports.partition("-")
    return int(low) <= port <= int(high or low)
