"""Tables that other programs open: read back with pandas, typed, in a stable order, and never a formula."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from asmosis.classic.estate import Estate
from asmosis.readiness import RULES, Finding, Severity, Unjudged
from asmosis.readiness.rule import Acceptance
from asmosis.readiness.waivers import Unused, Waiver
from asmosis.reports import files
from asmosis.reports.assessment import TABLES, Assessment, assessment
from asmosis.reports.tables import frame
from asmosis.translate import Loss
from asmosis.units import Unit

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
WHEN = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
UNITS = [Unit(SUBSCRIPTION, "routeTable", "one"), Unit(SUBSCRIPTION, "routeTable", "two")]


def finding(unit: str = "routeTable/one", **changed: Any) -> Finding:
    rule = RULES["svc-endpoint-acl"]
    made = Finding(rule.id, Severity.BLOCKER, unit, "one", "It has.", rule.remedy, rule.noticed, "RouteTable[one]")
    return replace(made, **changed)


ACCEPTED = Acceptance("ada", "it is known", "2026-12-31")
FINDINGS = (
    finding(),
    finding(severity=Severity.WARNING, message='line one\nline two, “quoted”, a "mark"; é'),
    finding("routeTable/two", waiver=ACCEPTED),
)


def assessed(findings: tuple[Finding, ...] = FINDINGS, units: list[Unit] = UNITS) -> Assessment:
    made = assessment(Estate(subscription=SUBSCRIPTION), "platform-2023", findings, units)
    one, *others = made.units
    lossy = replace(one, losses=(Loss("routeTable/one", "Label", "It has no place.", "Tag it."),))
    return replace(
        made, units=(lossy, *others), unjudged=(Unjudged("arm-quota-cores", "Too few cores", ("usages", "sizes")),)
    )


NOTHING = Assessment(SUBSCRIPTION, "platform-2023", ())


def sheets(content: bytes) -> dict[str, Any]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return {sheet.title: sheet for sheet in book.worksheets}


@pytest.mark.parametrize("table", TABLES)
def test_parquet_gives_back_every_value_and_type(table: str) -> None:
    kept = frame(assessed(), table)
    assert len(kept) > 0
    again = pd.read_parquet(io.BytesIO(files.parquet(kept)))
    pd.testing.assert_frame_equal(again, kept)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_the_same_columns_and_types_when_it_is_empty(table: str) -> None:
    full, empty = (pq.read_schema(io.BytesIO(files.parquet(frame(each, table)))) for each in (assessed(), NOTHING))
    assert [(field.name, field.type) for field in full] == [(field.name, field.type) for field in empty]
    assert "null" not in {str(field.type) for field in empty}


@pytest.mark.parametrize("table", TABLES)
def test_csv_gives_back_every_value(table: str) -> None:
    kept = frame(assessed(), table)
    again = pd.read_csv(io.BytesIO(files.csv(kept)), dtype=str, keep_default_na=False)
    wanted = kept.astype(object).where(kept.notna(), "").map(lambda value: str(value).removesuffix(" 00:00:00"))
    assert again.to_dict("records") == wanted.to_dict("records")
    assert list(again) == list(kept)


def test_the_findings_say_who_accepted_what_until_when() -> None:
    table = frame(assessed(), "findings")
    assert list(table["standing"]) == ["blocker", "warning", "waived"]
    assert list(table["accepted_by"].fillna("")) == ["", "", "ada"]
    assert [each.date() if pd.notna(each) else None for each in table["accepted_until"]] == [
        None,
        None,
        date(2026, 12, 31),
    ]


def test_the_units_count_what_stands_and_tell_the_first_reason() -> None:
    table = frame(assessed(), "units").set_index("unit")
    counts = ["answer", "blockers", "warnings", "notes", "losses", "first_rule", "first_reason"]
    assert list(table.loc["routeTable/one", counts]) == [
        "blocked",
        1,
        1,
        0,
        1,
        "svc-endpoint-acl",
        "It has.",
    ]
    assert list(table.loc["routeTable/two", counts].fillna("")) == ["waived", 0, 0, 0, 0, "", ""]
    assert (table["seconds_at_least"] < table["seconds_at_most"]).all()


@pytest.mark.parametrize("table", TABLES)
def test_the_same_assessment_gives_the_same_bytes(table: str) -> None:
    one, other = assessed(), assessed()
    assert files.csv(frame(one, table)) == files.csv(frame(other, table))
    assert files.parquet(frame(one, table)) == files.parquet(frame(other, table))


def test_the_workbook_has_a_sheet_per_table_with_frozen_header_and_filters() -> None:
    book = sheets(files.workbook(assessed(), WHEN))
    assert list(book) == ["summary", *TABLES]
    for name in TABLES:
        kept, sheet = frame(assessed(), name), book[name]
        assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", sheet.dimensions)
        assert all(8 <= column.width <= 70 for column in sheet.column_dimensions.values())
        rows = list(sheet.iter_rows(values_only=True))
        assert rows[0] == tuple(kept.columns)
        assert len(rows) == len(kept) + 1
    read = pd.read_excel(io.BytesIO(files.workbook(assessed(), WHEN)), sheet_name="findings")
    assert list(read["message"]) == [found.message for found in FINDINGS]
    assert read["accepted_until"].iloc[2] == datetime(2026, 12, 31)  # noqa: DTZ001 -- a day has no zone


def test_the_summary_sheet_holds_the_figures_and_the_waivers_to_look_at() -> None:
    waiver = Waiver(rule="svc-empty", unit="*/x", who="ada", why="old", until=date(2026, 1, 31))
    told = replace(assessed(), expired=(waiver,), unused=(Unused(waiver, ""),), unread=("a: b",))
    rows = dict(sheets(files.workbook(told, WHEN))["summary"].iter_rows(values_only=True))
    assert rows == {
        "Subscription": SUBSCRIPTION,
        "Rules of": "platform-2023",
        "Judged": "2026-11-23 08:05 UTC",
        "Units ready": 0,
        "Units waived": 1,
        "Units blocked": 1,
        "Machines in units ready": 0,
        "Machines in units waived": 0,
        "Machines in units blocked": 0,
        "Rows of units": 2,
        "Rows of reasons": 3,
        "Rows of findings": 3,
        "Rows of losses": 1,
        "Rows of unjudged": 1,
        "Elements not understood": 1,
        "Documents that cannot be read": 0,
        "Waiver that is over": "svc-empty · */x · * · 2026-01-31",
        "Waiver of nothing": "svc-empty · */x · * · 2026-01-31",
    }


HOSTILE = [
    pytest.param('=HYPERLINK("http://x","y")', '=HYPERLINK("http://x","y")', id="equals"),
    pytest.param("+1+1", "+1+1", id="plus"),
    pytest.param("-2+3", "-2+3", id="minus"),
    pytest.param("@SUM(A1)", "@SUM(A1)", id="at"),
    pytest.param("\t=1", "\t=1", id="tab"),
    pytest.param("\x00=1", "\ufffd=1", id="nul"),
    pytest.param("a\x07b\x1b[31m", "a\ufffdb\ufffd[31m", id="control characters"),
    pytest.param("a\ud800b", "a\ufffdb", id="half a surrogate"),
]


@pytest.mark.parametrize(("name", "shown"), HOSTILE)
def test_no_text_is_a_formula_in_a_workbook(name: str, shown: str) -> None:
    told = assessed((finding(resource=name, message=name),))
    sheet = sheets(files.workbook(told, WHEN))["findings"]
    [header, row] = sheet.iter_rows()
    cells = dict(zip((cell.value for cell in header), row, strict=True))
    for column in ("resource", "message"):
        assert (cells[column].value, cells[column].data_type) == (shown, "s")
        assert bool(cells[column].quotePrefix) is (shown[0] in "=+-@\t")


@pytest.mark.parametrize(("name", "shown"), HOSTILE)
def test_no_text_is_a_formula_in_csv(name: str, shown: str) -> None:
    told = frame(assessed((finding(resource=name),)), "findings")
    [value] = pd.read_csv(io.BytesIO(files.csv(told)))["resource"]
    assert value == (f"'{shown}" if shown[0] in "=+-@\t" else shown)


def test_a_text_that_is_too_long_for_a_cell_is_cut() -> None:
    told = assessed((finding(message="x" * 40_000),))
    [_, row] = sheets(files.workbook(told, WHEN))["findings"].iter_rows(values_only=True)
    assert [len(value) for value in row if value and str(value).startswith("xx")] == [32_767]


def test_a_sheet_that_is_full_says_how_much_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_MOST_ROWS", 2)
    book = sheets(files.workbook(assessed(), WHEN))
    assert book["findings"].max_row == 3
    summary = dict(book["summary"].iter_rows(values_only=True))
    assert (summary["Rows of findings"], summary["Rows of findings left out"]) == (3, 1)
