"""Runs of the flows, through Prefect's REST API: started, found, watched, decided.

Needs no Prefect in the process, so that the command line starts quickly and runs on machines that only operate.
"""

import itertools
import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, get_args

from pydantic import BaseModel

from asmosis.approvals import Decision, Vote
from asmosis.errors import (
    IllegalMove,
    ServerFault,
    Throttled,
    Unreachable,
)
from asmosis.facts import StepDuration
from asmosis.parameters import AbortParameters, MigrateParameters, Mode, WaveParameters
from asmosis.prefect_rest import PrefectServer
from asmosis.units import Outcome, Unit, Verb

AWAITING_WINDOW, AWAITING_SLOT = "AwaitingWindow", "AwaitingSlot"
"""Names of the states of runs that are scheduled to go on: when their window opens, when a prepare may be free."""

FLOWS = ("migrate", "wave", "abort")
"""The flows whose runs belong to units; each has one deployment of its own name."""

_PAGE = 200  # the most flow runs that one answer holds
_PAUSES = (0.5, 0.5, 1.0, 1.0, 2.0)  # seconds between looks at a run; the last one repeats
_BUSY_PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds before a decision is sent again to a server that was busy
_FORM_NOT_THERE_YET = "Run input schema not found"  # a run suspends itself first and then brings its form
_EXPECTED = "asmosis.expected-minutes"
_FLOW_NAMES: dict[str, str] = {}  # by id, which no other flow of any server has
_ENDED = frozenset({"COMPLETED", "FAILED", "CANCELLED", "CRASHED"})


@dataclass(frozen=True)
class Run:
    """A flow run as Prefect tells it; `type` is Prefect's kind of state, `state` its name, `since` is ISO 8601.

    `question` is how the keys of the approval that it waits for begin; `once` is what it was started by, once.
    """

    id: str
    name: str
    flow: str
    type: str
    state: str
    since: str
    message: str
    tags: tuple[str, ...]
    link: str
    created: str = ""
    question: str = ""
    once: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    labels: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def expected(self) -> tuple[float, float] | None:
        """The minutes that it was expected to take when it began, from and to."""
        low, high = (self.labels.get(f"{_EXPECTED}.{name}") for name in ("low", "high"))
        return None if low is None or high is None else (low, high)

    @property
    def subscription(self) -> str:
        """The subscription that the run works on; empty if its tags name none."""
        return self._tagged("subscription")

    @property
    def unit(self) -> str:
        """`KIND/NAME` of its unit; empty for a wave."""
        return self._tagged("unit")

    @property
    def wave(self) -> str:
        """The wave it belongs to, or is; empty for a unit on its own."""
        return self._tagged("wave")

    @property
    def waiting(self) -> bool:
        """Whether it waits for an approval, without a process; a wave that is suspended waits for its units."""
        return bool(self.unit) and self.suspended

    @property
    def suspended(self) -> bool:
        """Whether it has let go of its process until somebody or something resumes it."""
        return self.type == "PAUSED" and self.state == "Suspended"

    @property
    def parked(self) -> bool:
        """Whether it waits for its maintenance window, without a process."""
        return self.type == "SCHEDULED" and self.state == AWAITING_WINDOW

    @property
    def ended(self) -> bool:
        """Whether it will not go on by itself or by an approval."""
        return self.type in _ENDED

    @property
    def holds_lock(self) -> bool:
        """Whether, as far as the run itself tells, its unit is prepared: it waits for an approval or ended so."""
        return self.waiting or self.state == Outcome.PREPARED

    @property
    def rehearses(self) -> bool:
        """Whether it only judges its unit, or brings it back."""
        asked = self.parameters.get("migration")
        return isinstance(asked, dict) and asked.get("mode") in (Mode.ASSESS, Mode.DRY_RUN)

    def _tagged(self, label: str) -> str:
        prefix = f"{label}:"
        return next((tag.removeprefix(prefix) for tag in self.tags if tag.startswith(prefix)), "")


