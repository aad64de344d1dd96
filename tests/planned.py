"""Small estates for the tests of plans, told by what matters to a plan."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from asmosis.classic.compute import Deployment, ExtendedProperty, HostedService
from asmosis.classic.estate import Estate
from asmosis.classic.network import (
    Gateway,
    LocalNetworkSite,
    NetworkSecurityGroup,
    ReservedIp,
    RouteTable,
    SiteGateway,
    Subnet,
    VirtualNetworkSite,
)
from asmosis.classic.role import ConfigurationSet, InputEndpoint, OsDisk, Role
from asmosis.classic.storage import OsImage, StorageService
from asmosis.planning.plan import Plan
from asmosis.planning.propose import Proposal, propose
from asmosis.planning.survey import Survey
from asmosis.readiness import Finding, Severity

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
OTHER = "99999999-2222-4333-8444-555555555555"


@dataclass(frozen=True)
class Net:
    """A virtual network; `sites` are (name, gateway address, prefixes)."""

    name: str
    prefixes: tuple[str, ...] = ("10.0.0.0/16",)
    sites: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    gateway: str = ""
    gateway_type: str = "DynamicRouting"


@dataclass(frozen=True)
class Svc:
    """A cloud service; `accounts` hold the disks of its machines in turn."""

    name: str
    network: str | None = None
    machines: int = 1
    accounts: tuple[str, ...] = ()
    size: str = "Small"
    endpoints: int = 0
    image: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


def estate(
    networks: Sequence[Net] = (),
    services: Sequence[Svc] = (),
    accounts: Iterable[str] = (),
    images: Mapping[str, str] | None = None,
    loose: Iterable[str] = (),
    subscription: str = SUBSCRIPTION,
) -> Estate:
    """An estate; `images` are names by account, `loose` names get a security group, a route table and an address."""
    return Estate(
        subscription=subscription,
        virtual_networks=tuple(_network(net) for net in networks),
        hosted_services=tuple(_service(svc) for svc in services),
        storage_accounts=tuple(StorageService(name=name, location="West US") for name in accounts),
        os_images=tuple(
            OsImage(name=name, category="User", media_link=f"https://{account}.blob.core.windows.net/images/{name}.vhd")
            for account, name in (images or {}).items()
        ),
        network_security_groups=tuple(NetworkSecurityGroup(name=f"{name}-nsg", location="West US") for name in loose),
        route_tables=tuple(RouteTable(name=f"{name}-routes", location="West US") for name in loose),
        reserved_ips=tuple(ReservedIp(name=f"{name}-ip", location="West US", address="40.1.1.1") for name in loose),
        gateways={
            net.name: Gateway(type=net.gateway_type, state="Provisioned", address=net.gateway)
            for net in networks
            if net.gateway
        },
    )


def blocker(unit: str, message: str = "it cannot", rule: str = "vnet-not-found") -> Finding:
    return Finding(rule, Severity.BLOCKER, unit, unit, message, "Mend it.", "validate", "somewhere")


def warning(unit: str) -> Finding:
    return Finding("svc-not-in-vnet", Severity.WARNING, unit, unit, "look", "Look.", "validate", "somewhere")


def planned(*estates: Estate, plan: Plan | None = None, findings: Sequence[Finding] = ()) -> Proposal:
    return propose([Survey(each, findings) for each in estates], plan or empty())


def empty(**told: object) -> Plan:
    return Plan.model_validate({"subscription": SUBSCRIPTION} | told)


def waves(proposal: Proposal) -> dict[str, list[str]]:
    return {wave.name: [unit.unit for unit in wave.units] for wave in proposal.plan.waves}


def _network(net: Net) -> VirtualNetworkSite:
    sites = tuple(
        LocalNetworkSite(
            name=name, gateway_address=address or None, address_prefixes=prefixes, connection_types=("IPsec",)
        )
        for name, address, prefixes in net.sites
    )
    return VirtualNetworkSite(
        name=net.name,
        location="West US",
        address_prefixes=net.prefixes,
        subnets=(Subnet(name="front", address_prefix=net.prefixes[0]),),
        gateway=SiteGateway(sites=sites) if sites else None,
    )


def _service(svc: Svc) -> HostedService:
    roles = tuple(_role(svc, number) for number in range(svc.machines))
    deployment = Deployment(
        name=svc.name, slot="Production", status="Running", roles=roles, virtual_network=svc.network
    )
    return HostedService(
        name=svc.name,
        location="West US",
        deployments=(deployment,),
        extended_properties=tuple(ExtendedProperty(name=name, value=value) for name, value in svc.properties.items()),
    )


def _role(svc: Svc, number: int) -> Role:
    account = svc.accounts[number % len(svc.accounts)] if svc.accounts else "elsewhere"
    endpoints = tuple(
        InputEndpoint(name=f"e{each}", port=1000 + each, local_port=22, protocol="tcp") for each in range(svc.endpoints)
    )
    return Role(
        name=f"vm{number}",
        role_type="PersistentVMRole",
        size=svc.size,
        configuration_sets=(
            ConfigurationSet(
                configuration_set_type="NetworkConfiguration",
                input_endpoints=endpoints,
                subnets=("front",) if svc.network else (),
            ),
        ),
        os_disk=OsDisk(
            name=f"{svc.name}-{number}",
            media_link=f"https://{account}.blob.core.windows.net/vhds/{svc.name}-{number}.vhd",
            source_image=svc.image,
            os="Linux",
        ),
    )
