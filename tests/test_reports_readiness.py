"""The readiness page of an artifact: what somebody accepted, and where to look for more."""

from dataclasses import replace

from asmosis.readiness import RULES, Finding, Severity
from asmosis.readiness.rule import Acceptance
from asmosis.reports import readiness_page
from asmosis.units import Unit

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
UNIT = Unit(SUBSCRIPTION, "hostedService", "web")
RULE = RULES["svc-endpoint-acl"]
BLOCKER = Finding(RULE.id, Severity.BLOCKER, UNIT.short, "web/vm1", "It has.", RULE.remedy, RULE.noticed, "Role[vm1]")
ACCEPTED = replace(BLOCKER, waiver=Acceptance("ada", "it is *known*", "2026-12-31"))


def test_an_accepted_blocker_blocks_no_unit_and_says_who_accepted_it() -> None:
    page = readiness_page([UNIT], [ACCEPTED])
    assert "**1 ready, 0 blocked.** 0 blockers, 0 warnings, 0 notes, 1 accepted." in page
    assert "| hostedService/web | yes | 0 | 0 |  |" in page
    assert f"| waived | `{RULE.id}` | 1 | {RULE.title} |" in page
    assert "It has. Accepted by ada until 2026-12-31: it is \\*known\\*. The platform will still refuse it. |" in page


def test_what_blocks_stands_before_what_is_accepted_and_what_warns() -> None:
    warning = replace(BLOCKER, severity=Severity.WARNING)
    page = readiness_page([UNIT], [warning, ACCEPTED, BLOCKER])
    rows = [line.split(" | ")[0] for line in page.splitlines() if f"`{RULE.id}` | hostedService/web" in line]
    assert rows == ["| blocker", "| waived", "| warning"]
    assert "1 blocker, 1 warning, 0 notes, 1 accepted" in page


def test_the_page_says_how_to_get_everything_in_one_file() -> None:
    command = f"`asmosis assess --subscription {SUBSCRIPTION} --out readiness.html`"
    assert command in readiness_page([UNIT], [])
    assert "asmosis assess" not in readiness_page([], [])
