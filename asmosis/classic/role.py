"""Roles: virtual machines as they were asked for, with their endpoints, disks and extensions.

Shapes are those of recorded Azure replies; fields marked SDK were never recorded, but Microsoft's clients read them.
"""

import base64
import binascii
import json
from typing import Any, ClassVar, Literal

from pydantic import SecretStr

from asmosis.classic.xml import ClassicModel, at

Caching = Literal["None", "ReadOnly", "ReadWrite"]


class AclRule(ClassicModel):
    """One permit or deny of an endpoint's access control list."""

    order: int = at("Order")
    action: Literal["permit", "deny"] = at("Action")
    remote_subnet: str = at("RemoteSubnet")
    description: str | None = at("Description", default=None)


class LoadBalancerProbe(ClassicModel):
    """How the balancer asks a machine whether it is well; the port is the probe's own, not the endpoint's."""

    path: str | None = at("Path", default=None)
    port: int = at("Port")
    protocol: Literal["http", "tcp"] = at("Protocol")
    interval_seconds: int | None = at("IntervalInSeconds", default=None)
    timeout_seconds: int | None = at("TimeoutInSeconds", default=None)


class InputEndpoint(ClassicModel):
    """A port of a virtual IP that leads to one machine, or to a balanced set of them.

    Web and worker roles' endpoints have neither name nor local port (276 of 2,623 recorded).
    """

    balanced_set: str | None = at("LoadBalancedEndpointSetName", default=None)
    local_port: int | None = at("LocalPort", default=None)
    name: str | None = at("Name", default=None)
    port: int = at("Port")
    probe: LoadBalancerProbe | None = at("LoadBalancerProbe", default=None)
    protocol: Literal["tcp", "udp", "http", "https"] = at("Protocol")
    vip: str | None = at("Vip", default=None)
    direct_server_return: bool = at("EnableDirectServerReturn", default=False)
    acl: tuple[AclRule, ...] = at("EndpointAcl/Rules/Rule", default=())
    idle_timeout_minutes: int | None = at("IdleTimeoutInMinutes", default=None)
    load_balancer: str | None = at("LoadBalancerName", default=None)  # SDK
    distribution: Literal["none", "sourceIP", "sourceIPProtocol"] | None = at(
        "LoadBalancerDistribution", default=None
    )  # SDK
    virtual_ip: str | None = at("VirtualIPName", default=None)


class RolePublicIp(ClassicModel):
    """A public address of one machine, as its role asks for it."""

    name: str = at("Name")
    idle_timeout_minutes: int | None = at("IdleTimeoutInMinutes", default=None)  # SDK
    domain_name_label: str | None = at("DomainNameLabel", default=None)  # SDK


class RoleNetworkInterface(ClassicModel):
    """A further network interface of a machine; the primary one is the configuration set itself."""

    name: str = at("Name")
    subnet: str | None = at("IPConfigurations/IPConfiguration/SubnetName", default=None)
    static_ip: str | None = at("IPConfigurations/IPConfiguration/StaticVirtualNetworkIPAddress", default=None)  # SDK
    network_security_group: str | None = at("NetworkSecurityGroup", default=None)  # SDK
    ip_forwarding: Literal["Enabled", "Disabled"] | None = at("IPForwarding", default=None)


class ConfigurationSet(ClassicModel):
    """The network settings of a role; provisioning sets never come back in answers (recorded)."""

    type: str | None = at("@type", default=None)
    configuration_set_type: str = at("ConfigurationSetType")
    input_endpoints: tuple[InputEndpoint, ...] = at("InputEndpoints/InputEndpoint", default=())
    subnets: tuple[str, ...] = at("SubnetNames/SubnetName", default=())
    network_interfaces: tuple[RoleNetworkInterface, ...] = at("NetworkInterfaces/NetworkInterface", default=())
    static_ip: str | None = at("StaticVirtualNetworkIPAddress", default=None)
    public_ips: tuple[RolePublicIp, ...] = at("PublicIPs/PublicIP", default=())
    network_security_group: str | None = at("NetworkSecurityGroup", default=None)  # SDK
    ip_forwarding: Literal["Enabled", "Disabled"] | None = at("IPForwarding", default=None)  # SDK


