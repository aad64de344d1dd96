"""One prepared unit, back to classic."""

from prefect import flow
from prefect.client.schemas.objects import State as RunState

from asmosis.parameters import AbortParameters
from asmosis.runs import unit_tags
from asmosis.units import Destination, Outcome, Verb
from asmosis.version import VERSION
from blocks.azure import load_planes
from flows.outcome import ended
from flows.waiting import outlasting
from tasks.migration import look, take
from tasks.runs import end_migrations, make_findable


@flow(name="abort", version=VERSION, flow_run_name="abort {request.unit}")
@outlasting()
def abort(request: AbortParameters) -> RunState[None]:
    """Unlock a prepared unit, and end the runs that go on with it or wait; a unit whose commit was sent is refused."""
    unit = request.id
    make_findable(unit_tags(unit))
    planes = load_planes(request.planes, request.subscription)
    if look(unit, planes).abortable:
        # Otherwise the step itself says why not, and whoever works on the unit is left alone.
        end_migrations(unit, f"{unit.short} is aborted by another run.")
    take(Verb.ABORT, unit, planes, Destination())
    return ended(unit, Outcome.ABORTED, request.reason or "Aborted on request.")
