"""Finds definitions by looking into modules; nothing registers itself."""

from collections.abc import Callable
from types import ModuleType
from typing import TypeVar

from asmosis.errors import CatalogueError

T = TypeVar("T")


def collect(kind: type[T], key: Callable[[T], str], *modules: ModuleType) -> dict[str, T]:
    """Every `kind` at the top level of `modules`, by key, in key order.

    Raises:
        CatalogueError: two different definitions have one key.
    """
    found: dict[str, T] = {}
    for module in modules:
        for item in vars(module).values():
            if isinstance(item, kind) and found.setdefault(key(item), item) is not item:
                raise CatalogueError(f"{module.__name__} defines {key(item)} a second time")
    return dict(sorted(found.items()))
