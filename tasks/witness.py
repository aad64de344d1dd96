"""What this process has seen of the run that it executes, so that the server is not asked for what was done here.

A run that was interrupted goes on elsewhere, and the server remembers what it did before.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from prefect import runtime
from prefect.context import FlowRunContext

from asmosis.evidence.history import History, Operation, RunState, TaskSpan
from asmosis.evidence.parts import Decision
from asmosis.run_history import decisions, history, states
from tasks.runs import server

_kept = threading.local()  # a run has a thread of its own


@dataclass
class _Life:
    """A run from one interruption to the next; `number` counts from 1."""

    run: str
    number: int
    tasks: list[TaskSpan] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    unsure: set[str] = field(default_factory=set)
    states: tuple[RunState, ...] = ()


def interrupted() -> bool:
    """Whether the run has begun before: it waited, or its process died.

    Prefect does not count a run that is resumed as another one, but remembers when it was first running.
    """
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    return run is None or run.state is None or run.start_time != run.state.timestamp


@contextmanager
def witnessed(what: str) -> Iterator[None]:
    """Note when a step begins and ends, and how; `what` begins with its verb.

    Of one that the platform had taken when it was asked again, because its first answer was lost, nobody knows the end.
    """
    since, state = _now(), "FAILED"
    try:
        yield
        state = "COMPLETED"
    finally:
        life = _life()
        known = any(operation.verb == what.partition(" ")[0] for operation in life.operations)
        until = _now() if known or what not in life.unsure else ""
        life.tasks.append(TaskSpan(what, since, until, state))


def witnessed_failure(what: str) -> None:
    """Note that a step was tried, and that its platform may have heard it or not."""
    _life().unsure.add(what)


def witnessed_operation(verb: str, operation: str) -> None:
    """Note that the platform has accepted an operation."""
    _life().operations.append(Operation(verb, operation, _now()))


def history_so_far(kept: Sequence[History]) -> History:
    """What has happened in the run until now; `kept` is what was kept of it before.

    An operation may be known to those who have sent it alone: the server may have been away when it was noted.
    """
    life = _life()
    if interrupted():
        found = history(server(), life.run)
        known = {operation.id: operation for earlier in kept for operation in earlier.operations}
        known |= {operation.id: operation for operation in (*life.operations, *found.operations)}
        return replace(found, operations=tuple(sorted(known.values(), key=lambda each: each.at)))
    # A run that goes on changes its state only by ending.
    life.states = life.states or states(server(), life.run)
    return History(life.states, tuple(life.tasks), tuple(life.operations))


def decisions_so_far() -> tuple[Decision, ...]:
    """What people have decided about the run; nobody is asked but between two of its lives."""
    return decisions(server(), _life().run) if interrupted() else ()


def _life() -> _Life:
    run, number = str(runtime.flow_run.id), runtime.flow_run.run_count or 1
    life: _Life | None = getattr(_kept, "life", None)
    if life is None or (life.run, life.number) != (run, number):
        life = _kept.life = _Life(run, number)
    return life


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
