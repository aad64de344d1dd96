"""Microsoft.Compute: availability sets, virtual machines, extensions (shapes of api-version 2025-04-01)."""

from typing import Any, Literal

from pydantic import Field

from asmosis.arm.resource import ArmModel, Reference, read_only

AVAILABILITY_SETS = "Microsoft.Compute/availabilitySets"
VIRTUAL_MACHINES = "Microsoft.Compute/virtualMachines"
EXTENSIONS = "Microsoft.Compute/virtualMachines/extensions"

Caching = Literal["None", "ReadOnly", "ReadWrite"]


class AvailabilitySet(ArmModel):
    """How many domains a set spreads its machines over."""

    platform_update_domain_count: int
    platform_fault_domain_count: int


class HardwareProfile(ArmModel):
    """The size of a machine."""

    vm_size: str


class VirtualHardDisk(ArmModel):
    """A page blob that serves as a disk."""

    uri: str


class OsDisk(ArmModel):
    """The disk that a machine boots from, unmanaged and attached."""

    os_type: Literal["Windows", "Linux"]
    name: str
    vhd: VirtualHardDisk
    caching: Caching | None = None
    create_option: Literal["Attach"] = "Attach"


class DataDisk(ArmModel):
    """A further disk, unmanaged and attached."""

    lun: int
    name: str
    vhd: VirtualHardDisk
    caching: Caching | None = None
    create_option: Literal["Attach"] = "Attach"
    disk_size_gb: int | None = None


class StorageProfile(ArmModel):
    """The disks of a machine."""

    os_disk: OsDisk | None = None
    data_disks: tuple[DataDisk, ...] = ()


class NetworkInterfaceUse(ArmModel):
    """Whether an interface is the machine's primary one."""

    primary: bool


class NetworkInterfaceReference(ArmModel):
    """An interface of a machine."""

    id: str
    properties: NetworkInterfaceUse


class NetworkProfile(ArmModel):
    """The interfaces of a machine, the primary one first."""

    network_interfaces: tuple[NetworkInterfaceReference, ...]


class BootDiagnostics(ArmModel):
    """Screenshot and serial log, kept in a storage account."""

    enabled: bool
    storage_uri: str | None = None


class DiagnosticsProfile(ArmModel):
    """Diagnostics that the host does."""

    boot_diagnostics: BootDiagnostics


class WinRMListener(ArmModel):
    """A remote management listener; the certificate is a secret of a vault, and only ARM tells which."""

    protocol: Literal["Http", "Https"]


class WinRM(ArmModel):
    """Remote management of a Windows machine."""

    listeners: tuple[WinRMListener, ...]


class WindowsConfiguration(ArmModel):
    """Settings of a Windows machine."""

    win_rm: WinRM


class VaultSecrets(ArmModel):
    """The vault that a machine takes certificates from; where they lie in it, only ARM tells."""

    source_vault: Reference


class OsProfile(ArmModel):
    """Only what survives in an attached machine: certificates and remote management.

    Only the platform can give it to one: a deployment that attaches disks must not have a profile.
    """

    windows_configuration: WindowsConfiguration | None = None
    secrets: tuple[VaultSecrets, ...] = ()


class InstanceStatus(ArmModel):
    """One fact about a running machine."""

    code: str


class InstanceView(ArmModel):
    """How a machine stands."""

    statuses: tuple[InstanceStatus, ...]


class VirtualMachine(ArmModel):
    """A virtual machine."""

    hardware_profile: HardwareProfile
    storage_profile: StorageProfile
    os_profile: OsProfile | None = read_only()
    network_profile: NetworkProfile
    availability_set: Reference | None = None
    diagnostics_profile: DiagnosticsProfile | None = None
    license_type: str | None = None
    instance_view: InstanceView | None = read_only()


class Extension(ArmModel):
    """An extension of a machine; of its protected settings only whether there are any is known, which is no wire."""

    publisher: str
    type: str
    type_handler_version: str
    auto_upgrade_minor_version: bool
    settings: Any = None
    protected: bool = Field(default=False, exclude=True)
