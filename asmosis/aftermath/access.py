"""Roles on classic resources, and the roles that take their place in Resource Manager.

Classic ids end with the migration, and roles on them do so too; those on a storage account survive (both documented by
Microsoft: overview, migration of storage accounts). Roles that open classic resources only open nothing afterwards,
wherever they are assigned; their counterparts are documented by Microsoft (built-in roles).
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from asmosis.aftermath.classic_ids import TYPES, tail
from asmosis.aftermath.moves import Certainty, Move, Successor
from asmosis.classic.estate import key
from asmosis.facts import RoleAssignment

CLASSIC_ROLES: Mapping[str, str] = {
    "Classic Network Contributor": "Network Contributor",
    "Classic Storage Account Contributor": "Storage Account Contributor",
    "Classic Storage Account Key Operator Service Role": "Storage Account Key Operator Service Role",
    "Classic Virtual Machine Contributor": "Virtual Machine Contributor",
}
"""Role that only opens classic resources → the one that opens the same in Resource Manager."""

_OPENS = {
    "Classic Network Contributor": frozenset({"virtualNetwork", "networkSecurityGroup", "routeTable", "reservedIp"}),
    "Classic Storage Account Contributor": frozenset({"storageAccount"}),
    "Classic Storage Account Key Operator Service Role": frozenset({"storageAccount"}),
    "Classic Virtual Machine Contributor": frozenset({"hostedService"}),
}
_BY_KEY = {key(name): name for name in CLASSIC_ROLES}
_SURVIVES = "roles on a storage account survive its migration"


@dataclass(frozen=True)
class Grant:
    """A role to be given; `old_scope` and `old_role` are what it takes the place of."""

    principal: str
    role: str
    scope: str
    certainty: Certainty
    old_role: str
    old_scope: str
    why: str

    @property
    def az(self) -> str:
        """The command that gives it; it changes nothing where the role is there."""
        words = ("az", "role", "assignment", "create", "--assignee-object-id", self.principal)
        return shlex.join((*words, "--role", self.role, "--scope", self.scope))


@dataclass(frozen=True)
class Kept:
    """A role that needs nothing, or that nothing can take the place of."""

    principal: str
    role: str
    scope: str
    why: str


@dataclass(frozen=True)
class AccessPlan:
    """What roles to give, in the order of the moves, and which to leave; the same role on the same scope once."""

    grants: tuple[Grant, ...]
    kept: tuple[Kept, ...]


def access_plan(moves: Iterable[Move], assignments: Iterable[RoleAssignment]) -> AccessPlan:
    """The roles on what moved, on the groups in which the portal showed it, and classic roles above all that."""
    grants: dict[tuple[str, str, str], Grant] = {}
    kept: list[Kept] = []
    moved = tuple(moves)
    for assignment in assignments:
        for item in _plan(assignment, moved):
            if isinstance(item, Kept):
                kept.append(item)
            else:
                grants.setdefault((key(item.principal), key(item.role), key(item.scope)), item)
    return AccessPlan(tuple(grants.values()), tuple(kept))


def joined(plans: Iterable[AccessPlan]) -> AccessPlan:
    """The plans of several units as one, in their order."""
    all_of_them = tuple(plans)
    grants = tuple(grant for plan in all_of_them for grant in plan.grants)
    return AccessPlan(grants, tuple(kept for plan in all_of_them for kept in plan.kept))


def concerning(moves: Iterable[Move], assignments: Iterable[RoleAssignment]) -> tuple[RoleAssignment, ...]:
    """The assignments that a plan for these moves says anything about."""
    moved = tuple(moves)
    return tuple(assignment for assignment in assignments if any(_plan(assignment, moved)))


def as_az(plan: AccessPlan) -> str:
    """The plan as a shell script; what is left alone stands in it as comments."""
    lines = ["#!/bin/sh", "set -eu"]
    lines += [f"# left: {kept.role} of {kept.principal} on {kept.scope}: {kept.why}" for kept in plan.kept]
    for grant in plan.grants:
        lines.append(f"# {grant.why}: {grant.old_role} on {grant.old_scope}")
        unsure = grant.certainty in ("assumed", "missing")
        lines.append(f"# the id is {grant.certainty}: {grant.az}" if unsure else grant.az)
    return "\n".join(" ".join(line.splitlines()) for line in lines) + "\n"


def _plan(assignment: RoleAssignment, moved: Sequence[Move]) -> Iterator[Grant | Kept]:
    scope = key(assignment.scope.rstrip("/"))
    if "/providers/microsoft.classic" in scope:
        yield from _on_resource(assignment, [move for move in moved if tail(scope) in map(tail, move.ids)])
    elif "/providers/" not in scope and "/resourcegroups/" in scope:
        inside = [move for move in moved if any(key(id).startswith(f"{scope}/") for id in move.ids)]
        yield from _above(assignment, inside, "the group no longer holds the resource")
    elif "/providers/" not in scope and key(assignment.role) in _BY_KEY:
        yield from _above(assignment, moved, "the role opens classic resources only")


def _on_resource(assignment: RoleAssignment, moved: Iterable[Move]) -> Iterator[Grant | Kept]:
    for move in moved:
        if move.kind == "storageAccount":
            yield Kept(assignment.principal, assignment.role, assignment.scope, _SURVIVES)
        elif move.successor is None:
            why = f"{move.short} has no successor" + (f": {move.note}" if move.note else "")
            yield Kept(assignment.principal, assignment.role, assignment.scope, why)
        else:
            yield _grant(assignment, move.successor, "the classic id ends")


def _above(assignment: RoleAssignment, moved: Iterable[Move], why: str) -> Iterator[Grant]:
    """For resources under the scope: a cloud service's group stands for its machines as well."""
    classic = _BY_KEY.get(key(assignment.role), "")
    for move in moved:
        opens = not classic or move.kind in _OPENS[classic]
        if opens and move.kind in TYPES and move.kind != "virtualMachine" and move.successor:
            yield _grant(assignment, move.successor, why)


def _grant(assignment: RoleAssignment, target: Successor, why: str) -> Grant:
    role = CLASSIC_ROLES.get(_BY_KEY.get(key(assignment.role), ""), assignment.role)
    return Grant(assignment.principal, role, target.id, target.certainty, assignment.role, assignment.scope, why)
