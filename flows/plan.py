"""Waves proposed for live subscriptions."""

from prefect import flow

from asmosis.parameters import PlanParameters, WaveSettings
from asmosis.planning.files import PLAN_FILE, written
from asmosis.planning.happened import NOTHING, happened
from asmosis.planning.plan import Plan
from asmosis.planning.propose import propose
from asmosis.reports.plans import file_page, plan_page
from asmosis.version import VERSION
from blocks.azure import load_planes
from tasks.planning import runs_of, survey
from tasks.reports import publish


@flow(name="plan", version=VERSION, flow_run_name="plan {planning.name}")
def plan(planning: PlanParameters) -> dict[str, int]:
    """Publish which units go in which wave, and the plan as a file; answers how many units are where."""
    new = Plan(name=planning.name, defaults=WaveSettings(planes=planning.planes))
    said = PLAN_FILE.parse(planning.plan.encode(), "plan") if planning.plan.strip() else new
    subscriptions = list(dict.fromkeys(each.lower() for each in planning.subscriptions))
    if not said.subscription and not said.waves and len(subscriptions) == 1:
        said = said.model_copy(update={"subscription": subscriptions[0]})
    surveys = [survey(load_planes(planning.planes, each), said) for each in subscriptions]
    known = happened(runs_of(subscriptions)) if said.waves else NOTHING
    proposal = propose(surveys, said, known)
    publish("plan", planning.name, plan_page(proposal), f"Plan {planning.name}")
    publish("plan-file", planning.name, file_page(written(proposal, planning.plan)), f"Plan {planning.name} as a file")
    planned = sum(len(wave.units) for wave in proposal.plan.waves)
    return {"waves": len(proposal.plan.waves), "units": planned, "left_out": len(proposal.plan.left_out)}
