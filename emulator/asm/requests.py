"""Roles as requests describe them: brought to the form in which the platform answers them.

Provisioning data (passwords, keys) never comes back (recorded) and is not kept. What a request leaves open and the
platform decides is assumed: names of disks, automatic public ports, the operating system of an image not listed.
"""

from collections.abc import Iterator

from lxml.etree import _Element

from emulator.asm import changes, locks, shapes, xml
from emulator.asm.call import Call, Held
from emulator.errors import PlatformError
from emulator.platform import documents
from emulator.seeds import compute

_NETWORK = "NetworkConfiguration"
_FIRST_AUTOMATIC_PORT = 49152
_CACHING = ("None", "ReadOnly", "ReadWrite")
_PREMIUM = b"<AccountType>Premium_LRS</AccountType>"


def role(call: Call, wanted: _Element, deployment: _Element, service: str) -> tuple[_Element, list[bytes]]:
    """A new role and the disk objects that come with it."""
    made = _cleaned(wanted)
    [name] = changes.required(made, "RoleName")
    changes.name(name)
    shapes.put(made, "OsVersion", "")
    shapes.put(made, "RoleType", "PersistentVMRole")
    if not xml.text(made, "RoleSize"):
        shapes.put(made, "RoleSize", "Small")
    if not xml.text(made, "ProvisionGuestAgent"):
        shapes.put(made, "ProvisionGuestAgent", "true")
    _network(made)
    disks = [_os_disk(call, made, deployment, service)]
    container = xml.find(made, "DataVirtualHardDisks")
    if container is None:
        container = shapes.insert(made, "DataVirtualHardDisks")
    wanted_disks = xml.findall(container, "DataVirtualHardDisk")
    disks.extend(data_disk(call, each, made, deployment, service) for each in wanted_disks)
    shapes.arrange(made)
    return made, disks


def changed_role(wanted: _Element, present: _Element) -> _Element:
    """A role after an update: what the request leaves out stays, an empty element removes.

    The network settings are replaced as a whole, but for what older clients do not know (assumed).
    """
    made = _cleaned(wanted)
    for tag in ("AvailabilitySetName", "RoleSize", "ProvisionGuestAgent", "DebugSettings", "LicenseType", "Label"):
        given = xml.find(made, tag)
        if given is None:
            continue
        xml.drop(present, tag)
        if given.text or len(given):
            place = shapes.insert(present, tag)
            present.replace(place, given)
    references = xml.find(made, "ResourceExtensionReferences")
    if references is not None:
        xml.drop(present, "ResourceExtensionReferences")
        if len(references):
            present.replace(shapes.insert(present, "ResourceExtensionReferences"), references)
    _network(made)
    if network_set(wanted) is not None:
        new, old = network_set(made), network_set(present)
        assert new is not None  # noqa: S101 -- _network() made it
        if old is not None:
            for tag in ("NetworkSecurityGroup", "IPForwarding", "NetworkInterfaces"):
                if xml.find(new, tag) is None and (kept := xml.find(old, tag)) is not None:
                    new.append(kept)
            parent = old.getparent()
            assert parent is not None  # noqa: S101 -- a set is inside ConfigurationSets
            parent.replace(old, new)
    shapes.arrange(present)
    return present


def data_disk(call: Call, wanted: _Element, role_element: _Element, deployment: _Element, service: str) -> bytes:
    """A data disk of a role, new or one that is there; completes the element and answers the disk object."""
    name, role_name = xml.text(wanted, "DiskName"), xml.text(role_element, "RoleName")
    known = documents.load(call.store, call.subscription, "disk", name) if name else None
    if known is not None and xml.find(known, "AttachedTo") is not None:
        raise changes.taken(_in_use(known))
    lun = changes.integer(wanted, "Lun", 0, 63) or 0
    size = changes.integer(wanted, "LogicalDiskSizeInGB", 1, 4095)
    if known is None and size is None and not xml.text(wanted, "SourceMediaLink"):
        raise changes.bad("The DataVirtualHardDisk needs a LogicalDiskSizeInGB.")
    if xml.text(wanted, "HostCaching") not in ("", *_CACHING):
        raise changes.bad(f"The value of HostCaching must be one of: {', '.join(_CACHING)}.")
    name = name or f"{service}-{role_name}-{lun + 1}-{call.clock.now():%Y%m%d%H%M%S%f}"
    link = xml.text(known, "MediaLink") if known is not None else ""
    link = link or xml.text(wanted, "MediaLink") or xml.text(wanted, "SourceMediaLink")
    if not link:
        raise changes.bad("The DataVirtualHardDisk needs a MediaLink.")
    size = int(xml.text(known, "LogicalDiskSizeInGB")) if known is not None else size or 1
    io_type = _io_type(call, link)
    xml.drop(wanted, "SourceMediaLink")
    for tag, value in (
        ("HostCaching", xml.text(wanted, "HostCaching") or "None"),
        ("DiskName", changes.name(name)),
        ("Lun", str(lun) if lun else None),
        ("LogicalDiskSizeInGB", str(size)),
        ("MediaLink", link),
        ("IOType", io_type),
    ):
        shapes.put(wanted, tag, value)
    attached = (service, xml.text(deployment, "Name"), role_name)
    return _disk(call, known, name, link, size, attached, os=None, image=None)


