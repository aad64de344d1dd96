"""Who has to say yes, kept in one place for many runs."""

from typing import ClassVar

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl, model_validator

from asmosis.approval_policies import BLOCK_TYPE, Agreed, of_block
from asmosis.parameters import ApprovalPolicy


class ApprovalPolicyBlock(Block):
    """Who has to say yes between prepare and commit. Runs that name it ask it anew whenever they count votes.

    Example:
        Keep a policy that waves name as `approval_policy: production`:
        ```python
        from blocks.approvals import ApprovalPolicyBlock

        ApprovalPolicyBlock(needed=2, names=["ada", "grace", "linus"]).save("production")
        loaded = ApprovalPolicyBlock.load("BLOCK_NAME")
        ```
    """

    _block_type_name: ClassVar[str] = "Approval Policy"
    _block_type_slug: ClassVar[str] = BLOCK_TYPE
    _documentation_url: ClassVar[HttpUrl | None] = HttpUrl("https://docs.prefect.io/v3/advanced/interactive")
    _description: ClassVar[str] = "Who has to say yes before a migrated unit is committed."

    approval: ApprovalPolicy = Field(
        default=ApprovalPolicy.MANUAL, description="Whether people decide about each unit, or a clean check is enough."
    )
    needed: int = Field(default=1, ge=1, le=20, description="How many different people have to approve.")
    names: list[str] = Field(default_factory=list, description="Who may decide; empty: anybody.")
    requester_may_approve: bool = Field(default=True, description="Whether who asked for the run may approve it too.")
    holds_for_hours: float = Field(
        default=0,
        ge=0,
        description="After so many hours without a decision the check runs again and earlier approvals count no more; "
        "0: never.",
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> "ApprovalPolicyBlock":
        self.agreed()
        return self

    def agreed(self) -> Agreed:
        """What it says."""
        return of_block({name: getattr(self, name) for name in type(self).model_fields})
