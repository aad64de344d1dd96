"""Documents of classic compute, elements in the recorded order."""

import base64
from collections.abc import Iterable

from emulator.asm import xml
from emulator.asm.xml import node
from emulator.seeds.instances import instance, worker_instance
from emulator.seeds.model import CREATED, DataDisk, Document, Endpoint, Extension, Nic, Probe, Service, Vm, number

_IMAGES = {
    "Windows": "a699494373c04fc0bc8f2bb1389d6106__Windows-Server-2012-R2-20160126-en.us-127GB.vhd",
    "Linux": "b39f27a8b8c64d52b05eac6a62ebad85__Ubuntu-14_04_3-LTS-amd64-server-20160119-en-us-30GB",
}
OS_SIZES = {"Windows": 127, "Linux": 30}


def service(subscription: str, wanted: Service) -> list[Document]:
    """The hosted service, its deployment and the disks of its VMs."""
    return [
        Document(hosted_service(subscription, wanted.name, wanted.location, wanted.affinity_group)),
        Document(deployment(wanted), parent=wanted.name),
        *(Document(each) for vm in wanted.vms for each in _disks(wanted, vm)),
    ]


def hosted_service(subscription: str, name: str, location: str, affinity_group: str | None = None) -> bytes:
    """A hosted service; it has a location or an affinity group, never both."""
    properties = [
        node("Description", "", xml.NIL),
        node("AffinityGroup", affinity_group),
        node("Location", None if affinity_group else location),
        node("Label", encoded(name)),
        node("Status", "Created"),
        node("DateCreated", CREATED),
        node("DateLastModified", CREATED),
        node(
            "ExtendedProperties",
            [extended("ResourceGroup", name), extended("ResourceLocation", location)],
        ),
    ]
    url = f"https://management.core.windows.net/{subscription}/services/hostedservices/{name}"
    return xml.document(
        node(
            "HostedService",
            [node("Url", url), node("ServiceName", name), node("HostedServiceProperties", properties)],
        )
    )


def deployment(wanted: Service) -> bytes:
    """The production deployment of a service, with the service's name."""
    deallocated = bool(wanted.vms) and all(vm.deallocated for vm in wanted.vms)
    roles = [_role(wanted, vm, deallocated=deallocated) for vm in wanted.vms]
    instances = [instance(wanted, vm) for vm in wanted.vms]
    roles += [_worker(name) for name in wanted.workers]
    instances += [worker_instance(name, index) for index, name in enumerate(wanted.workers)]
    return xml.document(
        node(
            "Deployment",
            [
                node("Name", wanted.name),
                node("DeploymentSlot", "Production"),
                node("PrivateID", number("deployment", wanted.name).hex),
                node("Status", "Suspended" if deallocated else "Running"),
                node("Label", encoded(wanted.name)),
                node("Url", f"http://{wanted.name.lower()}.cloudapp.net/"),
                node("Configuration", encoded(configuration([*(vm.name for vm in wanted.vms), *wanted.workers]))),
                node("RoleInstanceList", instances),
                node("UpgradeDomainCount", 1),
                node("RoleList", roles),
                node("SdkVersion", ""),
                node("Locked", False),
                node("RollbackAllowed", False),
                node("VirtualNetworkName", wanted.network),
                node("CreatedTime", CREATED),
                node("LastModifiedTime", CREATED),
                node("ExtendedProperties", []),
                node("VirtualIPs", [] if deallocated else [_virtual_ip(wanted)]),
                node("ReservedIPName", wanted.reserved_ip),
                node("InternalDnsSuffix", f"{wanted.name}.d1.internal.cloudapp.net"),
                node("LoadBalancers", _load_balancers(wanted)),
                node("VirtualNetworkId", str(number("network", wanted.network)) if wanted.network else None),
            ],
        )
    )


def disk(  # noqa: PLR0913 -- a disk has this many facts
    name: str,
    media_link: str,
    size: int,
    *,
    location: str | None = None,
    affinity_group: str | None = None,
    os: str | None = None,
    image: str | None = None,
    attached: tuple[str, str, str] | None = None,
    io_type: str = "Standard",
) -> bytes:
    """A disk object; `attached` is (hosted service, deployment, role)."""
    link = attached and [
        node("DeploymentName", attached[1]),
        node("HostedServiceName", attached[0]),
        node("RoleName", attached[2]),
    ]
    return xml.document(
        node(
            "Disk",
            [
                node("AffinityGroup", affinity_group),
                node("AttachedTo", link),
                node("OS", os),
                node("Location", None if affinity_group else location),
                node("LogicalDiskSizeInGB", size),
                node("MediaLink", media_link),
                node("Name", name),
                node("SourceImageName", image),
                node("IsPremium", io_type == "Provisioned"),
                node("CreatedTime", CREATED),
                node("IOType", io_type),
            ],
        )
    )


