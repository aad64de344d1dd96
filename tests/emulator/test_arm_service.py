"""How the Resource Manager plane serves: limits, versions, operations that go on, and what can be had."""

import time
from typing import Any
from uuid import uuid4

import pytest
import requests
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.storage import StorageManagementClient

from tests.emulator.conftest import Client

VNET = {
    "location": "westus",
    "properties": {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [{"name": "front", "properties": {"addressPrefix": "10.0.0.0/24"}}],
    },
}
MACHINE = {"location": "westus", "properties": {"hardwareProfile": {"vmSize": "Standard_D2"}}}
ACCOUNT = {"location": "westus", "sku": {"name": "Standard_LRS"}, "kind": "Storage"}
EMPTY = {"location": "westus", "properties": {}}


class Plane:
    """The plane of one subscription over plain HTTP, with a group `made`."""

    def __init__(self, client: Client) -> None:
        self.client, self.base, self.subscription = client, client.base, client.subscription
        self.group = f"/subscriptions/{self.subscription}/resourceGroups/made"
        self.send("PUT", "", {"location": "westus"})

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, query: str = ""
    ) -> requests.Response:
        whole = path if path.startswith(("/subscriptions", "http")) else self.group + path
        return requests.request(
            method,
            whole if whole.startswith("http") else self.base + whole,
            params={}
            if whole.startswith("http")
            else {"api-version": "x", **dict([query.split("=", 1)] if query else [])},
            json=body,
            headers=headers,
            timeout=30,
        )

    def put(self, type_: str, name: str, body: Any, **headers: str) -> requests.Response:
        return self.send("PUT", f"/providers/{type_}/{name}", body, headers)

    def listed(self, path: str, query: str = "") -> list[dict[str, Any]]:
        answer = self.send("GET", f"/subscriptions/{self.subscription}/providers/{path}", query=query)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["value"])


@pytest.fixture
def plane(client: Client) -> Plane:
    return Plane(client)


# Limits of writes


def left(answer: requests.Response) -> int:
    return int(answer.headers["x-ms-ratelimit-remaining-subscription-writes"])


def test_every_write_tells_how_many_are_left_and_reads_take_none(plane: Plane) -> None:
    first = left(plane.put("Microsoft.Network/routeTables", "a", EMPTY))
    assert first == 1200 - 2  # the group was the first
    assert "x-ms-ratelimit-remaining-subscription-writes" not in plane.send("GET", "/resources").headers
    assert left(plane.put("Microsoft.Network/routeTables", "b", EMPTY)) == first - 1


def test_too_many_writes_are_refused_until_the_hour_is_over(plane: Plane) -> None:
    plane.client.control("throttle", {"subscription": plane.subscription, "writes_per_hour": 2})
    assert [plane.put("Microsoft.Network/routeTables", name, EMPTY).status_code for name in "abc"] == [201, 201, 429]
    refused = plane.put("Microsoft.Network/routeTables", "c", EMPTY)
    assert refused.json()["error"]["code"] == "SubscriptionRequestsThrottled"
    wait = int(refused.headers["retry-after"])
    assert 3500 < wait <= 3601
    assert plane.send("GET", "/resources").status_code == 200
    plane.client.control("clock", {"advance": wait})
    assert plane.put("Microsoft.Network/routeTables", "c", EMPTY).status_code == 201


def test_limits_of_writes_are_each_subscriptions_own(plane: Plane) -> None:
    plane.client.control("throttle", {"subscription": plane.subscription, "writes_per_hour": 0})
    assert plane.put("Microsoft.Network/routeTables", "a", EMPTY).status_code == 429
    other = Client(plane.base, str(uuid4()))
    other.control("seed", {"estate": "contoso", "subscription": other.subscription})
    assert Plane(other).put("Microsoft.Network/routeTables", "a", EMPTY).status_code == 201


# Versions


def test_a_write_for_another_version_is_refused(plane: Plane) -> None:
    type_ = "Microsoft.Network/routeTables"
    plane.put(type_, "a", EMPTY)
    old = plane.send("GET", f"/providers/{type_}/a").headers["etag"]
    assert plane.put(type_, "a", {**EMPTY, "tags": {"n": "1"}}, **{"If-Match": old}).status_code == 200
    for method in ("PUT", "PATCH", "DELETE"):
        refused = plane.send(method, f"/providers/{type_}/a", EMPTY, {"If-Match": old})
        assert (refused.status_code, refused.json()["error"]["code"]) == (412, "PreconditionFailed"), method
    assert plane.send("GET", f"/providers/{type_}/a").json()["tags"] == {"n": "1"}
    assert plane.put(type_, "a", EMPTY, **{"If-Match": "*"}).status_code == 200


def test_only_a_new_or_only_an_old_resource_may_be_wanted(plane: Plane) -> None:
    type_ = "Microsoft.Network/routeTables"
    assert plane.put(type_, "a", EMPTY, **{"If-Match": "*"}).status_code == 412
    assert plane.put(type_, "a", EMPTY, **{"If-None-Match": "*"}).status_code == 201
    assert plane.put(type_, "a", EMPTY, **{"If-None-Match": "*"}).status_code == 412


