"""Moves as files: JSON and CSV that can be read again, and scripts that put new ids in the place of old ones."""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from asmosis.aftermath.classic_ids import tail
from asmosis.aftermath.moves import Certainty, Move, Successor
from asmosis.errors import UsageError
from asmosis.yaml_files import FileFormat

COLUMNS = ("unit", "kind", "name", "within", "old_id", "old_path", "new_id", "certainty", "others", "note")
"""Of the CSV; several values of one cell stand on lines of their own."""

_LARGEST = 256 * 1024 * 1024  # bytes
_REMEDY = "Make it with asmosis map --json or --csv."
# What may follow an id without belonging to its last name; networks go on with their subnets, which are kept.
_END = "([^A-Za-z0-9_./-]|$)"
_END_OR_PART = "([^A-Za-z0-9_.-]|$)"
_AMPERSAND = r"\&"
_SPECIAL = re.compile(r"[.\[\](){}*+?|^$\\]")


class _Successor(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str
    certainty: Certainty


class _Move(BaseModel):
    model_config = ConfigDict(extra="forbid")

    unit: str = ""
    kind: str
    name: str
    within: str = ""
    ids: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    successors: tuple[_Successor, ...] = ()
    note: str = ""


class _Map(BaseModel):
    model_config = ConfigDict(extra="forbid")

    moves: tuple[_Move, ...]


_FORMAT = FileFormat("map file", _Map, _LARGEST)


def record_of(move: Move) -> dict[str, Any]:
    """A move as plain values for JSON; keys are only ever added."""
    return {
        "unit": move.unit,
        "kind": move.kind,
        "name": move.name,
        "within": move.within,
        "ids": list(move.ids),
        "paths": list(move.paths),
        "successors": [{"id": each.id, "certainty": each.certainty} for each in move.successors],
        "note": move.note,
    }


def as_csv(moves: Sequence[Move]) -> str:
    """A row per move, with `COLUMNS`."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for move in moves:
        first, others = move.successor, (f"{each.certainty} {each.id}" for each in move.successors[1:])
        rows.writerow(
            (
                move.unit,
                move.kind,
                move.name,
                move.within,
                "\n".join(move.ids),
                "\n".join(move.paths),
                first.id if first else "",
                first.certainty if first else "",
                "\n".join(others),
                move.note,
            )
        )
    return text.getvalue()


def read_moves(path: Path) -> tuple[Move, ...]:
    """The moves that a file of `record_of` ({"moves": […]}) or `as_csv` holds.

    Raises:
        UsageError: the file cannot be read, or holds something else.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or "it is no UTF-8"
        raise UsageError(str(path), problem, _REMEDY) from error
    if text.lstrip().startswith("{"):
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UsageError(str(path), f"it is no JSON ({error})", _REMEDY) from error
    else:
        try:
            values = {"moves": list(_rows(text, str(path)))}
        except csv.Error as error:
            raise UsageError(str(path), f"it is no CSV ({error})", _REMEDY) from error
    return tuple(_move(each) for each in _FORMAT.of(values, str(path)).moves)


def as_az(moves: Sequence[Move]) -> str:
    """A shell script that puts new ids in the place of old ones in the UTF-8 files that it is given (GNU sed)."""
    lines = [
        "#!/bin/sh",
        "# Usage: sh THIS FILE...   Writes the files (UTF-8) anew, with FILE.bak beside each.",
        "set -eu",
    ]
    rules = []
    for old, new, note in _replacements(moves):
        if note:
            lines.append(f"# {note}")
        else:
            # A bare ampersand would stand for all that matched.
            rules.append(f"s#{old}#{new.replace('&', _AMPERSAND)}\\1#gI")
    if rules:
        lines += ["sed -i.bak -E -f - \"$@\" <<'EOF'", *rules, "EOF"]
    return "\n".join(lines) + "\n"


def as_powershell(moves: Sequence[Move]) -> str:
    """The same as a script for PowerShell."""
    lines = [
        "# Usage: ./THIS.ps1 FILE...   Writes the files anew, with FILE.bak beside each.",
        "param([Parameter(Mandatory, ValueFromRemainingArguments)][string[]]$Files)",
        "$replacements = @(",
    ]
    for old, new, note in _replacements(moves):
        if note:
            lines.append(f"    # {note}")
        else:
            # The leading comma keeps a pair a pair: without it PowerShell makes one flat list of all of them.
            lines.append(f"    ,@({_quoted(old)}, {_quoted(new.replace('$', '$$') + '${1}')})")
    lines += [
        ")",
        "foreach ($file in $Files) {",
        "    $path = (Resolve-Path -LiteralPath $file).ProviderPath",
        '    Copy-Item -LiteralPath $path -Destination "$path.bak"',
        # A file keeps its encoding: scripts for Windows are often UTF-16.
        "    $plain = New-Object System.Text.UTF8Encoding $false",
        "    $reader = New-Object System.IO.StreamReader $path, $plain, $true",
        "    try { $text = $reader.ReadToEnd(); $encoding = $reader.CurrentEncoding } finally { $reader.Dispose() }",
        "    foreach ($each in $replacements) { $text = $text -replace $each[0], $each[1] }",
        "    [System.IO.File]::WriteAllText($path, $text, $encoding)",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _replacements(moves: Sequence[Move]) -> Iterator[tuple[str, str, str]]:
    """Pattern of an old id in any group, its new id, or instead of both a note why it is left alone; longest first."""
    by_tail: dict[str, dict[str, Move]] = {}
    ids: dict[str, str] = {}
    for move in moves:
        for id in move.ids:
            ids.setdefault(tail(id), id)
            by_tail.setdefault(tail(id), {})[move.successor.id if move.successor else ""] = move
    for known in sorted(by_tail, key=lambda text: (-len(text), text)):
        id, by_new = ids[known], by_tail[known]
        [new, *others] = by_new
        if others:
            told = " or ".join(f"{move.short} -> {target or 'nothing'}" for target, move in by_new.items())
            yield "", "", f"{id}: left alone, it may be {told}"
        elif not new or by_new[new].successors[0].certainty == "missing":
            note = by_new[new].note
            yield "", "", f"{id}: left alone, nothing stands for it" + (f" ({note})" if note else "")
        else:
            head, _, rest = id.partition("/resourceGroups/")
            provider = rest[rest.index("/providers/") :]
            end = _END_OR_PART if by_new[new].kind == "virtualNetwork" else _END
            yield f"{_escaped(head)}/resourceGroups/[^/]+{_escaped(provider)}{end}", new, ""


def _escaped(text: str) -> str:
    """`text` as a pattern that extended regular expressions and those of .NET read alike."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _rows(text: str, place: str) -> Iterator[dict[str, Any]]:
    rows = csv.DictReader(io.StringIO(text))
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise UsageError(place, f"it has not the columns {', '.join(COLUMNS)}", _REMEDY)
    for row in rows:
        others = [each.partition(" ") for each in (row["others"] or "").splitlines()]
        first = [{"id": row["new_id"], "certainty": row["certainty"]}] if row["new_id"] else []
        yield {
            **{name: row[name] or "" for name in ("unit", "kind", "name", "within", "note")},
            "ids": (row["old_id"] or "").splitlines(),
            "paths": (row["old_path"] or "").splitlines(),
            "successors": [*first, *({"id": id, "certainty": certainty} for certainty, _, id in others)],
        }


def _move(read: _Move) -> Move:
    successors = tuple(Successor(each.id, each.certainty) for each in read.successors)
    return Move(read.kind, read.name, read.within, read.ids, read.paths, successors, read.note, read.unit)
