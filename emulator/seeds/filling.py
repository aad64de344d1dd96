"""What a folder of documents leaves out but names: filled in, so that every document takes part."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from lxml.etree import _Element

from emulator.asm import xml
from emulator.seeds import compute, network, storage
from emulator.seeds.addressing import cover, covering, spare
from emulator.seeds.collection import Collection, Found
from emulator.seeds.model import Account, Network, Subnet

LOCATION = "West US"
_NETWORK_SET = "ConfigurationSets/ConfigurationSet"


def fill(collection: Collection, subscription: str) -> None:
    """Add networks, services, addresses, disks, accounts and groups that the documents refer to."""
    _networks(collection)
    _bindings(collection)
    _services(collection, subscription)
    _reserved_ips(collection)
    _disks(collection)
    _accounts(collection, subscription)
    _affinity_groups(collection)


@dataclass
class _Use:
    """What deployments use of a network: addresses by subnet."""

    subnets: dict[str, list[str]]
    services: list[str]


def _networks(collection: Collection) -> None:
    used: dict[str, _Use] = {}
    for found in collection.all("deployment"):
        if name := xml.text(found.element, "VirtualNetworkName"):
            use = used.setdefault(name, _Use({}, []))
            use.services.append(found.parent)
            for subnet, address in _addresses(found.element):
                addresses = use.subnets.setdefault(subnet, [])
                if address and address not in addresses:
                    addresses.append(address)
    for name, use in used.items():
        known = collection.get("virtualNetwork", name)
        if known is None:
            _new_network(collection, name, use)
        else:
            _missing_subnets(collection, known, use)


def _new_network(collection: Collection, name: str, use: _Use) -> None:
    wanted = use.subnets or {"Subnet-1": []}
    prefixes = cover(wanted)
    subnets = tuple(Subnet(subnet, prefixes[subnet]) for subnet in wanted)
    document = network.site(Network(name, covering(list(prefixes.values())), subnets, location=LOCATION))
    collection.fill("virtualNetwork", name, document, f"hostedService/{use.services[0]}")


def _missing_subnets(collection: Collection, known: Found, use: _Use) -> None:
    """Recorded networks and deployments are not of one moment: a subnet may be used that is not there."""
    element = deepcopy(known.element)
    container = xml.find(element, "Subnets")
    taken = {
        xml.text(each, "Name").lower(): xml.text(each, "AddressPrefix")
        for each in xml.findall(element, "Subnets/Subnet")
    }
    for name, addresses in use.subnets.items():
        if name.lower() in taken or container is None:
            continue
        prefix = spare(list(taken.values()), addresses)
        taken[name.lower()] = prefix
        subnet = [xml.node("Name", name), xml.node("AddressPrefix", prefix)]
        container.append(xml.read(xml.document(xml.node("Subnet", subnet))))
        collection.notes.append(f"virtualNetwork/{known.name}: subnet {name} filled in for {use.services[0]}")
        _widen(element, prefix)
    collection.replace(replace(known, element=element))


def _widen(element: _Element, prefix: str) -> None:
    space = xml.find(element, "AddressSpace/AddressPrefixes")
    if space is not None and not any(
        covering([each.text or "", prefix]) == each.text for each in xml.findall(space, "AddressPrefix")
    ):
        space.append(xml.read(xml.document(xml.node("AddressPrefix", prefix))))


def _addresses(deployment: _Element) -> Iterator[tuple[str, str]]:
    """(subnet, address or nothing) of every role and internal load balancer."""
    instances = {xml.text(each, "RoleName"): each for each in xml.findall(deployment, "RoleInstanceList/RoleInstance")}
    for role in xml.findall(deployment, "RoleList/Role"):
        instance = instances.get(xml.text(role, "RoleName"))
        current = xml.text(instance, "IpAddress") if instance is not None else ""
        fixed = xml.text(role, f"{_NETWORK_SET}/StaticVirtualNetworkIPAddress")
        for subnet in xml.findall(role, f"{_NETWORK_SET}/SubnetNames/SubnetName"):
            yield subnet.text or "", fixed or current
        for each in xml.findall(
            role, f"{_NETWORK_SET}/NetworkInterfaces/NetworkInterface/IPConfigurations/IPConfiguration"
        ):
            yield xml.text(each, "SubnetName"), ""
        if instance is not None:
            for each in xml.findall(instance, "NetworkInterfaces/NetworkInterface/IPConfigurations/IPConfiguration"):
                yield xml.text(each, "SubnetName"), xml.text(each, "Address")
    for balancer in xml.findall(deployment, "LoadBalancers/LoadBalancer/FrontendIpConfiguration"):
        if subnet_name := xml.text(balancer, "SubnetName"):
            yield subnet_name, xml.text(balancer, "StaticVirtualNetworkIPAddress")


def _bindings(collection: Collection) -> None:
    for found in [*collection.all("virtualNetwork"), *collection.all("deployment")]:
        for each in found.element.iter(f"{{{xml.NAMESPACE}}}RouteTableName"):
            if each.text and collection.get("routeTable", each.text) is None:
                why = f"{found.kind}/{found.name}"
                collection.fill("routeTable", each.text, network.route_table(each.text, ()), why)
        for each in found.element.iter(f"{{{xml.NAMESPACE}}}NetworkSecurityGroup"):
            if each.text and collection.get("networkSecurityGroup", each.text) is None:
                why = f"{found.kind}/{found.name}"
                collection.fill("networkSecurityGroup", each.text, network.security_group(each.text, ()), why)


def _services(collection: Collection, subscription: str) -> None:
    for found in collection.all("deployment"):
        if collection.get("hostedService", found.parent) is None:
            where = collection.get("virtualNetwork", xml.text(found.element, "VirtualNetworkName"))
            location = (xml.text(where.element, "Location") if where else "") or LOCATION
            group = xml.text(where.element, "AffinityGroup") if where else ""
            document = compute.hosted_service(subscription, found.parent, location, group or None)
            collection.fill("hostedService", found.parent, document, f"deployment {found.name}")


def _reserved_ips(collection: Collection) -> None:
    for found in collection.all("deployment"):
        name = xml.text(found.element, "ReservedIPName")
        known = collection.get("reservedIp", name) if name else None
        if not name or (known and xml.text(known.element, "ServiceName").lower() == found.parent.lower()):
            continue
        addresses = [
            xml.text(each, "Address")
            for each in xml.findall(found.element, "VirtualIPs/VirtualIP")
            if xml.text(each, "ReservedIPName") == name
        ]
        address = next(iter(addresses), "") or (xml.text(known.element, "Address") if known else "40.64.255.1")
        document = network.reserved_ip(name, address, found.parent, LOCATION)
        collection.fill("reservedIp", name, document, f"deployment {found.name}, which uses it")


def _disks(collection: Collection) -> None:
    for found in collection.all("deployment"):
        service = collection.get("hostedService", found.parent)
        properties = "HostedServiceProperties"
        group = xml.text(service.element, f"{properties}/AffinityGroup") if service else ""
        location = xml.text(service.element, f"{properties}/Location") if service else ""
        for role in xml.findall(found.element, "RoleList/Role"):
            attached = (found.parent, found.name, xml.text(role, "RoleName"))
            for each in [
                *xml.findall(role, "OSVirtualHardDisk"),
                *xml.findall(role, "DataVirtualHardDisks/DataVirtualHardDisk"),
            ]:
                name, os = xml.text(each, "DiskName"), xml.text(each, "OS")
                if not name or collection.get("disk", name):
                    continue
                document = compute.disk(
                    name,
                    xml.text(each, "MediaLink"),
                    int(xml.text(each, "LogicalDiskSizeInGB") or compute.OS_SIZES.get(os, 30)),
                    location=location or LOCATION,
                    affinity_group=group or None,
                    os=os or None,
                    image=xml.text(each, "SourceImageName") or None,
                    attached=attached,
                    io_type=xml.text(each, "IOType") or "Standard",
                )
                collection.fill("disk", name, document, f"role {attached[2]}")


def _accounts(collection: Collection, subscription: str) -> None:
    for found in [*collection.all("disk"), *collection.all("osImage"), *collection.all("vmImage")]:
        for link in found.element.iter(f"{{{xml.NAMESPACE}}}MediaLink"):
            name = (urlsplit(link.text or "").hostname or "").partition(".")[0]
            if name and collection.get("storageAccount", name) is None:
                premium = xml.text(found.element, "IOType") == "Provisioned"
                kind = Account(name, "Premium_LRS" if premium else "Standard_LRS", LOCATION)
                why = f"{found.kind}/{found.name}"
                collection.fill("storageAccount", name, storage.account(subscription, kind), why)


def _affinity_groups(collection: Collection) -> None:
    for found in collection:
        if found.kind == "affinityGroup":
            continue
        for each in found.element.iter(f"{{{xml.NAMESPACE}}}AffinityGroup"):
            if each.text and collection.get("affinityGroup", each.text) is None:
                why = f"{found.kind}/{found.name}"
                document = compute.affinity_group(each.text, LOCATION)
                collection.fill("affinityGroup", each.text, document, why)
