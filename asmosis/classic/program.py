"""Turns markup that has been read once into a function of its texts, by letting the one reader read marks for texts.

Where a mark comes out of the reader is where the text in its place will always go, because nothing that the reader
does depends on a text before its field's converter gets it. Where that does not hold there is no program.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from asmosis.classic.plan import Plan, Step, plan_of
from asmosis.classic.reader import read
from asmosis.classic.xml import ClassicModel, parse
from asmosis.errors import UnreadableDocument

_MARK = "\ue000"  # of the characters that nobody has given a meaning
_MARKED = re.compile(f"{_MARK}([0-9]+){_MARK}")
_DEEPEST = 64  # lxml gives up at 256 elements, of which those around the markup take their part


@dataclass(frozen=True, slots=True)
class Program:
    """Makes the model of markup from its texts, and knows the paths in it that no field claims, from its element on.

    `make` raises ValueError or KeyError where a field refuses its text.
    """

    make: Callable[[Sequence[str]], ClassicModel]
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Made:
    model: type[ClassicModel]
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Converted:
    convert: Callable[[str], Any]
    text: str


def program_of(model: type[ClassicModel], name: str, root: str, markup: Sequence[str]) -> Program | None:
    """The program for elements called `name` in documents with this start tag of the root.

    `markup` is what stands between the texts of such an element, without its end tag. None where it is not one
    well-formed element of plain tags, or where a text decides more than the value of a field.
    """
    if any(other in piece for piece in markup for other in (_MARK, "&#", "<!", "<?")):
        return None
    marked = [f"{piece}>{_MARK}{number}{_MARK}<" for number, piece in enumerate(markup[:-1])]
    ends = f"</{name}></{root[1:].rstrip('>').split(maxsplit=1)[0]}>"
    document = "".join([root, *marked, markup[-1], ends]).encode()
    try:
        [element] = parse(document, "")
        if max(sum(1 for _ in each.iterancestors()) for each in element.iter()) > _DEEPEST:
            return None
        [made], unread = read(_tracing(model), [element], "", "")
        # Whether such a text is blank decides whether it is told.
        if any(path.endswith("/text()") for path in unread):
            return None
        return Program(_Writing().function(made), unread)
    except (UnreadableDocument, ValueError):
        return None


@cache
def _tracing(model: type[ClassicModel]) -> Plan:
    """A plan by which the reader notes what it would make."""
    plan = plan_of(model)
    return replace(plan, make=partial(_noted, plan), start=_tracing_step(plan.start))


def _tracing_step(step: Step) -> Step:
    return replace(
        step,
        below={name: _tracing_step(each) for name, each in step.below.items()},
        inner=_tracing(step.inner.model) if step.inner else None,
        convert=partial(_Converted, step.convert) if step.convert else None,
    )


def _noted(plan: Plan, **values: Any) -> _Made:
    if plan.required.keys() - values.keys():
        raise TypeError
    return _Made(plan.model, values)


class _Writing:
    """Writes the function as an expression; all that is not a position of a text stands in it by a name of its own."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._named: dict[str, Any] = {"__builtins__": {}}

    def function(self, made: _Made) -> Callable[[Sequence[str]], Any]:
        expression = f"lambda t: {self._written(made)}"
        # The expression consists of field names, our own names and positions; nothing of a document is in it.
        made_function: Callable[[Sequence[str]], Any] = eval(expression, self._named)  # noqa: S307 -- see above
        return made_function

    def _written(self, value: Any) -> str:
        if isinstance(value, _Made):
            values = ", ".join(f"{name}={self._written(each)}" for name, each in value.values.items())
            return f"{self._name(value.model)}({values})"
        if isinstance(value, _Converted):
            return f"{self._name(value.convert)}({self._written(value.text)})"
        if isinstance(value, tuple):
            return f"({''.join(f'{self._written(each)}, ' for each in value)})"
        if isinstance(value, str) and _MARK in value:
            mark = _MARKED.fullmatch(value)
            if mark is None:
                raise ValueError("a text is only a part of a value")
            return f"t[{int(mark[1])}]"
        return self._name(value)

    def _name(self, thing: Any) -> str:
        name = self._names.setdefault(id(thing), f"k{len(self._names)}")
        self._named[name] = thing
        return name