def attach(known: _Element, attached: tuple[str, str, str]) -> bytes:
    """A disk object that a VM holds: (service, deployment, role)."""
    xml.drop(known, "AttachedTo")
    place = shapes.insert(known, "AttachedTo")
    for tag, value in zip(("HostedServiceName", "DeploymentName", "RoleName"), attached, strict=True):
        shapes.put(place, tag, value)
    return xml.canonical(known)


def network_set(role_element: _Element) -> _Element | None:
    """The network settings of a role."""
    for each in xml.findall(role_element, "ConfigurationSets/ConfigurationSet"):
        if xml.text(each, "ConfigurationSetType") == _NETWORK:
            return each
    return None


def endpoints(role_element: _Element) -> list[_Element]:
    """The public endpoints of a role."""
    return xml.findall(role_element, "ConfigurationSets/ConfigurationSet/InputEndpoints/InputEndpoint")


def complete_endpoints(deployment: _Element) -> PlatformError | None:
    """Give automatic ports; what is answered is how the operation fails when two want one port (recorded)."""
    everything = [each for role_ in xml.findall(deployment, "RoleList/Role") for each in endpoints(role_)]
    used = {xml.text(each, "Port") for each in everything}
    free = (str(port) for port in range(_FIRST_AUTOMATIC_PORT, 65536) if str(port) not in used)
    for each in everything:
        _check_endpoint(each)
        if not xml.text(each, "Port"):
            shapes.put(each, "Port", next(free))
    return _port_conflict(everything)


def attached_disks(call: Call, service: str, role_name: str) -> Iterator[tuple[str, _Element]]:
    """(name, disk object) of every disk that a VM holds."""
    for row in call.store.classic_list(call.subscription, "disk", owner=service):
        element = xml.read(row.document)
        if xml.text(element, "AttachedTo/RoleName").lower() == role_name.lower():
            yield row.name, element


def _port_conflict(everything: list[_Element]) -> PlatformError | None:
    seen: dict[tuple[str, str, str], str] = {}
    for each in everything:
        frontend = xml.text(each, "LoadBalancerName") or xml.text(each, "VirtualIPName")
        key = (frontend, xml.text(each, "Protocol").lower(), xml.text(each, "Port"))
        group = xml.text(each, "LoadBalancedEndpointSetName").lower()
        if key in seen and (not group or seen[key] != group):
            return changes.bad(
                f"Port {key[2]} is already in use by one of the endpoints in this deployment. Ensure that the port"
                " numbers are unique across endpoints within a deployment."
            )
        seen[key] = group
    return None


def _check_endpoint(endpoint: _Element) -> None:
    changes.required(endpoint, "Name", "LocalPort", "Protocol")
    for tag in ("Port", "LocalPort"):
        changes.integer(endpoint, tag, 1, 65535)
    if xml.text(endpoint, "Protocol").lower() not in ("tcp", "udp", "http", "https"):
        raise changes.bad("The Protocol of an endpoint must be tcp or udp.")


def _cleaned(wanted: _Element) -> _Element:
    """Only what is answered later, without what the platform decides."""
    made = xml.read(xml.canonical(wanted, tag="Role"))
    made.set(f"{{{xml.INSTANCE}}}type", "PersistentVMRole")
    _prune(made)
    for each in xml.findall(made, "ConfigurationSets/ConfigurationSet"):
        each.set(f"{{{xml.INSTANCE}}}type", "NetworkConfigurationSet")
    for each in xml.findall(made, "ResourceExtensionReferences/ResourceExtensionReference"):
        _clean_extension(each)
    for each in endpoints(made):
        _clean_endpoint(each)
    return made


def _clean_extension(reference: _Element) -> None:
    """Private settings never come back; a state of Uninstall takes the extension away."""
    for values in xml.findall(reference, "ResourceExtensionParameterValues"):
        for each in xml.findall(values, "ResourceExtensionParameterValue"):
            if xml.text(each, "Type") == "Private":
                values.remove(each)
    if not xml.text(reference, "State"):
        shapes.put(reference, "State", "Enable")
    parent = reference.getparent()
    if xml.text(reference, "State").lower() == "uninstall" and parent is not None:
        parent.remove(reference)


def _clean_endpoint(endpoint: _Element) -> None:
    for tag in ("LoadBalancedEndpointSetName", "LoadBalancerName", "VirtualIPName", "Port"):
        if not xml.text(endpoint, tag):
            xml.drop(endpoint, tag)
    xml.drop(endpoint, "Vip")
    if xml.find(endpoint, "EnableDirectServerReturn") is None:
        shapes.put(endpoint, "EnableDirectServerReturn", "false")
    if not xml.findall(endpoint, "EndpointAcl/Rules/Rule"):
        xml.drop(endpoint, "EndpointAcl")
    for probe in xml.findall(endpoint, "LoadBalancerProbe"):
        for tag, value in (("IntervalInSeconds", "15"), ("TimeoutInSeconds", "31")):
            if not xml.text(probe, tag):
                shapes.put(probe, tag, value)


