"""What each element of a document means to a model: worked out once from the paths and types of its fields."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import SecretStr

from asmosis.classic.xml import ClassicModel, fields_of

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(slots=True)
class Step:
    """An element (an attribute where its name begins with @): more steps `below` it, or the value of the field `into`.

    A value is a text or a model, as `inner` tells. `convert` raises ValueError or KeyError for a text that the field
    refuses, and `refusal` says why. `empty` is the text of an element without any; None is a value only if `optional`.
    """

    below: "dict[str, Step]" = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    has_attributes: bool = False
    into: str = ""
    many: bool = False
    optional: bool = False
    inner: "Plan | None" = None
    convert: Callable[[str], Any] | None = None
    refusal: str = ""
    empty: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the fields of a model are: `lists` take every element, `required` says where those without default are.

    `make` is given the values by field name, and raises TypeError where a required one is missing.
    """

    model: type[ClassicModel]
    make: Callable[..., Any]
    start: Step
    lists: tuple[str, ...]
    required: Mapping[str, str]


@cache
def plan_of(model: type[ClassicModel]) -> Plan:
    """The plan of a model."""
    start = Step()
    lists: list[str] = []
    fields = fields_of(model)
    for name, info in fields.items():
        step = start
        for part in info.encode_name.split("/"):
            step.has_attributes = step.has_attributes or part.startswith("@")
            above, step = step, step.below.setdefault(part, Step())
        step.into = name
        _describe(step, info.type)
        if not step.many and step.inner is None and step.convert is None:
            above.texts[part] = name
        if step.many:
            lists.append(name)
    required = {name: info.encode_name for name, info in fields.items() if info.required}
    return Plan(model, model, start, tuple(lists), required)


def _describe(step: Step, annotation: Any) -> None:
    alternatives = get_args(annotation)
    step.many = get_origin(annotation) is tuple
    step.optional = NoneType in alternatives
    kind = alternatives[0] if step.many or step.optional else annotation
    if get_origin(kind) is Literal:
        words = {word: word for word in get_args(kind)}
        step.convert, step.refusal = words.__getitem__, f"is none of {', '.join(words)}"
    elif get_origin(kind) is Annotated:
        step.convert, step.refusal = kind.__metadata__[0], "is not base64 of UTF-8 text"
    elif issubclass(kind, ClassicModel):
        step.inner = plan_of(kind)
    elif kind is str:
        step.empty = ""
    else:
        step.convert, step.refusal = _CONVERTERS[kind]


class _Booleans(dict[str, bool]):
    """What texts mean; the usual spellings without a step into Python."""

    def __missing__(self, text: str) -> bool:
        return _BOOLEANS[text.strip().lower()]


_CONVERTERS: dict[type, tuple[Callable[[str], Any], str]] = {
    bool: (_Booleans(_BOOLEANS).__getitem__, "is neither true nor false"),
    int: (int, "is not a whole number"),
    float: (float, "is not a number"),
    SecretStr: (SecretStr, "is no secret"),
}
