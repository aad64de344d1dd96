"""Tables as the bytes of files that other programs open; what a cell holds is never taken for a formula."""

import io
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from asmosis.reports.assessment import TABLES, Answer, Assessment
from asmosis.reports.tables import frame

_FORMULA = re.compile(r"[=+\-@\t\r]")  # what spreadsheets take for one (documented by OWASP)
# What XML 1.0 has no place for, and so neither has a workbook.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_LONGEST_CELL = 32_767  # characters; Excel's own limit, like the next
_MOST_ROWS = 1_048_575  # below the header
_WIDTHS = (8, 70)  # columns of a sheet, in characters
_LOOKED_AT = 200  # rows that decide how wide a column is


def csv(table: pd.DataFrame) -> bytes:
    """UTF-8, one header line; text that a spreadsheet would compute gets an apostrophe in front."""
    texts: list[str] = list(table.select_dtypes("str").columns)
    return (
        table.assign(**{name: table[name].map(_for_csv, na_action="ignore") for name in texts})
        .to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d")
        .encode()
    )


def parquet(table: pd.DataFrame) -> bytes:
    """Typed and compressed; text exactly as it was found."""
    target = io.BytesIO()
    table.to_parquet(target, index=False)
    return target.getvalue()


def workbook(assessed: Assessment, when: datetime) -> bytes:
    """An assessment: a sheet with the figures, and one per table."""
    frames = {name: frame(assessed, name) for name in TABLES}
    return book(_figures(assessed, when, frames), frames)


def book(figures: Iterable[tuple[str, Any]], frames: Mapping[str, pd.DataFrame]) -> bytes:
    """A sheet with labels and figures, and one per table: header frozen, filters on, text that is only text."""
    made = Workbook(write_only=True)
    summary = made.create_sheet("summary")
    summary.column_dimensions["A"].width, summary.column_dimensions["B"].width = 34, 60
    for label, value in figures:
        summary.append([_bold(summary, label), _cell(summary, value)])
    for name, table in frames.items():
        _sheet(made, name, table)
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def _figures(assessed: Assessment, when: datetime, frames: dict[str, pd.DataFrame]) -> Iterable[tuple[str, Any]]:
    units, machines = assessed.answers(), assessed.machines()
    yield "Subscription", assessed.subscription
    yield "Rules of", assessed.profile
    yield "Judged", f"{when:%Y-%m-%d %H:%M %Z}".strip()
    for answer in Answer:
        yield f"Units {answer}", units[answer]
    for answer in Answer:
        yield f"Machines in units {answer}", machines[answer]
    for name, table in frames.items():
        yield f"Rows of {name}", len(table)
        if len(table) > _MOST_ROWS:
            yield f"Rows of {name} left out", len(table) - _MOST_ROWS
    yield "Elements not understood", len(assessed.unread)
    yield "Documents that cannot be read", len(assessed.unreadable)
    for waiver in assessed.expired:
        yield "Waiver that is over", f"{waiver.rule} · {waiver.unit} · {waiver.resource} · {waiver.until}"
    for unused in assessed.unused:
        waiver = unused.waiver
        yield "Waiver of nothing", f"{waiver.rule} · {waiver.unit} · {waiver.resource} · {waiver.until}"


def _sheet(book: Workbook, name: str, table: pd.DataFrame) -> None:
    sheet = book.create_sheet(name)
    # Everything about the sheet comes before its rows: they are written as they come.
    sheet.freeze_panes = "A2"
    rows = min(len(table), _MOST_ROWS)
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(table.columns))}{rows + 1}"
    for position, column in enumerate(table.columns, start=1):
        longest = max((len(str(value)) for value in (column, *table[column].head(_LOOKED_AT))), default=0)
        sheet.column_dimensions[get_column_letter(position)].width = min(max(longest + 2, _WIDTHS[0]), _WIDTHS[1])
    sheet.append([_bold(sheet, column) for column in table.columns])
    plain = table.head(_MOST_ROWS).astype(object).where(table.notna(), None)
    for row in plain.itertuples(index=False, name=None):
        sheet.append([_cell(sheet, value) for value in row])


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.date()
    if not isinstance(value, str):
        return value
    shown = _CONTROL.sub("\ufffd", value)
    shown = shown if len(shown) <= _LONGEST_CELL else shown[: _LONGEST_CELL - 1] + "…"
    if not _FORMULA.match(shown):
        return shown
    cell = WriteOnlyCell(sheet, shown)
    cell.data_type = "s"
    # Keeps it text even when somebody edits the cell.
    cell.quotePrefix = True
    return cell


def _bold(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, text)
    cell.font, cell.alignment = Font(bold=True), Alignment(vertical="top")
    return cell


def _for_csv(value: str) -> str:
    shown = _CONTROL.sub("\ufffd", value)
    return f"'{shown}" if _FORMULA.match(shown) else shown
