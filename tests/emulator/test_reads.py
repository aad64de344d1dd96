"""Reads of the classic plane have the recorded shape: namespaces, order, empty and absent elements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from lxml import etree

if TYPE_CHECKING:
    from tests.emulator.conftest import Client

NAMESPACES = ' xmlns="http://schemas.microsoft.com/windowsazure" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
READS = {
    "": "Subscription",
    "locations": "Locations",
    "affinitygroups": "AffinityGroups",
    "affinitygroups/contoso-ag": "AffinityGroup",
    "services/hostedservices": "HostedServices",
    "services/hostedservices/contoso-web": "HostedService",
    "services/hostedservices/contoso-web?embed-detail=true": "HostedService",
    "services/hostedservices/contoso-web/certificates": "Certificates",
    "services/hostedservices/contoso-web/deploymentslots/Production": "Deployment",
    "services/hostedservices/contoso-web/deployments/contoso-web": "Deployment",
    "services/hostedservices/contoso-app/deployments/contoso-app/roles/app1": "PersistentVMRole",
    "services/networking/virtualnetwork": "VirtualNetworkSites",
    "services/networking/networksecuritygroups": "NetworkSecurityGroups",
    "services/networking/networksecuritygroups/contoso-web-nsg": "NetworkSecurityGroup",
    "services/networking/networksecuritygroups/contoso-web-nsg?detaillevel=Full": "NetworkSecurityGroup",
    "services/networking/routetables": "RouteTables",
    "services/networking/routetables/contoso-app-routes": "RouteTable",
    "services/networking/routetables/contoso-app-routes?detailLevel=Full": "RouteTable",
    "services/networking/virtualnetwork/contoso-vnet/subnets/app/routetables": "RouteTableAssociation",
    "services/networking/virtualnetwork/contoso-vnet/subnets/web/networksecuritygroups": "NetworkSecurityGroup",
    "services/networking/reservedips": "ReservedIPs",
    "services/networking/reservedips/contoso-web-ip": "ReservedIP",
    "services/networking/contoso-vnet/gateway": "Gateway",
    "services/networking/contoso-vnet/gateway/connections": "Connections",
    "services/storageservices": "StorageServices",
    "services/storageservices/contosovhds": "StorageService",
    "services/storageservices/contosovhds/keys": "StorageService",
    "services/storageservices/operations/isavailable/free4all": "AvailabilityResponse",
    "services/disks": "Disks",
    "services/disks/contoso-unattached": "Disk",
    "services/images": "Images",
    "services/vmimages": "VMImages",
}


@pytest.mark.parametrize(("path", "root"), READS.items(), ids=READS)
def test_a_document_is_one_line_with_both_declarations_on_its_root(client: Client, path: str, root: str) -> None:
    reply = client.asm("GET", path)
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/xml; charset=utf-8"
    assert reply.headers["cache-control"] == "no-cache"
    assert re.fullmatch(r"[0-9a-f]{32}", reply.headers["x-ms-request-id"])
    assert re.match(rf"<{root}{re.escape(NAMESPACES)}/?>", reply.text)
    assert "\n" not in reply.text
    assert reply.text.count("xmlns") == 2
    # Empty elements are closed in place.
    assert not re.search(r"<([\w:]+)[^>]*></\1>", reply.text)
    etree.fromstring(reply.body)


def children(document: str, path: str) -> list[str]:
    found = etree.fromstring(document.encode()).find("/".join(f"{{*}}{step}" for step in path.split("/")))
    assert found is not None
    return [etree.QName(each).localname for each in found]


WEB = "services/hostedservices/contoso-web/deploymentslots/Production"
APP = "services/hostedservices/contoso-app/deploymentslots/Production"
ORDERS = {
    "the first data disk has no LUN": (
        APP,
        "RoleList/Role/DataVirtualHardDisks/DataVirtualHardDisk",
        ["HostCaching", "DiskLabel", "DiskName", "LogicalDiskSizeInGB", "MediaLink", "IOType"],
    ),
    "an endpoint": (
        WEB,
        "RoleList/Role/ConfigurationSets/ConfigurationSet/InputEndpoints/InputEndpoint",
        [
            "LoadBalancedEndpointSetName",
            "LocalPort",
            "Name",
            "Port",
            "LoadBalancerProbe",
            "Protocol",
            "Vip",
            "EnableDirectServerReturn",
            "IdleTimeoutInMinutes",
        ],
    ),
    "a probe": (
        WEB,
        "RoleList/Role/ConfigurationSets/ConfigurationSet/InputEndpoints/InputEndpoint/LoadBalancerProbe",
        ["Path", "Port", "Protocol", "IntervalInSeconds", "TimeoutInSeconds"],
    ),
    "a reserved address": (
        WEB,
        "VirtualIPs/VirtualIP",
        ["Address", "IsDnsProgrammed", "Name", "IsReserved", "ReservedIPName"],
    ),
    "a role": (
        WEB,
        "RoleList/Role",
        [
            "RoleName",
            "OsVersion",
            "RoleType",
            "ConfigurationSets",
            "ResourceExtensionReferences",
            "AvailabilitySetName",
            "DataVirtualHardDisks",
            "OSVirtualHardDisk",
            "RoleSize",
            "ProvisionGuestAgent",
        ],
    ),
    "a deallocated instance": (
        "services/hostedservices/contoso-batch/deploymentslots/Production",
        "RoleInstanceList/RoleInstance[2]",
        ["RoleName", "InstanceName", "InstanceStatus", "PowerState"],
    ),
}


@pytest.mark.parametrize(("path", "place", "order"), ORDERS.values(), ids=ORDERS)
def test_elements_come_in_wire_order(client: Client, path: str, place: str, order: list[str]) -> None:
    assert children(client.asm("GET", path).text, place) == order


def test_a_role_alone_has_less_than_in_its_deployment(client: Client) -> None:
    role = client.asm("GET", "services/hostedservices/contoso-web/deployments/contoso-web/roles/web1").text
    assert not re.search("<Vip>|<ResourceExtensionReferences|i:type=.PersistentVMRole", role)
    batch = client.asm("GET", "services/hostedservices/contoso-batch/deployments/contoso-batch/roles/batch1").text
    assert "<SubnetNames" not in batch


@pytest.mark.parametrize(
    ("brief", "full", "detail"),
    [
        (
            "services/networking/networksecuritygroups/contoso-web-nsg",
            "services/networking/networksecuritygroups/contoso-web-nsg?detaillevel=Full",
            "Rule",
        ),
        (
            "services/networking/routetables/contoso-app-routes?detailLevel=5",
            "services/networking/routetables/contoso-app-routes?detailLevel=Full",
            "RouteList",
        ),
        ("services/hostedservices/contoso-web", "services/hostedservices", "ComputeCapabilities"),
        ("services/storageservices", "services/storageservices/contosovhds", "Capabilities"),
        (
            "services/hostedservices/contoso-web",
            "services/hostedservices/contoso-web?embed-detail=true",
            "Deployments",
        ),
    ],
)
def test_details_are_only_where_they_were_recorded(client: Client, brief: str, full: str, detail: str) -> None:
    assert f"<{detail}>" not in client.asm("GET", brief).text
    assert f"<{detail}>" in client.asm("GET", full).text


def test_the_network_configuration_is_text_with_a_byte_order_mark(client: Client) -> None:
    reply = client.asm("GET", "services/networking/media")
    assert reply.headers["content-type"] == "text/plain"
    assert reply.body.startswith(
        b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\r\n<NetworkConfiguration xmlns:xsd='
    )
    lines = [
        (
            '<NetworkConfiguration xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
            ' xmlns="http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration">'
        ),
        "  <VirtualNetworkConfiguration>",
        "    <Dns>",
        "      <DnsServers>",
        '        <DnsServer name="contoso-dns" IPAddress="10.1.2.10" />',
        "      </DnsServers>",
        "    </Dns>",
        "    <LocalNetworkSites>",
        '      <LocalNetworkSite name="contoso-office">',
        "        <AddressSpace>",
        "          <AddressPrefix>192.168.0.0/16</AddressPrefix>",
        "        </AddressSpace>",
        "        <VPNGatewayAddress>203.0.113.10</VPNGatewayAddress>",
        "      </LocalNetworkSite>",
        "    </LocalNetworkSites>",
        "    <VirtualNetworkSites>",
        '      <VirtualNetworkSite name="contoso-vnet" Location="West US">',
        "        <AddressSpace>",
        "          <AddressPrefix>10.1.0.0/16</AddressPrefix>",
        "        </AddressSpace>",
        "        <Subnets>",
        '          <Subnet name="web">',
        "            <AddressPrefix>10.1.1.0/24</AddressPrefix>",
        "          </Subnet>",
        '          <Subnet name="app">',
        "            <AddressPrefix>10.1.2.0/24</AddressPrefix>",
        "          </Subnet>",
        "        </Subnets>",
        "        <DnsServersRef>",
        '          <DnsServerRef name="contoso-dns" />',
        "        </DnsServersRef>",
        "      </VirtualNetworkSite>",
        '      <VirtualNetworkSite name="contoso-paas-vnet" Location="West US">',
        "        <AddressSpace>",
        "          <AddressPrefix>10.9.0.0/16</AddressPrefix>",
        "        </AddressSpace>",
        "        <Subnets>",
        '          <Subnet name="default">',
        "            <AddressPrefix>10.9.0.0/24</AddressPrefix>",
        "          </Subnet>",
        "        </Subnets>",
        "      </VirtualNetworkSite>",
        '      <VirtualNetworkSite name="contoso-nic-vnet" Location="West US">',
    ]
    assert reply.text.split("\r\n")[1 : len(lines) + 1] == lines
    connection = [
        "        <Gateway>",
        "          <ConnectionsToLocalNetwork>",
        '            <LocalNetworkSiteRef name="contoso-office">',
        '              <Connection type="IPsec" />',
        "            </LocalNetworkSiteRef>",
        "          </ConnectionsToLocalNetwork>",
        "        </Gateway>",
    ]
    assert "\r\n".join(connection) in reply.text
    assert reply.text.endswith("\r\n  </VirtualNetworkConfiguration>\r\n</NetworkConfiguration>")


def test_an_operation_is_polled_by_the_request_id_and_answers_its_dashed_form(client: Client) -> None:
    client.control("latency", {"prepare": 1000})
    try:
        accepted = client.migrate("virtualNetwork/contoso-vnet", "prepare")
    finally:
        client.control("latency", {"prepare": 0})
    assert (accepted.status, accepted.body, accepted.headers["content-length"]) == (202, b"", "0")
    assert accepted.headers["content-type"] is None
    number = accepted.headers["x-ms-request-id"]
    dashed = "-".join((number[:8], number[8:12], number[12:16], number[16:20], number[20:]))
    running = client.asm("GET", f"operations/{number}")
    assert running.text.endswith(f"<ID>{dashed}</ID><Status>InProgress</Status></Operation>")
    assert running.headers["x-ms-request-id"] != number
    client.control("clock", {"advance": 1000})
    ended = client.asm("GET", f"operations/{dashed}")
    assert ended.text.endswith("<Status>Succeeded</Status><HttpStatusCode>200</HttpStatusCode></Operation>")


def test_an_affinity_group_lists_who_is_in_it_now(client: Client) -> None:
    assert client.asm("GET", "affinitygroups/contoso-ag").all("ServiceName") == ["contoso-batch"]
    client.done("hostedService/contoso-batch", "prepare")
    client.done("hostedService/contoso-batch", "commit")
    assert "<HostedServices/>" in client.asm("GET", "affinitygroups/contoso-ag").text
