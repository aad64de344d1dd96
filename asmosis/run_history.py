"""A run's history and its answers, as the Prefect server remembers them."""

import json
import time
from dataclasses import replace
from datetime import datetime
from typing import Any, get_args

from asmosis.approvals import Decision as Word
from asmosis.approvals import Vote
from asmosis.evidence.history import History, Operation, RunState, TaskSpan
from asmosis.evidence.parts import Decision
from asmosis.prefect_rest import PrefectServer

OPERATION_KEY = "asmosis-operation"
"""How the keys begin under which a run notes the operations that the platform accepted."""

QUESTION = "approval-"
"""How the keys of questions begin; the digest of what is asked about follows."""

_PAGE = 200  # the most that one answer holds
_PAUSES = (0.5, 1.0, 2.0, 3.0, 3.0)  # seconds in which the server hears what its tasks have done


def history(server: PrefectServer, run_id: str) -> History:
    """The states, tasks and operations of a run, oldest first.

    The server is told of tasks by events, a moment after they ended: a step that was taken just now is waited for.
    """
    found = History(states(server, run_id), (), tuple(_operations(server, run_id)))
    for pause in (*_PAUSES, 0.0):
        found = replace(found, tasks=_tasks(server, run_id))
        if all(span.until for span in found.steps):
            break
        time.sleep(pause)
    return found


def states(server: PrefectServer, run_id: str) -> tuple[RunState, ...]:
    """The states that a run has been in, oldest first."""
    told = server.call("GET", f"/flow_run_states/?flow_run_id={run_id}")
    return tuple(
        RunState(state["type"], state["name"], state["timestamp"], state.get("message") or "")
        for state in sorted(told, key=lambda state: str(state["timestamp"]))
    )


def decisions(server: PrefectServer, run_id: str) -> tuple[Decision, ...]:
    """Every vote of a run with the digest of what it was given for, oldest first."""
    found = []
    for document in _inputs(server, run_id, f"suspended-{QUESTION}"):
        form = json.loads(document["value"])
        if document["key"].endswith("-response") and isinstance(form, dict) and form.get("decision") in get_args(Word):
            signed = document["key"].removeprefix(f"suspended-{QUESTION}").partition("-")[0]
            at = datetime.fromisoformat(document["created"])
            vote = Vote(form["decision"], form.get("approver") or "", form.get("reason") or "", at)
            found.append(Decision(vote, signed))
    return tuple(sorted(found, key=lambda each: each.vote.at))


def note_operation(server: PrefectServer, run_id: str, verb: str, operation: str) -> None:
    """Keep with a run that the platform has accepted an operation, so that it is known whoever dies while it lasts."""
    noted = {"key": f"{OPERATION_KEY}-{verb}-{operation}", "value": json.dumps({"verb": verb, "id": operation})}
    server.call("POST", f"/flow_runs/{run_id}/input", noted)


def _tasks(server: PrefectServer, run_id: str) -> tuple[TaskSpan, ...]:
    tasks: list[dict[str, Any]] = []
    while True:
        query = {"flow_runs": {"id": {"any_": [run_id]}}, "limit": _PAGE, "offset": len(tasks)}
        page = server.call("POST", "/task_runs/filter", query)
        tasks += page
        if len(page) < _PAGE:
            return tuple(sorted(map(_task, tasks), key=lambda task: task.since))


def _operations(server: PrefectServer, run_id: str) -> list[Operation]:
    found = []
    for document in _inputs(server, run_id, OPERATION_KEY):
        noted = json.loads(document["value"])
        found.append(Operation(noted["verb"], noted["id"], document["created"]))
    return sorted(found, key=lambda operation: operation.at)


def _inputs(server: PrefectServer, run_id: str, prefix: str) -> list[dict[str, Any]]:
    query = {"prefix": prefix, "limit": _PAGE}
    kept: list[dict[str, Any]] = server.call("POST", f"/flow_runs/{run_id}/input/filter", query)
    return kept


def _task(document: dict[str, Any]) -> TaskSpan:
    return TaskSpan(
        document["name"],
        document.get("start_time") or "",
        document.get("end_time") or "",
        document.get("state_type") or "",
    )
