"""The verb `scan`: scripts and templates that still use classic."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from asmosis.aftermath import Hit, Move, Scan, scan
from asmosis.aftermath.lists import read_moves
from asmosis.aftermath.sarif import sarif
from asmosis.cli.moved import Asked, moved
from asmosis.cli.output import DONE, NO, say, write_json, write_table
from asmosis.errors import UsageError

Format = Literal["table", "json", "sarif"]


def show_scan(places: Sequence[Path], maps: Sequence[Path], asked: Asked, format: Format) -> int:
    """Print every line that still uses classic; `NO` if there is one, or something could not be read."""
    scanned = scan(places, _moves(maps, asked))
    if format == "json":
        write_json(_record(scanned))
    elif format == "sarif":
        write_json(sarif(scanned), pretty=True)
    else:
        rows = [(f"{hit.file}:{hit.line}", hit.sign.rule, hit.sign.found, hit.sign.advice) for hit in scanned.hits]
        if rows:
            write_table(("Where", "Rule", "Found", "What to do"), rows)
    for file, why in scanned.unread.items():
        say(f"cannot be read: {file}: {why}")
    lines = len({(hit.file, hit.line) for hit in scanned.hits})
    using = len({hit.file for hit in scanned.hits})
    say(f"{lines} lines in {using} of {scanned.files} files use classic; {scanned.binary} are no text")
    return NO if scanned.hits or scanned.unread else DONE


def _moves(maps: Sequence[Path], asked: Asked) -> tuple[Move, ...]:
    if maps and (asked.units or asked.wave):
        raise UsageError("--map", "a map and units are both named", "Give one of them.")
    if maps:
        return tuple(move for path in maps for move in read_moves(path))
    if asked.units or asked.wave:
        return moved(asked).moves
    if asked.sources or asked.found:
        raise UsageError("scan", "no unit is named to look for", "Give --unit, --wave or --map as well.")
    return ()


def _record(scanned: Scan) -> dict[str, Any]:
    return {
        "hits": [_hit(hit) for hit in scanned.hits],
        "files": scanned.files,
        "binary": scanned.binary,
        "unread": scanned.unread,
    }


def _hit(hit: Hit) -> dict[str, Any]:
    sign = hit.sign
    return {
        "file": hit.file,
        "line": hit.line,
        "column": sign.column,
        "rule": sign.rule,
        "found": sign.found,
        "advice": sign.advice,
        "resources": list(sign.resources),
    }
