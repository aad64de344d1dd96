"""What hangs on virtual machines and is in none of their documents: blobs, alert rules, autoscale settings."""

from collections.abc import Iterable, Iterator

from asmosis.classic.estate import key
from asmosis.classic.role import DataDisk
from asmosis.facts import Blob, Watch
from asmosis.readiness import sources, texts
from asmosis.readiness.rule import Hit, Severity, rule, some
from asmosis.readiness.subjects import PlacedMachine, PlacedSlot, Whole

_GIGABYTE = 2**30
_FOOTER = 512  # bytes that a fixed VHD is longer than its disk (documented)


@rule(
    "vm-disk-size-mismatch",
    seed_2016=None,
    platform_2023=Severity.WARNING,
    title="The blob under a data disk is not as large as the disk",
    remedy="Detach the disk, resize the disk object, and attach it again; or accept a disk without a size.",
    source=sources.ERRORS,
    noticed="validate",
    text=texts.DISK_SIZE,
    needs=("blobs",),
)
def size_differs(slot: PlacedSlot) -> Iterator[Hit]:
    """One hit per disk; that a VHD's footer may or may not count is assumed."""
    for machine, disk, blob in _known(slot):
        size = disk.size_gb * _GIGABYTE
        if blob.length is not None and blob.length not in (size, size + _FOOTER):
            message = texts.DISK_SIZE.format(
                deployment=machine.deployment.name,
                service=machine.service.name,
                machine=machine.role.name,
                disk=disk.name,
                length=blob.length,
                size=size,
            )
            yield Hit(machine.name, message, machine.at(f"DataVirtualHardDisk[{disk.name}]/LogicalDiskSizeInGB"))


@rule(
    "vm-disk-unreachable",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The blob under a data disk cannot be reached",
    remedy="Restore the blob, or detach the disk.",
    source=sources.ERRORS,
    noticed="validate",
    text=texts.DISK_UNREACHABLE,
    needs=("blobs",),
)
def blob_is_not_there(slot: PlacedSlot) -> Iterator[Hit]:
    """One hit per disk."""
    for machine, disk, blob in _known(slot):
        if blob.length is None:
            message = texts.DISK_UNREACHABLE.format(
                disk=disk.name, link=disk.media_link, machine=machine.role.name, service=machine.service.name
            )
            yield Hit(machine.name, message, machine.at(f"DataVirtualHardDisk[{disk.name}]/MediaLink"))


@rule(
    "vm-alerts",
    seed_2016=Severity.WARNING,
    platform_2023=Severity.WARNING,
    title="Alert rules watch classic resources, and get lost",
    remedy="Export the rules, and create them again on the resources in ARM.",
    source=sources.OVERVIEW,
    noticed="never",
    needs=("alert_rules",),
)
def alert_rules(whole: Whole) -> Iterator[Hit]:
    """One hit per resource."""
    watches = whole.index.alert_rules.get((whole.unit.kind, key(whole.unit.name)), ())
    for name, rules in _by_resource(watches).items():
        yield Hit(name, f"Alert rules on {name} get lost: {some(rules)}.", f"facts: alert_rules[{name}]")


@rule(
    "vm-autoscale",
    seed_2016=Severity.WARNING,
    platform_2023=Severity.WARNING,
    title="Autoscale settings steer classic resources, and get lost",
    remedy="Export the settings, and create them again on the resources in ARM.",
    source=sources.OVERVIEW,
    noticed="never",
    needs=("autoscale_settings",),
)
def autoscale_settings(whole: Whole) -> Iterator[Hit]:
    """One hit per resource."""
    watches = whole.index.autoscale_settings.get((whole.unit.kind, key(whole.unit.name)), ())
    for name, settings in _by_resource(watches).items():
        yield Hit(
            name, f"Autoscale settings on {name} get lost: {some(settings)}.", f"facts: autoscale_settings[{name}]"
        )


def _known(slot: PlacedSlot) -> Iterator[tuple[PlacedMachine, DataDisk, Blob]]:
    """The data disks whose blobs somebody has looked at, each with its machine."""
    blobs = slot.facts.blob_by_link
    for machine in slot.members:
        for disk in machine.role.data_disks:
            blob = blobs.get(disk.media_link)
            if blob is not None:
                yield machine, disk, blob


def _by_resource(watches: Iterable[tuple[str, Watch]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, watch in watches:
        found.setdefault(name, []).append(watch.name)
    return found
