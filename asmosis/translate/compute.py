"""Classic roles → Microsoft.Compute. Mappings documented by Microsoft (deep dive) unless marked."""

from collections.abc import Iterator

from asmosis.arm import compute as arm
from asmosis.arm.network import NETWORK_INTERFACES
from asmosis.arm.resource import Reference, Resource, Sku
from asmosis.arm.sizes import arm_size
from asmosis.classic import role as classic_role
from asmosis.classic.estate import key
from asmosis.shapes import url_parts
from asmosis.translate.scope import CloudService, Machine, Scope
from asmosis.translate.translation import Loss, produces
from asmosis.translate.vaults import os_profile

# Classic spreads a service over two racks and, unless it says otherwise, five update domains (documented by Microsoft).
_FAULT_DOMAINS, _UPDATE_DOMAINS = 2, 5
_POWER = {"StoppedDeallocated": "deallocated", "StoppedVM": "stopped", "ReadyRole": "running"}


@produces(arm.AVAILABILITY_SETS)
def availability_sets(scope: Scope) -> Iterator[Resource | Loss]:
    """Every set that a service's machines name; one that the platform makes where they name none."""
    for service in scope.services:
        for name in _set_names(service):
            yield Resource(
                id=_set_id(scope, service, name),
                name=_set_name(scope, service, name),
                type=arm.AVAILABILITY_SETS,
                location=service.location,
                sku=Sku(name="Classic"),
                properties=arm.AvailabilitySet(
                    platform_update_domain_count=service.deployment.upgrade_domains or _UPDATE_DOMAINS,
                    platform_fault_domain_count=_FAULT_DOMAINS,
                ),
                generated=name is None,
            )


@produces(arm.VIRTUAL_MACHINES)
def virtual_machines(scope: Scope) -> Iterator[Resource | Loss]:
    """One machine per role, with the disks where they are."""
    for service in scope.services:
        for machine in service.machines:
            yield Resource(
                id=machine_id(scope, service, machine),
                name=machine.name,
                type=arm.VIRTUAL_MACHINES,
                location=service.location,
                properties=_virtual_machine(scope, service, machine),
            )
            yield from _lost_with(service, machine)


def machine_id(scope: Scope, service: CloudService, machine: Machine) -> str:
    """The id of a machine."""
    return scope.id(service.group, arm.VIRTUAL_MACHINES, machine.name)


def _set_names(service: CloudService) -> tuple[str | None, ...]:
    """The sets of a service's machines in order of appearance; None stands for one that is made."""
    if not service.machines:
        return ()
    named = {key(name): name for machine in service.machines if (name := machine.role.availability_set)}
    return tuple(named.values()) or (None,)


def _set_id(scope: Scope, service: CloudService, name: str | None) -> str:
    return scope.id(service.group, arm.AVAILABILITY_SETS, _set_name(scope, service, name))


def _set_name(scope: Scope, service: CloudService, name: str | None) -> str:
    return scope.names.kept(name) if name else scope.names.availability_set(service.name)


def _virtual_machine(scope: Scope, service: CloudService, machine: Machine) -> arm.VirtualMachine:
    role = machine.role
    named = role.availability_set or (None if _set_names(service) != (None,) else "")
    return arm.VirtualMachine(
        hardware_profile=arm.HardwareProfile(vm_size=_size(machine)),
        storage_profile=arm.StorageProfile(
            os_disk=_os_disk(role.os_disk) if role.os_disk else None,
            data_disks=tuple(_data_disk(disk) for disk in role.data_disks),
        ),
        os_profile=os_profile(scope, service, machine),
        network_profile=arm.NetworkProfile(network_interfaces=tuple(_interfaces(scope, service, machine))),
        availability_set=None if named is None else Reference(id=_set_id(scope, service, named or None)),
        diagnostics_profile=_diagnostics(role.debug_settings),
        license_type=role.license_type,
        instance_view=_instance_view(service, machine),
    )


def _size(machine: Machine) -> str:
    size = machine.role.size or (machine.instance.size if machine.instance else None) or ""
    return arm_size(size)


def _os_disk(disk: classic_role.OsDisk) -> arm.OsDisk:
    return arm.OsDisk(
        os_type=disk.os,
        name=disk.name,
        vhd=arm.VirtualHardDisk(uri=disk.media_link),
        caching=disk.host_caching,
    )


def _data_disk(disk: classic_role.DataDisk) -> arm.DataDisk:
    return arm.DataDisk(
        lun=disk.lun,
        name=disk.name,
        vhd=arm.VirtualHardDisk(uri=disk.media_link),
        caching=disk.host_caching,
        disk_size_gb=disk.size_gb,
    )


def _interfaces(scope: Scope, service: CloudService, machine: Machine) -> Iterator[arm.NetworkInterfaceReference]:
    further = (nic.name for nic in machine.role.network.network_interfaces)
    for position, name in enumerate((None, *further)):
        yield arm.NetworkInterfaceReference(
            id=scope.id(service.group, NETWORK_INTERFACES, scope.names.interface(machine.name, name)),
            properties=arm.NetworkInterfaceUse(primary=position == 0),
        )


def _diagnostics(settings: classic_role.DebugSettings | None) -> arm.DiagnosticsProfile | None:
    """Assumed: classic names the blob, ARM the account that holds it."""
    if settings is None or not settings.boot_diagnostics:
        return None
    host = url_parts(settings.console_screenshot_uri or settings.serial_output_uri or "").hostname
    return arm.DiagnosticsProfile(
        boot_diagnostics=arm.BootDiagnostics(enabled=True, storage_uri=f"https://{host}/" if host else None)
    )


def _instance_view(service: CloudService, machine: Machine) -> arm.InstanceView | None:
    """A machine inside a network goes on as it was; one outside is restarted, whatever it was before."""
    state = machine.instance.status if machine.instance else ""
    if not service.inside_network or state not in _POWER:
        return None
    return arm.InstanceView(statuses=(arm.InstanceStatus(code=f"PowerState/{_POWER[state]}"),))


def _lost_with(service: CloudService, machine: Machine) -> Iterator[Loss]:
    role, subject = machine.role, f"{service.subject}/{machine.name}"
    labelled = [disk.name for disk in (role.os_disk, *role.data_disks) if disk and disk.label]
    if labelled:
        yield Loss(
            subject,
            "DiskLabel",
            f"Resource Manager has no labels on disks; lost: {', '.join(labelled)}.",
            "Note the labels; a tag on the machine can carry them.",
        )
    if role.label:
        yield Loss(
            subject,
            "Label",
            "Resource Manager has no labels; they do not become tags.",
            "Set a tag after commit.",
        )
