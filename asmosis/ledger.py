"""Who holds which lock since when: what the platform says of the units, beside the runs that may hold them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from asmosis.classic.estate import Estate, key
from asmosis.runs import Run
from asmosis.units import Outcome, State, Unit

STORAGE_LIMIT, STORAGE_ALARM = timedelta(days=30), timedelta(days=20)
"""After the first Microsoft may commit a prepared storage account by itself (documented for storage only)."""
ALARM = timedelta(days=7)
"""How long other units should be locked at most (assumed: nothing of them can be changed meanwhile)."""

_TOUCHED_NOTHING = (Outcome.BLOCKED, Outcome.READY)


@dataclass(frozen=True)
class Lock:
    """A unit that its classic side is locked for.

    `since` is when the lock was first seen by a run of ours, None for one that no run of ours took; `holder` is the run
    that goes on with the unit or waits, None if none does; `last` the newest that may have changed the unit.
    """

    unit: Unit
    state: State
    since: datetime | None
    holder: Run | None
    last: Run | None

    def age(self, now: datetime) -> timedelta | None:
        """How long it has been held, as far as that is known."""
        return now - self.since if self.since else None

    def old(self, now: datetime, alarm: timedelta = ALARM) -> bool:
        """Whether it has been held for longer than is good."""
        age = self.age(now)
        return age is not None and age >= (STORAGE_ALARM if self.unit.kind == "storageAccount" else alarm)

    def concern(self, now: datetime, alarm: timedelta = ALARM) -> str:
        """What is wrong with it; empty if nothing is."""
        words = []
        if self.holder is None and not (self.last and self.last.state == State.PREPARED):
            words.append("no run goes on with it")
        old = self.old(now, alarm)
        if old and self.unit.kind == "storageAccount":
            words.append(f"Microsoft may commit it after {STORAGE_LIMIT.days} days")
        elif old:
            words.append(f"locked for more than {alarm / timedelta(days=1):g} days")
        return "; ".join(words)


def locks(states: Mapping[Unit, State], runs: Iterable[Run], prepared: Mapping[str, datetime]) -> tuple[Lock, ...]:
    """The lock of each unit that has one, oldest first, those of unknown age before.

    Args:
        states: where units stand, as the platform tells it.
        runs: those of units, newest first.
        prepared: when a run of ours last prepared a unit, by its name in full (`str(unit)`, folded).
    """
    of_unit: dict[str, list[Run]] = {}
    for run in runs:
        if run.flow == "migrate":
            of_unit.setdefault(f"{run.subscription}/{run.unit}".casefold(), []).append(run)
    found = []
    for unit, state in states.items():
        if state.locked:
            own = of_unit.get(str(unit).casefold(), [])
            holder = next((run for run in own if not run.ended), None)
            since = prepared.get(str(unit).casefold())
            last = next((run for run in own if run.state not in _TOUCHED_NOTHING), None)
            found.append(Lock(unit, state, since, holder, last))
    return tuple(sorted(found, key=lambda lock: (lock.since is not None, str(lock.since or ""), str(lock.unit))))


def states_of(estate: Estate) -> dict[Unit, State]:
    """Where every unit of an estate stood when it was read; a cloud service without a deployment is absent."""
    shown: dict[tuple[str, str], str | None] = {
        (kind, key(item.name or "")): item.migration_state
        for kind, items in (
            ("virtualNetwork", estate.virtual_networks),
            ("networkSecurityGroup", estate.network_security_groups),
            ("routeTable", estate.route_tables),
            ("reservedIp", estate.reserved_ips),
            ("storageAccount", estate.storage_accounts),
        )
        for item in items
    }
    return {
        unit: _of_service(estate, unit)
        if unit.kind == "hostedService"
        else State.of_platform(shown[unit.kind, key(unit.name)])
        for unit in estate.units
    }


def _of_service(estate: Estate, unit: Unit) -> State:
    production = estate.service(unit.name).deployment
    if production is None:
        return State.ABSENT
    return State.overall(State.of_platform(role.migration_state) for role in production.roles)
