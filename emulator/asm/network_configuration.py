"""`GET services/networking/media`: the network configuration file, derived from what is there now."""

from collections.abc import Iterable

from lxml import etree
from lxml.etree import _Element

from emulator.asm import xml
from emulator.store import Store

_NAMESPACE = "http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration"
_ROOT = (
    '<NetworkConfiguration xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    f' xmlns:xsi="{xml.INSTANCE}" xmlns="{_NAMESPACE}"/>'
)
_DECLARATION = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\r\n'


def network_configuration(store: Store, subscription: str) -> bytes:
    """The file as it goes over the wire: byte order mark, CRLF, indented, ` />` (recorded)."""
    sites = [xml.read(row.document) for row in store.classic_list(subscription, "virtualNetwork")]
    servers = [xml.read(row.document) for row in store.classic_list(subscription, "dnsServer")]
    locals_ = [xml.read(row.document) for row in store.classic_list(subscription, "localNetworkSite")]
    servers += [each for site in sites for each in xml.findall(site, "Dns/DnsServers/DnsServer")]
    locals_ += [each for site in sites for each in xml.findall(site, "Gateway/Sites/LocalNetworkSite")]
    root = etree.fromstring(_ROOT)
    configuration = _add(root, "VirtualNetworkConfiguration")
    dns = _add(configuration, "Dns")
    if servers:
        _dns_servers(_add(dns, "DnsServers"), servers)
    if locals_:
        _local_sites(_add(configuration, "LocalNetworkSites"), locals_)
    if sites:
        container = _add(configuration, "VirtualNetworkSites")
        for site in sites:
            _site(container, site)
    etree.indent(root, "  ")
    lines = etree.tostring(root, encoding="utf-8", xml_declaration=False)
    return _DECLARATION + lines.replace(b"/>", b" />").replace(b"\n", b"\r\n")


def _dns_servers(parent: _Element, servers: Iterable[_Element]) -> None:
    for name, server in _by_name(servers).items():
        _add(parent, "DnsServer", name=name, IPAddress=xml.text(server, "Address"))


def _local_sites(parent: _Element, sites: Iterable[_Element]) -> None:
    for name, site in _by_name(sites).items():
        local = _add(parent, "LocalNetworkSite", name=name)
        _address_space(local, site)
        if address := xml.text(site, "VpnGatewayAddress"):
            _add(local, "VPNGatewayAddress").text = address


def _site(parent: _Element, site: _Element) -> None:
    attributes = {"name": xml.text(site, "Name")}
    for tag in ("AffinityGroup", "Location"):
        if value := xml.text(site, tag):
            attributes[tag] = value
    written = _add(parent, "VirtualNetworkSite", **attributes)
    _address_space(written, site)
    subnets = xml.findall(site, "Subnets/Subnet")
    if subnets:
        container = _add(written, "Subnets")
        for subnet in subnets:
            _add(_add(container, "Subnet", name=xml.text(subnet, "Name")), "AddressPrefix").text = xml.text(
                subnet, "AddressPrefix"
            )
    if servers := xml.findall(site, "Dns/DnsServers/DnsServer"):
        references = _add(written, "DnsServersRef")
        for server in servers:
            _add(references, "DnsServerRef", name=xml.text(server, "Name"))
    if locals_ := xml.findall(site, "Gateway/Sites/LocalNetworkSite"):
        connections = _add(_add(written, "Gateway"), "ConnectionsToLocalNetwork")
        for local in locals_:
            reference = _add(connections, "LocalNetworkSiteRef", name=xml.text(local, "Name"))
            for connection in xml.findall(local, "Connections/Connection"):
                _add(reference, "Connection", type=xml.text(connection, "Type"))


def _address_space(parent: _Element, source: _Element) -> None:
    space = _add(parent, "AddressSpace")
    for prefix in xml.findall(source, "AddressSpace/AddressPrefixes/AddressPrefix"):
        _add(space, "AddressPrefix").text = prefix.text


def _by_name(elements: Iterable[_Element]) -> dict[str, _Element]:
    found: dict[str, _Element] = {}
    for element in elements:
        found.setdefault(xml.text(element, "Name"), element)
    return found


def _add(parent: _Element, tag: str, **attributes: str) -> _Element:
    return etree.SubElement(parent, f"{{{_NAMESPACE}}}{tag}", attributes)
