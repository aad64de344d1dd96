"""Judges a unit before any lock is taken."""

from asmosis.azure.planes import Planes
from asmosis.readiness import assess
from asmosis.reports import findings_page
from asmosis.units import Destination, State, Unit
from tasks.inventory import read_estate
from tasks.migration import validate
from tasks.reports import publish


def judge(unit: Unit, planes: Planes, destination: Destination, state: State) -> str:
    """Publish what our rules and the platform's own validate find; answers what blocks, empty if nothing does.

    A cloud service without a deployment is `Absent`: there is nothing that the platform could validate.
    """
    findings = assess(read_estate(planes), units=[unit])
    messages = validate(unit, planes, destination) if state is not State.ABSENT else ()
    publish("findings", unit, findings_page(unit, findings, messages), f"{unit.short}: findings before prepare")
    theirs = [message.message for message in messages if message.category == "Error"]
    ours = [finding.message for finding in findings if finding.blocks]
    # The platform words most of our rules the same way; each reason is said once, the platform's first.
    return " ".join(dict.fromkeys([*theirs, *ours]))
