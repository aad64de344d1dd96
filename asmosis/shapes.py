"""What nobody has checked before it is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import SplitResult, urlsplit

from asmosis.errors import UnreadableDocument

_STRANGE = (LookupError, TypeError, ValueError, AttributeError, RecursionError, OverflowError)


@contextmanager
def understood(place: str, *others: type[Exception]) -> Iterator[None]:
    """Whoever meets another shape in here than it reads says so of `place`; `others` are what libraries say then.

    Raises:
        UnreadableDocument: from what was met.
    """
    strange: tuple[type[Exception], ...] = (*_STRANGE, *others)
    try:
        yield
    except strange as error:
        words = " ".join(f"{type(error).__name__}: {error}".split())
        raise UnreadableDocument(place, f"it is of another shape ({words[:200]})") from error


def url_parts(text: str) -> SplitResult:
    """The parts of an address; all are empty where it makes no sense, such as half of an IPv6 address."""
    try:
        return urlsplit(text)
    except ValueError:
        return SplitResult("", "", "", "", "")
