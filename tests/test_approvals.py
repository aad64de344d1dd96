"""How votes are counted, and which do not count."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from asmosis.approvals import Decision, Rules, Vote, objection, tally
from asmosis.parameters import Approvers
from asmosis.reports import votes_page

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def vote(approver: str, decision: Decision = "commit", hours_ago: float = 1, reason: str = "") -> Vote:
    return Vote(decision, approver, reason, NOON - timedelta(hours=hours_ago))


TWO = Rules(needed=2, names=("Ada", "Grace", "Linus"), requester="linus", requester_may_approve=False)


@pytest.mark.parametrize(
    ("rules", "votes", "decision", "missing", "refusal"),
    [
        pytest.param(Rules(), [], None, 1, "", id="nobody yet"),
        pytest.param(Rules(), [vote("anybody")], "commit", 0, "", id="one is enough where nothing is said"),
        pytest.param(Rules(), [vote("anybody", "abort")], "abort", 0, "", id="so it is for abort"),
        pytest.param(Rules(requester="ada"), [vote("ada")], "commit", 0, "", id="the requester may where nothing is said"),
        pytest.param(TWO, [vote("Ada")], None, 1, "", id="one of two"),
        pytest.param(TWO, [vote("Ada"), vote(" ada ")], None, 1, "has approved already", id="twice by one name"),
        pytest.param(TWO, [vote("Ada"), vote("Grace")], "commit", 0, "", id="two of two"),
        pytest.param(TWO, [vote("Ada"), vote("Eve")], None, 1, "not among the approvers (Ada, Grace, Linus)", id="unknown"),
        pytest.param(TWO, [vote("Linus")], None, 2, "somebody else has to", id="the requester may not"),
        pytest.param(TWO, [vote("Linus", "abort")], "abort", 0, "", id="but may take it back"),
        pytest.param(TWO, [vote("Eve", "abort")], None, 2, "not among the approvers", id="a stranger may not abort"),
        pytest.param(TWO, [vote("Ada", hours_ago=2), vote("Grace", "abort")], "abort", 0, "", id="one abort aborts"),
        pytest.param(
            Rules(holds_for=timedelta(hours=4)), [vote("ada", hours_ago=5)], None, 1, "older than 4 hours", id="too old"
        ),
        pytest.param(Rules(holds_for=timedelta(hours=4)), [vote("ada", hours_ago=3)], "commit", 0, "", id="young enough"),
        pytest.param(
            Rules(holds_for=timedelta(hours=1)), [vote("ada", hours_ago=9), vote("ada", hours_ago=0)], "commit", 0,
            "older than 1 hour;", id="said again",
        ),
        pytest.param(Rules(holds_for=timedelta(hours=1)), [vote("ada", "abort", 9)], "abort", 0, "", id="abort does not age"),
        pytest.param(Rules(), [vote("x", "recheck")], None, 1, "", id="a fresh look is no vote"),
    ],
)  # fmt: skip
def test_how_votes_are_counted(
    rules: Rules, votes: list[Vote], decision: str | None, missing: int, refusal: str
) -> None:
    standing = tally(votes, rules, NOON)
    assert (standing.decision, standing.missing) == (decision, missing)
    assert [bool(refusal)] * bool(refusal) == [refusal in why for _, why in standing.refused]


def test_the_oldest_votes_are_counted_first() -> None:
    late, early = vote("Grace", hours_ago=1), vote("Ada", hours_ago=2)
    assert tally([late, early], TWO, NOON).counted == (early, late)


def test_the_decision_is_told_in_the_words_of_those_who_made_it() -> None:
    standing = tally([vote("Ada", reason="seen"), vote("Grace", hours_ago=0.5)], TWO, NOON)
    assert standing.words == "Ada decided to commit: seen Grace decided to commit."
    assert tally([vote("Ada"), vote("Linus", "abort", 0)], TWO, NOON).words == "Linus decided to abort."
    assert tally([], TWO, NOON).words == "2 approvals missing"
    assert tally([vote("Ada")], TWO, NOON).words == "1 approval missing; Ada said yes"


def test_a_vote_can_be_judged_before_it_is_sent() -> None:
    assert objection("commit", "ada", TWO, ["Ada"]).startswith("ada has approved already")
    assert objection("commit", "", Rules()) == "it names no approver"
    assert objection("commit", "Grace", TWO, ["Ada"]) == ""


def test_the_page_tells_who_was_heard_and_whose_word_does_not_count() -> None:
    page = votes_page(tally([vote("Ada"), vote("<b>Eve</b>", hours_ago=0)], TWO, NOON))
    assert "**1 approval is missing.**" in page
    assert "- Ada decided to commit." in page
    assert "not counted: commit by &lt;b&gt;Eve" in page
    assert votes_page(tally([], Rules(), NOON)) == ""
    assert "**2 approvals are missing.**" in votes_page(tally([], TWO, NOON))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        pytest.param({"needed": 3, "names": ["a", "b"]}, "3 approvals are needed of 2 approvers", id="too few"),
        pytest.param(
            {"needed": 2, "names": ["a", "A "]}, "2 approvals are needed of 1 approvers", id="one person twice"
        ),
        pytest.param({"needed": 0}, "greater than or equal to 1", id="nobody"),
        pytest.param({"names": [" "]}, "an approver has no name", id="no name"),
    ],
)
def test_rules_that_nobody_could_fulfil_are_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Approvers.model_validate(values)
    assert said in str(refused.value)


def test_parameters_become_rules() -> None:
    asked = Approvers(needed=2, names=["Ada", "Grace"], requester_may_approve=False, holds_for_hours=1.5)
    assert asked.rules("bob") == Rules(2, ("Ada", "Grace"), "bob", False, timedelta(minutes=90))
    assert Approvers().rules("").holds_for is None
