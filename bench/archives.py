"""Archives of estates of any size, in the shapes of recorded answers; every fifth cloud service cannot migrate."""

import random
from pathlib import Path

PER_SERVICE, PER_NETWORK, PER_ACCOUNT = 10, 200, 100
_DISKS_IN_A_LIST = 2000  # the largest recorded list holds 2,622
_SPACE = 'xmlns="http://schemas.microsoft.com/windowsazure" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
_SIZES = ("ExtraSmall", "Small", "Medium", "Large", "Standard_D1_v2", "Standard_D2_v2")
_TROUBLES = ("acl", "mixed", "state", "status", "backup")
_EVERY = 5  # services, of which one is in trouble


def write(folder: Path, machines: int) -> int:
    """Fill `folder` as `asmosis snapshot` would, but with lists of disks as long as recorded ones; bytes written."""
    chance = random.Random(machines)  # noqa: S311 -- the same size must give the same archive
    disks: list[str] = []
    written = 0

    def save(name: str, root: str, inner: str) -> None:
        nonlocal written
        content = f"<{root} {_SPACE}>{inner}</{root}>".encode()
        (folder / f"{name}.xml").write_bytes(content)
        written += len(content)

    for number in range(machines // PER_SERVICE):
        name = f"svc-{number:05}"
        inner, its_disks = _service(name, number, chance)
        save(f"services__hostedservices__{name}", "HostedService", inner)
        disks += its_disks
    for start in range(0, len(disks), _DISKS_IN_A_LIST):
        save(f"services__disks__{start:06}", "Disks", "".join(disks[start : start + _DISKS_IN_A_LIST]))
    networks = range(-(-machines // PER_NETWORK))
    save("services__networking__virtualnetwork", "VirtualNetworkSites", "".join(map(_network, networks)))
    accounts = range(-(-machines // PER_ACCOUNT))
    save("services__storageservices", "StorageServices", "".join(map(_account, accounts)))
    return written


def _service(name: str, number: int, chance: random.Random) -> tuple[str, list[str]]:
    trouble = _TROUBLES[number // _EVERY % len(_TROUBLES)] if number % _EVERY == 0 else ""
    network = f"net-{number * PER_SERVICE // PER_NETWORK:04}"
    account = f"store{number * PER_SERVICE // PER_ACCOUNT:05}"
    vip = f"40.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    host = f"10.{number * PER_SERVICE // PER_NETWORK % 200}.{number % (PER_NETWORK // PER_SERVICE) + 1}"
    instances, roles, disks = [], [], []
    for index in range(PER_SERVICE):
        odd = trouble if index == PER_SERVICE - 1 else ""
        role = f"vm{index:02}"
        size = chance.choice(_SIZES)
        instances.append(_instance(role, size, vip, f"{host}.{index + 4}", odd, index))
        its_disks = [_Disk(f"{name}-{role}-{part}", account) for part in range(1 + chance.randrange(3))]
        roles.append(_role(role, size, vip, its_disks, odd, index))
        disks += [
            f"<Disk><AttachedTo><DeploymentName>{name}</DeploymentName><HostedServiceName>{name}</HostedServiceName>"
            f"<RoleName>{role}</RoleName></AttachedTo>{'' if part else '<OS>Linux</OS>'}<Location>West US</Location>"
            f"<LogicalDiskSizeInGB>30</LogicalDiskSizeInGB><MediaLink>{disk.link}</MediaLink><Name>{disk.name}</Name>"
            f"<SourceImageName>{'' if part else 'ubuntu-14_04'}</SourceImageName><IOType>Standard</IOType></Disk>"
            for part, disk in enumerate(its_disks)
        ]
    deployment = (
        f"<Deployment><Name>{name}</Name><DeploymentSlot>Production</DeploymentSlot><PrivateID>{number:032x}</PrivateID>"
        f"<Status>Running</Status><Label>c3ZjLWxhYmVs</Label><Url>http://{name}.cloudapp.net/</Url>"
        f"<RoleInstanceList>{''.join(instances)}</RoleInstanceList><UpgradeDomainCount>1</UpgradeDomainCount>"
        f"<RoleList>{''.join(roles)}</RoleList><SdkVersion/><Locked>false</Locked><RollbackAllowed>false</RollbackAllowed>"
        f"<VirtualNetworkName>{network}</VirtualNetworkName><CreatedTime>2016-03-14T09:26:53Z</CreatedTime>"
        "<LastModifiedTime>2016-03-14T09:26:53Z</LastModifiedTime><ExtendedProperties/>"
        f"<VirtualIPs><VirtualIP><Address>{vip}</Address><IsDnsProgrammed>true</IsDnsProgrammed>"
        f"<Name>{name}ContractContract</Name></VirtualIP></VirtualIPs></Deployment>"
    )
    return (
        f"<Url>https://management.core.windows.net/subscription/services/hostedservices/{name}</Url>"
        f'<ServiceName>{name}</ServiceName><HostedServiceProperties><Description i:nil="true"/>'
        "<Location>West US</Location><Label>c3ZjLWxhYmVs</Label><Status>Created</Status>"
        "<DateCreated>2016-03-14T09:26:53Z</DateCreated><DateLastModified>2016-03-14T09:26:53Z</DateLastModified>"
        f"<ExtendedProperties/></HostedServiceProperties><Deployments>{deployment}</Deployments>"
    ), disks


class _Disk:
    """A disk of a machine."""

    def __init__(self, name: str, account: str) -> None:
        self.name, self.link = name, f"https://{account}.blob.core.windows.net/vhds/{name}.vhd"


def _instance(role: str, size: str, vip: str, address: str, odd: str, index: int) -> str:
    status = "CreatingVM" if odd == "state" else "ReadyRole"
    extensions = (
        ""
        if odd == "status"
        else "<ResourceExtensionStatusList><ResourceExtensionStatus>"
        "<HandlerName>Microsoft.OSTCExtensions.VMAccessForLinux</HandlerName><Version>1.4.5.0</Version><Status>Ready</Status><FormattedMessage><Language>en-US</Language>"
        "<Message>Plugin enabled &amp; ready</Message></FormattedMessage></ResourceExtensionStatus>"
        "</ResourceExtensionStatusList>"
    )
    return (
        f"<RoleInstance><RoleName>{role}</RoleName><InstanceName>{role}</InstanceName>"
        f"<InstanceStatus>{status}</InstanceStatus><InstanceUpgradeDomain>0</InstanceUpgradeDomain>"
        f"<InstanceFaultDomain>0</InstanceFaultDomain><InstanceSize>{size}</InstanceSize><InstanceStateDetails/>"
        f"<IpAddress>{address}</IpAddress><InstanceEndpoints>"
        f"<InstanceEndpoint><Name>http</Name><Vip>{vip}</Vip><PublicPort>80</PublicPort><LocalPort>80</LocalPort>"
        "<Protocol>tcp</Protocol></InstanceEndpoint>"
        f"<InstanceEndpoint><Name>ssh</Name><Vip>{vip}</Vip><PublicPort>{50000 + index}</PublicPort>"
        "<LocalPort>22</LocalPort><Protocol>tcp</Protocol></InstanceEndpoint></InstanceEndpoints>"
        f"<PowerState>Started</PowerState><HostName>{role}</HostName><GuestAgentStatus>"
        "<ProtocolVersion>1.0</ProtocolVersion><Timestamp>2016-03-14T09:26:53Z</Timestamp>"
        "<GuestAgentVersion>WALinuxAgent-2.0.14</GuestAgentVersion><Status>Ready</Status><FormattedMessage>"
        "<Language>en-US</Language><Message>GuestAgent is running and accepting new configurations.</Message>"
        f"</FormattedMessage></GuestAgentStatus>{extensions}</RoleInstance>"
    )


def _role(role: str, size: str, vip: str, disks: list[_Disk], odd: str, index: int) -> str:
    acl = (
        "<EndpointAcl><Rules><Rule><Order>0</Order><Action>permit</Action><RemoteSubnet>10.0.0.0/8</RemoteSubnet>"
        "</Rule></Rules></EndpointAcl>"
    )
    extension = "VMSnapshotLinux" if odd == "backup" else "VMAccessForLinux"
    data = "".join(
        f"<DataVirtualHardDisk><HostCaching>None</HostCaching><DiskName>{disk.name}</DiskName>"
        f"{f'<Lun>{lun}</Lun>' if lun else ''}<LogicalDiskSizeInGB>30</LogicalDiskSizeInGB>"
        f"<MediaLink>{disk.link}</MediaLink><IOType>Standard</IOType></DataVirtualHardDisk>"
        for lun, disk in enumerate(disks[1:])
    )
    return (
        f'<Role i:type="PersistentVMRole"><RoleName>{role}</RoleName><OsVersion/><RoleType>PersistentVMRole</RoleType>'
        '<ConfigurationSets><ConfigurationSet i:type="NetworkConfigurationSet">'
        "<ConfigurationSetType>NetworkConfiguration</ConfigurationSetType><InputEndpoints>"
        "<InputEndpoint><LoadBalancedEndpointSetName>http</LoadBalancedEndpointSetName><LocalPort>80</LocalPort>"
        "<Name>http</Name><Port>80</Port><LoadBalancerProbe><Path>/</Path><Port>80</Port><Protocol>http</Protocol>"
        f"</LoadBalancerProbe><Protocol>tcp</Protocol><Vip>{vip}</Vip>"
        "<EnableDirectServerReturn>false</EnableDirectServerReturn></InputEndpoint>"
        f"<InputEndpoint><LocalPort>22</LocalPort><Name>ssh</Name><Port>{50000 + index}</Port><Protocol>tcp</Protocol>"
        f"<Vip>{vip}</Vip><EnableDirectServerReturn>false</EnableDirectServerReturn>{acl if odd == 'acl' else ''}"
        "</InputEndpoint></InputEndpoints><SubnetNames><SubnetName>front</SubnetName></SubnetNames>"
        "</ConfigurationSet></ConfigurationSets><ResourceExtensionReferences><ResourceExtensionReference>"
        f"<ReferenceName>{extension}</ReferenceName><Publisher>Microsoft.OSTCExtensions</Publisher>"
        f"<Name>{extension}</Name><Version>1.*</Version><ResourceExtensionParameterValues/><State>Enable</State>"
        "</ResourceExtensionReference></ResourceExtensionReferences>"
        f"{'' if odd == 'mixed' else '<AvailabilitySetName>set</AvailabilitySetName>'}"
        f"<DataVirtualHardDisks>{data}</DataVirtualHardDisks><OSVirtualHardDisk><HostCaching>ReadWrite</HostCaching>"
        f"<DiskName>{disks[0].name}</DiskName><MediaLink>{disks[0].link}</MediaLink>"
        "<SourceImageName>ubuntu-14_04</SourceImageName><OS>Linux</OS><IOType>Standard</IOType></OSVirtualHardDisk>"
        f"<RoleSize>{size}</RoleSize><ProvisionGuestAgent>true</ProvisionGuestAgent></Role>"
    )


def _network(number: int) -> str:
    prefix = f"10.{number % 200}"
    return (
        f"<VirtualNetworkSite><Name>net-{number:04}</Name><Label/><Id>{number:032x}</Id><Location>West US</Location>"
        f"<State>Created</State><InUse>true</InUse><AddressSpace><AddressPrefixes><AddressPrefix>{prefix}.0.0/16"
        f"</AddressPrefix></AddressPrefixes></AddressSpace><Subnets><Subnet><Name>front</Name><AddressPrefix>{prefix}.0.0/18"
        "</AddressPrefix></Subnet></Subnets></VirtualNetworkSite>"
    )


def _account(number: int) -> str:
    name = f"store{number:05}"
    return (
        f"<StorageService><Url>https://management.core.windows.net/subscription/services/storageservices/{name}</Url>"
        f"<ServiceName>{name}</ServiceName><StorageServiceProperties><Description/><Location>West US</Location>"
        "<Label>c3RvcmU=</Label><Status>Created</Status><GeoPrimaryRegion>West US</GeoPrimaryRegion>"
        "<AccountType>Standard_LRS</AccountType></StorageServiceProperties></StorageService>"
    )
