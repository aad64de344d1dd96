"""What prepare makes of networks, gateways, security groups, route tables, addresses and storage accounts."""

from typing import Any

import pytest
from lxml import etree

from emulator.transform import ArmResource, ClassicUnit, transform
from emulator.transform import names as platform_names

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
NS = 'xmlns="http://schemas.microsoft.com/windowsazure" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'

SECURITY_GROUP = """
<NetworkSecurityGroup><Name>closed</Name><Location>West US</Location><Rules>
  <Rule><Name>let lb in</Name><Type>Inbound</Type><Priority>250</Priority><Action>Allow</Action>
    <SourceAddressPrefix>AZURE_LOADBALANCER</SourceAddressPrefix><SourcePortRange>*</SourcePortRange>
    <DestinationAddressPrefix>VIRTUAL_NETWORK</DestinationAddressPrefix><DestinationPortRange>80-81</DestinationPortRange>
    <Protocol>TCP</Protocol><State>Active</State></Rule>
  <Rule><Name>ALLOW VNET INBOUND</Name><Type>Inbound</Type><Priority>65000</Priority><Action>Allow</Action>
    <SourceAddressPrefix>*</SourceAddressPrefix><Protocol>*</Protocol><IsDefault>true</IsDefault></Rule>
</Rules></NetworkSecurityGroup>"""
ROUTES = """
<RouteTable><Name>routes</Name><RouteList>
  <Route><Name>r</Name><AddressPrefix>0.0.0.0/0</AddressPrefix><NextHopType><Type>{hop}</Type><IpAddress>10.1.0.9</IpAddress></NextHopType></Route>
</RouteList></RouteTable>"""
SITE = """
<VirtualNetworkSite><Name>plant</Name>
  <AddressSpace><AddressPrefixes><AddressPrefix>10.1.0.0/16</AddressPrefix><AddressPrefix>10.2.0.0/16</AddressPrefix></AddressPrefixes></AddressSpace>
  <Subnets>
    <Subnet><Name>front</Name><AddressPrefix>10.1.0.0/24</AddressPrefix><NetworkSecurityGroup>closed</NetworkSecurityGroup><RouteTableName>routes</RouteTableName></Subnet>
    <Subnet><Name>GatewaySubnet</Name><AddressPrefix>10.1.255.0/27</AddressPrefix></Subnet>
  </Subnets>
  <Dns><DnsServers><DnsServer><Name>a</Name><Address>10.1.0.53</Address></DnsServer><DnsServer><Name>b</Name><Address>10.1.0.54</Address></DnsServer></DnsServers></Dns>
  <Gateway><Profile>Small</Profile><Sites>
    <LocalNetworkSite><Name>office</Name><AddressSpace><AddressPrefixes><AddressPrefix>192.168.0.0/24</AddressPrefix></AddressPrefixes></AddressSpace>
      <VpnGatewayAddress>5.5.5.5</VpnGatewayAddress><Connections><Connection><Type>IPsec</Type></Connection></Connections></LocalNetworkSite>
  </Sites><VPNClientAddressPool><AddressPrefixes>{clients}</AddressPrefixes></VPNClientAddressPool></Gateway>
  <Location>West US</Location>
</VirtualNetworkSite>"""
GATEWAY = """
<Gateway><GatewayType>{kind}</GatewayType><State>Provisioned</State><VIPAddress>9.9.9.9</VIPAddress><DefaultSites/>
  <GatewaySize>{size}</GatewaySize></Gateway>"""
ACCOUNT = """
<StorageService><ServiceName>vhds</ServiceName><StorageServiceProperties><Label>dmhkcw==</Label>
  <Endpoints><Endpoint>http://vhds.table.core.windows.net/</Endpoint><Endpoint>https://vhds.blob.core.windows.net/</Endpoint></Endpoints>
  <GeoPrimaryRegion>West US</GeoPrimaryRegion><StatusOfPrimary>Available</StatusOfPrimary>
  <GeoSecondaryRegion>East US</GeoSecondaryRegion><StatusOfSecondary>Available</StatusOfSecondary>
  <CreationTime>2015-06-08T07:23:10Z</CreationTime>{kind}</StorageServiceProperties></StorageService>"""


def element(text: str) -> etree._Element:
    start, _, rest = text.strip().partition(">")
    return etree.fromstring(f"{start} {NS}>{rest}")


def made_of(kind: Any, name: str, **further: Any) -> dict[str, ArmResource]:
    unit = ClassicUnit(SUBSCRIPTION, kind, name, "West US", **further)
    return {f"{r.body['type'].partition('/')[2]}/{r.body['name']}": r for r in transform(unit, lambda _: None)}


def site(clients: str = "") -> etree._Element:
    return element(SITE.replace("{clients}", clients))


def gateway(kind: str = "DynamicRouting", size: str = "Default") -> etree._Element:
    return element(GATEWAY.format(kind=kind, size=size))


def properties(resource: ArmResource) -> dict[str, Any]:
    found: dict[str, Any] = resource.body["properties"]
    return found


