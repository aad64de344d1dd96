"""What each classic thing becomes: goldens over documents of our own, and one case per fact that others got wrong."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asmosis.arm.resource import body
from asmosis.classic.documents import read_document
from asmosis.classic.estate import Estate
from asmosis.errors import UnknownUnit
from asmosis.translate import TRANSLATIONS, Names, Promise, groups_in, groups_of, promise
from asmosis.units import Destination, DestinationMode, Unit

PROMISED = Path(__file__).parent / "promised"
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
VINEYARD, LOOKOUT, TASTING = "virtualNetwork/vineyard", "virtualNetwork/lookout", "hostedService/Tasting"
ACL = (
    "<EndpointAcl><Rules><Rule><Order>1</Order><Action>permit</Action>"
    "<RemoteSubnet>10.0.0.0/8</RemoteSubnet></Rule></Rules></EndpointAcl>"
)
Edit = tuple[str, str, str]


def estate(*edits: Edit) -> Estate:
    """The documents beside this file, with some text replaced in some of them (FILE, OLD, NEW)."""
    documents = []
    for path in sorted((PROMISED / "documents").glob("*.xml")):
        text = path.read_text(encoding="utf-8")
        for file, old, new in edits:
            if path.name == file:
                assert old in text, f"{file} has no {old}"
                text = text.replace(old, new)
        documents.append(read_document(text.encode(), path.name))
    [gateway] = read_document((PROMISED / "lookout-gateway.xml").read_bytes(), "lookout-gateway.xml").models
    # No archived document tells whose gateway or certificate it is.
    told = {"gateways": {"lookout": gateway}, "certificates": {"press": ("AB12",)}}
    return Estate.of_documents(SUBSCRIPTION, documents).model_copy(update=told)


def promised(unit: str, *edits: Edit, destination: Destination | None = None, names: Names | None = None) -> Promise:
    return promise(estate(*edits), Unit.parse(unit, SUBSCRIPTION), destination or Destination(), names or Names())


def bodies(promised: Promise) -> dict[str, Any]:
    """Resources by type and name, the type without its provider."""
    return {resource.id.split("/", 7)[7]: body(resource) for resource in promised.resources}


UNITS = [unit.short for unit in estate().units]


@pytest.mark.parametrize("unit", UNITS)
def test_promises_are_the_goldens(unit: str) -> None:
    one = promised(unit)
    golden = PROMISED / f"{re.sub(r'[^A-Za-z0-9]+', '-', unit)}.json"
    text = json.dumps(
        {
            "resources": [body(resource) for resource in one.resources],
            "losses": [vars(loss) for loss in one.losses],
        },
        indent=2,
        sort_keys=True,
        ensure_ascii=False,
    )
    if os.environ.get("REWRITE_GOLDENS"):
        golden.write_text(text + "\n", encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == text + "\n"


def test_every_golden_belongs_to_a_unit() -> None:
    assert {path.stem for path in PROMISED.glob("*.json")} == {re.sub(r"[^A-Za-z0-9]+", "-", unit) for unit in UNITS}


def test_internal_and_public_balancers_stand_side_by_side() -> None:
    assert {key for key in bodies(promised(VINEYARD)) if key.startswith("loadBalancers")} == {
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
    one = bodies(promised(TASTING, destination=destination))
    [configuration] = one["networkInterfaces/glass1-nic"]["properties"]["ipConfigurations"]
    assert configuration["properties"]["subnet"]["id"] == (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lan/providers/Microsoft.Network/virtualNetworks/hall/subnets/tables"
    )
    assert not [key for key in one if key.startswith("virtualNetworks")]


def test_every_generated_name_follows_the_policy() -> None:
    names = replace(
        Names(),
        group_template="rg-{name}",
        interface_template="nic-{machine}",
        balancer_template="lb-{service}",
        vip_template="pip-{service}",
        availability_set_template="as-{service}",
        network_template="net-{service}",
        ip_configuration="ip",
    )
    assert set(bodies(promised(TASTING, names=names))) == {
        "availabilitySets/as-Tasting",
        "loadBalancers/lb-Tasting",
        "networkInterfaces/nic-glass1",
        "networkInterfaces/nic-glass2",
        "publicIPAddresses/pip-Tasting",
        "virtualMachines/glass1",
        "virtualMachines/glass2",
        "virtualNetworks/net-Tasting",
    }
    assert groups_in(promised(TASTING, names=names)) == ("rg-Tasting",)


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
    assert not [loss for loss in promised(VINEYARD).losses if "barrels" in loss.subject]


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
