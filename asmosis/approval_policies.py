"""Approval policies that operators keep as blocks on the Prefect server, for many runs to name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from asmosis.approvals import Rules
from asmosis.errors import NotFound, UsageError
from asmosis.parameters import ApprovalPolicy, Approvers, MigrateParameters, WaveSettings
from asmosis.prefect_rest import PrefectServer

BLOCK_TYPE = "approval-policy"
"""The slug of the type of these blocks."""


@dataclass(frozen=True)
class Agreed:
    """Whether people decide, and which of them."""

    approval: ApprovalPolicy
    approvers: Approvers

    def rules(self, requester: str) -> Rules:
        """How votes are counted in a run that `requester` asked for."""
        return self.approvers.rules(requester)


def agreed(server: PrefectServer, asked: MigrateParameters | WaveSettings) -> Agreed:
    """What holds for a run now: its own words, or those of the policy that it names.

    Raises:
        UsageError: there is no such policy, or it makes no sense.
    """
    if not asked.approval_policy:
        return Agreed(asked.approval, asked.approvers)
    place = f"approval policy {asked.approval_policy!r}"
    try:
        found = server.call("GET", f"/block_types/slug/{BLOCK_TYPE}/block_documents/name/{asked.approval_policy}")
    except NotFound:
        raise UsageError(
            place, "there is no block of this name", "Make it in the UI: Blocks, Approval Policy."
        ) from None
    try:
        return of_block(found["data"])
    except ValidationError as error:
        raise UsageError(place, error.errors()[0]["msg"], "Edit the block.") from None


def of_block(data: Mapping[str, Any]) -> Agreed:
    """What the values of a block say.

    Raises:
        ValidationError: they contradict each other.
    """
    approvers = Approvers.model_validate({name: data[name] for name in Approvers.model_fields if name in data})
    return Agreed(ApprovalPolicy(data.get("approval", ApprovalPolicy.MANUAL)), approvers)
