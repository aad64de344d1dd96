"""The page of a wave: how far it is, how well it goes, and who is waited for."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from asmosis.reports import WaveStanding, wave_page
from asmosis.runs import Run
from asmosis.units import Unit

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
UNITS = tuple(Unit(SUBSCRIPTION, "hostedService", name) for name in ("web", "shop", "mail", "cache"))
WEB, SHOP, MAIL, CACHE = UNITS
NOW = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)


def run(kind: str, state: str, since: str = "05:30", message: str = "", link: str = "http://127.0.0.1/1") -> Run:
    moment = f"2026-03-04T{since}:00.000000Z"
    unit = ("unit:hostedService/x",)
    return Run("1", "migrate", "migrate", kind, state, moment, message, unit, link, "2026-03-04T05:00:00.000000Z")


COMMITTED, FAILED = run("COMPLETED", "Committed"), run("FAILED", "Blocked", message="a | b")
ASKED = run("PAUSED", "Suspended", "04:20")
PARKED = run("SCHEDULED", "AwaitingWindow", "05:59", "prepare may start from Sat 01:00 UTC")


@dataclass(frozen=True)
class Case:
    progress: dict[Unit, Run]
    skipped: dict[Unit, str]
    shown: tuple[str, ...]
    hidden: tuple[str, ...] = ()
    expected: tuple[float, float] | None = (30.0, 200.0)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            Case(
                {},
                {},
                (
                    "0 of 4 units through. All of it is expected to take 30 min to 3 h, not counting waits",
                    "good, nothing has failed.",
                    "| Not started | 4 |",
                ),
                ("## Units", "pace"),
            ),
            id="nothing yet: what was expected",
        ),
        pytest.param(
            Case({WEB: ASKED}, {}, ("0 of 4 units through. All of it is expected to take about 1 min,",), (), (0.1, 0.9)),
            id="less than a minute is no promise",
        ),
        pytest.param(Case({}, {}, ("take 6 to 21 min,",), (), (6, 21)), id="a unit of time is said once"),
        pytest.param(Case({}, {}, ("0 of 4 units through.\n",), (), None), id="nothing is known"),
        pytest.param(
            Case(dict.fromkeys(UNITS, COMMITTED), {}, ("4 of 4 units through.\n",), ("expected",)), id="all is through"
        ),
        pytest.param(
            Case(
                {WEB: COMMITTED, SHOP: FAILED},
                {MAIL: "hostedService/shop ended Blocked"},
                (
                    "3 of 4 units through.",
                    "**Health:** attention: 1 Blocked, 1 skipped.",
                    "| hostedService/mail | hostedService/shop ended Blocked |",
                    "| hostedService/shop | Blocked | 2026-03-04 05:30:00 | [open](<http://127.0.0.1/1>) |  | a \\| b |",
                    # Half an hour for two, so a quarter of one for the fourth.
                    "takes about 15 min (06:00 UTC)",
                ),
                ("expected",),
            ),
            id="health is told apart from progress",
        ),
        pytest.param(
            Case(
                {WEB: COMMITTED, SHOP: ASKED, MAIL: PARKED},
                {},
                (
                    "1 of 4 units through. At the pace so far the rest takes about 30 min, not counting 2 units that wait",
                    "## Waiting for an approval",
                    "| hostedService/shop | 2 h |",
                    "## Waiting for a window",
                    "| hostedService/mail | 1 min | prepare may start from Sat 01:00 UTC |",
                ),
            ),
            id="who is waited for since when",
        ),
        pytest.param(
            Case(dict.fromkeys(UNITS, ASKED), {}, ("0 of 4", "good"), ("pace",)), id="people have no pace"
        ),
        pytest.param(
            Case({WEB: run("COMPLETED", "Committed", link="javascript:x")}, {}, ("Committed",), ("javascript", "open")),
            id="only addresses are links",
        ),
    ],
)  # fmt: skip
def test_what_the_page_of_a_wave_shows(case: Case) -> None:
    windows = "Prepare daily (UTC)."
    page = wave_page(WaveStanding("march", "dry-run", UNITS, case.progress, case.skipped, windows, case.expected), NOW)
    assert page.startswith("# Wave march\n")
    assert "Mode dry-run. Prepare daily (UTC)." in page
    assert [words for words in case.shown if words not in page] == []
    assert [words for words in case.hidden if words in page] == []


def test_a_page_of_many_units_stays_small() -> None:
    units = [Unit(SUBSCRIPTION, "hostedService", f"service-{number}") for number in range(5_000)]
    runs = dict.fromkeys(units, run("PAUSED", "Suspended", message="x" * 2_000))
    page = wave_page(WaveStanding("march", "full", units, runs, dict.fromkeys(units, "why")), NOW)
    assert len(page.encode()) < 800_000
    assert "more" in page
