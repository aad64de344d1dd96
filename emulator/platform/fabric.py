"""What the platform makes of the roles of a deployment: instances, addresses, endpoints and what VMs report.

A written role says what is wanted; here the deployment is brought to say what is there then. What stays the same
keeps its elements as they were.
"""

from collections.abc import Collection

from lxml.etree import _Element

from emulator.asm import shapes, xml
from emulator.platform import documents
from emulator.platform.addressing import Addresses
from emulator.seeds.compute import configuration, encoded
from emulator.seeds.instances import agent, handler_status
from emulator.store import Store

DEALLOCATED = "StoppedDeallocated"
STOPPED = "StoppedVM"
RUNNING = "ReadyRole"
_POWER = {RUNNING: "Started", STOPPED: "Stopped", DEALLOCATED: "Stopped"}
_KEPT_WHEN_DEALLOCATED = ("RoleName", "InstanceName", "InstanceStatus", "PowerState")
_NETWORK = "ConfigurationSets/ConfigurationSet"


def settle(
    store: Store, subscription: str, service: str, deployment: _Element, installed: Collection[str] = ()
) -> bytes:
    """The document of a deployment after a change; `installed` are the handlers of extensions that are new."""
    addresses = Addresses(store, subscription, service, deployment)
    roles = xml.findall(deployment, "RoleList/Role")
    container = _child(deployment, "RoleInstanceList")
    instances = {xml.text(each, "RoleName").lower(): each for each in xml.findall(container, "RoleInstance")}
    names = {xml.text(role, "RoleName").lower() for role in roles}
    if names != set(instances):
        shapes.put(deployment, "Configuration", encoded(configuration(xml.text(role, "RoleName") for role in roles)))
    for name, instance in instances.items():
        if name not in names:
            container.remove(instance)
    for role in roles:
        if xml.text(role, "RoleName").lower() not in instances:
            instances[xml.text(role, "RoleName").lower()] = _new_instance(container, role)
    for role in roles:
        instance = instances[xml.text(role, "RoleName").lower()]
        if xml.text(instance, "InstanceStatus") == DEALLOCATED:
            _strip(instance)
        else:
            _fill(instance, role, addresses, installed)
    _virtual_ips(store, subscription, deployment, list(instances.values()), addresses)
    _endpoints(deployment, instances)
    if xml.text(deployment, "Status") in ("Running", "Suspended"):
        settled = {xml.text(each, "InstanceStatus") for each in instances.values()}
        idle = settled and settled <= {DEALLOCATED, STOPPED}
        shapes.put(deployment, "Status", "Suspended" if idle else "Running")
    shapes.arrange(deployment)
    return xml.canonical(deployment)


def set_power(instance: _Element, status: str) -> None:
    """Start, stop or deallocate a VM; `settle` does the rest."""
    shapes.put(instance, "InstanceStatus", status)
    shapes.put(instance, "PowerState", _POWER[status])


def handlers(role: _Element) -> set[str]:
    """The extensions that a role wants to be on."""
    return {
        f"{xml.text(each, 'Publisher')}.{xml.text(each, 'Name')}"
        for each in xml.findall(role, "ResourceExtensionReferences/ResourceExtensionReference")
    }


def _new_instance(container: _Element, role: _Element) -> _Element:
    instance = shapes.insert(container, "RoleInstance")
    for tag in ("RoleName", "InstanceName"):
        shapes.put(instance, tag, xml.text(role, "RoleName"))
    set_power(instance, RUNNING)
    return instance


def _strip(instance: _Element) -> None:
    for child in list(instance):
        if xml.local_name(child) not in _KEPT_WHEN_DEALLOCATED:
            instance.remove(child)


def _fill(instance: _Element, role: _Element, addresses: Addresses, installed: Collection[str]) -> None:
    name = xml.text(role, "RoleName")
    fresh = xml.find(instance, "IpAddress") is None
    for tag in ("InstanceUpgradeDomain", "InstanceFaultDomain"):
        if xml.find(instance, tag) is None:
            shapes.put(instance, tag, "0")
    shapes.put(instance, "InstanceSize", xml.text(role, "RoleSize"))
    if xml.find(instance, "InstanceStateDetails") is None:
        shapes.put(instance, "InstanceStateDetails", "")
    subnet = xml.text(role, f"{_NETWORK}/SubnetNames/SubnetName")
    fixed = xml.text(role, f"{_NETWORK}/StaticVirtualNetworkIPAddress")
    if fixed or fresh:
        shapes.put(instance, "IpAddress", fixed or addresses.private(subnet))
    if fresh:
        shapes.put(instance, "HostName", name)
        if xml.text(role, "ProvisionGuestAgent") == "true":
            _replace(instance, xml.document(agent("Ready", name)))
    _public_ips(instance, role, addresses)
    _interfaces(instance, role, addresses)
    _reports(instance, role, None if fresh else installed)


def _public_ips(instance: _Element, role: _Element, addresses: Addresses) -> None:
    known = {xml.text(each, "Name"): each for each in xml.findall(instance, "PublicIPs/PublicIP")}
    wanted = xml.findall(role, f"{_NETWORK}/PublicIPs/PublicIP")
    xml.drop(instance, "PublicIPs")
    if not wanted:
        return
    container = shapes.insert(instance, "PublicIPs")
    for each in wanted:
        name = xml.text(each, "Name")
        if name in known:
            container.append(known[name])
        else:
            made = shapes.insert(container, "PublicIP")
            shapes.put(made, "Name", name)
            shapes.put(made, "Address", addresses.public())


