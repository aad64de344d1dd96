"""Gives the roles of an access plan, asking before it acts."""

import re
import uuid
from collections.abc import Callable, Container, Iterator, Sequence
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
    outcome: Literal["given", "there", "refused", "declined"]
    why: str = ""


def apply(plan: AccessPlan, arm: ArmClient, agreed: Callable[[Sequence[Grant]], bool]) -> Iterator[Granted]:
    """Give what is not there yet, one by one; a refusal of one does not stop the others.

    `agreed` is asked once about all that would be given, if anything would be; nothing is given without its yes. Only
    ids that were found in ARM are written to. The name of an assignment follows from what it says, so that a second run
    finds the first one's. Yields in the plan's order.

    Raises:
        ControlPlaneError: the roles that are there cannot be read.
    """
    roles = {key(body["properties"]["roleName"]): str(body["name"]) for body in arm.read(_DEFINITIONS, _VERSION)}
    there = {
        (key(each["scope"]), key(each["principalId"]), key(each["roleDefinitionId"]).rpartition("/")[2])
        for each in (body["properties"] for body in arm.read(_ASSIGNMENTS, _VERSION))
    }
    known = [(grant, roles.get(key(grant.role)) or _definition(grant.role)) for grant in plan.grants]
    settled = [_settled(grant, role, there) for grant, role in known]
    open_ones = [grant for (grant, _), end in zip(known, settled, strict=True) if end is None]
    yes = not open_ones or agreed(open_ones)
    for (grant, role), end in zip(known, settled, strict=True):
        if end is not None:
            yield end
        elif yes and role is not None:
            yield _given(grant, role, arm)
        else:
            yield Granted(grant, "declined")


def _settled(grant: Grant, role: str | None, there: Container[tuple[str, str, str]]) -> Granted | None:
    """How a grant ends without anything being done; none for one that is to be given."""
    if grant.certainty != "found":
        return Granted(grant, "refused", f"the id is {grant.certainty}, not found in ARM")
    if role is None:
        return Granted(grant, "refused", f"there is no role {grant.role!r}")
    is_there = (key(grant.scope), key(grant.principal), key(role)) in there
    return Granted(grant, "there") if is_there else None


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
