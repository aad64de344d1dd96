"""Roles: who has them, on which scope, and what is refused."""

import json
from typing import Any

import pytest

from tests.emulator.conftest import Client, Reply

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
SCOPES = ["", "/resourceGroups/g", "/resourceGroups/g/providers/Microsoft.ClassicCompute/domainNames/web"]
NAME = "6b1d1b1c-3d0c-4c0e-8a57-0c7f27f7b0aa"


def call(client: Client, method: str, scope: str, body: dict[str, Any] | None = None) -> Reply:
    path = f"/subscriptions/{client.subscription}{scope}/providers/Microsoft.Authorization/roleAssignments/{NAME}"
    return client.send(method, f"{path}?api-version=2022-04-01", json.dumps(body) if body is not None else None)


def wanted(client: Client, role: str = READER) -> dict[str, Any]:
    definition = f"/subscriptions/{client.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return {"properties": {"roleDefinitionId": definition, "principalId": "ada"}}


def listed(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.arm("GET", "providers/Microsoft.Authorization/roleAssignments").json["value"]
    return found


def test_a_subscription_begins_with_one_owner(client: Client) -> None:
    [first] = listed(client)
    assert first["properties"]["scope"] == f"/subscriptions/{client.subscription}"
    assert first["properties"]["roleDefinitionId"].endswith(OWNER)


def test_built_in_roles_are_told_by_name(client: Client) -> None:
    found = client.arm("GET", "providers/Microsoft.Authorization/roleDefinitions").json["value"]
    assert {role["name"]: role["properties"]["roleName"] for role in found}[OWNER] == "Owner"
    assert all(role["id"].endswith(f"/roleDefinitions/{role['name']}") for role in found)


@pytest.mark.parametrize("scope", SCOPES, ids=["subscription", "group", "classic resource"])
def test_a_role_is_given_and_taken_back_on_any_scope(client: Client, scope: str) -> None:
    made = call(client, "PUT", scope, wanted(client))
    assert made.status == 201
    assert made.json["properties"]["scope"] == f"/subscriptions/{client.subscription}{scope}"
    assert made.json in listed(client)
    assert call(client, "DELETE", scope.upper()).json == made.json
    assert made.json not in listed(client)
    assert call(client, "DELETE", scope).status == 204


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "InvalidRequestContent"),
        ({"properties": {"roleDefinitionId": "x"}}, "InvalidRequestContent"),
        ({"properties": []}, "InvalidRequestContent"),
        ({"properties": {"roleDefinitionId": "/roleDefinitions/x", "principalId": "ada"}}, "RoleDefinitionDoesNotExist"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_leaves_all_as_it_was(
    client: Client, body: dict[str, Any], code: str
) -> None:
    before = listed(client)
    refused = call(client, "PUT", "", body)
    assert (refused.status, refused.json["error"]["code"]) == (400, code)
    assert listed(client) == before


@pytest.mark.parametrize("name", [NAME, "7c2e2c2d-4e1d-4d1f-9b68-1d8f38f8c1bb"], ids=["its own name", "another name"])
def test_a_role_that_is_there_is_refused_a_second_time(client: Client, name: str) -> None:
    made = call(client, "PUT", "", wanted(client))
    path = f"/subscriptions/{client.subscription}/providers/Microsoft.Authorization/roleAssignments/{name}"
    body = {"properties": made.json["properties"] | {"principalId": "ADA"}}
    again = client.send("PUT", f"{path}?api-version=2022-04-01", json.dumps(body))
    assert (again.status, again.json["error"]["code"]) == (409, "RoleAssignmentExists")
    assert len(listed(client)) == 2
