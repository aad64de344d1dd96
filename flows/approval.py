"""The question between prepare and commit."""

from datetime import UTC, datetime
from typing import Literal

from prefect import runtime
from prefect.input import RunInput
from pydantic import Field

from asmosis.approval_policies import agreed
from asmosis.approvals import Decision, Vote, tally
from asmosis.check import Verdict
from asmosis.parameters import ApprovalPolicy, MigrateParameters
from asmosis.reports import question_page, side_by_side_page, votes_page
from asmosis.reports.downtime import downtime_note
from asmosis.reports.evidence import evidence_words
from asmosis.run_history import decisions
from asmosis.units import Verb
from flows.waiting import wait_for_answer
from tasks.evidence import keep_check, publish_evidence
from tasks.probe import seen_during
from tasks.reports import artifact_key, publish
from tasks.runs import address_of, server
from tasks.witness import interrupted


class Approval(RunInput):
    """What a person who looked at both sides says."""

    decision: Literal["commit", "abort", "recheck"] = Field(
        description="commit is final; abort goes back to classic; recheck looks at both sides again."
    )
    approver: str = Field(min_length=1, description="Who decides.")
    reason: str = Field(default="", description="Why; kept with the run.")


def decide(verdict: Verdict, migration: MigrateParameters) -> tuple[Decision, str]:
    """Commit or abort, and in whose words; while people are asked, the run is suspended and holds no process."""
    seen = seen_during(Verb.PREPARE) if migration.probe.on else None
    # Whoever no longer answers may be nothing that the check compares; and what is not known has to be looked at:
    # evidence of a probe that could not tell about an endpoint is not complete either.
    kept = keep_check(verdict, seen)
    well = kept.complete and (seen is None or seen.ends_well)
    policy = agreed(server(), migration)
    if policy.approval is ApprovalPolicy.AUTOMATIC_WHEN_CLEAN and verdict.clean and well:
        clean = Vote("commit", "policy", "The check found no difference.", datetime.now(UTC))
        return "commit", clean.words
    # Every vote lies under a key that names the evidence it was given for: a run that goes on after a crash finds
    # them again, and none of them counts any more once the platform shows something else.
    question = f"approval-{kept.signed[:32]}"
    votes = server().votes(str(runtime.flow_run.id), question) if interrupted() else ()
    standing = tally(votes, policy.rules(migration.requested_by), server().now())
    if standing.decision:
        return standing.decision, standing.words
    page = "side-by-side"
    publish(page, verdict.unit, side_by_side_page(verdict), f"{verdict.unit.short}: classic and ARM side by side")
    publish_evidence(verdict.unit, kept)
    downtime = downtime_note(seen, artifact_key(f"downtime-{Verb.PREPARE}", verdict.unit)) if seen else ""
    description = question_page(verdict, artifact_key(page, verdict.unit)) + downtime + votes_page(standing)
    description = f"{description}\n{evidence_words(kept, address_of('evidence', verdict.unit))}"
    return wait_for_answer(Approval.with_initial_data(description=description), question, standing.words)


def said_before(migration: MigrateParameters) -> str:
    """Who had said yes before this run was interrupted, in their words; empty if nobody was asked."""
    kept = decisions(server(), str(runtime.flow_run.id))
    votes = [each.vote for each in kept if each.signed == kept[-1].signed]
    rules = agreed(server(), migration).rules(migration.requested_by)
    return tally(votes, rules, votes[-1].at).words if votes else ""
