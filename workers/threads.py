"""A flow run in a thread of this process, with everything of Prefect's that belongs to a run."""

import asyncio
import contextvars
import ctypes
import functools
import threading
import time
from contextlib import suppress
from typing import Any
from uuid import UUID

from packaging.version import InvalidVersion, Version
from prefect import Flow

# Prefect's own way to end a run at its next task; the engine heeds it, but no public name asks for it.
from prefect._flow_run_suspension import mark_flow_run_suspension_requested
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import Abort, Pause
from prefect.flow_engine import run_flow
from prefect.flows import load_flow_from_entrypoint

from workers.connections import Connections, executes

_LOADING = threading.Lock()
_AGAIN = 5.0  # seconds after which an interruption that struck where it was swallowed is repeated


@functools.cache
def load(entrypoint: str) -> Flow[..., Any]:
    """The flow that a module path names; imported once, so new code needs a new process."""
    return load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)


class Outdated(Exception):
    """This process has older code than the run was deployed with; the text says so to people."""


class RunThread:
    """One flow run in progress; made and watched in an event loop.

    `ended` is set when the thread has come to any end. `error` is what the engine did not report to the server
    itself: code that cannot be loaded or is too old, or a server that could not be told. `asked` is the state for which
    the run was asked to stop.
    """

    def __init__(self, flow_run: FlowRun, entrypoint: str, connections: Connections, deployed: str = "") -> None:
        self.id: UUID = flow_run.id
        self.ended = asyncio.Event()
        self.error: BaseException | None = None
        self.asked: State[Any] | None = None
        self._asked_at = 0.0
        self._interrupted_at: float | None = None
        self._flow_run, self._entrypoint, self._connections = flow_run, entrypoint, connections
        self._deployed = deployed
        self._loop = asyncio.get_running_loop()
        # A daemon, for a run that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._main, name=f"run-{flow_run.id}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def pid(self) -> str:
        """What Prefect shows as the run's infrastructure: the thread's number on this system."""
        return f"thread-{self._thread.native_id}"

    def stop(self, state: State[Any], patience: float) -> None:
        """Ask the run to end at its next task, and after `patience` seconds wherever it is.

        Not even that ends a thread that never comes back from a call into C.
        """
        now = time.monotonic()
        if self.asked is None:
            self.asked, self._asked_at = state, now
            mark_flow_run_suspension_requested(self.id, state)
        due = self._asked_at + patience if self._interrupted_at is None else self._interrupted_at + _AGAIN
        if now >= due and self._thread.is_alive() and self._thread.ident is not None:
            self._interrupted_at = now
            # `Pause` is what the engine takes for an end that others have settled: it reports nothing.
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread.ident), ctypes.py_object(Pause))

    def overdue(self, seconds: float) -> bool:
        """Whether the run was asked to stop that long ago and still goes on."""
        return self.asked is not None and time.monotonic() - self._asked_at >= seconds

    def _main(self) -> None:
        connection: contextvars.Context | None = None
        try:
            connection = self._connections.take()
            # A copy, so that nothing of one run is left for the next.
            connection.copy().run(self._run)
        except (Pause, Abort):
            # The server has the last word already: suspended, given to another worker, or cancelled.
            pass
        except BaseException as error:  # noqa: BLE001 - not even SystemExit of one run may touch the others
            self.error = error
        finally:
            # An interruption may have struck in the middle of a request.
            if connection is not None and self._interrupted_at is None:
                self._connections.give_back(connection)
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self.ended.set)

    def _run(self) -> None:
        with _LOADING:
            flow = load(self._entrypoint)
        if _older(flow.version, self._deployed):
            raise Outdated(f"The worker has {flow.version}, which is older than what is deployed ({self._deployed}).")
        executes(self._flow_run)
        # With a deployment's id, the engine starts a thread and a websocket per run to watch for suspensions. The
        # worker watches for all of them; the engine reads the run anew, id and all, before the flow begins.
        unwatched = self._flow_run.model_copy(update={"deployment_id": None})
        run_flow(flow, flow_run=unwatched, return_type="state")


def _older(here: str | None, deployed: str) -> bool:
    """Whether the release that is here is an older one; versions that are none of releases tell nothing."""
    try:
        return Version(here or "").release < Version(deployed).release
    except InvalidVersion:
        return False
