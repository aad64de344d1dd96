"""An assessment as pandas frames: a row per unit, finding, reason, loss, or rule that could not judge."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from asmosis.readiness import RULES, Severity
from asmosis.reports.assessment import Assessment, standing

_Rows = Callable[[Assessment], Iterator[tuple[Any, ...]]]

_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can hold one without its other half; no file of text can
_UNITS = {
    "unit": "str",
    "kind": "str",
    "name": "str",
    "region": "str",
    "answer": "str",
    "services": "int64",
    "machines": "int64",
    "cores": "int64",
    "disks": "int64",
    "gigabytes": "int64",
    "blockers": "int64",
    "warnings": "int64",
    "notes": "int64",
    "losses": "int64",
    "seconds_at_least": "int64",
    "seconds_at_most": "int64",
    "first_rule": "str",
    "first_reason": "str",
}
_FINDINGS = {
    "unit": "str",
    "standing": "str",
    "severity": "str",
    "rule": "str",
    "title": "str",
    "resource": "str",
    "message": "str",
    "remedy": "str",
    "noticed": "str",
    "source": "str",
    "evidence": "str",
    "accepted_by": "str",
    "accepted_why": "str",
    "accepted_until": "datetime64[ms]",
}
_REASONS = {
    "standing": "str",
    "rule": "str",
    "title": "str",
    "units": "int64",
    "machines": "int64",
    "findings": "int64",
    "remedy": "str",
    "source": "str",
}
_LOSSES = {"unit": "str", "subject": "str", "field": "str", "why": "str", "remedy": "str"}
_UNJUDGED = {"rule": "str", "title": "str", "needs": "str"}


def frame(assessed: Assessment, table: str) -> pd.DataFrame:
    """One table of `TABLES`; its columns have the same names and types whatever it holds."""
    columns, rows = _TABLES[table]
    whole = [tuple(map(_encodable, row)) for row in rows(assessed)]
    made = pd.DataFrame(whole, columns=list(columns))
    return made.astype(columns)


def _encodable(value: Any) -> Any:
    return _SURROGATE.sub("\ufffd", value) if isinstance(value, str) else value


def _unit_rows(assessed: Assessment) -> Iterator[tuple[Any, ...]]:
    for unit in assessed.units:
        size, blockers = unit.size, unit.blockers
        yield (
            unit.unit.short,
            unit.unit.kind,
            unit.unit.name,
            size.region,
            unit.answer.value,
            size.services,
            len(size.machines),
            size.cores,
            size.disks,
            size.gigabytes,
            len(blockers),
            unit.counted(Severity.WARNING),
            unit.counted(Severity.INFORMATION),
            len(unit.losses),
            round(unit.estimate.low),
            round(unit.estimate.high),
            blockers[0].rule if blockers else None,
            blockers[0].message if blockers else None,
        )


def _finding_rows(assessed: Assessment) -> Iterator[tuple[Any, ...]]:
    for finding in assessed.findings:
        waiver = finding.waiver
        yield (
            finding.unit,
            standing(finding),
            finding.severity.value,
            finding.rule,
            RULES[finding.rule].title,
            finding.resource,
            finding.message,
            finding.remedy,
            finding.noticed,
            RULES[finding.rule].source,
            finding.evidence,
            *((waiver.who, waiver.why, waiver.until) if waiver else (None, None, None)),
        )


def _reason_rows(assessed: Assessment) -> Iterator[tuple[Any, ...]]:
    for reason in assessed.reasons:
        rule = RULES[reason.rule]
        yield (
            reason.standing,
            reason.rule,
            reason.title,
            reason.units,
            reason.machines,
            reason.findings,
            rule.remedy,
            rule.source,
        )


def _loss_rows(assessed: Assessment) -> Iterator[tuple[Any, ...]]:
    for unit in assessed.units:
        for loss in unit.losses:
            yield unit.unit.short, loss.subject, loss.field, loss.why, loss.remedy


def _unjudged_rows(assessed: Assessment) -> Iterator[tuple[Any, ...]]:
    for rule in assessed.unjudged:
        yield rule.rule, rule.title, ", ".join(rule.needs)


_TABLES: dict[str, tuple[dict[str, str], _Rows]] = {
    "units": (_UNITS, _unit_rows),
    "reasons": (_REASONS, _reason_rows),
    "findings": (_FINDINGS, _finding_rows),
    "losses": (_LOSSES, _loss_rows),
    "unjudged": (_UNJUDGED, _unjudged_rows),
}
