"""What happened to a unit in a run, and when: as Prefect remembers it, whatever became of the run's processes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from asmosis.units import Verb

HISTORY = "history/"
"""How the names of the parts begin that tell of a run each."""

_STEPS = tuple(str(verb) for verb in (Verb.PREPARE, Verb.COMMIT, Verb.ABORT))
_WAITS: dict[str, "Wait"] = {"Suspended": "approval", "AwaitingWindow": "window", "AwaitingSlot": "slot"}
_DONE = "COMPLETED"

Wait = Literal["approval", "window", "slot"]


@dataclass(frozen=True)
class RunState:
    """A state that the run was in from `at` on (ISO 8601); `type` is Prefect's kind of it, `name` its name."""

    type: str
    name: str
    at: str
    message: str


@dataclass(frozen=True)
class TaskSpan:
    """A task of the run; `until` is empty if it never ended: its process was killed."""

    name: str
    since: str
    until: str
    state: str


@dataclass(frozen=True)
class Operation:
    """A long operation that the platform accepted: its id, by which verb, and when."""

    verb: str
    id: str
    at: str


@dataclass(frozen=True)
class Span:
    """A time that something took, from `since` until `until` (ISO 8601; empty if it is not over).

    `what` is a verb or what was waited for; `operations` are the platform's ids.
    """

    what: str
    since: str
    until: str
    operations: tuple[str, ...] = ()
    failed: bool = False


@dataclass(frozen=True)
class History:
    """A run, oldest first."""

    states: tuple[RunState, ...] = ()
    tasks: tuple[TaskSpan, ...] = ()
    operations: tuple[Operation, ...] = ()

    @property
    def steps(self) -> tuple[Span, ...]:
        """The steps of the unit that the run took or found taken, in the order of their beginning."""
        return tuple(sorted(self._steps(), key=lambda span: span.since))

    @property
    def waits(self) -> tuple[Span, ...]:
        """The times in which the run waited without a process, in their order."""
        return tuple(_waits(self.states))

    def _steps(self) -> Iterator[Span]:
        for verb in _STEPS:
            own = [task for task in self.tasks if task.name.partition(" ")[0] == verb and task.since]
            sent = [operation for operation in self.operations if operation.verb == verb]
            ids = tuple(operation.id for operation in sent)
            if not own:
                # The platform has it; the server has not heard yet what came of it.
                if sent:
                    yield Span(verb, sent[0].at, "", ids)
                continue
            # A run that goes on asks for a step that is taken already, and that ends at once: the first one counts.
            done = next((task for task in own if task.state == _DONE), None)
            until = done.until if done else max(task.until for task in own)
            yield Span(verb, own[0].since, until, ids, failed=done is None and bool(until))


def histories(parts: Iterable[bytes]) -> tuple[History, ...]:
    """The runs that such parts tell of, oldest first."""
    found = [msgspec.json.decode(part, type=History) for part in parts]
    return tuple(sorted(found, key=lambda history: history.states[0].at if history.states else ""))


def steps_of(found: Iterable[History]) -> tuple[Span, ...]:
    """The steps over several runs: who sent a step tells of it, else who first asked for it."""
    spans: dict[str, Span] = {}
    for span in (span for history in found for span in history.steps):
        known = spans.get(span.what)
        if known is None or (span.operations and not known.operations) or (known.failed and not span.failed):
            spans[span.what] = span
    return tuple(sorted(spans.values(), key=lambda span: span.since))


def _waits(states: Sequence[RunState]) -> Iterator[Span]:
    for number, state in enumerate(states):
        if what := _WAITS.get(state.name):
            until = states[number + 1].at if number + 1 < len(states) else ""
            yield Span(what, state.at, until)
