"""A step of a unit's life: ask the platform, then act; wait while it moves; repeat nothing."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from asmosis.azure.arm import ArmClient
from asmosis.azure.asm import AsmClient
from asmosis.azure.state import state_of
from asmosis.errors import AbortFailed, CommitFailed, OperationFailed, StillMoving
from asmosis.units import Destination, State, Unit, Verb, still_due

_PAUSES = (0.5, 1, 2, 4, 8, 15)  # seconds between questions; the last one repeats
_GOAL = {Verb.PREPARE: State.PREPARED, Verb.COMMIT: State.COMMITTED, Verb.ABORT: State.CLASSIC}
_FAILED = {Verb.COMMIT: CommitFailed, Verb.ABORT: AbortFailed}


@dataclass(frozen=True)
class Step:
    """What a step came to.

    `taken` is false when the platform had already taken it; `operation` is the platform's id of the long operation
    that was waited for; `seconds` is how long that took.
    """

    verb: Verb
    taken: bool
    before: State
    after: State
    operation: str = ""
    seconds: float = 0.0


class Steps:
    """The steps of one unit, through both control planes."""

    def __init__(
        self,
        unit: Unit,
        asm: AsmClient,
        arm: ArmClient,
        groups: Collection[str],
        sleep: Callable[[float], None] = time.sleep,
        accepted: Callable[[Verb, str], None] | None = None,
    ) -> None:
        """Steps of `unit`; `accepted` is told of each operation that the platform accepts, before it is waited for."""
        self._accepted = accepted
        self._unit, self._asm, self._arm, self._groups, self._sleep = unit, asm, arm, groups, sleep

    def settled(self) -> State:
        """Where the unit stands once nothing moves any more."""
        for attempt in range(1_000_000):
            state = state_of(self._unit, self._asm, self._arm, self._groups)
            if state not in (State.PREPARING, State.COMMITTING, State.ABORTING):
                return state
            self._sleep(_PAUSES[min(attempt, len(_PAUSES) - 1)])
        raise StillMoving(str(self._unit), state)

    def take(self, verb: Verb, destination: Destination | None = None) -> Step:
        """Take one step, unless the platform says it is taken.

        Raises:
            IllegalMove: the unit's life cycle forbids the step.
            OperationFailed: the platform accepted the step and failed (CommitFailed, AbortFailed: send it again).
            StillMoving: the operation ended, yet the unit is not where the step leads.
        """
        before = self.settled()
        if not still_due(self._unit, verb, before):
            return Step(verb, taken=False, before=before, after=before)
        started = time.monotonic()
        operation = self._asm.send(self._unit, verb, destination or Destination())
        if self._accepted:
            self._accepted(verb, operation)
        try:
            self._asm.wait(operation)
        except OperationFailed as failure:
            raise _FAILED.get(verb, OperationFailed)(*failure.args) from failure
        after = self.settled()
        if after is not _GOAL[verb]:
            raise StillMoving(str(self._unit), after)
        return Step(verb, True, before, after, operation, time.monotonic() - started)