def _prune(element: _Element) -> None:
    """Drop provisioning sets and every element that no answer has."""
    order = shapes.ORDER.get(xml.local_name(element))
    for child in list(element):
        tag = xml.local_name(child)
        foreign = order is not None and tag not in order
        provisions = tag == "ConfigurationSet" and xml.text(child, "ConfigurationSetType") != _NETWORK
        if foreign or provisions or tag == "MigrationState":
            element.remove(child)
        else:
            _prune(child)


def _network(made: _Element) -> None:
    """Every role has network settings, if only empty subnet names (recorded)."""
    found = network_set(made)
    if found is None:
        container = xml.find(made, "ConfigurationSets")
        if container is None:
            container = shapes.insert(made, "ConfigurationSets")
        found = shapes.insert(container, "ConfigurationSet")
        found.set(f"{{{xml.INSTANCE}}}type", "NetworkConfigurationSet")
        shapes.put(found, "ConfigurationSetType", _NETWORK)
    if xml.find(found, "SubnetNames") is None:
        shapes.insert(found, "SubnetNames")
    if xml.find(found, "StaticVirtualNetworkIPAddress") is not None:
        shapes.put(found, "StaticVirtualNetworkIPAddress", xml.text(found, "StaticVirtualNetworkIPAddress") or None)


def _os_disk(call: Call, made: _Element, deployment: _Element, service: str) -> bytes:
    wanted = xml.find(made, "OSVirtualHardDisk")
    if wanted is None:
        raise changes.bad("The role needs an OSVirtualHardDisk; creation from a VM image is not emulated.")
    name, role_name, image = (
        xml.text(wanted, "DiskName"),
        xml.text(made, "RoleName"),
        xml.text(wanted, "SourceImageName"),
    )
    known = documents.load(call.store, call.subscription, "disk", name) if name else None
    if known is not None and xml.find(known, "AttachedTo") is not None:
        raise changes.taken(_in_use(known))
    if known is None and not image:
        raise changes.bad("The OSVirtualHardDisk needs the DiskName of a disk that exists or a SourceImageName.")
    name = name or f"{service}-{role_name}-0-{call.clock.now():%Y%m%d%H%M%S%f}"
    link = xml.text(known, "MediaLink") if known is not None else xml.text(wanted, "MediaLink")
    if not link:
        raise changes.bad("The OSVirtualHardDisk needs a MediaLink.")
    os = xml.text(known, "OS") if known is not None else xml.text(wanted, "OS") or _os_of(call, image)
    size = int(xml.text(known, "LogicalDiskSizeInGB")) if known is not None else compute.OS_SIZES[os]
    for tag, value in (
        ("HostCaching", xml.text(wanted, "HostCaching") or "ReadWrite"),
        ("DiskName", changes.name(name)),
        ("MediaLink", link),
        ("SourceImageName", image or None),
        ("OS", os),
        ("IOType", _io_type(call, link)),
    ):
        shapes.put(wanted, tag, value)
    attached = (service, xml.text(deployment, "Name"), role_name)
    return _disk(call, known, name, link, size, attached, os=os, image=image or None)


def _os_of(call: Call, image: str) -> str:
    element = documents.load(call.store, call.subscription, "osImage", image)
    if element is not None:
        return xml.text(element, "OS")
    return "Windows" if "windows" in image.lower() or "-win" in image.lower() else "Linux"


def _io_type(call: Call, link: str) -> str:
    account = link.partition("://")[2].partition(".")[0]
    row = call.store.classic_get(call.subscription, "storageAccount", account)
    if row is None:
        raise changes.bad(f"The storage account of {link} is not in this subscription.")
    locks.refuse(call, [Held(row)])
    return "Provisioned" if _PREMIUM in row.document else "Standard"


def _disk(
    call: Call,
    known: _Element | None,
    name: str,
    link: str,
    size: int,
    attached: tuple[str, str, str],
    *,
    os: str | None,
    image: str | None,
) -> bytes:
    if known is not None:
        return attach(known, attached)
    element = documents.load(call.store, call.subscription, "hostedService", attached[0])
    properties = xml.find(element, "HostedServiceProperties") if element is not None else None
    location, group = (
        xml.text(properties, tag) if properties is not None else "" for tag in ("Location", "AffinityGroup")
    )
    made = xml.read(
        compute.disk(
            name,
            link,
            size,
            location=location or None,
            affinity_group=group or None,
            os=os,
            image=image,
            attached=attached,
            io_type=_io_type(call, link),
        )
    )
    shapes.put(made, "CreatedTime", changes.now(call))
    return xml.canonical(made)


def _in_use(disk: _Element) -> str:
    role_name, service, deployment = (
        xml.text(disk, f"AttachedTo/{tag}") for tag in ("RoleName", "HostedServiceName", "DeploymentName")
    )
    return (
        f"A disk with name {xml.text(disk, 'Name')} is currently in use by virtual machine {role_name} running within"
        f" hosted service {service}, deployment {deployment}."
    )
