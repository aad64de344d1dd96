"""The verbs `approve` and `reject`."""

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Literal

from asmosis.approval_policies import agreed
from asmosis.approvals import Rules, objection, tally
from asmosis.cli.output import DONE, NO, say
from asmosis.cli.shown import ANY_SUBSCRIPTION, show, user
from asmosis.errors import UsageError
from asmosis.parameters import MigrateParameters
from asmosis.runs import Run, Runs, newest
from asmosis.units import Outcome, Unit

Answer = Literal["commit", "abort"]

_OUTCOME: dict[Answer, Outcome] = {"commit": Outcome.COMMITTED, "abort": Outcome.ABORTED}


def decide(
    units: Sequence[str],
    subscription: str,
    decision: Answer,
    *,
    approver: str,
    reason: str,
    as_json: bool,
) -> int:
    """Answer the approval of each unit; nothing is answered unless all may be. What is decided so already is done."""
    runs = Runs.from_environment(os.environ)
    approver = approver or user()
    waiting: dict[str, Run] = {}
    settled: dict[str, Run] = {}
    refused = False
    for text in units:
        found, newest_run = _runs_of(runs, text, subscription)
        if not found and newest_run and newest_run.state == _OUTCOME[decision]:
            say(f"{newest_run.unit}: it is {newest_run.state} already.")
            settled[newest_run.id] = newest_run
        elif not found:
            say(f"asmosis: {text}: no run waits for an approval; {_standing(newest_run, decision)}.")
            refused = True
        for run in found:
            waiting[run.id] = run
    for run in waiting.values():
        for why in _objections(runs, run, decision, approver):
            say(f"asmosis: {run.unit}: {why}.")
            refused = True
    if refused:
        return NO
    for run in waiting.values():
        runs.decide(run, decision, approver, reason)
        say(f"{run.unit}: {decision}, said {approver} to evidence {run.question.rpartition('-')[2]}")
    show([runs.read(run) for run in (*waiting.values(), *settled.values())], as_json=as_json)
    return DONE


def _runs_of(runs: Runs, text: str, subscription: str) -> tuple[tuple[Run, ...], Run | None]:
    """The runs of a unit that wait for an approval, and its newest migration."""
    unit = Unit.parse(text, subscription or ANY_SUBSCRIPTION)
    known = "" if unit.subscription == ANY_SUBSCRIPTION else unit.subscription
    of_unit = [run for run in runs.find(known, unit=unit.short) if run.flow == "migrate"]
    found = tuple(run for run in of_unit if run.waiting)
    if len({run.subscription for run in found or newest(of_unit)}) > 1:
        problem = "units of this name are in several subscriptions"
        raise UsageError(unit.short, problem, "Use SUBSCRIPTION/KIND/NAME.")
    return found, of_unit[0] if of_unit else None


def _standing(run: Run | None, decision: Answer) -> str:
    if run is None:
        return "it has no run"
    if decision == "commit" and run.state == Outcome.ABORTED:
        return f"it was aborted ({run.message}), start it again with asmosis run, {run.link}"
    return f"its newest run is {run.state}, {run.link}"


def _objections(runs: Runs, run: Run, decision: Answer, approver: str) -> Iterator[str]:
    """Why this approver's word would not count; the run itself would say the same, but only after it was woken."""
    rules = _rules_of(runs, run)
    if rules and run.question:
        standing = tally(runs.votes(run.id, run.question), rules, datetime.now(UTC))
        said = [vote.approver for vote in standing.counted]
        if why := objection(decision, approver, rules, said):
            yield why


def _rules_of(runs: Runs, run: Run) -> Rules | None:
    asked = run.parameters.get("migration")
    if not isinstance(asked, dict):
        return None
    migration = MigrateParameters.model_validate(asked)
    return agreed(runs, migration).rules(migration.requested_by)
