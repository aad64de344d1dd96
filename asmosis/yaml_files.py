"""Files that people write: YAML or JSON read into a model, with the line of every mistake.

Every scalar is the text that stands there (`name: 2024-01` stays that name) until the model reads it; unknown and
repeated keys, aliases, tags and deep nesting are refused.
"""

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from asmosis.errors import UsageError

Model = TypeVar("Model", bound=BaseModel)
Problem = dict[str, Any]
"""An error as pydantic's `ValidationError.errors()` tells it."""
Lines = Mapping[tuple[str | int, ...], int]
"""Path of keys and positions → the line that it stands on."""

_DEEPEST = 32
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def _alone(problem: Problem) -> Iterator[Problem]:
    yield problem


def _nothing(problem: Problem) -> None:
    del problem


@dataclass(frozen=True)
class FileFormat(Generic[Model]):
    """A kind of file: what it is called, what it is read into, how much of it is taken.

    `split` may make several problems of one, to find the line of each; `in_words` may put a problem into words of its
    own, as (problem, remedy).
    """

    title: str
    model: type[Model]
    largest: int
    too_large: str = "Split the file."
    split: Callable[[Problem], Iterator[Problem]] = _alone
    in_words: Callable[[Problem], tuple[str, str] | None] = _nothing

    def read(self, path: Path, **defaults: Any) -> Model:
        """What the file describes; `defaults` stand in for keys that it leaves out.

        Raises:
            UsageError: names the file, the line and the key of the first problem, and how many follow.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            problem = error.strerror or str(error)
            raise UsageError(str(path), problem, f"Name a {self.title} that can be read.") from error
        return self.parse(content, str(path), **defaults)

    def parse(self, content: bytes, place: str, **defaults: Any) -> Model:
        """Like `read`, for content that is already in memory; `place` is how to call it."""
        if len(content) > self.largest:
            raise UsageError(place, f"larger than {self.largest} bytes", self.too_large)
        values, lines = self.written(content, place)
        return self.of(defaults | values, place, lines)

    def of(self, values: Mapping[str, Any], place: str, lines: Lines | None = None) -> Model:
        """What plain values describe; `lines` says where in `place` each of them stands.

        Raises:
            UsageError: like `read`.
        """
        try:
            return self.model.model_validate(values)
        except ValidationError as error:
            problems = sorted(
                (_line_of(problem["loc"], lines or {}), *(self.in_words(problem) or _in_words(problem, self.model)))
                for whole in error.errors(include_url=False)
                for problem in self.split(dict(whole))
            )
        line, words, remedy = problems[0]
        if len(problems) > 1:
            others = sorted({line for line, *_ in problems[1:]} - {0})
            remedy += f" {len(problems) - 1} more" + (f" on line {', '.join(map(str, others))}." if others else ".")
        raise UsageError(f"{place}:{line}" if line else place, words, remedy)

    def written(self, content: bytes, place: str) -> tuple[dict[str, Any], Lines]:
        """What stands in a file, and on which lines, before the model has read it.

        Raises:
            UsageError: it is not YAML, or no mapping of keys.
        """
        try:
            builder = _Builder(place)
            for event in yaml.parse(content, Loader=_LOADER):
                builder.take(event)
        except yaml.MarkedYAMLError as error:
            # The end of a file counts as a line of its own there.
            line = min(error.problem_mark.line, content.count(b"\n")) + 1 if error.problem_mark else 1
            raise UsageError(f"{place}:{line}", f"not YAML ({error.problem})", "Correct the line.") from None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            problem = f"not YAML ({str(error).splitlines()[0]})"
            raise UsageError(place, problem, "Save it as UTF-8 text.") from None
        if not isinstance(builder.root, dict):
            keys = ", ".join(self.model.model_fields)
            raise UsageError(f"{place}:1", f"not a {self.title}", f"Give it the keys {keys}.")
        return builder.root, builder.lines


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question with the known word that resembles `word`; empty if none does."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"Did you mean {close[0]!r}?" if close else ""


def to_yaml(model: BaseModel) -> str:
    """A model as its file would have it, in the order of its fields, without what goes without saying."""
    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    plain = model.model_dump(mode="json", exclude_defaults=True)
    text: str = yaml.dump(plain, Dumper=dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


def to_json_schema(model: type[BaseModel]) -> str:
    """The JSON schema of a file, indented, for editors and for the documentation."""
    return json.dumps(model.model_json_schema(), indent=2) + "\n"


class _Builder:
    """Values and lines from YAML's events; without recursion, which nesting could exhaust."""

    def __init__(self, place: str) -> None:
        self.root: Any = None
        self.lines: dict[tuple[str | int, ...], int] = {(): 1}
        self._place = place
        self._open: list[tuple[dict[str, Any] | list[Any], tuple[str | int, ...]]] = []
        self._key: list[str | None] = []

    def take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise UsageError(f"{self._place}:{line}", "not YAML (aliases are not taken)", "Correct the line.")
        if getattr(event, "tag", None):
            raise UsageError(
                f"{self._place}:{line}", f"not YAML (tags are not taken: {event.tag:.60})", "Correct the line."
            )
        if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            raise UsageError(f"{self._place}:{line}", "a second document starts", "Write one document per file.")
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event.value, line)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._start({} if isinstance(event, yaml.MappingStartEvent) else [], line)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._open.pop()
            self._key.pop()

    def _scalar(self, text: str, line: int) -> None:
        if not self._open or not isinstance(self._open[-1][0], dict) or self._key[-1] is not None:
            self._place_value(text, line)
            return
        values, at = self._open[-1]
        if text in values:
            raise UsageError(f"{self._place}:{line}", f"{text!r} stands there twice", "Keep one of the two.")
        # The key's line, not the value's: a list starts below its key.
        self.lines[(*at, text)] = line
        self._key[-1] = text

    def _start(self, values: dict[str, Any] | list[Any], line: int) -> None:
        if len(self._open) >= _DEEPEST:
            raise UsageError(self._place, "nested too deeply", "Write it as plain lists and keys.")
        at = self._place_value(values, line)
        self._open.append((values, at))
        self._key.append(None)

    def _place_value(self, value: Any, line: int) -> tuple[str | int, ...]:
        """Put a value where it belongs; answers its path."""
        if not self._open:
            self.root = value
            return ()
        parent, at = self._open[-1]
        if isinstance(parent, list):
            path = (*at, len(parent))
            parent.append(value)
            self.lines[path] = line
            return path
        name = self._key[-1]
        if name is None:
            raise UsageError(f"{self._place}:{line}", "a key is not plain text", "Write KEY: VALUE.")
        parent[name] = value
        self._key[-1] = None
        return (*at, name)


