"""Storage accounts, and the disks and images that classic manages on top of their blobs.

Shapes are those of recorded Azure replies; fields marked SDK were never recorded, but Microsoft's clients read them.
"""

from typing import ClassVar
from urllib.parse import unquote

from pydantic import SecretStr

from asmosis.classic.compute import ExtendedProperty
from asmosis.classic.role import Caching
from asmosis.classic.values import Base64Text
from asmosis.classic.xml import ClassicModel, at


class StorageService(ClassicModel):
    """A storage account; the keys' answer has the same root and only keys."""

    root: ClassVar[str] = "StorageService"

    url: str | None = at("Url", default=None)
    name: str | None = at("ServiceName", default=None)
    description: str | None = at("StorageServiceProperties/Description", default=None)
    affinity_group: str | None = at("StorageServiceProperties/AffinityGroup", default=None)
    location: str | None = at("StorageServiceProperties/Location", default=None)
    label: Base64Text | None = at("StorageServiceProperties/Label", default=None)
    status: str | None = at("StorageServiceProperties/Status", default=None)
    endpoints: tuple[str, ...] = at("StorageServiceProperties/Endpoints/Endpoint", default=())
    geo_replication: bool | None = at("StorageServiceProperties/GeoReplicationEnabled", default=None)
    primary_region: str | None = at("StorageServiceProperties/GeoPrimaryRegion", default=None)
    primary_status: str | None = at("StorageServiceProperties/StatusOfPrimary", default=None)
    last_failover: str | None = at("StorageServiceProperties/LastGeoFailoverTime", default=None)
    secondary_region: str | None = at("StorageServiceProperties/GeoSecondaryRegion", default=None)
    secondary_status: str | None = at("StorageServiceProperties/StatusOfSecondary", default=None)
    created: str | None = at("StorageServiceProperties/CreationTime", default=None)
    custom_domains: tuple[str, ...] = at("StorageServiceProperties/CustomDomains/CustomDomain/Name", default=())
    secondary_read: bool | None = at("StorageServiceProperties/SecondaryReadEnabled", default=None)
    secondary_endpoints: tuple[str, ...] = at("StorageServiceProperties/SecondaryEndpoints/Endpoint", default=())
    account_type: str | None = at("StorageServiceProperties/AccountType", default=None)
    extended_properties: tuple[ExtendedProperty, ...] = at("ExtendedProperties/ExtendedProperty", default=())
    capabilities: tuple[str, ...] = at("Capabilities/Capability", default=())
    primary_key: SecretStr | None = at("StorageServiceKeys/Primary", default=None)
    secondary_key: SecretStr | None = at("StorageServiceKeys/Secondary", default=None)
    migration_state: str | None = at("MigrationState", default=None)  # SDK


class AttachedTo(ClassicModel):
    """The machine that uses a disk."""

    deployment: str = at("DeploymentName")
    hosted_service: str = at("HostedServiceName")
    role: str = at("RoleName")


class Disk(ClassicModel):
    """A disk object: classic's handle on a VHD blob."""

    root: ClassVar[str] = "Disk"

    affinity_group: str | None = at("AffinityGroup", default=None)
    attached_to: AttachedTo | None = at("AttachedTo", default=None)
    os: str | None = at("OS", default=None)
    label: str | None = at("Label", default=None)
    location: str | None = at("Location", default=None)
    size_gb: int | None = at("LogicalDiskSizeInGB", default=None)
    media_link: str | None = at("MediaLink", default=None)
    name: str = at("Name")
    source_image: str | None = at("SourceImageName", default=None)
    corrupted: bool | None = at("IsCorrupted", default=None)  # SDK
    premium: bool | None = at("IsPremium", default=None)
    created: str | None = at("CreatedTime", default=None)
    io_type: str | None = at("IOType", default=None)

    @property
    def account(self) -> str:
        """The storage account of the blob."""
        return account_of(self.media_link or "")


