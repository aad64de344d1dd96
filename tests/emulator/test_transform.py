"""What prepare makes of a cloud service: machines, interfaces, balancers, addresses."""

import base64
import json
from typing import Any

import pytest
from lxml import etree

from emulator.errors import PlatformError
from emulator.transform import ArmResource, ClassicService, ClassicUnit, Destination, transform

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
NS = 'xmlns="http://schemas.microsoft.com/windowsazure" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'

RDP = "<InputEndpoint><LocalPort>3389</LocalPort><Name>Remote Desktop</Name><Port>61476</Port><Protocol>tcp</Protocol></InputEndpoint>"
PROBE = (
    "<LoadBalancerProbe><Path>/alive</Path><Port>8081</Port><Protocol>http</Protocol>"
    "<IntervalInSeconds>15</IntervalInSeconds><TimeoutInSeconds>31</TimeoutInSeconds></LoadBalancerProbe>"
)
DISK = "<DataVirtualHardDisk><HostCaching>ReadOnly</HostCaching><DiskName>{name}</DiskName>{lun}<LogicalDiskSizeInGB>20</LogicalDiskSizeInGB><MediaLink>https://vhds.blob.core.windows.net/v/{name}.vhd</MediaLink></DataVirtualHardDisk>"
NETWORK = """
<VirtualNetworkSite><Name>plant</Name>
  <AddressSpace><AddressPrefixes><AddressPrefix>10.1.0.0/16</AddressPrefix><AddressPrefix>10.2.0.0/16</AddressPrefix></AddressPrefixes></AddressSpace>
  <Subnets>
    <Subnet><Name>GatewaySubnet</Name><AddressPrefix>10.1.255.0/27</AddressPrefix></Subnet>
    <Subnet><Name>front</Name><AddressPrefix>10.1.0.0/24</AddressPrefix></Subnet>
    <Subnet><Name>back</Name><AddressPrefix>10.2.0.0/24</AddressPrefix></Subnet>
  </Subnets>
  <Location>West US</Location>
</VirtualNetworkSite>"""


def element(text: str) -> etree._Element:
    """The root of a document, in the namespace of the platform."""
    start, _, rest = text.strip().partition(">")
    return etree.fromstring(f"{start} {NS}>{rest}")


def set_member(port: int = 80, name: str = "web", further: str = "") -> str:
    return (
        f"<InputEndpoint><LoadBalancedEndpointSetName>{name}</LoadBalancedEndpointSetName><LocalPort>8080</LocalPort>"
        f"<Name>http</Name><Port>{port}</Port>{PROBE}<Protocol>tcp</Protocol>{further}</InputEndpoint>"
    )


def role(name: str, *, endpoints: str = "", network: str = "", size: str = "Small", further: str = "") -> str:
    inputs = f"<InputEndpoints>{endpoints}</InputEndpoints>" if endpoints else ""
    return f"""
<Role i:type="PersistentVMRole"><RoleName>{name}</RoleName><OsVersion/><RoleType>PersistentVMRole</RoleType>
  <ConfigurationSets><ConfigurationSet i:type="NetworkConfigurationSet">
    <ConfigurationSetType>NetworkConfiguration</ConfigurationSetType>{inputs}{network or "<SubnetNames/>"}
  </ConfigurationSet></ConfigurationSets>{further}
  <OSVirtualHardDisk><HostCaching>ReadWrite</HostCaching><DiskName>{name}-os</DiskName>
    <MediaLink>https://vhds.blob.core.windows.net/v/{name}.vhd</MediaLink><OS>Windows</OS></OSVirtualHardDisk>
  <RoleSize>{size}</RoleSize><ProvisionGuestAgent>true</ProvisionGuestAgent></Role>"""


def instance(
    name: str, address: str = "", further: str = "", *, status: str = "ReadyRole", power: str = "Started"
) -> str:
    ip = f"<IpAddress>{address}</IpAddress>" if address else ""
    return (
        f"<RoleInstance><RoleName>{name}</RoleName><InstanceName>{name}</InstanceName><InstanceStatus>{status}"
        f"</InstanceStatus>{ip}<PowerState>{power}</PowerState>{further}</RoleInstance>"
    )


def vip(address: str, name: str = "shopContractContract", reserved: str = "") -> str:
    mark = f"<IsReserved>true</IsReserved><ReservedIPName>{reserved}</ReservedIPName>" if reserved else ""
    return f"<VirtualIP><Address>{address}</Address><Name>{name}</Name>{mark}</VirtualIP>"


