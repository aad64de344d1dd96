"""A whole subscription, judged without any lock."""

from datetime import UTC, datetime

from prefect import flow

from asmosis.parameters import AssessParameters
from asmosis.readiness import assess as judged
from asmosis.readiness.waivers import apply, parse_waivers
from asmosis.reports import readiness_page
from asmosis.version import VERSION
from blocks.azure import load_planes
from tasks.inventory import read_estate
from tasks.reports import publish


@flow(name="assess", version=VERSION, flow_run_name="assess {assessment.subscription}")
def assess(assessment: AssessParameters) -> dict[str, int]:
    """Publish which units can go and exactly what blocks the others; answers how many of each."""
    planes = load_planes(assessment.planes, assessment.subscription)
    estate = read_estate(planes)
    accepted = parse_waivers(assessment.waivers.encode(), "waivers") if assessment.waivers else ()
    findings = apply(judged(estate, assessment.profile), accepted, datetime.now(UTC).date()).findings
    publish("readiness", assessment.subscription, readiness_page(estate.units, findings), "Readiness of all units")
    blocked = {finding.unit for finding in findings if finding.blocks} & {unit.short for unit in estate.units}
    return {"ready": len(estate.units) - len(blocked), "blocked": len(blocked)}
