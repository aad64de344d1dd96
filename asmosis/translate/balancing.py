"""Classic endpoints, seen as ARM sees them: balancers with frontends, and who takes part in what.

Documented by Microsoft (deep dive): one public balancer per cloud service with an endpoint, one frontend per virtual
IP with endpoints, a NAT rule per single endpoint, a rule and a probe per balanced set. The rest is assumed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from asmosis.classic import compute as classic
from asmosis.classic import role as classic_role
from asmosis.classic.estate import key
from asmosis.translate.scope import CloudService, Machine, Scope


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of one machine."""

    machine: Machine
    classic: classic_role.InputEndpoint

    @property
    def name(self) -> str:
        """The endpoint's name; without one its port."""
        return self.classic.name or str(self.classic.port)


@dataclass(frozen=True)
class Vip:
    """A public address of a service: a virtual IP, or the place of one while every machine is deallocated."""

    classic: classic.VirtualIp | None
    reserved_ip: str | None
    first: bool
    frontend: str
    public_ip: str

    @property
    def address(self) -> str | None:
        """The address, if it is known."""
        return self.classic.address if self.classic else None


@dataclass(frozen=True)
class Balancer:
    """A balancer; `internal` is None for the public one."""

    name: str
    internal: classic.DeploymentLoadBalancer | None
    vips: tuple[Vip, ...]
    endpoints: tuple[Endpoint, ...]

    @cached_property
    def sets(self) -> dict[str, tuple[Endpoint, ...]]:
        """The balanced sets by name, each with its machines' endpoints."""
        found: dict[str, list[Endpoint]] = {}
        names: dict[str, str] = {}
        for endpoint in self.endpoints:
            if name := endpoint.classic.balanced_set:
                found.setdefault(names.setdefault(key(name), name), []).append(endpoint)
        return {name: tuple(members) for name, members in found.items()}

    @cached_property
    def pooled(self) -> frozenset[str]:
        """The names of the machines that carry a balanced set."""
        return frozenset(item.machine.name for members in self.sets.values() for item in members)

    @property
    def single(self) -> Iterator[Endpoint]:
        """The endpoints that lead to one machine."""
        return (endpoint for endpoint in self.endpoints if not endpoint.classic.balanced_set)

    def frontend_of(self, endpoint: Endpoint, default: str) -> str:
        """The name of the frontend that an endpoint is reached at."""
        vip = _vip_of(endpoint.classic, self.vips)
        return vip.frontend if vip else default


def balancers(scope: Scope, service: CloudService) -> tuple[Balancer, ...]:
    """The public balancer of a service if it has any public endpoint, then its internal ones."""
    endpoints = tuple(
        Endpoint(machine, endpoint) for machine in service.machines for endpoint in machine.role.network.input_endpoints
    )
    internal = {key(item.name): item for item in service.deployment.load_balancers}
    public = tuple(item for item in endpoints if key(item.classic.load_balancer or "") not in internal)
    found = []
    if public:
        listed = vips(scope, service)
        serving = {_vip_of(item.classic, listed) for item in public}
        used = tuple(vip for vip in listed if vip in serving)
        found.append(Balancer(scope.names.balancer(service.name), None, used, public))
    for name, balancer in internal.items():
        members = tuple(item for item in endpoints if key(item.classic.load_balancer or "") == name)
        found.append(Balancer(scope.names.kept(balancer.name), balancer, (), members))
    return tuple(found)


def vips(scope: Scope, service: CloudService) -> tuple[Vip, ...]:
    """The public addresses of a service, used or not, the first one first."""
    deployment = service.deployment
    # While every machine is deallocated the service has no virtual IP (recorded), and gets one when it starts.
    listed: tuple[classic.VirtualIp | None, ...] = deployment.virtual_ips or (None,)
    return tuple(_vip(scope, service, vip, first=position == 0) for position, vip in enumerate(listed))


def _vip(scope: Scope, service: CloudService, vip: classic.VirtualIp | None, *, first: bool) -> Vip:
    reserved = vip.reserved_ip if vip else None
    if reserved is None and first:
        reserved = service.deployment.reserved_ip
    if reserved:
        public_ip = scope.names.kept(reserved)
    else:
        public_ip = scope.names.vip(service.name, None if first else (vip.name if vip else None) or "2")
    name = scope.names.kept(vip.name) if vip and vip.name else scope.names.frontend
    return Vip(vip, reserved, first, name, public_ip)


def _vip_of(endpoint: classic_role.InputEndpoint, candidates: tuple[Vip, ...]) -> Vip | None:
    """The virtual IP that an endpoint names, or whose address it shows; else the first."""
    for vip in candidates:
        if vip.classic and endpoint.virtual_ip and key(vip.classic.name or "") == key(endpoint.virtual_ip):
            return vip
    for vip in candidates:
        if vip.classic and endpoint.vip == vip.classic.address:
            return vip
    return candidates[0] if candidates else None