def test_a_network_keeps_prefixes_subnets_servers_and_what_is_bound_to_its_subnets() -> None:
    made = made_of(
        "virtualNetwork", "plant", network=site(),
        network_security_groups={"closed": element(SECURITY_GROUP)},
        route_tables={"routes": element(ROUTES.format(hop="Internet"))},
    )  # fmt: skip
    assert list(made) == [
        "resourceGroups/plant-Migrated",
        "networkSecurityGroups/closed",
        "routeTables/routes",
        "virtualNetworks/plant",
    ]
    found = properties(made["virtualNetworks/plant"])
    assert found["addressSpace"] == {"addressPrefixes": ["10.1.0.0/16", "10.2.0.0/16"]}
    assert found["dhcpOptions"] == {"dnsServers": ["10.1.0.53", "10.1.0.54"]}
    front, gateway_subnet = found["subnets"]
    assert front["properties"] == {
        "provisioningState": "Succeeded",
        "addressPrefix": "10.1.0.0/24",
        "networkSecurityGroup": {"id": made["networkSecurityGroups/closed"].id},
        "routeTable": {"id": made["routeTables/routes"].id},
    }
    assert gateway_subnet["name"] == "GatewaySubnet"
    assert gateway_subnet["id"] == f"{made['virtualNetworks/plant'].id}/subnets/GatewaySubnet"


def test_a_security_group_copies_custom_rules_and_ends_with_the_platforms_six() -> None:
    made = made_of("networkSecurityGroup", "closed", network_security_groups={"closed": element(SECURITY_GROUP)})
    found = properties(made["networkSecurityGroups/closed"])
    [rule] = found["securityRules"]
    assert rule["name"] == "let-lb-in"
    assert {
        "direction": "Inbound",
        "priority": 250,
        "access": "Allow",
        "protocol": "Tcp",
        "sourceAddressPrefix": "AzureLoadBalancer",
        "destinationAddressPrefix": "VirtualNetwork",
        "sourcePortRange": "*",
        "destinationPortRange": "80-81",
    }.items() <= rule["properties"].items()
    assert [(default["name"], default["properties"]["priority"]) for default in found["defaultSecurityRules"]] == [
        ("AllowVnetInBound", 65000),
        ("AllowAzureLoadBalancerInBound", 65001),
        ("DenyAllInBound", 65500),
        ("AllowVnetOutBound", 65000),
        ("AllowInternetOutBound", 65001),
        ("DenyAllOutBound", 65500),
    ]


@pytest.mark.parametrize(
    ("classic", "arm", "address"),
    [
        ("VPNGateway", "VirtualNetworkGateway", None),
        ("VNETLocal", "VnetLocal", None),
        ("Internet", "Internet", None),
        ("Null", "None", None),
        ("VirtualAppliance", "VirtualAppliance", "10.1.0.9"),
    ],
)
def test_only_an_appliance_is_a_next_hop_with_an_address(classic: str, arm: str, address: str | None) -> None:
    made = made_of("routeTable", "routes", route_tables={"routes": element(ROUTES.format(hop=classic))})
    [route] = properties(made["routeTables/routes"])["routes"]
    assert route["properties"]["nextHopType"] == arm
    assert route["properties"].get("nextHopIpAddress") == address


@pytest.mark.parametrize(
    ("kind", "size", "seen"),
    [
        ("DynamicRouting", "Default", ("Vpn", "RouteBased", "Basic")),
        ("StaticRouting", "Standard", ("Vpn", "PolicyBased", "Standard")),
        ("DedicatedCircuit", "UltraPerformance", ("ExpressRoute", "RouteBased", "UltraPerformance")),
    ],
)
def test_a_gateway_keeps_kind_size_and_address(kind: str, size: str, seen: tuple[str, str, str]) -> None:
    made = made_of("virtualNetwork", "plant", network=site(), gateway=gateway(kind, size))
    found = properties(made["virtualNetworkGateways/plant-Default-Gateway"])
    assert (found["gatewayType"], found["vpnType"], found["sku"]["name"]) == seen
    [configuration] = found["ipConfigurations"]
    assert configuration["properties"]["subnet"]["id"].endswith("/virtualNetworks/plant/subnets/GatewaySubnet")
    address = made["publicIPAddresses/plant-Default-Gateway-vip"]
    assert configuration["properties"]["publicIPAddress"] == {"id": address.id}
    assert properties(address)["ipAddress"] == "9.9.9.9"


def test_a_site_becomes_a_local_gateway_with_a_connection() -> None:
    made = made_of("virtualNetwork", "plant", network=site(), gateway=gateway())
    local, connection = made["localNetworkGateways/office"], properties(made["connections/plant-office"])
    assert properties(local)["gatewayIpAddress"] == "5.5.5.5"
    assert properties(local)["localNetworkAddressSpace"] == {"addressPrefixes": ["192.168.0.0/24"]}
    assert connection["connectionType"] == "IPsec"
    assert connection["localNetworkGateway2"] == {"id": local.id}
    assert connection["virtualNetworkGateway1"] == {"id": made["virtualNetworkGateways/plant-Default-Gateway"].id}


