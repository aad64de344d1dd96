"""Classic endpoints and internal balancers → load balancers (documented by Microsoft unless marked)."""

from collections.abc import Iterator
from typing import Literal

from asmosis.arm import network as arm
from asmosis.arm.resource import Part, Reference, Resource, Sku
from asmosis.translate.balancing import Balancer, Endpoint, balancers
from asmosis.translate.scope import CloudService, Scope
from asmosis.translate.translation import Loss, produces

# What the platform takes where an endpoint or a probe leaves it open (minutes; seconds: recorded).
IDLE_TIMEOUT = 4
_INTERVAL, _TIMEOUT = 15, 31

_DISTRIBUTION: dict[str | None, Literal["Default", "SourceIP", "SourceIPProtocol"]] = {
    None: "Default",
    "none": "Default",
    "sourceIP": "SourceIP",
    "sourceIPProtocol": "SourceIPProtocol",
}


@produces(arm.LOAD_BALANCERS)
def load_balancers(scope: Scope) -> Iterator[Resource | Loss]:
    """The public balancer of every service with a public endpoint, and every internal one."""
    for service in scope.services:
        for balancer in balancers(scope, service):
            yield Resource(
                id=balancer_id(scope, service, balancer),
                name=balancer.name,
                type=arm.LOAD_BALANCERS,
                location=service.location,
                sku=Sku(name="Basic"),
                properties=arm.LoadBalancer(
                    frontend_ip_configurations=tuple(_frontends(scope, service, balancer)),
                    backend_address_pools=_pools(scope, balancer),
                    probes=tuple(_probes(scope, balancer)),
                    load_balancing_rules=tuple(_rules(scope, service, balancer)),
                    inbound_nat_rules=tuple(_nat_rules(scope, service, balancer)),
                ),
                generated=True,
            )
            yield from _lost_with(service, balancer)


def balancer_id(scope: Scope, service: CloudService, balancer: Balancer, *part: str) -> str:
    """The id of a balancer, or of a part of it."""
    return scope.id(service.group, arm.LOAD_BALANCERS, balancer.name, *part)


def _frontends(scope: Scope, service: CloudService, balancer: Balancer) -> Iterator[Part]:
    if balancer.internal is not None:
        address = balancer.internal.static_ip
        yield Part(
            name=scope.names.frontend,
            properties=arm.FrontendIPConfiguration(
                subnet=scope.subnet(balancer.internal.subnet),
                private_ip_allocation_method="Static" if address else "Dynamic",
                private_ip_address=address,
            ),
        )
    for vip in balancer.vips:
        yield Part(
            name=vip.frontend,
            properties=arm.FrontendIPConfiguration(
                public_ip_address=Reference(id=scope.id(service.group, arm.PUBLIC_IP_ADDRESSES, vip.public_ip))
            ),
        )


def _pools(scope: Scope, balancer: Balancer) -> tuple[Part, ...]:
    if not balancer.sets:
        return ()
    return (Part(name=scope.names.pool, properties=arm.BackendAddressPool()),)


def _probes(scope: Scope, balancer: Balancer) -> Iterator[Part]:
    """A probe has a port and a protocol of its own; the count of failures is assumed from the timeout."""
    for name, (first, *_) in balancer.sets.items():
        probe = first.classic.probe
        if probe is None:
            continue
        interval = probe.interval_seconds or _INTERVAL
        yield Part(
            name=scope.names.kept(name),
            properties=arm.Probe(
                protocol="Http" if probe.protocol == "http" else "Tcp",
                port=probe.port,
                request_path=(probe.path or "/") if probe.protocol == "http" else None,
                interval_in_seconds=interval,
                number_of_probes=max(1, (probe.timeout_seconds or _TIMEOUT) // interval),
            ),
        )


def _rules(scope: Scope, service: CloudService, balancer: Balancer) -> Iterator[Part]:
    pool = Reference(id=balancer_id(scope, service, balancer, "backendAddressPools", scope.names.pool))
    for name, (first, *_) in balancer.sets.items():
        probe = balancer_id(scope, service, balancer, "probes", scope.names.kept(name))
        yield Part(
            name=scope.names.kept(name),
            properties=arm.LoadBalancingRule(
                frontend_ip_configuration=_frontend(scope, service, balancer, first),
                backend_address_pool=pool,
                probe=Reference(id=probe) if first.classic.probe else None,
                protocol=_protocol(first),
                frontend_port=first.classic.port,
                backend_port=_local_port(first),
                idle_timeout_in_minutes=first.classic.idle_timeout_minutes or IDLE_TIMEOUT,
                enable_floating_ip=first.classic.direct_server_return,
                load_distribution=_DISTRIBUTION[first.classic.distribution],
            ),
        )


def _nat_rules(scope: Scope, service: CloudService, balancer: Balancer) -> Iterator[Part]:
    for endpoint in balancer.single:
        yield Part(
            name=scope.names.nat_rule(endpoint.machine.name, endpoint.name),
            properties=arm.InboundNatRule(
                frontend_ip_configuration=_frontend(scope, service, balancer, endpoint),
                protocol=_protocol(endpoint),
                frontend_port=endpoint.classic.port,
                backend_port=_local_port(endpoint),
                idle_timeout_in_minutes=endpoint.classic.idle_timeout_minutes or IDLE_TIMEOUT,
                enable_floating_ip=endpoint.classic.direct_server_return,
            ),
        )


def _frontend(scope: Scope, service: CloudService, balancer: Balancer, endpoint: Endpoint) -> Reference:
    name = balancer.frontend_of(endpoint, scope.names.frontend)
    return Reference(id=balancer_id(scope, service, balancer, "frontendIPConfigurations", name))


def _protocol(endpoint: Endpoint) -> arm.Protocol:
    return "Udp" if endpoint.classic.protocol == "udp" else "Tcp"


def _local_port(endpoint: Endpoint) -> int:
    return endpoint.classic.port if endpoint.classic.local_port is None else endpoint.classic.local_port


def _lost_with(service: CloudService, balancer: Balancer) -> Iterator[Loss]:
    members = {frozenset(item.machine.name for item in endpoints) for endpoints in balancer.sets.values()}
    if len(members) > 1:
        yield Loss(
            service.subject,
            "LoadBalancedEndpointSetName",
            f"the sets {', '.join(balancer.sets)} have different machines, but {balancer.name} has one pool.",
            "A set's probe keeps machines out that do not listen; check that every set has one.",
        )
