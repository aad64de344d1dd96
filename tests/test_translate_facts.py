"""One case per fact: what it becomes, above all where other tools got it wrong."""

from typing import Any

import pytest

from tests.promising import LOOKOUT, TASTING, VINEYARD, Edit, at, bodies, promised

# Where a fact ends up: the unit, and the resource's type and name.
PRESS_LB = (VINEYARD, "loadBalancers/press-lb")
PRESS_INNER = (VINEYARD, "loadBalancers/press-inner")
PRESS1_NIC = (VINEYARD, "networkInterfaces/press1-nic")
PRESS1_INNER = (VINEYARD, "networkInterfaces/press1-inner")
PRESS2_NIC = (VINEYARD, "networkInterfaces/press2-nic")
PRESS1_OWN = (VINEYARD, "publicIPAddresses/press1-own")
PRESS_ADDRESS = (VINEYARD, "publicIPAddresses/press-address")
BARRELS_VIP = (VINEYARD, "publicIPAddresses/barrels-vip")
THE_VINEYARD = (VINEYARD, "virtualNetworks/vineyard")
THROUGH_APPLIANCE = (VINEYARD, "routeTables/through-appliance")
SPARE_ROUTES = ("routeTable/spare-routes", "routeTables/spare-routes")
FRONT_GUARD = (VINEYARD, "networkSecurityGroups/front-guard")
PRESS1 = (VINEYARD, "virtualMachines/press1")
BARREL1 = (VINEYARD, "virtualMachines/barrel1")
PRESS2 = (VINEYARD, "virtualMachines/press2")
SCRIPT = (VINEYARD, "virtualMachines/press1/extensions/Script")
GLASS1_NIC = (TASTING, "networkInterfaces/glass1-nic")
TASTING_VIP = (TASTING, "publicIPAddresses/Tasting-vip")
GLASS1 = (TASTING, "virtualMachines/glass1")
VINEYARDDISKS = ("storageAccount/vineyarddisks", "storageAccounts/vineyarddisks")
LOOKOUT_DEFAULT_GATEWAY = (LOOKOUT, "virtualNetworkGateways/lookout-Default-Gateway")
LOOKOUT_GATEWAY_VIP = (LOOKOUT, "publicIPAddresses/lookout-gateway-vip")
HARBOUR = (LOOKOUT, "localNetworkGateways/harbour")
LOOKOUT_MOUNTAIN = (LOOKOUT, "connections/lookout-mountain")
THE_LOOKOUT = (LOOKOUT, "virtualNetworks/lookout")
KV_PRESS = (VINEYARD, "vaults/KV-press")
SPARE_ADDRESS = ("reservedIp/spare-address", "publicIPAddresses/spare-address")
CHEF = (VINEYARD, "virtualMachines/press1/extensions/Chef")
GROUP_OLD_VINEYARD = ("virtualNetwork/Group old vineyard", "virtualNetworks/group-old-vineyard")
IP = "ipConfigurations[ipconfig1]"

