"""Storage accounts, and the disk and image objects on their blobs."""

import re
from collections.abc import Iterator

from asmosis.classic.estate import key
from asmosis.readiness import sources, texts
from asmosis.readiness.rule import Hit, Severity, rule, some
from asmosis.readiness.subjects import Account
from asmosis.units import State

_ARM_NAME = re.compile(r"[a-z0-9]{3,24}")


@rule(
    "sto-not-found",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="There is no such storage account",
    remedy="Look its name up in the classic list.",
    source=sources.STORAGE,
    noticed="validate",
    text=texts.ACCOUNT_NOT_FOUND,
)
def account_is_not_there(account: Account) -> Iterator[Hit]:
    """One hit per account that was asked for."""
    if account.account is None:
        name = account.unit.name
        yield Hit(name, texts.ACCOUNT_NOT_FOUND.format(account=name), f"StorageServices: no {name}")


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


@rule(
    "sto-asr-cache",
    seed_2016=None,
    platform_2023=Severity.WARNING,
    title="Site Recovery keeps its cache in the account",
    remedy="Switch the replication on again after commit, with the account as it is in ARM.",
    source=sources.OVERVIEW,
    noticed="never",
    needs=("replication_caches",),
)
def cache_of_site_recovery(account: Account) -> Iterator[Hit]:
    """One hit per account."""
    name = account.unit.name
    if key(name) in map(key, account.facts.replication_caches or ()):
        yield Hit(name, f"Site Recovery replicates by way of {name}.", f"facts: replication_caches[{name}]")


@rule(
    "sto-prepare-conflict",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="ARM has a storage account of the same name",
    remedy="Prepare again later; if ARM still has the account, ask Microsoft's support.",
    source=sources.ACCOUNT_CONFLICT,
    noticed="prepare",
    needs=("storage_accounts",),
    assumed=True,
)
def same_account_in_arm(account: Account) -> Iterator[Hit]:
    """One hit per account; one that is on its way is in ARM because of that."""
    if account.account is None or account.state is not State.CLASSIC:
        return
    name = account.unit.name
    for other in account.facts.storage_accounts or ():
        if key(other.name) == key(name):
            yield Hit(
                name,
                f"Resource group {other.resource_group} holds a storage account {other.name} already.",
                f"facts: storage_accounts[{other.name}]",
            )


@rule(
    "sto-name-invalid",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="ARM takes no storage account of that name",
    remedy="Copy the blobs to an account with 3 to 24 small letters and digits in its name.",
    source=sources.ARM_ERRORS,
    noticed="prepare",
    assumed=True,
)
def name_is_not_for_arm(account: Account) -> Iterator[Hit]:
    """One hit per account."""
    name = account.unit.name
    if account.account and not _ARM_NAME.fullmatch(name):
        yield Hit(
            name,
            f"{name or 'An account without a name'} is no name that ARM takes for a storage account.",
            "StorageService/ServiceName",
        )
