"""Locks that people put on scopes: listed for the whole subscription, in the way of writes below them."""

import json
from typing import Any

import pytest

from tests.emulator.conftest import Client, Reply

TABLE = "/resourceGroups/hall/providers/Microsoft.Network/routeTables/plan"
SCOPES = {"the subscription": "", "its group": "/resourceGroups/HALL", "the resource": TABLE}
OTHERS = ["/resourceGroups/hal", "/resourceGroups/hall/providers/Microsoft.Network/routeTables/pla"]


def send(client: Client, method: str, path: str, body: dict[str, Any] | None = None) -> Reply:
    url = f"/subscriptions/{client.subscription}{path}?api-version=2024-05-01"
    return client.send(method, url, json.dumps(body) if body is not None else None)


def lock(client: Client, scope: str, level: str, name: str = "keep") -> Reply:
    path = f"{scope}/providers/Microsoft.Authorization/locks/{name}"
    return send(client, "PUT", path, {"properties": {"level": level, "notes": "Ask ada."}})


@pytest.fixture
def table(client: Client) -> Client:
    for path in ("/resourceGroups/hall", TABLE):
        assert send(client, "PUT", path, {"location": "westus"}).status < 300
    return client


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
@pytest.mark.parametrize(("level", "writable"), [("CanNotDelete", True), ("ReadOnly", False)])
def test_a_lock_is_in_the_way_of_what_is_below_it(table: Client, scope: str, level: str, *, writable: bool) -> None:
    assert lock(table, scope, level).status == 201
    assert lock(table, scope, level).status == 200
    tagged = send(table, "PATCH", TABLE, {"tags": {"a": "b"}})
    refused = send(table, "DELETE", TABLE)
    assert (tagged.status == 200) is writable
    assert (refused.status, refused.json["error"]["code"]) == (409, "ScopeLocked")
    assert scope in refused.json["error"]["message"]
    assert send(table, "DELETE", f"{scope}/providers/Microsoft.Authorization/locks/keep").status == 200
    assert send(table, "DELETE", TABLE).status == 202


@pytest.mark.parametrize("scope", OTHERS)
def test_a_lock_elsewhere_is_in_nobodys_way(table: Client, scope: str) -> None:
    lock(table, scope, "ReadOnly")
    assert send(table, "DELETE", TABLE).status == 202


def test_all_locks_are_listed_at_once(table: Client) -> None:
    for number, scope in enumerate(SCOPES.values()):
        lock(table, scope, "CanNotDelete", f"keep{number}")
    found = send(table, "GET", "/providers/Microsoft.Authorization/locks").json["value"]
    assert {each["name"]: each["properties"]["level"] for each in found} == {
        f"keep{number}": "CanNotDelete" for number in range(3)
    }


def test_a_lock_without_a_level_is_refused_and_one_that_is_not_there_is_gone(table: Client) -> None:
    assert lock(table, "", "Melt").status == 400
    assert send(table, "DELETE", "/providers/Microsoft.Authorization/locks/keep").status == 204
