"""What a commit leaves to do: where everything went, what still uses the old side, whose access is to be renewed."""

from collections.abc import Iterable
from dataclasses import dataclass

from asmosis.aftermath.access import AccessPlan, Grant, Kept, access_plan, concerning
from asmosis.aftermath.classic_ids import tail
from asmosis.aftermath.moves import Move, Successor, found_ids, moves
from asmosis.aftermath.scan import Hit, Scan, scan
from asmosis.aftermath.signs import Sign
from asmosis.aftermath.tags import TagPlan, tag_plans
from asmosis.aftermath.todo import TITLES, Task, tasks
from asmosis.check import Pair
from asmosis.classic.estate import Estate
from asmosis.facts import Facts, Watch
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
    """What one unit leaves to do; `access` is none where nobody told which roles there are.

    `facts` are those that it follows from: the roles, alert rules and autoscale settings that concern the unit.
    """

    unit: Unit
    moves: tuple[Move, ...]
    access: AccessPlan | None
    tasks: tuple[Task, ...]
    facts: Facts


def aftermath(
    estate: Estate, promised: Promise, facts: Facts = _NO_FACTS, pairs: Iterable[Pair] | None = None
) -> Aftermath:
    """Everything about one unit, by what was known before its commit; `pairs` of a check give the ids that ARM has."""
    watches = (*(facts.alert_rules or ()), *(facts.autoscale_settings or ()))
    told = (*(each.scope for each in facts.role_assignments or ()), *(watch.resource for watch in watches))
    moved = moves(estate, promised, None if pairs is None else found_ids(pairs), told)
    planned = None if facts.role_assignments is None else access_plan(moved, facts.role_assignments)
    return Aftermath(
        promised.unit, moved, planned, tasks(estate, promised, moved, facts, planned), _concerning(facts, moved)
    )


def _concerning(facts: Facts, moved: tuple[Move, ...]) -> Facts:
    tails = {tail(id) for move in moved for id in move.ids}

    def watched(watches: tuple[Watch, ...] | None) -> tuple[Watch, ...] | None:
        return None if watches is None else tuple(watch for watch in watches if tail(watch.resource) in tails)

    roles = facts.role_assignments
    return Facts(
        as_of=facts.as_of,
        role_assignments=None if roles is None else concerning(moved, roles),
        alert_rules=watched(facts.alert_rules),
        autoscale_settings=watched(facts.autoscale_settings),
        replication_caches=facts.replication_caches,
        unknown={part: why for part, why in facts.unknown.items() if part in Facts.model_fields},
    )
