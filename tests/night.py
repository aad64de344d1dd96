"""A night: sixty units of three subscriptions, planned, approved by REST, disturbed, with kills: `make night`.

Exit 0 if every unit ends Committed, Aborted or Blocked for a reason, no step was taken twice and no lock is left.
`NIGHT_SEED` chooses the faults; `KEEP=1` leaves server, emulator and worker up for a look around.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests
import yaml
from rich.console import Console
from rich.table import Table

from asmosis.runs import Run
from asmosis.units import Unit
from deployments import local
from tests.chaos.blows import FAULTS, PLATFORM_DIES_AT_MOST
from tests.conftest import free_port
from tests.stage import Stage, answered

ESTATES: list[dict[str, Any]] = [
    {"estate": "contoso"},
    *(
        {"synthetic": {"vnets": 15, "services_per_vnet": 2, "vms_per_service": 1, "storage_accounts": 2, "seed": seed}}
        for seed in (1, 2)
    ),
]
UNITS, PER_WAVE = 60, 30
TAKES = {"prepare": 3, "commit": 3, "abort": 2}  # seconds; long enough to be killed meanwhile
DISTURBED, REFUSED, RECHECKED = 0.6, 0.08, 0.1  # shares of units
TOO_LONG = 1500.0  # seconds without an end of the night
GOOD = ("Committed", "Aborted", "Blocked")
POLICY = "defaults: {approvers: {names: [ada, grace], needed: 1}}\n"

console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)


@dataclass
class Night:
    """What is played, and what has happened so far."""

    place: local.Place
    stages: list[Stage]
    chance: random.Random
    met: dict[str, str] = field(default_factory=dict)
    """What the units are disturbed by, as SUBSCRIPTION/KIND/NAME."""
    said: set[tuple[str, str]] = field(default_factory=set)
    rechecked: set[str] = field(default_factory=set)
    kills: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def tell(self, words: str) -> None:
        console.print(f"  {time.monotonic() - self.began:5.0f} s  {words}", soft_wrap=True)

    def asmosis(self, *arguments: str) -> str:
        """What the command line answers."""
        environment = {**self.place.environment(), "ASMOSIS_TOKEN": "any"}
        environment.pop("ASMOSIS_SUBSCRIPTION", None)
        command = [sys.executable, "-m", "asmosis.cli", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"asmosis {' '.join(arguments)}: exit {done.returncode}\n{done.stderr}")
        return done.stdout


def main() -> None:
    """Play the night; exit 1 if anything ends otherwise than it should."""
    seed = int(os.environ.get("NIGHT_SEED", "1"))
    home = Path(tempfile.mkdtemp(prefix="asmosis-night-"))
    api_url = f"http://127.0.0.1:{free_port()}/api"
    place = local.Place(home, home / "prefect", api_url, free_port(), "contoso")
    try:
        local.up(place)
        night = Night(place, [Stage(place, estate) for estate in ESTATES], random.Random(seed))
        night.stages[0].control("POST", "latency", TAKES)
        console.print(f"Faults are those of NIGHT_SEED={seed}; everything is in {home}")
        _play(night, home / "plan.yaml")
        good = _judge(night)
    finally:
        if not os.environ.get("KEEP"):
            local.down(place)
    if os.environ.get("KEEP"):
        console.print(f"Still up: {place.ui_url}; ASMOSIS_HOME={home} python -m deployments.local down")
    sys.exit(0 if good else 1)


def _play(night: Night, plan: Path) -> None:
    plan.write_text(f"name: night\nlimits: {{units: {PER_WAVE}}}\n{POLICY}")
    whose = [word for stage in night.stages for word in ("--subscription", stage.subscription)]
    picture = str(plan.with_suffix(".html"))
    night.asmosis("plan", "--update", str(plan), *whose, "--include-blocked", "--out", picture)
    waves: list[dict[str, Any]] = yaml.safe_load(plan.read_text())["waves"]
    units = [planned if isinstance(planned, str) else planned["unit"] for wave in waves for planned in wave["units"]]
    night.tell(f"planned: {len(units)} units in {len(waves)} waves; {picture}")
    if len(units) != UNITS:
        raise RuntimeError(f"{len(units)} units were planned instead of {UNITS}")
    _disturb(night, units)
    for wave in waves:
        night.asmosis("run", "--wave", f"{plan}#{wave['name']}", "--detach")
        night.tell(f"{wave['name']}: {len(wave['units'])} units started")
        _follow(night, wave["name"])
    # At dawn, what failed or was left behind goes once more; nothing is disturbed any more but by what is left over.
    for stage in night.stages:
        left = [name for name, run in _ends(stage).items() if run is None or run.state not in GOOD]
        if left:
            night.tell(f"dawn: {len(left)} units of {stage.subscription[:8]} go again")
            night.asmosis("run", *left, "--subscription", stage.subscription, "--name", "dawn", "--detach")
    _follow(night, "dawn")
    night.asmosis("plan", "--update", str(plan), "--out", picture)


def _disturb(night: Night, units: Sequence[str]) -> None:
    by_subscription = {stage.subscription: stage for stage in night.stages}
    died = 0
    for text in units:
        if night.chance.random() > DISTURBED:
            continue
        name, verbs, then = night.chance.choice(FAULTS)
        if "crash" in then:
            died += 1
            if died > PLATFORM_DIES_AT_MOST:
                continue
        unit, verb = Unit.parse(text), night.chance.choice(verbs)
        by_subscription[unit.subscription].disturb(unit.short, {"verb": verb}, then)
        night.met[text] = f"{verb}: {name}"
    night.tell(f"{len(night.met)} of them will be disturbed")


def _follow(night: Night, wave: str) -> None:
    """Answer what waits and pull plugs until the wave has ended in every subscription."""
    deadline = time.monotonic() + TOO_LONG
    while time.monotonic() < deadline:
        ended = True
        for stage in night.stages:
            runs = stage.found(wave)
            ended = ended and all(run.ended for run in runs)
            for run in runs:
                if run.waiting and (run.id, run.since) not in night.said:
                    _decide(night, stage, run)
        if ended:
            return
        _pull_a_plug(night)
        time.sleep(1)
    raise RuntimeError(f"{wave} has not ended after {TOO_LONG:.0f} s")


def _decide(night: Night, stage: Stage, run: Run) -> None:
    """Look at both sides and answer the form, as somebody with a browser or with curl would."""
    clean = "The promise is kept" in _page(night.place, run)
    decision = "commit" if clean and night.chance.random() > REFUSED else "abort"
    if night.chance.random() < RECHECKED and run.id not in night.rechecked:
        decision = "recheck"
        night.rechecked.add(run.id)
    reason = {"commit": "both sides are as promised", "abort": "not tonight", "recheck": "look again"}[decision]
    try:
        answer = stage.answer(run, decision, night.chance.choice(("ada", "grace")), reason)
    except requests.RequestException:
        return  # The server is down; whether the answer got there is seen when it is up.
    if answer["status"] == "ACCEPT":
        night.said.add((run.id, run.since))


def _page(place: local.Place, run: Run) -> str:
    query = {"artifacts": {"flow_run_id": {"any_": [run.id]}}, "sort": "CREATED_DESC", "limit": 20}
    found = answered(lambda: requests.post(f"{place.api_url}/artifacts/filter", json=query, timeout=60).json())
    return next((str(page["data"]) for page in found if str(page["key"]).startswith("side-by-side-")), "")


def _pull_a_plug(night: Night) -> None:
    """Kill the worker and the server, each once, when so many units have ended and others are being moved."""
    part = {0: "worker", 1: "server"}.get(len(night.kills))
    ended = sum(run is not None and run.ended for stage in night.stages for run in _ends(stage).values())
    if part is None or ended < (len(night.kills) + 1) * UNITS // 5 or not (moving := _moving(night)):
        return
    process = psutil.Process(json.loads((night.place.home / f"{part}.pid").read_text())["pid"])
    process.kill()
    psutil.wait_procs([process], timeout=10)
    night.kills.append(part)
    night.tell(f"kill -9 of the {part}, while {moving} units are on their way")


def _moving(night: Night) -> int:
    return sum(lock.state.endswith("ing") for stage in night.stages for lock in stage.locks())


def _ends(stage: Stage) -> Mapping[str, Run | None]:
    """The newest migration of every unit that there was at nightfall; None where nothing began."""
    begun = stage.members()
    return {unit: begun.get(unit) for unit in stage.units}


def _judge(night: Night) -> bool:
    rows = list(_rows(night))
    table = Table("unit", "met", "ended", "why", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    console.print(table)
    counts = Counter(ended for _, _, ended, _ in rows)
    wrong = [row for row in rows if row[2] not in GOOD or not row[3]]
    twice = {f"{stage.subscription}/{step}": times for stage in night.stages for step, times in _repeated(stage)}
    left = [lock for stage in night.stages for lock in stage.locks()]
    died = len(night.kills)
    minutes = (time.monotonic() - night.began) / 60
    console.print(f"\n{len(rows)} units in {minutes:.1f} min: {', '.join(f'{n} {end}' for end, n in counts.items())}.")
    console.print(f"{len(night.met)} disturbed; killed: {', '.join(night.kills)}.")
    steps = sum(stage.steps().total() for stage in night.stages)
    console.print(f"The journal: {steps} steps taken, {len(twice)} taken more than once. Locks left: {len(left)}.")
    for words in (*map(str, wrong), *map(str, twice.items()), *map(str, left)):
        console.print(f"[red]wrong:[/] {words}", markup=True, soft_wrap=True)
    return len(rows) == UNITS and not wrong and not twice and not left and died == 2


def _rows(night: Night) -> Iterator[tuple[str, str, str, str]]:
    for stage in night.stages:
        for unit, run in _ends(stage).items():
            name = f"{stage.subscription}/{unit}"
            state, why = (run.state, run.message) if run else ("never began", "")
            yield f"{stage.subscription[:8]}/{unit}", night.met.get(name, ""), state, why


def _repeated(stage: Stage) -> Iterator[tuple[str, int]]:
    """Steps that took effect more often than units had runs; what the platform failed by itself may be sent again."""
    runs = Counter(run.unit for run in stage.found() if run.flow == "migrate")
    failed = stage.failures()
    for (unit, verb), times in stage.steps().items():
        if times - failed[unit, verb] > (1 if verb == "commit" else runs[unit]):
            yield f"{unit} {verb}", times


if __name__ == "__main__":
    main()
