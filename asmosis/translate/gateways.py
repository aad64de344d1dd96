"""Classic gateways, local network sites and tunnels → Microsoft.Network.

Documented by Microsoft: properties and address stay (VPN), the name's pattern (ExpressRoute). The names of types and
sizes are assumed from both sides' documentation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from asmosis.arm import network as arm
from asmosis.arm.resource import Part, Reference, Resource, Sku, arm_location
from asmosis.classic.estate import key
from asmosis.classic.network import Gateway, LocalNetworkSite, VirtualNetworkSite
from asmosis.translate.load_balancers import IDLE_TIMEOUT
from asmosis.translate.scope import Scope
from asmosis.translate.translation import Loss, produces

_TYPES: dict[str | None, tuple[Literal["Vpn", "ExpressRoute"], Literal["PolicyBased", "RouteBased"] | None]] = {
    "StaticRouting": ("Vpn", "PolicyBased"),
    "DynamicRouting": ("Vpn", "RouteBased"),
    "DedicatedCircuit": ("ExpressRoute", None),
}
_SIZES = {None: "Basic", "Default": "Basic"}
_CONNECTIONS: dict[str, Literal["IPsec", "ExpressRoute"]] = {"IPsec": "IPsec", "Dedicated": "ExpressRoute"}


@dataclass(frozen=True)
class _Place:
    """A network that has a gateway."""

    network: VirtualNetworkSite
    gateway: Gateway
    location: str | None

    @property
    def sites(self) -> tuple[LocalNetworkSite, ...]:
        return self.network.gateway.sites if self.network.gateway else ()


@produces(arm.VIRTUAL_NETWORK_GATEWAYS)
def virtual_network_gateways(scope: Scope) -> Iterator[Resource | Loss]:
    """The gateway of the network, where one is provisioned."""
    for place in _place(scope):
        kind, vpn = _TYPES.get(place.gateway.type, ("Vpn", "RouteBased"))
        size = _SIZES.get(place.gateway.size, place.gateway.size) or ""
        pool = place.network.gateway.client_prefixes if place.network.gateway else ()
        default = next((site for site in place.sites if site.name in place.gateway.default_sites), None)
        yield Resource(
            id=_gateway_id(scope),
            name=scope.names.gateway(scope.names.kept(scope.unit.name)),
            type=arm.VIRTUAL_NETWORK_GATEWAYS,
            location=place.location,
            properties=arm.VirtualNetworkGateway(
                gateway_type=kind,
                vpn_type=vpn,
                sku=arm.GatewaySku(name=size, tier=size),
                ip_configurations=(_configuration(scope),),
                gateway_default_site=Reference(id=_site_id(scope, default)) if default else None,
                vpn_client_configuration=arm.VpnClientConfiguration(
                    vpn_client_address_pool=arm.AddressSpace(address_prefixes=pool)
                )
                if pool
                else None,
            ),
            generated=True,
        )
        if pool:
            yield Loss(
                scope.unit.short,
                "VPNClientAddressPool",
                "the root certificates of point-to-site clients are not in the documents, so they are not compared.",
                "Let a client connect after prepare and after commit; keep the certificates at hand.",
            )
    yield from _only_asked_for(scope)


@produces(arm.LOCAL_NETWORK_GATEWAYS)
def local_network_gateways(scope: Scope) -> Iterator[Resource | Loss]:
    """Every site that the network's gateway connects to."""
    for place in _place(scope):
        for site in place.sites:
            yield Resource(
                id=_site_id(scope, site),
                name=scope.names.kept(site.name),
                type=arm.LOCAL_NETWORK_GATEWAYS,
                location=place.location,
                properties=arm.LocalNetworkGateway(
                    gateway_ip_address=site.gateway_address,
                    local_network_address_space=arm.AddressSpace(address_prefixes=site.address_prefixes),
                ),
            )
            yield from _stands_for_network(scope, site)