FACTS = [
    pytest.param(PRESS_LB, "probes[web].protocol", "Http", id="a probe speaks its own protocol"),
    pytest.param(PRESS_LB, "probes[talk].requestPath", None, id="tcp probes ask no path"),
    pytest.param(PRESS_LB, "probes[web].numberOfProbes", 2, id="31 seconds at 15 are two probes"),
    pytest.param(PRESS_INNER, "probes[inner].numberOfProbes", 1, id="30 seconds at 18 are one probe"),
    pytest.param(PRESS_LB, "probes[talk].intervalInSeconds", 15, id="a silent probe asks every 15 s"),
    pytest.param(PRESS_LB, "loadBalancingRules[talk].protocol", "Udp", id="udp stays udp"),
    pytest.param(PRESS_LB, "loadBalancingRules[talk].idleTimeoutInMinutes", 4, id="without one it is four minutes"),
    pytest.param(PRESS_LB, "loadBalancingRules[talk].loadDistribution", "SourceIP", id="distribution is kept"),
    pytest.param(
        PRESS_INNER,
        "frontendIPConfigurations[default].privateIPAddress",
        "10.20.2.100",
        id="an internal balancer keeps its address",
    ),
    pytest.param(
        PRESS1_NIC,
        f"{IP}.loadBalancerBackendAddressPools",
        ["default", "default"],
        id="a machine with sets on both balancers is in both pools",
    ),
    pytest.param(
        PRESS1_NIC,
        f"{IP}.loadBalancerInboundNatRules",
        ["press1-Remote-Desktop"],
        id="an endpoint without a set leads to its own machine only",
    ),
    pytest.param(PRESS1_INNER, f"{IP}.privateIPAddress", "10.20.2.10", id="a further interface keeps its address"),
    pytest.param(PRESS1_INNER, "enableIPForwarding", True, id="forwarding is kept"),
    pytest.param(PRESS1_NIC, "networkSecurityGroup", "machine-guard", id="a machine's own guard"),
    pytest.param(PRESS1_NIC, f"{IP}.privateIPAllocationMethod", "Static", id="a static address stays static"),
    pytest.param(PRESS2_NIC, f"{IP}.privateIPAddress", "10.20.1.11", id="a dynamic address inside a network is kept"),
    pytest.param(PRESS2_NIC, "dnsSettings.dnsServers", ["10.20.9.9"], id="own name servers"),
    pytest.param(PRESS1_OWN, "publicIPAllocationMethod", "Dynamic", id="and stays dynamic"),
    pytest.param(PRESS1_OWN, "idleTimeoutInMinutes", 10, id="and keeps its timeout"),
    pytest.param(PRESS_ADDRESS, "ipAddress", "52.0.0.20", id="and is the same address"),
    pytest.param(
        PRESS_ADDRESS, "dnsSettings.domainNameLabel", "press", id="the service's name goes to its first address"
    ),
    pytest.param(BARRELS_VIP, "ipAddress", "52.0.0.40", id="a running address is kept in a network"),
    pytest.param(
        THE_VINEYARD,
        "dhcpOptions.dnsServers",
        ["10.20.2.4", "10.20.1.4"],
        id="name servers in the order in which they are asked",
    ),
    pytest.param(THE_VINEYARD, "subnets[front].networkSecurityGroup", "front-guard", id="a guarded subnet"),
    pytest.param(THE_VINEYARD, "subnets[back].routeTable", "through-appliance", id="a routed subnet"),
    pytest.param(THROUGH_APPLIANCE, "routes[out].nextHopType", "VirtualAppliance", id="hop: appliance"),
    pytest.param(THROUGH_APPLIANCE, "routes[out].nextHopIpAddress", "10.20.1.9", id="hop: its address"),
    pytest.param(THROUGH_APPLIANCE, "routes[hole].nextHopType", "None", id="hop: nowhere"),
    pytest.param(SPARE_ROUTES, "routes[local].nextHopType", "VnetLocal", id="hop: local"),
    pytest.param(FRONT_GUARD, "securityRules[web-in].sourceAddressPrefix", "Internet", id="tag: Internet"),
    pytest.param(
        FRONT_GUARD, "securityRules[web-in].destinationAddressPrefix", "VirtualNetwork", id="tag: VirtualNetwork"
    ),
    pytest.param(
        FRONT_GUARD, "securityRules[ask-out].sourceAddressPrefix", "AzureLoadBalancer", id="tag: AzureLoadBalancer"
    ),
    pytest.param(FRONT_GUARD, "securityRules[DENY ALL INBOUND]", None, id="default rules are ARM's own"),
    pytest.param(
        PRESS1,
        "storageProfile.osDisk.vhd.uri",
        "https://vineyarddisks.blob.core.windows.net/vhds/press1.vhd",
        id="the disk stays where it is",
    ),
    pytest.param(
        PRESS1,
        "osProfile.windowsConfiguration.winRM.listeners",
        [{"protocol": "Https"}],
        id="remote management of a machine whose service holds its certificate",
    ),
    pytest.param(PRESS2, "osProfile", None, id="any other attached machine has no profile"),
    pytest.param(PRESS1, "licenseType", "Windows_Server", id="a licence is kept"),
    pytest.param(
        PRESS1,
        "diagnosticsProfile.bootDiagnostics.storageUri",
        "https://vineyarddisks.blob.core.windows.net/",
        id="boot diagnostics go to the account that holds the screenshot",
    ),
    pytest.param(BARREL1, "availabilitySet", "barrels-as", id="a set is made for others"),
    pytest.param(PRESS1, "hardwareProfile.vmSize", "Standard_A3", id="Large is A3"),
    pytest.param(BARREL1, "hardwareProfile.vmSize", "Standard_A5", id="A5"),
    pytest.param(SCRIPT, "typeHandlerVersion", "1.0", id="1.* is 1.0 and newer"),
    pytest.param(SCRIPT, "autoUpgradeMinorVersion", True, id="1.* upgrades itself"),
    pytest.param(SCRIPT, "settings", {"command": "Echo", "times": 3, "log": True}, id="public settings are decoded"),
    pytest.param(GLASS1_NIC, f"{IP}.privateIPAddress", None, id="outside a network no internal address is promised"),
    pytest.param(TASTING_VIP, "ipAddress", None, id="outside a network no dynamic VIP is promised"),
    pytest.param(TASTING_VIP, "dnsSettings.domainNameLabel", "tasting", id="labels are lower case"),
    pytest.param(GLASS1, "location", "northeurope", id="an affinity group is followed"),
    pytest.param(VINEYARDDISKS, "kind", "Storage", id="accounts are v1"),
    pytest.param(VINEYARDDISKS, "customDomain.name", "disks.example.org", id="a custom domain is kept"),
    pytest.param(LOOKOUT_DEFAULT_GATEWAY, "vpnType", "RouteBased", id="dynamic routing"),
    pytest.param(LOOKOUT_DEFAULT_GATEWAY, "sku.name", "Basic", id="the default size is Basic"),
    pytest.param(
        LOOKOUT_DEFAULT_GATEWAY, "gatewayDefaultSite", "mountain", id="forced tunnelling leads to the default site"
    ),
    pytest.param(
        LOOKOUT_DEFAULT_GATEWAY,
        "vpnClientConfiguration.vpnClientAddressPool.addressPrefixes",
        ["10.250.0.0/24"],
        id="point to site keeps its pool",
    ),
    pytest.param(LOOKOUT_GATEWAY_VIP, "ipAddress", "52.0.0.60", id="a gateway keeps its address"),
    pytest.param(
        HARBOUR,
        "localNetworkAddressSpace.addressPrefixes",
        ["172.20.0.0/16", "172.21.0.0/16"],
        id="a site keeps every range",
    ),
    pytest.param(HARBOUR, "gatewayIpAddress", "198.51.100.7", id="a site keeps its address"),
    pytest.param(LOOKOUT_MOUNTAIN, "localNetworkGateway2", "mountain", id="connections are made"),
    pytest.param(
        THE_LOOKOUT,
        "subnets[upper-deck].addressPrefix",
        "10.40.1.0/24",
        id="what ARM cannot hold in a name becomes a hyphen",
    ),
    pytest.param(KV_PRESS, "sku.name", "standard", id="certificates get a vault"),
    pytest.param(SPARE_ADDRESS, "ipAddress", "52.0.0.30", id="a spare address"),
]


