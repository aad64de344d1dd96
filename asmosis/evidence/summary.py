"""A bundle in a few figures: what portfolios count and pages begin with."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from asmosis.evidence.history import HISTORY, History, Span, histories, steps_of
from asmosis.evidence.manifest import Content, json_content
from asmosis.evidence.parts import DECISIONS, ESTIMATE, FINDINGS, OUTCOME, PROBE, VERDICT
from asmosis.evidence.promised import PROMISE
from asmosis.probe import Timeline
from asmosis.probe.recording import timeline_of
from asmosis.readiness import Severity
from asmosis.units import Unit

SUMMARY = "summary"


def part_of_summary(
    unit: Unit, run: str, wave: str, mode: str, names: Sequence[str], read: Callable[[str], bytes]
) -> dict[str, Content]:
    """The figures of a bundle with these parts."""

    def told(name: str) -> Any:
        return json.loads(read(name)) if name in names else None

    found = histories(read(name) for name in names if name.startswith(HISTORY))
    probes = {name: timeline_of(read(name).decode()) for name in names if name.startswith(PROBE)}
    outcome = told(OUTCOME) or {}
    return {
        SUMMARY: json_content(
            {
                "unit": str(unit),
                "kind": unit.kind,
                "name": unit.name,
                "subscription": unit.subscription,
                "run": run,
                "wave": wave,
                "mode": mode,
                "outcome": outcome.get("outcome"),
                "words": outcome.get("words"),
                **_judged(told(FINDINGS), told(VERDICT), told(PROMISE)),
                **_sized(told(ESTIMATE)),
                **_timed(found),
                "downtime": downtime(probes),
                "approvers": [row["approver"] for row in told(DECISIONS) or () if row["decision"] != "recheck"],
            }
        )
    }


def downtime(probes: Mapping[str, Timeline]) -> dict[str, Any] | None:
    """What the probes of all steps measured together, in seconds and connections; None if nothing was probed."""
    with_ways = [timeline for timeline in probes.values() if timeline.tracks]
    if not with_ways:
        return None
    gaps = [longest for timeline in with_ways if (longest := timeline.longest_gap)]
    endpoint, gap = max(gaps, key=lambda each: each[1].seconds, default=(None, None))
    return {
        "seconds": round(gap.seconds, 3) if gap else 0.0,
        "error": round(gap.error, 3) if gap else 0.0,
        "endpoint": endpoint.endpoint if endpoint else "",
        "over": gap.over if gap else True,
        "attempts": sum(timeline.attempts for timeline in with_ways),
        "lost": sum(timeline.lost for timeline in with_ways),
        "silent": sum(len(timeline.silent) for timeline in with_ways),
        "complete": all(timeline.complete for timeline in with_ways),
    }


def seconds_of(span: Span) -> float | None:
    """How long it took; None for what is not over."""
    if not span.until:
        return None
    return round((datetime.fromisoformat(span.until) - datetime.fromisoformat(span.since)).total_seconds(), 1)


def _judged(findings: Any, verdict: Any, promised: Any) -> dict[str, Any]:
    """Figures of rules and check; None where nobody has judged or checked."""
    losses = (verdict or promised or {}).get("losses")
    blocks = [each for each in findings or () if each["severity"] == Severity.BLOCKER and not each["waiver"]]
    warned = [each for each in findings or () if each["severity"] == Severity.WARNING and not each["waiver"]]
    severities = Counter(each["severity"] for each in verdict["differences"]) if verdict else Counter()
    return {
        "blockers": None if findings is None else len(blocks),
        "warnings": None if findings is None else len(warned),
        "clean": verdict["clean"] if verdict else None,
        "resources": len(verdict["pairs"]) if verdict else None,
        "real": severities["real"] if verdict else None,
        "expected": severities["expected"] if verdict else None,
        "unread": len(verdict["unread"]) if verdict else None,
        "losses": None if losses is None else len(losses),
    }


def _sized(estimate: Any) -> dict[str, Any]:
    steps = {step["step"]: [step["low"], step["high"]] for step in estimate["steps"]} if estimate else {}
    return {
        "machines": estimate["machines"] if estimate else None,
        "services": estimate["services"] if estimate else None,
        "estimated": {step: [round(low, 1), round(high, 1)] for step, (low, high) in steps.items()},
    }


def _timed(found: Sequence[History]) -> dict[str, Any]:
    """Seconds of each step and of all waits of a kind, over all runs; when the first began (ISO 8601)."""
    waited: defaultdict[str, float] = defaultdict(float)
    for wait in (wait for history in found for wait in history.waits):
        waited[wait.what] += seconds_of(wait) or 0
    began = [history.states[0].at for history in found if history.states]
    return {
        "began": min(began, default=None),
        "seconds": {span.what: seconds_of(span) for span in steps_of(found) if not span.failed},
        "waited": {what: round(seconds, 1) for what, seconds in waited.items()},
    }
