"""Roles and who has them; what is enforced is what the control for identities says.

Ids and names of the built-in roles are documented. That every subscription has begun with one Owner is assumed.
"""

import json
import uuid
from typing import Any

from starlette.responses import Response

from emulator import identity
from emulator.arm import paging, refusals
from emulator.arm.call import Call, answer, empty
from emulator.errors import PlatformError

_NAMESPACE = "Microsoft.Authorization"
_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
_ROLES = {
    _OWNER: "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "d73bb868-a0df-4d4d-bd69-98a00b01fccb": "Classic Virtual Machine Contributor",
    "b34d265f-36f7-4a0d-a4d4-e158ca92e90f": "Classic Network Contributor",
    "86e8f5dc-a6e9-4c67-9d15-de283e8eac25": "Classic Storage Account Contributor",
    "985d6b00-f706-48f5-a6fe-d0ca12fb668d": "Classic Storage Account Key Operator Service Role",
    "9980e02c-c2be-4d73-94e8-173b1dc7cf3c": "Virtual Machine Contributor",
    "4d97b98b-1d4f-4787-a291-c67834d212e7": "Network Contributor",
    "17d1049b-9a84-46fb-8f53-869881c3d3ab": "Storage Account Contributor",
    "81a9662b-bebf-436f-a333-f67b29880f12": "Storage Account Key Operator Service Role",
}


def definitions(call: Call) -> Response:
    """The built-in roles."""
    return answer(
        paging.page(call, sorted(_ROLES), str, lambda shown: [_definition(call.subscription, id_) for id_ in shown])
    )


def assignments(call: Call) -> Response:
    """The roles on the subscription and on everything in it."""
    kept = _kept(call)
    return answer(paging.page(call, sorted(kept), str, lambda shown: [kept[id_] for id_ in shown]))


def permissions(call: Call) -> Response:
    """What the caller may do (the API is documented for groups and resources; azure-rest-api-specs, issue 19473)."""
    who = identity.subject(call.store, call.headers.get("authorization", ""))
    rights = identity.rights_of(call.store, who) if who else None
    allowed = ["*"] if rights is None or rights.actions is None else rights.actions
    taken = [] if rights is None else rights.not_actions
    one = {"actions": allowed, "notActions": taken, "dataActions": [], "notDataActions": []}
    return answer({"value": [one]})


def put_assignment(call: Call) -> Response:
    """Give a principal a role on the subscription, a group or any resource, classic ones too.

    Giving it a second time is refused, under the same name too (documented: azure-cli, issue 8568).
    """
    document = call.document()
    properties = document.get("properties")
    wanted = properties if isinstance(properties, dict) else {}
    role, principal = wanted.get("roleDefinitionId"), wanted.get("principalId")
    if not isinstance(role, str) or not isinstance(principal, str):
        raise refusals.invalid_content("properties.roleDefinitionId and properties.principalId are required")
    if role.rpartition("/")[2].lower() not in _ROLES:
        raise PlatformError(
            400, "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{role}' does not exist."
        )
    kept, scope = _kept(call), f"/subscriptions/{call.subscription}{call.names['scope']}"
    made = _assignment(scope, call.names["assignment"], role, principal)
    if any(_same(made, other) for other in kept.values()):
        raise PlatformError(409, "RoleAssignmentExists", "The role assignment already exists.")
    _keep(call, kept | {made["id"].lower(): made}, made["id"])
    return answer(made, 201)


def delete_assignment(call: Call) -> Response:
    """Take a role back; 204 where nobody had it."""
    kept = _kept(call)
    id_ = _id(f"/subscriptions/{call.subscription}{call.names['scope']}", call.names["assignment"])
    gone = kept.pop(id_.lower(), None)
    if gone is None:
        return empty(204)
    _keep(call, kept, gone["id"])
    return answer(gone)


def _kept(call: Call) -> dict[str, dict[str, Any]]:
    stored = call.store.setting(_key(call), "")
    if stored:
        found: dict[str, dict[str, Any]] = json.loads(stored)
        return found
    scope = f"/subscriptions/{call.subscription}"
    name, owner = (str(uuid.uuid5(uuid.NAMESPACE_URL, f"{scope}/{what}")) for what in ("assignment", "owner"))
    first = _assignment(scope, name, f"{scope}/providers/{_NAMESPACE}/roleDefinitions/{_OWNER}", owner)
    return {first["id"].lower(): first}


def _keep(call: Call, kept: dict[str, dict[str, Any]], id_: str) -> None:
    call.note.verb, call.note.unit, call.note.effect = call.method.lower(), id_, True
    call.store.set_setting(_key(call), json.dumps(kept))


def _key(call: Call) -> str:
    return f"arm.roles/{call.subscription.lower()}"


def _id(scope: str, name: str) -> str:
    return f"{scope}/providers/{_NAMESPACE}/roleAssignments/{name}"


def _assignment(scope: str, name: str, role: str, principal: str) -> dict[str, Any]:
    return {
        "id": _id(scope, name),
        "name": name,
        "type": f"{_NAMESPACE}/roleAssignments",
        "properties": {"roleDefinitionId": role, "principalId": principal, "scope": scope},
    }


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two assignments under any names say one thing."""
    return all(
        one["properties"][name].lower() == other["properties"][name].lower()
        for name in ("roleDefinitionId", "principalId", "scope")
    )


def _definition(subscription: str, id_: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription}/providers/{_NAMESPACE}/roleDefinitions/{id_}",
        "name": id_,
        "type": f"{_NAMESPACE}/roleDefinitions",
        "properties": {"roleName": _ROLES[id_], "type": "BuiltInRole", "assignableScopes": ["/"]},
    }
