"""Role instances: virtual machines as they run, with what their agents report.

Shapes are those of recorded Azure replies; fields marked SDK were never recorded, but Microsoft's clients read them.
"""

from typing import Literal

from asmosis.classic.xml import ClassicModel, at


class FormattedMessage(ClassicModel):
    """A message in the guest's language."""

    language: str | None = at("Language", default=None)
    message: str = at("Message", default="")


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
