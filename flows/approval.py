"""The question between prepare and commit."""

from typing import Literal

from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import Field

from asmosis.check import Verdict
from asmosis.check.evidence import digest
from asmosis.parameters import ApprovalPolicy
from asmosis.reports import question_page, side_by_side_page
from tasks.reports import artifact_key, publish


class Approval(RunInput):
    """What the person who looked at both sides decides."""

    decision: Literal["commit", "abort"] = Field(description="commit is final; abort goes back to classic.")
    approver: str = Field(min_length=1, description="Who decides.")
    reason: str = Field(default="", description="Why; kept with the run.")

    @property
    def words(self) -> str:
        """The decision as a sentence for the outcome."""
        because = f": {self.reason}" if self.reason else "."
        return f"{self.approver} decided to {self.decision}{because}"


def decide(verdict: Verdict, policy: ApprovalPolicy) -> Approval:
    """The decision about what the check found; waiting for a person, the run is suspended and holds no process."""
    page = "side-by-side"
    publish(page, verdict.unit, side_by_side_page(verdict), f"{verdict.unit.short}: classic and ARM side by side")
    if policy is ApprovalPolicy.AUTOMATIC_WHEN_CLEAN and verdict.clean:
        return Approval(decision="commit", approver="policy", reason="The check found no difference.")
    # The key binds the answer to the evidence: a run that goes on after a crash finds its answer again, and is
    # asked anew if the platform shows something else by then.
    question = question_page(verdict, artifact_key(page, verdict.unit))
    return suspend_flow_run(
        wait_for_input=Approval.with_initial_data(description=question), key=f"approval-{digest(verdict)}"
    )
