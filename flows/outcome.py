"""How a run about one unit ends."""

from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from asmosis.check import Verdict
from asmosis.reports import outcome_page
from asmosis.units import Outcome, Unit
from tasks.reports import publish


def ended(unit: Unit, outcome: Outcome, words: str, verdict: Verdict | None = None) -> State[None]:
    """Publish the outcome and make it the name of the run's final state.

    A commit whose ARM side does not hold all that was promised is `Incomplete`, whatever the platform says.
    """
    if outcome is Outcome.COMMITTED and verdict is not None and not verdict.clean:
        outcome, words = Outcome.INCOMPLETE, f"{words} The ARM side differs from what was promised."
    publish("outcome", unit, outcome_page(unit, outcome, words, verdict), f"{unit.short}: {outcome}")
    make = Completed if outcome.good else Failed
    return make(name=outcome.value, message=words)
