"""Clients of the Prefect API, for one run after the other."""

import contextvars
import threading
import time
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, ServerDefaultResultStorage
from prefect.context import SyncClientContext
from prefect.settings import get_current_settings

_REMEMBERED = 60.0  # seconds for which the server's answer about results is taken as it was
_result_storage: dict[str, tuple[float, ServerDefaultResultStorage]] = {}


class Connections:
    """Clients of the Prefect API for one run at a time each, kept for the next run.

    Making one costs more than all that a short run does with it; sharing one between threads is not safe.
    """

    def __init__(self) -> None:
        self._free: list[contextvars.Context] = []

    def take(self) -> contextvars.Context:
        """A context that holds an open client."""
        try:
            return self._free.pop()
        except IndexError:
            context = contextvars.copy_context()
            context.run(_connect)
            return context

    def give_back(self, context: contextvars.Context) -> None:
        """Keep the client for another run."""
        self._free.append(context)


def executes(flow_run: FlowRun) -> None:
    """Tell the client of this context whose run comes next."""
    if (kept := SyncClientContext.get()) and isinstance(kept.client, _Client):
        kept.client.name = flow_run.name


class _Client(SyncPrefectClient):
    """Prefect's client, which leaves out and puts together what the engine tells the server of a run that begins."""

    name = ""  # of the run in progress, as the server knows it

    def update_flow_run(self, flow_run_id: UUID, *args: Any, **changes: Any) -> httpx.Response:
        """Send the changes, and beside them where the run is executed: the thread's number on this system."""
        changes.setdefault("infrastructure_pid", f"thread-{threading.get_native_id()}")
        return super().update_flow_run(flow_run_id, *args, **changes)

    def set_flow_run_name(self, flow_run_id: UUID, name: str) -> httpx.Response:
        """Rename the run, unless it has this name: the engine does not look."""
        if name == self.name:
            return httpx.Response(httpx.codes.NO_CONTENT)
        return super().set_flow_run_name(flow_run_id, name)

    def read_server_default_result_storage(self) -> ServerDefaultResultStorage:
        """Where results are kept; the engine asks several times per run for what an operator sets once."""
        read_at, answer = _result_storage.get(str(self.api_url), (0.0, None))
        if answer is None or time.monotonic() - read_at > _REMEMBERED:
            answer = super().read_server_default_result_storage()
            _result_storage[str(self.api_url)] = time.monotonic(), answer
        return answer


def _connect() -> None:
    kept = SyncClientContext()
    api = get_current_settings().api
    kept.client = _Client(
        str(api.url),
        auth_string=api.auth_string.get_secret_value() if api.auth_string else None,
        api_key=api.key.get_secret_value() if api.key else None,
    )
    kept.__enter__()
