"""Gives the roles of an access plan, asking before it acts."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from asmosis.aftermath.access import AccessPlan, Grant
from asmosis.azure.arm import ArmClient
from asmosis.classic.estate import key
from asmosis.errors import Conflict, ControlPlaneError

_ASSIGNMENTS = "providers/Microsoft.Authorization/roleAssignments"
_DEFINITIONS = "providers/Microsoft.Authorization/roleDefinitions"
_VERSION = "2022-04-01"
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_EXISTS = "roleassignmentexists"


@dataclass(frozen=True)
class Granted:
    """What became of a grant: given now, there before, or why it was not given."""

    grant: Grant
    outcome: Literal["given", "there", "refused"]
    why: str = ""


def apply(plan: AccessPlan, arm: ArmClient) -> Iterator[Granted]:
    """Give what is not there yet, one by one; a refusal of one does not stop the others.

    Only ids that were found in ARM are written to. The name of an assignment follows from what it says, so that a
    second run finds the first one's. Yields in the plan's order.

    Raises:
        ControlPlaneError: the roles that are there cannot be read.
    """
    roles = {key(body["properties"]["roleName"]): str(body["name"]) for body in arm.read(_DEFINITIONS, _VERSION)}
    there = {
        (key(each["scope"]), key(each["principalId"]), key(each["roleDefinitionId"]).rpartition("/")[2])
        for each in (body["properties"] for body in arm.read(_ASSIGNMENTS, _VERSION))
    }
    for grant in plan.grants:
        role = roles.get(key(grant.role)) or _definition(grant.role)
        if grant.certainty != "found":
            yield Granted(grant, "refused", f"the id is {grant.certainty}, not found in ARM")
        elif role is None:
            yield Granted(grant, "refused", f"there is no role {grant.role!r}")
        elif (key(grant.scope), key(grant.principal), key(role)) in there:
            yield Granted(grant, "there")
        else:
            yield _given(grant, role, arm)


def _given(grant: Grant, role: str, arm: ArmClient) -> Granted:
    name = uuid.uuid5(uuid.NAMESPACE_URL, "|".join(map(key, (grant.scope, grant.principal, role))))
    definition = f"/subscriptions/{arm.subscription}/{_DEFINITIONS}/{role}"
    body = {"properties": {"roleDefinitionId": definition, "principalId": grant.principal}}
    try:
        arm.put(f"{grant.scope}/{_ASSIGNMENTS}/{name}", _VERSION, body)
    except Conflict as error:
        if key(error.code) == _EXISTS:  # somebody else was quicker (documented: azure-cli, issue 8568)
            return Granted(grant, "there")
        return Granted(grant, "refused", str(error))
    except ControlPlaneError as error:
        return Granted(grant, "refused", str(error))
    return Granted(grant, "given")


def _definition(role: str) -> str | None:
    """The definition that an id of a role names; facts tell ids of roles that the subscription does not list."""
    last = role.rpartition("/")[2]
    return last if _GUID.fullmatch(last) else None
