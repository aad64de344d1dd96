"""Runs whose worker has gone: found and given back, so that a living worker takes them up again.

A killed process leaves its runs Pending or Running on the server. Every run bears the name of its worker, so a worker
knows its former life's runs when it starts, and those of others when the server calls their worker offline.
"""

import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType, WorkerStatus
from prefect.states import AwaitingRetry, Cancelled, Crashed

WORKER = "prefect.worker.name"
TIMES = "asmosis.taken-up"
MOST_TIMES = 20  # a run that takes its worker along each time must end somewhere
SETTLED = 30.0  # seconds; a younger state may still be on its way from one worker to the next
# Seconds. A worker was killed between asking for a run and putting its name on it; while others live, it may be theirs.
UNCLAIMED = 120.0
_PAGE = 200


class Patrol:
    """What one worker knows of the runs of its pool and of the other workers."""

    def __init__(self, pool: str, worker: str) -> None:
        self._pool, self._worker = pool, worker
        self._first = True
        self._offline: frozenset[str] = frozenset()
        self._seen: dict[UUID, tuple[UUID | None, float]] = {}

    async def look(self, client: PrefectClient, mine: Collection[Any]) -> tuple[list[FlowRun], list[FlowRun]]:
        """Runs without a worker, and those of `mine` that another worker has taken over.

        A worker counts as gone when it was offline at two looks in a row: after an outage of the server, all are
        offline until their next heartbeat.
        """
        # Before the server is asked: a run that ends meanwhile is not without a worker.
        before = set(mine)
        runs = await _unfinished(client, self._pool)
        first, self._first = self._first, False
        ages = self._ages(runs)
        if not runs:
            return [], []
        workers = await client.read_workers_for_work_pool(self._pool)
        online = {worker.name for worker in workers if worker.status == WorkerStatus.ONLINE}
        offline = frozenset(owner for run in runs if (owner := _owner(run)) and owner not in online)
        gone, self._offline = offline & self._offline, offline
        unclaimed = UNCLAIMED if online - {self._worker} else SETTLED
        orphans, taken = [], []
        for run in runs:
            owner, age = _owner(run), ages[run.id]
            if run.id in mine:
                # At the first sight of a state its name may be that of the worker which had the run before.
                if age and owner not in ("", self._worker):
                    taken.append(run)
            elif run.id in before:
                continue
            elif owner == self._worker:
                if age > SETTLED or (first and run.state_type != StateType.PENDING):
                    orphans.append(run)
            elif (owner in gone and age > SETTLED) or (
                not owner and run.infrastructure_pid is None and age > unclaimed
            ):
                orphans.append(run)
        return orphans, taken

    def _ages(self, runs: Sequence[FlowRun]) -> dict[UUID, float]:
        """For how many seconds each run has been seen in its state.

        By this worker's own measure: the clocks of machines differ, and are set, and a state may tell a time to come.
        """
        now = time.monotonic()
        former = self._seen
        self._seen = {}
        for run in runs:
            state, since = former.get(run.id, (None, now))
            self._seen[run.id] = (run.state_id, since if state == run.state_id else now)
        return {id: now - since for id, (_, since) in self._seen.items()}


async def give_back(
    client: PrefectClient, run: FlowRun, why: str, *, counted: bool, pause: float = 0.0
) -> State[Any] | None:
    """Have the run taken up again, or cancelled if that is what it waited for; answers its new state.

    None, and nothing done, if the run has moved since it was read.

    Args:
        client: the server.
        run: a run that no thread works on.
        why: the reason, for people.
        counted: whether this counts towards the most times that a run may lose its worker.
        pause: seconds until then, at least.
    """
    now = await client.read_flow_run(run.id)
    if now.state_id != run.state_id:
        return None
    if run.state_type in (StateType.CANCELLING, StateType.CANCELLED):
        state: State[Any] = Cancelled(message=why)
    else:
        times = int(str(run.labels.get(TIMES, 0))) + counted
        if times > MOST_TIMES:
            state = Crashed(message=f"{why} That was time {times}; the run is not taken up again.")
        else:
            await client.update_flow_run_labels(run.id, {TIMES: times})
            # The more often, the later: whatever takes its worker along leaves the others time to get on. By the
            # server's clock, which has just written it.
            seconds = max(pause, min(5 * 2 ** (times - 2), 300) if times > 1 else 0)
            written = (await client.read_flow_run(run.id)).updated or datetime.now(UTC)
            state = AwaitingRetry(scheduled_time=written + timedelta(seconds=seconds), message=why)
    await client.set_flow_run_state(run.id, state, force=True)
    return state


async def _unfinished(client: PrefectClient, pool: str) -> list[FlowRun]:
    types = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
    found: list[FlowRun] = []
    while len(page := await _page(client, pool, types, len(found))) == _PAGE:
        found += page
    return [*found, *page]


async def _page(client: PrefectClient, pool: str, types: list[StateType], offset: int) -> list[FlowRun]:
    return await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=types))),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
        limit=_PAGE,
        offset=offset,
    )


def _owner(run: FlowRun) -> str:
    return str(run.labels.get(WORKER, ""))
