"""Microsoft.Network/loadBalancers: the implicit public balancer of a service, and declared internal ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml.etree import _Element

from emulator.transform import bodies, names
from emulator.transform.model import ArmResource
from emulator.transform.placement import Placement, network_configuration
from emulator.transform.reading import find, findall, is_on, number, text

_DISTRIBUTION = {"sourceip": "SourceIP", "sourceipprotocol": "SourceIPProtocol", "none": "Default"}
_IDLE_TIMEOUT_MINUTES = 4
_PROBE_INTERVAL_SECONDS, _PROBE_TIMEOUT_SECONDS = 15, 31  # recorded


@dataclass(frozen=True)
class Frontend:
    """One frontend: a virtual IP with its public address, or an internal address."""

    name: str
    properties: dict[str, Any]
    vip: _Element | None = None


@dataclass(frozen=True)
class Endpoint:
    """An input endpoint of a machine at one frontend of one balancer."""

    role: str
    classic: _Element
    frontend: str

    @property
    def name(self) -> str:
        """Its own name; a nameless one goes by its port."""
        return text(self.classic, "Name") or text(self.classic, "Port")

    @property
    def set_name(self) -> str:
        """Its load-balanced set, or nothing."""
        return text(self.classic, "LoadBalancedEndpointSetName")


@dataclass(frozen=True)
class Balancer:
    """A balancer with the endpoints that come in through it."""

    id: str
    frontends: tuple[Frontend, ...]
    endpoints: tuple[Endpoint, ...]

    def pool_of(self, set_name: str) -> str:
        """Name of a set's pool: one for all sets, unless that would let a set reach machines of another."""
        sets = {e.set_name for e in self.endpoints if e.set_name}
        members = {frozenset(e.role for e in self.endpoints if e.set_name == name) for name in sets}
        return names.DEFAULT if len(members) == 1 else names.child(set_name)

    def pools_with(self, role: str) -> list[str]:
        """Ids of the pools a machine is in: those of its sets, no other."""
        found = dict.fromkeys(self.pool_of(e.set_name) for e in self.endpoints if e.role == role and e.set_name)
        return [bodies.part_id(self.id, "backendAddressPools", name) for name in found]

    def nat_rules_of(self, role: str) -> list[str]:
        """Ids of the rules for a machine's plain endpoints."""
        return [
            bodies.part_id(self.id, "inboundNatRules", names.inbound_nat_rule(role, e.name))
            for e in self.endpoints
            if e.role == role and not e.set_name
        ]


def balancers(placement: Placement, public: list[tuple[_Element | None, ArmResource]]) -> list[Balancer]:
    """The public balancer, when any endpoint is external, then the internal ones.

    `public` pairs virtual IPs and their addresses.
    """
    every = [
        (text(role, "RoleName"), endpoint)
        for role in placement.roles
        for endpoint in findall(network_configuration(role), "InputEndpoints/InputEndpoint")
    ]
    found = []
    if any(not text(endpoint, "LoadBalancerName") for _, endpoint in every):
        vips = [
            Frontend(
                names.child(text(vip, "Name", names.DEFAULT)),
                {"privateIPAllocationMethod": "Dynamic", "publicIPAddress": bodies.reference(address.id)},
                vip,
            )
            for vip, address in public
        ]
        external = tuple(
            Endpoint(role, classic, frontend_of(classic, vips).name)
            for role, classic in every
            if not text(classic, "LoadBalancerName")
        )
        used = {endpoint.frontend for endpoint in external}
        id_ = placement.id("Microsoft.Network/loadBalancers", names.load_balancer(placement.service.name))
        found.append(Balancer(id_, tuple(vip for vip in vips if vip.name in used), external))
    for declared in findall(placement.service.deployment, "LoadBalancers/LoadBalancer"):
        name = text(declared, "Name")
        mine = tuple(
            Endpoint(role, classic, names.DEFAULT)
            for role, classic in every
            if text(classic, "LoadBalancerName").lower() == name.lower()
        )
        id_ = placement.id("Microsoft.Network/loadBalancers", names.kept(name))
        found.append(Balancer(id_, (_internal_frontend(placement, declared),), mine))
    return found


def frontend_of(endpoint: _Element, frontends: list[Frontend]) -> Frontend:
    """By the virtual IP's name, else by its address, else the first."""
    name, address = text(endpoint, "VirtualIPName"), text(endpoint, "Vip")
    for frontend in frontends:
        if name and text(frontend.vip, "Name") == name:
            return frontend
    for frontend in frontends:
        if address and text(frontend.vip, "Address") == address:
            return frontend
    return frontends[0]


