"""A template with parameters: with their defaults it is the literal one, and secrets have none."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from asmosis.arm.resource import Resource, Sku
from asmosis.arm.storage import STORAGE_ACCOUNTS, StorageAccount
from asmosis.arm.template import PARAMETERS_SCHEMA, Exported, parameterized, template
from asmosis.translate import Proposal, propose
from asmosis.units import Unit
from tests.promising import LOOKOUT, SUBSCRIPTION, TASTING, VINEYARD, estate

UNITS = [unit.short for unit in estate().units]
NESTED = "Microsoft.Resources/deployments"


def proposed(unit: str) -> Proposal:
    return propose(
        estate(("networks.xml", "<Type>IPsec</Type>", "<Type>Dedicated</Type>")), Unit.parse(unit, SUBSCRIPTION)
    )


def exported(unit: str) -> Exported:
    proposal = propose(estate(), Unit.parse(unit, SUBSCRIPTION))
    return parameterized(proposal.resources, proposal.groups[0])


def templates(one: Any) -> Iterator[Any]:
    """A template and every nested one."""
    yield one
    for item in one["resources"]:
        if item["type"] == NESTED:
            yield from templates(item["properties"]["template"])


def with_defaults(one: Any) -> Any:
    """What remains of a template when every parameter has its default, and what has none is left out."""
    text = json.dumps({**one, "parameters": {}})
    for name, declared in one.get("parameters", {}).items():
        whole, within = json.dumps(f"[parameters('{name}')]"), f"parameters('{name}')"
        default = declared.get("defaultValue")
        text = text.replace(whole, json.dumps(default))
        if isinstance(default, str):
            text = text.replace(within, f"'{default}'")
    return left(json.loads(text))


def left(value: Any) -> Any:
    if isinstance(value, list):
        return [left(item) for item in value]
    if isinstance(value, dict):
        inner = {key: left(item) for key, item in value.items() if key != "parameters"}
        return {key: item for key, item in inner.items() if item is not None and item != {"id": None}}
    return value


@pytest.mark.parametrize("unit", UNITS)
def test_with_its_defaults_it_is_the_literal_template(unit: str) -> None:
    proposal = propose(estate(), Unit.parse(unit, SUBSCRIPTION))
    assert with_defaults(exported(unit).template) == left(template(proposal.resources, proposal.groups[0]))


@pytest.mark.parametrize("unit", UNITS)
def test_every_template_declares_what_it_uses_and_hands_down_what_nested_ones_use(unit: str) -> None:
    for one in templates(exported(unit).template):
        own = json.dumps([item if item["type"] != NESTED else handed(item) for item in one["resources"]])
        used = set(re.findall(r"parameters\('([^']+)'\)", own))
        assert used == set(one.get("parameters", {}))
        for item in one["resources"]:
            if item["type"] == NESTED:
                inner = item["properties"]["template"].get("parameters", {})
                assert item["properties"].get("parameters", {}) == {
                    name: {"value": f"[parameters('{name}')]"} for name in inner
                }


def handed(item: Any) -> Any:
    """A nested deployment as its own template does not see it."""
    return {**item, "properties": {key: value for key, value in item["properties"].items() if key != "template"}}


@pytest.mark.parametrize("unit", UNITS)
def test_the_document_holds_every_default_and_nothing_that_must_be_given(unit: str) -> None:
    one = exported(unit)
    declared = one.template.get("parameters", {})
    assert one.parameters["$schema"] == PARAMETERS_SCHEMA
    assert one.parameters["parameters"] == {
        name: {"value": made["defaultValue"]} for name, made in declared.items() if "defaultValue" in made
    }
    assert set(one.required) == set(declared) - set(one.parameters["parameters"])


@pytest.mark.parametrize(
    ("unit", "name", "kind", "default"),
    [
        pytest.param(VINEYARD, "location", "string", "westeurope", id="the region"),
        pytest.param(
            VINEYARD,
            "virtualNetworks_vineyard_addressPrefixes",
            "array",
            ["10.20.0.0/16", "10.21.0.0/16"],
            id="the ranges of a network",
        ),
        pytest.param(
            VINEYARD,
            "virtualNetworks_vineyard_back_addressPrefix",
            "string",
            "10.20.2.0/24",
            id="the range of a subnet",
        ),
        pytest.param(VINEYARD, "virtualMachines_press1_vmSize", "string", "Standard_A3", id="a size"),
        pytest.param(VINEYARD, "networkInterfaces_press1_nic_name", "string", "press1-nic", id="a name"),
        pytest.param(
            VINEYARD, "networkInterfaces_press1_nic_privateIPAddress", "string", "10.20.1.10", id="a static address"
        ),
        pytest.param(
            VINEYARD, "loadBalancers_press_inner_privateIPAddress", "string", "10.20.2.100", id="a balancer's address"
        ),
        pytest.param(
            VINEYARD, "extensions_press1_Script_protectedSettings", "secureObject", None, id="private settings"
        ),
        pytest.param(LOOKOUT, "connections_lookout_harbour_sharedKey", "securestring", None, id="a shared key"),
        pytest.param(LOOKOUT, "virtualNetworkGateways_lookout_Default_Gateway_sku", "string", "Basic", id="a gateway"),
        pytest.param(
            TASTING, "virtualNetworks_VNet_Tasting_name", "string", "VNet-Tasting", id="a network that is made"
        ),
        pytest.param(
            "storageAccount/vineyarddisks",
            "storageAccounts_vineyarddisks_sku",
            "string",
            "Standard_GRS",
            id="redundancy",
        ),
    ],
)
def test_what_may_be_chosen_is_a_parameter(unit: str, name: str, kind: str, default: Any) -> None:
    made = exported(unit).template["parameters"][name]
    assert (made["type"], made.get("defaultValue")) == (kind, default)


@pytest.mark.parametrize(
    "name",
    ["virtualNetworks_vineyard_name", "virtualMachines_press1_name", "networkInterfaces_press2_nic_privateIPAddress"],
)
def test_what_a_customer_named_and_what_is_dynamic_is_none(name: str) -> None:
    assert name not in exported(VINEYARD).template["parameters"]


def test_an_express_route_connection_asks_for_its_circuit() -> None:
    proposal = proposed(LOOKOUT)
    one = parameterized(proposal.resources, proposal.groups[0])
    peers = [
        item["properties"]["peer"]
        for item in one.template["resources"]
        if item["properties"].get("connectionType") == "ExpressRoute"
    ]
    names = [name for name in one.required if name.endswith("_peerId")]
    assert names
    assert peers == [{"id": f"[parameters('{name}')]"} for name in names]
    assert {one.template["parameters"][name]["type"] for name in names} == {"string"}


def test_parameters_of_like_names_and_further_regions_are_told_apart() -> None:
    def account(name: str, location: str) -> Resource:
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers"
        return Resource(
            id=f"{group}/{STORAGE_ACCOUNTS}/{name}",
            name=name,
            type=STORAGE_ACCOUNTS,
            location=location,
            sku=Sku(name="Standard_LRS"),
            properties=StorageAccount(),
            generated=True,
        )

    one = parameterized([account("a-b", "westus"), account("a_b", "eastus"), account("a.b", "westus")], "g").template
    assert [name for name in one["parameters"] if name.startswith("location")] == ["location", "location_eastus"]
    assert [item["name"] for item in one["resources"]] == [
        "[parameters('storageAccounts_a_b_name')]",
        "[parameters('storageAccounts_a_b_name_2')]",
        "[parameters('storageAccounts_a_b_name_3')]",
    ]
    assert [item["location"] for item in one["resources"]] == [
        "[parameters('location')]",
        "[parameters('location_eastus')]",
        "[parameters('location')]",
    ]
