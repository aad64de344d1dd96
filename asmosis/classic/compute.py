"""Cloud services, deployments, roles (virtual machines) and their instances.

Shapes are those of recorded Azure replies; fields marked SDK were never recorded, but Microsoft's own clients read them.
"""

import base64
import binascii
import json
from typing import Any, ClassVar, Literal

from pydantic import SecretStr, SerializationInfo, field_serializer

from asmosis.classic.values import Base64Text
from asmosis.classic.xml import ClassicModel, at

Caching = Literal["None", "ReadOnly", "ReadWrite"]


class FormattedMessage(ClassicModel):
    """A message in the guest's language."""

    language: str | None = at("Language", default=None)
    message: str = at("Message", default="")


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

    @field_serializer("value")
    def _public_only(self, value: SecretStr | None, _info: SerializationInfo) -> str | None:
        if value is None:
            return None
        return value.get_secret_value() if self.type == "Public" else str(value)

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
        return ConfigurationSet.model_construct(
            type=None, configuration_set_type="NetworkConfiguration", **_NO_NETWORK
        )


_NO_NETWORK: dict[str, Any] = {
    "input_endpoints": (),
    "subnets": (),
    "network_interfaces": (),
    "static_ip": None,
    "public_ips": (),
    "network_security_group": None,
    "ip_forwarding": None,
}


class InstanceEndpoint(ClassicModel):
    """An endpoint as it is programmed."""

    name: str = at("Name")
    vip: str = at("Vip")
    public_port: int = at("PublicPort")
    local_port: int = at("LocalPort")
    protocol: str = at("Protocol")
    idle_timeout_minutes: int | None = at("IdleTimeoutInMinutes", default=None)


class GuestAgentStatus(ClassicModel):
    """What the agent in the guest last said of itself."""

    protocol_version: str | None = at("ProtocolVersion", default=None)
    timestamp: str | None = at("Timestamp", default=None)
    version: str | None = at("GuestAgentVersion", default=None)
    status: Literal["Ready", "NotReady"] = at("Status")
    code: int | None = at("Code", default=None)  # SDK
    message: FormattedMessage | None = at("FormattedMessage", default=None)


class ExtensionSubStatus(ClassicModel):
    """One stream of an extension's output."""

    name: str = at("Name")
    status: str = at("Status")
    message: FormattedMessage | None = at("FormattedMessage", default=None)


class ExtensionSettingStatus(ClassicModel):
    """How applying an extension's settings went."""

    timestamp: str | None = at("Timestamp", default=None)
    name: str | None = at("Name", default=None)
    operation: str | None = at("Operation", default=None)
    status: str = at("Status")
    code: int | None = at("Code", default=None)
    message_resource_id: str | None = at("Message/MessageResourceId", default=None)
    message: FormattedMessage | None = at("FormattedMessage", default=None)
    sub_statuses: tuple[ExtensionSubStatus, ...] = at("SubStatusList/SubStatus", default=())


class ExtensionStatus(ClassicModel):
    """What an extension's handler reports."""

    handler: str = at("HandlerName")
    version: str = at("Version")
    status: str = at("Status")
    setting_status: ExtensionSettingStatus | None = at("ExtensionSettingStatus", default=None)
    code: int | None = at("Code", default=None)
    message: FormattedMessage | None = at("FormattedMessage", default=None)


class MaintenanceStatus(ClassicModel):
    """Planned maintenance of one instance."""

    customer_initiated_allowed: bool | None = at("IsCustomerInitiatedMaintenanceAllowed", default=None)
    pre_window_start: str | None = at("PreMaintenanceWindowStartTime", default=None)  # SDK
    pre_window_end: str | None = at("PreMaintenanceWindowEndTime", default=None)  # SDK
    window_start: str | None = at("MaintenanceWindowStartTime", default=None)  # SDK
    window_end: str | None = at("MaintenanceWindowEndTime", default=None)  # SDK
    last_result_code: str | None = at("LastOperationResultCode", default=None)
    last_result: str | None = at("LastOperationResultString", default=None)


