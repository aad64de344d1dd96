"""Estates: real documents in any mix load whole, with what they need and leave out."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from emulator.asm import xml
from emulator.seeds import Synthetic, synthetic
from emulator.seeds.addressing import cover, covering, spare

if TYPE_CHECKING:
    from tests.emulator.conftest import Client

NAMESPACES = 'xmlns="http://schemas.microsoft.com/windowsazure" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
Loaded = Callable[[dict[str, str]], "tuple[Client, dict[str, Any]]"]

DEPLOYMENT = f"""
<Deployment {NAMESPACES}>
  <Name>plant</Name>
  <DeploymentSlot>Production</DeploymentSlot>
  <PrivateID>0625851b582c41c9b36130589d5e528a</PrivateID>
  <Status>Running</Status>
  <Label>cGxhbnQ=</Label>
  <Url>http://plant.cloudapp.net/</Url>
  <RoleInstanceList>
    <RoleInstance>
      <RoleName>boiler</RoleName>
      <InstanceName>boiler</InstanceName>
      <InstanceStatus>ReadyRole</InstanceStatus>
      <InstanceStateDetails/>
      <IpAddress>172.16.5.9</IpAddress>
      <PowerState>Started</PowerState>
    </RoleInstance>
  </RoleInstanceList>
  <RoleList>
    <Role i:type="PersistentVMRole">
      <RoleName>boiler</RoleName>
      <OsVersion/>
      <RoleType>PersistentVMRole</RoleType>
      <ConfigurationSets>
        <ConfigurationSet i:type="NetworkConfigurationSet">
          <ConfigurationSetType>NetworkConfiguration</ConfigurationSetType>
          <SubnetNames><SubnetName>hall</SubnetName></SubnetNames>
        </ConfigurationSet>
      </ConfigurationSets>
      <DataVirtualHardDisks>
        <DataVirtualHardDisk>
          <HostCaching>None</HostCaching>
          <DiskName>boiler-data</DiskName>
          <LogicalDiskSizeInGB>20</LogicalDiskSizeInGB>
          <MediaLink>https://depot.blob.core.windows.net/vhds/boiler-data.vhd</MediaLink>
        </DataVirtualHardDisk>
      </DataVirtualHardDisks>
      <OSVirtualHardDisk>
        <HostCaching>ReadWrite</HostCaching>
        <DiskName>boiler-os</DiskName>
        <MediaLink>https://depot.blob.core.windows.net/vhds/boiler-os.vhd</MediaLink>
        <OS>Linux</OS>
      </OSVirtualHardDisk>
      <RoleSize>Small</RoleSize>
    </Role>
  </RoleList>
  <VirtualNetworkName>Group works hall 7</VirtualNetworkName>
  <VirtualIPs>
    <VirtualIP>
      <Address>40.0.0.7</Address>
      <IsDnsProgrammed>true</IsDnsProgrammed>
      <Name>works-ip</Name>
      <IsReserved>true</IsReserved>
      <ReservedIPName>works-ip</ReservedIPName>
    </VirtualIP>
  </VirtualIPs>
  <ReservedIPName>works-ip</ReservedIPName>
  <LoadBalancers/>
