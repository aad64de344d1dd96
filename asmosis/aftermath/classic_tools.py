"""Tools that only know classic, and what does their work now.

That the old ones exist is documented by Microsoft (Service Management module 4.0.0, classic command line) and HashiCorp
(Azure Classic provider), and so are the new cmdlets (specifications of the Az modules). `evidence` tells whether
Microsoft names the new one for the old, or whether that is assumed.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import translate
from functools import cache
from importlib.resources import files
from typing import Literal

Table = Literal["cmdlets", "commands", "libraries", "terraform"]


@dataclass(frozen=True)
class Tool:
    """A classic tool; `new` is empty where nothing takes its place. A star in `old` stands for anything.

    `evidence` is documented or assumed.
    """

    old: str
    new: str
    note: str
    evidence: str

    @property
    def advice(self) -> str:
        """What to do about it, in one line."""
        several = "one of " if "*" in self.new else ""
        use = f"Use {several}{self.new}." if self.new else "Nothing takes its place."
        return f"{use} {self.note}." if self.note else use


@cache
def tools(table: Table) -> tuple[Tool, ...]:
    """All rows of a table, in its own order."""
    text = files(__package__).joinpath("tools", f"{table}.csv").read_text(encoding="utf-8")
    return tuple(Tool(**row) for row in csv.DictReader(text.splitlines()))


def tool_of(table: Table, name: str) -> Tool | None:
    """The row of a name, in any case; one of its own comes before one with a star."""
    exact, families = _index(table)
    found = exact.get(name.casefold())
    return found or next((tool for pattern, tool in families if pattern.fullmatch(name)), None)


@cache
def _index(table: Table) -> tuple[dict[str, Tool], tuple[tuple[re.Pattern[str], Tool], ...]]:
    return {tool.old.casefold(): tool for tool in tools(table)}, tuple(_families(table))


def _families(table: Table) -> Iterator[tuple[re.Pattern[str], Tool]]:
    for tool in tools(table):
        if "*" in tool.old:
            yield re.compile(translate(tool.old), re.IGNORECASE), tool
