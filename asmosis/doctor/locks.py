"""The check of locks: whoever is prepared is on somebody's mind."""

from datetime import UTC, datetime

from asmosis.doctor.patient import Patient
from asmosis.doctor.table import OPERATIONS, Told, check, failed, ok, warning
from asmosis.ledger import locks, states_of


@check("azure", "locks")
def held(patient: Patient) -> Told:
    """No unit is locked that no run goes on with, and none for too long."""
    subscription = patient.planes.subscription
    states = states_of(patient.estate())
    found = locks(states, patient.runs.find(subscription), patient.runs.prepared())
    now = datetime.now(UTC)
    concerns = [lock for lock in found if lock.concern(now)]
    if not concerns:
        return ok(f"{len(found)} of {len(states)} units locked" + (", each with a run" if found else ""))
    words = "; ".join(f"{lock.unit.short}: {lock.concern(now)}" for lock in concerns[:3])
    more = f"; and {len(concerns) - 3} more" if len(concerns) > 3 else ""  # noqa: PLR2004 - as many as are named
    told = failed if any(lock.holder is None for lock in concerns) else warning
    return told(words + more, f"asmosis status --locks --subscription {subscription}  # {OPERATIONS}#a-lock-is-old")