def affinity_group(name: str, location: str) -> bytes:
    """An affinity group; its members are read from the members."""
    capabilities = [node("Capability", each) for each in ("PersistentVMRole", "HighMemory")]
    return xml.document(
        node(
            "AffinityGroup",
            [
                node("Name", name),
                node("Label", encoded(name)),
                node("Description", "", xml.NIL),
                node("Location", location),
                node("Capabilities", capabilities),
                node("CreatedTime", CREATED),
            ],
        )
    )


def encoded(text: str) -> str:
    """Labels and configurations are Base64 in this API."""
    return base64.b64encode(text.encode()).decode()


def configuration(roles: Iterable[str]) -> str:
    """The service configuration of a deployment with these roles."""
    content = "".join(f'<Role name="{name}"><Instances count="1" /></Role>' for name in roles)
    namespace = "http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceConfiguration"
    return f'<ServiceConfiguration xmlns="{namespace}">{content}</ServiceConfiguration>'


def extended(name: str, value: str) -> bytes:
    """One extended property."""
    return node("ExtendedProperty", [node("Name", name), node("Value", value)])


def _role(wanted: Service, vm: Vm, *, deallocated: bool) -> bytes:
    vip = None if deallocated else wanted.vip
    balancer = wanted.load_balancer
    endpoints = [_endpoint(each, balancer.address if balancer and each.load_balancer else vip) for each in vm.endpoints]
    network = [
        node("ConfigurationSetType", "NetworkConfiguration"),
        node("InputEndpoints", endpoints or None),
        node("SubnetNames", [node("SubnetName", vm.subnet)] if vm.subnet else []),
        node("NetworkInterfaces", [_nic(each) for each in vm.nics] or None),
        node("StaticVirtualNetworkIPAddress", vm.address if vm.static else None),
        node("PublicIPs", [node("PublicIP", [node("Name", vm.public_ip[0])])] if vm.public_ip else None),
    ]
    return node(
        "Role",
        [
            node("RoleName", vm.name),
            node("OsVersion", ""),
            node("RoleType", "PersistentVMRole"),
            node("ConfigurationSets", [node("ConfigurationSet", network, ' i:type="NetworkConfigurationSet"')]),
            node("ResourceExtensionReferences", [_reference(each) for each in vm.extensions] or None),
            node("AvailabilitySetName", vm.availability_set),
            node("DataVirtualHardDisks", [_data_disk(wanted, vm, each) for each in vm.disks]),
            node(
                "OSVirtualHardDisk",
                [
                    node("HostCaching", "ReadWrite"),
                    node("DiskName", _disk_name(wanted, vm)),
                    node("MediaLink", _media_link(wanted, vm)),
                    node("SourceImageName", _IMAGES[vm.os]),
                    node("OS", vm.os),
                    node("IOType", _io_type(vm)),
                ],
            ),
            node("RoleSize", vm.size),
            node("ProvisionGuestAgent", True),
            node("DebugSettings", _boot_diagnostics(wanted, vm) if vm.boot_diagnostics else None),
        ],
        ' i:type="PersistentVMRole"',
    )


def _nic(wanted: Nic) -> bytes:
    address = [node("SubnetName", wanted.subnet)]
    configurations = [node("IPConfiguration", address)]
    return node("NetworkInterface", [node("Name", wanted.name), node("IPConfigurations", configurations)])


def _io_type(vm: Vm) -> str:
    return "Provisioned" if vm.premium else "Standard"


def _boot_diagnostics(wanted: Service, vm: Vm) -> list[bytes]:
    blobs = f"http://{wanted.account}.blob.core.windows.net/bootdiagnostics-{vm.name}/{wanted.name}.{vm.name}"
    return [
        node("BootDiagnosticsEnabled", True),
        node("ConsoleScreenshotBlobUri", f"{blobs}.screenshot.bmp"),
        node("SerialOutputBlobUri", f"{blobs}.serialconsole.log"),
    ]


