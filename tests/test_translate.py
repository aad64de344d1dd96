"""What each classic thing becomes: goldens over documents of our own, and one case per fact that others got wrong."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from asmosis.arm.resource import body
from asmosis.classic.network import Gateway
from asmosis.errors import UnknownUnit
from asmosis.translate import TRANSLATIONS, Promise, groups_in, groups_of, promise
from asmosis.units import Destination, DestinationMode, Unit
from tests.promising import (
    LOOKOUT,
    PROMISED,
    SUBSCRIPTION,
    TASTING,
    VINEYARD,
    Edit,
    bodies,
    estate,
    file_name,
    promised,
)

ACL = (
    "<EndpointAcl><Rules><Rule><Order>1</Order><Action>permit</Action>"
    "<RemoteSubnet>10.0.0.0/8</RemoteSubnet></Rule></Rules></EndpointAcl>"
)


UNITS = [unit.short for unit in estate().units]


@pytest.mark.parametrize("unit", UNITS)
def test_promises_are_the_goldens(unit: str, golden: Callable[[Path, Any], None]) -> None:
    one = promised(unit)
    resources = [body(resource) for resource in one.resources]
    losses = [vars(loss) for loss in one.losses]
    golden(PROMISED / f"{file_name(unit)}.json", {"resources": resources, "losses": losses})


def test_every_golden_belongs_to_a_unit() -> None:
    assert {path.stem for path in PROMISED.glob("*.json")} == {file_name(unit) for unit in UNITS}


def test_internal_and_public_balancers_stand_side_by_side() -> None:
    assert {key for key in bodies(promised(VINEYARD).resources) if key.startswith("loadBalancers")} == {
        "loadBalancers/press-lb",
        "loadBalancers/press-inner",
        "loadBalancers/barrels-lb",
    }


def test_every_reference_inside_a_promise_leads_to_something_promised() -> None:
    for unit in UNITS:
        one = promised(unit)
        known = {resource.id for resource in one.resources}
        for resource in one.resources:
            for key, parts in body(resource)["properties"].items():
                if isinstance(parts, list):
                    known |= {f"{resource.id}/{key}/{part['name']}" for part in parts if "name" in part}
        text = json.dumps([body(resource)["properties"] for resource in one.resources])
        assert set(re.findall(r'"id": "([^"]+)"', text)) <= known


@pytest.mark.parametrize(
    ("unit", "groups"),
    [
        (VINEYARD, {"vineyard-Migrated", "press-Migrated", "barrels-Migrated"}),
        (TASTING, {"Tasting-Migrated"}),
        ("virtualNetwork/Group cellar-group cellar", {"group-cellar-group-cellar-Migrated"}),
        ("storageAccount/vineyarddisks", {"vineyarddisks-Migrated"}),
        ("reservedIp/spare-address", {"spare-address-Migrated"}),
    ],
)
def test_groups_are_named_after_what_migrates(unit: str, groups: set[str]) -> None:
    assert set(groups_in(promised(unit))) == groups
    assert set(groups_of(estate(), Unit.parse(unit, SUBSCRIPTION))) == groups


def test_an_existing_network_is_joined_and_none_is_made() -> None:
    destination = Destination(DestinationMode.EXISTING, "lan", "hall", "tables")
    one = bodies(promised(TASTING, destination=destination).resources)
    [configuration] = one["networkInterfaces/glass1-nic"]["properties"]["ipConfigurations"]
    assert configuration["properties"]["subnet"]["id"] == (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lan/providers/Microsoft.Network/virtualNetworks/hall/subnets/tables"
    )
    assert not [key for key in one if key.startswith("virtualNetworks")]


@pytest.mark.parametrize(
    ("unit", "edit", "subject", "field"),
    [
        (VINEYARD, None, "virtualNetwork/vineyard", "Label"),
        (VINEYARD, None, "hostedService/press", "Label"),
        (VINEYARD, None, "hostedService/press", "Description"),
        (VINEYARD, None, "hostedService/press", "VirtualIP"),
        (VINEYARD, None, "hostedService/press/press1", "DiskLabel"),
        (VINEYARD, None, "hostedService/press/press1/BGInfo", "ResourceExtensionReference"),
        (VINEYARD, None, "hostedService/press/press1/Chef", "ResourceExtensionReference"),
        (VINEYARD, None, "hostedService/press/press1/Script", "ResourceExtensionParameterValue (Private)"),
        (VINEYARD, None, "networkSecurityGroup/machine-guard", "Label"),
        (VINEYARD, None, "hostedService/press", "Certificates"),
        (VINEYARD, None, "hostedService/press/press1", "DefaultWinRmCertificateThumbprint"),
        (VINEYARD, None, "hostedService/press", "ExtendedProperties"),
        (
            VINEYARD,
            ("press.xml", "eyJjb21tYW5kIjogIkVjaG8iLCAidGltZXMiOiAzLCAibG9nIjogdHJ1ZX0=", "bm8ganNvbg=="),
            "hostedService/press/press1/Script",
            "ResourceExtensionParameterValue (Public)",
        ),
        (VINEYARD, ("routes.xml", ">Null<", ">Elsewhere<"), "routeTable/through-appliance/hole", "NextHopType"),
        (LOOKOUT, None, "virtualNetwork/lookout", "VPNClientAddressPool"),
        (
            LOOKOUT,
            ("networks.xml", "<Type>IPsec</Type>", "<Type>Dedicated</Type>"),
            "virtualNetwork/lookout/harbour",
            "CircuitServiceKey",
        ),
        (TASTING, None, "hostedService/Tasting", "ExtendedProperties"),
        (
            TASTING,
            ("tasting.xml", "<DeploymentSlot>Production<", "<DeploymentSlot>Staging<"),
            "hostedService/Tasting",
            "DeploymentSlot",
        ),
        (LOOKOUT, None, "virtualNetwork/lookout/harbour", "SharedKey"),
        (TASTING, None, "hostedService/Tasting", "VirtualIP"),
        (TASTING, None, "hostedService/Tasting", "IpAddress"),
        (TASTING, None, "hostedService/Tasting", "AffinityGroup"),
        ("routeTable/spare-routes", None, "routeTable/spare-routes", "Label"),
        ("reservedIp/spare-address", None, "reservedIp/spare-address", "Label"),
        ("storageAccount/vineyarddisks", None, "storageAccount/vineyarddisks", "Disk"),
        ("storageAccount/vineyarddisks", None, "storageAccount/vineyarddisks", "Description"),
        (
            VINEYARD,
            (
                "press.xml",
                "<Name>Remote Desktop</Name><Port>50001</Port><Protocol>tcp</Protocol>",
                f"<Name>Remote Desktop</Name><Port>50001</Port><Protocol>tcp</Protocol>{ACL}",
            ),
            "hostedService/press/press1/Remote Desktop",
            "EndpointAcl",
        ),
        (
            VINEYARD,
            ("press.xml", "<LoadBalancerName>press-inner</LoadBalancerName>", ""),
            "hostedService/press",
            "LoadBalancedEndpointSetName",
        ),
    ],
)
def test_what_gets_lost_is_declared(unit: str, edit: Edit | None, subject: str, field: str) -> None:
    losses = promised(unit, *([edit] if edit else [])).losses
    [loss] = [loss for loss in losses if (loss.subject, loss.field) == (subject, field)]
    assert loss.why.endswith(".")
    assert loss.remedy.endswith(".")


def test_a_label_that_only_repeats_the_name_is_no_loss() -> None:
    lost = [loss.subject for loss in promised(VINEYARD).losses if loss.field == "Label"]
    assert "hostedService/press" in lost
    assert "hostedService/barrels" not in lost


def test_private_settings_never_leave_classic() -> None:
    secret = "c2VjcmV0IG9mIHRoZSBob3VzZQ=="
    edit = ("press.xml", "<Key>Private</Key>", f"<Key>Private</Key><Value>{secret}</Value>")
    one = promised(VINEYARD, edit)
    assert secret not in repr(one)
    assert secret not in json.dumps([body(resource) for resource in one.resources])


def test_the_same_estate_gives_the_same_promise_in_the_same_order() -> None:
    one, other = promised(VINEYARD), promised(VINEYARD)
    assert one == other
    kinds = [resource.type for resource in one.resources]
    assert kinds == sorted(kinds, key=list(TRANSLATIONS).index)


def test_an_unknown_unit_is_named() -> None:
    with pytest.raises(UnknownUnit, match="no such unit"):
        promised("virtualNetwork/nowhere")


def with_gateways(**gateways: Gateway) -> Promise:
    one = estate()
    return promise(replace(one, gateways={**one.gateways, **gateways}), Unit.parse(LOOKOUT, SUBSCRIPTION))


def test_a_site_that_stands_for_another_network_is_told_by_its_address() -> None:
    far = structs.replace(estate().gateways["lookout"], address="198.51.100.7")
    [loss] = [loss for loss in with_gateways(vineyard=far).losses if loss.field == "LocalNetworkSite"]
    assert loss.subject == "virtualNetwork/lookout/harbour"
    assert "stands for the network vineyard" in loss.why
    assert "LocalNetworkSite" not in {loss.field for loss in with_gateways().losses}


def test_sites_that_no_gateway_leads_to_do_not_migrate_and_are_told() -> None:
    unready = structs.replace(estate().gateways["lookout"], state="Provisioning")
    one = with_gateways(lookout=unready)
    assert {resource.type for resource in one.resources} == {"Microsoft.Network/virtualNetworks"}
    assert {loss.subject for loss in one.losses if loss.field == "LocalNetworkSite"} == {
        "virtualNetwork/lookout/harbour",
        "virtualNetwork/lookout/mountain",
    }
