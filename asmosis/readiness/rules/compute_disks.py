"""The disks of virtual machines, as ARM will judge them in prepare."""

from collections.abc import Iterator
from urllib.parse import unquote

from asmosis.arm.sizes import vm_size
from asmosis.classic.estate import key
from asmosis.classic.role import DataDisk, OsDisk
from asmosis.classic.storage import account_of
from asmosis.readiness import sources, texts
from asmosis.readiness.rule import Hit, Severity, rule, some
from asmosis.readiness.subjects import Machine, PlacedSlot, disks_of
from asmosis.shapes import url_parts

_LUNS = range(64)  # the largest sizes of the time take 64 data disks
_LARGEST_GB = 4095  # of a disk on a page blob of one's own


@rule(
    "vm-os-disk-missing",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The machine has no operating system disk",
    remedy="Delete the machine but keep its disks, and create it again with one to boot from.",
    source=sources.TARGET_CHECKS,
    noticed="prepare",
    assumed=True,
)
def no_os_disk(machine: Machine) -> Iterator[Hit]:
    """One hit per machine."""
    if machine.role.os_disk is None:
        yield Hit(
            machine.name,
            f"{machine.name} has no operating system disk; ARM makes no machine without one.",
            machine.at("OSVirtualHardDisk: none"),
        )


@rule(
    "vm-lun-duplicate",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="Two data disks of a machine have the same LUN",
    remedy="Detach one of the two disks, and attach it again at a LUN of its own.",
    source=sources.TARGET_CHECKS,
    noticed="prepare",
    given="role.data_disks",
    assumed=True,
)
def same_lun(machine: Machine) -> Iterator[Hit]:
    """One hit per disk at a LUN that an earlier one has; classic leaves the LUN out where it is 0 (recorded)."""
    disks = machine.role.data_disks
    if len(disks) < 2:  # noqa: PLR2004 -- it takes two
        return
    owners: dict[int, str] = {}
    for disk in disks:
        owner = owners.setdefault(disk.lun, disk.name)
        if owner != disk.name:
            yield Hit(
                machine.name,
                f"Data disks {owner} and {disk.name} of {machine.name} are both at LUN {disk.lun}.",
                machine.at(f"DataVirtualHardDisk[{disk.name}]/Lun"),
            )


@rule(
    "vm-lun-out-of-range",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="A data disk is at a LUN that there is not",
    remedy="Detach the disk, and attach it again at a LUN from 0 to 63.",
    source=sources.TARGET_CHECKS,
    noticed="prepare",
    given="role.data_disks",
    assumed=True,
)
def impossible_lun(machine: Machine) -> Iterator[Hit]:
    """One hit per disk."""
    for disk in machine.role.data_disks:
        if disk.lun not in _LUNS:
            yield Hit(
                machine.name,
                f"Data disk {disk.name} of {machine.name} is at LUN {disk.lun}; ARM has 0 to {_LUNS[-1]}.",
                machine.at(f"DataVirtualHardDisk[{disk.name}]/Lun"),
            )


@rule(
    "vm-too-many-data-disks",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The machine has more data disks than its size takes",
    remedy="Resize the machine, or detach the disks that are over.",
    source=sources.TARGET_CHECKS,
    noticed="prepare",
    text=texts.TOO_MANY_DISKS,
    given="role.data_disks",
    assumed=True,
)
def too_many_data_disks(machine: Machine) -> Iterator[Hit]:
    """One hit per machine of a size that is known."""
    disks = machine.role.data_disks
    size = vm_size(machine.role.size or "")
    if size and len(disks) > size.data_disks:
        yield Hit(
            machine.name,
            texts.TOO_MANY_DISKS.format(limit=size.data_disks),
            machine.at(f"DataVirtualHardDisks: {len(disks)} disks, RoleSize: {machine.role.size}"),
        )


@rule(
    "vm-disk-too-large",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="A data disk is larger than a disk on a page blob can be in ARM",
    remedy="Spread the data over smaller disks, as the platform migrates disks where they are.",
    source=sources.TARGET_CHECKS,
    noticed="prepare",
    given="role.data_disks",
    assumed=True,
)
def too_large(machine: Machine) -> Iterator[Hit]:
    """One hit per disk."""
    for disk in machine.role.data_disks:
        if disk.size_gb > _LARGEST_GB:
            yield Hit(
                machine.name,
                f"Data disk {disk.name} of {machine.name} has {disk.size_gb} GB; the most is {_LARGEST_GB} GB.",
                machine.at(f"DataVirtualHardDisk[{disk.name}]/LogicalDiskSizeInGB"),
            )


@rule(
    "vm-blob-name-missing",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The address of a disk names no blob",
    remedy="Find the disk's blob, and make the machine's disk of it again.",
    source=sources.TARGET_CHECKS,
    noticed="prepare",
    given="odd_disks",
    assumed=True,
)
def no_blob(machine: Machine) -> Iterator[Hit]:
    """One hit per disk."""
    for disk in machine.odd_disks:
        if not disk.media_link.endswith(".vhd") and not _blob(disk):
            yield Hit(
                machine.name,
                f"The address of disk {disk.name} of {machine.name} names no blob: {disk.media_link or 'none'}.",
                f"{machine.at_disk(disk)}/MediaLink",
            )


@rule(
    "vm-blob-not-vhd",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The name of a disk's blob does not end in .vhd",
    remedy="Copy the blob to a name that ends in .vhd, and make the machine's disk of the copy.",
    source=sources.TARGET_CHECKS,
    noticed="prepare",
    given="odd_disks",
    assumed=True,
)
def blob_is_no_vhd(machine: Machine) -> Iterator[Hit]:
    """One hit per disk; an address without a blob is a matter of `vm-blob-name-missing`."""
    for disk in machine.odd_disks:
        blob = _blob(disk)
        if blob and not blob.lower().endswith(".vhd"):
            yield Hit(
                machine.name,
                f"Disk {disk.name} of {machine.name} is the blob {blob}, which does not end in .vhd.",
                f"{machine.at_disk(disk)}/MediaLink",
            )


@rule(
    "vm-disk-account-unknown",
    seed_2016=None,
    platform_2023=Severity.WARNING,
    title="A disk lies in a storage account that the subscription does not list",
    remedy="Find out who owns the account; it does not migrate with this subscription.",
    source=sources.TARGET_CHECKS,
    noticed="never",
)
def account_is_not_listed(slot: PlacedSlot) -> Iterator[Hit]:
    """One hit per machine; silent where no storage account is listed at all, as in an archive without them."""
    accounts = slot.index.accounts
    # HTTPS://ACCOUNT.…: spares nearly all disks the parsing of their address.
    if not accounts or not [
        disk
        for role in slot.machines
        for disk in disks_of(role)
        if disk.media_link[8:].partition(".")[0] not in accounts
    ]:
        return
    for machine in slot.members:
        strangers: dict[str, OsDisk | DataDisk] = {}
        for disk in machine.disks:
            account = account_of(disk.media_link)
            if account and key(account) not in accounts:
                strangers.setdefault(account, disk)
        if strangers:
            yield Hit(
                machine.name,
                f"{machine.name} has disks in storage accounts that classic does not list: {some(strangers)}.",
                f"{machine.at_disk(next(iter(strangers.values())))}/MediaLink",
            )


def _blob(disk: OsDisk | DataDisk) -> str:
    """The name of the blob inside its container."""
    return unquote(url_parts(disk.media_link).path).lstrip("/").partition("/")[2]
