"""Judges a unit before any lock is taken."""

from asmosis.azure.planes import Planes
from asmosis.classic.subscription import ValidationMessage
from asmosis.errors import ControlPlaneError
from asmosis.reports import findings_page
from asmosis.units import Destination, State, Unit
from tasks.evidence import keep_before
from tasks.inventory import Survey
from tasks.migration import validate
from tasks.reports import publish


def judge(unit: Unit, planes: Planes, destination: Destination, found: Survey) -> str:
    """Publish what our rules and the platform's own validate find; answers what blocks, empty if nothing does.

    A cloud service without a deployment is `Absent`: there is nothing that the platform could validate.
    """
    try:
        messages = validate(unit, planes, destination) if found.began_as is not State.ABSENT else ()
    except ControlPlaneError as refusal:
        if not refusal.final:
            raise
        messages = (_blocking(unit, str(refusal)),)
    keep_before(unit, found, messages)
    publish("findings", unit, findings_page(unit, found.findings, messages), f"{unit.short}: findings before prepare")
    theirs = [message.message for message in messages if message.category == "Error"]
    ours = [finding.message for finding in found.findings if finding.blocks]
    # The platform words most of our rules the same way; each reason is said once, the platform's first.
    return " ".join(dict.fromkeys([*theirs, *ours]))


def _blocking(unit: Unit, words: str) -> ValidationMessage:
    return ValidationMessage(resource_type=unit.kind, resource_name=unit.name, category="Error", message=words)
