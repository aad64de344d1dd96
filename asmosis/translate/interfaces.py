"""Classic network configurations → network interfaces (documented by Microsoft unless marked)."""

from collections.abc import Iterator

from asmosis.arm import network as arm
from asmosis.arm.resource import Part, Reference, Resource
from asmosis.classic import role as classic_role
from asmosis.classic.estate import key
from asmosis.translate.balancing import Balancer, balancers
from asmosis.translate.load_balancers import balancer_id
from asmosis.translate.scope import CloudService, Machine, Scope
from asmosis.translate.translation import Loss, produces


@produces(arm.NETWORK_INTERFACES)
def network_interfaces(scope: Scope) -> Iterator[Resource | Loss]:
    """A primary interface per machine, and every further one with its own subnet."""
    for service in scope.services:
        found = balancers(scope, service)
        for machine in service.machines:
            yield _interface(scope, service, machine, None, _primary(scope, service, machine, found))
            for nic in machine.role.network.network_interfaces:
                yield _interface(scope, service, machine, nic, _further(scope, machine, nic))
        yield from _lost_with(service)


def _interface(
    scope: Scope,
    service: CloudService,
    machine: Machine,
    nic: classic_role.RoleNetworkInterface | None,
    configuration: arm.IPConfiguration,
) -> Resource:
    name = scope.names.interface(machine.name, nic.name if nic else None)
    network = machine.role.network if nic is None else nic
    return Resource(
        id=scope.id(service.group, arm.NETWORK_INTERFACES, name),
        name=name,
        type=arm.NETWORK_INTERFACES,
        location=service.location,
        properties=arm.NetworkInterface(
            ip_configurations=(Part(name=scope.names.ip_configuration, properties=configuration),),
            # The element also occurs with the value Disabled (recorded).
            enable_ip_forwarding=network.ip_forwarding == "Enabled",
            network_security_group=scope.security_group(network.network_security_group),
            dns_settings=_dns(service),
        ),
        generated=True,
    )


def _primary(scope: Scope, service: CloudService, machine: Machine, found: tuple[Balancer, ...]) -> arm.IPConfiguration:
    network, instance = machine.role.network, machine.instance
    kept = network.static_ip or (instance.ip_address if instance else None)
    return arm.IPConfiguration(
        subnet=scope.subnet(network.subnets[0] if network.subnets else None),
        private_ip_allocation_method="Static" if network.static_ip else "Dynamic",
        # Outside a network the machine is started again, with another address.
        private_ip_address=kept if service.inside_network else None,
        public_ip_address=_public_ip(scope, service, machine),
        load_balancer_backend_address_pools=tuple(_pools(scope, service, machine, found)),
        load_balancer_inbound_nat_rules=tuple(_nat_rules(scope, service, machine, found)),
    )


def _further(scope: Scope, machine: Machine, nic: classic_role.RoleNetworkInterface) -> arm.IPConfiguration:
    programmed = machine.instance.network_interfaces if machine.instance else ()
    address = next((item.address for item in programmed if key(item.name) == key(nic.name)), None)
    return arm.IPConfiguration(
        subnet=scope.subnet(nic.subnet),
        private_ip_allocation_method="Static" if nic.static_ip else "Dynamic",
        private_ip_address=nic.static_ip or address,
    )


def _dns(service: CloudService) -> arm.InterfaceDnsSettings | None:
    """Assumed: name servers of a deployment move to its machines' interfaces; the suffix is kept (documented)."""
    servers = tuple(server.address for server in service.deployment.dns_servers)
    suffix = service.deployment.internal_dns_suffix if service.inside_network else None
    if not servers and not suffix:
        return None
    return arm.InterfaceDnsSettings(dns_servers=servers, internal_domain_name_suffix=suffix)


def _public_ip(scope: Scope, service: CloudService, machine: Machine) -> Reference | None:
    for address in machine.role.network.public_ips:
        name = scope.names.instance_ip(machine.name, address.name)
        return Reference(id=scope.id(service.group, arm.PUBLIC_IP_ADDRESSES, name))
    return None


def _pools(scope: Scope, service: CloudService, machine: Machine, found: tuple[Balancer, ...]) -> Iterator[Reference]:
    """Only machines that carry a balanced set belong to the pool."""
    for balancer in found:
        if machine.name in balancer.pooled:
            pool = scope.names.pool
            yield Reference(id=balancer_id(scope, service, balancer, "backendAddressPools", pool))


def _nat_rules(
    scope: Scope, service: CloudService, machine: Machine, found: tuple[Balancer, ...]
) -> Iterator[Reference]:
    for balancer in found:
        for endpoint in balancer.single:
            if endpoint.machine is machine:
                name = scope.names.nat_rule(machine.name, endpoint.name)
                yield Reference(id=balancer_id(scope, service, balancer, "inboundNatRules", name))


def _lost_with(service: CloudService) -> Iterator[Loss]:
    if service.machines and not service.inside_network:
        yield Loss(
            service.subject,
            "IpAddress",
            "outside a network the machines are stopped and started again, and get other internal addresses.",
            "Use names, not addresses, between the machines; adjust what points at the old addresses.",
        )
