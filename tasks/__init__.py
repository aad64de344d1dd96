"""One call into asmosis each, plus retries, names and artifacts."""

import functools
import logging
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from asmosis.errors import AsmosisError

P = ParamSpec("P")
R = TypeVar("R")

_log = logging.getLogger(__name__)

RETRY_PAUSES = [
    2.0,
    5.0,
    15.0,
    45.0,
    90.0,
    180.0,
]  # seconds; together they outlast a throttled or restarting platform


def worth_retrying(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether the error says of itself that another try may help."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, AsmosisError) and error.worth_retrying


# Side effects never hide behind a cache: the platform is asked instead.
ASKING_FIRST: dict[str, Any] = {
    "retries": len(RETRY_PAUSES),
    "retry_delay_seconds": RETRY_PAUSES,
    "retry_condition_fn": worth_retrying,
    "cache_policy": NO_CACHE,
}


def asking_again(call: Callable[P, R]) -> Callable[P, R]:
    """Retries a call like a task, for what people need not see: a task costs the server more than what it does."""

    @functools.wraps(call)
    def again(*args: P.args, **kwargs: P.kwargs) -> R:
        for pause in RETRY_PAUSES:
            try:
                return call(*args, **kwargs)
            except AsmosisError as error:
                if not error.worth_retrying:
                    raise
                _log.warning("%s; asking again in %.0f s", error, pause)
            # In short breaths: a run that is told to stop hears of it when one ends.
            until = time.monotonic() + pause
            while (left := until - time.monotonic()) > 0:
                time.sleep(min(left, 1.0))
        return call(*args, **kwargs)

    return again
