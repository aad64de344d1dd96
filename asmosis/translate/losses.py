"""What classic knows and no ARM resource has a place for."""

from collections.abc import Iterable, Iterator

from asmosis.classic.compute import Deployment, ExtendedProperty, HostedService
from asmosis.classic.estate import key
from asmosis.translate.scope import CloudService, Scope
from asmosis.translate.translation import Loss

# The portal keeps where it shows a resource; the region follows from the location, and the rest is its own business.
_GROUP = "ResourceGroup"
_BY_PORTAL = "Default-"  # what the portal calls the groups that it made itself (recorded)
_PORTAL = frozenset({"ResourceLocation", "ProvisioningSource"})
PORTAL_NOTES = _PORTAL | {_GROUP}
"""Names of extended properties that are the portal's own."""


def homeless(scope: Scope) -> Iterator[Loss]:
    """Labels, descriptions, affinity groups and the like, of every resource of the unit."""
    for service in scope.services:
        yield from _of_service(service)
        yield from _of_deployments(service.classic, service.deployment)
    for classic in scope.estate.services_of(scope.unit):
        if classic.deployment is None:
            yield from _of_deployments(classic, None)
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
        yield from _properties(scope.unit.short, account.extended_properties, account.name or "")


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
    yield from _properties(service.subject, item.extended_properties, item.name)
    yield from _properties(
        f"{service.subject}/{service.deployment.name}", service.deployment.extended_properties, item.name
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


def _of_deployments(service: HostedService, migrating: Deployment | None) -> Iterator[Loss]:
    """Everything deployed that is not in the production slot; and the service itself, if there is nothing else."""
    for deployment in service.deployments:
        if deployment is not migrating:
            yield Loss(
                f"hostedService/{service.name}/{deployment.name}",
                "DeploymentSlot",
                f"Resource Manager has no {deployment.slot.lower()} slot; the deployment does not migrate.",
                "Delete it or swap it into production first.",
            )
    if migrating is None:
        yield Loss(
            f"hostedService/{service.name}",
            "DeploymentSlot",
            "nothing is in its production slot, so nothing migrates, and its DNS name is not kept.",
            "Deploy into production what is still wanted; delete the cloud service otherwise.",
        )


def _of_network(scope: Scope) -> Iterator[Loss]:
    if scope.network is None:
        return
    yield from _label(scope.unit.short, scope.network.label, scope.network.name)
    yield from _affinity(scope.unit.short, scope.network.affinity_group)


def _label(subject: str, label: str | None, name: str) -> Iterator[Loss]:
    # A label that only repeats the name tells nothing.
    if label and key(label) != key(name):
        yield Loss(subject, "Label", f"Resource Manager has no labels; lost: {label!r}.", _as_tag("label"))


def _description(subject: str, description: str | None) -> Iterator[Loss]:
    if description:
        why = f"Resource Manager has no descriptions; lost: {description!r}."
        yield Loss(subject, "Description", why, _as_tag("description"))


def _properties(subject: str, properties: Iterable[ExtendedProperty], name: str) -> Iterator[Loss]:
    """What people and the portal have noted; the portal's group is told where it is not the resource's own."""
    for note in properties:
        if note.name == _GROUP:
            if key(note.value) != key(name) and not note.value.startswith(_BY_PORTAL):
                yield Loss(
                    subject,
                    "ExtendedProperties",
                    f"it leaves the group {note.value}, where the portal shows it, for one of its own.",
                    "Move the resources after commit; rights and locks on the old group do not follow.",
                )
        elif note.name not in _PORTAL:
            why = f"Resource Manager has no such properties; lost: {note.name} = {note.value!r}."
            yield Loss(subject, "ExtendedProperties", why, _as_tag(note.name))


def _as_tag(name: str) -> str:
    return f"Set the tag asm:{name} after commit if the text is still wanted."


def _affinity(subject: str, group: str | None) -> Iterator[Loss]:
    if group:
        yield Loss(
            subject,
            "AffinityGroup",
            f"Resource Manager has no affinity groups; {group} is only followed to its location.",
            "Use a proximity placement group for new machines that must stand close together.",
        )