def service(
    *roles: str, instances: str = "", vips: str = "", further: str = "", certificates: tuple[str, ...] = ()
) -> ClassicService:
    deployment = element(
        "<Deployment><Name>shop</Name><DeploymentSlot>Production</DeploymentSlot>"
        f"<RoleInstanceList>{instances}</RoleInstanceList><UpgradeDomainCount>2</UpgradeDomainCount>"
        f"<RoleList>{''.join(roles)}</RoleList><VirtualIPs>{vips}</VirtualIPs>"
        f"<InternalDnsSuffix>shop.d4.internal.cloudapp.net</InternalDnsSuffix>{further}</Deployment>"
    )
    return ClassicService(
        "Shop", element("<HostedService><ServiceName>Shop</ServiceName></HostedService>"), deployment, certificates
    )


def nothing(_id: str) -> None:
    return None


def in_network(found: ClassicService, **further: Any) -> dict[str, ArmResource]:
    """The resources of a network with one service, by type and name."""
    unit = ClassicUnit(
        SUBSCRIPTION, "virtualNetwork", "plant", "West US", (found,), network=element(NETWORK), **further
    )
    return by_name(transform(unit, nothing))


def outside(
    found: ClassicService, destination: Destination | None = None, existing: Any = nothing, **further: Any
) -> dict[str, ArmResource]:
    unit = ClassicUnit(
        SUBSCRIPTION, "hostedService", "Shop", "West US", (found,), destination=destination or Destination(), **further
    )
    return by_name(transform(unit, existing))


def by_name(resources: list[ArmResource]) -> dict[str, ArmResource]:
    named = {f"{r.body['type'].partition('/')[2]}/{r.body['name']}": r for r in resources}
    assert len(named) == len(resources)
    return named


def properties(resource: ArmResource) -> dict[str, Any]:
    found: dict[str, Any] = resource.body["properties"]
    return found


def tail(reference: dict[str, str]) -> str:
    """The end of an id, from the type of its resource on."""
    return reference["id"].rpartition("/providers/")[2].partition("/")[2]


def names(parts: list[dict[str, Any]]) -> list[str]:
    return [part["name"] for part in parts]


def only(parts: list[dict[str, Any]]) -> dict[str, Any]:
    [part] = parts
    found: dict[str, Any] = part["properties"]
    return found


def configuration(made: dict[str, ArmResource], interface: str) -> dict[str, Any]:
    return only(properties(made[f"networkInterfaces/{interface}"])["ipConfigurations"])


def test_a_network_makes_a_group_for_itself_and_one_for_each_service_before_all_else() -> None:
    unit = ClassicUnit(
        SUBSCRIPTION, "virtualNetwork", "plant", "West US", (service(role("a")),), network=element(NETWORK)
    )
    made = transform(unit, nothing)
    assert [resource.body["name"] for resource in made[:2]] == ["plant-Migrated", "Shop-Migrated"]
    assert {resource.body["location"] for resource in made} == {"westus"}
    assert [resource.body["type"].partition("/")[2] for resource in made[2:]] == [
        "virtualNetworks", "availabilitySets", "networkInterfaces", "virtualMachines",
    ]  # fmt: skip


def test_the_same_documents_give_the_same_resources() -> None:
    first, second = (in_network(service(role("a", endpoints=RDP), vips=vip("1.2.3.4"))) for _ in range(2))
    assert json.dumps([r.body for r in first.values()]) == json.dumps([r.body for r in second.values()])


