"""The public endpoints of a unit as Resource Manager shows them: NAT rules, balancing rules, addresses of machines."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asmosis.arm.network import LOAD_BALANCERS, NETWORK_INTERFACES, PUBLIC_IP_ADDRESSES
from asmosis.probe.target import Target, Targets, Unprobed
from asmosis.shapes import understood
from asmosis.units import Unit

PROBED_TYPES = (NETWORK_INTERFACES, LOAD_BALANCERS, PUBLIC_IP_ADDRESSES)
"""The types that endpoints are made of."""

_MIGRATED = "-migrated"
_Body = Mapping[str, Any]


def arm_targets(bodies: Iterable[_Body]) -> Targets:
    """What can be probed of ARM bodies, in their order; endpoints are called as on the classic side.

    That the group of a balancer is named after its cloud service is documented by Microsoft.

    Raises:
        UnreadableDocument: a body is of another shape than its type has.
    """
    with understood("what ARM holds"):
        return _targets(bodies)


def of_unit(unit: Unit, bodies: Iterable[_Body]) -> tuple[_Body, ...]:
    """Those of a subscription's bodies that a committed unit's endpoints are made of; none for other kinds of unit.

    A network's are the interfaces in it and the balancers that lead to them; a cloud service's are its group.

    Raises:
        UnreadableDocument: a body is of another shape than its type has.
    """
    with understood("what ARM holds"):
        return _of_unit(unit, tuple(bodies))


def _targets(bodies: Iterable[_Body]) -> Targets:
    by_type: dict[str, list[_Body]] = {}
    for body in bodies:
        by_type.setdefault(str(body["type"]).casefold(), []).append(body)
    addresses = {_key(body): _Address.of(body) for body in by_type.get(PUBLIC_IP_ADDRESSES.casefold(), ())}
    interfaces = [_Interface.of(body) for body in by_type.get(NETWORK_INTERFACES.casefold(), ())]
    rules = [
        rule for body in by_type.get(LOAD_BALANCERS.casefold(), ()) for rule in _rules(body, interfaces, addresses)
    ]
    found = [item for rule in rules for item in rule.ways()]
    found += [item for interface in interfaces for item in _of_machine(interface, rules, addresses)]
    return Targets(
        tuple(dict.fromkeys(item for item in found if isinstance(item, Target))),
        tuple(dict.fromkeys(item for item in found if isinstance(item, Unprobed))),
    )


def _of_unit(unit: Unit, found: Sequence[_Body]) -> tuple[_Body, ...]:
    if unit.kind == "hostedService":
        group = f"{unit.name}{_MIGRATED}".casefold()
        return tuple(body for body in found if str(body["id"]).split("/")[4].casefold() == group)
    if unit.kind != "virtualNetwork":
        return ()
    within = f"/virtualnetworks/{unit.name}/subnets/".casefold()
    interfaces = [
        body
        for body in found
        if str(body["type"]).casefold() == NETWORK_INTERFACES.casefold() and any(within in s for s in _subnets(body))
    ]
    leads = {lead for body in interfaces for lead in _Interface.of(body).leads}
    balancers = [
        body
        for body in found
        if str(body["type"]).casefold() == LOAD_BALANCERS.casefold()
        and any(lead.startswith(_key(body) + "/") for lead in leads)
    ]
    addresses = [body for body in found if str(body["type"]).casefold() == PUBLIC_IP_ADDRESSES.casefold()]
    return (*interfaces, *balancers, *addresses) if interfaces else ()


@dataclass(frozen=True)
class _Address:
    hosts: tuple[str, ...]

    @classmethod
    def of(cls, body: _Body) -> "_Address":
        properties = body.get("properties") or {}
        told = ((properties.get("dnsSettings") or {}).get("fqdn"), properties.get("ipAddress"))
        # A name without an address leads nowhere.
        return cls(tuple(str(host) for host in told if host) if told[1] else ())


@dataclass(frozen=True)
class _Interface:
    service: str
    machine: str
    leads: frozenset[str] = field(repr=False)
    public: tuple[str, ...]

    @classmethod
    def of(cls, body: _Body) -> "_Interface":
        properties = body.get("properties") or {}
        machine = str((properties.get("virtualMachine") or {}).get("id", ""))
        configurations = [each.get("properties") or {} for each in properties.get("ipConfigurations") or ()]
        fields = ("loadBalancerInboundNatRules", "loadBalancerBackendAddressPools")
        leads = (_key(lead) for each in configurations for name in fields for lead in each.get(name) or ())
        public = (_key(each["publicIPAddress"]) for each in configurations if each.get("publicIPAddress"))
        return cls(_service(body), machine, frozenset(leads), tuple(public))

    @property
    def name(self) -> str:
        """Machines of several services may be called alike."""
        return f"{self.service}/{self.machine.rpartition('/')[2]}"


@dataclass(frozen=True)
class _Rule:
    endpoint: str
    protocol: str
    port: int
    own_port: int
    hosts: tuple[str, ...]
    machines: frozenset[str]

    def ways(self) -> Iterator[Target | Unprobed]:
        if self.protocol == "udp":
            yield Unprobed(self.endpoint, f"UDP port {self.port}: without an answer of the guest, nobody can tell.")
        elif not self.hosts:
            yield Unprobed(self.endpoint, "It has no public address.")
        else:
            yield from (Target(self.endpoint, host, self.port) for host in self.hosts)


def _rules(balancer: _Body, interfaces: Iterable[_Interface], addresses: Mapping[str, _Address]) -> Iterator[_Rule]:
    properties = balancer.get("properties") or {}
    public = {
        _key(each): _key(each["properties"]["publicIPAddress"])
        for each in properties.get("frontendIPConfigurations") or ()
        if (each.get("properties") or {}).get("publicIPAddress")
    }
    service = _service(balancer)
    for name in ("inboundNatRules", "loadBalancingRules"):
        for rule in properties.get(name) or ():
            inner = rule.get("properties") or {}
            front = _key(inner.get("frontendIPConfiguration") or {})
            if front not in public:
                continue  # Internal: not a public endpoint at all.
            target = _key(inner.get("backendAddressPool") or rule)
            leading = [each for each in interfaces if target in each.leads]
            port, own = int(inner.get("frontendPort", 0)), int(inner.get("backendPort", 0))
            single = name == "inboundNatRules" and len(leading) == 1
            yield _Rule(
                f"{leading[0].name}:{own}" if single else f"{service}:{port}",
                str(inner.get("protocol", "")).casefold(),
                port,
                own,
                addresses.get(public[front], _Address(())).hosts,
                frozenset(each.machine for each in leading),
            )


def _of_machine(
    interface: _Interface, rules: Iterable[_Rule], addresses: Mapping[str, _Address]
) -> Iterator[Target | Unprobed]:
    """An address of one machine passes every port on; those are tried that the balancer leads to."""
    tcp = (rule for rule in rules if rule.protocol != "udp")
    ports = dict.fromkeys(rule.own_port for rule in tcp if interface.machine in rule.machines)
    for public in interface.public:
        hosts = addresses.get(public, _Address(())).hosts
        if hosts and not ports:
            yield Unprobed(f"{interface.name}@{hosts[-1]}", "No endpoint tells which port of the machine listens.")
        for port in ports:
            yield from (Target(f"{interface.name}:{port}@instance", host, port) for host in hosts)


def _subnets(interface: _Body) -> Iterator[str]:
    for each in (interface.get("properties") or {}).get("ipConfigurations") or ():
        yield _key((each.get("properties") or {}).get("subnet") or {})


def _service(body: _Body) -> str:
    """The cloud service that a resource came out of, by its group."""
    group = str(body["id"]).split("/")[4]
    return group[: -len(_MIGRATED)] if group.casefold().endswith(_MIGRATED) else group


def _key(reference: _Body) -> str:
    return str(reference.get("id", "")).casefold()
