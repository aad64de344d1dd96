"""Wave files: which units migrate together, as a person writes it down.

A wave file is YAML with the keys of `WaveParameters`; `subscription` may be left to the caller. Every value is read as
the text that stands there (`name: 2024-01` stays that name), unknown and repeated keys are refused.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from asmosis.errors import UnknownUnit, UsageError
from asmosis.parameters import ApprovalPolicy, WaveParameters
from asmosis.units import KINDS, Unit

LARGEST_WAVE_FILE = 4 * 1024 * 1024  # bytes; ten thousand units need under one
_KEYS = tuple(WaveParameters.model_fields)
_Lines = dict[tuple[str | int, ...], int]


def read_wave(path: Path, subscription: str = "") -> WaveParameters:
    """The wave that a file describes; `subscription` stands in where the file names none.

    Raises:
        UsageError: names the file, the line and the key of the first problem, and how many follow.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(str(path), error.strerror or str(error), "Name a wave file that can be read.") from error
    return parse_wave(content, str(path), subscription)


def parse_wave(content: bytes, place: str, subscription: str = "") -> WaveParameters:
    """Like `read_wave`, for content that is already in memory; `place` is how to call it."""
    lines: _Lines = {(): 1}
    values = _values(content, place, lines)
    if subscription:
        values.setdefault("subscription", subscription)
    return wave_of(values, place, lines)


def wave_of(values: Mapping[str, Any], place: str, lines: Mapping[Any, int] | None = None) -> WaveParameters:
    """The wave that plain values describe; `lines` says where in `place` each of them stands, by path.

    Raises:
        UsageError: like `read_wave`.
    """
    try:
        return WaveParameters.model_validate(values)
    except ValidationError as error:
        problems = sorted(
            (_line_of(problem["loc"], lines or {}), *_in_words(problem))
            for whole in error.errors(include_url=False)
            for problem in _by_item(whole)
        )
    line, words, remedy = problems[0]
    if len(problems) > 1:
        others = sorted({line for line, *_ in problems[1:]} - {0})
        remedy += f" {len(problems) - 1} more" + (f" on line {', '.join(map(str, others))}." if others else ".")
    raise UsageError(f"{place}:{line}" if line else place, words, remedy)


class _NoAliases(yaml.BaseLoader):
    """Text, lists and mappings only; a small file of nested aliases could grow without bound."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases are not taken", problem_mark=mark)
        return super().compose_node(parent, index)


def _values(content: bytes, place: str, lines: _Lines) -> dict[str, Any]:
    """The mapping that the YAML writes down; notes in `lines` where each value stands."""
    if len(content) > LARGEST_WAVE_FILE:
        raise UsageError(place, f"larger than {LARGEST_WAVE_FILE} bytes", "Split the wave.")
    try:
        root = yaml.compose(content, Loader=_NoAliases)
        if isinstance(root, yaml.MappingNode):
            values: dict[str, Any] = _plain(root, (), place, lines)
            return values
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError(f"{place}:{line}", f"not YAML ({error.problem})", "Correct the line.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problem = f"not YAML ({str(error).splitlines()[0]})"
        raise UsageError(place, problem, "Save it as UTF-8 text.") from None
    except RecursionError:
        raise UsageError(place, "nested too deeply", "Write a plain list of units.") from None
    raise UsageError(f"{place}:1", "not a wave file", f"Give it the keys {', '.join(_KEYS)}.")


def _plain(node: yaml.Node, at: tuple[str | int, ...], place: str, lines: _Lines) -> Any:
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*at, position), place, lines) for position, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return node.value
    values: dict[str, Any] = {}
    for name, value in node.value:
        line = name.start_mark.line + 1
        if not isinstance(name, yaml.ScalarNode):
            raise UsageError(f"{place}:{line}", "a key is not plain text", "Write KEY: VALUE.")
        if name.value in values:
            raise UsageError(f"{place}:{line}", f"{name.value!r} stands there twice", "Keep one of the two.")
        # The key's line, not the value's: a list starts below its key.
        lines[(*at, name.value)] = line
        values[name.value] = _plain(value, (*at, name.value), place, lines)
    return values


def _by_item(problem: Any) -> Iterator[Any]:
    """The parameters judge their units as one list; a person looks for the line of each."""
    if problem["loc"] != ("units",) or problem["type"] != "value_error":
        yield problem
        return
    for position, text in enumerate(problem["input"]):
        try:
            Unit.parse(text, "any")
        except UnknownUnit:
            yield problem | {"loc": ("units", position), "input": text}


def _line_of(location: tuple[str | int, ...], lines: Mapping[Any, int]) -> int:
    """The line of the innermost part of a path that has one; 0 if none has."""
    while location and location not in lines:
        location = location[:-1]
    return lines.get(location, 0)


def _in_words(problem: Any) -> tuple[str, str]:
    """A pydantic error as problem and remedy."""
    key = ".".join(str(step + 1 if isinstance(step, int) else step) for step in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown key {key!r}", _did_you_mean(key, _KEYS) or f"Keys: {', '.join(_KEYS)}."
    if problem["type"] == "missing":
        return f"{key!r} is missing", f"Write {key}: and its value."
    if problem["loc"][0] == "units" and problem["type"] == "value_error":
        kind = str(problem["input"]).partition("/")[0]
        remedy = (kind not in KINDS and _did_you_mean(kind, KINDS)) or f"Write KIND/NAME; kinds: {', '.join(KINDS)}."
        return f"{key}: {problem['input']!r} is not a unit", remedy
    if problem["type"] == "string_pattern_mismatch":
        return f"{key}: {problem['input']!r} does not match {problem['ctx']['pattern']}", "Choose another."
    if problem["loc"] == ("approval",):
        return f"approval: {problem['input']!r} is no policy", f"Policies: {', '.join(ApprovalPolicy)}."
    return f"{key}: {problem['msg']}", "Correct the value."


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"Did you mean {close[0]!r}?" if close else ""
