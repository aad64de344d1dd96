"""Who points at what: the ids that a Resource Manager body holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Pointer:
    """The nearest thing with an id that holds the pointer, the field, and what it points at."""

    source: str
    field: str
    target: str


def pointers(body: dict[str, Any]) -> Iterator[Pointer]:
    """Every pointer in a stored body, in its order."""
    yield from _walk(body.get("properties", {}), str(body.get("id", "")), "")


def _walk(value: Any, source: str, field: str) -> Iterator[Pointer]:
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, source, field)
    elif isinstance(value, dict):
        own = value.get("id")
        if isinstance(own, str) and own.lower().startswith(f"{source.lower()}/{field.lower()}/"):
            source = own  # a part: what it holds points from here
        elif isinstance(own, str) and own.startswith("/subscriptions/"):
            yield Pointer(source, field, own)
        for name, inner in value.items():
            if name not in ("id", "properties"):
                yield from _walk(inner, source, name)
        yield from _walk(value.get("properties"), source, "")
