"""The public endpoints of a unit as classic shows them.

Web and worker roles count too: they block a migration, but they answer. That the service's name leads to its first
virtual IP, and that an instance-level address passes every port on, is documented by Microsoft; which of a machine's
ports have a listener nobody tells, so those that its endpoints lead to are tried.
"""

from collections.abc import Iterator

from asmosis.classic.compute import Deployment, HostedService
from asmosis.classic.estate import Estate
from asmosis.classic.instance import RoleInstance
from asmosis.classic.role import InputEndpoint, Role
from asmosis.probe.target import Target, Targets, Unprobed
from asmosis.units import Unit


def classic_targets(estate: Estate, unit: Unit) -> Targets:
    """What can be probed of a unit, services in the platform's order; a unit without machines has nothing."""
    found = Targets()
    for service in estate.services_of(unit):
        if service.deployment is not None:
            each = list(_of_deployment(service, service.deployment))
            targets = tuple(item for item in each if isinstance(item, Target))
            unprobed = tuple(item for item in each if isinstance(item, Unprobed))
            found = found.and_those(Targets(targets, unprobed))
    return found


def _of_deployment(service: HostedService, deployment: Deployment) -> Iterator[Target | Unprobed]:
    instances: dict[str, list[RoleInstance]] = {}
    for instance in deployment.instances:
        instances.setdefault(instance.role_name, []).append(instance)
    balanced = _running_sets(deployment, instances)
    for role in deployment.roles:
        own = instances.get(role.name, [])
        for endpoint in role.network.input_endpoints:
            spread = bool(endpoint.balanced_set) or not role.is_virtual_machine
            runs = (endpoint.balanced_set in balanced) if endpoint.balanced_set else _runs(own)
            name = f"{service.name}:{endpoint.port}" if spread else f"{service.name}/{role.name}:{_own_port(endpoint)}"
            yield from _of_endpoint(deployment, endpoint, name, runs=runs)
        yield from _of_instances(f"{service.name}/{role.name}", role, own)


def _of_endpoint(
    deployment: Deployment, endpoint: InputEndpoint, name: str, *, runs: bool
) -> Iterator[Target | Unprobed]:
    if endpoint.load_balancer:
        return  # Internal: not a public endpoint at all.
    if endpoint.protocol == "udp":
        yield Unprobed(name, f"UDP port {endpoint.port}: without an answer of the guest, nobody can tell.")
        return
    if not runs:
        yield Unprobed(name, "No machine behind it runs.")
        return
    address = endpoint.vip or _virtual_ip(deployment, endpoint)
    if not address:
        yield Unprobed(name, "It has no public address.")
        return
    host = _host(deployment)
    if host and deployment.virtual_ips and deployment.virtual_ips[0].address == address:
        yield Target(name, host, endpoint.port)
    yield Target(name, address, endpoint.port)


def _of_instances(name: str, role: Role, instances: list[RoleInstance]) -> Iterator[Target | Unprobed]:
    ports = dict.fromkeys(
        _own_port(endpoint) for endpoint in role.network.input_endpoints if endpoint.protocol != "udp"
    )
    for instance in instances:
        for public in instance.public_ips:
            if not ports:
                yield Unprobed(f"{name}@{public.address}", "No endpoint tells which port of the machine listens.")
            for port in ports:
                for host in (*public.fqdns, public.address):
                    yield Target(f"{name}:{port}@instance", host, port)


def _running_sets(deployment: Deployment, instances: dict[str, list[RoleInstance]]) -> frozenset[str]:
    """The balanced sets of which a member runs."""
    return frozenset(
        endpoint.balanced_set
        for role in deployment.roles
        if _runs(instances.get(role.name, []))
        for endpoint in role.network.input_endpoints
        if endpoint.balanced_set
    )


def _runs(instances: list[RoleInstance]) -> bool:
    """Whether anybody could answer; a machine whose power state nobody tells may run."""
    return any(instance.power_state in ("Started", None) for instance in instances)


def _own_port(endpoint: InputEndpoint) -> int:
    return endpoint.local_port or endpoint.port


def _virtual_ip(deployment: Deployment, endpoint: InputEndpoint) -> str:
    found = deployment.virtual_ips
    named = [each for each in found if endpoint.virtual_ip and each.name == endpoint.virtual_ip] or found
    return named[0].address if named else ""


def _host(deployment: Deployment) -> str:
    return (deployment.url or "").partition("://")[2].partition("/")[0].partition(":")[0]