class OsImage(ClassicModel):
    """An operating system image; only those of category `User` belong to the subscription."""

    root: ClassVar[str] = "OSImage"

    affinity_group: str | None = at("AffinityGroup", default=None)
    category: str | None = at("Category", default=None)
    label: str | None = at("Label", default=None)
    location: str | None = at("Location", default=None)
    size_gb: float | None = at("LogicalSizeInGB", default=None)
    media_link: str | None = at("MediaLink", default=None)
    name: str = at("Name")
    os_state: str | None = at("OSState", default=None)
    os: str | None = at("OS", default=None)
    eula: str | None = at("Eula", default=None)
    description: str | None = at("Description", default=None)
    family: str | None = at("ImageFamily", default=None)
    show_in_gui: bool | None = at("ShowInGui", default=None)
    published: str | None = at("PublishedDate", default=None)
    premium: bool | None = at("IsPremium", default=None)
    icon: str | None = at("IconUri", default=None)
    small_icon: str | None = at("SmallIconUri", default=None)
    privacy: str | None = at("PrivacyUri", default=None)
    recommended_size: str | None = at("RecommendedVMSize", default=None)
    publisher: str | None = at("PublisherName", default=None)
    pricing_link: str | None = at("PricingDetailLink", default=None)
    language: str | None = at("Language", default=None)
    io_type: str | None = at("IOType", default=None)


class ImageDisk(ClassicModel):
    """A disk of a machine image."""

    name: str | None = at("Name", default=None)
    host_caching: Caching | None = at("HostCaching", default=None)
    os_state: str | None = at("OSState", default=None)
    os: str | None = at("OS", default=None)
    lun: int | None = at("Lun", default=None)
    media_link: str | None = at("MediaLink", default=None)
    size_gb: int | None = at("LogicalDiskSizeInGB", default=None)
    io_type: str | None = at("IOType", default=None)


class VmImage(ClassicModel):
    """A machine image; only those of category `User` belong to the subscription."""

    root: ClassVar[str] = "VMImage"

    name: str = at("Name")
    label: str | None = at("Label", default=None)
    category: str | None = at("Category", default=None)
    description: str | None = at("Description", default=None)
    os_disk: ImageDisk | None = at("OSDiskConfiguration", default=None)
    data_disks: tuple[ImageDisk, ...] = at("DataDiskConfigurations/DataDiskConfiguration", default=())
    service_name: str | None = at("ServiceName", default=None)
    deployment_name: str | None = at("DeploymentName", default=None)
    role_name: str | None = at("RoleName", default=None)
    affinity_group: str | None = at("AffinityGroup", default=None)
    location: str | None = at("Location", default=None)
    created: str | None = at("CreatedTime", default=None)
    modified: str | None = at("ModifiedTime", default=None)
    language: str | None = at("Language", default=None)
    family: str | None = at("ImageFamily", default=None)
    recommended_size: str | None = at("RecommendedVMSize", default=None)
    premium: bool | None = at("IsPremium", default=None)
    eula: str | None = at("Eula", default=None)
    icon: str | None = at("IconUri", default=None)
    small_icon: str | None = at("SmallIconUri", default=None)
    privacy: str | None = at("PrivacyUri", default=None)
    publisher: str | None = at("PublisherName", default=None)
    published: str | None = at("PublishedDate", default=None)
    show_in_gui: bool | None = at("ShowInGui", default=None)
    pricing_link: str | None = at("PricingDetailLink", default=None)
    state: str | None = at("VMImageState", default=None)
    role_state: str | None = at("RoleStateOnCapture", default=None)
    role_size: str | None = at("RoleSizeOnCapture", default=None)


def account_of(media_link: str) -> str:
    """The storage account that a blob's address names; empty for no address."""
    host = media_link.partition("://")[2].partition("/")[0]
    return host.rpartition("@")[2].partition(":")[0].partition(".")[0].lower()


def blob_of(media_link: str) -> str:
    """The blob's name within its container; empty for no address."""
    path = media_link.partition("://")[2].partition("?")[0].partition("/")[2]
    return unquote(path).lstrip("/").partition("/")[2]