# Operations that go on


@pytest.mark.parametrize(
    ("type_", "body", "status", "state", "retry"),
    [
        ("Microsoft.Network/virtualNetworks", VNET, 201, "Updating", "3"),
        ("Microsoft.Network/publicIPAddresses", EMPTY, 201, "Updating", "3"),
        ("Microsoft.Network/networkSecurityGroups", EMPTY, 201, "Updating", "10"),
        ("Microsoft.Network/loadBalancers", EMPTY, 201, "Succeeded", None),
        ("Microsoft.Compute/virtualMachines", MACHINE, 201, "Creating", None),
    ],
)
def test_a_write_that_goes_on_is_polled(
    plane: Plane, type_: str, body: Any, status: int, state: str, retry: str | None
) -> None:
    made = plane.put(type_, "a", body)
    assert (made.status_code, made.json()["properties"]["provisioningState"]) == (status, state)
    assert made.headers.get("retry-after") == retry
    assert "location" not in made.headers
    assert plane.send("GET", made.headers["azure-asyncoperation"]).json() == {"status": "Succeeded"}
    assert plane.send("GET", f"/providers/{type_}/a").json()["properties"]["provisioningState"] == "Succeeded"
    gone = plane.send("DELETE", f"/providers/{type_}/a")
    assert gone.status_code == 202
    assert plane.send("GET", gone.headers["azure-asyncoperation"]).json() == {"status": "Succeeded"}
    assert plane.send("GET", gone.headers["location"]).status_code == 204
    assert plane.send("DELETE", f"/providers/{type_}/a").status_code == 204


def test_an_account_is_made_with_a_location_to_poll(plane: Plane) -> None:
    name = f"a{uuid4().hex[:20]}"
    made = plane.put("Microsoft.Storage/storageAccounts", name, ACCOUNT)
    assert (made.status_code, made.content, made.headers["retry-after"]) == (202, b"", "17")
    there = plane.send("GET", made.headers["location"])
    assert (there.status_code, there.json()["name"]) == (200, name)
    assert plane.put("Microsoft.Storage/storageAccounts", name, ACCOUNT).status_code == 200


def test_an_operation_ends_when_its_latency_is_over(plane: Plane) -> None:
    plane.client.control("latency", {"write": 60})
    try:
        made = plane.put("Microsoft.Network/virtualNetworks", "a", VNET)
        account = plane.put("Microsoft.Storage/storageAccounts", f"a{uuid4().hex[:20]}", ACCOUNT)
    finally:
        plane.client.control("latency", {"write": 0})
    going = plane.send("GET", made.headers["azure-asyncoperation"])
    assert (going.json(), going.headers["retry-after"]) == ({"status": "InProgress"}, "10")
    assert plane.send("GET", account.headers["location"]).status_code == 202
    plane.client.control("clock", {"advance": 61})
    assert plane.send("GET", made.headers["azure-asyncoperation"]).json() == {"status": "Succeeded"}
    assert plane.send("GET", account.headers["location"]).status_code == 200


def test_an_operation_that_nobody_began_is_not_found(plane: Plane) -> None:
    made = plane.put("Microsoft.Network/virtualNetworks", "a", VNET)
    url = made.headers["azure-asyncoperation"]
    number = url.partition("/operations/")[2].partition("?")[0]
    assert plane.send("GET", url.replace(number, str(uuid4()))).status_code == 404
    other = Client(plane.base, str(uuid4()))
    other.control("seed", {"estate": "contoso", "subscription": other.subscription})
    assert plane.send("GET", url.replace(plane.subscription, other.subscription)).status_code == 404


class AllowHttp(SansIOHTTPPolicy[Any, Any]):
    """Lets the clients' bearer tokens go over plain http."""

    def on_request(self, request: Any) -> None:
        request.context.options.setdefault("enforce_https", False)


