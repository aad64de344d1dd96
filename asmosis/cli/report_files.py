"""The files that an assessment is kept in: what was asked for is checked before any work, and written in one go."""

import json
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from asmosis.errors import UsageError
from asmosis.reports.assessment import TABLES, Assessment
from asmosis.reports.readiness import readiness_page
from asmosis.reports.record import record

_ONE_TABLE = (".csv", ".parquet")
_FORMATS = (*_ONE_TABLE, ".xlsx", ".html", ".json", ".md")


@dataclass(frozen=True)
class ReportFile:
    """A file to be written; `table` is of the formats that hold only one."""

    path: Path
    format: str
    table: str = ""

    @property
    def tells_losses(self) -> bool:
        """Whether the file says what units lose, which must be worked out for it."""
        return self.format in (".html", ".xlsx") or self.table in ("losses", "units")

    def write(self, assessed: Assessment) -> None:
        """Put the whole file in its place, or leave what is there.

        Raises:
            UsageError: it can no longer be written.
        """
        content = self._content(assessed)
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            beside.write_bytes(content)
            beside.replace(self.path)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        finally:
            beside.unlink(missing_ok=True)

    def _content(self, assessed: Assessment) -> bytes:
        if self.format == ".json":
            return json.dumps(record(assessed), indent=1).encode() + b"\n"
        if self.format == ".md":
            return readiness_page([unit.unit for unit in assessed.units], assessed.findings).encode(errors="replace")
        # pandas and jinja2 cost a second that the other formats need not wait for.
        from asmosis.reports import files, tables, webpage  # noqa: PLC0415 - see above

        if self.format == ".html":
            return webpage.assessment_page(assessed, datetime.now(UTC)).encode()
        if self.format == ".xlsx":
            return files.workbook(assessed, datetime.now(UTC))
        table = tables.frame(assessed, self.table)
        return files.csv(table) if self.format == ".csv" else files.parquet(table)


def report_files(paths: Sequence[Path]) -> tuple[ReportFile, ...]:
    """What the files' names ask for; the last word of the stem names the table of a file that holds one.

    Raises:
        UsageError: a suffix says no format, a file is named twice, or it could not be written.
    """
    asked = tuple(_report_file(path) for path in paths)
    taken: set[Path] = set()
    for file in asked:
        place = file.path.absolute()
        if place in taken:
            raise UsageError(f"--out {file.path}", "it is named twice", "Give every file a name of its own.")
        taken.add(place)
    return asked


def _report_file(path: Path) -> ReportFile:
    format = path.suffix.lower()
    if format not in _FORMATS:
        problem = f"the suffix {path.suffix!r} says no format" if path.suffix else "it has no suffix to say the format"
        raise UsageError(f"--out {path}", problem, f"Formats: {', '.join(_FORMATS)}.")
    if path.is_dir():
        raise UsageError(f"--out {path}", "it is a folder", "Name a file.")
    try:
        # Permissions alone do not tell: the file system may be read-only, or root may be asking.
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _unwritable(path, error) from error
    last_word = re.split(r"[^a-z]+", path.stem.lower())[-1]
    table = last_word if last_word in TABLES else "findings"
    return ReportFile(path, format, table if format in _ONE_TABLE else "")


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"--out {path}", error.strerror or str(error), "Name a file in a folder that can be written.")
