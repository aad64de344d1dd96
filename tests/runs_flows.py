"""Flows that keep the names, parameters and form of the real ones, and nothing else, for the tests of runs.

As a program it registers them, then executes the runs whose ids it reads, one after the other, and says so.
"""

import importlib
import sys
from contextlib import suppress
from typing import Literal
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from prefect.states import Completed
from prefect.types.entrypoint import EntrypointType

from asmosis.errors import UnknownUnit
from asmosis.parameters import AbortParameters, MigrateParameters, WaveParameters


class Form(RunInput):
    decision: Literal["commit", "abort"]
    approver: str
    reason: str = ""


@flow(name="migrate")
def migrate(migration: MigrateParameters) -> State[None]:
    if migration.unit.endswith("/nowhere"):
        raise UnknownUnit(migration.unit, "no such unit", "There are: none.")
    answer = suspend_flow_run(wait_for_input=Form, key="approval-evidence-1")
    word = {"commit": "Committed", "abort": "Aborted"}[answer.decision]
    return Completed(name=word, message=f"{answer.approver}: {answer.reason}")


@flow(name="wave")
def wave(wave: WaveParameters) -> str:
    suspend_flow_run(key=f"pass-{wave.name}")
    return wave.name


@flow(name="abort")
def abort(request: AbortParameters) -> State[None]:
    return Completed(name="Aborted", message=request.reason)


def main() -> None:
    # Under its own name: the server would look for the flows of `__main__` otherwise.
    itself = importlib.import_module("runs_flows")
    flows = {each.name: each for each in (itself.migrate, itself.wave, itself.abort)}
    for each in flows.values():
        each.to_deployment(each.name, entrypoint_type=EntrypointType.MODULE_PATH).apply()
    sys.stdout.write("registered\n")
    sys.stdout.flush()
    with get_client(sync_client=True) as client:
        for line in sys.stdin:
            run = client.read_flow_run(UUID(line.strip()))
            with suppress(Pause, UnknownUnit):
                run_flow(flows[client.read_flow(run.flow_id).name], flow_run=run, return_type="state")
            sys.stdout.write("executed\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