def _line_of(location: tuple[str | int, ...], lines: Lines) -> int:
    """The line of the innermost part of a path that has one; 0 if none has."""
    while location and location not in lines:
        location = location[:-1]
    return lines.get(location, 0)


def _in_words(problem: Problem, model: type[BaseModel]) -> tuple[str, str]:
    """A pydantic error as problem and remedy."""
    key = ".".join(str(step + 1 if isinstance(step, int) else step) for step in problem["loc"])
    if problem["type"] == "extra_forbidden":
        keys = _keys_at(model, problem["loc"][:-1])
        return f"unknown key {key!r}", did_you_mean(str(problem["loc"][-1]), keys) or f"Keys: {', '.join(keys)}."
    if problem["type"] == "missing":
        return f"{key!r} is missing", f"Write {problem['loc'][-1]}: and its value."
    if problem["type"] == "string_pattern_mismatch":
        return f"{key}: {problem['input']!r} does not match {problem['ctx']['pattern']}", "Choose another."
    words = problem["msg"].removeprefix("Value error, ")
    # What our own validators say brings its remedy.
    said, _, remedy = words.partition(". ") if problem["type"] == "value_error" else (words, "", "")
    return f"{key}: {said}" if key else said, remedy or "Correct the value."


def _keys_at(model: type[BaseModel], location: Iterable[str | int]) -> list[str]:
    """The keys that the model knows at a path; positions and free keys are steps over."""
    here: Any = model
    for step in location:
        fields = here.model_fields if isinstance(here, type) and issubclass(here, BaseModel) else {}
        if step in fields:
            here = _model_in(fields[step].annotation) or here
    return list(here.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation is made of, whatever holds it."""
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation if issubclass(annotation, BaseModel) else None
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