class InstanceNetworkInterface(ClassicModel):
    """A further network interface as it is programmed; the primary one is the instance's own address."""

    name: str = at("Name")
    mac_address: str | None = at("MacAddress", default=None)
    subnet: str | None = at("IPConfigurations/IPConfiguration/SubnetName", default=None)
    address: str | None = at("IPConfigurations/IPConfiguration/Address", default=None)
    ip_forwarding: str | None = at("IPForwarding", default=None)


class InstancePublicIp(ClassicModel):
    """A public address of one machine as it is programmed."""

    name: str | None = at("Name", default=None)
    address: str = at("Address")
    idle_timeout_minutes: int | None = at("IdleTimeoutInMinutes", default=None)  # SDK
    domain_name_label: str | None = at("DomainNameLabel", default=None)
    fqdns: tuple[str, ...] = at("Fqdns/Fqdn", default=())  # SDK


class RoleInstance(ClassicModel):
    """A running (or stopped) machine; a deallocated one tells little more than its names (recorded)."""

    role_name: str = at("RoleName")
    name: str = at("InstanceName")
    status: str = at("InstanceStatus")
    upgrade_domain: int | None = at("InstanceUpgradeDomain", default=None)
    fault_domain: int | None = at("InstanceFaultDomain", default=None)
    size: str | None = at("InstanceSize", default=None)
    state_details: str | None = at("InstanceStateDetails", default=None)
    error_code: str | None = at("InstanceErrorCode", default=None)
    ip_address: str | None = at("IpAddress", default=None)
    endpoints: tuple[InstanceEndpoint, ...] = at("InstanceEndpoints/InstanceEndpoint", default=())
    power_state: str | None = at("PowerState", default=None)
    host_name: str | None = at("HostName", default=None)
    certificate_thumbprint: str | None = at("RemoteAccessCertificateThumbprint", default=None)
    agent: GuestAgentStatus | None = at("GuestAgentStatus", default=None)
    extension_statuses: tuple[ExtensionStatus, ...] = at(
        "ResourceExtensionStatusList/ResourceExtensionStatus", default=()
    )
    maintenance: MaintenanceStatus | None = at("MaintenanceStatus", default=None)
    network_interfaces: tuple[InstanceNetworkInterface, ...] = at("NetworkInterfaces/NetworkInterface", default=())
    public_ips: tuple[InstancePublicIp, ...] = at("PublicIPs/PublicIP", default=())


class VirtualIp(ClassicModel):
    """A public address of a deployment."""

    address: str = at("Address")
    dns_programmed: bool | None = at("IsDnsProgrammed", default=None)
    name: str | None = at("Name", default=None)
    reserved: bool = at("IsReserved", default=False)
    reserved_ip: str | None = at("ReservedIPName", default=None)


class DeploymentLoadBalancer(ClassicModel):
    """An internal load balancer of a deployment."""

    name: str = at("Name")
    type: str = at("FrontendIpConfiguration/Type")
    subnet: str | None = at("FrontendIpConfiguration/SubnetName", default=None)
    static_ip: str | None = at("FrontendIpConfiguration/StaticVirtualNetworkIPAddress", default=None)


class PersistentVMDowntime(ClassicModel):
    """A planned downtime of a deployment."""

    start: str = at("StartTime")
    end: str = at("EndTime")
    status: str = at("Status")


class ServiceExtension(ClassicModel):
    """An extension of a web or worker deployment."""

    id: str = at("Id")
    state: str | None = at("State", default=None)


class DnsServer(ClassicModel):
    """A name server of a deployment or a network."""

    name: str | None = at("Name", default=None)
    address: str = at("Address")


class ExtendedProperty(ClassicModel):
    """A name and value that the portal keeps with a resource."""

    name: str = at("Name")
    value: str = at("Value", default="")


