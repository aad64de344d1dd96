"""Wave files: which units migrate together, as a person writes it down.

A wave file is YAML with the keys of `WaveParameters`; `subscription` may be left to the caller.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from asmosis.errors import UnknownUnit
from asmosis.parameters import ApprovalPolicy, WaveParameters
from asmosis.units import KINDS, Unit
from asmosis.yaml_files import FileFormat, Lines, Problem, did_you_mean

LARGEST_WAVE_FILE = 4 * 1024 * 1024  # bytes; ten thousand units need under one


def read_wave(path: Path, subscription: str = "") -> WaveParameters:
    """The wave that a file describes; `subscription` stands in where the file names none.

    Raises:
        UsageError: names the file, the line and the key of the first problem, and how many follow.
    """
    return _FORMAT.read(path, **_default(subscription))


def parse_wave(content: bytes, place: str, subscription: str = "") -> WaveParameters:
    """Like `read_wave`, for content that is already in memory; `place` is how to call it."""
    return _FORMAT.parse(content, place, **_default(subscription))


def wave_of(values: Mapping[str, Any], place: str, lines: Lines | None = None) -> WaveParameters:
    """The wave that plain values describe; `lines` says where in `place` each of them stands, by path.

    Raises:
        UsageError: like `read_wave`.
    """
    return _FORMAT.of(values, place, lines)


def _default(subscription: str) -> dict[str, str]:
    return {"subscription": subscription} if subscription else {}


def _by_item(problem: Problem) -> Iterator[Problem]:
    """The parameters judge their units as a whole; a person looks for the line of each."""
    if problem["loc"] == () and problem["msg"].endswith("no unit of the wave"):
        yield from (problem | {"loc": place, "input": text} for place, text in _strangers(problem["input"]))
        return
    if problem["loc"] != ("units",) or problem["type"] != "value_error":
        yield problem
        return
    for position, text in enumerate(problem["input"]):
        try:
            Unit.parse(text, "any")
        except UnknownUnit:
            yield problem | {"loc": ("units", position), "input": text}


def _strangers(wave: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where a wave that is right in itself speaks of units that are none of its own, and how it calls them."""
    own = {Unit.parse(text, "any") for text in wave["units"]}
    after = wave.get("after", {})
    mentioned: list[tuple[tuple[str | int, ...], str]] = [(("after", unit), unit) for unit in after]
    mentioned += [(("after", unit, at), first) for unit, firsts in after.items() for at, first in enumerate(firsts)]
    mentioned += [(("destinations", unit), unit) for unit in wave.get("destinations", {})]
    yield from ((place, text) for place, text in mentioned if Unit.parse(text, "any") not in own)


def _in_words(problem: Problem) -> tuple[str, str] | None:
    if problem["loc"][:1] == ("units",) and problem["type"] == "value_error":
        kind = str(problem["input"]).partition("/")[0]
        remedy = (kind not in KINDS and did_you_mean(kind, KINDS)) or f"Write KIND/NAME; kinds: {', '.join(KINDS)}."
        return f"units.{problem['loc'][1] + 1}: {problem['input']!r} is not a unit", remedy
    if problem["msg"].endswith("no unit of the wave"):
        words = f"{problem['loc'][0]}: {problem['input']!r} is no unit of the wave"
        return words, "Add it to units, or take it out here."
    if problem["loc"] == ("approval",):
        return f"approval: {problem['input']!r} is no policy", f"Policies: {', '.join(ApprovalPolicy)}."
    return None


_FORMAT = FileFormat("wave file", WaveParameters, LARGEST_WAVE_FILE, "Split the wave.", _by_item, _in_words)