class Runs(PrefectServer):
    """A Prefect server's runs."""

    @cached_property
    def _deployments(self) -> dict[str, str]:
        """The deployments of flows by name, as far as they were asked for."""
        return {}

    def migrate(self, parameters: MigrateParameters, once: str = "") -> Run:
        """Start the migration of one unit; of several calls with the same `once`, only the first starts a run."""
        tags = unit_tags(parameters.id, parameters.wave)
        return self._start("migrate", "migration", parameters, parameters.id.short, tags, once)

    def wave(self, parameters: WaveParameters) -> Run:
        """Start a wave; it starts one run per unit."""
        return self._start("wave", "wave", parameters, parameters.name, wave_tags(parameters))

    def abort(self, parameters: AbortParameters) -> Run:
        """Start bringing a prepared unit back to classic."""
        return self._start("abort", "request", parameters, parameters.id.short, unit_tags(parameters.id))

    def later(self, flow: str, at: datetime, once: str) -> None:
        """Schedule a run of a flow that needs no parameters; of several calls with the same `once`, the first does."""
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": at.isoformat()}}
        request = {"state": state, "idempotency_key": once}
        self.call("POST", f"/deployments/{self._deployment(flow)}/create_flow_run", request)

    def read(self, run: Run | str) -> Run:
        """The run, or the one of this id, as it is now."""
        return self._run(self.call("GET", f"/flow_runs/{run if isinstance(run, str) else run.id}"))

    def expect(self, run_id: str, low: float, high: float) -> None:
        """Keep with a run how many minutes it is expected to take, from and to."""
        labels = {f"{_EXPECTED}.{name}": minutes for name, minutes in (("low", low), ("high", high))}
        self.call("PATCH", f"/flow_runs/{run_id}/labels", labels)

    def find(self, subscription: str = "", wave: str = "", unit: str = "", *, waiting: bool = False) -> tuple[Run, ...]:
        """The runs of units and waves, newest first; names of units compare without case."""
        tags = [f"{label}:{value}" for label, value in (("subscription", subscription), ("wave", wave)) if value]
        wanted: dict[str, Any] = {"tags": {"all_": tags}} if tags else {}
        if waiting:
            wanted["state"] = {"name": {"any_": ["Suspended"]}}
        found: list[Run] = []
        for offset in itertools.count(0, _PAGE):
            query = {
                "flows": {"name": {"any_": list(FLOWS)}},
                "flow_runs": wanted,
                "sort": "EXPECTED_START_TIME_DESC",
                "limit": _PAGE,
                "offset": offset,
            }
            page = self.call("POST", "/flow_runs/filter", query)
            found.extend(self._run(document) for document in page)
            if len(page) < _PAGE:
                break
        wanted_unit = [run for run in found if not unit or run.unit.casefold() == unit.casefold()]
        # By creation: Prefect's own order moves a run to the front when it is resumed.
        return tuple(sorted(wanted_unit, key=lambda run: run.created, reverse=True))

    def queued(self, flow: str) -> tuple[Run, ...]:
        """The runs of a flow that are due and have not begun."""
        query = {
            "flows": {"name": {"any_": [flow]}},
            "flow_runs": {
                "state": {"type": {"any_": ["SCHEDULED"]}},
                "expected_start_time": {"before_": self.now().isoformat()},
            },
            "limit": _PAGE,
        }
        return tuple(self._run(document) for document in self.call("POST", "/flow_runs/filter", query))

    def running(self, flow: str) -> tuple[Run, ...]:
        """The runs of a flow that are at work."""
        query = {"flows": {"name": {"any_": [flow]}}, "flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}}
        return tuple(self._run(document) for document in self.call("POST", "/flow_runs/filter", query))

    def unfinished(self, subscription: str, wave: str) -> int:
        """How many of a wave's units have a run that has not ended."""
        tags = [f"subscription:{subscription}", f"wave:{wave}"]
        going = {"tags": {"all_": tags}, "state": {"type": {"not_any_": sorted(_ENDED)}}}
        query = {"flows": {"name": {"any_": ["migrate"]}}, "flow_runs": going}
        return int(self.call("POST", "/flow_runs/count", query))

    def timings(self, plane: str = "") -> tuple[dict[str, Any], ...]:
        """The newest duration of each step of each unit: `unit`, `plane`, a `StepDuration`'s values, when (`at`)."""
        found: list[dict[str, Any]] = []
        for offset in itertools.count(0, _PAGE):
            query = {"artifacts": {"key": {"like_": "timing-%"}}, "limit": _PAGE, "offset": offset, "sort": "KEY_ASC"}
            page = self.call("POST", "/artifacts/latest/filter", query)
            for artifact in page:
                rows = json.loads(artifact["data"])
                found.extend(row | {"at": artifact["created"]} for row in rows if plane in ("", row["plane"]))
            if len(page) < _PAGE:
                return tuple(found)
        raise AssertionError

    def prepared(self) -> dict[str, datetime]:
        """When a run last prepared each unit, by `str(unit)` folded."""
        return {
            row["unit"].casefold(): datetime.fromisoformat(row["at"])
            for row in self.timings()
            if row["step"] == Verb.PREPARE
        }

    def durations(self, plane: str) -> tuple[StepDuration, ...]:
        """What was measured at a classic plane, by its address; an emulator's steps tell nothing about Azure's."""
        measured = (
            {name: row[name] for name in StepDuration.model_fields if name in row} for row in self.timings(plane)
        )
        return tuple(map(StepDuration.model_validate, measured))

    def resume(self, run: Run) -> None:
        """Let a suspended run that waits for no answer go on; one that no longer waits is left alone."""
        self._wake(run, "resume", {})

    def cancel(self, run: Run, why: str) -> None:
        """End a run that waits, at once; one that is at work is asked to end, and its worker sees to that."""
        if run.suspended or run.type == "SCHEDULED":
            state = {"type": "CANCELLED", "name": "Cancelled", "message": why}
            self._wake(run, "set_state", {"state": state, "force": True})
        elif not run.ended:
            state = {"type": "CANCELLING", "name": "Cancelling", "message": why}
            self.call("POST", f"/flow_runs/{run.id}/set_state", {"state": state})

    def decide(self, run: Run, decision: Decision, approver: str, reason: str) -> None:
        """Answer the form that a suspended run waits for, which lets it go on.

        Raises:
            IllegalMove: Prefect does not take the answer; the run no longer waits, or its form wants something else.
        """
        form = {"decision": decision, "approver": approver, "reason": reason}
        answer = self._wake(run, "resume", {"run_input": form})
        if answer and answer.get("status") != "ACCEPT":
            raise IllegalMove(run.unit, decision, _words(answer), "See asmosis status.")

    def votes(self, run_id: str, question: str) -> tuple[Vote, ...]:
        """Every answer that a run was given to a question, as the server kept them; whatever is no vote is left out.

        Args:
            run_id: the run.
            question: how the keys of its suspensions begin.
        """
        query = {"prefix": f"suspended-{question}", "limit": _PAGE}
        kept = self.call("POST", f"/flow_runs/{run_id}/input/filter", query)
        answers = (
            (document["created"], json.loads(document["value"]))
            for document in kept
            if document["key"].endswith("-response")
        )
        return tuple(
            Vote(form["decision"], form["approver"], form.get("reason") or "", datetime.fromisoformat(created))
            for created, form in answers
            if isinstance(form, dict) and form.get("decision") in get_args(Decision) and form.get("approver")
        )

    def watch(self, first: Run, sleep: Callable[[float], None] = time.sleep) -> Iterator[Run]:
        """Each change of a run, and of a wave's units, until nothing goes on without a person."""
        seen: dict[str, Run] = {}
        for pause in itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1])):
            run = self.read(first)
            units = self._units_of(run)
            for each in (run, *units):
                if seen.get(each.id) != each:
                    seen[each.id] = each
                    yield each
            # A suspended wave whose units have all ended is about to go on.
            asked = run.waiting or run.parked or (run.suspended and any(unit.waiting or unit.parked for unit in units))
            if (run.ended or asked) and all(unit.ended or unit.waiting or unit.parked for unit in units):
                return
            sleep(pause)

    def _wake(self, run: Run, call: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send what ends a run's suspension; empty if a busy server had taken it after all."""
        for pause in (*_BUSY_PAUSES, 0.0):
            try:
                answer: dict[str, Any] = self.call("POST", f"/flow_runs/{run.id}/{call}", body, once=True)
            except (ServerFault, Throttled, Unreachable):
                if not pause:
                    raise
            else:
                if not pause or _words(answer) != _FORM_NOT_THERE_YET:
                    return answer
            # It may have got through all the same: ask before sending it again.
            time.sleep(pause)
            if not self.read(run).suspended:
                break
        return {}

    def _units_of(self, run: Run) -> tuple[Run, ...]:
        if run.unit:
            return ()
        return tuple(unit for unit in newest(self.find(run.subscription, run.wave)) if unit.unit)

    def _start(
        self, flow: str, parameter: str, parameters: BaseModel, subject: str, tags: list[str], once: str = ""
    ) -> Run:
        request = {
            "name": f"{flow} {subject}",
            "parameters": {parameter: parameters.model_dump(mode="json")},
            "tags": tags,
            "idempotency_key": once or str(uuid.uuid4()),
        }
        return self._run(self.call("POST", f"/deployments/{self._deployment(flow)}/create_flow_run", request))

    def _run(self, document: Mapping[str, Any]) -> Run:
        state = document.get("state") or {}
        return Run(
            id=document["id"],
            name=document["name"],
            flow=self._flow(document["flow_id"]),
            type=state.get("type") or "",
            state=state.get("name") or "",
            since=state.get("timestamp") or "",
            message=state.get("message") or "",
            tags=tuple(document.get("tags") or ()),
            link=f"{self.ui}/runs/flow-run/{document['id']}",
            created=document.get("created") or "",
            # Each suspension has a key of its own: the question, and what makes it different from the last one.
            question=((state.get("state_details") or {}).get("pause_key") or "").rpartition("-")[0],
            once=document.get("idempotency_key") or "",
            parameters=document.get("parameters") or {},
            labels=document.get("labels") or {},
        )

    def _deployment(self, flow: str) -> str:
        """The id of a flow's deployment; a wave asks for the same one for each of its units."""
        if flow not in self._deployments:
            self._deployments[flow] = self.call("GET", f"/deployments/name/{flow}/{flow}")["id"]
        return self._deployments[flow]

    def _flow(self, id: str) -> str:
        if id not in _FLOW_NAMES:
            _FLOW_NAMES[id] = self.call("GET", f"/flows/{id}")["name"]
        return _FLOW_NAMES[id]


def _words(answer: Mapping[str, Any]) -> str:
    """Why Prefect did not take a state."""
    return str((answer.get("details") or {}).get("reason") or answer.get("status")).rstrip(".")


def newest(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Of runs that are newest first, the first one of each unit and of each wave."""
    kept: dict[tuple[str, ...], Run] = {}
    for run in runs:
        kept.setdefault((run.subscription, run.unit.casefold(), "" if run.unit else run.wave), run)
    return tuple(kept.values())


def unit_tags(unit: Unit, wave: str = "") -> list[str]:
    """What the runs about a unit are found by."""
    tags = [f"subscription:{unit.subscription}", f"unit:{unit.short}"]
    return [*tags, f"wave:{wave}"] if wave else tags


def wave_tags(wave: WaveParameters) -> list[str]:
    """What the run of a wave is found by."""
    return [f"subscription:{wave.subscription.lower()}", f"wave:{wave.name}"]