class Deployment(ClassicModel):
    """What runs in one slot of a cloud service."""

    root: ClassVar[str] = "Deployment"

    name: str = at("Name")
    slot: str = at("DeploymentSlot")
    private_id: str | None = at("PrivateID", default=None)
    status: str = at("Status")
    label: Base64Text | None = at("Label", default=None)
    url: str | None = at("Url", default=None)
    configuration: Base64Text | None = at("Configuration", default=None)
    instances: tuple[RoleInstance, ...] = at("RoleInstanceList/RoleInstance", default=())
    upgrade_domains: int | None = at("UpgradeDomainCount", default=None)
    roles: tuple[Role, ...] = at("RoleList/Role", default=())
    sdk_version: str | None = at("SdkVersion", default=None)
    locked: bool = at("Locked", default=False)
    rollback_allowed: bool = at("RollbackAllowed", default=False)
    virtual_network: str | None = at("VirtualNetworkName", default=None)
    created: str | None = at("CreatedTime", default=None)
    modified: str | None = at("LastModifiedTime", default=None)
    extended_properties: tuple[ExtendedProperty, ...] = at("ExtendedProperties/ExtendedProperty", default=())
    downtime: PersistentVMDowntime | None = at("PersistentVMDowntime", default=None)
    dns_servers: tuple[DnsServer, ...] = at("Dns/DnsServers/DnsServer", default=())  # SDK
    extensions: tuple[ServiceExtension, ...] = at("ExtensionConfiguration/AllRoles/Extension", default=())
    role_extensions: str | None = at("ExtensionConfiguration/NamedRoles", default=None)
    virtual_ips: tuple[VirtualIp, ...] = at("VirtualIPs/VirtualIP", default=())
    reserved_ip: str | None = at("ReservedIPName", default=None)
    internal_dns_suffix: str | None = at("InternalDnsSuffix", default=None)
    load_balancers: tuple[DeploymentLoadBalancer, ...] = at("LoadBalancers/LoadBalancer", default=())
    virtual_network_id: str | None = at("VirtualNetworkId", default=None)

    @property
    def service_name(self) -> str | None:
        """The cloud service that the deployment's address names; none while it is being deployed."""
        host = (self.url or "").partition("://")[2].partition("/")[0]
        return host.partition(".")[0] or None

    def instance_of(self, role: Role) -> RoleInstance | None:
        """The machine of `role`; none in a deployment's first seconds."""
        return next((instance for instance in self.instances if instance.role_name == role.name), None)


class HostedService(ClassicModel):
    """A cloud service, with its deployments where the answer embeds them."""

    root: ClassVar[str] = "HostedService"

    url: str | None = at("Url", default=None)
    name: str = at("ServiceName")
    description: str | None = at("HostedServiceProperties/Description", default=None)
    location: str | None = at("HostedServiceProperties/Location", default=None)
    affinity_group: str | None = at("HostedServiceProperties/AffinityGroup", default=None)
    label: Base64Text | None = at("HostedServiceProperties/Label", default=None)
    status: str | None = at("HostedServiceProperties/Status", default=None)
    created: str | None = at("HostedServiceProperties/DateCreated", default=None)
    modified: str | None = at("HostedServiceProperties/DateLastModified", default=None)
    extended_properties: tuple[ExtendedProperty, ...] = at(
        "HostedServiceProperties/ExtendedProperties/ExtendedProperty", default=()
    )
    reverse_dns_fqdn: str | None = at("HostedServiceProperties/ReverseDnsFqdn", default=None)  # SDK
    guest_agent_type: str | None = at("HostedServiceProperties/GuestAgentType", default=None)
    deployments: tuple[Deployment, ...] = at("Deployments/Deployment", default=())
    winrm_thumbprint: str | None = at("DefaultWinRmCertificateThumbprint", default=None)
    web_worker_sizes: tuple[str, ...] = at("ComputeCapabilities/WebWorkerRoleSizes/RoleSize", default=())
    virtual_machine_sizes: tuple[str, ...] = at("ComputeCapabilities/VirtualMachinesRoleSizes/RoleSize", default=())

    @property
    def deployment(self) -> Deployment | None:
        """The deployment of the production slot."""
        return next((item for item in self.deployments if item.slot.lower() == "production"), None)


class Certificate(ClassicModel):
    """A certificate of a cloud service."""

    root: ClassVar[str] = "Certificate"

    url: str | None = at("CertificateUrl", default=None)
    thumbprint: str = at("Thumbprint")
    algorithm: str | None = at("ThumbprintAlgorithm", default=None)
    data: SecretStr | None = at("Data", default=None)