def load_balancer(location: str, balancer: Balancer) -> ArmResource:
    """The balancer as a Basic one; only references forward, the way back is made when it is read."""
    id_ = balancer.id
    sets: dict[str, Endpoint] = {}
    for endpoint in balancer.endpoints:
        if endpoint.set_name:
            sets.setdefault(endpoint.set_name, endpoint)
    pools = dict.fromkeys(balancer.pool_of(name) for name in sets)
    return bodies.network_resource(
        id_,
        location,
        {
            "frontendIPConfigurations": [
                bodies.part(id_, "frontendIPConfigurations", frontend.name, frontend.properties)
                for frontend in balancer.frontends
            ],
            "backendAddressPools": [bodies.part(id_, "backendAddressPools", pool, {}) for pool in pools],
            "loadBalancingRules": [_rule(balancer, endpoint) for endpoint in sets.values()],
            "probes": list(_probes(id_, sets)),
            "inboundNatRules": [_nat_rule(id_, e) for e in balancer.endpoints if not e.set_name],
            "outboundNatRules": [],
            "inboundNatPools": [],
        },
        sku={"name": "Basic"},
    )


def _internal_frontend(placement: Placement, declared: _Element) -> Frontend:
    """The balancer's own subnet, not that of its machines."""
    configuration = find(declared, "FrontendIpConfiguration")
    address = text(configuration, "StaticVirtualNetworkIPAddress")
    subnet = placement.network.subnet(text(configuration, "SubnetName"), address)
    fixed = {"privateIPAddress": address, "privateIPAllocationMethod": "Static"}
    return Frontend(
        names.DEFAULT,
        {
            **(fixed if address else {"privateIPAllocationMethod": "Dynamic"}),
            "subnet": bodies.reference(subnet),
        },
    )


def _traffic(id_: str, endpoint: Endpoint) -> dict[str, Any]:
    classic = endpoint.classic
    port = number(classic, "Port", 0)
    return {
        "frontendIPConfiguration": bodies.reference(bodies.part_id(id_, "frontendIPConfigurations", endpoint.frontend)),
        "frontendPort": port,
        "backendPort": number(classic, "LocalPort", port),
        "enableFloatingIP": is_on(classic, "EnableDirectServerReturn"),
        "idleTimeoutInMinutes": number(classic, "IdleTimeoutInMinutes", _IDLE_TIMEOUT_MINUTES),
        "protocol": "Udp" if text(classic, "Protocol").lower() == "udp" else "Tcp",
    }


def _rule(balancer: Balancer, endpoint: Endpoint) -> dict[str, Any]:
    id_, name = balancer.id, names.child(endpoint.set_name)
    distribution = text(endpoint.classic, "LoadBalancerDistribution").lower()
    pool = bodies.part_id(id_, "backendAddressPools", balancer.pool_of(endpoint.set_name))
    properties = {
        **_traffic(id_, endpoint),
        "loadDistribution": _DISTRIBUTION.get(distribution, "Default"),
        "backendAddressPool": bodies.reference(pool),
    }
    if find(endpoint.classic, "LoadBalancerProbe") is not None:
        properties["probe"] = bodies.reference(bodies.part_id(id_, "probes", name))
    return bodies.part(id_, "loadBalancingRules", name, properties)


def _probes(id_: str, sets: dict[str, Endpoint]) -> Iterator[dict[str, Any]]:
    """Probes have a port and protocol of their own, which need not be the endpoint's."""
    for name, endpoint in sets.items():
        probe = find(endpoint.classic, "LoadBalancerProbe")
        if probe is None:
            continue
        interval = number(probe, "IntervalInSeconds", _PROBE_INTERVAL_SECONDS)
        timeout = number(probe, "TimeoutInSeconds", _PROBE_TIMEOUT_SECONDS)
        over_http = text(probe, "Protocol").lower() == "http"
        properties: dict[str, Any] = {
            "protocol": "Http" if over_http else "Tcp",
            "port": number(probe, "Port", number(endpoint.classic, "LocalPort", 0)),
            "intervalInSeconds": interval,
            "numberOfProbes": max(1, timeout // interval),
        }
        if over_http:  # A tcp probe must not have a path (recorded refusal), though classic ones may hold an empty one.
            properties["requestPath"] = text(probe, "Path", "/")
        yield bodies.part(id_, "probes", names.child(name), properties)


def _nat_rule(id_: str, endpoint: Endpoint) -> dict[str, Any]:
    name = names.inbound_nat_rule(endpoint.role, endpoint.name)
    return bodies.part(id_, "inboundNatRules", name, _traffic(id_, endpoint))
