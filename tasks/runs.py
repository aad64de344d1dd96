"""Runs of other flows, through the server's REST API."""

import itertools
import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.events import emit_event
from prefect.settings import get_current_settings
from pydantic import SecretStr

from asmosis.approval_policies import agreed
from asmosis.errors import UsageError
from asmosis.ledger import locks
from asmosis.parameters import MigrateParameters, WaveParameters
from asmosis.reports import WaveStanding, wave_page
from asmosis.runs import Run, Runs, newest
from asmosis.units import Outcome, State, Unit
from asmosis.waves import allowed_failures, due_units, skipped_units
from tasks.endings import note_ending
from tasks.reports import artifact_key, renew

_log = logging.getLogger(__name__)
_kept = threading.local()
_looks: dict[str, int] = {}  # the newest look that this process has asked for, by server


def server() -> Runs:
    """The server that this run belongs to; it may be away for as long as Prefect's own client bears.

    A thread, that is a run, keeps its connection: to make one costs more than most of what is asked over it.
    """
    settings = get_current_settings()
    api = settings.api
    login = api.auth_string.get_secret_value() if api.auth_string else None
    key = api.key.get_secret_value() if api.key else None
    trust = not api.tls_insecure_skip_verify and (api.ssl_cert_file or True)
    about = (str(api.url), login, key, os.environ.get("PREFECT_UI_URL", ""), settings.client.max_retries, trust)
    if getattr(_kept, "about", None) != about:
        url, _, _, ui, tries, _ = about
        login_kept, key_kept = (SecretStr(each) if each else None for each in (login, key))
        _kept.about, _kept.runs = about, Runs(url, login=login_kept, key=key_kept, ui=ui, tries=tries, trust=trust)
    runs: Runs = _kept.runs
    return runs


def make_findable(tags: Sequence[str]) -> None:
    """Give this run the tags that it is found by; one that was started by a form in the UI has none of them."""
    if missing := [tag for tag in tags if tag not in runtime.flow_run.tags]:
        with get_client(sync_client=True) as client:
            client.update_flow_run(runtime.flow_run.id, tags=[*runtime.flow_run.tags, *missing])


_SOON = 60  # seconds
_PATIENCE = 60  # looks, a second apart, at runs that were asked to end
TRIES = 3  # runs that a wave starts for one unit, if each of them crashes
Progress = Mapping[Unit, Sequence[Run]]
"""The runs of each unit that has some, newest first."""


def migrations_of(wave: WaveParameters, wave_run: str) -> dict[Unit, list[Run]]:
    """The migrate runs of each unit, newest first: those since this run of the wave began, and what still goes on.

    What it has started itself is told by its keys: the server's clock may have been set back since the wave began.
    """
    units = {unit.short.casefold(): unit for unit in wave.ids}
    runs = server().find(wave.subscription, wave.name)
    began = next(run.created for run in runs if run.id == wave_run)
    found: dict[Unit, list[Run]] = {unit: [] for unit in wave.ids}
    for run in runs:
        unit = units.get(run.unit.casefold())
        own = run.created >= began or _earlier(run, wave_run) is not None
        if unit is not None and run.flow == "migrate" and (own or not run.ended):
            found[unit].append(run)
    # They come by creation; of its own, the wave knows it better.
    return {
        unit: sorted(of_unit, key=lambda run: _earlier(run, wave_run) or 0, reverse=True)
        for unit, of_unit in found.items()
        if of_unit
    }


def through(runs: Sequence[Run]) -> bool:
    """Whether a unit's runs have come to an end; a crash is none, for the next run asks the platform and goes on."""
    return runs[0].ended and not (runs[0].type == "CRASHED" and len(runs) < TRIES)


def due(wave: WaveParameters, progress: Progress) -> tuple[Unit, ...]:
    """The units of a wave that may start now, or again."""
    started, ended = _standing(progress)
    budget = allowed_failures(wave.failure_budget, len(wave.ids))
    return tuple(due_units(wave.ids, started, ended, after=wave.order, budget=budget))


def skipped(wave: WaveParameters, progress: Progress) -> dict[Unit, str]:
    """The units of a wave that will not start any more, and why."""
    started, ended = _standing(progress)
    budget = allowed_failures(wave.failure_budget, len(wave.ids))
    return skipped_units(wave.ids, started, ended, after=wave.order, budget=budget)


def finished(wave: WaveParameters, progress: Progress) -> bool:
    """Whether nothing of the wave goes on or may still start."""
    left = skipped(wave, progress)
    return all(unit in left or (unit in progress and through(progress[unit])) for unit in wave.ids)


def start_migration(wave: WaveParameters, unit: Unit, wave_run: str, earlier: int) -> Run:
    """Start a unit's run once, however often the wave's run is repeated; `earlier` counts its runs so far."""
    handed_on = {
        name: getattr(wave, name) for name in MigrateParameters.model_fields if name in type(wave).model_fields
    }
    parameters = MigrateParameters(
        **handed_on,
        unit=unit.short,
        wave=wave.name,
        **({"destination": wave.destinations[unit.short]} if unit.short in wave.destinations else {}),
    )
    return server().migrate(parameters, once=f"{wave_run}/{unit}/{earlier}")


def _earlier(run: Run, wave_run: str) -> int | None:
    """How many runs a unit had when a wave's run started this one; None for one that was started otherwise."""
    return int(run.once.rpartition("/")[2]) if run.once.startswith(f"{wave_run}/") else None


