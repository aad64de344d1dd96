"""Ways for a run to wait without a process: it lets go of its own and is started again from the top."""

from datetime import UTC, datetime, timedelta
from typing import NoReturn
from uuid import uuid4

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import Abort, Pause
from prefect.input import RunInput
from prefect.input.run_input import keyset_from_paused_state
from prefect.states import Scheduled, Suspended

from asmosis.runs import AWAITING_SLOT, AWAITING_WINDOW
from asmosis.units import Verb
from asmosis.windows import Calendar


def wait_for_answer(form: type[RunInput], question: str, words: str) -> NoReturn:
    """Suspend until somebody fills in the form; the answer is kept under a key that begins with `question`.

    The form is stored before the run lets go: a run that Prefect suspends first and a kill then keeps from bringing
    its form can never be answered.
    """
    # Prefect lets a key suspend only once.
    state: State[None] = Suspended(pause_key=f"{question}-{uuid4().hex[:8]}", message=words)
    keys = keyset_from_paused_state(state)
    state.state_details.run_input_keyset = {str(name): key for name, key in keys.items()}
    form.save(keys)
    _let_go(state)


def wait_for_others() -> NoReturn:
    """Suspend until another run resumes this one."""
    _let_go(Suspended(pause_key=str(uuid4())))


def wait_for_window(calendar: Calendar, verb: Verb) -> None:
    """Return if `verb` may start now; else the run is scheduled for the moment at which its window opens."""
    now = datetime.now(UTC)
    opening = calendar.next_opening(now)
    if opening is None or opening <= now:
        return
    words = f"{verb} may start from {opening.astimezone(calendar.place):%a %Y-%m-%d %H:%M} {calendar.zone}"
    _let_go(Scheduled(name=AWAITING_WINDOW, message=words, scheduled_time=opening))


def wait_for_slot(pause: timedelta, words: str) -> NoReturn:
    """Schedule the run to ask again after a pause."""
    _let_go(Scheduled(name=AWAITING_SLOT, message=words, scheduled_time=datetime.now(UTC) + pause))


def _let_go(state: State[None]) -> NoReturn:
    run_id = runtime.flow_run.id
    with get_client(sync_client=True) as client:
        answer = client.set_flow_run_state(run_id, state)
    if answer.status is not SetStateStatus.ACCEPT:
        raise Abort(f"{state.name} was not taken: {getattr(answer.details, 'reason', answer.status)}")
    raise Pause(state=answer.state)
