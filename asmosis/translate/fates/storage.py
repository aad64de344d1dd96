"""Fates of the fields of storage accounts, disks, images, and of what belongs to no provider."""

from collections.abc import Mapping

from asmosis.arm import compute as to_compute
from asmosis.arm import storage as to_storage
from asmosis.classic import storage, subscription
from asmosis.classic.xml import ClassicModel
from asmosis.translate.fates.fate import (
    AFFINITY,
    DESCRIPTION,
    GUID,
    KEPT,
    LABEL,
    MIGRATING,
    OFFER,
    STATE,
    TIME,
    Fate,
    Way,
    each,
    moves,
    one,
)

_IMAGE = "ARM has no classic images; each is reported lost by its name, and its blobs stay."
_DISK = "ARM has no classic disk objects; each is reported lost by its name, and its blob stays."

FATES: Mapping[type[ClassicModel], Mapping[str, Fate]] = {
    storage.StorageService: {
        "name": moves(to_storage.STORAGE_ACCOUNTS, "name"),
        "location": moves(to_storage.STORAGE_ACCOUNTS, "location"),
        "account_type": moves(to_storage.STORAGE_ACCOUNTS, "sku.name"),
        **dict.fromkeys(
            ("geo_replication", "secondary_read"),
            moves(to_storage.STORAGE_ACCOUNTS, "sku.name", why="In answers of old versions, without AccountType."),
        ),
        "endpoints": moves(
            to_storage.STORAGE_ACCOUNTS,
            *(f"primaryEndpoints.{service}" for service in to_storage.Endpoints.model_fields),
            why=KEPT,
        ),
        "primary_region": moves(to_storage.STORAGE_ACCOUNTS, "primaryLocation", why=KEPT),
        "secondary_region": moves(to_storage.STORAGE_ACCOUNTS, "secondaryLocation", why=KEPT),
        "custom_domains": moves(to_storage.STORAGE_ACCOUNTS, "customDomain.name"),
        "description": one(Way.LOST, DESCRIPTION),
        "label": one(Way.LOST, LABEL),
        "affinity_group": one(Way.LOST, AFFINITY),
        **each(Way.LEFT, GUID, "url"),
        **each(Way.LEFT, STATE, "status", "primary_status", "secondary_status", "last_failover"),
        **each(Way.LEFT, TIME, "created"),
        **each(Way.LEFT, "Follow from the name and the redundancy.", "secondary_endpoints"),
        **each(Way.LEFT, OFFER, "capabilities"),
        **each(
            Way.LEFT,
            "The keys stay as they are; secrets are neither read nor promised.",
            "primary_key",
            "secondary_key",
        ),
        **each(Way.LEFT, MIGRATING, "migration_state"),
    },
    storage.Disk: {
        "name": one(Way.LOST, _DISK),
        "media_link": one(Way.DECIDES, "Tells which storage account the disk is lost with."),
        **each(
            Way.LEFT,
            _DISK,
            *("affinity_group", "os", "label", "location", "size_gb", "source_image", "corrupted", "premium"),
            *("created", "io_type"),
        ),
    },
    storage.OsImage: {
        "name": one(Way.LOST, _IMAGE),
        "media_link": one(Way.DECIDES, "Tells which storage account the image is lost with."),
        **each(
            Way.LEFT,
            _IMAGE,
            *("affinity_group", "category", "label", "location", "size_gb", "os_state", "os", "eula", "description"),
            *("family", "show_in_gui", "published", "premium", "icon", "small_icon", "privacy", "recommended_size"),
            *("publisher", "pricing_link", "language", "io_type"),
        ),
    },
    storage.VmImage: {
        "name": one(Way.LOST, _IMAGE),
        **each(
            Way.LEFT,
            _IMAGE,
            *("label", "category", "description", "service_name", "deployment_name", "role_name", "affinity_group"),
            *("location", "created", "modified", "language", "family", "recommended_size", "premium", "eula", "icon"),
            *("small_icon", "privacy", "publisher", "published", "show_in_gui", "pricing_link", "state"),
            *("role_state", "role_size"),
        ),
    },
    storage.ImageDisk: {
        "media_link": one(Way.DECIDES, "Tells which storage account the image is lost with."),
        **each(Way.LEFT, _IMAGE, "name", "host_caching", "os_state", "os", "lun", "size_gb", "io_type"),
    },
    subscription.AffinityGroup: {
        "name": one(Way.DECIDES, "Found by the resources that name it instead of a location."),
        "location": moves(
            to_compute.VIRTUAL_MACHINES, "location", why="The location of whatever names the group instead of one."
        ),
        **each(Way.LEFT, AFFINITY, "label", "description", "created"),
        **each(Way.LEFT, "Listed on their own.", "hosted_services", "storage_services"),
        **each(Way.LEFT, OFFER, "capabilities", "web_worker_sizes", "virtual_machine_sizes"),
    },
}
"""What becomes of each field of the models that are read."""

LEFT_WHOLE: Mapping[type[ClassicModel], str] = {
    storage.AttachedTo: "The machine's own disks tell the same.",
    subscription.Location: OFFER,
    subscription.Error: "An answer to a call, no resource.",
    subscription.Operation: "An answer to a call, no resource.",
    subscription.ValidationMessage: "An answer to a call, no resource.",
}
"""Of the models that are never read: why."""
