"""A promised resource property by property, beside what was found."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_ASIDE = frozenset({"id", "name", "type"})
_NAMES = ("name", "lun", "id")


@dataclass(frozen=True)
class Property:
    """A property by its path; `standing` is `kept` or the severity of its difference, `why` is said of that."""

    path: str
    promised: Any
    found: Any
    standing: str
    why: str = ""


def compared(promised: Mapping[str, Any], differences: Iterable[Mapping[str, Any]]) -> tuple[Property, ...]:
    """Every promised property; those that differ come first, with what was found instead."""
    rest = [
        Property(item["path"] or "the whole resource", item["promised"], item["found"], item["severity"], item["why"])
        for item in differences
    ]
    told = {row.path for row in rest}
    kept = [
        Property(path, value, value, "kept")
        for path, value in _leaves(promised, "")
        if not any(path == each or path.startswith((f"{each}.", f"{each}[")) for each in told)
    ]
    return (*rest, *kept)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        if set(value) == {"id"}:
            yield path, _short(str(value["id"]))
            return
        for name, item in value.items():
            if name == "properties":
                yield from _leaves(item, path)
            elif name not in _ASIDE if not path else not (name == "name" and path.endswith("]")):
                yield from _leaves(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{path}[{_label(item, number)}]")
    elif value is not None and value != []:
        yield path, _short(value) if isinstance(value, str) else value


def _label(item: Any, number: int) -> str:
    if isinstance(item, Mapping):
        for name in _NAMES:
            if item.get(name) is not None:
                return str(item[name]).rpartition("/")[2]
    return str(number)


def _short(text: str) -> str:
    """An id without what all ids of a group begin with."""
    return text.partition("/providers/")[2] if text.startswith("/subscriptions/") and "/providers/" in text else text
