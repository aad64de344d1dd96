"""Quotas: what counts for which, who says no in which words, and what the usages APIs tell about it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator import quotas
from emulator.arm.regions import FAMILIES, cores, family
from emulator.errors import PlatformError
from emulator.store import Store
from emulator.transform import ArmResource, bodies
from tests.emulator.conftest import Client

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = bodies.group_id(SUBSCRIPTION, "made")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "emulator.sqlite")
    yield made
    made.close()


def resource(type_: str, name: str, properties: dict[str, Any] | None = None) -> ArmResource:
    return bodies.resource(bodies.resource_id(GROUP, type_, name), "westus", properties or {})


def machine(name: str, size: str) -> ArmResource:
    return resource("Microsoft.Compute/virtualMachines", name, {"hardwareProfile": {"vmSize": size}})


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("Basic_A1", ("basicAFamily", 1)),
        ("Standard_A7", ("standardA0_A7Family", 8)),
        ("Standard_A8", ("standardA8_A11Family", 8)),
        ("Standard_A2_v2", ("standardAv2Family", 2)),
        ("Standard_A2m_v2", ("standardAv2Family", 2)),
        ("Standard_D12", ("standardDFamily", 4)),
        ("Standard_DS2", ("standardDSFamily", 2)),
        ("Standard_D2_v2", ("standardDv2Family", 2)),
        ("Standard_DS3_v2", ("standardDSv2Family", 4)),
        ("Standard_D4s_v3", ("standardDSv3Family", 4)),
        ("standard_f8s", ("standardFSFamily", 8)),
        ("Standard_GS2", ("standardGSFamily", 4)),
        ("Standard_L8s", ("standardLSFamily", 8)),
    ],
)
def test_a_size_counts_for_its_family_with_its_cores(size: str, expected: tuple[str, int]) -> None:
    assert (family(size), cores(size)) == expected
    assert family(size) in FAMILIES


def test_what_a_prepare_needs_is_counted_by_region_and_name() -> None:
    static = {"publicIPAllocationMethod": "Static"}
    wanted = [
        machine("a", "Standard_D2"),
        machine("b", "Standard_A1"),
        resource("Microsoft.Network/publicIPAddresses", "x", static),
        resource("Microsoft.Network/publicIPAddresses", "y"),
        resource("Microsoft.KeyVault/vaults", "v"),
    ]
    assert quotas.needed(wanted) == {
        "westus": {
            "virtualmachines": 2,
            "cores": 3,
            "standarddfamily": 2,
            "standarda0_a7family": 1,
            "publicipaddresses": 2,
            "staticpublicipaddresses": 1,
        }
    }


def test_a_quota_is_enough_to_the_last_one_and_not_beyond(store: Store) -> None:
    quotas.set_limit(store, SUBSCRIPTION, "West US", "standardDFamily", 4)
    there = machine("a", "Standard_D2")
    store.arm_put(there.id, there.body)
    quotas.require(store, SUBSCRIPTION, [there, machine("b", "Standard_D2")])
    with pytest.raises(PlatformError) as caught:
        quotas.require(store, SUBSCRIPTION, [machine("b", "Standard_D2"), machine("c", "Standard_D1")])
    assert caught.value.message == (
        "The current quota for standardDFamily in Azure Resource Manager is insufficient to complete migration. "
        "Current quota is 4, additional needed is 3. File a support request to raise the quota and retry migration "
        "once the quota has been raised."
    )


def test_every_quota_that_does_not_suffice_is_named(store: Store) -> None:
    for name in ("cores", "NetworkInterfaces"):
        quotas.set_limit(store, SUBSCRIPTION, "westus", name, 0)
    wanted = [machine("a", "Standard_A1"), resource("Microsoft.Network/networkInterfaces", "n")]
    with pytest.raises(PlatformError) as caught:
        quotas.require(store, SUBSCRIPTION, wanted)
    assert [name in caught.value.message for name in ("for cores", "for NetworkInterfaces", "for virtual")] == [
        True,
        True,
        False,
    ]


def test_the_limit_nearest_to_the_resource_counts(store: Store) -> None:
    def limit(region: str) -> int:
        return {u.quota.name: u.limit for u in quotas.usages(store, SUBSCRIPTION, region, "Microsoft.Network")}[
            "LoadBalancers"
        ]

    assert limit("westus") == 100
    quotas.set_limit(store, SUBSCRIPTION, quotas.ANY, quotas.ANY, 7)
    assert limit("westus") == 7
    quotas.set_limit(store, SUBSCRIPTION, "West US", "loadbalancers", 3)
    assert (limit("West US"), limit("eastus")) == (3, 7)


def test_the_usages_apis_tell_the_limit_that_was_set(client: Client) -> None:
    client.control(
        "quota", {"subscription": client.subscription, "region": "West US", "name": "standardDv2Family", "limit": 12}
    )
    lines = client.arm("GET", "providers/Microsoft.Compute/locations/westus/usages").json["value"]
    [line] = [each for each in lines if each["name"]["value"] == "standardDv2Family"]
    assert line == {
        "unit": "Count",
        "currentValue": 0,
        "limit": 12,
        "name": {"value": "standardDv2Family", "localizedValue": "Standard Dv2 Family vCPUs"},
    }


@pytest.mark.parametrize(
    "wrong",
    [{"name": "unicorns", "limit": 1}, {"name": "cores"}, {"name": "cores", "limit": -1}, {"limit": 1, "extra": 0}],
)
def test_a_quota_that_is_none_is_refused(client: Client, wrong: dict[str, Any]) -> None:
    reply = client.send("POST", "/_control/quota", json.dumps({"subscription": client.subscription, **wrong}))
    assert (reply.status, reply.json["error"]["code"]) == (400, "BadRequest")


def test_a_large_made_up_estate_comes_with_raised_limits(client: Client) -> None:
    client.control("seed", {"synthetic": {"vnets": 1}, "subscription": client.subscription})
    lines = client.arm("GET", "providers/Microsoft.Network/locations/westus/usages").json["value"]
    assert {line["limit"] for line in lines} == {1_000_000}
    client.control("seed", {"estate": "contoso", "subscription": client.subscription})
    lines = client.arm("GET", "providers/Microsoft.Network/locations/westus/usages").json["value"]
    assert 1_000_000 not in {line["limit"] for line in lines}
