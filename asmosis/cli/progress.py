"""How far a long read is, on stderr: a bar for people who watch, a line now and then for logs."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from asmosis.cli.output import say

_LINE_PAUSE = 2.0  # seconds
_BAR_PAUSE = 0.1  # seconds; drawing costs more than reading a document


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yields what is to be called with (done, known so far); nothing is shown of what is quick."""
    if sys.stderr.isatty():
        with _bar(what) as tell:
            yield tell
    else:
        yield _lines(what)


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    # Verbs that read nothing must not wait for these.
    from rich.console import Console  # noqa: PLC0415 - see above
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - see above

    columns = (TextColumn("read"), BarColumn(), MofNCompleteColumn(), TextColumn(what), TimeElapsedColumn())
    # What is left on the screen is the result's, not the bar's.
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(what, total=None)
        last = time.monotonic()

        def tell(done: int, known: int) -> None:
            nonlocal last
            if time.monotonic() - last >= _BAR_PAUSE:
                last = time.monotonic()
                shown.update(task, completed=done, total=known)

        yield tell


def _lines(what: str) -> Callable[[int, int], None]:
    last = time.monotonic()

    def tell(done: int, known: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _LINE_PAUSE:
            last = time.monotonic()
            say(f"read {done} of {known} {what} so far")

    return tell
