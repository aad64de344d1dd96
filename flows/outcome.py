"""How a run about one unit ends."""

from prefect import runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from asmosis.azure.planes import Planes
from asmosis.check import Verdict
from asmosis.errors import AsmosisError
from asmosis.redaction import redacted_text
from asmosis.reports import outcome_page
from asmosis.units import Destination, Outcome, Unit, Verb
from flows.waiting import put_off
from tasks.endings import note_ending
from tasks.evidence import keep_outcome
from tasks.migration import take
from tasks.reports import publish
from tasks.runs import address_of, server


def ended(unit: Unit, outcome: Outcome, words: str, verdict: Verdict | None = None) -> State[None]:
    """Publish the outcome and make it the name of the run's final state.

    A commit whose ARM side does not hold all that was promised, or may not be read in full, is `Incomplete`, whatever
    the platform says; so is a rehearsal of one.
    """
    if outcome in (Outcome.COMMITTED, Outcome.REHEARSED) and verdict is not None and not verdict.clean:
        why = "differs from what was promised" if verdict.told("real") else "may not be read in full"
        outcome, words = Outcome.INCOMPLETE, f"{words} The ARM side {why}."
    words = redacted_text(words)
    try:
        keep_outcome(unit, outcome, words, verdict)
    except AsmosisError as trouble:
        # The end is the end all the same; but a run that begins again finds it, and can keep it then.
        if trouble.worth_retrying:
            put_off(trouble)
        words = f"{words} Its evidence is not kept: {trouble}"
    page = outcome_page(unit, outcome, words, verdict, address_of("evidence", unit))
    publish("outcome", unit, page, f"{unit.short}: {outcome}")
    make = Completed if outcome.good else Failed
    return make(name=outcome.value, message=words)


def brought_back(
    unit: Unit, planes: Planes, outcome: Outcome, words: str, verdict: Verdict | None = None
) -> State[None]:
    """Abort the unit and end; what the end is to be is noted first, so that a crash in between cannot change it."""
    note_ending(server(), str(runtime.flow_run.id), outcome, words)
    take(Verb.ABORT, unit, planes, Destination())
    return ended(unit, outcome, words, verdict)