class AnyToken:
    """A credential for an emulator that asks for none."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("any", int(time.time()) + 3600)


def options_of(plane: Plane) -> dict[str, Any]:
    return {
        "credential": AnyToken(),
        "subscription_id": plane.subscription,
        "base_url": plane.base,
        "polling_interval": 0.05,
        "per_retry_policies": [AllowHttp()],
    }


def test_microsofts_clients_follow_operations_without_waiting(plane: Plane) -> None:
    options = options_of(plane)
    began = time.monotonic()
    network: Any = NetworkManagementClient(**options)
    compute: Any = ComputeManagementClient(**options)
    storage: Any = StorageManagementClient(**options)
    with network, compute, storage:
        vnet = network.virtual_networks.begin_create_or_update("made", "net", VNET).result()
        assert (vnet.provisioning_state, vnet.subnets[0].name) == ("Succeeded", "front")
        subnet = {"properties": {"addressPrefix": "10.0.1.0/24"}}
        assert network.subnets.begin_create_or_update("made", "net", "back", subnet).result().name == "back"
        machine = compute.virtual_machines.begin_create_or_update("made", "vm", MACHINE).result()
        assert machine.provisioning_state == "Succeeded"
        compute.virtual_machines.begin_power_off("made", "vm").result()
        name = f"a{uuid4().hex[:20]}"
        assert storage.storage_accounts.begin_create("made", name, ACCOUNT).result().name == name
        compute.virtual_machines.begin_delete("made", "vm").result()
        network.subnets.begin_delete("made", "net", "back").result()
        network.virtual_networks.begin_delete("made", "net").result()
        with pytest.raises(HttpResponseError):
            network.virtual_networks.get("made", "net")
    assert time.monotonic() - began < 10


# What there is


def test_only_lists_of_machines_know_status_only(plane: Plane) -> None:
    plane.put("Microsoft.Compute/virtualMachines", "vm", MACHINE)
    plane.put("Microsoft.Network/routeTables", "a", EMPTY)
    [machine] = plane.listed("Microsoft.Compute/virtualMachines", "statusOnly=true")
    assert sorted(machine["properties"]) == ["instanceView", "provisioningState", "vmId"]
    assert machine["properties"]["instanceView"]["statuses"][-1]["code"] == "PowerState/running"
    [table] = plane.listed("Microsoft.Network/routeTables", "statusOnly=true")
    assert "resourceGuid" in table["properties"]


def test_sizes_of_machines_are_told_by_region_with_cores_and_family(plane: Plane) -> None:
    sizes = plane.listed("Microsoft.Compute/skus", "$filter=location eq 'West US'")
    [one] = [each for each in sizes if each["name"] == "Standard_D3"]
    assert (one["family"], one["capabilities"], one["locations"]) == (
        "standardDFamily",
        [{"name": "vCPUs", "value": "4"}],
        ["westus"],
    )
    assert len({(each["name"], *each["locations"]) for each in sizes}) == len(sizes)
    refused = plane.send(
        "GET", f"/subscriptions/{plane.subscription}/providers/Microsoft.Compute/skus", query="$filter=name eq 'x'"
    )
    assert refused.status_code == 400


def test_pages_of_sizes_hold_every_size_of_every_region_once(plane: Plane) -> None:
    url = f"{plane.base}/subscriptions/{plane.subscription}/providers/Microsoft.Compute/skus?api-version=x"
    found: list[tuple[str, str]] = []
    while url:
        page = plane.send("GET", url).json()
        found += [(each["name"], each["locations"][0]) for each in page["value"]]
        url = page.get("nextLink", "")
    assert len(found) == len(set(found)) > 1000


def test_kinds_of_storage_accounts(plane: Plane) -> None:
    kinds = {(each["name"], each["kind"]) for each in plane.listed("Microsoft.Storage/skus")}
    assert ("Standard_GRS", "Storage") in kinds
    assert ("Premium_LRS", "BlobStorage") not in kinds


@pytest.mark.parametrize(
    ("name", "reason"),
    [("KV-free", None), ("KV-taken", "AlreadyExists"), ("kv-TAKEN", "AlreadyExists")]
    + [(wrong, "AccountNameInvalid") for wrong in ("9kv", "kv", "kv--a", "kv-", "k" * 25, "k_v")],
)
def test_vault_names_are_checked(plane: Plane, name: str, reason: str | None) -> None:
    plane.put("Microsoft.KeyVault/vaults", "KV-taken", {**EMPTY, "properties": {"sku": {"name": "standard"}}})
    path = f"/subscriptions/{plane.subscription}/providers/Microsoft.KeyVault/checkNameAvailability"
    told = plane.send("POST", path, {"name": name, "type": "Microsoft.KeyVault/vaults"}).json()
    assert (told["nameAvailable"], told.get("reason")) == (reason is None, reason)


def test_a_gateway_knows_its_connections_and_these_their_shared_key(plane: Plane) -> None:
    network = "Microsoft.Network"
    for name in ("near", "far", "alone"):
        assert plane.put(f"{network}/virtualNetworkGateways", name, EMPTY).status_code == 201
    ends: dict[str, Any] = {
        f"virtualNetworkGateway{n}": {"id": f"{plane.group}/providers/{network}/virtualNetworkGateways/{name}"}
        for n, name in ((1, "near"), (2, "far"))
    }
    made = plane.put(f"{network}/connections", "link", {**EMPTY, "properties": {**ends, "connectionType": "Vnet2Vnet"}})
    assert made.status_code == 201, made.text
    for name, known in (("near", ["link"]), ("far", ["link"]), ("alone", [])):
        answer = plane.send("GET", f"/providers/{network}/virtualNetworkGateways/{name}/connections").json()
        assert [each["name"] for each in answer["value"]] == known
    key = f"/providers/{network}/connections/link/sharedkey"
    assert plane.send("GET", key).json() == {"value": ""}
    assert plane.send("PUT", key, {"value": "hush"}).status_code == 200
    assert plane.send("GET", key).json() == {"value": "hush"}
    assert "hush" not in str(plane.client.journal())
    assert plane.send("PUT", key, {"value": 7}).status_code == 400