def test_a_group_that_is_there_is_not_made_again() -> None:
    there = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop-migrated"
    made = outside(service(role("a")), existing=lambda id_: {"id": id_} if id_.lower() == there.lower() else None)
    assert not [name for name in made if name.startswith("resourceGroups/")]
    assert made["virtualMachines/a"].id.startswith(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Shop-Migrated/")


@pytest.mark.parametrize(
    ("classic", "arm"),
    [
        ("ExtraSmall", "Standard_A0"),
        ("Small", "Standard_A1"),
        ("ExtraLarge", "Standard_A4"),
        ("A7", "Standard_A7"),
        ("A11", "Standard_A11"),
        ("Basic_A1", "Basic_A1"),
        ("Standard_DS13_v2", "Standard_DS13_v2"),
    ],
)
def test_only_the_oldest_sizes_change_their_name(classic: str, arm: str) -> None:
    made = in_network(service(role("a", size=classic)))
    assert properties(made["virtualMachines/a"])["hardwareProfile"] == {"vmSize": arm}


def test_disks_stay_the_blobs_they_are_and_a_missing_lun_is_zero() -> None:
    disks = DISK.format(name="d0", lun="") + DISK.format(name="d5", lun="<Lun>5</Lun>")
    made = in_network(service(role("a", further=f"<DataVirtualHardDisks>{disks}</DataVirtualHardDisks>")))
    profile = properties(made["virtualMachines/a"])["storageProfile"]
    assert profile["osDisk"] == {
        "osType": "Windows",
        "name": "a-os",
        "createOption": "Attach",
        "vhd": {"uri": "https://vhds.blob.core.windows.net/v/a.vhd"},
        "caching": "ReadWrite",
    }
    assert [(disk["lun"], disk["name"], disk["caching"], disk["diskSizeGB"]) for disk in profile["dataDisks"]] == [
        (0, "d0", "ReadOnly", 20),
        (5, "d5", "ReadOnly", 20),
    ]


def test_a_service_without_availability_set_gets_one_for_all_machines() -> None:
    made = in_network(service(role("a"), role("b")))
    assert properties(made["availabilitySets/Shop-as"])["platformUpdateDomainCount"] == 2
    assert made["availabilitySets/Shop-as"].body["sku"] == {"name": "Classic"}
    for machine in "ab":
        assert tail(properties(made[f"virtualMachines/{machine}"])["availabilitySet"]) == "availabilitySets/Shop-as"


def test_a_customers_availability_set_is_kept() -> None:
    named = "<AvailabilitySetName>farm</AvailabilitySetName>"
    made = in_network(service(role("a", further=named), role("b", further=named)))
    assert [name for name in made if name.startswith("availabilitySets/")] == ["availabilitySets/farm"]
    assert tail(properties(made["virtualMachines/b"])["availabilitySet"]) == "availabilitySets/farm"


def test_a_set_becomes_one_rule_with_the_probe_as_it_was_set_and_only_its_members_in_the_pool() -> None:
    made = in_network(
        service(
            role("a", endpoints=set_member() + RDP),
            role("b", endpoints=set_member()),
            role("c", endpoints=RDP.replace("61476", "61477")),
            vips=vip("1.2.3.4"),
        )
    )
    balancer = properties(made["loadBalancers/Shop-lb"])
    rule = only(balancer["loadBalancingRules"])
    assert names(balancer["loadBalancingRules"]) == ["web"]
    assert (rule["frontendPort"], rule["backendPort"], rule["protocol"]) == (80, 8080, "Tcp")
    assert tail(rule["probe"]) == "loadBalancers/Shop-lb/probes/web"
    assert only(balancer["probes"]) == {
        "provisioningState": "Succeeded",
        "protocol": "Http",
        "port": 8081,
        "requestPath": "/alive",
        "intervalInSeconds": 15,
        "numberOfProbes": 2,
    }
    pool = "loadBalancers/Shop-lb/backendAddressPools/default"
    assert [tail(p) for p in configuration(made, "a-nic")["loadBalancerBackendAddressPools"]] == [pool]
    assert [tail(p) for p in configuration(made, "b-nic")["loadBalancerBackendAddressPools"]] == [pool]
    assert "loadBalancerBackendAddressPools" not in configuration(made, "c-nic")
    assert names(balancer["inboundNatRules"]) == ["a-Remote-Desktop", "c-Remote-Desktop"]
    nat = "loadBalancers/Shop-lb/inboundNatRules/a-Remote-Desktop"
    assert [tail(p) for p in configuration(made, "a-nic")["loadBalancerInboundNatRules"]] == [nat]
    assert "loadBalancerInboundNatRules" not in configuration(made, "b-nic")


def test_sets_with_different_members_do_not_share_a_pool() -> None:
    made = in_network(
        service(role("a", endpoints=set_member()), role("b", endpoints=set_member(81, "api")), vips=vip("1.2.3.4"))
    )
    balancer = properties(made["loadBalancers/Shop-lb"])
    assert names(balancer["backendAddressPools"]) == ["web", "api"]
    assert tail(configuration(made, "b-nic")["loadBalancerBackendAddressPools"][0]).endswith("/api")


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        pytest.param(("", ""), {"frontendPort": 61476, "backendPort": 3389, "idleTimeoutInMinutes": 4, "enableFloatingIP": False}, id="plain"),
        pytest.param(("<Protocol>tcp", "<Protocol>udp"), {"protocol": "Udp"}, id="udp"),
        pytest.param(("<LocalPort>3389</LocalPort>", ""), {"backendPort": 61476}, id="no local port"),
        pytest.param(("</InputEndpoint>", "<EnableDirectServerReturn>true</EnableDirectServerReturn></InputEndpoint>"), {"enableFloatingIP": True}, id="direct server return"),
        pytest.param(("</InputEndpoint>", "<EnableDirectServerReturn>false</EnableDirectServerReturn></InputEndpoint>"), {"enableFloatingIP": False}, id="no direct server return"),
        pytest.param(("</InputEndpoint>", "<IdleTimeoutInMinutes>20</IdleTimeoutInMinutes></InputEndpoint>"), {"idleTimeoutInMinutes": 20}, id="idle timeout"),
    ],
)  # fmt: skip
def test_a_plain_endpoint_becomes_a_nat_rule(change: tuple[str, str], seen: dict[str, Any]) -> None:
    made = in_network(service(role("a", endpoints=RDP.replace(*change)), vips=vip("1.2.3.4")))
    assert seen.items() <= only(properties(made["loadBalancers/Shop-lb"])["inboundNatRules"]).items()


