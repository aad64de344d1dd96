"""The verb `doctor`: every check as a row, then what helps, as lines to paste."""

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

from asmosis.cli.output import DONE, NO, write_json, write_line, write_table
from asmosis.doctor import Condition, Patient, Row, examine, remedies


def doctor(subscription: str, planes: str, patience: float, *, as_json: bool) -> int:
    """Ask everything, side by side; `NO` if something has failed or could not be asked."""
    rows = examine(Patient(os.environ, subscription, block=planes, patience=patience))
    bad = any(row.told.condition.bad for row in rows)
    if as_json:
        write_json({"well": not bad, "checks": [_json(row) for row in rows]})
    else:
        _show(rows)
    return NO if bad else DONE


def _show(rows: Sequence[Row]) -> None:
    columns = ("Whose", "Check", "", "Found", "s")
    write_table(columns, _cells(rows), figures=("s",))
    for remedy, names in remedies(rows):
        # Not in the table: what is folded cannot be pasted.
        write_line(f"{', '.join(names)}: {remedy}")
    counts = Counter(row.told.condition for row in rows)
    write_line(", ".join(f"{counts[each]} {each}" for each in Condition if counts[each]) + ".")


def _cells(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    cells: list[tuple[str, ...]] = []
    before = ""
    for row in rows:
        area = row.check.area if row.check.area != before else ""
        before = row.check.area
        cells.append((area, row.check.name, row.told.condition.value, row.told.found, f"{row.seconds:.1f}"))
    return cells


def _json(row: Row) -> dict[str, Any]:
    return {
        "area": row.check.area,
        "check": row.check.name,
        "condition": row.told.condition.value,
        "found": row.told.found,
        "remedy": row.told.remedy or None,
        "seconds": round(row.seconds, 3),
    }
