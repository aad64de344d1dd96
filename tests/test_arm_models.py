"""Ids, wire names and bodies of ARM."""

import pickle
from typing import Any

import pytest
from azure.mgmt.compute import models as compute_models
from azure.mgmt.network import models as network_models
from azure.mgmt.storage import models as storage_models

from asmosis.arm import compute, network, storage
from asmosis.arm.resource import ArmModel, Part, Resource, Sku, arm_name, body, is_read_only, parse_id
from asmosis.check.wire import is_told_by_arm
from asmosis.errors import UnreadableDocument

MACHINE = "/subscriptions/S/resourceGroups/web-Migrated/providers/Microsoft.Compute/virtualMachines/web1"


@pytest.mark.parametrize(
    ("field", "wire"),
    [
        ("enable_floating_ip", "enableFloatingIP"),
        ("enable_ip_forwarding", "enableIPForwarding"),
        ("private_ip_allocation_method", "privateIPAllocationMethod"),
        ("frontend_ip_configurations", "frontendIPConfigurations"),
        ("ip_configurations", "ipConfigurations"),
        ("ip_address", "ipAddress"),
        ("disk_size_gb", "diskSizeGB"),
        ("vm_size", "vmSize"),
        ("win_rm", "winRM"),
        ("next_hop_ip_address", "nextHopIpAddress"),
        ("gateway_ip_address", "gatewayIpAddress"),
        ("virtual_network_gateway1", "virtualNetworkGateway1"),
        ("id", "id"),
    ],
)
def test_wire_names_are_arms_own(field: str, wire: str) -> None:
    assert arm_name(field) == wire


def wire_names(model: type[Any]) -> dict[str, Any]:
    """The fields of an SDK model by wire name; they are known once there is an instance."""
    return {field._rest_name: field for field in type(model())._attr_to_rest_field.values()}


SDK = {
    compute.HardwareProfile: compute_models.HardwareProfile,
    compute.OsDisk: compute_models.OSDisk,
    compute.DataDisk: compute_models.DataDisk,
    compute.VirtualMachine: compute_models.VirtualMachineProperties,
    compute.StorageProfile: compute_models.StorageProfile,
    compute.BootDiagnostics: compute_models.BootDiagnostics,
    compute.Extension: compute_models.VirtualMachineExtensionProperties,
    compute.AvailabilitySet: compute_models.AvailabilitySetProperties,
    network.VirtualNetwork: network_models.VirtualNetworkPropertiesFormat,
    network.Subnet: network_models.SubnetPropertiesFormat,
    network.SecurityRule: network_models.SecurityRulePropertiesFormat,
    network.Route: network_models.RoutePropertiesFormat,
    network.PublicIPAddress: network_models.PublicIPAddressPropertiesFormat,
    network.IPConfiguration: network_models.NetworkInterfaceIPConfigurationPropertiesFormat,
    network.NetworkInterface: network_models.NetworkInterfacePropertiesFormat,
    network.InterfaceDnsSettings: network_models.NetworkInterfaceDnsSettings,
    network.FrontendIPConfiguration: network_models.FrontendIPConfigurationPropertiesFormat,
    network.Probe: network_models.ProbePropertiesFormat,
    network.LoadBalancingRule: network_models.LoadBalancingRulePropertiesFormat,
    network.InboundNatRule: network_models.InboundNatRulePropertiesFormat,
    network.LoadBalancer: network_models.LoadBalancerPropertiesFormat,
    network.VirtualNetworkGateway: network_models.VirtualNetworkGatewayPropertiesFormat,
    network.LocalNetworkGateway: network_models.LocalNetworkGatewayPropertiesFormat,
    network.Connection: network_models.VirtualNetworkGatewayConnectionPropertiesFormat,
    storage.StorageAccount: storage_models.StorageAccountProperties,
}


# Read-only in one model, set by people in another; so they are compared like everything else.
SETTABLE_ELSEWHERE = {"customDomain", "primary", "sasPolicy", "keyPolicy", "networkAcls"}


@pytest.mark.parametrize("model", SDK, ids=lambda model: str(model.__name__))
def test_every_field_is_one_that_the_sdk_knows(model: type[ArmModel]) -> None:
    known = wire_names(SDK[model])
    assert {field.alias for field in model.model_fields.values() if not field.exclude} <= set(known)


@pytest.mark.parametrize("model", SDK, ids=lambda model: str(model.__name__))
def test_what_the_sdk_marks_as_read_only_is_never_a_difference(model: type[ArmModel]) -> None:
    known = wire_names(SDK[model])
    told = {name for name, field in known.items() if getattr(field, "_visibility", None) == ["read"]}
    assert {name for name in told if not is_told_by_arm(name)} <= SETTABLE_ELSEWHERE


REFUSED_BESIDE_ATTACHED_DISKS = {"osProfile"}


@pytest.mark.parametrize("model", SDK, ids=lambda model: str(model.__name__))
def test_read_only_fields_are_the_sdks(model: type[ArmModel]) -> None:
    known = wire_names(SDK[model])
    for field in model.model_fields.values():
        if is_read_only(field) and field.alias not in REFUSED_BESIDE_ATTACHED_DISKS:
            assert getattr(known[str(field.alias)], "_visibility", None) == ["read"], field.alias


def test_ids_compare_without_case_and_keep_the_case_they_came_in() -> None:
    one, other = parse_id(MACHINE), parse_id(MACHINE.upper())
    assert one == other
    assert len({one, other}) == 1
    assert str(one) == MACHINE
    assert one != parse_id(MACHINE + "2")
    assert one != MACHINE


def test_an_id_of_a_part_knows_its_resource() -> None:
    part = parse_id(MACHINE + "/extensions/BGInfo")
    assert (part.full_type, part.name, part.group) == (
        "Microsoft.Compute/virtualMachines/extensions",
        "BGInfo",
        "web-Migrated",
    )
    assert part.top == parse_id(MACHINE)
    assert part.short == "Microsoft.Compute/virtualMachines/web1/extensions/BGInfo"


@pytest.mark.parametrize(
    "text",
    ["", "/subscriptions/S", "/subscriptions/S/resourceGroups/G", MACHINE + "/extensions", MACHINE.removeprefix("/")],
)
def test_what_is_no_id_of_a_resource_is_refused_by_name(text: str) -> None:
    with pytest.raises(UnreadableDocument, match="names no resource of a group") as refusal:
        parse_id(text)
    assert repr(text) in str(refusal.value)


def test_a_body_is_wire_json_without_what_is_absent() -> None:
    resource = Resource(
        id=MACHINE,
        name="lb",
        type=network.LOAD_BALANCERS,
        sku=Sku(name="Basic"),
        properties=network.LoadBalancer(
            frontend_ip_configurations=(),
            probes=(
                Part(
                    name="p",
                    properties=network.Probe(protocol="Tcp", port=1, interval_in_seconds=5, number_of_probes=2),
                ),
            ),
        ),
        generated=True,
    )
    assert body(resource) == {
        "id": MACHINE,
        "name": "lb",
        "type": "Microsoft.Network/loadBalancers",
        "sku": {"name": "Basic"},
        "properties": {
            "frontendIPConfigurations": [],
            "backendAddressPools": [],
            "probes": [
                {"name": "p", "properties": {"protocol": "Tcp", "port": 1, "intervalInSeconds": 5, "numberOfProbes": 2}}
            ],
            "loadBalancingRules": [],
            "inboundNatRules": [],
        },
    }
    assert pickle.loads(pickle.dumps(resource)) == resource