@pytest.mark.parametrize(("place", "path", "value"), FACTS)
def test_what_becomes_of_a_fact(place: tuple[str, str], path: str, value: Any) -> None:
    unit, resource = place
    assert at(bodies(promised(unit).resources)[resource], path) == value


EDITED = [
    pytest.param(
        ("press.xml", "sourceIP<", "sourceIPProtocol<"),
        PRESS_LB,
        "loadBalancingRules[talk].loadDistribution",
        "SourceIPProtocol",
        id="distribution by protocol",
    ),
    pytest.param(
        ("storage.xml", "<AccountType>Standard_GRS", "<AccountType>Standard_RAGRS"),
        VINEYARDDISKS,
        "sku.name",
        "Standard_RAGRS",
        id="readable geo redundancy",
    ),
    *(
        pytest.param(
            ("storage.xml", "<AccountType>Standard_GRS", f"<AccountType>{kind}"),
            VINEYARDDISKS,
            "sku.name",
            kind,
            id=f"{kind} stays",
        )
        for kind in ("Standard_LRS", "Standard_ZRS", "Premium_LRS")
    ),
    pytest.param(
        (
            "storage.xml",
            "<AccountType>Standard_GRS</AccountType>",
            "<GeoReplicationEnabled>true</GeoReplicationEnabled>",
        ),
        VINEYARDDISKS,
        "sku.name",
        "Standard_GRS",
        id="old answers have a switch instead of a type",
    ),
    pytest.param(
        ("press.xml", "<Version>1210.12</Version><State>Disable", "<Version>1210.12</Version><State>Enable"),
        CHEF,
        "typeHandlerVersion",
        "1210.12",
        id="a full version is kept",
    ),
    pytest.param(
        ("press.xml", "<Version>1210.12</Version><State>Disable", "<Version>1210.12</Version><State>Enable"),
        CHEF,
        "autoUpgradeMinorVersion",
        False,
        id="a full version does not upgrade itself",
    ),
    pytest.param(
        ("press.xml", "<RoleSize>Large</RoleSize>", ""),
        PRESS1,
        "hardwareProfile.vmSize",
        "Standard_A1",
        id="a role without a size has its instance's",
    ),
    pytest.param(
        ("barrels.xml", "ReadyRole", "StoppedDeallocated"),
        BARREL1,
        "instanceView.statuses",
        [{"code": "PowerState/deallocated"}],
        id="a deallocated machine stays so",
    ),
    pytest.param(
        (
            "barrels.xml",
            "<VirtualIPs><VirtualIP><Address>52.0.0.40</Address><IsDnsProgrammed>true</IsDnsProgrammed><Name>barrelsContractContract</Name></VirtualIP></VirtualIPs>",
            "<VirtualIPs/>",
        ),
        BARRELS_VIP,
        "dnsSettings.domainNameLabel",
        "barrels",
        id="a service that is all deallocated still has an address to come",
    ),
    pytest.param(
        ("networks.xml", "<Name>vineyard</Name>", "<Name>Group old vineyard</Name>"),
        GROUP_OLD_VINEYARD,
        "location",
        "westeurope",
        id="a name that the portal made loses its spaces",
    ),
    pytest.param(
        ("press.xml", "<Name>unused</Name>", "<Name>second</Name>"),
        PRESS_LB,
        "frontendIPConfigurations[second]",
        None,
        id="an address without an endpoint is no frontend",
    ),
    pytest.param(
        (
            "press.xml",
            "<Port>50002</Port><Protocol>tcp</Protocol><Vip>52.0.0.20</Vip>",
            "<Port>50002</Port><Protocol>tcp</Protocol><Vip>52.0.0.21</Vip>",
        ),
        PRESS_LB,
        "inboundNatRules[press2-Remote-Desktop].frontendIPConfiguration",
        "unused",
        id="an endpoint on a second address is reached at a second frontend",
    ),
    pytest.param(
        (
            "press.xml",
            "<EnableDirectServerReturn>false</EnableDirectServerReturn><LoadBalancerName>",
            "<EnableDirectServerReturn>false</EnableDirectServerReturn><VirtualIPName>unused</VirtualIPName><LoadBalancerName>",
        ),
        PRESS_INNER,
        "loadBalancingRules[inner].frontendIPConfiguration",
        "default",
        id="an internal endpoint is reached at the internal frontend",
    ),
]


@pytest.mark.parametrize(("edit", "place", "path", "value"), EDITED)
def test_what_becomes_of_another_value(edit: Edit, place: tuple[str, str], path: str, value: Any) -> None:
    unit, resource = place
    assert at(bodies(promised(unit, edit).resources)[resource], path) == value
