"""Cloud services and their deployments.

Shapes are those of recorded Azure replies; fields marked SDK were never recorded, but Microsoft's clients read them.
"""

from typing import ClassVar

from pydantic import SecretStr

from asmosis.classic.instance import RoleInstance
from asmosis.classic.role import Role
from asmosis.classic.values import Base64Text
from asmosis.classic.xml import ClassicModel, at


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
