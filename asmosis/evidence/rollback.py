"""What a person would need to build a unit's classic side again, in which order, and what would be lost even so.

The calls are those of Microsoft's published Service Management API; nobody here sends them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from asmosis.classic.compute import Deployment, HostedService
from asmosis.classic.estate import Estate
from asmosis.classic.role import Role
from asmosis.evidence.members import Members, members
from asmosis.units import Unit

ROLLBACK_KIT = "rollback-kit"

STATEMENT = (
    "This is not a platform rollback: after commit the platform has no way back. It is what a person would need to"
    " build the classic side again by hand, step by step, after taking the ARM side down. It means downtime, it loses"
    " what is listed, and the platform may refuse it, for classic is retired."
)
"""What is said wherever the kit is shown."""


@dataclass(frozen=True)
class Step:
    """Something to be made again: by which call, from which document (a file of the snapshot), and what is lost."""

    make: str
    call: str
    document: str
    lost: tuple[str, ...] = ()


@dataclass(frozen=True)
class RollbackKit:
    """The steps in their order; `before` is to be done first, on the ARM side."""

    statement: str
    before: tuple[str, ...]
    steps: tuple[Step, ...]


def rollback_kit(estate: Estate, unit: Unit) -> RollbackKit:
    """The kit for a unit as it stood when the estate was read."""
    of = members(estate, unit)
    return RollbackKit(STATEMENT, tuple(_before(of)), tuple(_steps(estate, of)))


def _before(of: Members) -> Iterator[str]:
    yield "Take a backup of every machine and disk; nothing below keeps data by itself."
    if of.services:
        yield (
            "Delete the ARM virtual machines without their disks, and free the DNS labels of their public IP addresses:"
            " classic can only use blobs and names that nobody else holds."
        )
    for account in of.storage_accounts:
        yield (
            f"Copy all blobs of {account.name} elsewhere and delete the ARM account: its name is free for classic"
            " only then, and deleting it deletes the blobs."
        )
    if of.networks:
        yield "Delete the ARM networks, or nothing can connect both: their address spaces are the same."


def _steps(estate: Estate, of: Members) -> Iterator[Step]:
    for group in of.affinity_groups:
        yield Step(f"affinity group {group.name}", "POST affinitygroups", "affinitygroups.xml")
    for account in of.storage_accounts:
        lost = ["Keys are new: everything that holds an old one must be told.", "The creation time and statistics."]
        yield Step(
            f"storage account {account.name}",
            "POST services/storageservices",
            "services__storageservices.xml",
            tuple(lost),
        )
    for address in of.reserved_ips:
        lost = [f"The address {address.address} stays with ARM; a new reservation is another address."]
        yield Step(
            f"reserved IP {address.name}",
            "POST services/networking/reservedips",
            "services__networking__reservedips.xml",
            tuple(lost) if address.address else (),
        )
    for guard in of.security_groups:
        path = f"services/networking/networksecuritygroups/{guard.name}"
        yield Step(
            f"network security group {guard.name} with its rules",
            f"POST services/networking/networksecuritygroups; PUT {path}/rules/RULE",
            f"services__networking__networksecuritygroups__{guard.name}.xml",
        )
    for table in of.route_tables:
        path = f"services/networking/routetables/{table.name}"
        yield Step(
            f"route table {table.name} with its routes",
            f"POST services/networking/routetables; PUT {path}/routes/ROUTE",
            f"services__networking__routetables__{table.name}.xml",
        )
    yield from _networks(estate, of)
    for disk in of.disks:
        yield Step(f"disk {disk.name}", "POST services/disks", "services__disks.xml")
    for image in of.images:
        yield Step(f"image {image}", "POST services/images", "services__images.xml")
    for service in of.services:
        yield from _service(estate, service)


def _networks(estate: Estate, of: Members) -> Iterator[Step]:
    for network in of.networks:
        yield Step(
            f"virtual network {network.name}, its DNS servers and local sites",
            "PUT services/networking/media (the configuration of all networks at once; add this one to it)",
            "services__networking__virtualnetwork.xml",
        )
        for subnet in network.subnets:
            path = f"services/networking/virtualnetwork/{network.name}/subnets/{subnet.name}"
            if subnet.network_security_group:
                yield Step(
                    f"security group of subnet {subnet.name}",
                    f"POST {path}/networksecuritygroups",
                    "services__networking__virtualnetwork.xml",
                )
            if subnet.route_table:
                yield Step(
                    f"route table of subnet {subnet.name}",
                    f"POST {path}/routetables",
                    "services__networking__virtualnetwork.xml",
                )
        if gateway := estate.gateways.get(network.name):
            address = f" {gateway.address}" if gateway.address else ""
            yield Step(
                f"gateway of {network.name} and its connections",
                f"POST services/networking/{network.name}/gateway; PUT .../gateway/connection/SITE/sharedkey",
                f"services__networking__{network.name}__gateway.xml",
                (
                    f"The address{address}: every device at the other end must be told the new one.",
                    "Shared keys are not in the snapshot; supply them, or agree on new ones.",
                    "Client certificates and the tunnels' counters.",
                ),
            )


def _service(estate: Estate, service: HostedService) -> Iterator[Step]:
    document = f"services__hostedservices__{service.name}.xml"
    lost = f"The name {service.name}.cloudapp.net, if somebody else has taken it meanwhile."
    yield Step(f"cloud service {service.name}", "POST services/hostedservices", document, (lost,))
    if thumbprints := estate.certificates.get(service.name, ()):
        yield Step(
            f"{len(thumbprints)} certificates of {service.name} ({', '.join(thumbprints)})",
            f"POST services/hostedservices/{service.name}/certificates",
            f"services__hostedservices__{service.name}__certificates.xml",
            ("Private keys and their passwords cannot be read from classic; have the files at hand.",),
        )
    if deployment := service.deployment:
        yield from _deployment(service, deployment, document)


def _deployment(service: HostedService, deployment: Deployment, document: str) -> Iterator[Step]:
    path = f"services/hostedservices/{service.name}/deployments"
    machines = [role for role in deployment.roles if role.is_virtual_machine]
    reserved = f" through the reserved IP {deployment.reserved_ip}" if deployment.reserved_ip else ""
    address = f"It gets a virtual IP{reserved}; " + (
        "the address is that of the new reservation." if reserved else "it is another address than before."
    )
    for number, role in enumerate(machines):
        first = number == 0
        yield Step(
            f"machine {service.name}/{role.name} from its disks, with endpoints, subnets and extensions",
            f"POST {path}" if first else f"POST {path}/{deployment.name}/roles",
            f"{document} (RoleName {role.name})",
            (*((address,) if first else ()), *_lost_of(role)),
        )
    others: Sequence[Role] = [role for role in deployment.roles if not role.is_virtual_machine]
    if others:
        yield Step(
            f"{len(others)} web and worker roles of {service.name}",
            f"POST {path}",
            document,
            ("Their package and configuration are not in the snapshot.",),
        )


def _lost_of(role: Role) -> Iterator[str]:
    yield "What is on the temporary disk."
    if not role.network.static_ip:
        yield "The private address, unless the machines start in the order in which they got theirs."
    if role.network.public_ips:
        yield "Its public address of its own: it gets another."
    private = [
        extension.reference_name
        for extension in role.extensions
        if any(parameter.type == "Private" for parameter in extension.parameters)
    ]
    if private:
        yield f"Private settings of {', '.join(private)}: they cannot be read from classic."
