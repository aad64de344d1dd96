"""One call into asmosis each, plus retries, names and artifacts."""

from typing import Any

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from asmosis.errors import AsmosisError

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
