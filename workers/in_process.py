"""A Prefect worker that executes flow runs as threads of its own process: work-pool type `asmosis`.

A process per run costs seconds of CPU and some 150 MB; a thread costs next to nothing. What a thread cannot contain
(the process is killed) is mended by `workers.orphans`: the runs are taken up again and, since every step asks the
platform first, repeat nothing.
"""

import asyncio
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import anyio
import anyio.abc
import httpx
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType, WorkPool
from prefect.client.schemas.responses import DeploymentResponse, WorkerFlowRunResponse
from prefect.exceptions import Abort, ObjectNotFound
from prefect.states import AwaitingRetry, Crashed
from prefect.utilities.engine import propose_state
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult

from workers.clock import ServerClock
from workers.connections import Connections
from workers.orphans import Patrol, give_back
from workers.threads import Outdated, RunThread

GATHERING = 0.2  # seconds after the end of a run until another is asked for in its place; more may end meanwhile
REMEMBERED = 10.0  # seconds for which a deployment is taken as it was read
OUTDATED = 60.0  # seconds until a run that is too new for this worker is offered again
HEEDING = 2.0  # seconds between looks at what was decided about the runs in progress
HEEDED = 20.0  # seconds that a cancelled run may go on until its next task
DRAINED = 6.0  # likewise, when the worker itself is to stop
ABANDONED = 4.0  # seconds that an interrupted thread may take to end


class Configuration(BaseJobConfiguration):
    """What is needed to execute a run: nothing but where its flow is."""

    entrypoint: str = ""
    version: str = ""

    @classmethod
    async def resolve_for_flow_run(
        cls,
        flow_run: FlowRun,
        *,
        client: PrefectClient,
        work_pool: WorkPool,
        worker_name: str,
        worker_id: UUID | None = None,
        deployment: DeploymentResponse | None = None,
    ) -> "Configuration":
        """Read the entrypoint of the run's deployment.

        Raises:
            ValueError: the deployment's code is not installed here, or the run has no deployment.
        """
        del work_pool, worker_name, worker_id
        if deployment is None:
            if flow_run.deployment_id is None:
                raise ValueError("A run without a deployment does not say where its code is.")
            deployment = await client.read_deployment(flow_run.deployment_id)
        if not deployment.entrypoint or ":" in deployment.entrypoint or deployment.pull_steps:
            raise ValueError(
                f"Deployment {deployment.name} has entrypoint {deployment.entrypoint!r}; this worker executes what is "
                "installed beside it. Name a module path, such as flows.migrate.migrate, and no pull steps."
            )
        configuration = cls(entrypoint=deployment.entrypoint, version=deployment.version or "")
        configuration._related_objects = {"deployment": deployment, "flow-run": flow_run}
        return configuration


class Variables(BaseVariables):
    """Nothing: all runs of a process share its environment."""

    @classmethod
    def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:
        """An empty schema, so that the pool's form offers nothing that would not be heeded."""
        return {"type": "object", "properties": {}}


class Result(BaseWorkerResult):
    """How a thread ended; the run's own state is on the server."""


