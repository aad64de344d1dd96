"""Classic storage accounts → Microsoft.Storage (documented by Microsoft: classic account migration)."""

from collections.abc import Iterator

from asmosis.arm import storage as arm
from asmosis.arm.resource import Resource, Sku, arm_location
from asmosis.classic import storage as classic
from asmosis.classic.estate import key
from asmosis.shapes import url_parts
from asmosis.translate.scope import Scope
from asmosis.translate.translation import Loss, produces


@produces(arm.STORAGE_ACCOUNTS)
def storage_accounts(scope: Scope) -> Iterator[Resource | Loss]:
    """The account under its own name and redundancy, as general purpose v1."""
    account = scope.estate.storage_account(scope.unit.name) if scope.unit.kind == "storageAccount" else None
    if account is None or account.name is None:
        return
    yield Resource(
        id=scope.id(scope.group, arm.STORAGE_ACCOUNTS, account.name),
        name=account.name,
        type=arm.STORAGE_ACCOUNTS,
        location=arm_location(scope.estate.location_of(account) or account.primary_region),
        sku=Sku(name=_redundancy(account)),
        kind="Storage",
        properties=arm.StorageAccount(
            custom_domain=next((arm.CustomDomain(name=name) for name in account.custom_domains), None),
            primary_endpoints=_endpoints(account.endpoints),
            primary_location=arm_location(account.primary_region),
            secondary_location=arm_location(account.secondary_region),
        ),
    )
    yield from _lost_with(scope, account.name)


def _redundancy(account: classic.StorageService) -> str:
    if account.account_type:
        return account.account_type
    # Answers of old versions have two switches instead (recorded).
    if account.geo_replication:
        return "Standard_RAGRS" if account.secondary_read else "Standard_GRS"
    return "Standard_LRS"


def _endpoints(addresses: tuple[str, ...]) -> arm.Endpoints | None:
    services: dict[str, str | None] = dict.fromkeys(arm.Endpoints.model_fields)
    for address in addresses:
        host = url_parts(address).hostname or ""
        service = host.split(".")[1] if host.count(".") > 1 else ""
        if service in services:
            services[service] = address
    return arm.Endpoints(**services) if any(services.values()) else None


def _lost_with(scope: Scope, name: str) -> Iterator[Loss]:
    disks = [disk.name for disk in scope.estate.disks_in(name)]
    images = [image.name for image in scope.estate.os_images if _lies_in(name, image.media_link)]
    for image in scope.estate.vm_images:
        links = (image.os_disk.media_link if image.os_disk else None, *(disk.media_link for disk in image.data_disks))
        images.extend([image.name] if any(_lies_in(name, link) for link in links) else [])
    for field, lost in (("Disk", disks), ("Image", images)):
        if lost:
            yield Loss(
                f"storageAccount/{name}",
                field,
                f"Resource Manager has no classic {field.lower()} objects; lost: {', '.join(lost)}. The blobs stay.",
                "Attach or delete what is still wanted first; a blob can be attached or made a managed disk later.",
            )


def _lies_in(account: str, media_link: str | None) -> bool:
    return key(classic.account_of(media_link or "")) == key(account)