def publish_wave(run: Run, wave: WaveParameters, progress: Progress) -> None:
    """Keep with the wave's run how its units stand; whoever looks at the page sees it change."""
    latest = {unit: runs[0] for unit, runs in progress.items()}
    windows = wave.windows.words
    # A plan's wave of several subscriptions is one wave of this name in each.
    subject = f"{wave.name}-{wave.subscription[:8].lower()}"
    evidence = {unit: address_of("evidence", unit) for unit in latest}
    standing = WaveStanding(
        wave.name, wave.mode, wave.ids, latest, skipped(wave, progress), windows, run.expected, evidence
    )
    page = wave_page(standing, datetime.now(UTC))
    renew(server(), run, artifact_key("wave", subject), page, f"Wave {wave.name}")
    over = len(standing.skipped) + sum(through(runs) for runs in progress.values())
    percent, words = 100 * over / len(wave.ids), f"Wave {wave.name}: {over} of {len(wave.ids)}"
    renew(server(), run, artifact_key("progress", subject), percent, words)


def address_of(page: str, subject: Unit | str) -> str:
    """Where the server's UI shows the versions of a page."""
    return f"{server().ui}/artifacts/key/{artifact_key(page, subject)}"


def waiting_waves() -> list[tuple[Run, WaveParameters]]:
    """Every wave that is suspended, with what it was asked to do."""
    return [
        (run, WaveParameters.model_validate(run.parameters["wave"]))
        for run in server().find(waiting=True)
        if run.flow == "wave"
    ]


def another_looks(flow: str, within: float) -> bool:
    """Whether a run of a flow began before this one, but no longer ago than `within` seconds.

    Of those that began together one looks, the first: two that leave it to each other would leave it undone.
    """
    runs, own = server(), str(runtime.flow_run.id)
    begun = sorted((datetime.fromisoformat(run.since), run.id) for run in runs.running(flow))
    earlier = itertools.takewhile(lambda each: each[1] != own, begun)
    # Half a second to spare: it may be about to look.
    return any(runs.now() - since < timedelta(seconds=within - 0.5) for since, _ in earlier)


def nothing_goes_on(wave: WaveParameters) -> bool:
    """Whether no unit of a wave has a run that has not ended; costs next to nothing."""
    return not server().unfinished(wave.subscription, wave.name)


def look_soon() -> None:
    """Have the waves looked after within a minute: a server that dies takes the events that would wake them along."""
    runs = server()
    slot = int(runs.now().timestamp() // _SOON) + 1
    if _looks.get(runs.api) != slot:
        runs.later("advance", datetime.fromtimestamp(slot * _SOON, UTC), f"look-{slot}")
        _looks[runs.api] = slot


def at_work(progress: Progress) -> bool:
    """Whether a unit of a wave is on its way, rather than waiting for a person or for its window."""
    newest_runs = [runs[0] for runs in progress.values()]
    return any(not (run.ended or run.waiting or run.parked) for run in newest_runs)


def end_migrations(unit: Unit, why: str) -> None:
    """End the runs that work on the unit or wait; returns when none of them acts any more, or after a while."""
    going = [
        run for run in server().find(unit.subscription, unit=unit.short) if run.flow == "migrate" and not run.ended
    ]
    for run in going:
        # A worker that is about to start a run may overtake its cancellation: the run then finds how it has to end.
        note_ending(server(), run.id, Outcome.ABORTED, why)
        server().cancel(run, why)
    # A worker that is gone ends nothing; what its run has begun, the platform tells.
    for _ in range(_PATIENCE):
        if all(server().read(run).ended for run in going):
            return
        time.sleep(1)


def drop_queued(flow: str) -> None:
    """Cancel runs of a flow that wait for this one to end: it is about to look at everything that they would.

    One that was asked for more (`thorough`) stays.
    """
    for run in (run for run in server().queued(flow) if not any(run.parameters.values())):
        server().cancel(run, "Another run had not yet looked.")


def ask_again_what_nobody_answered() -> int:
    """Let every approval that nobody gave in time check both sides again; answers how many."""
    asked = 0
    now = server().now()
    for run in server().find(waiting=True):
        if run.flow != "migrate":
            continue
        migration = MigrateParameters.model_validate(run.parameters["migration"])
        try:
            hours = agreed(server(), migration).approvers.holds_for_hours
        except UsageError as error:
            _log.warning("%s waits, and nobody knows for whom: %s", run.name, error)
            continue
        if hours and now - datetime.fromisoformat(run.since) > timedelta(hours=hours):
            server().decide(run, "recheck", "asmosis", f"Nobody decided within {hours:g} hours.")
            asked += 1
    return asked


def alarm_old_locks(alarm: timedelta) -> int:
    """Emit an event for every unit that a run of ours prepared long ago and left so; answers how many."""
    now = datetime.now(UTC)
    prepared = server().prepared()
    holders = [run for run in newest(server().find()) if run.flow == "migrate" and run.holds_lock]
    states = {Unit.parse(run.unit, run.subscription): State.PREPARED for run in holders}
    old = [lock for lock in locks(states, holders, prepared) if lock.old(now, alarm)]
    for lock in old:
        emit_event(
            event="asmosis.lock.old",
            resource={"prefect.resource.id": f"asmosis.unit.{lock.unit}", "prefect.resource.name": lock.unit.short},
            payload={
                "unit": str(lock.unit),
                "since": f"{lock.since:%Y-%m-%d %H:%M} UTC",
                "concern": lock.concern(now, alarm),
            },
        )
    return len(old)


def _standing(progress: Progress) -> tuple[list[Unit], dict[Unit, str]]:
    """The units that have begun, and how those that are through have ended."""
    ended = {unit: runs[0].state for unit, runs in progress.items() if through(runs)}
    # A unit whose run crashed has to begin again.
    return [unit for unit, runs in progress.items() if unit in ended or not runs[0].ended], ended