@pytest.mark.parametrize(
    ("classic", "arm"), [("sourceIP", "SourceIP"), ("sourceIPProtocol", "SourceIPProtocol"), ("none", "Default")]
)
def test_the_distribution_of_a_set_is_kept(classic: str, arm: str) -> None:
    further = f"<LoadBalancerDistribution>{classic}</LoadBalancerDistribution>"
    made = in_network(service(role("a", endpoints=set_member(further=further)), vips=vip("1.2.3.4")))
    assert only(properties(made["loadBalancers/Shop-lb"])["loadBalancingRules"])["loadDistribution"] == arm


@pytest.mark.parametrize(
    ("probe", "seen"),
    [
        pytest.param("<LoadBalancerProbe><Path/><Port>60</Port><Protocol>tcp</Protocol></LoadBalancerProbe>",
                     {"protocol": "Tcp", "port": 60, "intervalInSeconds": 15, "numberOfProbes": 2}, id="tcp, defaults"),
        pytest.param("<LoadBalancerProbe><Port>60</Port><Protocol>http</Protocol><IntervalInSeconds>18</IntervalInSeconds>"
                     "<TimeoutInSeconds>10</TimeoutInSeconds></LoadBalancerProbe>",
                     {"protocol": "Http", "port": 60, "intervalInSeconds": 18, "numberOfProbes": 1, "requestPath": "/"}, id="shorter than an interval"),
    ],
)  # fmt: skip
def test_a_probe_keeps_its_own_port_and_protocol(probe: str, seen: dict[str, Any]) -> None:
    made = in_network(service(role("a", endpoints=set_member().replace(PROBE, probe)), vips=vip("1.2.3.4")))
    assert only(properties(made["loadBalancers/Shop-lb"])["probes"]) == {"provisioningState": "Succeeded", **seen}


def test_a_set_without_probe_has_a_rule_without_probe() -> None:
    made = in_network(service(role("a", endpoints=set_member().replace(PROBE, "")), vips=vip("1.2.3.4")))
    balancer = properties(made["loadBalancers/Shop-lb"])
    assert balancer["probes"] == []
    assert "probe" not in only(balancer["loadBalancingRules"])


def test_a_service_may_have_a_public_and_an_internal_balancer() -> None:
    internal = set_member(1433, "sql", "<LoadBalancerName>sqlLB</LoadBalancerName>")
    declared = (
        "<LoadBalancers><LoadBalancer><Name>sqlLB</Name><FrontendIpConfiguration><Type>Private</Type><SubnetName>back"
        "</SubnetName><StaticVirtualNetworkIPAddress>10.2.0.9</StaticVirtualNetworkIPAddress></FrontendIpConfiguration>"
        "</LoadBalancer></LoadBalancers>"
    )
    subnet = "<SubnetNames><SubnetName>front</SubnetName></SubnetNames>"
    made = in_network(
        service(role("a", endpoints=set_member() + internal, network=subnet), vips=vip("1.2.3.4"), further=declared)
    )
    assert names(properties(made["loadBalancers/Shop-lb"])["loadBalancingRules"]) == ["web"]
    inside = properties(made["loadBalancers/sqlLB"])
    assert names(inside["loadBalancingRules"]) == ["sql"]
    frontend = only(inside["frontendIPConfigurations"])
    assert (frontend["privateIPAllocationMethod"], frontend["privateIPAddress"]) == ("Static", "10.2.0.9")
    assert tail(frontend["subnet"]) == "virtualNetworks/plant/subnets/back"
    assert len(configuration(made, "a-nic")["loadBalancerBackendAddressPools"]) == 2


