"""In which order elements stand in their parent, for every document of the classic plane (recorded).

The wire has a fixed order that clients of the data-contract kind need; requests need not keep it. A parent that
stands in two kinds of documents (the `Rule` of an access list and of a security group) has the orders of both in one.
Places that no recording shows are after the client sources of Microsoft.
"""

from collections.abc import Mapping

from lxml.etree import _Element

from emulator.asm import xml

_CONFIGURATION = """ConfigurationSetType InputEndpoints SubnetNames NetworkInterfaces StaticVirtualNetworkIPAddress
    PublicIPs NetworkSecurityGroup IPForwarding"""
_ROLE = """RoleName OsVersion RoleType ConfigurationSets ResourceExtensionReferences VMImageName AvailabilitySetName
    DataVirtualHardDisks Label OSVirtualHardDisk RoleSize DefaultWinRmCertificateThumbprint ProvisionGuestAgent
    DebugSettings LicenseType MigrationState"""
_ORDERS = {
    "Deployment": """Name DeploymentSlot PrivateID Status Label Url Configuration RoleInstanceList UpgradeStatus
        UpgradeDomainCount RoleList SdkVersion Locked RollbackAllowed VirtualNetworkName CreatedTime LastModifiedTime
        ExtendedProperties PersistentVMDowntime ExtensionConfiguration VirtualIPs Dns ReservedIPName InternalDnsSuffix
        LoadBalancers VirtualNetworkId""",
    "RoleInstanceList": "RoleInstance",
    "RoleInstance": """RoleName InstanceName InstanceStatus InstanceUpgradeDomain InstanceFaultDomain InstanceSize
        InstanceStateDetails InstanceErrorCode IpAddress InstanceEndpoints PowerState HostName
        RemoteAccessCertificateThumbprint GuestAgentStatus ResourceExtensionStatusList MaintenanceStatus
        NetworkInterfaces PublicIPs""",
    "InstanceEndpoints": "InstanceEndpoint",
    "InstanceEndpoint": "Name Vip PublicPort LocalPort Protocol IdleTimeoutInMinutes",
    "GuestAgentStatus": "ProtocolVersion Timestamp GuestAgentVersion Status FormattedMessage",
    "FormattedMessage": "Language Message",
    "ResourceExtensionStatusList": "ResourceExtensionStatus",
    "ResourceExtensionStatus": "HandlerName Version Status ExtensionSettingStatus Code FormattedMessage",
    "ExtensionSettingStatus": "Timestamp Name Operation Status Code Message FormattedMessage SubStatusList",
    "SubStatusList": "SubStatus",
    "SubStatus": "Name Status FormattedMessage",
    "MaintenanceStatus": """IsCustomerInitiatedMaintenanceAllowed LastOperationResultCode
        LastOperationResultString""",
    "NetworkInterfaces": "NetworkInterface",
    "NetworkInterface": "Name MacAddress IPConfigurations NetworkSecurityGroup IPForwarding",
    "IPConfigurations": "IPConfiguration",
    "IPConfiguration": "SubnetName Address StaticVirtualNetworkIPAddress",
    "PublicIPs": "PublicIP",
    "PublicIP": "Name Address IdleTimeoutInMinutes DomainNameLabel Fqdns",
    "RoleList": "Role",
    "Role": _ROLE,
    "PersistentVMRole": _ROLE,
    "ConfigurationSets": "ConfigurationSet",
    "ConfigurationSet": _CONFIGURATION,
    "InputEndpoints": "InputEndpoint",
    "InputEndpoint": """LoadBalancedEndpointSetName LocalPort Name Port LoadBalancerProbe Protocol Vip
        EnableDirectServerReturn EndpointAcl LoadBalancerName IdleTimeoutInMinutes LoadBalancerDistribution
        VirtualIPName""",
    "LoadBalancerProbe": "Path Port Protocol IntervalInSeconds TimeoutInSeconds",
    "EndpointAcl": "Rules",
    "SubnetNames": "SubnetName",
    "ResourceExtensionReferences": "ResourceExtensionReference",
    "ResourceExtensionReference": "ReferenceName Publisher Name Version ResourceExtensionParameterValues State",
    "ResourceExtensionParameterValues": "ResourceExtensionParameterValue",
    "ResourceExtensionParameterValue": "Key Value Type",
    "DataVirtualHardDisks": "DataVirtualHardDisk",
    "DataVirtualHardDisk": "HostCaching DiskLabel DiskName Lun LogicalDiskSizeInGB MediaLink SourceMediaLink IOType",
    "OSVirtualHardDisk": "HostCaching DiskLabel DiskName MediaLink SourceImageName OS IOType",
    "DebugSettings": "BootDiagnosticsEnabled ConsoleScreenshotBlobUri SerialOutputBlobUri",
    "PersistentVMDowntime": "StartTime EndTime Status",
    "ExtensionConfiguration": "AllRoles NamedRoles",
    "AllRoles": "Extension",
    "Extension": "Id State",
    "VirtualIPs": "VirtualIP",
    "VirtualIP": "Address IsDnsProgrammed Name IsReserved ReservedIPName",
    "LoadBalancers": "LoadBalancer",
    "LoadBalancer": "Name FrontendIpConfiguration",
    "FrontendIpConfiguration": "Type SubnetName StaticVirtualNetworkIPAddress",
    "HostedServices": "HostedService",
    "HostedService": """Url ServiceName HostedServiceProperties DefaultWinRmCertificateThumbprint ComputeCapabilities
        Deployments""",
    "Deployments": "Deployment",
    "HostedServiceProperties": """Description AffinityGroup Location Label Status DateCreated DateLastModified
        ExtendedProperties GuestAgentType ReverseDnsFqdn""",
    "ExtendedProperties": "ExtendedProperty",
    "ExtendedProperty": "Name Value",
    "Certificates": "Certificate",
    "Certificate": "CertificateUrl Thumbprint ThumbprintAlgorithm Data",
    "VirtualNetworkSites": "VirtualNetworkSite",
    "VirtualNetworkSite": """Name Id AffinityGroup State InUse AddressSpace Subnets Dns Gateway Location
        MigrationState""",
    "AddressSpace": "AddressPrefixes",
    "AddressPrefixes": "AddressPrefix",
    "Subnets": "Subnet",
    "Subnet": "Name AddressPrefix NetworkSecurityGroup RouteTableName",
    "Dns": "DnsServers",
    "DnsServers": "DnsServer",
    "DnsServer": "Name Address",
    "Gateway": """Profile Sites VPNClientAddressPool VnetNames GatewayType LastEvent State VIPAddress DefaultSites
        GatewaySize GatewayId""",
    "VPNClientAddressPool": "AddressPrefixes",
    "Sites": "LocalNetworkSite",
    "LocalNetworkSite": "Name AddressSpace VpnGatewayAddress Connections",
    "Connections": "Connection",
    "Connection": """Type AllocatedIPAddresses ConnectivityState EgressBytesTransferred EgressPacketsTransferred
        IngressBytesTransferred IngressPacketsTransferred LastConnectionEstablished LastEvent LocalNetworkSiteName""",
    "LastEvent": "Id Message Timestamp",
    "NetworkSecurityGroups": "NetworkSecurityGroup",
    "NetworkSecurityGroup": "Name Label Location State Rules MigrationState",
    "Rules": "Rule",
    "Rule": """Name Type Priority Order Action RemoteSubnet Description SourceAddressPrefix SourcePortRange
        DestinationAddressPrefix DestinationPortRange Protocol State IsDefault""",
    "RouteTables": "RouteTable",
    "RouteTable": "Name Label Location RouteList MigrationState",
    "RouteList": "Route",
    "Route": "Name AddressPrefix NextHopType",
    "NextHopType": "Type IpAddress",
    "RouteTableAssociation": "RouteTableName",
    "ReservedIPs": "ReservedIP",
    "ReservedIP": """Name Address Id Label State InUse ServiceName DeploymentName Location VirtualIPName
        MigrationState""",
    "StorageServices": "StorageService",
    "StorageService": """Url ServiceName StorageServiceProperties ExtendedProperties Capabilities StorageServiceKeys
        MigrationState""",
    "StorageServiceProperties": """Description AffinityGroup Location Label Status Endpoints GeoReplicationEnabled
        GeoPrimaryRegion StatusOfPrimary GeoSecondaryRegion StatusOfSecondary CreationTime CustomDomains
        SecondaryEndpoints AccountType SecondaryReadEnabled LastGeoFailoverTime""",
    "StorageServiceKeys": "Primary Secondary",
    "Endpoints": "Endpoint",
    "SecondaryEndpoints": "Endpoint",
    "Capabilities": "Capability",
    "Disks": "Disk",
    "Disk": """AffinityGroup AttachedTo OS Label Location LogicalDiskSizeInGB MediaLink Name SourceImageName IsPremium
        CreatedTime IOType""",
    "AttachedTo": "DeploymentName HostedServiceName RoleName",
    "Images": "OSImage",
    "OSImage": """AffinityGroup Category Label Location LogicalSizeInGB MediaLink Name OS Eula Description ImageFamily
        ShowInGui PublishedDate IsPremium IconUri PrivacyUri RecommendedVMSize PublisherName OSState
        PricingDetailLink SmallIconUri
        Language IOType""",
    "AffinityGroups": "AffinityGroup",
    "AffinityGroup": """Name Label Description Location HostedServices StorageServices Capabilities CreatedTime
        ComputeCapabilities""",
    "Operation": "ID Status HttpStatusCode Error",
    "Error": "Code Message",
    "ValidationMessages": "ValidationMessage",
    "ValidationMessage": "ResourceType ResourceName Category Message VirtualMachine",
    "AvailabilityResponse": "Result Reason",
    "AddressAvailabilityResponse": "IsAvailable AvailableAddresses",
    "AvailableAddresses": "AvailableAddress",
    "GatewayOperationAsyncResponse": "ID",
    "GatewayOperation": """Data HealthStatus HttpStatusCode ID OperationCompletedTime OperationName
        OperationStartedTime Status""",
    "Locations": "Location",
    "Location": "Name DisplayName AvailableServices ComputeCapabilities StorageCapabilities",
    "AvailableServices": "AvailableService",
    "ComputeCapabilities": "WebWorkerRoleSizes VirtualMachinesRoleSizes",
    "WebWorkerRoleSizes": "RoleSize",
    "VirtualMachinesRoleSizes": "RoleSize",
    "StorageCapabilities": "StorageAccountTypes",
    "StorageAccountTypes": "StorageAccountType",
}
ORDER: Mapping[str, tuple[str, ...]] = {parent: tuple(order.split()) for parent, order in _ORDERS.items()}