def _endpoint(wanted: Endpoint, vip: str | None) -> bytes:
    rule = wanted.denied and [
        node("Order", 0),
        node("Action", "deny"),
        node("RemoteSubnet", wanted.denied),
        node("Description", "not from there"),
    ]
    return node(
        "InputEndpoint",
        [
            node("LoadBalancedEndpointSetName", wanted.load_balanced_set),
            node("LocalPort", wanted.local),
            node("Name", wanted.name),
            node("Port", wanted.public),
            node("LoadBalancerProbe", _probe(wanted.probe) if wanted.probe else None),
            node("Protocol", wanted.protocol),
            node("Vip", vip),
            node("EnableDirectServerReturn", False),
            node("EndpointAcl", [node("Rules", [node("Rule", rule)])] if rule else None),
            node("LoadBalancerName", wanted.load_balancer),
            node("IdleTimeoutInMinutes", wanted.idle_timeout),
        ],
    )


def _probe(wanted: Probe) -> list[bytes]:
    return [
        node("Path", wanted.path),
        node("Port", wanted.port),
        node("Protocol", wanted.protocol),
        node("IntervalInSeconds", 15),
        node("TimeoutInSeconds", 31),
    ]


def _reference(wanted: Extension) -> bytes:
    value = [
        node("Key", f"{wanted.name}PublicConfigParameter"),
        node("Value", encoded(wanted.settings)),
        node("Type", "Public"),
    ]
    return node(
        "ResourceExtensionReference",
        [
            node("ReferenceName", wanted.name),
            node("Publisher", wanted.publisher),
            node("Name", wanted.name),
            node("Version", wanted.version),
            node("ResourceExtensionParameterValues", [node("ResourceExtensionParameterValue", value)]),
            node("State", "Enable"),
        ],
    )


def _data_disk(wanted: Service, vm: Vm, each: DataDisk) -> bytes:
    return node(
        "DataVirtualHardDisk",
        [
            node("HostCaching", each.caching),
            node("DiskLabel", f"{vm.name}-data-{each.lun}"),
            node("DiskName", _disk_name(wanted, vm, each)),
            node("Lun", each.lun or None),
            node("LogicalDiskSizeInGB", each.size),
            node("MediaLink", _media_link(wanted, vm, each)),
            node("IOType", _io_type(vm)),
        ],
    )


def _worker(name: str) -> bytes:
    network = [node("ConfigurationSetType", "NetworkConfiguration"), node("SubnetNames", [])]
    return node(
        "Role",
        [
            node("RoleName", name),
            node("OsVersion", "WA-GUEST-OS-2.59_201701-01"),
            node("ConfigurationSets", [node("ConfigurationSet", network, ' i:type="NetworkConfigurationSet"')]),
        ],
    )


def _virtual_ip(wanted: Service) -> bytes:
    return node(
        "VirtualIP",
        [
            node("Address", wanted.vip),
            node("IsDnsProgrammed", True),
            node("Name", wanted.reserved_ip or f"{wanted.name}ContractContract"),
            node("IsReserved", True if wanted.reserved_ip else None),
            node("ReservedIPName", wanted.reserved_ip),
        ],
    )


def _load_balancers(wanted: Service) -> Iterable[bytes]:
    if wanted.load_balancer:
        frontend = [
            node("Type", "Private"),
            node("SubnetName", wanted.load_balancer.subnet),
            node("StaticVirtualNetworkIPAddress", wanted.load_balancer.address),
        ]
        yield node(
            "LoadBalancer",
            [node("Name", wanted.load_balancer.name), node("FrontendIpConfiguration", frontend)],
        )


def _disks(wanted: Service, vm: Vm) -> Iterable[bytes]:
    attached = (wanted.name, wanted.name, vm.name)
    yield disk(
        _disk_name(wanted, vm),
        _media_link(wanted, vm),
        OS_SIZES[vm.os],
        os=vm.os,
        image=_IMAGES[vm.os],
        attached=attached,
        location=wanted.location,
        affinity_group=wanted.affinity_group,
        io_type=_io_type(vm),
    )
    for each in vm.disks:
        name, link = _disk_name(wanted, vm, each), _media_link(wanted, vm, each)
        yield disk(
            name,
            link,
            each.size,
            attached=attached,
            location=wanted.location,
            affinity_group=wanted.affinity_group,
            io_type=_io_type(vm),
        )


def _disk_name(wanted: Service, vm: Vm, each: DataDisk | None = None) -> str:
    position = 0 if each is None else each.lun + 1
    return f"{wanted.name}-{vm.name}-{position}-201603140926530000"


def _media_link(wanted: Service, vm: Vm, each: DataDisk | None = None) -> str:
    part = "os" if each is None else f"data-{each.lun}"
    return f"https://{wanted.account}.blob.core.windows.net/vhds/{wanted.name}-{vm.name}-{part}.vhd"