def test_each_virtual_ip_that_carries_an_endpoint_becomes_a_frontend() -> None:
    second = (
        RDP.replace("Remote Desktop", "ssh")
        .replace("61476", "22")
        .replace("</InputEndpoint>", "<VirtualIPName>blue</VirtualIPName></InputEndpoint>")
    )
    addresses = vip("1.2.3.4") + vip("1.2.3.5", "blue") + vip("1.2.3.6", "idle")
    made = in_network(service(role("a", endpoints=RDP + second), vips=addresses))
    balancer = properties(made["loadBalancers/Shop-lb"])
    assert names(balancer["frontendIPConfigurations"]) == ["shopContractContract", "blue"]
    used = {rule["name"]: tail(rule["properties"]["frontendIPConfiguration"]) for rule in balancer["inboundNatRules"]}
    assert used["a-ssh"].endswith("/blue")
    assert used["a-Remote-Desktop"].endswith("/shopContractContract")
    assert sorted(name for name in made if name.startswith("publicIPAddresses/")) == [
        "publicIPAddresses/Shop-blue", "publicIPAddresses/Shop-vip",
    ]  # fmt: skip
    assert properties(made["publicIPAddresses/Shop-blue"])["ipAddress"] == "1.2.3.5"


def test_a_virtual_ip_without_endpoints_is_not_carried_over() -> None:
    made = in_network(service(role("a"), vips=vip("1.2.3.4")))
    assert not [name for name in made if name.startswith(("publicIPAddresses/", "loadBalancers/"))]


def test_a_dynamic_virtual_ip_keeps_address_and_label() -> None:
    made = in_network(service(role("a", endpoints=RDP), vips=vip("1.2.3.4")))
    found = properties(made["publicIPAddresses/Shop-vip"])
    assert (found["publicIPAllocationMethod"], found["ipAddress"]) == ("Dynamic", "1.2.3.4")
    assert found["dnsSettings"] == {"domainNameLabel": "shop", "fqdn": "shop.cloudapp.net"}


@pytest.mark.parametrize("running", [True, False], ids=["running", "deallocated"])
def test_a_reserved_address_stays_with_its_name(*, running: bool) -> None:
    reserved = {"pressAddress": element("<ReservedIP><Name>pressAddress</Name><Address>1.2.3.4</Address></ReservedIP>")}
    addresses = vip("1.2.3.4", "pressAddress", "pressAddress") if running else ""
    found = service(role("a", endpoints=RDP), vips=addresses, further="<ReservedIPName>pressAddress</ReservedIPName>")
    address = properties(outside(found, reserved_ips=reserved)["publicIPAddresses/pressAddress"])
    assert (address["publicIPAllocationMethod"], address["ipAddress"]) == ("Static", "1.2.3.4")
    assert address["dnsSettings"]["domainNameLabel"] == "shop"


@pytest.mark.parametrize(
    ("network", "address", "seen"),
    [
        pytest.param("<SubnetNames><SubnetName>back</SubnetName></SubnetNames><StaticVirtualNetworkIPAddress>10.2.0.7</StaticVirtualNetworkIPAddress>", "10.2.0.7", ("Static", "10.2.0.7", "back"), id="static"),
        pytest.param("<SubnetNames><SubnetName>front</SubnetName></SubnetNames>", "10.1.0.5", ("Dynamic", "10.1.0.5", "front"), id="dynamic"),
        pytest.param("<SubnetNames/>", "10.2.0.5", ("Dynamic", "10.2.0.5", "back"), id="no subnet named"),
        pytest.param("<SubnetNames/>", "", ("Dynamic", None, "front"), id="neither subnet nor address"),
    ],
)  # fmt: skip
def test_the_primary_interface(network: str, address: str, seen: tuple[str, str | None, str]) -> None:
    made = in_network(service(role("a", network=network), instances=instance("a", address)))
    found = configuration(made, "a-nic")
    assert (
        found["privateIPAllocationMethod"],
        found.get("privateIPAddress"),
        tail(found["subnet"]).rpartition("/")[2],
    ) == seen


