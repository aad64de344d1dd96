"""Virtual machines: their state, subnets and disks."""

from collections.abc import Iterator
from urllib.parse import unquote

from asmosis.classic.estate import key
from asmosis.classic.storage import account_of
from asmosis.readiness import sources, texts
from asmosis.readiness.rule import Hit, Severity, rule
from asmosis.readiness.subjects import Machine, PlacedSlot
from asmosis.shapes import url_parts

_SETTLED = ("ReadyRole", "StoppedVM", "StoppedDeallocated")
_TIMED_OUT = ("ProvisioningTimeout", "ProvisioningTimedOut")  # assumed: never recorded, sources spell it both ways


@rule(
    "vm-role-state-unknown",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="The machine is in no state in which the platform migrates",
    remedy="Wait some minutes, as a new or changed machine settles by itself; else restart the machine.",
    source=sources.ERRORS,
    noticed="validate",
    text=texts.MACHINE_STATE,
)
def state_is_not_settled(machine: Machine) -> Iterator[Hit]:
    """One hit per machine; a provisioning that timed out is a matter of `vm-provisioning-timed-out`."""
    if machine.instance and machine.instance.status not in (*_SETTLED, *_TIMED_OUT):
        yield Hit(
            machine.name,
            texts.MACHINE_STATE.format(
                machine=machine.role.name, service=machine.service.name, state=machine.instance.status
            ),
            machine.at_instance("InstanceStatus"),
        )


@rule(
    "vm-provisioning-timed-out",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="The machine was never provisioned in time",
    remedy="Delete the machine but keep its disks, and create it again from them; this needs a downtime.",
    source=sources.PLANNING,
    noticed="validate",
)
def provisioning_timed_out(machine: Machine) -> Iterator[Hit]:
    """One hit per machine."""
    if machine.instance and machine.instance.status in _TIMED_OUT:
        yield Hit(
            machine.name,
            f"VM {machine.role.name} in HostedService {machine.service.name} is in State: {machine.instance.status}.",
            machine.at_instance("InstanceStatus"),
        )


@rule(
    "vm-multi-subnet",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="The network interfaces of the machine are in several subnets",
    remedy="Keep the interfaces of one subnet, and attach the others again after the migration.",
    source=sources.ANNOUNCEMENT_2016,
    noticed="validate",
)
def several_subnets(machine: Machine) -> Iterator[Hit]:
    """One hit per machine; names compare without case."""
    if len(machine.subnets) < 2:  # noqa: PLR2004 -- it takes two
        return
    names = {key(name): name for name in machine.subnets}
    if len(names) > 1:
        yield Hit(
            machine.name,
            f"VM {machine.role.name} in HostedService {machine.service.name} is in {len(names)} subnets:"
            f" {', '.join(names.values())}.",
            machine.at("ConfigurationSet[NetworkConfiguration]/NetworkInterfaces"),
        )


@rule(
    "vm-no-subnet",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="The machine is in a virtual network but in no subnet of it",
    remedy="Delete the machine but keep its disks, and create it again in a subnet.",
    source=sources.ANNOUNCEMENT_2016,
    noticed="validate",
)
def no_subnet(machine: Machine) -> Iterator[Hit]:
    """One hit per machine."""
    if machine.deployment.virtual_network and not machine.role.network.subnets:
        yield Hit(
            machine.name,
            f"VM {machine.role.name} in HostedService {machine.service.name} is in Virtual Network"
            f" {machine.deployment.virtual_network} without a subnet.",
            machine.at("ConfigurationSet[NetworkConfiguration]/SubnetNames"),
        )


@rule(
    "vm-bootdiag-premium",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="Boot diagnostics are on and a disk is on premium storage",
    remedy="Switch boot diagnostics off, migrate, switch them on in ARM, and delete their old blobs.",
    source=sources.ANNOUNCEMENT_2016,
    noticed="validate",
)
def boot_diagnostics_on_premium(slot: PlacedSlot) -> Iterator[Hit]:
    """One hit per machine; premium shows in the disk's IO type or in the type of its storage account."""
    if not [role for role in slot.machines if role.debug_settings]:
        return
    for machine in slot.members:
        role = machine.role
        premium = [
            disk.name
            for disk in machine.disks
            if disk.io_type in ("Provisioned", "Premium_LRS")
            or key(account_of(disk.media_link)) in slot.index.premium_accounts
        ]
        if premium and role.debug_settings and role.debug_settings.boot_diagnostics:
            yield Hit(
                machine.name,
                f"VM {role.name} in HostedService {slot.service.name} has boot diagnostics enabled and premium disks:"
                f" {', '.join(premium)}.",
                machine.at("DebugSettings/BootDiagnosticsEnabled"),
            )


@rule(
    "vm-blob-name-slash",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The name of a disk's blob contains a slash",
    remedy="Copy the blob to a name without a slash, and make the machine's disk of the copy.",
    source=sources.ERRORS,
    noticed="validate",
    text=texts.SLASH_IN_BLOB_NAME,
    given="odd_disks",
)
def slash_in_blob_name(machine: Machine) -> Iterator[Hit]:
    """One hit per disk."""
    for disk in machine.odd_disks:
        blob = unquote(url_parts(disk.media_link).path).lstrip("/").partition("/")[2]
        if "/" in blob:
            yield Hit(
                machine.name,
                texts.SLASH_IN_BLOB_NAME.format(
                    machine=machine.role.name, service=machine.service.name, link=disk.media_link, blob=blob
                ),
                f"{machine.at_disk(disk)}/MediaLink",
            )
