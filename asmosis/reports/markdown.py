"""GitHub-flavoured Markdown that stays a table, and stays small, whatever the names in it hold."""

import re
from collections.abc import Iterable, Sequence

_MOST_BYTES = 200_000  # of one table; Prefect keeps artifacts of about a megabyte, and a page has four tables at most
_LONGEST_CELL = 1_000  # characters
_LONGEST_PARAGRAPH = 8_000  # characters
# An underscore inside a word is no markup, and names are full of them.
_MARKUP = re.compile(r"[\\`*\[\]|~]|(?<![^\W_])_|_(?![^\W_])|^[#>+-](?=\s)")


def text(words: object, longest: int = _LONGEST_CELL) -> str:
    """Words on one line that mean nothing but themselves."""
    line = " ".join(str(words).split())
    cut = line if len(line) <= longest else line[: longest - 1] + "…"
    plain = cut.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(r"\\\g<0>", plain)


def code(value: object) -> str:
    """A value in fixed type, readable by a machine; nothing for nothing."""
    line = " ".join(str(value).split())
    cut = line if len(line) <= _LONGEST_CELL else line[: _LONGEST_CELL - 1] + "…"
    fence = "``" if "`" in cut else "`"
    pad = " " if fence == "``" else ""
    # A pipe ends a cell even in code.
    return f"{fence}{pad}{cut}{pad}{fence}".replace("|", "\\|") if cut else ""


def link(words: str, address: str) -> str:
    """Words that lead somewhere; nothing for an address that no browser should open."""
    return f"[{words}](<{address}>)" if address.startswith(("http://", "https://")) else ""


def paragraph(words: object) -> str:
    """A paragraph of its own."""
    return text(words, _LONGEST_PARAGRAPH)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that `text` or `code` made; what is too much is counted."""
    lines = [_row(headers), _row(["---"] * len(headers))]
    size = left_out = 0
    for row in rows:
        line = _row(row)
        size += len(line.encode())
        if left_out or size > _MOST_BYTES:
            left_out += 1
        else:
            lines.append(line)
    if left_out:
        lines += ["", f"… and {left_out} more"]
    return "\n".join(lines)


def page(*blocks: str) -> str:
    """Blocks with an empty line between them; empty ones are left out."""
    return "\n\n".join(block for block in blocks if block) + "\n"


def count(number: int, one: str, many: str = "") -> str:
    """`1 blocker`, `2 blockers`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
