"""Cloud services and their deployments."""

from collections.abc import Iterator

from asmosis.classic.estate import key
from asmosis.readiness import sources, texts
from asmosis.readiness.rule import Hit, Severity, rule, some
from asmosis.readiness.subjects import PlacedSlot, Service, Slot

_SETTLED = ("Running", "Suspended")
_REGIONAL_SINCE = "2014-05"  # when it was announced; times of the platform sort as text


@rule(
    "svc-is-webworker",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="The deployment holds web or worker roles",
    remedy="Move it by the extended-support path for cloud services; it is not for virtual machines.",
    source=sources.ERRORS,
    noticed="validate",
    text=texts.WEB_WORKER,
)
def web_and_worker_roles(slot: Slot) -> Iterator[Hit]:
    """One hit per deployment."""
    others = [role.name for role in slot.deployment.roles if not role.is_virtual_machine]
    if others:
        yield Hit(
            slot.service.name,
            texts.WEB_WORKER.format(deployment=slot.deployment.name, service=slot.service.name),
            slot.at(f"RoleList/Role[{others[0]}]/RoleType"),
        )


@rule(
    "svc-multi-avset",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="The machines of one cloud service are in several availability sets",
    remedy="Keep one availability set in the service and move the machines of the others to services of their own.",
    source=sources.ERRORS,
    noticed="validate",
    text=texts.SEVERAL_SETS,
)
def several_availability_sets(slot: Slot) -> Iterator[Hit]:
    """One hit per deployment; names compare without case."""
    names = {key(role.availability_set): role.availability_set for role in slot.machines if role.availability_set}
    if len(names) > 1:
        yield Hit(
            slot.service.name,
            texts.SEVERAL_SETS.format(deployment=slot.deployment.name, service=slot.service.name),
            slot.at(f"RoleList/Role/AvailabilitySetName: {some(names.values())}"),
        )


@rule(
    "svc-mixed-avset",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="Some machines of a cloud service are in an availability set, others are not",
    remedy="Put every machine of the service into the one availability set, or take all of them out.",
    source=sources.ERRORS,
    noticed="validate",
    text=texts.PARTLY_IN_A_SET,
)
def partly_in_an_availability_set(slot: Slot) -> Iterator[Hit]:
    """One hit per deployment."""
    outside = [role.name for role in slot.machines if not role.availability_set]
    if outside and len(outside) < len(slot.machines):
        yield Hit(
            slot.service.name,
            texts.PARTLY_IN_A_SET.format(deployment=slot.deployment.name, service=slot.service.name),
            slot.at(f"RoleList/Role/AvailabilitySetName: none on {some(outside)}"),
        )


@rule(
    "svc-implicit-avset",
    seed_2016=None,
    platform_2023=Severity.INFORMATION,
    title="The platform makes an availability set for a service that has none",
    remedy="Tell the owner, so that the new availability set is no surprise.",
    source=sources.IMPLICIT_SETS,
    noticed="never",
)
def availability_set_out_of_nothing(slot: Slot) -> Iterator[Hit]:
    """One hit per deployment."""
    if slot.machines and not any(role.availability_set for role in slot.machines):
        yield Hit(
            slot.service.name,
            f"Prepare makes an availability set for {slot.service.name} with {some(slot.machine_names)}.",
            slot.at("RoleList/Role/AvailabilitySetName: none"),
        )


@rule(
    "svc-mixed-nic",
    seed_2016=Severity.BLOCKER,
    platform_2023=None,
    title="Machines with one and with several network interfaces share a cloud service",
    remedy="Give every machine of the service one interface, or every machine several.",
    source=sources.FIELD_TOOLSET,
    noticed="validate",
)
def one_and_many_interfaces(slot: Slot) -> Iterator[Hit]:
    """One hit per deployment; a deallocated machine shows no interfaces and does not count."""
    shown = [instance for instance in slot.deployment.instances if instance.status != "StoppedDeallocated"]
    many = [instance.role_name for instance in shown if instance.network_interfaces]
    if many and len(many) < len(shown):
        yield Hit(
            slot.service.name,
            f"{slot.service.name} mixes VMs with one network interface and VMs with several ({some(many)}).",
            slot.at(f"RoleInstanceList/RoleInstance[{many[0]}]/NetworkInterfaces"),
        )


@rule(
    "svc-in-vnet",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="A cloud service inside a virtual network does not migrate by itself",
    remedy="Migrate the virtual network; the service goes with it.",
    source=sources.POWERSHELL,
    noticed="validate",
    text=texts.IN_A_NETWORK,
)
def service_of_a_network(slot: PlacedSlot) -> Iterator[Hit]:
    """Only where the service itself was asked for as a unit."""
    network = slot.deployment.virtual_network
    if network and slot.unit.kind == "hostedService":
        yield Hit(
            slot.service.name,
            texts.IN_A_NETWORK.format(deployment=slot.deployment.name, service=slot.service.name, network=network),
            slot.at("VirtualNetworkName"),
        )


