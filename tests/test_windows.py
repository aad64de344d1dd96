"""Maintenance windows: how they are written, and when they are open, through midnight and daylight saving."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from asmosis.errors import UsageError
from asmosis.parameters import Windows
from asmosis.windows import Calendar, DaysOff, Extra, Window

BERLIN = "Europe/Berlin"


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN))


def calendar(*windows: str, off: tuple[str, ...] = (), extra: tuple[str, ...] = (), zone: str = BERLIN) -> Calendar:
    return Calendar(
        tuple(Window.parse(text) for text in windows),
        zone,
        tuple(DaysOff.parse(text) for text in off),
        tuple(Extra.parse(text) for text in extra),
    )


# 2026-11-23 is a Monday.
@pytest.mark.parametrize(
    ("windows", "local", "is_open"),
    [
        pytest.param(["mon 22:00-23:00"], "2026-11-23 21:59", False, id="a minute early"),
        pytest.param(["mon 22:00-23:00"], "2026-11-23 22:00", True, id="the first minute"),
        pytest.param(["mon 22:00-23:00"], "2026-11-23 22:59", True, id="the last minute"),
        pytest.param(["mon 22:00-23:00"], "2026-11-23 23:00", False, id="the end does not belong to it"),
        pytest.param(["mon 22:00-23:00"], "2026-11-24 22:30", False, id="another day"),
        pytest.param(["mon 22:00-04:00"], "2026-11-24 03:59", True, id="after midnight it is the day before's window"),
        pytest.param(["mon 22:00-04:00"], "2026-11-23 03:00", False, id="the night before is not Monday's"),
        pytest.param(["fri-mon 01:00-02:00"], "2026-11-22 01:30", True, id="a span of days goes over the weekend"),
        pytest.param(["fri-mon 01:00-02:00"], "2026-11-24 01:30", False, id="and ends where it says"),
        pytest.param(["sat, wednesday 01:00-02:00"], "2026-11-25 01:30", True, id="a list of days, written out"),
        pytest.param(["weekends 00:00-24:00"], "2026-11-22 23:59", True, id="a whole day"),
        pytest.param(["weekends 00:00-24:00"], "2026-11-23 00:00", False, id="ends at midnight"),
        pytest.param(["mon 01:00-02:00", "mon 05:00-06:00"], "2026-11-23 05:30", True, id="the second of two"),
        pytest.param([], "2026-11-23 05:30", True, id="none at all is always"),
    ],
)
def test_when_a_window_is_open(windows: list[str], local: str, *, is_open: bool) -> None:
    assert calendar(*windows).open_at(berlin(local)) is is_open


@pytest.mark.parametrize(
    ("windows", "off", "extra", "local", "opening"),
    [
        pytest.param(["mon 22:00-04:00"], (), (), "2026-11-23 08:00", "2026-11-23 22:00", id="tonight"),
        pytest.param(["mon 22:00-04:00"], (), (), "2026-11-24 03:00", "2026-11-24 03:00", id="it is open now"),
        pytest.param(["mon 22:00-04:00"], (), (), "2026-11-24 04:00", "2026-11-30 22:00", id="next week"),
        pytest.param(["daily 22:00-04:00"], ("2026-11-23",), (), "2026-11-23 23:00", "2026-11-24 22:00", id="a day off"),
        pytest.param(
            ["daily 22:00-04:00"], ("2026-11-24",), (), "2026-11-24 03:00", "2026-11-24 03:00", id="the night before goes on"
        ),
        pytest.param(
            ["daily 22:00-04:00"], ("2026-12-24..2027-01-02",), (), "2026-12-24 22:30", "2027-01-03 22:00", id="days off"
        ),
        pytest.param(
            ["mon 22:00-04:00"], ("2026-11-25",), ("2026-11-25 10:00-11:00",), "2026-11-24 12:00", "2026-11-25 10:00",
            id="an extra window, even on a day off",
        ),
        pytest.param(
            ["wed 09:00-10:00"], (), ("2026-12-30 10:00-11:00",), "2026-11-24 12:00", "2026-11-25 09:00",
            id="the regular one if it is earlier",
        ),
        pytest.param([], (), ("2026-11-25 10:00-11:00",), "2026-11-24 12:00", "2026-11-25 10:00", id="extra ones only"),
        pytest.param([], (), ("2026-11-20 10:00-11:00",), "2026-11-24 12:00", None, id="extra ones that are over"),
        pytest.param(["mon 22:00-04:00"], ("2026-01-01..2030-01-01",), (), "2026-11-24 12:00", None, id="always off"),
    ],
)  # fmt: skip
def test_the_next_opening(
    windows: list[str], off: tuple[str, ...], extra: tuple[str, ...], local: str, opening: str | None
) -> None:
    found = calendar(*windows, off=off, extra=extra).next_opening(berlin(local))
    assert found == (berlin(opening) if opening else None)


@pytest.mark.parametrize(
    ("window", "opens", "closes"),
    [
        # Clocks went from 02:00 to 03:00 on 2026-03-29 and back from 03:00 to 02:00 on 2026-10-25.
        pytest.param("sun 01:00-04:00", "2026-03-29T00:00Z", "2026-03-29T02:00Z", id="the short night has two hours"),
        pytest.param("sun 01:00-04:00", "2026-10-24T23:00Z", "2026-10-25T03:00Z", id="the long night has four"),
        pytest.param("sun 02:30-04:00", "2026-03-29T01:30Z", "2026-03-29T02:00Z", id="a time that is missing"),
        pytest.param(
            "sat 22:00-02:30", "2026-10-24T20:00Z", "2026-10-25T00:30Z", id="of a time that comes twice the first"
        ),
    ],
)
def test_daylight_saving(window: str, opens: str, closes: str) -> None:
    nightly = calendar(window)
    start, end = datetime.fromisoformat(opens), datetime.fromisoformat(closes)
    assert nightly.next_opening(start - timedelta(hours=3)) == start
    assert nightly.closes(start) == end
    assert not nightly.open_at(start - timedelta(minutes=1))
    assert not nightly.open_at(end)


def test_the_latest_of_overlapping_windows_closes_them() -> None:
    both = calendar("mon 20:00-22:00", "mon 21:00-23:00")
    assert both.closes(berlin("2026-11-23 21:30")) == berlin("2026-11-23 23:00")
    assert both.closes(berlin("2026-11-23 12:00")) is None


INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them naive
TIMES = st.integers(0, 24 * 60 - 1).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")


@given(
    INSTANTS,
    st.sampled_from(["mon", "tue-thu", "fri-mon", "daily", "sat,sun"]),
    TIMES,
    TIMES,
    st.sampled_from([BERLIN, "UTC", "Pacific/Kiritimati", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_an_opening_is_open_and_the_minute_before_is_not(
    now: datetime, days: str, start: str, end: str, zone: str
) -> None:
    if start == end:
        return
    windows = calendar(f"{days} {start}-{end}", zone=zone)
    opening = windows.next_opening(now)
    assert opening is not None
    assert opening - now < timedelta(days=8)
    if opening != now:
        assert not windows.open_at(now)
        # A window may be shorter than the hour that the clock skips, or begin where another ends.
        closes = windows.closes(opening)
        assert closes is not None
        assert opening < closes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("mondya 22:00-23:00", "'mondya' is no day. Did you mean 'monday'?", id="a day misspelt"),
        pytest.param("mon", "it has no FROM-TO", id="no time"),
        pytest.param("22:00-23:00", "a day is missing", id="no day"),
        pytest.param("mon 22:00-22:00", "it closes when it opens. For a whole day write 00:00-24:00.", id="no length"),
        pytest.param("mon 25:00-26:00", "25:00 is no time of day", id="no time of day"),
        pytest.param("mon 24:00-25:00", "25:00 is no time of day", id="neither"),
        pytest.param("mon 24:00-02:00", "it closes when it opens", id="24:00 is an end only"),
        pytest.param("", "it has no FROM-TO", id="nothing"),
        pytest.param("mon- 22:00-23:00", "a day is missing", id="half a span"),
    ],
)
def test_what_is_no_window_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        Window.parse(text)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        pytest.param({"zone": "Europe/Berln"}, "Did you mean 'Europe/Berlin'?", id="a zone misspelt"),
        pytest.param({"zone": "here"}, "no such time zone", id="no zone"),
        pytest.param(
            {"prepare": ["mon 22:00-23:00"], "off": ["24.12.2026"]}, "is no date", id="another way to write dates"
        ),
        pytest.param(
            {"prepare": ["mon 1:00-2:00"], "off": ["2027-01-02..2026-12-24"]}, "end before they begin", id="backwards"
        ),
        pytest.param({"off": ["2026-12-24"]}, "days off without any window", id="nothing that could be off"),
        pytest.param({"extra": ["mon 10:00-11:00"]}, "'mon' is no date", id="an extra window without its date"),
        pytest.param({"prepares": []}, "Extra inputs are not permitted", id="an unknown key"),
    ],
)
def test_what_are_no_windows_is_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Windows.model_validate(values)
    assert said in str(refused.value)


def test_prepare_and_commit_have_windows_of_their_own() -> None:
    windows = Windows(zone=BERLIN, commit=["sat 01:00-05:00"], extra=["2026-11-25 10:00-11:00"])
    monday = berlin("2026-11-23 12:00")
    assert windows.for_prepare.open_at(monday)
    assert windows.for_commit.next_opening(monday) == berlin("2026-11-25 10:00")
    assert windows.words == "Windows: commit sat 01:00-05:00; besides 2026-11-25 10:00-11:00 (Europe/Berlin)."