def test_a_pool_for_clients_is_kept() -> None:
    made = made_of(
        "virtualNetwork", "plant", network=site("<AddressPrefix>172.16.0.0/24</AddressPrefix>"), gateway=gateway()
    )
    found = properties(made["virtualNetworkGateways/plant-Default-Gateway"])
    assert found["vpnClientConfiguration"]["vpnClientAddressPool"] == {"addressPrefixes": ["172.16.0.0/24"]}


def test_a_network_with_sites_but_no_gateway_makes_none() -> None:
    assert list(made_of("virtualNetwork", "plant", network=site())) == [
        "resourceGroups/plant-Migrated",
        "virtualNetworks/plant",
    ]


def test_an_unattached_reserved_address_goes_into_its_own_group() -> None:
    reserved = element(
        "<ReservedIP><Name>press</Name><Address>1.2.3.4</Address><Location>West US</Location></ReservedIP>"
    )
    made = made_of("reservedIp", "press", reserved_ips={"press": reserved})
    assert list(made) == ["resourceGroups/press-Migrated", "publicIPAddresses/press"]
    found = properties(made["publicIPAddresses/press"])
    assert (found["publicIPAllocationMethod"], found["ipAddress"]) == ("Static", "1.2.3.4")
    assert made["publicIPAddresses/press"].body["sku"] == {"name": "Basic"}


@pytest.mark.parametrize(
    ("classic", "sku"),
    [
        ("<AccountType>Standard_LRS</AccountType>", {"name": "Standard_LRS", "tier": "Standard"}),
        ("<AccountType>Standard_ZRS</AccountType>", {"name": "Standard_ZRS", "tier": "Standard"}),
        ("<AccountType>Standard_RAGRS</AccountType>", {"name": "Standard_RAGRS", "tier": "Standard"}),
        ("<AccountType>Premium_LRS</AccountType>", {"name": "Premium_LRS", "tier": "Premium"}),
        ("<GeoReplicationEnabled>true</GeoReplicationEnabled>", {"name": "Standard_GRS", "tier": "Standard"}),
        ("<GeoReplicationEnabled>true</GeoReplicationEnabled><SecondaryReadEnabled>true</SecondaryReadEnabled>", {"name": "Standard_RAGRS", "tier": "Standard"}),
        ("<GeoReplicationEnabled>false</GeoReplicationEnabled>", {"name": "Standard_LRS", "tier": "Standard"}),
    ],
)  # fmt: skip
def test_the_redundancy_of_an_account_is_kept(classic: str, sku: dict[str, str]) -> None:
    made = made_of("storageAccount", "vhds", storage_account=element(ACCOUNT.format(kind=classic)))
    assert made["storageAccounts/vhds"].body["sku"] == sku


def test_an_account_keeps_endpoints_regions_and_age() -> None:
    made = made_of("storageAccount", "vhds", storage_account=element(ACCOUNT.format(kind="")))
    found = made["storageAccounts/vhds"]
    assert (found.body["kind"], found.body["location"]) == ("Storage", "westus")
    assert properties(found) == {
        "primaryEndpoints": {
            "blob": "https://vhds.blob.core.windows.net/",
            "table": "https://vhds.table.core.windows.net/",
        },
        "primaryLocation": "westus",
        "statusOfPrimary": "available",
        "secondaryLocation": "eastus",
        "statusOfSecondary": "available",
        "creationTime": "2015-06-08T07:23:10.0000000Z",
        "supportsHttpsTrafficOnly": False,
        "provisioningState": "Succeeded",
    }


def test_keys_are_kept_and_never_printed() -> None:
    unit = ClassicUnit(
        SUBSCRIPTION,
        "storageAccount",
        "vhds",
        "West US",
        storage_account=element(ACCOUNT.format(kind="")),
        storage_keys=("s3cret-1", "s3cret-2"),
    )
    made = transform(unit, lambda _: None)
    assert made[-1].body["_keys"] == ["s3cret-1", "s3cret-2"]
    assert "s3cret" not in repr(unit) + repr(made)


@pytest.mark.parametrize(
    ("classic", "kept", "group"),
    [
        ("plant", "plant", "plant-Migrated"),
        ("Group Shop plant", "group-Shop-plant", "group-Shop-plant-migrated"),
        ("my network with whitespaces", "my-network-with-whitespaces", "my-network-with-whitespaces-Migrated"),
        ('"my vnet name"', "my-vnet-name", "my-vnet-name-Migrated"),
        ("ne@@wvnet$$%10", "ne-wvnet-10", "ne-wvnet-10-Migrated"),
    ],
)
def test_names_are_kept_as_far_as_they_are_allowed(classic: str, kept: str, group: str) -> None:
    assert (platform_names.kept(classic), platform_names.group(classic)) == (kept, group)
