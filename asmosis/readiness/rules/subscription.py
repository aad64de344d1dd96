"""What stands beside the virtual machines: detached resources, affinity groups."""

from collections.abc import Iterator

from asmosis.classic.compute import HostedService
from asmosis.classic.estate import key
from asmosis.classic.network import NetworkSecurityGroup, ReservedIp, RouteTable, VirtualNetworkSite
from asmosis.classic.storage import StorageService
from asmosis.readiness import sources
from asmosis.readiness.rule import Hit, Severity, rule
from asmosis.readiness.subjects import Account, Detached, Network, Service, Subscription


@rule(
    "unassoc-disks",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.WARNING,
    title="A disk object belongs to no machine and to no storage account of the subscription",
    remedy="Delete the disk object; its blob stays.",
    source=sources.ANNOUNCEMENT_2016,
    noticed="validate",
)
def stray_disks(subscription: Subscription) -> Iterator[Hit]:
    """One hit per disk; those in an account of the subscription are a matter of `sto-unattached-disks`."""
    for disk in subscription.estate.disks:
        if disk.attached_to is None and key(disk.account) not in subscription.index.accounts:
            yield Hit(disk.name, f"Disk {disk.name} is attached to no machine.", f"Disk[{disk.name}]/AttachedTo")


@rule(
    "vm-images",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.WARNING,
    title="An image lies in no storage account of the subscription",
    remedy="Delete the image or make an ARM image of it; its blobs stay.",
    source=sources.ANNOUNCEMENT_2016,
    noticed="validate",
)
def stray_images(subscription: Subscription) -> Iterator[Hit]:
    """One hit per image of the subscription's own; those in an account of it are a matter of `sto-images`."""
    for account, images in subscription.index.images.items():
        for image in images if account not in subscription.index.accounts else ():
            yield Hit(
                image.name, f"{image.root} {image.name} has no counterpart in ARM.", f"{image.root}[{image.name}]"
            )


@rule(
    "unassoc-reserved-ip",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.INFORMATION,
    title="A reserved IP is used by nothing",
    remedy="Migrate it by itself, or release it; in ARM it is a static address of the Basic kind.",
    source=sources.RESERVED_IPS,
    noticed="validate",
)
def unused_reserved_ip(detached: Detached) -> Iterator[Hit]:
    """One hit per reserved IP."""
    if isinstance(detached.resource, ReservedIp):
        name = detached.resource.name
        yield Hit(name, f"Reserved IP {name} is used by no cloud service.", f"ReservedIP[{name}]/InUse")


@rule(
    "unassoc-nsg",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.INFORMATION,
    title="A network security group guards nothing",
    remedy="Migrate it by itself, or delete it.",
    source=sources.OVERVIEW,
    noticed="validate",
)
def unused_security_group(detached: Detached) -> Iterator[Hit]:
    """One hit per group."""
    if isinstance(detached.resource, NetworkSecurityGroup):
        name = detached.resource.name
        yield Hit(
            name,
            f"Network security group {name} is bound to no subnet and no machine.",
            f"VirtualNetworkSite/Subnets/Subnet/NetworkSecurityGroup: none is {name}",
        )


@rule(
    "unassoc-routetable",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.INFORMATION,
    title="A route table routes nothing",
    remedy="Migrate it by itself, or delete it.",
    source=sources.OVERVIEW,
    noticed="validate",
)
def unused_route_table(detached: Detached) -> Iterator[Hit]:
    """One hit per table."""
    if isinstance(detached.resource, RouteTable):
        name = detached.resource.name
        yield Hit(
            name,
            f"Route table {name} is bound to no subnet.",
            f"VirtualNetworkSite/Subnets/Subnet/RouteTableName: none is {name}",
        )


@rule(
    "classic-affinity-group",
    seed_2016=None,
    platform_2023=Severity.WARNING,
    title="An affinity group stands for the location",
    remedy="Nothing for virtual machines: the group's location is taken. ARM has no affinity groups.",
    source=sources.EXTENDED_SUPPORT_DETAILS,
    noticed="validate",
)
def affinity_group(subject: Network | Service | Account) -> Iterator[Hit]:
    """One hit per virtual network, cloud service or storage account."""
    resource, place = _in_affinity_group(subject)
    if resource and resource.affinity_group:
        location = subject.estate.location_of(resource) or "a location that the estate does not tell"
        yield Hit(
            resource.name or "",
            f"{resource.name} is in affinity group {resource.affinity_group}, which stands for {location}.",
            f"{place[0]}[{resource.name}]/{place[1]}",
        )


def _in_affinity_group(
    subject: Network | Service | Account,
) -> tuple[VirtualNetworkSite | HostedService | StorageService | None, tuple[str, str]]:
    """What may be in an affinity group, with its document and the element in it."""
    if isinstance(subject, Network):
        return subject.site, ("VirtualNetworkSite", "AffinityGroup")
    if isinstance(subject, Service):
        return subject.service, ("HostedService", "HostedServiceProperties/AffinityGroup")
    return subject.account, ("StorageService", "StorageServiceProperties/AffinityGroup")
