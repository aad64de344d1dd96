"""One prepared unit, back to classic."""

from prefect import flow
from prefect.client.schemas.objects import State as RunState

from asmosis.parameters import AbortParameters
from asmosis.units import Destination, Outcome, Verb
from blocks.azure import load_planes
from flows.outcome import ended
from tasks.migration import take
from tasks.runs import cancel_waiting


@flow(name="abort", flow_run_name="abort {request.unit}")
def abort(request: AbortParameters) -> RunState[None]:
    """Unlock a prepared unit, and cancel the run that waits for its approval."""
    unit = request.id
    planes = load_planes(request.planes, request.subscription)
    cancel_waiting(unit, f"{unit.short} is aborted by another run.")
    take(Verb.ABORT, unit, planes, Destination())
    return ended(unit, Outcome.ABORTED, request.reason or "Aborted on request.")
