"""The verb `map`: where everything went."""

import sys
from typing import Literal

from asmosis.aftermath import Move
from asmosis.aftermath.lists import as_az, as_csv, as_powershell, record_of
from asmosis.cli.moved import Asked, moved
from asmosis.cli.output import DONE, NO, say, write_json, write_table

Format = Literal["table", "json", "csv", "az", "powershell"]


def show_map(asked: Asked, format: Format) -> int:
    """Print old and new ids; `NO` if ARM does not hold what was promised, or something was not understood."""
    found = moved(asked)
    if format == "json":
        write_json({"moves": [record_of(move) for move in found.moves]})
    elif format == "table":
        _table(found.moves)
    else:
        sys.stdout.write({"csv": as_csv, "az": as_az, "powershell": as_powershell}[format](found.moves))
    missing = [move for move in found.moves if any(each.certainty == "missing" for each in move.successors)]
    for move in missing:
        lost = (each.id for each in move.successors if each.certainty == "missing")
        say(f"not in ARM: {move.short}: {', '.join(lost)}")
    return NO if missing or not found.reading.understood else DONE


def _table(moves: tuple[Move, ...]) -> None:
    rows = []
    for move in moves:
        rows.append((move.short, *_words(move, 0)))
        rows += [("", *_words(move, at)) for at in range(1, len(move.successors))]
    write_table(("Classic", "In Resource Manager", "Known"), rows)


def _words(move: Move, at: int) -> tuple[str, str]:
    if not move.successors:
        return f"nothing: {move.note}" if move.note else "nothing", ""
    successor = move.successors[at]
    return successor.id.partition("/resourceGroups/")[2], successor.certainty
