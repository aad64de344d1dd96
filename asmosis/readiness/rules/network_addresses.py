"""Address spaces, private addresses and load-balancer rules, as ARM will judge them in prepare."""

from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv4Network, ip_network

from asmosis.classic.estate import key
from asmosis.classic.role import InputEndpoint, Role
from asmosis.readiness import sources, texts
from asmosis.readiness.rule import Hit, Severity, rule
from asmosis.readiness.subjects import Network, Slot, readable


@rule(
    "cidr-not-canonical",
    seed_2016=Severity.WARNING,
    platform_2023=Severity.BLOCKER,
    title="An address prefix has host bits set or is malformed",
    remedy="Correct the prefix in the network configuration, or the network ends in a failed state.",
    source=sources.VPN_GATEWAYS,
    noticed="prepare",
    text=texts.INVALID_CIDR,
)
def untidy_prefix(network: Network) -> Iterator[Hit]:
    """One hit per prefix of the network, its subnets, and its local sites."""
    for path, prefix in _prefixes(network):
        try:
            ip_network(prefix)
        except ValueError:
            yield Hit(
                network.unit.name,
                texts.INVALID_CIDR.format(prefix=prefix, resource=network.unit.name),
                network.at(f"{path}: {prefix}"),
            )


@rule(
    "subnet-outside-space",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="A subnet is not inside the network's address space",
    remedy="Correct the subnet or the address space in the network configuration.",
    source=sources.DEEP_DIVE,
    noticed="prepare",
)
def subnet_outside(network: Network) -> Iterator[Hit]:
    """One hit per subnet; malformed prefixes are a matter of `cidr-not-canonical`."""
    for name, subnet in _subnets(network):
        if not any(subnet.subnet_of(prefix) for prefix in network.space):
            yield Hit(
                network.unit.name,
                f"Subnet {name} ({subnet}) is not inside the address space of {network.unit.name}.",
                network.at(f"Subnets/Subnet[{name}]/AddressPrefix"),
            )


@rule(
    "subnet-overlap",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="Two subnets overlap",
    remedy="Correct the subnets in the network configuration.",
    source=sources.DEEP_DIVE,
    noticed="prepare",
)
def overlapping_subnets(network: Network) -> Iterator[Hit]:
    """One hit per subnet that begins before an earlier one ends."""
    ordered = sorted(_subnets(network), key=lambda pair: (pair[1].network_address, pair[1].prefixlen))
    farthest: tuple[str, IPv4Network] | None = None
    for name, subnet in ordered:
        if farthest and farthest[1].overlaps(subnet):
            yield Hit(
                network.unit.name,
                f"Subnets {farthest[0]} ({farthest[1]}) and {name} ({subnet}) of {network.unit.name} overlap.",
                network.at(f"Subnets/Subnet[{name}]/AddressPrefix"),
            )
        if not farthest or subnet.broadcast_address > farthest[1].broadcast_address:
            farthest = name, subnet


@rule(
    "static-ip-conflict-deallocated",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="Two deallocated machines claim the same private address",
    remedy="Give one of the machines another static address.",
    source=sources.DEEP_DIVE,
    noticed="prepare",
)
def same_static_address(network: Network) -> Iterator[Hit]:
    """One hit per address."""
    claims: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for service in network.services:
        for deployment in service.deployments:
            off = {each.role_name for each in deployment.instances if each.status == "StoppedDeallocated"}
            for role in deployment.roles:
                if role.name in off and role.network.static_ip:
                    claims[role.network.static_ip].append((service.name, role.name))
    for address, machines in claims.items():
        if len(machines) > 1:
            service_name, role_name = machines[-1]
            yield Hit(
                network.unit.name,
                f"{' and '.join(map('/'.join, machines))} are deallocated and claim the static address {address}.",
                f"HostedService[{service_name}]/Role[{role_name}]/StaticVirtualNetworkIPAddress",
            )


@rule(
    "vnet-lb-rules-invalid",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The endpoints of a deployment make no valid load balancer",
    remedy="Repair the endpoints: one owner per public port, and the same ports and probe throughout a set.",
    source=sources.DEEP_DIVE,
    noticed="prepare",
)
def endpoints_contradict(slot: Slot) -> Iterator[Hit]:
    """One hit per public port with two owners, and per member of a set that differs from the set's first."""
    owners: dict[tuple[str, str, int], tuple[Role, InputEndpoint]] = {}
    firsts: dict[str, InputEndpoint] = {}
    for role, endpoint in slot.endpoints:
        first = firsts.setdefault(key(endpoint.balanced_set), endpoint) if endpoint.balanced_set else endpoint
        front = (endpoint.load_balancer or endpoint.vip or "", _transport(endpoint), endpoint.port)
        other, owner = owners.setdefault(front, (role, first)), (role, first)
        # What is said of an endpoint is put together where something is.
        if other[1] is not first and _owner(*other) != _owner(*owner):
            problem = f"{_owner(*other)} and {_owner(*owner)} both own {front[1]} port {endpoint.port}."
            yield _endpoint_hit(slot, role, endpoint, problem)
        if first is not endpoint and _differs(first, endpoint):
            difference = f"differs from the others of set {endpoint.balanced_set} in port or probe."
            yield _endpoint_hit(slot, role, endpoint, f"Endpoint {endpoint.name} {difference}")


def _endpoint_hit(slot: Slot, role: Role, endpoint: InputEndpoint, message: str) -> Hit:
    evidence = slot.at(f"RoleList/Role[{role.name}]/InputEndpoint[{endpoint.name}]")
    return Hit(f"{slot.service.name}/{role.name}", message, evidence)


def _owner(role: Role, first: InputEndpoint) -> str:
    return f"set {first.balanced_set}" if first.balanced_set else f"{role.name}/{first.name}"


def _differs(first: InputEndpoint, endpoint: InputEndpoint) -> bool:
    """Whether two members of a balanced set differ in what ARM has once per rule."""
    return (
        endpoint.port != first.port
        or endpoint.local_port != first.local_port
        or endpoint.probe != first.probe
        or _transport(endpoint) != _transport(first)
    )


def _transport(endpoint: InputEndpoint) -> str:
    return "udp" if endpoint.protocol == "udp" else "tcp"


def _prefixes(network: Network) -> Iterator[tuple[str, str]]:
    if network.site is None:
        return
    for prefix in network.site.address_prefixes:
        yield "AddressSpace/AddressPrefixes/AddressPrefix", prefix
    for subnet in network.site.subnets:
        yield f"Subnets/Subnet[{subnet.name}]/AddressPrefix", subnet.address_prefix
    for site in network.site.gateway.sites if network.site.gateway else ():
        for prefix in site.address_prefixes:
            yield f"Gateway/Sites/LocalNetworkSite[{site.name}]/AddressSpace", prefix


def _subnets(network: Network) -> Iterator[tuple[str, IPv4Network]]:
    """The subnets whose prefixes can be read; classic networks have IPv4 only."""
    for subnet in network.site.subnets if network.site else ():
        prefix = readable(subnet.address_prefix)
        if prefix:
            yield subnet.name, prefix
