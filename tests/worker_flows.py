"""Flows for the tests of the worker; each does one thing that a worker must live with."""

import os
import sys
import time

from prefect import flow, runtime, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.flow_runs import suspend_flow_run
from prefect.logging import get_run_logger
from prefect.states import Completed

from asmosis.errors import AuthenticationFailed, Unreachable
from flows import waiting


@task(cache_policy=NO_CACHE)
def step(seconds: float = 0) -> None:
    time.sleep(seconds)


@flow(name="tells", flow_run_name="tells {number}")
def tells(number: int = 0) -> State[None]:
    step()
    get_run_logger().info("run %s of %s", runtime.flow_run.id, runtime.deployment.name)
    return Completed(message=f"{runtime.flow_run.id} {runtime.flow_run.name} {runtime.deployment.name} {number}")


@flow(name="asks")
def asks() -> State[None]:
    step()
    suspend_flow_run(key="question")
    step()
    return Completed(message=f"thread {os.getpid()}")


@flow(name="fails")
def fails(how: str) -> None:
    if how == "exit":
        sys.exit(3)
    if how == "kill" and runtime.flow_run.run_count == 1:
        os._exit(9)
    if how == "raise":
        raise ValueError("on purpose")


@flow(name="lasts")
def lasts(seconds: float, pause: float = 0.1) -> State[None]:
    """Many tasks, or with a long pause one that does not come back by itself."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        step(pause)
    return Completed(message=f"count {runtime.flow_run.run_count}")


@flow(name="troubled", version="1.2.0+abc")
@waiting.outlasting()
def troubled(troubles: list[str]) -> State[None]:
    """Meets one trouble after the other; puts itself off at once, three times at most."""
    waiting._LATER = (0.01, 0.01, 0.01)  # type: ignore[assignment]  # minutes
    count = runtime.flow_run.run_count
    if count <= len(troubles):
        if troubles[count - 1] == "refused":
            raise AuthenticationFailed("sign-in", 401, "ClientAuthenticationError", "Not you.")
        raise Unreachable("the evidence", "/full", "No space left on device")
    return Completed(message=f"run {count}")