def _interfaces(instance: _Element, role: _Element, addresses: Addresses) -> None:
    known = {xml.text(each, "Name"): each for each in xml.findall(instance, "NetworkInterfaces/NetworkInterface")}
    wanted = xml.findall(role, f"{_NETWORK}/NetworkInterfaces/NetworkInterface")
    xml.drop(instance, "NetworkInterfaces")
    if not wanted:
        return
    container = shapes.insert(instance, "NetworkInterfaces")
    for position, each in enumerate(wanted):
        name = xml.text(each, "Name")
        if name in known:
            container.append(known[name])
            continue
        subnet = xml.text(each, "IPConfigurations/IPConfiguration/SubnetName")
        fixed = xml.text(each, "IPConfigurations/IPConfiguration/StaticVirtualNetworkIPAddress")
        made = shapes.insert(container, "NetworkInterface")
        shapes.put(made, "Name", name)
        shapes.put(made, "MacAddress", f"000D3A30{position + 16:02X}{len(xml.text(role, 'RoleName')) % 256:02X}")
        address = shapes.insert(shapes.insert(made, "IPConfigurations"), "IPConfiguration")
        shapes.put(address, "SubnetName", subnet)
        shapes.put(address, "Address", fixed or addresses.private(subnet))


def _reports(instance: _Element, role: _Element, installed: Collection[str] | None) -> None:
    """An extension that was installed reports Ready; one that was there goes on reporting what it did, or nothing."""
    references = {
        f"{xml.text(each, 'Publisher')}.{xml.text(each, 'Name')}": xml.text(each, "Version")
        for each in xml.findall(role, "ResourceExtensionReferences/ResourceExtensionReference")
    }
    known = {
        xml.text(each, "HandlerName"): each
        for each in xml.findall(instance, "ResourceExtensionStatusList/ResourceExtensionStatus")
    }
    xml.drop(instance, "ResourceExtensionStatusList")
    reported = [
        known[handler]
        if handler in known
        else xml.read(xml.document(handler_status(handler, version.replace("*", "0"), "Ready")))
        for handler, version in references.items()
        if handler in known or installed is None or handler in installed
    ]
    if reported:
        container = shapes.insert(instance, "ResourceExtensionStatusList")
        container.extend(reported)


def _virtual_ips(
    store: Store, subscription: str, deployment: _Element, instances: list[_Element], addresses: Addresses
) -> None:
    """A service keeps its address while one of its VMs is allocated; a reserved one comes back (documented)."""
    container = _child(deployment, "VirtualIPs")
    if all(xml.text(each, "InstanceStatus") == DEALLOCATED for each in instances):
        xml.drop(container, "VirtualIP")
    elif xml.find(container, "VirtualIP") is None:
        reserved = xml.text(deployment, "ReservedIPName")
        row = documents.load(store, subscription, "reservedIp", reserved) if reserved else None
        made = shapes.insert(container, "VirtualIP")
        shapes.put(made, "Address", xml.text(row, "Address") if row is not None else addresses.public())
        shapes.put(made, "IsDnsProgrammed", "true")
        shapes.put(made, "Name", reserved or f"{xml.text(deployment, 'Name')}ContractContract")
        if reserved:
            shapes.put(made, "IsReserved", "true")
            shapes.put(made, "ReservedIPName", reserved)


def _endpoints(deployment: _Element, instances: dict[str, _Element]) -> None:
    vips = xml.findall(deployment, "VirtualIPs/VirtualIP")
    frontends = {xml.text(each, "Name"): xml.text(each, "Address") for each in vips}
    first = xml.text(vips[0], "Address") if vips else None
    frontends |= {
        xml.text(each, "Name"): xml.text(each, "FrontendIpConfiguration/StaticVirtualNetworkIPAddress")
        for each in xml.findall(deployment, "LoadBalancers/LoadBalancer")
    }
    for role in xml.findall(deployment, "RoleList/Role"):
        instance = instances[xml.text(role, "RoleName").lower()]
        xml.drop(instance, "InstanceEndpoints")
        endpoints = xml.findall(role, f"{_NETWORK}/InputEndpoints/InputEndpoint")
        for endpoint in endpoints:
            frontend = xml.text(endpoint, "LoadBalancerName") or xml.text(endpoint, "VirtualIPName")
            shapes.put(endpoint, "Vip", frontends.get(frontend, first) if first else None)
        if endpoints and xml.text(instance, "InstanceStatus") != DEALLOCATED:
            container = shapes.insert(instance, "InstanceEndpoints")
            for endpoint in endpoints:
                made = shapes.insert(container, "InstanceEndpoint")
                for tag, source in _INSTANCE_ENDPOINT.items():
                    if text := xml.text(endpoint, source):
                        shapes.put(made, tag, text)


_INSTANCE_ENDPOINT = {
    "Name": "Name",
    "Vip": "Vip",
    "PublicPort": "Port",
    "LocalPort": "LocalPort",
    "Protocol": "Protocol",
    "IdleTimeoutInMinutes": "IdleTimeoutInMinutes",
}


def _child(parent: _Element, tag: str) -> _Element:
    found = xml.find(parent, tag)
    return shapes.insert(parent, tag) if found is None else found


def _replace(parent: _Element, document: bytes) -> None:
    """A whole child instead of the one of its name."""
    made = xml.read(document)
    xml.drop(parent, xml.local_name(made))
    place = shapes.insert(parent, xml.local_name(made))
    parent.replace(place, made)
