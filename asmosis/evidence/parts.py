"""The parts of a bundle, made from what they are about; nothing secret gets into any of them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from asmosis.approvals import Vote
from asmosis.check import Verdict
from asmosis.check.evidence import comparison, plain_differences
from asmosis.evidence.history import HISTORY, History, steps_of
from asmosis.evidence.manifest import JSON, JSON_LINES, SIGNED, Content, Part, canonical, json_content
from asmosis.evidence.promised import PROMISE, part_of_promise
from asmosis.evidence.rollback import ROLLBACK_KIT, RollbackKit
from asmosis.evidence.snapshot import MODEL, RECEIVED, model_content, received_content
from asmosis.facts import Facts
from asmosis.probe import Timeline, lines_of
from asmosis.readiness import Finding
from asmosis.readiness.estimates import Estimate
from asmosis.redaction import redacted_text
from asmosis.translate import Promise
from asmosis.units import Verb

FINDINGS, VALIDATION, ESTIMATE = "findings", "validation", "estimate"
FOUND, VERDICT, COMPARISON = "found", "verdict", "comparison"
DECISIONS, OUTCOME, PROBE, TODO, FACTS = "decisions", "outcome", "probe/", "todo", "facts"

BEFORE_PREPARE = (RECEIVED, MODEL, FINDINGS, PROMISE, ROLLBACK_KIT)
"""What has to be there before anything is locked."""
BEFORE_APPROVAL = (*BEFORE_PREPARE, FOUND, VERDICT, COMPARISON)
"""What has to be there before a policy may say yes by itself."""
SHOWN = frozenset({*BEFORE_PREPARE, VALIDATION, ESTIMATE, TODO, FACTS, COMPARISON, f"{PROBE}{Verb.PREPARE}.jsonl"})
"""What whoever decides is shown. What was found is in it by how it compares: ARM spells the same in several ways."""


@dataclass(frozen=True)
class Decision:
    """A vote, and how the digest of what it was given for begins (32 digits); empty for a policy's."""

    vote: Vote
    signed: str


def parts_before(
    documents: Mapping[str, bytes], findings: Sequence[Finding], promised: Promise, time: Estimate, kit: RollbackKit
) -> dict[str, Content]:
    """What is known before anything is done to the unit."""
    return {
        RECEIVED: received_content(documents),
        MODEL: model_content(documents),
        FINDINGS: json_content([msgspec.to_builtins(finding) for finding in findings]),
        **part_of_promise(promised),
        ESTIMATE: json_content(asdict(time)),
        ROLLBACK_KIT: json_content(asdict(kit)),
    }


def parts_of_check(verdict: Verdict) -> dict[str, Content]:
    """What was found, and how it compares: told in full, and with one spelling."""
    unread = [str(each) for each in verdict.unread]
    partial = f"not all could be read: {'; '.join(unread)}" if unread else ""
    told: dict[str, Any] = {
        "clean": verdict.clean,
        "pairs": [
            {"resource": pair.resource, "promised": pair.promised.get("id"), "found": pair.found.get("id")}
            for pair in verdict.pairs
        ],
        "differences": plain_differences(verdict),
        "losses": [asdict(loss) for loss in verdict.losses],
        "unread": unread,
        "unchecked": list(verdict.unchecked),
    }
    return {
        FOUND: json_content([pair.found for pair in verdict.pairs], partial),
        VERDICT: json_content(told, partial),
        COMPARISON: Content(comparison(verdict), JSON, redacted_text(partial)),
    }


def part_of_signed(unit: str, parts: Mapping[str, Content | Part], missing: Mapping[str, str]) -> dict[str, Content]:
    """What an approval signs: all that is shown, by its digests, and what of it is partial or missing."""
    shown = {name: {"sha256": part.sha256, "partial": part.partial} for name, part in parts.items() if name in SHOWN}
    return {SIGNED: Content(canonical({"unit": unit, "parts": shown, "missing": dict(missing)}), JSON)}


def part_of_history(run: str, history: History, others: Sequence[History] = ()) -> dict[str, Content]:
    """What happened when; a step whose operation nobody knows any more, other runs neither, is told."""
    known = {span.what for span in steps_of(others) if span.operations}
    unknown = [
        span.what
        for span in history.steps
        if span.until and not span.failed and not span.operations and span.what not in known
    ]
    partial = f"the platform's operation of {' and '.join(unknown)} is not known" if unknown else ""
    # A step without an end is no doubt: the run that keeps this has come past it, and only the server, which hears of
    # tasks by events, lags. Under load, minutes; policies would not say yes to anything any more.
    return {f"{HISTORY}{run}": json_content(asdict(history), partial)}


def part_of_decisions(decisions: Sequence[Decision]) -> dict[str, Content]:
    """Who said what about which evidence; nothing while nobody has."""
    rows = [{**asdict(each.vote), "at": each.vote.at.isoformat(), "signed": each.signed} for each in decisions]
    return {DECISIONS: json_content(rows)} if rows else {}


def part_of_outcome(outcome: str, words: str) -> dict[str, Content]:
    """How the run ended."""
    return {OUTCOME: json_content({"outcome": outcome, "words": words})}


def part_of_facts(facts: Facts) -> dict[str, Content]:
    """What beside the documents ends with the classic side; `parse_facts` reads it again."""
    return {FACTS: json_content(facts.model_dump(mode="json", exclude_none=True))}


def part_of_probe(step: str, timeline: Timeline) -> dict[str, Content]:
    """A probe's timeline during a step, as it was recorded."""
    data = redacted_text(lines_of(timeline)).encode(errors="replace")
    return {f"{PROBE}{step}.jsonl": Content(data, JSON_LINES, redacted_text(timeline.lacks))}