@pytest.mark.parametrize(
    ("element_text", "forwards"),
    [("<IPForwarding>Enabled</IPForwarding>", True), ("<IPForwarding>Disabled</IPForwarding>", False), ("", False)],
)
def test_ip_forwarding_goes_by_value(element_text: str, forwards: bool) -> None:  # noqa: FBT001 -- a table's column
    made = in_network(service(role("a", network=f"<SubnetNames/>{element_text}")))
    assert properties(made["networkInterfaces/a-nic"])["enableIPForwarding"] is forwards


def test_extra_interfaces_have_their_own_subnet_address_and_security_group() -> None:
    extra = (
        "<SubnetNames><SubnetName>front</SubnetName></SubnetNames><NetworkInterfaces><NetworkInterface><Name>heart</Name>"
        "<IPConfigurations><IPConfiguration><SubnetName>back</SubnetName></IPConfiguration></IPConfigurations>"
        "<NetworkSecurityGroup>closed</NetworkSecurityGroup><IPForwarding>Enabled</IPForwarding></NetworkInterface></NetworkInterfaces>"
    )
    now = (
        "<NetworkInterfaces><NetworkInterface><Name>heart</Name><MacAddress>000D3A3097C8</MacAddress><IPConfigurations>"
        "<IPConfiguration><SubnetName>back</SubnetName><Address>10.2.0.8</Address></IPConfiguration></IPConfigurations>"
        "</NetworkInterface></NetworkInterfaces>"
    )
    groups = {"closed": element("<NetworkSecurityGroup><Name>closed</Name><Rules/></NetworkSecurityGroup>")}
    made = in_network(
        service(role("a", network=extra), instances=instance("a", "10.1.0.5", now)), network_security_groups=groups
    )
    assert [
        nic["properties"]["primary"]
        for nic in properties(made["virtualMachines/a"])["networkProfile"]["networkInterfaces"]
    ] == [True, False]
    heart = properties(made["networkInterfaces/a-heart"])
    assert (heart["macAddress"], heart["enableIPForwarding"], heart["primary"]) == ("00-0D-3A-30-97-C8", True, False)
    assert tail(heart["networkSecurityGroup"]) == "networkSecurityGroups/closed"
    assert "networkSecurityGroup" not in properties(made["networkInterfaces/a-nic"])
    assert configuration(made, "a-heart")["privateIPAddress"] == "10.2.0.8"
    assert tail(configuration(made, "a-heart")["subnet"]).endswith("/back")


def test_an_extra_interface_of_a_deallocated_machine_keeps_its_subnet() -> None:
    extra = (
        "<SubnetNames/><NetworkInterfaces><NetworkInterface><Name>heart</Name><IPConfigurations><IPConfiguration>"
        "<SubnetName>back</SubnetName></IPConfiguration></IPConfigurations></NetworkInterface></NetworkInterfaces>"
    )
    made = in_network(service(role("a", network=extra), instances=instance("a", status="StoppedDeallocated")))
    assert tail(configuration(made, "a-heart")["subnet"]) == "virtualNetworks/plant/subnets/back"
    assert "privateIPAddress" not in configuration(made, "a-heart")


def test_an_instance_level_address_is_dynamic_and_on_the_primary_interface() -> None:
    public = (
        "<PublicIPs><PublicIP><Name>direct</Name><IdleTimeoutInMinutes>15</IdleTimeoutInMinutes></PublicIP></PublicIPs>"
    )
    now = "<PublicIPs><PublicIP><Address>5.6.7.8</Address></PublicIP></PublicIPs>"
    made = in_network(service(role("a", network=f"<SubnetNames/>{public}"), instances=instance("a", "10.1.0.5", now)))
    address = properties(made["publicIPAddresses/a-direct"])
    assert (address["publicIPAllocationMethod"], address["ipAddress"], address["idleTimeoutInMinutes"]) == (
        "Dynamic",
        "5.6.7.8",
        15,
    )
    assert tail(configuration(made, "a-nic")["publicIPAddress"]) == "publicIPAddresses/a-direct"


