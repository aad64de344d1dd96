"""What resources name: subnets, addresses inside them, availability sets, security groups, route tables."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator

from asmosis.classic.estate import key
from asmosis.classic.role import ConfigurationSet
from asmosis.readiness import sources, texts
from asmosis.readiness.rule import Hit, Severity, rule
from asmosis.readiness.subjects import Network, PlacedMachine, PlacedSlot, Slot, readable, subnets_of

_GROUP, _TABLE = "network security group", "route table"


@rule(
    "vm-subnet-unknown",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The machine is in a subnet that its network does not have",
    remedy="Correct the network configuration, or create the machine again in a subnet that is there.",
    source=sources.TARGET_CHECKS,
    noticed="prepare",
    assumed=True,
)
def subnet_is_not_there(slot: PlacedSlot) -> Iterator[Hit]:
    """One hit per name and machine; a network that nobody lists is a matter of `vnet-not-found`."""
    network = slot.deployment.virtual_network
    known = slot.index.subnets.get(key(network or ""))
    if known is None:
        return
    named = {name for role in slot.machines for name in subnets_of(role.network)}
    missing = {name for name in named if key(name) not in known}
    for machine in slot.members if missing else ():
        for name in dict.fromkeys(name for name in machine.subnets if name in missing):
            yield Hit(
                machine.name,
                f"{machine.name} is in subnet {name}, which {network} does not have.",
                machine.at("ConfigurationSet[NetworkConfiguration]/SubnetNames/SubnetName"),
            )


@rule(
    "vm-static-ip-outside-subnet",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="A static address is not in its subnet",
    remedy="Give the machine a static address inside its subnet, or none.",
    source=sources.ARM_ERRORS,
    noticed="prepare",
    text=texts.ADDRESS_OUTSIDE_SUBNET,
)
def static_address_outside(slot: PlacedSlot) -> Iterator[Hit]:
    """One hit per network interface; unknown subnets and malformed prefixes are matters of other rules."""
    if not [role for role in slot.machines if role.network.static_ip or role.network.network_interfaces]:
        return
    for machine in slot.members:
        network = machine.role.network
        first = network.subnets[0] if network.subnets else None
        claims = [
            (network.static_ip, first, "StaticVirtualNetworkIPAddress"),
            *((nic.static_ip, nic.subnet, f"NetworkInterface[{nic.name}]") for nic in network.network_interfaces),
        ]
        for address, subnet, path in claims:
            prefix = _prefix_if_outside(slot, address, subnet)
            if prefix:
                yield Hit(
                    machine.name,
                    texts.ADDRESS_OUTSIDE_SUBNET.format(address=address, prefix=prefix),
                    machine.at(f"ConfigurationSet[NetworkConfiguration]/{path}"),
                )


@rule(
    "svc-ilb-subnet-unknown",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="An internal load balancer is in a subnet that the network does not have",
    remedy="Put the load balancer into a subnet that is there.",
    source=sources.TARGET_CHECKS,
    noticed="prepare",
    assumed=True,
)
def balancer_subnet_is_not_there(slot: PlacedSlot) -> Iterator[Hit]:
    """One hit per load balancer."""
    known = slot.index.subnets.get(key(slot.deployment.virtual_network or ""))
    for balancer in slot.deployment.load_balancers if known is not None else ():
        if balancer.subnet and key(balancer.subnet) not in (known or {}):
            yield Hit(
                slot.service.name,
                f"Load balancer {balancer.name} is in subnet {balancer.subnet}, which"
                f" {slot.deployment.virtual_network} does not have.",
                slot.at(f"LoadBalancers/LoadBalancer[{balancer.name}]/FrontendIpConfiguration/SubnetName"),
            )


@rule(
    "svc-ilb-ip-outside-subnet",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The static address of an internal load balancer is not in its subnet",
    remedy="Give the load balancer an address inside its subnet, or none.",
    source=sources.ARM_ERRORS,
    noticed="prepare",
    text=texts.ADDRESS_OUTSIDE_SUBNET,
)
def balancer_address_outside(slot: PlacedSlot) -> Iterator[Hit]:
    """One hit per load balancer."""
    for balancer in slot.deployment.load_balancers:
        prefix = _prefix_if_outside(slot, balancer.static_ip, balancer.subnet)
        if prefix:
            yield Hit(
                slot.service.name,
                texts.ADDRESS_OUTSIDE_SUBNET.format(address=balancer.static_ip, prefix=prefix),
                slot.at(f"LoadBalancers/LoadBalancer[{balancer.name}]/FrontendIpConfiguration"),
            )


@rule(
    "svc-single-avset",
    seed_2016=None,
    platform_2023=Severity.WARNING,
    title="An availability set holds only one machine",
    remedy="Add a machine to the set, or take the one out; alone it is not kept up through maintenance.",
    source=sources.TARGET_CHECKS,
    noticed="never",
)
def lonely_in_a_set(slot: Slot) -> Iterator[Hit]:
    """One hit per set."""
    members = Counter([key(role.availability_set) for role in slot.machines if role.availability_set])
    for role in slot.machines if 1 in members.values() else ():
        if role.availability_set and members[key(role.availability_set)] == 1:
            yield Hit(
                slot.service.name,
                f"{role.name} is alone in availability set {role.availability_set}.",
                slot.at(f"RoleList/Role[{role.name}]/AvailabilitySetName"),
            )


@rule(
    "vnet-reference-not-listed",
    seed_2016=None,
    platform_2023=Severity.WARNING,
    title="A network security group or route table that something names is not listed",
    remedy="Archive it too, or correct the name; nothing tells how it would arrive in ARM.",
    source=sources.TARGET_CHECKS,
    noticed="never",
)
def named_but_not_listed(subject: Network | PlacedSlot) -> Iterator[Hit]:
    """One hit per name in a network, or in a machine."""
    if isinstance(subject, Network):
        yield from _not_listed(subject, subject.unit.name, _named_by_network(subject))
    elif [role for role in subject.machines if _names_groups(role.network)]:
        for machine in subject.members:
            yield from _not_listed(machine, machine.name, _named_by_machine(machine))


def _not_listed(
    subject: Network | PlacedMachine, name: str, named: Iterable[tuple[str, str | None, str]]
) -> Iterator[Hit]:
    listed: dict[str, Container[str]] = {_GROUP: subject.index.security_groups, _TABLE: subject.index.route_tables}
    for kind, other, path in named:
        if other and key(other) not in listed[kind]:
            yield Hit(name, f"{name} names the {kind} {other}, which classic does not list.", subject.at(path))


def _names_groups(network: ConfigurationSet) -> bool:
    return bool(network.network_security_group or network.network_interfaces)


def _named_by_machine(machine: PlacedMachine) -> Iterator[tuple[str, str | None, str]]:
    network = machine.role.network
    yield _GROUP, network.network_security_group, "NetworkSecurityGroup"
    for nic in network.network_interfaces:
        yield _GROUP, nic.network_security_group, f"NetworkInterface[{nic.name}]/NetworkSecurityGroup"


def _named_by_network(network: Network) -> Iterator[tuple[str, str | None, str]]:
    for subnet in network.site.subnets if network.site else ():
        yield _GROUP, subnet.network_security_group, f"Subnets/Subnet[{subnet.name}]/NetworkSecurityGroup"
        yield _TABLE, subnet.route_table, f"Subnets/Subnet[{subnet.name}]/RouteTableName"


def _prefix_if_outside(slot: PlacedSlot, address: str | None, subnet: str | None) -> str:
    """The prefix of the subnet if it is known and does not hold the address; else empty."""
    if not address or not subnet:
        return ""
    known = slot.index.subnets.get(key(slot.deployment.virtual_network or ""), {}).get(key(subnet))
    prefix, host = readable(known.address_prefix) if known else None, readable(address)
    return str(prefix) if prefix and host and not host.subnet_of(prefix) else ""
