"""A promise as a deployment template: complete, ordered, and free of what only ARM may set."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from asmosis.arm.compute import EXTENSIONS, Extension
from asmosis.arm.resource import Resource, parse_id
from asmosis.arm.template import template
from asmosis.errors import CatalogueError
from asmosis.translate import Promise, groups_of, promise
from asmosis.units import Unit
from tests.promising import SUBSCRIPTION, estate

Item = dict[str, Any]


ESTATE = estate()
UNITS = [unit.short for unit in ESTATE.units]


def promised(unit: str) -> Promise:
    return promise(ESTATE, Unit.parse(unit, SUBSCRIPTION))


def exported(unit: str) -> Item:
    group = groups_of(ESTATE, Unit.parse(unit, SUBSCRIPTION))[0]
    # As the file that it becomes.
    return dict(json.loads(json.dumps(template(promised(unit).resources, group))))


def deployments(one: Item) -> Iterator[list[Item]]:
    """The resources of a template, then those of every nested one."""
    yield one["resources"]
    for item in one["resources"]:
        if item["type"] == "Microsoft.Resources/deployments":
            yield item["properties"]["template"]["resources"]


def resource_id(item: Item) -> str:
    names = "', '".join(item["name"].split("/"))
    return f"[resourceId('{item['type']}', '{names}')]"


@pytest.mark.parametrize("unit", UNITS)
def test_every_promised_resource_is_in_the_template_once_in_its_own_group(unit: str) -> None:
    own = groups_of(ESTATE, Unit.parse(unit, SUBSCRIPTION))[0]
    one = exported(unit)
    held = [(own, item["type"], item["name"]) for item in one["resources"] if "resourceGroup" not in item]
    for item in one["resources"]:
        if "resourceGroup" in item:
            inner = item["properties"]["template"]["resources"]
            held.extend((item["resourceGroup"], each["type"], each["name"]) for each in inner)
    ids = [parse_id(resource.id) for resource in promised(unit).resources]
    assert sorted(held) == sorted((each.group, each.full_type, "/".join(each.names)) for each in ids)


@pytest.mark.parametrize("unit", UNITS)
def test_whatever_a_resource_refers_to_is_deployed_before_it(unit: str) -> None:
    for items in deployments(exported(unit)):
        held = {resource_id(item): item for item in items if "resourceGroup" not in item}
        for item in items:
            assert set(item.get("dependsOn", [])) <= set(held)
            if "resourceGroup" in item:
                continue
            text = json.dumps(item["properties"])
            for kind, names in re.findall(r"\"\[resourceId\('(Microsoft\.\w+/\w+)[\w/]*', '([^\"]+)'\)\]\"", text):
                needed = f"[resourceId('{kind}', '{names.split(chr(39))[0]}')]"
                assert needed == resource_id(item) or needed in item["dependsOn"]


@pytest.mark.parametrize("unit", UNITS)
def test_a_template_holds_nothing_that_only_arm_may_set(unit: str) -> None:
    text = json.dumps(exported(unit))
    told = {"instanceView", "ipAddress", "primaryEndpoints", "primaryLocation", "internalDomainNameSuffix", "osProfile"}
    for key in (*told, "protected", "generated"):
        assert f'"{key}"' not in text
    assert "/subscriptions/" not in text


def test_a_static_address_is_set_and_a_dynamic_one_is_not() -> None:
    items = {item["name"]: item for items in deployments(exported("virtualNetwork/vineyard")) for item in items}
    [static] = items["press1-nic"]["properties"]["ipConfigurations"]
    [dynamic] = items["press2-nic"]["properties"]["ipConfigurations"]
    assert static["properties"]["privateIPAddress"] == "10.20.1.10"
    assert "privateIPAddress" not in dynamic["properties"]


def test_services_are_deployed_into_their_own_groups_after_their_network() -> None:
    one = exported("virtualNetwork/vineyard")
    nested = {item["resourceGroup"]: item for item in one["resources"] if "resourceGroup" in item}
    assert set(nested) == {"press-Migrated", "barrels-Migrated"}
    for item in nested.values():
        assert "[resourceId('Microsoft.Network/virtualNetworks', 'vineyard')]" in item["dependsOn"]
        assert "resourceId('vineyard-Migrated', 'Microsoft.Network/virtualNetworks/subnets'" in json.dumps(item)


def test_an_extension_is_named_within_its_machine_and_waits_for_it() -> None:
    items = [item for items in deployments(exported("virtualNetwork/vineyard")) for item in items]
    [extension] = [item for item in items if item["type"] == EXTENSIONS]
    assert extension["name"] == "press1/Script"
    assert extension["dependsOn"] == ["[resourceId('Microsoft.Compute/virtualMachines', 'press1')]"]


def test_text_that_looks_like_an_expression_is_quoted() -> None:
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers"
    resource = Resource(
        id=f"{group}/{EXTENSIONS.rpartition('/')[0]}/vm/extensions/e",
        name="e",
        type=EXTENSIONS,
        properties=Extension(
            publisher="p",
            type="t",
            type_handler_version="1.0",
            auto_upgrade_minor_version=False,
            settings={"command": ["[ -f /x ] && echo [y]", "[z]", "[half"]},
        ),
    )
    [item] = template([resource], "g")["resources"]
    assert item["properties"]["settings"] == {"command": ["[[ -f /x ] && echo [y]", "[[z]", "[half"]}
    assert item["location"] == "[resourceGroup().location]"


def test_a_provider_without_a_known_api_version_is_refused() -> None:
    place = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Web/sites/s"
    sample = promised("routeTable/spare-routes").resources[0]
    with pytest.raises(CatalogueError, match=r"Microsoft\.Web"):
        template([sample.model_copy(update={"id": place, "type": "Microsoft.Web/sites"})], "g")