@produces(arm.CONNECTIONS)
def connections(scope: Scope) -> Iterator[Resource | Loss]:
    """A connection per site; a point-to-site client needs none."""
    for place in _place(scope):
        for site in place.sites:
            for kind in dict.fromkeys(_CONNECTIONS[kind] for kind in site.connection_types if kind in _CONNECTIONS):
                name = scope.names.connection(scope.names.kept(scope.unit.name), scope.names.kept(site.name))
                yield Resource(
                    id=scope.id(scope.group, arm.CONNECTIONS, name),
                    name=name,
                    type=arm.CONNECTIONS,
                    location=place.location,
                    properties=arm.Connection(
                        connection_type=kind,
                        virtual_network_gateway1=Reference(id=_gateway_id(scope)),
                        local_network_gateway2=Reference(id=_site_id(scope, site)) if kind == "IPsec" else None,
                    ),
                    generated=True,
                )
                yield from _untold(f"{scope.unit.short}/{site.name}", kind)


def gateway_ip(scope: Scope) -> Iterator[Resource]:
    """The public address of the gateway, which stays (documented by Microsoft: VPN)."""
    for place in _place(scope):
        name = scope.names.gateway_ip(scope.names.kept(scope.unit.name))
        yield Resource(
            id=scope.id(scope.group, arm.PUBLIC_IP_ADDRESSES, name),
            name=name,
            type=arm.PUBLIC_IP_ADDRESSES,
            location=place.location,
            sku=Sku(name="Basic"),
            properties=arm.PublicIPAddress(
                public_ip_allocation_method="Dynamic",
                ip_address=place.gateway.address,
                idle_timeout_in_minutes=IDLE_TIMEOUT,
            ),
            generated=True,
        )


def _place(scope: Scope) -> Iterator[_Place]:
    if scope.network is None:
        return
    for name, gateway in scope.estate.gateways.items():
        if key(name) == key(scope.network.name) and gateway.state == "Provisioned":
            yield _Place(scope.network, gateway, arm_location(scope.estate.location_of(scope.network)))


def _configuration(scope: Scope) -> Part:
    network, address = scope.names.kept(scope.unit.name), scope.names.gateway_ip(scope.names.kept(scope.unit.name))
    return Part(
        name=scope.names.frontend,
        properties=arm.GatewayIPConfiguration(
            subnet=Reference(id=scope.id(scope.group, arm.VIRTUAL_NETWORKS, network, "subnets", "GatewaySubnet")),
            public_ip_address=Reference(id=scope.id(scope.group, arm.PUBLIC_IP_ADDRESSES, address)),
        ),
    )


def _gateway_id(scope: Scope) -> str:
    name = scope.names.gateway(scope.names.kept(scope.unit.name))
    return scope.id(scope.group, arm.VIRTUAL_NETWORK_GATEWAYS, name)


def _site_id(scope: Scope, site: LocalNetworkSite) -> str:
    return scope.id(scope.group, arm.LOCAL_NETWORK_GATEWAYS, scope.names.kept(site.name))


def _untold(subject: str, kind: str) -> Iterator[Loss]:
    """What of a connection the documents do not tell."""
    if kind == "ExpressRoute":
        yield Loss(
            subject,
            "CircuitServiceKey",
            "the documents do not tell which circuit the connection leads to, so it is not compared.",
            "Move the circuit to Resource Manager first, and look at the connection's peer after prepare.",
        )
    else:
        yield Loss(
            subject,
            "SharedKey",
            "the platform moves the shared key, but a promise never holds it, so it is not compared.",
            "Watch the connection's state after prepare and after commit.",
        )


def _only_asked_for(scope: Scope) -> Iterator[Loss]:
    """Sites of a network that has no gateway to them, or none that the documents tell of."""
    if scope.network is None or scope.network.gateway is None or any(_place(scope)):
        return
    for site in scope.network.gateway.sites:
        yield Loss(
            f"{scope.unit.short}/{site.name}",
            "LocalNetworkSite",
            "the network names the site, but no gateway is known that leads there; a site alone does not migrate.",
            "Note its address and ranges, or archive the gateway's own document too if there is one.",
        )


def _stands_for_network(scope: Scope, site: LocalNetworkSite) -> Iterator[Loss]:
    for name, other in scope.estate.gateways.items():
        if other.address and other.address == site.gateway_address:
            yield Loss(
                f"{scope.unit.short}/{site.name}",
                "LocalNetworkSite",
                f"the site stands for the network {name}; the platform replaces it by a connection between the two"
                " networks once both have migrated.",
                "Migrate both networks in one wave.",
            )
