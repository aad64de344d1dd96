"""What the platform promises about a migration, one sentence a test, where no other file has it already."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.emulator.conftest import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

NETWORK = "virtualNetwork/contoso-vnet"
BATCH = "hostedService/contoso-batch"
WEB = "services/hostedservices/contoso-web/deployments/contoso-web"
DEPLOYMENT = "services/hostedservices/contoso-batch/deployments/contoso-batch"
STOP = '<ShutdownRoleOperation xmlns="http://schemas.microsoft.com/windowsazure"/>'
UNREGISTERED = "Subscription is not registered for migration."
INSUFFICIENT = (
    "The current quota for {0} in Azure Resource Manager is insufficient to complete migration. Current quota is {1},"
    " additional needed is {2}. File a support request to raise the quota and retry migration once the quota has been"
    " raised."
)
# Every unit of the sample estate that validate refuses, with the reason: the product's rules must say the same.
BLOCKED = {
    "hostedService/contoso-mixed": "VMs that are not part of the Availability Set",
    "hostedService/contoso-multi": "multiple Availability Sets",
    "hostedService/contoso-paas": "PaaS deployment",
    "hostedService/contoso-acl": "access control rules",
    "hostedService/contoso-agent": "whose Status is not being reported from the VM",
    "hostedService/contoso-exterr": "reporting Handler Status: NotReady",
    "hostedService/contoso-bootdiag": "Boot Diagnostics enabled with Premium storage",
    "hostedService/contoso-backup": "contains Extension VMSnapshot/VMSnapshotLinux",
    "virtualNetwork/contoso-paas-vnet": "PaaS deployment",
    "virtualNetwork/contoso-subnets-vnet": "multiple subnets associated with it",
    "networkSecurityGroup/contoso-web-nsg": "is associated with Virtual Network contoso-vnet",
    "routeTable/contoso-app-routes": "is associated with Virtual Network contoso-vnet",
    "reservedIp/contoso-web-ip": "is in use by HostedService contoso-web",
}
FREE = [
    NETWORK,
    "virtualNetwork/contoso-nic-vnet",
    "virtualNetwork/contoso-direct-vnet",
    "virtualNetwork/contoso-certs-vnet",
    "virtualNetwork/contoso-vpn-vnet",
    BATCH,
    "hostedService/contoso-legacy",
    "storageAccount/contosovhds",
    "storageAccount/contosoimages",
    "networkSecurityGroup/contoso-spare-nsg",
    "routeTable/contoso-spare-routes",
    "reservedIp/contoso-spare-ip",
]


@pytest.fixture
def slow_writes(client: Client) -> Iterator[None]:
    client.control("latency", {"write": 1000})
    yield
    client.control("latency", {"write": 0})


def units(client: Client) -> set[str]:
    """Every unit of the estate as its own reads name it; a service in a network is no unit."""
    found = {
        f"{kind}/{name}"
        for kind, path in (
            ("virtualNetwork", "networking/virtualnetwork"),
            ("networkSecurityGroup", "networking/networksecuritygroups"),
            ("routeTable", "networking/routetables"),
            ("reservedIp", "networking/reservedips"),
        )
        for name in re.findall(
            r"<(?:VirtualNetworkSite|NetworkSecurityGroup|RouteTable|ReservedIP)><Name>(.*?)</Name>",
            client.asm("GET", f"services/{path}").text,
        )
    }
    found |= {f"storageAccount/{name}" for name in client.asm("GET", "services/storageservices").all("ServiceName")}
    for name in client.asm("GET", "services/hostedservices").all("ServiceName"):
        if not client.asm("GET", f"services/hostedservices/{name}/deploymentslots/Production").one(
            "VirtualNetworkName"
        ):
            found.add(f"hostedService/{name}")
    return found


def errors(client: Client, unit: str) -> list[str]:
    told = client.migrate(unit, "validate")
    assert told.status == 200
    return [
        text for text, category in zip(told.all("Message"), told.all("Category"), strict=True) if category == "Error"
    ]


def test_validate_refuses_these_units_of_the_sample_and_no_others(client: Client) -> None:
    found = {unit: messages for unit in units(client) if (messages := errors(client, unit))}
    assert set(found) == set(BLOCKED)
    assert {unit: len(messages) for unit, messages in found.items()} == dict.fromkeys(BLOCKED, 1)
    assert all(BLOCKED[unit] in messages[0] for unit, messages in found.items())


@pytest.mark.parametrize("unit", FREE)
def test_each_supported_unit_of_the_sample_migrates_for_good(client: Client, unit: str) -> None:
    client.done(unit, "prepare")
    client.done(unit, "commit")
    assert client.arm("GET", "resources").json["value"]


@pytest.mark.parametrize("unit", sorted(BLOCKED))
def test_prepare_refuses_what_validate_refuses(client: Client, unit: str) -> None:
    reply = client.migrate(unit, "prepare")
    assert client.operation(reply).one("Status") == "Failed"
    assert client.arm("GET", "resources").json["value"] == []


def test_an_agent_that_is_not_ready_is_a_warning(client: Client) -> None:
    told = client.migrate("hostedService/contoso-agent", "validate")
    assert told.all("Category") == ["Warning", "Error"]
    assert "reporting the overall agent status as Not Ready" in told.all("Message")[0]


@pytest.mark.parametrize("verb", ["validate", "prepare", "commit", "abort"])
def test_a_subscription_that_is_not_registered_cannot_migrate(client: Client, verb: str) -> None:
    fresh = Client(client.base, str(uuid4()))
    fresh.control("seed", {"estate": "contoso", "subscription": fresh.subscription, "registered": False})
    refused = fresh.migrate(BATCH, verb)
    assert (refused.status, refused.one("Code"), refused.one("Message")) == (400, "BadRequest", UNREGISTERED)
    provider = f"/subscriptions/{fresh.subscription}/providers/Microsoft.ClassicInfrastructureMigrate"
    assert fresh.send("POST", f"{provider}/register?api-version=2021-04-01").status == 200
    fresh.done(BATCH, "prepare")


def usage(client: Client, provider: str, name: str) -> tuple[int, int]:
    listed = client.arm("GET", f"providers/{provider}/locations/westus/usages").json["value"]
    [found] = [each for each in listed if each["name"]["value"] == name]
    return found["currentValue"], found["limit"]


@pytest.mark.parametrize(
    ("provider", "name", "limit", "needed"),
    [
        ("Microsoft.Compute", "cores", 11, 12),
        ("Microsoft.Compute", "standardA0_A7Family", 11, 12),
        ("Microsoft.Compute", "availabilitySets", 1, 2),
        ("Microsoft.Network", "NetworkInterfaces", 3, 4),
        ("Microsoft.Network", "VirtualNetworks", 0, 1),
    ],
)
def test_a_quota_that_is_too_small_fails_prepare_until_it_is_raised(
    client: Client, provider: str, name: str, limit: int, needed: int
) -> None:
    def set_to(value: int) -> None:
        client.control(
            "quota", {"subscription": client.subscription, "region": "West US", "name": name, "limit": value}
        )

    set_to(limit)
    assert errors(client, NETWORK) == []
    ended = client.operation(client.migrate(NETWORK, "prepare"))
    assert (ended.one("Status"), ended.one("Message")) == ("Failed", INSUFFICIENT.format(name, limit, needed))
    assert usage(client, provider, name) == (0, limit)
    client.done(NETWORK, "abort")
    set_to(needed)
    client.done(NETWORK, "prepare")
    assert usage(client, provider, name) == (needed, needed)


@pytest.mark.usefixtures("slow_writes")
def test_a_cloud_service_takes_one_change_at_a_time(client: Client) -> None:
    first = client.asm("POST", f"{WEB}/roleinstances/web1/Operations", STOP)
    operation = first.headers["x-ms-request-id"]
    assert client.operation(first).one("Status") == "InProgress"
    exclusive = (
        f"Windows Azure is currently performing an operation with x-ms-requestid {operation} on this deployment that"
        " requires exclusive access."
    )
    second = client.asm("POST", f"{WEB}/roleinstances/web2/Operations", STOP)
    assert (second.status, second.one("Code"), second.one("Message")) == (409, "ConflictError", exclusive)
    assert client.migrate(NETWORK, "prepare").one("Message") == exclusive
    assert "is undergoing an update operation" in errors(client, NETWORK)[0]
    other = client.asm("POST", f"{DEPLOYMENT}/roleinstances/batch1/Operations", STOP)
    assert other.status == 202
    client.control("clock", {"advance": 1001})
    assert client.operation(first).one("Status") == "Succeeded"
    client.done(NETWORK, "prepare")


@pytest.mark.usefixtures("slow_writes")
def test_the_network_configuration_takes_one_change_at_a_time(client: Client) -> None:
    media = "services/networking/media"
    old = client.asm("GET", media).body
    assert client.asm("PUT", media, old).status == 202
    refused = client.asm("PUT", media, old)
    assert (refused.status, refused.one("Code")) == (409, "ConflictError")
    assert refused.one("Message").startswith("An update to your network configuration is currently underway.")


def test_keys_are_not_regenerated_while_the_account_is_prepared(client: Client) -> None:
    keys = "services/storageservices/contosologs/keys"
    before = client.asm("GET", keys).body
    client.done("storageAccount/contosologs", "prepare")
    body = (
        '<RegenerateKeys xmlns="http://schemas.microsoft.com/windowsazure"><KeyType>Primary</KeyType></RegenerateKeys>'
    )
    refused = client.asm("POST", f"{keys}?action=regenerate", body)
    assert (refused.status, refused.one("Message")) == (
        409,
        "Storage account contosologs is in the process of being migrated and hence cannot be changed",
    )
    assert client.asm("GET", keys).body == before
    client.done("storageAccount/contosologs", "abort")
    regenerated = client.asm("POST", f"{keys}?action=regenerate", body)
    assert regenerated.status == 200
    assert regenerated.body == client.asm("GET", keys).body != before


def test_there_is_no_time_limit_while_prepared(client: Client) -> None:
    client.done(BATCH, "prepare")
    client.control("clock", {"advance": 400 * 86400})
    client.done(BATCH, "commit")


def test_a_vm_in_a_network_is_never_stopped(client: Client) -> None:
    def seen() -> list[Any]:
        reply = client.asm("GET", WEB)
        return [reply.all(tag) for tag in ("InstanceStatus", "PowerState", "IpAddress", "Address")]

    before = seen()
    client.done(NETWORK, "prepare")
    assert seen() == before
    client.done(NETWORK, "abort")
    assert seen() == before


def test_virtual_disks_stay_in_storage_when_their_objects_go(client: Client) -> None:
    client.done(BATCH, "prepare")
    client.done(BATCH, "commit")
    machines = client.arm("GET", "providers/Microsoft.Compute/virtualMachines").json["value"]
    blobs = {each["properties"]["storageProfile"]["osDisk"]["vhd"]["uri"] for each in machines}
    assert blobs == {
        f"https://contosovhds.blob.core.windows.net/vhds/contoso-batch-batch{number}-os.vhd" for number in (1, 2)
    }
    assert not [name for name in client.asm("GET", "services/disks").all("Name") if name.startswith("contoso-batch-")]


def test_alerts_and_autoscale_have_no_counterpart_and_are_dropped(client: Client) -> None:
    """They are no part of the classic documents; nothing of their provider comes out of a migration either."""
    client.done(NETWORK, "prepare")
    providers = {each["type"].partition("/")[0] for each in client.arm("GET", "resources").json["value"]}
    assert providers == {"Microsoft.Compute", "Microsoft.Network"}
