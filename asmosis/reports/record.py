"""An assessment as plain values for JSON; keys are only ever added."""

from typing import Any

import msgspec

from asmosis.readiness import Finding
from asmosis.readiness.waivers import Waiver
from asmosis.reports.assessment import Answer, AssessedUnit, Assessment


def record(assessed: Assessment) -> dict[str, Any]:
    """What programs read: figures, what was found by unit and by rule, and what was not judged or not understood."""
    units, machines = assessed.answers(), assessed.machines()
    return {
        "subscription": assessed.subscription,
        "profile": assessed.profile,
        "summary": {
            "units": {answer.value: units[answer] for answer in Answer},
            "machines": {answer.value: machines[answer] for answer in Answer},
        },
        "reasons": msgspec.to_builtins(assessed.reasons),
        "findings": [_finding(finding) for finding in assessed.general],
        "units": [_unit(unit) for unit in assessed.units],
        "unknown": dict(assessed.unknown),
        "unjudged": msgspec.to_builtins(assessed.unjudged),
        "waivers": {
            "expired": [_waiver(waiver) for waiver in assessed.expired],
            "unused": [_waiver(unused.waiver) for unused in assessed.unused],
        },
        "unread": list(assessed.unread),
        "unreadable": list(assessed.unreadable),
    }


def _unit(unit: AssessedUnit) -> dict[str, Any]:
    size = unit.size
    return {
        "unit": unit.unit.short,
        "kind": unit.unit.kind,
        "name": unit.unit.name,
        "ready": unit.answer is not Answer.BLOCKED,
        "answer": unit.answer.value,
        "region": size.region,
        "services": size.services,
        "machines": len(size.machines),
        "sizes": dict(size.sizes),
        "cores": size.cores,
        "disks": size.disks,
        "gigabytes": size.gigabytes,
        "estimate": {
            "seconds": [round(unit.estimate.low, 1), round(unit.estimate.high, 1)],
            "steps": [msgspec.to_builtins(step) for step in unit.estimate.steps],
        },
        "findings": [_finding(finding) for finding in unit.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(finding)
    return plain | {"blocks": finding.blocks, "still_refused_by_platform": finding.still_refused_by_platform}


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return waiver.model_dump(mode="json")
