"""Ways for a run to wait without a process: it lets go of its own and is started again from the top."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from http import HTTPStatus
from typing import NoReturn, TypeVar
from uuid import UUID, uuid4

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import Abort, Pause, PrefectHTTPStatusError
from prefect.input import RunInput
from prefect.input.run_input import keyset_from_paused_state
from prefect.states import AwaitingRetry, Scheduled, Suspended

from asmosis.errors import AsmosisError, AuthenticationFailed, OperationFailed, ServerFault, Throttled, Unreachable
from asmosis.redaction import redacted_text
from asmosis.runs import AWAITING_SLOT, AWAITING_WINDOW
from asmosis.units import Verb
from asmosis.windows import Calendar
from tasks.runs import server
from tasks.witness import interrupted

Answer = TypeVar("Answer")
_LATER = (1, 2, 5, 10, 20, 30, 30, 30)  # minutes; each after all that the tasks themselves have tried
_TROUBLED = "asmosis.put-off"
_OUTAGE = 600  # tries, a second or more apart


def wait_for_answer(form: type[RunInput], question: str, words: str) -> NoReturn:
    """Suspend until somebody fills in the form; the answer is kept under a key that begins with `question`.

    The form is stored before the run lets go: a run that Prefect suspends first and a kill then keeps from bringing
    its form can never be answered.
    """
    _let_go(asked(form, question, words, UUID(runtime.flow_run.id)))


def asked(form: type[RunInput], question: str, words: str, run: UUID) -> State[None]:
    """The state of a run that waits for an answer; its form is stored."""
    for last in (False, False, True):
        # Prefect lets a key suspend only once.
        state: State[None] = Suspended(pause_key=f"{question}-{uuid4().hex[:8]}", message=words)
        keys = keyset_from_paused_state(state)
        state.state_details.run_input_keyset = {str(name): key for name, key in keys.items()}
        try:
            form.save(keys, run)
        except PrefectHTTPStatusError as refused:
            # A busy server may keep a part of it and say all the same that it did not; sent again, it is there already.
            if last or refused.response.status_code != HTTPStatus.CONFLICT:
                raise
        else:
            return state
    raise AssertionError


def wait_for_others() -> NoReturn:
    """Suspend until another run resumes this one."""
    _let_go(Suspended(pause_key=str(uuid4())))


def wait_for_window(calendar: Calendar, verb: Verb) -> None:
    """Return if `verb` may start now; else the run is scheduled for the moment at which its window opens."""
    now = server().now()
    opening = calendar.next_opening(now)
    if opening is None or opening <= now:
        return
    words = f"{verb} may start from {opening.astimezone(calendar.place):%a %Y-%m-%d %H:%M} {calendar.zone}"
    _let_go(Scheduled(name=AWAITING_WINDOW, message=words, scheduled_time=opening))


def wait_for_slot(pause: timedelta, words: str) -> NoReturn:
    """Schedule the run to ask again after a pause."""
    _let_go(Scheduled(name=AWAITING_SLOT, message=words, scheduled_time=server().now() + pause))


@contextmanager
def outlasting() -> Iterator[None]:
    """Put a run off, instead of failing it, for what may pass by itself: an outage, a full disk, a busy platform.

    An operation that the platform took and failed is not among that: people should know.
    """
    try:
        yield
    except AsmosisError as trouble:
        if _may_pass(trouble):
            put_off(trouble)
        raise


def _may_pass(trouble: AsmosisError) -> bool:
    if isinstance(trouble, AuthenticationFailed):
        # Whoever has begun before was let in then, be it in a process that is gone.
        return interrupted()
    return trouble.worth_retrying and not isinstance(trouble, OperationFailed)


def put_off(trouble: AsmosisError) -> None:
    """Have the run begin again later; returns if that has been done for hours."""
    runs, run_id = server(), str(runtime.flow_run.id)
    times = int(_insisting(lambda: runs.read(run_id).labels.get(_TROUBLED, 0)))
    if times >= len(_LATER):
        return
    _insisting(lambda: runs.call("PATCH", f"/flow_runs/{run_id}/labels", {_TROUBLED: times + 1}))
    later = runs.now() + timedelta(minutes=_LATER[times])
    words = redacted_text(f"{str(trouble).rstrip('.')}. The run begins again at {later:%H:%M} UTC.")
    _let_go(AwaitingRetry(message=words, scheduled_time=later))


def _insisting(ask: Callable[[], Answer]) -> Answer:
    """The server's answer; while it is away, a run that should wait can do nothing else than this."""
    for _ in range(_OUTAGE):
        with suppress(Unreachable, ServerFault, Throttled):
            return ask()
        time.sleep(1)
    return ask()


def _let_go(state: State[None]) -> NoReturn:
    run_id = runtime.flow_run.id
    with get_client(sync_client=True) as client:
        answer = client.set_flow_run_state(run_id, state)
    if answer.status is not SetStateStatus.ACCEPT:
        raise Abort(f"{state.name} was not taken: {getattr(answer.details, 'reason', answer.status)}")
    raise Pause(state=answer.state)