class InProcessWorker(BaseWorker[Configuration, Variables, Result]):
    """Many flow runs in one process."""

    type = "asmosis"
    job_configuration = Configuration
    job_configuration_variables = Variables
    _display_name = "asmosis (threads of one process)"
    _description = "Executes installed, synchronous flows as threads of the worker's own process."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._threads: dict[UUID, RunThread] = {}
        self._deployments: dict[UUID, tuple[float, DeploymentResponse]] = {}
        self._looks_again = False
        self._heeded = 0.0
        self._connections = Connections()
        self._clock = ServerClock()
        self._patrol = Patrol(self._work_pool_name, self.name)

    @classmethod
    def get_default_base_job_template(cls) -> dict[str, Any]:
        """No settings per run; the server refuses a template that says nothing at all."""
        return {"job_configuration": {"runs_in": "thread"}, "variables": Variables.model_json_schema()}

    async def run(
        self,
        flow_run: FlowRun,
        configuration: Configuration,
        task_status: anyio.abc.TaskStatus[Any] | None = None,
    ) -> Result:
        """Execute the run in a thread and wait for it; being cancelled, give the run back."""
        thread = RunThread(flow_run, configuration.entrypoint, self._connections, configuration.version)
        self._threads[flow_run.id] = thread
        try:
            thread.start()
            if task_status is not None:
                task_status.started(thread.pid)
            await thread.ended.wait()
            await self._conclude(thread)
        except asyncio.CancelledError:
            with anyio.move_on_after(DRAINED + 2 * ABANDONED, shield=True):
                await self._drain(thread)
            raise
        finally:
            self._threads.pop(flow_run.id, None)
        return Result(identifier=thread.pid, status_code=0)

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Heed what was decided about the runs in progress, then take new ones."""
        await self._heed()
        return await super().get_and_submit_flow_runs()

    async def sync_with_backend(self) -> None:
        """Send the heartbeat, then look for runs whose worker has gone."""
        await super().sync_with_backend()
        await self._clock.ask(self.client)
        # Under load it takes a while from picking a run up until its thread starts.
        orphans, taken = await self._patrol.look(self.client, {*self._threads, *self._submitting_flow_run_ids})
        for run in taken:
            if thread := self._threads.get(run.id):
                self._logger.warning("Flow run '%s' was taken over by another worker; stopping it here.", run.id)
                thread.stop(run.state or AwaitingRetry(), HEEDED)
        for run in orphans:
            owner = run.labels.get("prefect.worker.name", "no worker")
            state = await give_back(self.client, run, f"Its worker ({owner}) went while it ran.", counted=True)
            if state is not None:
                self._logger.warning("Flow run '%s' had lost its worker (%s); now %s.", run.id, owner, state.name)

    async def _get_scheduled_flow_runs(self) -> list[WorkerFlowRunResponse]:
        """What is due by the server's clock: a run that is taken before its time sits in a thread until then."""
        due = self._clock.now() + timedelta(seconds=int(self._prefetch_seconds))
        try:
            return await self.client.get_scheduled_flow_runs_for_work_pool(
                self._work_pool_name, work_queue_names=list(self._work_queues), scheduled_before=due
            )
        except ObjectNotFound:
            return []  # The next heartbeat makes the pool.

    async def _submit_scheduled_flow_runs(self, flow_run_response: list[WorkerFlowRunResponse]) -> list[FlowRun]:
        # A run can be resumed before the thread that suspended it has gone; two of one run must never meet.
        fresh = [entry for entry in flow_run_response if entry.flow_run.id not in self._threads]
        return await super()._submit_scheduled_flow_runs(fresh)

    async def _submit_run(self, flow_run: FlowRun) -> None:
        """Claim a run and execute it until it lets go.

        Prefect's own reads the deployment twice, proposes a state more and sends two events, for infrastructure that
        a thread has none of; with hundreds of runs, that is what the server is busy with.
        """
        try:
            if await self._propose_pending_state(flow_run):
                await self._give_worker_labels_to_flow_run(flow_run.id)
                deployment = await self._deployment(flow_run)
                configuration = await self.job_configuration.resolve_for_flow_run(
                    flow_run,
                    client=self.client,
                    work_pool=self.work_pool,
                    worker_name=self.name,
                    deployment=deployment,
                )
                # From here on, it is known by its thread.
                self._submitting_flow_run_ids.discard(flow_run.id)
                await self.run(flow_run, configuration)
        except ObjectNotFound:
            self._logger.warning("Flow run '%s' is cancelled: its deployment was deleted.", flow_run.id)
            why = f"Deployment {flow_run.deployment_id} no longer exists."
            await self._mark_flow_run_as_cancelled(flow_run, {"message": why})
        except httpx.HTTPError as error:
            # The server was away before the run had begun. It is found without a worker before long, and taken up.
            self._logger.warning("Flow run '%s' did not begin: %r", flow_run.id, error)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong with one run, the worker goes on
            await self._report(flow_run.id, error)
        finally:
            self._submitting_flow_run_ids.discard(flow_run.id)
            if self._cancelling_observer is not None:
                self._cancelling_observer.remove_in_flight_flow_run_id(flow_run.id)
            self._release_limit_slot(flow_run.id)
        await self._look_again()

    async def _deployment(self, flow_run: FlowRun) -> DeploymentResponse | None:
        """The run's deployment, read not more often than now and then."""
        if flow_run.deployment_id is None:
            return None
        read_at, deployment = self._deployments.get(flow_run.deployment_id, (0.0, None))
        if deployment is None or time.monotonic() - read_at > REMEMBERED:
            deployment = await self.client.read_deployment(flow_run.deployment_id)
            self._deployments[flow_run.deployment_id] = time.monotonic(), deployment
        return deployment

    async def _look_again(self) -> None:
        """Ask for what waits until a run has ended, rather than leave its place empty until the next look."""
        if self._looks_again or not self.is_setup:
            return
        self._looks_again = True
        try:
            await anyio.sleep(GATHERING)
        finally:
            self._looks_again = False
        try:
            await super().get_and_submit_flow_runs()
        except httpx.HTTPError as error:
            self._logger.debug("The server does not answer, and is asked again before long: %r", error)

    async def _heed(self) -> None:
        """Stop what was cancelled, suspended or ended by somebody else."""
        now = time.monotonic()
        if not self._threads or now - self._heeded < HEEDING:
            return
        self._heeded = now
        going = [StateType.RUNNING, StateType.PENDING, StateType.SCHEDULED]
        runs = await self.client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                id=FlowRunFilterId(any_=list(self._threads)),
                state=FlowRunFilterState(type=FlowRunFilterStateType(not_any_=going)),
            )
        )
        for run in runs:
            thread = self._threads.get(run.id)
            # A run that is paused, not suspended, keeps its thread on purpose.
            if thread is None or run.state is None or run.state.name == "Paused":
                continue
            thread.stop(run.state, HEEDED)
            if run.state_type == StateType.CANCELLING and thread.overdue(HEEDED + ABANDONED):
                # It hangs where no exception reaches it. Its slot is free again; the thread is lost.
                await give_back(self.client, run, "Cancelled; its thread did not end.", counted=False)
                thread.ended.set()

    async def _conclude(self, thread: RunThread) -> None:
        """Tell the server what the engine could not."""
        if thread.asked is not None and thread.asked.type == StateType.CANCELLING:
            run = await self.client.read_flow_run(thread.id)
            if run.state_type == StateType.CANCELLING:
                await give_back(self.client, run, "Cancelled on request.", counted=False)
        elif isinstance(thread.error, httpx.HTTPError):
            # The server was away. The run is found without a worker before long, and taken up again.
            self._logger.warning("Flow run '%s' lost the server: %r", thread.id, thread.error)
        elif isinstance(thread.error, Outdated):
            run = await self.client.read_flow_run(thread.id)
            words = f"{thread.error} It is offered again every minute: update this one, or start a newer one."
            await give_back(self.client, run, words, counted=False, pause=OUTDATED)
        elif thread.error is not None:
            await self._report(thread.id, thread.error)

    async def _report(self, flow_run_id: UUID, error: BaseException) -> None:
        self._logger.error("Flow run '%s' broke off", flow_run_id, exc_info=error)
        try:
            state: State[Any] = Crashed(message=f"The run broke off: {type(error).__name__}: {error}")
            await propose_state(self.client, state, flow_run_id=flow_run_id)
        except (Abort, ObjectNotFound):
            self._logger.debug("Flow run '%s' had ended or was deleted", flow_run_id)

    async def _drain(self, thread: RunThread) -> None:
        """Let the run get to its next task, else interrupt it; then give it back unless it has ended by itself."""
        why = f"Worker {self.name} stopped."
        with anyio.move_on_after(DRAINED):
            thread.stop(AwaitingRetry(message=why), DRAINED)
            await thread.ended.wait()
        if not thread.ended.is_set():
            thread.stop(AwaitingRetry(message=why), 0)
            with anyio.move_on_after(ABANDONED):
                await thread.ended.wait()
        try:
            run = await self.client.read_flow_run(thread.id)
            if run.state_type in (StateType.RUNNING, StateType.PENDING, StateType.CANCELLING):
                await give_back(self.client, run, why, counted=False)
        except (httpx.HTTPError, ObjectNotFound) as error:
            # The next life of this worker finds the run.
            self._logger.warning("Flow run '%s' could not be given back: %r", thread.id, error)
