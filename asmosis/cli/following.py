"""Follows runs that a verb has started, until nothing of them goes on without a person."""

import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from asmosis import errors
from asmosis.cli.output import DONE, FAR_SIDE_FAILED, NO, code_of, say
from asmosis.cli.shown import show
from asmosis.runs import Run, Runs

_ERROR_IN_MESSAGE = re.compile(r"exception: (\w+)")


@dataclass(frozen=True)
class Manner:
    """How a verb treats the runs it starts: whether it leaves them alone, and in which shape it shows them."""

    detach: bool
    as_json: bool


def follow(runs: Runs, started: Sequence[Run], manner: Manner) -> int:
    """Tell how the runs go on until they wait for a person or a window or have ended, then show them."""
    for run in started:
        say(f"{_subject(run)}: started, {run.link}")
    known = {run.id: run for run in started}
    if not manner.detach:
        with bar(len(units_in(started))) as tell:
            for first in started:
                for run in runs.watch(first):
                    known[run.id] = run
                    say(told(run))
                    tell(sum(1 for other in known.values() if other.unit and other.ended))
    show(list(known.values()), as_json=manner.as_json)
    waiting = [run.unit for run in known.values() if run.waiting]
    if waiting:
        names = " ".join(shlex.quote(name) for name in waiting)
        say(f"Waiting for approval; look at the runs, then: asmosis approve {names}")
    if parked := sum(run.parked for run in known.values()):
        say(f"Waiting for their windows: {parked}; asmosis status shows them.")
    return DONE if manner.detach else max(_code(run) for run in known.values())


def units_in(runs: Iterable[Run]) -> set[tuple[str, str]]:
    """The units that the runs are about, those that a wave has not begun included, by subscription and folded name."""
    return {
        (run.subscription, str(unit).casefold())
        for run in runs
        for unit in ([run.unit] if run.unit else run.parameters.get("wave", {}).get("units", ()))
    }


def told(run: Run) -> str:
    """Where a run stands, as one line."""
    return f"{_subject(run)}: {run.state}{f': {run.message}' if run.message else ''}"


@contextmanager
def bar(total: int) -> Iterator[Callable[[int], None]]:
    """Yields what is to be called with how many units are through; draws only for people, and only for several."""
    if total < 2 or not sys.stderr.isatty():  # noqa: PLR2004 - one unit has no middle
        yield lambda _done: None
        return
    # Verbs that follow nothing must not wait for these.
    from rich.console import Console  # noqa: PLC0415 - see above
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("units"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("units", total=total)
        yield lambda done: shown.update(task, completed=done)


def _subject(run: Run) -> str:
    return run.unit or f"wave {run.wave}"


def _code(run: Run) -> int:
    """A final state with a name of its own is an answer of the flow; one without is a run that broke."""
    if not run.ended or run.type == "COMPLETED":
        return DONE
    if run.type != "FAILED":
        return FAR_SIDE_FAILED
    if run.state != "Failed":
        return NO
    # Prefect's message names the class of the error that ended the run.
    named = _ERROR_IN_MESSAGE.search(run.message)
    kind = getattr(errors, named[1], None) if named else None
    return code_of(kind) if isinstance(kind, type) else FAR_SIDE_FAILED
