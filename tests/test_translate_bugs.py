"""What older tools got wrong, one case per bug: MigAz, asm2arm, and the rollback script of the CAT toolset."""

from typing import Any

import pytest

from asmosis.arm.template import PARAMETERS_SCHEMA, parameterized
from asmosis.translate import propose
from asmosis.units import Unit
from tests.promising import LOOKOUT, SUBSCRIPTION, TASTING, VINEYARD, Edit, at, bodies, estate, promised

PRESS_LB = (VINEYARD, "loadBalancers/press-lb")
PRESS_INNER = (VINEYARD, "loadBalancers/press-inner")
PRESS1 = (VINEYARD, "virtualMachines/press1")
PRESS2 = (VINEYARD, "virtualMachines/press2")
PRESS1_NIC = (VINEYARD, "networkInterfaces/press1-nic")
PRESS2_NIC = (VINEYARD, "networkInterfaces/press2-nic")
FURTHER_NIC = (VINEYARD, "networkInterfaces/press1-inner")
GATEWAY = (LOOKOUT, "virtualNetworkGateways/lookout-Default-Gateway")
ACCOUNT = ("storageAccount/vineyarddisks", "storageAccounts/vineyarddisks")
IP = "ipConfigurations[ipconfig1]"
DISK = "storageProfile.dataDisks"

WRONG_ELSEWHERE = [
    pytest.param(PRESS_LB, "probes[web].port", 7777, id="MigAz: a probe asks the public port"),
    pytest.param(PRESS_LB, "probes[talk].protocol", "Tcp", id="MigAz: a probe speaks the endpoint's protocol"),
    pytest.param(
        PRESS_INNER, "frontendIPConfigurations[default].subnet", "back", id="MigAz: the first machine's subnet for all"
    ),
    pytest.param(
        (VINEYARD, "networkInterfaces/barrel1-nic"),
        f"{IP}.loadBalancerBackendAddressPools",
        [],
        id="MigAz: every machine is pooled",
    ),
    pytest.param(PRESS1, "availabilitySet", "pressmen", id="MigAz: sets are named after the service"),
    pytest.param(FURTHER_NIC, f"{IP}.subnet", "back", id="MigAz: further interfaces have no subnet"),
    pytest.param(
        (VINEYARD, "routeTables/through-appliance"),
        "routes[home].nextHopType",
        "VirtualNetworkGateway",
        id="MigAz: every hop leads nowhere",
    ),
    pytest.param(
        (VINEYARD, "virtualNetworks/vineyard"),
        "addressSpace.addressPrefixes",
        ["10.20.0.0/16", "10.21.0.0/16"],
        id="MigAz: only the first range",
    ),
    pytest.param(PRESS1, f"{DISK}[press1-d0].lun", 0, id="MigAz: LUN 0 is missing"),
    pytest.param(ACCOUNT, "sku.name", "Standard_GRS", id="MigAz: redundancy is downgraded"),
    pytest.param(
        (VINEYARD, "publicIPAddresses/press-address"),
        "publicIPAllocationMethod",
        "Static",
        id="MigAz: reserved addresses become dynamic",
    ),
    pytest.param(PRESS1_NIC, f"{IP}.publicIPAddress", "press1-own", id="MigAz: instance addresses are dropped"),
    pytest.param(
        GATEWAY,
        "ipConfigurations[default].publicIPAddress",
        "lookout-gateway-vip",
        id="MigAz: a gateway's references are empty",
    ),
    pytest.param(
        (LOOKOUT, "connections/lookout-harbour"), "localNetworkGateway2", "harbour", id="MigAz: no connections"
    ),
    pytest.param(
        (VINEYARD, "virtualMachines/press1/extensions/Script"),
        "publisher",
        "Microsoft.Compute",
        id="MigAz: no extensions",
    ),
    pytest.param((VINEYARD, "vaults/KV-press"), "enabledForDeployment", True, id="MigAz: no certificates"),
    pytest.param(PRESS1, "diagnosticsProfile.bootDiagnostics.enabled", True, id="MigAz: no boot diagnostics"),
    pytest.param(PRESS_LB, "loadBalancingRules[talk].enableFloatingIP", True, id="MigAz: no direct server return"),
    pytest.param(
        PRESS_LB, "loadBalancingRules[web].idleTimeoutInMinutes", 15, id="MigAz: every timeout is four minutes"
    ),
    pytest.param(FURTHER_NIC, "networkSecurityGroup", None, id="MigAz: a machine's guard is on every interface"),
    pytest.param(PRESS_LB, "loadBalancingRules[web].backendPort", 8080, id="asm2arm: balanced endpoints are skipped"),
    pytest.param(
        (VINEYARD, "availabilitySets/pressmen"), "platformUpdateDomainCount", 2, id="asm2arm: no update domains"
    ),
    pytest.param(
        (VINEYARD, "availabilitySets/pressmen"), "platformFaultDomainCount", 2, id="asm2arm: no fault domains"
    ),
    pytest.param(PRESS1, "storageProfile.osDisk.name", "press1-os", id="asm2arm: every disk is called osdisk"),
    pytest.param(PRESS2, "hardwareProfile.vmSize", "Standard_D1_v2", id="asm2arm: sizes of version 2 come out empty"),
    pytest.param(
        PRESS_LB,
        "frontendIPConfigurations[press-address].publicIPAddress",
        "press-address",
        id="CAT: public addresses are lost",
    ),
    pytest.param(PRESS_LB, "probes[web].requestPath", "/alive", id="CAT: probes are reset"),
    pytest.param(PRESS2_NIC, f"{IP}.privateIPAllocationMethod", "Dynamic", id="CAT: dynamic addresses become static"),
    pytest.param(PRESS1, f"{DISK}[press1-d1].lun", 1, id="CAT: disks are numbered anew"),
    pytest.param(PRESS1, f"{DISK}[press1-d0].caching", "ReadOnly", id="CAT: caching is lost"),
]