def extension(publisher: str, name: str, version: str, state: str = "Enable", settings: str = "") -> str:
    value = base64.b64encode(settings.encode()).decode()
    parameters = (
        f"<ResourceExtensionParameterValue><Key>ignored</Key><Value>{value}</Value><Type>Public</Type></ResourceExtensionParameterValue>"
        if settings
        else ""
    )
    return (
        f"<ResourceExtensionReferences><ResourceExtensionReference><ReferenceName>my {name}</ReferenceName><Publisher>{publisher}</Publisher>"
        f"<Name>{name}</Name><Version>{version}</Version><ResourceExtensionParameterValues>{parameters}</ResourceExtensionParameterValues>"
        f"<State>{state}</State></ResourceExtensionReference></ResourceExtensionReferences>"
    )


def test_an_extension_goes_with_its_public_settings() -> None:
    made = in_network(service(role("a", further=extension("Contoso.Ops", "Agent", "2.*", settings='{"depth": 3}'))))
    found = made["virtualMachines/extensions/my-Agent"]
    assert found.id.endswith("/virtualMachines/a/extensions/my-Agent")
    assert properties(found) == {
        "publisher": "Contoso.Ops",
        "type": "Agent",
        "typeHandlerVersion": "2.0",
        "autoUpgradeMinorVersion": True,
        "settings": {"depth": 3},
        "provisioningState": "Succeeded",
    }


@pytest.mark.parametrize(
    "classic",
    [
        pytest.param(extension("Microsoft.Compute", "BGInfo", "1.*"), id="BGInfo 1"),
        pytest.param(extension("Microsoft.VisualStudio.WindowsAzure.RemoteDebug", "VSRemoteDebugger", "1.0"), id="debugger"),
        pytest.param(extension("Contoso.Ops", "Agent", "2.*", state="Disable"), id="disabled"),
        pytest.param(extension("Contoso.Ops", "Agent", "2.*", state="Uninstall"), id="uninstalled"),
    ],
)  # fmt: skip
def test_xml_and_disabled_extensions_stay_behind(classic: str) -> None:
    assert not [name for name in in_network(service(role("a", further=classic))) if "extensions" in name]


def test_settings_that_are_no_json_are_left_out() -> None:
    made = in_network(service(role("a", further=extension("Contoso.Ops", "Agent", "1.2", settings='{"a":"b":1}'))))
    found = properties(made["virtualMachines/extensions/my-Agent"])
    assert "settings" not in found
    assert (found["typeHandlerVersion"], found["autoUpgradeMinorVersion"]) == ("1.2", False)


@pytest.mark.parametrize(
    ("status", "power", "seen"),
    [
        ("ReadyRole", "Started", ["PowerState/running"]),
        ("CreatingVM", "Starting", ["PowerState/starting"]),
        ("StoppedVM", "Stopped", ["PowerState/stopped"]),
        ("StoppedDeallocated", "Stopped", ["PowerState/deallocated"]),
        ("RoleStateUnknown", "Unknown", []),
    ],
)
def test_the_instance_view_tells_the_power_state(status: str, power: str, seen: list[str]) -> None:
    made = in_network(service(role("a"), instances=instance("a", status=status, power=power)))
    statuses = made["virtualMachines/a"].body["_instanceView"]["statuses"]
    assert [found["code"] for found in statuses] == ["ProvisioningState/succeeded", *seen]


def test_the_instance_view_tells_agent_and_extensions() -> None:
    said = (
        "<GuestAgentStatus><Timestamp>2016-05-04T03:02:01Z</Timestamp><GuestAgentVersion>2.7</GuestAgentVersion><Status>Ready</Status>"
        "<FormattedMessage><Message>fine</Message></FormattedMessage></GuestAgentStatus><ResourceExtensionStatusList><ResourceExtensionStatus>"
        "<HandlerName>Contoso.Ops.Agent</HandlerName><Version>2.1</Version><Status>Ready</Status><ExtensionSettingStatus><Status>Error</Status>"
        "<Code>5</Code><FormattedMessage><Message>broken</Message></FormattedMessage></ExtensionSettingStatus></ResourceExtensionStatus>"
        "</ResourceExtensionStatusList>"
    )
    made = in_network(
        service(role("a", further=extension("Contoso.Ops", "Agent", "2.*")), instances=instance("a", "", said))
    )
    view = made["virtualMachines/a"].body["_instanceView"]
    assert view["vmAgent"]["vmAgentVersion"] == "2.7"
    assert view["vmAgent"]["statuses"] == [
        {
            "code": "ProvisioningState/succeeded",
            "level": "Info",
            "displayStatus": "Ready",
            "message": "fine",
            "time": "2016-05-04T03:02:01+00:00",
        }
    ]
    [found] = view["extensions"]
    assert (found["name"], found["type"], found["statuses"][0]["code"]) == (
        "my Agent",
        "Contoso.Ops.Agent",
        "ProvisioningState/failed/5",
    )


