"""What a commit leaves to do: where everything went, what still uses the old side, whose access is to be renewed."""

from collections.abc import Iterable
from dataclasses import dataclass

from asmosis.aftermath.access import AccessPlan, Grant, Kept, access_plan
from asmosis.aftermath.moves import Move, Successor, found_ids, moves
from asmosis.aftermath.scan import Hit, Scan, scan
from asmosis.aftermath.signs import Sign
from asmosis.aftermath.tags import TagPlan, tag_plans
from asmosis.aftermath.todo import TITLES, Task, tasks
from asmosis.check import Pair
from asmosis.classic.estate import Estate
from asmosis.facts import Facts
from asmosis.translate import Promise
from asmosis.units import Unit

__all__ = [
    "TITLES",
    "AccessPlan",
    "Aftermath",
    "Grant",
    "Hit",
    "Kept",
    "Move",
    "Scan",
    "Sign",
    "Successor",
    "TagPlan",
    "Task",
    "access_plan",
    "aftermath",
    "found_ids",
    "moves",
    "scan",
    "tag_plans",
    "tasks",
]

_NO_FACTS = Facts()


@dataclass(frozen=True)
class Aftermath:
    """What one unit leaves to do; `access` is none where nobody told which roles there are."""

    unit: Unit
    moves: tuple[Move, ...]
    access: AccessPlan | None
    tasks: tuple[Task, ...]


def aftermath(
    estate: Estate, promised: Promise, facts: Facts = _NO_FACTS, pairs: Iterable[Pair] | None = None
) -> Aftermath:
    """Everything about one unit, by what was known before its commit; `pairs` of a check give the ids that ARM has."""
    watches = (*(facts.alert_rules or ()), *(facts.autoscale_settings or ()))
    told = (*(each.scope for each in facts.role_assignments or ()), *(watch.resource for watch in watches))
    moved = moves(estate, promised, None if pairs is None else found_ids(pairs), told)
    planned = None if facts.role_assignments is None else access_plan(moved, facts.role_assignments)
    return Aftermath(promised.unit, moved, planned, tasks(estate, promised, moved, facts, planned))
