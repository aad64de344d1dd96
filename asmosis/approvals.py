"""Who says yes between prepare and commit: votes are counted against the rules that were declared beforehand."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Decision = Literal["commit", "abort", "recheck"]
"""What a vote asks for; `recheck` asks for nothing but a fresh look at both sides."""


@dataclass(frozen=True)
class Vote:
    """One answer to the question, as the server kept it; `at` is aware."""

    decision: Decision
    approver: str
    reason: str
    at: datetime

    @property
    def words(self) -> str:
        """The vote as a sentence for the outcome."""
        because = f": {self.reason}" if self.reason else "."
        return f"{self.approver} decided to {self.decision}{because}"


@dataclass(frozen=True)
class Rules:
    """What a decision needs: how many of which names, and for how long an approval holds (None: for ever).

    Names compare without case and surrounding space; they are declared, not authenticated.
    """

    needed: int = 1
    names: tuple[str, ...] = ()
    requester: str = ""
    requester_may_approve: bool = True
    holds_for: timedelta | None = None


@dataclass(frozen=True)
class Tally:
    """How the votes stand: `decision` is None while more are needed; `refused` tells why a vote does not count."""

    decision: Literal["commit", "abort"] | None
    counted: tuple[Vote, ...]
    refused: tuple[tuple[Vote, str], ...]
    missing: int

    @property
    def words(self) -> str:
        """The decision as a sentence for the outcome; while there is none, what is missing."""
        if not self.decision:
            said = f"; {', '.join(vote.approver for vote in self.counted)} said yes" if self.counted else ""
            return f"{self.missing} approval{'' if self.missing == 1 else 's'} missing{said}"
        return " ".join(vote.words for vote in self.counted if vote.decision == self.decision)


def tally(votes: Iterable[Vote], rules: Rules, now: datetime) -> Tally:
    """Count the votes on one piece of evidence, oldest first: enough of `commit` commit, a single `abort` aborts."""
    counted: list[Vote] = []
    refused: list[tuple[Vote, str]] = []
    said: set[str] = set()
    for vote in sorted(votes, key=lambda vote: vote.at):
        if vote.decision == "recheck":
            continue
        if why := objection(vote.decision, vote.approver, rules, said):
            refused.append((vote, why))
        elif vote.decision == "abort":
            return Tally("abort", (*counted, vote), tuple(refused), 0)
        elif rules.holds_for is not None and now - vote.at > rules.holds_for:
            refused.append((vote, f"it is older than {_span(rules.holds_for)}; say it again"))
        else:
            said.add(_plain(vote.approver))
            counted.append(vote)
    missing = max(0, rules.needed - len(counted))
    return Tally(None if missing else "commit", tuple(counted), tuple(refused), missing)


def objection(decision: Decision, approver: str, rules: Rules, said: Iterable[str] = ()) -> str:
    """Why the rules do not let `approver` say this, empty if they do; `said` are those whose yes is counted already.

    The requester may always abort: that takes a request back.
    """
    name = _plain(approver)
    is_requester = name == _plain(rules.requester) != ""
    if decision == "recheck" or (decision == "abort" and is_requester):
        return ""
    if not name:
        return "it names no approver"
    if rules.names and name not in {_plain(known) for known in rules.names}:
        return f"{approver} is not among the approvers ({', '.join(rules.names)})"
    if decision == "commit" and is_requester and not rules.requester_may_approve:
        return f"{approver} requested it; somebody else has to approve"
    if decision == "commit" and name in {_plain(other) for other in said}:
        return f"{approver} has approved already; {rules.needed} different people have to"
    return ""


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _span(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours:g} hour{'' if hours == 1 else 's'}"
