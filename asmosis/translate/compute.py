"""Classic roles → Microsoft.Compute. Mappings documented by Microsoft (deep dive) unless marked."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from asmosis.arm import compute as arm
from asmosis.arm.network import NETWORK_INTERFACES
from asmosis.arm.resource import Reference, Resource, Sku
from asmosis.classic import role as classic_role
from asmosis.classic.estate import key
from asmosis.translate.scope import CloudService, Machine, Scope
from asmosis.translate.translation import Loss, produces

# The oldest sizes changed their names; every other size keeps its own (recorded lists of role sizes).
SIZES = {
    "extrasmall": "Standard_A0",
    "small": "Standard_A1",
    "medium": "Standard_A2",
    "large": "Standard_A3",
    "extralarge": "Standard_A4",
    **{f"a{number}": f"Standard_A{number}" for number in range(5, 12)},
}
_XML_EXTENSION = re.compile(r"vs.*debug.*|visualstudio.*debug.*|remotedebug.*|webdeploy.*", re.IGNORECASE)
_POWER = {"StoppedDeallocated": "deallocated", "StoppedVM": "stopped", "ReadyRole": "running"}


@produces(arm.AVAILABILITY_SETS)
def availability_sets(scope: Scope) -> Iterator[Resource | Loss]:
    """Every set that a service's machines name; one that the platform makes where they name none."""
    for service in scope.services:
        for name in _set_names(service):
            made = name is None
            yield Resource(
                id=_set_id(scope, service, name),
                name=_set_name(scope, service, name),
                type=arm.AVAILABILITY_SETS,
                location=service.location,
                sku=Sku(name="Classic"),
                properties=arm.AvailabilitySet(
                    # How the platform sizes a set of its own is not documented.
                    platform_update_domain_count=None if made else service.deployment.upgrade_domains
                ),
                generated=made,
            )


@produces(arm.VIRTUAL_MACHINES)
def virtual_machines(scope: Scope) -> Iterator[Resource | Loss]:
    """One machine per role, with the disks where they are."""
    for service in scope.services:
        for machine in service.machines:
            yield Resource(
                id=_machine_id(scope, service, machine),
                name=machine.name,
                type=arm.VIRTUAL_MACHINES,
                location=service.location,
                properties=_virtual_machine(scope, service, machine),
            )
            yield from _lost_with(service, machine)


@produces(arm.EXTENSIONS)
def extensions(scope: Scope) -> Iterator[Resource | Loss]:
    """Every enabled extension that has a JSON type; private settings cannot be read back from classic."""
    for service in scope.services:
        for machine in service.machines:
            for extension in machine.role.extensions:
                yield from _extension(scope, service, machine, extension)


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


def _machine_id(scope: Scope, service: CloudService, machine: Machine) -> str:
    return scope.id(service.group, arm.VIRTUAL_MACHINES, machine.name)


def _virtual_machine(scope: Scope, service: CloudService, machine: Machine) -> arm.VirtualMachine:
    role = machine.role
    named = role.availability_set or (None if _set_names(service) != (None,) else "")
    return arm.VirtualMachine(
        hardware_profile=arm.HardwareProfile(vm_size=_size(machine)),
        storage_profile=arm.StorageProfile(
            os_disk=_os_disk(role.os_disk) if role.os_disk else None,
            data_disks=tuple(_data_disk(disk) for disk in role.data_disks),
        ),
        network_profile=arm.NetworkProfile(network_interfaces=tuple(_interfaces(scope, service, machine))),
        availability_set=None if named is None else Reference(id=_set_id(scope, service, named or None)),
        diagnostics_profile=_diagnostics(role.debug_settings),
        license_type=role.license_type,
        instance_view=_instance_view(service, machine),
    )


def _size(machine: Machine) -> str:
    size = machine.role.size or (machine.instance.size if machine.instance else None) or ""
    return SIZES.get(size.lower(), size)


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
    host = urlsplit(settings.console_screenshot_uri or settings.serial_output_uri or "").hostname
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


def _extension(
    scope: Scope, service: CloudService, machine: Machine, extension: classic_role.ExtensionReference
) -> Iterator[Resource | Loss]:
    subject = f"{service.subject}/{machine.name}/{extension.reference_name}"
    if _is_xml(extension):
        yield Loss(
            subject,
            "ResourceExtensionReference",
            f"{extension.name} {extension.version} has XML settings, which Resource Manager does not know.",
            "Install its JSON successor after commit, if it is still wanted.",
        )
        return
    if (extension.state or "").lower() in ("disable", "uninstall"):
        yield Loss(
            subject,
            "ResourceExtensionReference",
            f"the extension is in state {extension.state}; only enabled ones migrate.",
            "Install it after commit, if it is still wanted.",
        )
        return
    if any(parameter.type == "Private" for parameter in extension.parameters):
        yield Loss(
            subject,
            "ResourceExtensionParameterValue (Private)",
            "private settings cannot be read from classic, so they cannot be checked or exported.",
            "Keep them at hand; supply them again as protectedSettings when the extension is next changed.",
        )
    public = [parameter for parameter in extension.parameters if parameter.type == "Public"]
    version = extension.version.split(".")
    yield Resource(
        id=f"{_machine_id(scope, service, machine)}/extensions/{extension.reference_name}",
        name=extension.reference_name,
        type=arm.EXTENSIONS,
        location=service.location,
        properties=arm.Extension(
            publisher=extension.publisher,
            type=extension.name,
            # Assumed: a wildcard asks for the newest minor version, a number for itself.
            type_handler_version=".".join("0" if step == "*" else step for step in [*version, "0"][:2]),
            auto_upgrade_minor_version="*" in version,
            settings=public[0].settings if public else None,
        ),
    )


def _is_xml(extension: classic_role.ExtensionReference) -> bool:
    if extension.name.lower() == "bginfo":
        return extension.version.startswith("1.")
    return _XML_EXTENSION.fullmatch(extension.name) is not None
