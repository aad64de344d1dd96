"""Reading classic documents: paths of local names, whatever the namespace prefix."""

from lxml.etree import _Element


def find(element: _Element | None, path: str) -> _Element | None:
    """The first element at `A/B/C`, or None."""
    return None if element is None else element.find(_qualified(path))


def findall(element: _Element | None, path: str) -> list[_Element]:
    """Every element at `A/B/C` in document order."""
    return [] if element is None else element.findall(_qualified(path))


def text(element: _Element | None, path: str, default: str = "") -> str:
    """The stripped text at a path; an absent, nil or empty element gives `default`."""
    found = find(element, path)
    return ((found.text or "").strip() if found is not None else "") or default


def texts(element: _Element | None, path: str) -> list[str]:
    """The stripped texts at a path, without empty ones."""
    return [value for found in findall(element, path) if (value := (found.text or "").strip())]


def number(element: _Element | None, path: str, default: int) -> int:
    """The whole number at a path, or `default` when nothing is there."""
    value = text(element, path)
    return int(value) if value else default


def is_on(element: _Element | None, path: str) -> bool:
    """Whether a switch says `true` or `Enabled`; being present is not enough (recorded: Disabled)."""
    return text(element, path).lower() in {"true", "enabled"}


def _qualified(path: str) -> str:
    return "/".join("{*}" + name for name in path.split("/"))