# What is left out rather than empty (recorded).
ABSENT_WHEN_EMPTY = frozenset({"InputEndpoints", "PublicIPs", "NetworkInterfaces", "InstanceEndpoints"})


def arrange(element: _Element) -> None:
    """Put the children of an element, and theirs, into the order of the wire."""
    order = ORDER.get(xml.local_name(element))
    if order:
        places = {tag: place for place, tag in enumerate(order)}
        element[:] = sorted(element, key=lambda child: places.get(xml.local_name(child), len(order)))
    for child in element:
        arrange(child)
    for tag in ABSENT_WHEN_EMPTY:
        for child in xml.findall(element, tag):
            if not len(child):
                element.remove(child)


def insert(parent: _Element, tag: str) -> _Element:
    """A new child in its place."""
    places = {each: place for place, each in enumerate(ORDER[xml.local_name(parent)])}
    made = parent.makeelement(f"{{{xml.NAMESPACE}}}{tag}")
    before = [each for each in parent if places.get(xml.local_name(each), len(places)) <= places[tag]]
    parent.insert(len(before), made)
    return made


def put(parent: _Element, tag: str, text: str | None) -> None:
    """Make a child say `text`, in its place; nothing removes it."""
    found = xml.find(parent, tag)
    if text is None:
        if found is not None:
            parent.remove(found)
        return
    if found is None:
        found = insert(parent, tag)
    for child in list(found):
        found.remove(child)
    found.attrib.clear()
    found.text = text or None