@pytest.mark.parametrize(("place", "path", "value"), WRONG_ELSEWHERE)
def test_what_others_got_wrong_is_right(place: tuple[str, str], path: str, value: Any) -> None:
    unit, resource = place
    assert at(bodies(promised(unit).resources)[resource], path) == value


EDITED = [
    pytest.param(
        ("press.xml", "<IPForwarding>Enabled</IPForwarding>", "<IPForwarding>Disabled</IPForwarding>"),
        FURTHER_NIC,
        "enableIPForwarding",
        False,
        id="MigAz: forwarding that says Disabled is on",
    ),
    pytest.param(
        (
            "press.xml",
            "<AvailabilitySetName>pressmen</AvailabilitySetName>\n      <DataVirtualHardDisks/>",
            "<DataVirtualHardDisks/>",
        ),
        PRESS2,
        "availabilitySet",
        None,
        id="MigAz: a set is forced on every machine",
    ),
    pytest.param(
        ("services.xml", "<Location>West Europe</Location><Label>VGhl", "<Location>UAE North</Location><Label>VGhl"),
        PRESS1,
        "location",
        "uaenorth",
        id="asm2arm: twelve regions",
    ),
    pytest.param(
        ("press.xml", "<RoleSize>Large</RoleSize>", "<RoleSize>Standard_DS3</RoleSize>"),
        PRESS1,
        "hardwareProfile.vmSize",
        "Standard_DS3",
        id="asm2arm: DS sizes come out empty",
    ),
]


@pytest.mark.parametrize(("edit", "place", "path", "value"), EDITED)
def test_what_others_got_wrong_of_another_value_is_right(
    edit: Edit, place: tuple[str, str], path: str, value: Any
) -> None:
    unit, resource = place
    assert at(bodies(promised(unit, edit).resources)[resource], path) == value


def test_migaz_a_service_has_internal_and_public_balancers_not_either() -> None:
    named = {name for name in bodies(promised(VINEYARD).resources) if name.startswith("loadBalancers/press")}
    assert named == {"loadBalancers/press-lb", "loadBalancers/press-inner"}


def test_migaz_a_balancer_has_no_second_default_frontend() -> None:
    for name, balancer in bodies(promised(VINEYARD).resources).items():
        if name.startswith("loadBalancers/"):
            [frontend] = balancer["properties"]["frontendIPConfigurations"]
            assert {"publicIPAddress", "subnet"} & set(frontend["properties"])


def test_migaz_tags_are_not_made_up_and_labels_are_told() -> None:
    one = promised(VINEYARD)
    assert [resource.id for resource in one.resources if resource.tags] == []
    assert "Label" in {loss.field for loss in one.losses}


def test_migaz_access_lists_are_not_overlooked() -> None:
    rule = "<Rule><Order>1</Order><Action>permit</Action><RemoteSubnet>10.0.0.0/8</RemoteSubnet></Rule>"
    end = "<Name>Remote Desktop</Name><Port>50001</Port><Protocol>tcp</Protocol>"
    one = promised(VINEYARD, ("press.xml", end, f"{end}<EndpointAcl><Rules>{rule}</Rules></EndpointAcl>"))
    assert "EndpointAcl" in {loss.field for loss in one.losses}


def test_asm2arm_all_machines_and_interfaces_of_a_service_come_along() -> None:
    one = bodies(promised(VINEYARD).resources)
    assert {"virtualMachines/press1", "virtualMachines/press2"} <= set(one)
    machine = one["virtualMachines/press1"]["properties"]["networkProfile"]["networkInterfaces"]
    assert at(machine, "") == ["press1-nic", "press1-inner"]


def test_asm2arm_no_public_address_where_nobody_asks_for_one() -> None:
    ask = "<InputEndpoint>"
    one = promised(TASTING, ("tasting.xml", ask, "<!-- "), ("tasting.xml", "</InputEndpoint>", " -->"))
    assert [name for name in bodies(one.resources) if name.startswith("publicIPAddresses")] == []


def test_asm2arm_parameters_have_their_wrapper() -> None:
    proposal = propose(estate(), Unit.parse(TASTING, SUBSCRIPTION))
    document = parameterized(proposal.resources, proposal.groups[0]).parameters
    assert set(document) == {"$schema", "contentVersion", "parameters"}
    assert document["$schema"] == PARAMETERS_SCHEMA
    assert all(set(value) == {"value"} for value in document["parameters"].values())


def test_asm2arm_no_rule_of_a_security_group_is_made_up_for_an_endpoint() -> None:
    made = [resource for resource in promised(TASTING).resources if resource.type.endswith("networkSecurityGroups")]
    assert made == []


def test_cat_a_service_keeps_every_internal_balancer() -> None:
    first = "<LoadBalancer><Name>press-inner</Name>"
    second = "<LoadBalancer><Name>second</Name><FrontendIpConfiguration><Type>Private</Type><SubnetName>front</SubnetName></FrontendIpConfiguration></LoadBalancer>"
    one = bodies(promised(VINEYARD, ("press.xml", first, second + first)).resources)
    assert {"loadBalancers/press-inner", "loadBalancers/second"} <= set(one)


def test_cat_disks_stay_in_the_account_they_lie_in() -> None:
    machine = bodies(promised(VINEYARD).resources)["virtualMachines/press1"]
    assert at(machine, "storageProfile.osDisk.vhd.uri") == "https://vineyarddisks.blob.core.windows.net/vhds/press1.vhd"