@rule(
    "svc-not-in-vnet",
    seed_2016=Severity.WARNING,
    platform_2023=Severity.WARNING,
    title="Machines outside a virtual network are stopped, deallocated and started again",
    remedy="Plan the downtime, and choose a new or an existing ARM network for the service.",
    source=sources.ANNOUNCEMENT_2016,
    noticed="prepare",
)
def machines_are_restarted(slot: Slot) -> Iterator[Hit]:
    """One hit per deployment."""
    if slot.machines and not slot.deployment.virtual_network:
        yield Hit(
            slot.service.name,
            f"Prepare stops, deallocates and starts {some(slot.machine_names)} of {slot.service.name}.",
            slot.at("VirtualNetworkName: none"),
        )


@rule(
    "svc-two-slots",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="Both slots of the cloud service are occupied",
    remedy="Delete the staging deployment.",
    source=sources.EXTENDED_SUPPORT_ERRORS,
    noticed="validate",
    text=texts.TWO_SLOTS,
)
def two_deployments(service: Service) -> Iterator[Hit]:
    """One hit per service."""
    if len(service.service.deployments) > 1:
        yield Hit(
            service.service.name,
            texts.TWO_SLOTS,
            service.at("Deployments/Deployment/DeploymentSlot"),
        )


@rule(
    "svc-staging-only",
    seed_2016=None,
    platform_2023=Severity.WARNING,
    title="Only the staging slot is occupied",
    remedy="Swap the deployment to production first, or its public name may be lost.",
    source=sources.EXTENDED_SUPPORT_DETAILS,
    noticed="never",
)
def nothing_in_production(service: Service) -> Iterator[Hit]:
    """One hit per service."""
    if service.service.deployments and service.service.deployment is None:
        yield Hit(
            service.service.name,
            f"{service.service.name} has a deployment in its staging slot only.",
            service.at("Deployments/Deployment/DeploymentSlot"),
        )


@rule(
    "svc-empty",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The cloud service has no deployment",
    remedy="Delete the cloud service; there is nothing in it to migrate.",
    source=sources.EXTENDED_SUPPORT_DETAILS,
    noticed="validate",
)
def no_deployment(service: Service) -> Iterator[Hit]:
    """One hit per service."""
    if not service.service.deployments:
        yield Hit(
            service.service.name,
            f"{service.service.name} has no deployment in either slot.",
            service.at("Deployments: none"),
        )


@rule(
    "svc-intermediate-state",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="The deployment is neither running nor suspended",
    remedy="Wait until the deployment has settled, and judge it again.",
    source=sources.EXTENDED_SUPPORT_ERRORS,
    noticed="validate",
    text=texts.INTERMEDIATE_STATE,
)
def deployment_is_not_settled(slot: Slot) -> Iterator[Hit]:
    """One hit per deployment."""
    if slot.deployment.status not in _SETTLED:
        yield Hit(
            slot.service.name,
            texts.INTERMEDIATE_STATE.format(
                deployment=slot.deployment.name, service=slot.service.name, state=slot.deployment.status
            ),
            slot.at("Status"),
        )


@rule(
    "svc-update-running",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="Another operation is changing the deployment",
    remedy="Wait until the operation has ended, and judge it again.",
    source=sources.EXTENDED_SUPPORT_ERRORS,
    noticed="validate",
    text=texts.UPDATE_RUNNING,
)
def deployment_is_being_updated(slot: Slot) -> Iterator[Hit]:
    """One hit per settled deployment; `Locked` says that an operation holds it (documented by Microsoft)."""
    if slot.deployment.locked and slot.deployment.status in _SETTLED:
        yield Hit(
            slot.service.name,
            texts.UPDATE_RUNNING.format(deployment=slot.deployment.name, service=slot.service.name),
            slot.at("Locked"),
        )


@rule(
    "svc-not-regional",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The deployment has not been changed since the platform's networks became regional",
    remedy="Change anything in the deployment, an endpoint or a data disk for instance; that moves it.",
    source=sources.ERRORS,
    noticed="validate",
    text=texts.NOT_REGIONAL,
    assumed=True,
)
def never_became_regional(slot: Slot) -> Iterator[Hit]:
    """One hit per deployment last changed before May 2014; that this tells the scope is assumed, no field does."""
    changed = slot.deployment.modified or slot.deployment.created
    if changed and changed < _REGIONAL_SINCE:
        yield Hit(
            slot.service.name,
            texts.NOT_REGIONAL.format(deployment=slot.deployment.name, service=slot.service.name),
            slot.at(f"LastModifiedTime: {changed}"),
        )


@rule(
    "vm-secret-blocks-later-move",
    seed_2016=None,
    platform_2023=Severity.INFORMATION,
    title="The certificates of the service end up in a key vault that its machines refer to",
    remedy="Empty the secrets of the machines' OS profile before moving them to another subscription.",
    source=sources.ERRORS,
    noticed="never",
)
def certificates_go_to_a_vault(service: Service) -> Iterator[Hit]:
    """One hit per service."""
    thumbprints = service.index.certificates.get(key(service.service.name), ())
    if thumbprints:
        yield Hit(
            service.service.name,
            f"The certificates of {service.service.name} ({len(thumbprints)}) go to a key vault; its VMs cannot move to"
            " another subscription while they refer to it.",
            service.at("Certificates/Certificate"),
        )
