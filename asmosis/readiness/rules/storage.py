"""Storage accounts, and the disk and image objects on their blobs."""

from collections.abc import Iterator

from asmosis.classic.estate import key
from asmosis.readiness import sources
from asmosis.readiness.rule import Hit, Severity, rule, some
from asmosis.readiness.subjects import Account


@rule(
    "sto-not-found",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="There is no such storage account",
    remedy="Look its name up in the classic list.",
    source=sources.STORAGE,
    noticed="validate",
)
def account_is_not_there(account: Account) -> Iterator[Hit]:
    """One hit per account that was asked for."""
    if account.account is None:
        name = account.unit.name
        yield Hit(name, f"The storage account '{name}' was not found.", f"StorageServices: no {name}")


@rule(
    "sto-vm-disks-not-migrated",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="The account holds disks of machines that are still classic",
    remedy="Commit the networks and cloud services of these machines first; storage accounts come last.",
    source=sources.STORAGE,
    noticed="never",
)
def disks_in_use(account: Account) -> Iterator[Hit]:
    """One hit per account; the platform does not look at disks when it validates an account."""
    users = {
        disk.name: f"{disk.attached_to.hosted_service}/{disk.attached_to.role}"
        for disk in account.disks
        if disk.attached_to
        and (key(disk.attached_to.hosted_service), key(disk.attached_to.role)) in account.index.machines
    }
    if users:
        yield Hit(
            account.unit.name,
            f"{len(users)} disks of classic VMs lie in {account.unit.name}: {some(dict.fromkeys(users.values()))}.",
            f"Disk[{next(iter(users))}]/AttachedTo",
        )


@rule(
    "sto-unattached-disks",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.WARNING,
    title="Disk objects in the account belong to no machine",
    remedy="Delete the disk objects; their blobs stay.",
    source=sources.DETACHED_DISKS,
    noticed="never",
)
def unattached_disks(account: Account) -> Iterator[Hit]:
    """One hit per account."""
    names = [disk.name for disk in account.disks if disk.attached_to is None]
    if names:
        yield Hit(
            account.unit.name,
            f"{len(names)} disk objects in {account.unit.name} are attached to no machine: {some(names)}.",
            f"Disk[{names[0]}]/AttachedTo: none",
        )


@rule(
    "sto-images",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.WARNING,
    title="Images lie in the account",
    remedy="Delete the image objects or make ARM images of them; their blobs stay.",
    source=sources.STORAGE,
    noticed="never",
)
def images_in_account(account: Account) -> Iterator[Hit]:
    """One hit per account."""
    images = account.index.images.get(key(account.unit.name), [])
    if images:
        yield Hit(
            account.unit.name,
            f"{len(images)} images lie in {account.unit.name}: {some(image.name for image in images)}.",
            f"{images[0].root}[{images[0].name}]",
        )


@rule(
    "sto-gpv1-result",
    seed_2016=None,
    platform_2023=Severity.INFORMATION,
    title="The account is of the first general-purpose kind afterwards",
    remedy="Offer an upgrade to the second kind after commit.",
    source=sources.STORAGE,
    noticed="never",
)
def first_general_purpose_kind(account: Account) -> Iterator[Hit]:
    """One hit per account."""
    if account.account:
        yield Hit(
            account.unit.name,
            f"{account.unit.name} becomes a general-purpose v1 account.",
            f"StorageService[{account.unit.name}]/AccountType",
        )
