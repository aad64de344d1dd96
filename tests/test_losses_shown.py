"""Every loss that a translation declares is in front of the person who approves."""

import pytest

from asmosis.arm.resource import body
from asmosis.check import check
from asmosis.reports.markdown import text
from asmosis.reports.sides import question_page, side_by_side_page
from asmosis.translate import Loss
from tests.promising import estate, promised

UNITS = [unit.short for unit in estate().units]


@pytest.mark.parametrize("unit", UNITS)
def test_every_loss_is_on_the_page_with_its_remedy(unit: str) -> None:
    one = promised(unit)
    page = side_by_side_page(check(one, [body(resource) for resource in one.resources]))
    assert missing_from(page, one.losses) == []
    # So that the test can fail.
    stranger = Loss("nobody", "Nothing", "it was never there.", "Nothing.")
    assert missing_from(page, (*one.losses, stranger)) == [stranger]


@pytest.mark.parametrize("unit", UNITS)
def test_the_question_holds_the_first_losses_and_counts_the_others(unit: str) -> None:
    one = promised(unit)
    verdict = check(one, [body(resource) for resource in one.resources])
    page = question_page(verdict, "artifact", most=2)
    assert all(text(loss.why) in page for loss in one.losses[:2])
    assert (f"and {len(one.losses) - 2} more" in page) == (len(one.losses) > 2)


def missing_from(page: str, losses: tuple[Loss, ...]) -> list[Loss]:
    return [loss for loss in losses if not all(text(said) in page for said in (loss.subject, loss.why, loss.remedy))]
