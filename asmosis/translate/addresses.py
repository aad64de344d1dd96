"""Classic virtual IPs, instance-level IPs and reserved IPs → public addresses (documented by Microsoft)."""

from collections.abc import Iterator

from asmosis.arm import network as arm
from asmosis.arm.resource import Resource, Sku, arm_location
from asmosis.translate.balancing import Vip, balancers, vips
from asmosis.translate.gateways import gateway_ip
from asmosis.translate.load_balancers import IDLE_TIMEOUT
from asmosis.translate.scope import CloudService, Machine, Scope
from asmosis.translate.translation import Loss, produces


@produces(arm.PUBLIC_IP_ADDRESSES)
def public_ip_addresses(scope: Scope) -> Iterator[Resource | Loss]:
    """Virtual IPs that endpoints use, machines' own addresses, a gateway's, and an unattached reserved IP."""
    for service in scope.services:
        yield from _virtual_ips(scope, service)
        for machine in service.machines:
            yield from _instance_ip(scope, service, machine)
    yield from gateway_ip(scope)
    if scope.unit.kind == "reservedIp":
        yield from _reserved_ip(scope)


def _virtual_ips(scope: Scope, service: CloudService) -> Iterator[Resource | Loss]:
    used = {vip.public_ip for balancer in balancers(scope, service) for vip in balancer.vips}
    for vip in vips(scope, service):
        if vip.public_ip in used or vip.reserved_ip:
            yield _virtual_ip(scope, service, vip)
        if vip.address and vip.public_ip not in used and not vip.reserved_ip:
            yield Loss(
                service.subject,
                "VirtualIP",
                f"{vip.address} has no endpoint, so it does not migrate.",
                "Reserve the address, or add an endpoint, if it is still wanted.",
            )
        elif vip.address and not vip.reserved_ip and not service.inside_network:
            yield Loss(
                service.subject,
                "VirtualIP",
                f"{vip.address} is not reserved; the machines are stopped, so the service gets another address.",
                "Reserve the address before prepare if anything depends on it.",
            )


def _virtual_ip(scope: Scope, service: CloudService, vip: Vip) -> Resource:
    return Resource(
        id=scope.id(service.group, arm.PUBLIC_IP_ADDRESSES, vip.public_ip),
        name=vip.public_ip,
        type=arm.PUBLIC_IP_ADDRESSES,
        location=service.location,
        sku=Sku(name="Basic"),
        properties=arm.PublicIPAddress(
            public_ip_allocation_method="Static" if vip.reserved_ip else "Dynamic",
            ip_address=_kept_address(scope, service, vip),
            idle_timeout_in_minutes=IDLE_TIMEOUT,
            # A label stands for one address; the service's name goes to its first.
            dns_settings=arm.DnsSettings(domain_name_label=service.name.lower()) if vip.first else None,
        ),
        generated=not vip.reserved_ip,
    )


def _kept_address(scope: Scope, service: CloudService, vip: Vip) -> str | None:
    if vip.reserved_ip:
        reserved = scope.estate.reserved_ip(vip.reserved_ip)
        return vip.address or (reserved.address if reserved else None)
    return vip.address if service.inside_network else None


def _instance_ip(scope: Scope, service: CloudService, machine: Machine) -> Iterator[Resource]:
    """A machine has at most one address of its own; it is dynamic in both worlds."""
    for address in machine.role.network.public_ips[:1]:
        name = scope.names.instance_ip(machine.name, address.name)
        programmed = machine.instance.public_ips[0] if machine.instance and machine.instance.public_ips else None
        label = address.domain_name_label or (programmed.domain_name_label if programmed else None)
        yield Resource(
            id=scope.id(service.group, arm.PUBLIC_IP_ADDRESSES, name),
            name=name,
            type=arm.PUBLIC_IP_ADDRESSES,
            location=service.location,
            sku=Sku(name="Basic"),
            properties=arm.PublicIPAddress(
                public_ip_allocation_method="Dynamic",
                ip_address=programmed.address if programmed and service.inside_network else None,
                idle_timeout_in_minutes=address.idle_timeout_minutes or IDLE_TIMEOUT,
                dns_settings=arm.DnsSettings(domain_name_label=label.lower()) if label else None,
            ),
            generated=True,
        )


def _reserved_ip(scope: Scope) -> Iterator[Resource]:
    reserved = scope.estate.reserved_ip(scope.unit.name)
    if reserved is None:
        return
    name = scope.names.kept(reserved.name)
    yield Resource(
        id=scope.id(scope.group, arm.PUBLIC_IP_ADDRESSES, name),
        name=name,
        type=arm.PUBLIC_IP_ADDRESSES,
        location=arm_location(reserved.location),
        sku=Sku(name="Basic"),
        properties=arm.PublicIPAddress(
            public_ip_allocation_method="Static",
            ip_address=reserved.address,
            idle_timeout_in_minutes=IDLE_TIMEOUT,
        ),
    )
