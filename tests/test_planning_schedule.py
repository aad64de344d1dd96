"""On which days waves go."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from asmosis.planning.load import Load
from asmosis.planning.plan import Plan
from asmosis.planning.schedule import schedule
from tests.planned import empty

TODAY = date(2026, 11, 23)  # a Monday


def went(minutes: list[float], **told: Any) -> list[list[str]]:
    waves = told.pop("waves", [{} for _ in minutes])
    plan: Plan = empty(waves=[{"name": f"w{number}"} | wave for number, wave in enumerate(waves)], **told)
    loads = [Load(1 if each else 0, 1, 1, 1, each) for each in minutes]
    return [
        [f"{begin:%d %H:%M}-{end:%d %H:%M}" for begin, end in dates.spans] for dates in schedule(plan, loads, TODAY)
    ]


WINDOWS = {"windows": {"prepare": ["tue,thu 22:00-02:00"]}}


@pytest.mark.parametrize(
    ("minutes", "told", "spans"),
    [
        pytest.param([30, 60], {}, [["23 00:00-23 00:30"], ["24 00:00-24 01:00"]], id="no windows: a day each"),
        pytest.param([30], {"first": "2026-11-30"}, [["30 00:00-30 00:30"]], id="the plan's first day"),
        pytest.param(
            [30, 60], {"defaults": WINDOWS}, [["24 22:00-24 22:30"], ["26 22:00-26 23:00"]], id="an opening each"
        ),
        pytest.param(
            [300, 10],
            {"defaults": WINDOWS},
            [["24 22:00-25 02:00", "26 22:00-26 23:00"], ["01 22:00-01 22:10"]],
            id="more than an opening",
        ),
        pytest.param(
            [30, 30],
            {"defaults": WINDOWS, "waves": [{}, {"windows": {"prepare": ["sat 08:00-10:00"]}}]},
            [["24 22:00-24 22:30"], ["28 08:00-28 08:30"]],
            id="windows of its own",
        ),
        pytest.param(
            [30, 30],
            {"waves": [{"not_before": "2026-12-05"}, {}]},
            [["05 00:00-05 00:30"], ["06 00:00-06 00:30"]],
            id="not before a day, nor what follows",
        ),
        pytest.param([30, 30], {"waves": [{"begun": True}, {}]}, [[], ["23 00:00-23 00:30"]], id="what has begun"),
        pytest.param([0, 30], {}, [[], ["23 00:00-23 00:30"]], id="nothing to do"),
        pytest.param(
            [30],
            {"defaults": {"windows": {"zone": "Asia/Tokyo", "prepare": ["mon 00:00-01:00"]}}},
            [["22 15:00-22 15:30"]],
            id="another time zone",
        ),
    ],
)
def test_waves_take_openings_in_turn(minutes: list[float], told: dict[str, Any], spans: list[list[str]]) -> None:
    assert went(minutes, **told) == spans


def test_what_finds_no_opening_is_said() -> None:
    windows = {"windows": {"extra": ["2026-11-24 08:00-09:00"]}}
    plan = empty(waves=[{"name": "w"}], defaults=windows)
    [dates] = schedule(plan, [Load(1, 1, 1, 1, 90)], TODAY)
    assert dates.spans == ((datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2026, 11, 24, 9, tzinfo=UTC)),)
    assert dates.short == 30