def test_boot_diagnostics_point_at_the_account() -> None:
    on = "<DebugSettings><BootDiagnosticsEnabled>true</BootDiagnosticsEnabled><ConsoleScreenshotBlobUri>http://logs.blob.core.windows.net/b/a.bmp</ConsoleScreenshotBlobUri></DebugSettings>"
    made = in_network(service(role("a", further=on)))
    assert properties(made["virtualMachines/a"])["diagnosticsProfile"] == {
        "bootDiagnostics": {"enabled": True, "storageUri": "https://logs.blob.core.windows.net/"}
    }


def test_certificates_go_into_a_new_vault_and_winrm_finds_its_own_there() -> None:
    used = "<DefaultWinRmCertificateThumbprint>AB12</DefaultWinRmCertificateThumbprint>"
    made = in_network(service(role("a", further=used), role("b"), certificates=("ab12", "CD34")))
    vault = made["vaults/KV-Shop"]
    assert properties(vault)["accessPolicies"] == []
    assert sorted(name for name in made if "secrets" in name) == ["vaults/secrets/AB12", "vaults/secrets/CD34"]
    profile = properties(made["virtualMachines/a"])["osProfile"]
    [listener] = profile["windowsConfiguration"]["winRM"]["listeners"]
    assert listener["certificateUrl"].startswith("https://kv-shop.vault.azure.net/secrets/AB12/")
    assert profile["secrets"][0]["sourceVault"] == {"id": vault.id}
    assert "osProfile" not in properties(made["virtualMachines/b"])


def test_without_certificates_there_is_no_vault() -> None:
    assert not [name for name in in_network(service(role("a"))) if name.startswith("vaults/")]


def test_a_service_outside_any_network_gets_a_new_one_and_new_addresses() -> None:
    made = outside(
        service(
            role("a", endpoints=RDP),
            role("b"),
            instances=instance("a", "100.64.1.2") + instance("b", "100.64.1.3"),
            vips=vip("1.2.3.4"),
        )
    )
    network = properties(made["virtualNetworks/VNet-Shop"])
    assert network["addressSpace"] == {"addressPrefixes": ["10.0.0.0/16"]}
    assert [configuration(made, f"{name}-nic")["privateIPAddress"] for name in "ab"] == ["10.0.0.4", "10.0.0.5"]
    assert tail(configuration(made, "a-nic")["subnet"]) == "virtualNetworks/VNet-Shop/subnets/default"
    address = properties(made["publicIPAddresses/Shop-vip"])["ipAddress"]
    assert address != "1.2.3.4"
    assert address.startswith("198.1")


EXISTING = {
    "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/core",
    "properties": {
        "subnets": [
            {"id": "/core/subnets/a", "name": "a", "properties": {"addressPrefix": "10.9.0.0/24"}},
            {"id": "/core/subnets/b", "name": "b", "properties": {"addressPrefix": "10.9.1.0/24"}},
        ]
    },
}


def test_a_service_outside_any_network_can_go_into_an_existing_one() -> None:
    made = outside(
        service(role("a"), instances=instance("a", "100.64.1.2")),
        Destination("Existing", "hub", "core", "b"),
        lambda id_: EXISTING if id_ == EXISTING["id"] else None,
    )
    assert not [name for name in made if name.startswith("virtualNetworks/")]
    assert configuration(made, "a-nic")["subnet"] == {"id": "/core/subnets/b"}
    assert configuration(made, "a-nic")["privateIPAddress"] == "10.9.1.4"


@pytest.mark.parametrize(
    "destination",
    [Destination("Existing", "hub", "none", "b"), Destination("Existing", "hub", "core", "c")],
    ids=["network", "subnet"],
)
def test_a_destination_that_is_not_there_is_refused(destination: Destination) -> None:
    with pytest.raises(PlatformError, match="was not found") as refused:
        outside(service(role("a")), destination, lambda id_: EXISTING if id_ == EXISTING["id"] else None)
    assert refused.value.status == 400


def test_a_deployment_in_its_first_seconds_makes_no_more_than_groups_and_network() -> None:
    assert sorted(outside(service())) == ["resourceGroups/Shop-Migrated", "virtualNetworks/VNet-Shop"]
