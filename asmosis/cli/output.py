"""What a verb says: results on stdout, everything else on stderr, and the exit code that goes with an error."""

import json
import os
import shutil
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from asmosis.errors import (
    AsmosisError,
    AuthenticationFailed,
    Forbidden,
    IllegalMove,
    StillMoving,
    Throttled,
    Unreachable,
    UnreadableDocument,
    UsageError,
)

DONE, NO, WRONG_USAGE, FAR_SIDE_FAILED, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes: done; the answer is "no"; wrong usage; the far side failed; ended from the keyboard."""

_WIDTH = 160  # columns where no terminal tells its own
# The first class that fits gives the exit code, and the remedy where the error's own text has none.
_BY_ERROR: tuple[tuple[type[AsmosisError], int, str], ...] = (
    (UsageError, WRONG_USAGE, ""),
    (UnreadableDocument, NO, "Look at the place named, or leave the file out."),
    (IllegalMove, NO, ""),
    (StillMoving, NO, "Try again when it has settled; asmosis status shows its run."),
    (AuthenticationFailed, FAR_SIDE_FAILED, "Check the credential that this process signs in with."),
    (Forbidden, FAR_SIDE_FAILED, "Ask for access, or sign in as someone who has it."),
    (Throttled, FAR_SIDE_FAILED, "Wait a while and try again."),
    (
        Unreachable,
        FAR_SIDE_FAILED,
        "Check that it runs and that its address is right (ASMOSIS_ASM_URL, ASMOSIS_ARM_URL, PREFECT_API_URL).",
    ),
)


def say(text: str) -> None:
    """One line of progress or complaint, on stderr."""
    sys.stderr.write(printable(text) + "\n")
    sys.stderr.flush()


def fail(error: AsmosisError) -> int:
    """Say what went wrong in one line, and answer the exit code."""
    code, remedy = _row_of(type(error))
    text = str(error).rstrip()
    if remedy:
        text = f"{text}{'' if text.endswith(('.', '!', '?')) else '.'} {remedy}"
    say(f"asmosis: {text}")
    return code


def code_of(kind: type[Any]) -> int:
    """The exit code that goes with a class of error."""
    return _row_of(kind)[0]


def write_json(value: Any, *, pretty: bool = False) -> None:
    """A result as one JSON value: one line of ASCII for programs, indented for people."""
    text = json.dumps(value, indent=2 if pretty else None, ensure_ascii=not pretty)
    sys.stdout.write(text + "\n")


def write_line(text: str) -> None:
    """A result as one line."""
    sys.stdout.write(printable(text) + "\n")


def width() -> int:
    """The columns that a table may take: those of the terminal, or of COLUMNS; plenty where nobody says."""
    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    return shutil.get_terminal_size((_WIDTH, 24)).columns if known else _WIDTH


def write_table(columns: Sequence[str], rows: Iterable[Sequence[str]], figures: Collection[str] = ()) -> None:
    """A result as a table; nothing is cut off, long cells fold; columns of `figures` stand right and on one line."""
    # Drawing tables takes a quarter of the start-up time that a verb without tables has.
    from rich import box  # noqa: PLC0415 - see above
    from rich.console import Console  # noqa: PLC0415 - see above
    from rich.table import Table  # noqa: PLC0415 - see above

    # Names and messages come from outside: brackets and colons in them are no mark-up.
    console = Console(width=width(), markup=False, highlight=False, emoji=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        figure = column in figures
        table.add_column(column, overflow="fold", justify="right" if figure else "left", no_wrap=figure)
    for row in rows:
        table.add_row(*(printable(cell) for cell in row))
    console.print(table)


def printable(text: str) -> str:
    """`text` on one line, without characters that could steer a terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))


def _row_of(kind: type[Any]) -> tuple[int, str]:
    rows = ((code, remedy) for known, code, remedy in _BY_ERROR if issubclass(kind, known))
    return next(rows, (FAR_SIDE_FAILED, ""))
