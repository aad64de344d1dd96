"""What classic knows and no ARM resource has a place for."""

from collections.abc import Iterator

from asmosis.classic.estate import key
from asmosis.translate.scope import CloudService, Scope
from asmosis.translate.translation import Loss

_TAG = "Set a tag after commit if the text is still wanted."


def homeless(scope: Scope) -> Iterator[Loss]:
    """Labels, descriptions, affinity groups and the like, of every resource of the unit."""
    for service in scope.services:
        yield from _of_service(service)
    yield from _of_network(scope)
    for group in scope.security_groups:
        yield from _label(f"networkSecurityGroup/{group.name}", group.label, group.name)
    for table in scope.route_tables:
        yield from _label(f"routeTable/{table.name}", table.label, table.name)
    if scope.unit.kind == "reservedIp" and (reserved := scope.estate.reserved_ip(scope.unit.name)):
        yield from _label(scope.unit.short, reserved.label, reserved.name)
    if scope.unit.kind == "storageAccount" and (account := scope.estate.storage_account(scope.unit.name)):
        yield from _label(scope.unit.short, account.label, account.name or "")
        yield from _description(scope.unit.short, account.description)
        yield from _affinity(scope.unit.short, account.affinity_group)


def _of_service(service: CloudService) -> Iterator[Loss]:
    item = service.classic
    yield from _label(service.subject, item.label, item.name)
    yield from _label(f"{service.subject}/{service.deployment.name}", service.deployment.label, item.name)
    yield from _description(service.subject, item.description)
    yield from _affinity(service.subject, item.affinity_group)
    if item.reverse_dns_fqdn:
        yield Loss(
            service.subject,
            "ReverseDnsFqdn",
            f"the reverse name {item.reverse_dns_fqdn} does not migrate.",
            "Set it on the public IP address after commit.",
        )
    for deployment in item.deployments:
        if deployment is not service.deployment:
            yield Loss(
                f"{service.subject}/{deployment.name}",
                "DeploymentSlot",
                f"Resource Manager has no {deployment.slot.lower()} slot; the deployment does not migrate.",
                "Delete it or swap it into production first.",
            )
    for machine in service.machines:
        for endpoint in machine.role.network.input_endpoints:
            if endpoint.acl:
                yield Loss(
                    f"{service.subject}/{machine.name}/{endpoint.name or endpoint.port}",
                    "EndpointAcl",
                    f"{len(endpoint.acl)} access control rules have no place on a balancer; they block prepare.",
                    "Turn them into rules of a network security group, and remove them before prepare.",
                )


def _of_network(scope: Scope) -> Iterator[Loss]:
    if scope.network is None:
        return
    yield from _label(scope.unit.short, scope.network.label, scope.network.name)
    yield from _affinity(scope.unit.short, scope.network.affinity_group)


def _label(subject: str, label: str | None, name: str) -> Iterator[Loss]:
    # A label that only repeats the name tells nothing.
    if label and key(label) != key(name):
        yield Loss(subject, "Label", f"Resource Manager has no labels; lost: {label!r}.", _TAG)


def _description(subject: str, description: str | None) -> Iterator[Loss]:
    if description:
        yield Loss(subject, "Description", f"Resource Manager has no descriptions; lost: {description!r}.", _TAG)


def _affinity(subject: str, group: str | None) -> Iterator[Loss]:
    if group:
        yield Loss(
            subject,
            "AffinityGroup",
            f"Resource Manager has no affinity groups; {group} is only followed to its location.",
            "Use a proximity placement group for new machines that must stand close together.",
        )
