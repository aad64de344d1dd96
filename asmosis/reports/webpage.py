"""An assessment as one web page: it asks nobody for anything, and whoever answers for a unit finds it in seconds."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from math import ceil
from typing import Any

from markupsafe import Markup

from asmosis.readiness import PROFILES, RULES, Finding, Severity
from asmosis.reports.assessment import (
    WAIVED,
    Answer,
    AssessedUnit,
    Assessment,
    accepted,
    blocked_first,
    standing,
)
from asmosis.reports.readiness import NOTICED
from asmosis.reports.web import ENVIRONMENT, asset, digest, embedded, figure, plain
from asmosis.units import KINDS

_MOST_BARS = 15
_MINUTE = 60  # seconds
_LONGEST_REASON = 120  # characters in the table; the detail has all of it
_SHADES = {Severity.BLOCKER.value: Answer.BLOCKED.value, WAIVED: Answer.WAIVED.value, Severity.WARNING.value: "costs"}
_WORDS = {Answer.READY.value: "can go", Answer.WAIVED.value: "accepted", Answer.BLOCKED.value: "blocked"}


def assessment_page(assessed: Assessment, when: datetime) -> str:
    """The page; `when` it was judged is part of it."""
    units = blocked_first(assessed.units)
    style, script = asset("assessment.css"), asset("assessment.js")
    return ENVIRONMENT.get_template("assessment.html.j2").render(
        assessed=assessed,
        when=f"{when:%Y-%m-%d %H:%M %Z}".strip(),
        profile=PROFILES[assessed.profile],
        waived=assessed.answers()[Answer.WAIVED] > 0,
        figures=list(_figures(assessed)),
        rules=_rules(assessed),
        blocking=[reason for reason in assessed.reasons if reason.standing in (Severity.BLOCKER, WAIVED)],
        costing=[reason for reason in assessed.reasons if reason.standing == Severity.WARNING],
        standing=standing,
        shades=_SHADES,
        words=_WORDS,
        charts={
            "kind": _bars(units, lambda unit: {unit.unit.kind: 1}, list(KINDS)),
            "region": _bars(units, lambda unit: {unit.size.region or "unknown": len(unit.size.machines)}),
            "size": _bars(units, lambda unit: unit.size.sizes),
        },
        answers=[answer.value for answer in Answer if assessed.answers()[answer]],
        kinds=[kind for kind in KINDS if assessed.answers(kind)],
        units=map(_row, units),
        data=_data(assessed, units),
        style=Markup(style),  # noqa: S704 -- our own file
        style_hash=digest(style),
        script=Markup(script),  # noqa: S704 -- our own file
        script_hash=digest(script),
    )


def _figures(assessed: Assessment) -> Iterator[dict[str, Any]]:
    units, machines = assessed.answers(), assessed.machines()
    for answer, label in _FIGURES.items():
        if units[answer] or answer is not Answer.WAIVED:
            yield {
                "answer": answer.value,
                "label": label,
                "number": units[answer],
                "more": f"of {figure(units.total())} units, {figure(machines[answer])} machines",
            }
    yield {
        "answer": "",
        "label": "Machines",
        "number": machines.total(),
        "more": f"{figure(sum(unit.size.cores for unit in assessed.units))} cores",
    }
    # Disks are counted where they are used, and once more in the accounts that hold them.
    used = [unit.size for unit in assessed.units if unit.size.machines]
    yield {
        "answer": "",
        "label": "Their disks",
        "number": sum(size.disks for size in used),
        "more": f"{figure(sum(size.gigabytes for size in used))} GB",
    }
    lost = sum(len(unit.losses) for unit in assessed.units)
    yield {"answer": "", "label": "Losses", "number": lost, "more": "settings that ARM has no place for"}


def _bars(
    units: Iterable[AssessedUnit], count: Callable[[AssessedUnit], Any], order: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """How much of what can go, most first unless an order is given; what is rare stands together at the end."""
    totals: dict[str, Counter[Answer]] = {}
    for unit in units:
        for label, number in count(unit).items():
            if number:
                totals.setdefault(label, Counter())[unit.answer] += number
    labels = sorted(totals, key=lambda label: (order.index(label) if order else 0, -totals[label].total(), label))
    rows = [(label, totals[label]) for label in labels[:_MOST_BARS]]
    if rest := labels[_MOST_BARS:]:
        rows.append((f"{len(rest)} others", sum((totals[label] for label in rest), Counter())))
    most = max((counted.total() for _, counted in rows), default=1)
    return [
        {"label": label, "most": most, "counts": {answer.value: counted[answer] for answer in Answer}}
        for label, counted in rows
    ]


def _row(unit: AssessedUnit) -> dict[str, Any]:
    size, blockers = unit.size, unit.blockers
    first = f"{blockers[0].rule}: {blockers[0].message}" if blockers else ""
    return {
        "name": plain(unit.unit.short),
        "kind": unit.unit.kind,
        "own": unit.unit.name,
        "answer": unit.answer.value,
        "region": size.region,
        "numbers": (
            ("machines", len(size.machines)),
            ("cores", size.cores),
            ("disks", size.disks),
            ("GB", size.gigabytes),
            ("blockers", len(blockers)),
            ("warnings", unit.counted(Severity.WARNING)),
            ("losses", len(unit.losses)),
        ),
        "reason": first if len(first) <= _LONGEST_REASON else first[: _LONGEST_REASON - 1] + "…",
    }


def _rules(assessed: Assessment) -> dict[str, tuple[str, str, str, str]]:
    """Title, remedy, source and when the platform notices, of every rule that found something."""
    found = dict.fromkeys(finding.rule for finding in assessed.findings)
    return {id: (RULES[id].title, RULES[id].remedy, RULES[id].source, NOTICED[RULES[id].noticed]) for id in found}


def _data(assessed: Assessment, units: Sequence[AssessedUnit]) -> Markup:
    """What the script draws the details from; every text is kept once, for most are said of many units."""
    texts: dict[str, int] = {}

    def kept(text: str) -> int:
        return texts.setdefault(plain(text), len(texts))

    def found(finding: Finding) -> list[Any]:
        words = (finding.rule, finding.resource, finding.message, finding.evidence)
        return [standing(finding), *map(kept, words), *([plain(accepted(finding))] if finding.waiver else [])]

    drawn = [
        {
            "name": plain(unit.unit.short),
            "region": plain(unit.size.region),
            "machines": [plain(machine) for machine in unit.size.machines],
            "findings": [found(finding) for finding in unit.findings],
            "estimate": _estimated(unit),
            "losses": [
                [kept(text) for text in (loss.subject, loss.field, loss.why, loss.remedy)] for loss in unit.losses
            ],
        }
        for unit in units
    ]
    rules = {id: [plain(text) for text in texts] for id, texts in _rules(assessed).items()}
    data = {"rules": rules, "texts": list(texts), "units": drawn}
    return embedded(data)


def _estimated(unit: AssessedUnit) -> str:
    steps = (f"{step.step} {_span(step.low, step.high)} ({step.basis})" for step in unit.estimate.steps)
    return f"{_span(unit.estimate.low, unit.estimate.high)}: {', '.join(steps)}."


def _span(low: float, high: float) -> str:
    if high < _MINUTE:
        return f"{low:.0f} to {high:.0f} seconds"
    return f"{figure(round(low / _MINUTE))} to {figure(ceil(high / _MINUTE))} minutes"


_FIGURES = {Answer.READY: "Can go", Answer.WAIVED: "Can go by waiver", Answer.BLOCKED: "Blocked"}
