"""Public and internal addresses of cloud services, and who may reach their endpoints."""

from collections.abc import Iterator

from asmosis.classic.compute import VirtualIp
from asmosis.classic.role import InputEndpoint
from asmosis.readiness import sources, texts
from asmosis.readiness.rule import Hit, Severity, rule, some
from asmosis.readiness.subjects import Slot


@rule(
    "svc-dynamic-vip-lost",
    seed_2016=Severity.WARNING,
    platform_2023=Severity.WARNING,
    title="The public address of a service outside a virtual network is lost unless it is reserved",
    remedy="Reserve the virtual IP before prepare, if the address must stay.",
    source=sources.ANNOUNCEMENT_2016,
    noticed="never",
)
def address_is_lost(slot: Slot) -> Iterator[Hit]:
    """One hit per virtual IP."""
    if slot.deployment.virtual_network or not slot.machines:
        return
    for vip in slot.deployment.virtual_ips:
        if not vip.reserved:
            yield Hit(
                slot.service.name,
                f"The public address {vip.address} of {slot.service.name} is not reserved and is lost in prepare.",
                slot.at(f"VirtualIPs/VirtualIP[{vip.address}]/IsReserved"),
            )


@rule(
    "svc-internal-ip-changes",
    seed_2016=Severity.WARNING,
    platform_2023=Severity.WARNING,
    title="Machines outside a virtual network get new internal addresses",
    remedy="Find what refers to the internal addresses, and change it after prepare.",
    source=sources.DEEP_DIVE,
    noticed="never",
)
def internal_addresses_change(slot: Slot) -> Iterator[Hit]:
    """One hit per deployment; a deallocated machine has no address to lose."""
    addresses = [instance.ip_address for instance in slot.deployment.instances if instance.ip_address]
    if addresses and slot.machines and not slot.deployment.virtual_network:
        yield Hit(
            slot.service.name,
            f"The internal addresses of {slot.service.name} change in prepare: {some(addresses)}.",
            slot.at("RoleInstanceList/RoleInstance/IpAddress"),
        )


@rule(
    "svc-vip-without-endpoint",
    seed_2016=None,
    platform_2023=Severity.WARNING,
    title="A virtual IP without an endpoint is not carried over",
    remedy="Add an endpoint on the virtual IP, if the address must stay.",
    source=sources.DEEP_DIVE,
    noticed="never",
)
def unused_address(slot: Slot) -> Iterator[Hit]:
    """One hit per virtual IP in a network that is not reserved; other rules judge the rest."""
    for vip in _without_endpoint(slot) if slot.deployment.virtual_network else ():
        if not vip.reserved:
            yield Hit(
                slot.service.name,
                f"No endpoint of {slot.service.name} uses the public address {vip.address}; ARM does not get it.",
                slot.at(f"VirtualIPs/VirtualIP[{vip.address}]"),
            )


@rule(
    "svc-reservedip-no-endpoint",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="A reserved IP has no endpoint",
    remedy="Add at least one endpoint on the reserved IP.",
    source=sources.EXTENDED_SUPPORT_ERRORS,
    noticed="validate",
    text=texts.RESERVED_IP_WITHOUT_ENDPOINT,
)
def unused_reserved_address(slot: Slot) -> Iterator[Hit]:
    """One hit per deployment."""
    reserved = [vip for vip in slot.deployment.virtual_ips if vip.reserved]
    unused = [vip.reserved_ip or vip.address for vip in _without_endpoint(slot) if vip.reserved] if reserved else []
    if unused:
        yield Hit(
            slot.service.name,
            texts.RESERVED_IP_WITHOUT_ENDPOINT.format(
                deployment=slot.deployment.name, service=slot.service.name, addresses=", ".join(unused)
            ),
            slot.at("VirtualIPs/VirtualIP/ReservedIPName"),
        )


@rule(
    "svc-reservedip-no-name",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="A reserved virtual IP does not name its reserved IP",
    remedy="Give the reserved IP its name, or ask Microsoft's support.",
    source=sources.EXTENDED_SUPPORT_ERRORS,
    noticed="validate",
    text=texts.RESERVED_IP_WITHOUT_NAME,
)
def nameless_reserved_address(slot: Slot) -> Iterator[Hit]:
    """One hit per deployment."""
    nameless = [vip.address for vip in slot.deployment.virtual_ips if vip.reserved and not vip.reserved_ip]
    if nameless:
        yield Hit(
            slot.service.name,
            texts.RESERVED_IP_WITHOUT_NAME.format(deployment=slot.deployment.name, service=slot.service.name),
            slot.at(f"VirtualIPs/VirtualIP[{nameless[0]}]/ReservedIPName"),
        )


@rule(
    "svc-endpoint-acl",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="An endpoint has an access control list",
    remedy="Remove the list, migrate, and write its rules into a network security group.",
    source=sources.OVERVIEW,
    noticed="validate",
)
def endpoint_acls(slot: Slot) -> Iterator[Hit]:
    """One hit per endpoint of a machine."""
    for role, endpoint in slot.endpoints:
        if endpoint.acl:
            yield Hit(
                f"{slot.service.name}/{role.name}",
                f"Endpoint {endpoint.name} of VM {role.name} in HostedService {slot.service.name} has an access"
                " control list, which the platform does not migrate.",
                slot.at(f"RoleList/Role[{role.name}]/InputEndpoint[{endpoint.name}]/EndpointAcl"),
            )


def _without_endpoint(slot: Slot) -> Iterator[VirtualIp]:
    """The virtual IPs that no endpoint uses; an endpoint that names none uses the first."""
    public = [endpoint for _, endpoint in slot.endpoints if not endpoint.load_balancer]
    addresses = {endpoint.vip for endpoint in public}
    for position, vip in enumerate(slot.deployment.virtual_ips if slot.machines else ()):
        if vip.address in addresses or vip.name in {endpoint.virtual_ip for endpoint in public}:
            continue
        if position > 0 or not any(map(_names_no_address, public)):
            yield vip


def _names_no_address(endpoint: InputEndpoint) -> bool:
    return endpoint.vip is None and endpoint.virtual_ip is None