class ExtensionParameter(ClassicModel):
    """A setting of an extension; private ones are held as secrets and shown as stars."""

    key: str = at("Key")
    value: SecretStr | None = at("Value", default=None)
    type: Literal["Public", "Private"] = at("Type")

    def dump(self) -> dict[str, Any]:
        """Plain values by field name; a public value is shown."""
        shown = super().dump()
        if self.type == "Public" and self.value is not None:
            shown["value"] = self.value.get_secret_value()
        return shown

    @property
    def settings(self) -> Any:
        """The decoded JSON of a public value; None for a private one or one that is not JSON."""
        if self.type != "Public" or self.value is None:
            return None
        try:
            return json.loads(base64.b64decode(self.value.get_secret_value()))
        except (binascii.Error, ValueError):
            return None


class ExtensionReference(ClassicModel):
    """An extension that a role asks for."""

    reference_name: str = at("ReferenceName")
    publisher: str = at("Publisher")
    name: str = at("Name")
    version: str = at("Version")
    parameters: tuple[ExtensionParameter, ...] = at(
        "ResourceExtensionParameterValues/ResourceExtensionParameterValue", default=()
    )
    state: str | None = at("State", default=None)


class DataDisk(ClassicModel):
    """A data disk of a role; the wire leaves `Lun` out when it is 0 (recorded)."""

    host_caching: Caching | None = at("HostCaching", default=None)
    label: str | None = at("DiskLabel", default=None)
    name: str = at("DiskName")
    lun: int = at("Lun", default=0)
    size_gb: int = at("LogicalDiskSizeInGB")
    media_link: str = at("MediaLink")
    io_type: str | None = at("IOType", default=None)


class OsDisk(ClassicModel):
    """The disk that a role boots from."""

    host_caching: Caching | None = at("HostCaching", default=None)
    label: str | None = at("DiskLabel", default=None)
    name: str = at("DiskName")
    media_link: str = at("MediaLink")
    source_image: str | None = at("SourceImageName", default=None)
    os: Literal["Windows", "Linux"] = at("OS")
    remote_source_image_link: str | None = at("RemoteSourceImageLink", default=None)  # SDK
    io_type: str | None = at("IOType", default=None)


class DebugSettings(ClassicModel):
    """Boot diagnostics."""

    boot_diagnostics: bool = at("BootDiagnosticsEnabled", default=False)
    console_screenshot_uri: str | None = at("ConsoleScreenshotBlobUri", default=None)
    serial_output_uri: str | None = at("SerialOutputBlobUri", default=None)


class Role(ClassicModel):
    """A virtual machine as it was asked for, or a web or worker role (then without type, disk and size)."""

    root: ClassVar[str] = "PersistentVMRole"

    type: str | None = at("@type", default=None)
    name: str = at("RoleName")
    os_version: str | None = at("OsVersion", default=None)
    role_type: str | None = at("RoleType", default=None)
    configuration_sets: tuple[ConfigurationSet, ...] = at("ConfigurationSets/ConfigurationSet", default=())
    extensions: tuple[ExtensionReference, ...] = at(
        "ResourceExtensionReferences/ResourceExtensionReference", default=()
    )
    vm_image: str | None = at("VMImageName", default=None)  # SDK
    availability_set: str | None = at("AvailabilitySetName", default=None)
    data_disks: tuple[DataDisk, ...] = at("DataVirtualHardDisks/DataVirtualHardDisk", default=())
    label: str | None = at("Label", default=None)  # SDK
    os_disk: OsDisk | None = at("OSVirtualHardDisk", default=None)
    size: str | None = at("RoleSize", default=None)
    winrm_thumbprint: str | None = at("DefaultWinRmCertificateThumbprint", default=None)
    guest_agent: bool | None = at("ProvisionGuestAgent", default=None)
    debug_settings: DebugSettings | None = at("DebugSettings", default=None)
    license_type: str | None = at("LicenseType", default=None)  # SDK
    migration_state: str | None = at("MigrationState", default=None)  # SDK

    @property
    def is_virtual_machine(self) -> bool:
        """Whether this is a virtual machine and not a web or worker role."""
        return self.role_type == "PersistentVMRole"

    @property
    def network(self) -> ConfigurationSet:
        """The role's network configuration; an empty one where the role has none."""
        for configuration in self.configuration_sets:
            if configuration.configuration_set_type == "NetworkConfiguration":
                return configuration
        return _NO_NETWORK


_NO_NETWORK = ConfigurationSet(configuration_set_type="NetworkConfiguration")