</Deployment>"""


def site(name: str, more: str = "") -> str:
    return (
        f"<VirtualNetworkSite><Name>{name}</Name><Id>6cd278e9-e00e-4992-b42e-24e680cfcc80</Id><State>Created</State>"
        "<AddressSpace><AddressPrefixes><AddressPrefix>192.168.0.0/16</AddressPrefix></AddressPrefixes></AddressSpace>"
        f"<Subnets/>{more}<Location>East US</Location></VirtualNetworkSite>"
    )


def sites(*content: str) -> str:
    return f"<VirtualNetworkSites {NAMESPACES}>{''.join(content)}</VirtualNetworkSites>"


def test_one_deployment_brings_everything_it_names_and_migrates(loaded: Loaded) -> None:
    client, summary = loaded({"deployment.xml": DEPLOYMENT})
    assert summary["loaded"] == {
        "deployment": 1,
        "disk": 2,
        "hostedService": 1,
        "reservedIp": 1,
        "storageAccount": 1,
        "storageKeys": 1,
        "virtualNetwork": 1,
    }
    network = client.asm("GET", "services/networking/virtualnetwork")
    assert network.all("Name") == ["Group works hall 7", "hall"]
    assert network.all("AddressPrefix") == ["172.16.0.0/16", "172.16.5.0/24"]
    address = client.asm("GET", "services/networking/reservedips/works-ip")
    assert (address.one("Address"), address.one("ServiceName"), address.one("InUse")) == ("40.0.0.7", "plant", "true")
    assert client.asm("GET", "services/disks").all("RoleName") == ["boiler", "boiler"]
    assert client.asm("GET", "services/storageservices").all("ServiceName") == ["depot"]
    for unit in ("virtualNetwork/Group works hall 7", "storageAccount/depot"):
        client.done(unit, "prepare")
        client.done(unit, "commit")
    machines = client.arm("GET", "providers/Microsoft.Compute/virtualMachines").json["value"]
    assert [each["name"] for each in machines] == ["boiler"]


def test_a_document_is_answered_as_it_was_recorded(loaded: Loaded) -> None:
    client, _ = loaded({"deployment.xml": DEPLOYMENT})
    recorded = re.sub(r">\s+<", "><", DEPLOYMENT.strip())
    assert client.asm("GET", "services/hostedservices/plant/deploymentslots/production").text == recorded


def test_a_network_gets_the_subnet_that_a_later_deployment_uses(loaded: Loaded) -> None:
    client, summary = loaded({"a.xml": sites(site("Group works hall 7")), "b.xml": DEPLOYMENT})
    assert any("subnet hall filled in" in note for note in summary["notes"])
    network = client.asm("GET", "services/networking/virtualnetwork")
    assert network.all("AddressPrefix") == ["192.168.0.0/16", "172.16.5.0/24", "172.16.5.0/24"]
    client.done("virtualNetwork/Group works hall 7", "prepare")


def test_of_two_documents_of_one_thing_the_fuller_one_is_used(loaded: Loaded) -> None:
    dns = "<Dns><DnsServers><DnsServer><Name>d</Name><Address>1.1.1.1</Address></DnsServer></DnsServers></Dns>"
    client, summary = loaded({"a.xml": sites(site("twice", dns)), "b.xml": sites(site("TWICE"))})
    assert summary["notes"] == ["virtualNetwork/TWICE: in a.xml and b.xml; a.xml is used"]
    assert client.asm("GET", "services/networking/virtualnetwork").all("Address") == ["1.1.1.1"]


def test_a_network_configuration_makes_networks_and_comes_back(loaded: Loaded) -> None:
    text = (
        '<NetworkConfiguration xmlns="http://schemas.microsoft.com/ServiceHosting/2011/07/NetworkConfiguration">'
        '<VirtualNetworkConfiguration><Dns><DnsServers><DnsServer name="d1" IPAddress="1.2.3.4"/></DnsServers></Dns>'
        '<LocalNetworkSites><LocalNetworkSite name="office"><AddressSpace><AddressPrefix>10.2.0.0/16</AddressPrefix>'
        "</AddressSpace><VPNGatewayAddress>200.200.200.200</VPNGatewayAddress></LocalNetworkSite></LocalNetworkSites>"
        '<VirtualNetworkSites><VirtualNetworkSite name="&quot;my vnet&quot;" AffinityGroup="AF2"><AddressSpace>'
        '<AddressPrefix>10.0.0.0/20</AddressPrefix></AddressSpace><Subnets><Subnet name="Subnet-1"><AddressPrefix>'
        "10.0.0.0/23</AddressPrefix></Subnet></Subnets><Gateway><ConnectionsToLocalNetwork><LocalNetworkSiteRef "
        'name="office"><Connection type="IPsec"/></LocalNetworkSiteRef></ConnectionsToLocalNetwork></Gateway>'
        '<DnsServersRef><DnsServerRef name="d1"/></DnsServersRef></VirtualNetworkSite></VirtualNetworkSites>'
        "</VirtualNetworkConfiguration></NetworkConfiguration>"
    )
    client, summary = loaded({"netcfg.xml": text})
    assert summary["loaded"] == {"affinityGroup": 1, "dnsServer": 1, "localNetworkSite": 1, "virtualNetwork": 1}
    network = client.asm("GET", "services/networking/virtualnetwork")
    assert network.all("Name") == ['"my vnet"', "Subnet-1", "d1", "office"]
    assert (network.one("AffinityGroup"), network.one("VpnGatewayAddress")) == ("AF2", "200.200.200.200")
    media = client.asm("GET", "services/networking/media").text
    for part in ('name="&quot;my vnet&quot;" AffinityGroup="AF2"', '<Connection type="IPsec" />', "10.0.0.0/23"):
        assert part in media


def test_a_role_alone_gets_a_deployment_around_it(loaded: Loaded) -> None:
    role = re.search(r"<Role i:type.*</Role>", re.sub(r">\s+<", "><", DEPLOYMENT))
    assert role
    text = role[0].replace('<Role i:type="PersistentVMRole">', f"<PersistentVMRole {NAMESPACES}>")
    client, _ = loaded({"role.xml": text.replace("</Role>", "</PersistentVMRole>")})
    assert client.asm("GET", "services/hostedservices/boiler/deployments/boiler/roles/boiler").status == 200
    client.done("virtualNetwork/boiler-vnet", "prepare")


def test_what_says_nothing_about_an_estate_is_named_and_left_out(loaded: Loaded) -> None:
    error = f"<Error {NAMESPACES}><Code>BadRequest</Code><Message>No.</Message></Error>"
    _, summary = loaded({"error.xml": error})
    assert summary["loaded"] == {}
    assert summary["notes"] == ["error.xml: a Error says nothing about an estate and is ignored"]


def test_illegal_character_references_of_real_extension_output_are_read(loaded: Loaded) -> None:
    text = DEPLOYMENT.replace("<InstanceStateDetails/>", "<InstanceStateDetails>&#x1B;[31mred</InstanceStateDetails>")
    client, _ = loaded({"deployment.xml": text})
    reply = client.asm("GET", "services/hostedservices/plant/deploymentslots/production")
    assert reply.one("InstanceStateDetails") == "�[31mred"


def test_seeding_again_makes_the_subscription_anew(client: Client) -> None:
    client.done("virtualNetwork/contoso-vnet", "prepare")
    client.control("seed", {"estate": "contoso", "subscription": client.subscription})
    assert not client.asm("GET", "services/networking/virtualnetwork").all("MigrationState")
    assert not client.arm("GET", "resources").json["value"]
    client.done("virtualNetwork/contoso-vnet", "prepare")


def test_subscriptions_live_side_by_side(client: Client, loaded: Loaded) -> None:
    other, _ = loaded({"deployment.xml": DEPLOYMENT})
    assert other.asm("GET", "services/hostedservices").all("ServiceName") == ["plant"]
    assert "contoso-web" in client.asm("GET", "services/hostedservices").all("ServiceName")
    seeded = {each["subscription"] for each in client.control("seed")}
    assert {client.subscription, other.subscription} <= seeded


def test_a_synthetic_estate_has_the_wanted_size_and_migrates(client: Client) -> None:
    wanted = {"vnets": 2, "services_per_vnet": 3, "vms_per_service": 4, "storage_accounts": 2, "seed": 5}
    loaded = client.control("seed", {"synthetic": wanted, "subscription": client.subscription})["loaded"]
    assert (loaded["virtualNetwork"], loaded["deployment"], loaded["storageAccount"]) == (2, 6, 2)
    client.done("virtualNetwork/syn5-vnet-0001", "prepare")
    machines = client.arm("GET", "providers/Microsoft.Compute/virtualMachines").json["value"]
    assert len(machines) == 12


def test_a_synthetic_estate_is_the_same_each_time() -> None:
    one, two = (synthetic(Synthetic(vnets=2, vms_per_service=3, seed=9)) for _ in range(2))
    assert one == two
    assert one != synthetic(Synthetic(vnets=2, vms_per_service=3, seed=10))
    networks = [xml.read(each.xml) for each in one.documents]
    assert sum(etree.QName(each).localname == "VirtualNetworkSite" for each in networks) == 2


@pytest.mark.parametrize(
    ("subnets", "prefixes"),
    [
        ({"a": ["10.0.0.4"]}, {"a": "10.0.0.0/24"}),
        ({"a": ["10.0.0.4", "10.0.1.4"]}, {"a": "10.0.0.0/23"}),
        ({"a": []}, {"a": "10.0.0.0/24"}),
        ({"a": ["10.0.0.4"], "b": ["10.0.0.200"]}, {"a": "10.0.0.0/24", "b": "10.0.1.0/24"}),
        ({"a": [], "b": ["10.0.0.4"]}, {"b": "10.0.0.0/24", "a": "10.0.1.0/24"}),
        ({"a": ["not an address"]}, {"a": "10.0.0.0/24"}),
    ],
)
def test_subnets_are_drawn_around_their_addresses(subnets: dict[str, list[str]], prefixes: dict[str, str]) -> None:
    assert cover(subnets) == prefixes


def test_an_address_space_holds_its_subnets() -> None:
    assert covering(["10.0.1.0/24", "10.0.2.0/24"]) == "10.0.0.0/16"
    assert covering(["10.0.1.0/24", "10.3.2.0/24"]) == "10.0.0.0/14"
    assert spare(["10.0.0.0/24", "10.0.1.0/24"], []) == "10.0.2.0/24"
    assert all(left < right for left, right in pairwise([spare([], ["10.0.0.9"]), spare(["10.0.0.0/24"], [])]))
