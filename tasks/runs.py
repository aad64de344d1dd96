"""Runs of other flows, through the server's REST API."""

import os
from collections.abc import Mapping, Sequence

from prefect.settings import get_current_settings
from pydantic import SecretStr

from asmosis.parameters import MigrateParameters, WaveParameters
from asmosis.reports import wave_page
from asmosis.runs import Run, Runs
from asmosis.units import Unit
from asmosis.waves import due_units
from tasks.reports import publish


def server() -> Runs:
    """The server that this run belongs to."""
    settings = get_current_settings()
    api = settings.api
    login = api.auth_string.get_secret_value() if api.auth_string else None
    key = api.key.get_secret_value() if api.key else None
    return Runs(
        str(api.url),
        login=SecretStr(login) if login else None,
        key=SecretStr(key) if key else None,
        ui=os.environ.get("PREFECT_UI_URL", ""),
    )


TRIES = 3  # runs that a wave starts for one unit, if each of them crashes


def migrations_of(wave: WaveParameters, wave_run: str) -> dict[Unit, list[Run]]:
    """The migrate runs of each unit, newest first: those that this run of the wave started, and what still goes on."""
    units = {unit.short.casefold(): unit for unit in wave.ids}
    runs = server().find(wave.subscription, wave.name)
    began = next(run.created for run in runs if run.id == wave_run)
    found: dict[Unit, list[Run]] = {unit: [] for unit in wave.ids}
    for run in runs:
        unit = units.get(run.unit.casefold())
        if unit is not None and run.flow == "migrate" and (run.created >= began or not run.ended):
            found[unit].append(run)
    return {unit: of_unit for unit, of_unit in found.items() if of_unit}


def through(runs: Sequence[Run]) -> bool:
    """Whether a unit's runs have come to an end; a crash is none, for the next run asks the platform and goes on."""
    return runs[0].ended and not (runs[0].type == "CRASHED" and len(runs) < TRIES)


def due(wave: WaveParameters, progress: Mapping[Unit, Sequence[Run]]) -> tuple[Unit, ...]:
    """The units of a wave that may start now, or again."""
    ended = [unit for unit, runs in progress.items() if through(runs)]
    started = [unit for unit, runs in progress.items() if through(runs) or not runs[0].ended]
    return tuple(due_units(wave.ids, started, ended))


def start_migration(wave: WaveParameters, unit: Unit, wave_run: str, earlier: int) -> Run:
    """Start a unit's run once, however often the wave's run is repeated; `earlier` counts its runs so far."""
    parameters = MigrateParameters(
        subscription=wave.subscription,
        planes=wave.planes,
        unit=unit.short,
        approval=wave.approval,
        wave=wave.name,
    )
    return server().migrate(parameters, once=f"{wave_run}/{unit}/{earlier}")


def publish_wave(wave: WaveParameters, progress: Mapping[Unit, Sequence[Run]]) -> None:
    """Publish how the units of a wave stand."""
    page = wave_page(wave.name, {unit: runs[0] for unit, runs in progress.items()})
    publish("wave", wave.name, page, f"Wave {wave.name}")


def waiting_waves() -> list[tuple[Run, WaveParameters]]:
    """Every wave that is suspended, with what it was asked to do."""
    return [
        (run, WaveParameters.model_validate(run.parameters["wave"]))
        for run in server().find(waiting=True)
        if run.flow == "wave"
    ]


def cancel_waiting(unit: Unit, why: str) -> None:
    """Cancel the runs that wait for an approval of the unit; their evidence is void."""
    for run in server().find(unit.subscription, unit=unit.short, waiting=True):
        server().cancel(run, why)
