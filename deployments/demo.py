"""The main job, start to end, as a person would do it: `make demo`.

`SEED=FOLDER` uses a folder of ASM documents instead of the sample estate: everything that can go goes. `KEEP=1`
leaves server, emulator and worker up for a look around; `make down` stops them.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.table import Table

from asmosis.classic.estate import Estate
from asmosis.parameters import ApprovalPolicy, WaveParameters
from asmosis.runs import Run, Runs, newest
from deployments import local

PATIENCE = 600.0  # seconds without any change of a run
PAUSE = 1.0  # seconds between looks
CONTOSO = "11111111-2222-4333-8444-555555555555"

# What the sample estate shows: unit → what the person decides, and how it ends. Storage comes last by itself.
EXPECTED = {
    "virtualNetwork/contoso-vnet": ("commit", "Committed"),
    "hostedService/contoso-batch": ("commit", "Committed"),
    "hostedService/contoso-legacy": ("abort", "Aborted"),
    "hostedService/contoso-mixed": ("commit", "Blocked"),
    "storageAccount/contosovhds": ("commit", "Committed"),
}

console = Console(stderr=False, highlight=False, width=None if sys.stdout.isatty() else 160)


def main() -> None:
    """Run the demonstration; exit 1 if anything ends otherwise than it should."""
    place = local.Place.from_environment()
    os.environ.update(place.environment())
    try:
        local.up(place)
        good = _show(place)
    finally:
        if not os.environ.get("KEEP"):
            local.down(place)
    if os.environ.get("KEEP"):
        console.print(f"\nStill up: [bold]{place.ui_url}[/] · emulator {place.emulator_url} · stop with: make down")
    sys.exit(0 if good else 1)


def _show(place: local.Place) -> bool:
    subscription = _subscription(place)
    _heading("The estate, judged without any lock (asmosis assess)")
    subprocess.run([sys.executable, "-m", "asmosis.cli", "assess", "--subscription", subscription], check=False)

    runs = Runs.from_environment(os.environ)
    sample = subscription == CONTOSO
    units = list(EXPECTED) if sample else _all_units(subscription)
    # Nobody wants to approve a hundred units of an archive one by one.
    policy = ApprovalPolicy.MANUAL if sample else ApprovalPolicy.AUTOMATIC_WHEN_CLEAN
    wave = WaveParameters(subscription=subscription, name="demo", units=units, approval=policy)
    _heading(f"Wave 'demo': {len(units)} units, one flow run each (asmosis run)")
    for _ in _follow(place, runs, runs.wave(wave)):
        pass
    members = _members(runs, wave)
    reports = _save_pages(place)
    good = _summary(members, sample=sample) and _each_step_once(place, subscription)
    console.print(f"\nRuns, forms and artifacts: [bold]{place.ui_url}[/] (make demo KEEP=1 leaves the server up)")
    console.print(f"Pages of every unit: [bold]{reports}[/]")
    return good


def _follow(place: local.Place, runs: Runs, wave: Run) -> Iterable[Run]:
    """Tell each change of the wave's runs and decide where one waits, until the wave has ended."""
    seen: dict[str, tuple[str, str]] = {}
    decided: set[tuple[str, str]] = set()
    changed = time.monotonic()
    while time.monotonic() - changed < PATIENCE:
        wave = runs.read(wave)
        for run in [*_runs_of(runs, wave), wave]:
            if seen.get(run.id) != (run.state, run.message):
                seen[run.id] = (run.state, run.message)
                changed = time.monotonic()
                _tell(run)
                yield run
            if run.unit and run.waiting and (run.id, run.since) not in decided:
                decided.add((run.id, run.since))
                _decide(place, runs, run)
        if wave.ended:
            return
        time.sleep(PAUSE)
    console.print(f"[red]nothing changed for {PATIENCE:.0f} s; giving up[/]")


def _tell(run: Run) -> None:
    if run.state in ("Scheduled", "Pending", "Late"):
        return
    subject = run.unit or f"wave {run.wave}"
    words = f" · {run.message}" if run.ended and run.message else ""
    waits = " · waits for approval, no process" if run.waiting and run.unit else ""
    console.print(f"  {time.strftime('%H:%M:%S')}  {subject:42} {run.state}{waits}{words}", soft_wrap=True)


def _decide(place: local.Place, runs: Runs, run: Run) -> None:
    """Show what check and probe found, as the form does, and answer it."""
    for page in ("side-by-side-", "downtime-prepare-"):
        if words := _said(place, run, page):
            console.print(f"            {words}", soft_wrap=True)
    decision, _ = EXPECTED.get(run.unit, ("commit", ""))
    verb = "approve" if decision == "commit" else "reject"
    console.print(f"  {time.strftime('%H:%M:%S')}  {run.unit:42} [bold]asmosis {verb} {run.unit}[/]", soft_wrap=True)
    runs.decide(run, "commit" if decision == "commit" else "abort", "demo", "looked at both sides")


def _said(place: local.Place, run: Run, page: str) -> str:
    """The judgement that stands on top of a page of the run."""
    query = {"artifacts": {"flow_run_id": {"any_": [run.id]}}, "sort": "CREATED_DESC", "limit": 20}
    pages = requests.post(f"{place.api_url}/artifacts/filter", json=query, timeout=30).json()
    text = next((str(each["data"]) for each in pages if str(each["key"]).startswith(page)), "")
    return next((line.strip("*") for line in text.splitlines() if line.startswith("**")), "")


def _runs_of(runs: Runs, wave: Run) -> list[Run]:
    found = newest(runs.find(wave.subscription, wave.wave))
    return [run for run in reversed(found) if run.flow == "migrate"]


def _members(runs: Runs, wave: WaveParameters) -> dict[str, Run]:
    found = newest(runs.find(wave.subscription, wave.name))
    return {run.unit: run for run in found if run.flow == "migrate"}


def _summary(members: dict[str, Run], *, sample: bool) -> bool:
    _heading("How it ended")
    table = Table("unit", "ended", "why", box=None, pad_edge=False)
    good = True
    for unit, run in members.items():
        wanted = EXPECTED[unit][1] if sample else None
        right = run.state == wanted if wanted else run.state in ("Committed", "Blocked")
        good = good and right
        table.add_row(unit, f"{run.state}{'' if right else f' (expected {wanted})'}", run.message)
    console.print(table)
    return good and (not sample or set(members) == set(EXPECTED))


def _each_step_once(place: local.Place, subscription: str) -> bool:
    """Whether the emulator's journal shows every step of every unit taken once."""
    entries = requests.get(f"{place.emulator_url}/_control/journal", timeout=30).json()
    entries = entries["entries"] if isinstance(entries, dict) else entries
    taken: Counter[tuple[Any, Any]] = Counter(
        (entry["unit"], entry["verb"])
        for entry in entries
        if entry["subscription"] == subscription and entry["effect"] and entry["verb"] in ("prepare", "commit", "abort")
    )
    repeated = {step: times for step, times in taken.items() if times > 1}
    console.print(f"\nThe emulator's journal: {sum(taken.values())} steps taken, {len(repeated)} taken more than once.")
    return not repeated


def _save_pages(place: local.Place) -> Path:
    """Keep the newest version of every artifact as a file."""
    folder = place.home / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    query = {"sort": "CREATED_DESC", "limit": 200}
    for page in requests.post(f"{place.api_url}/artifacts/latest/filter", json=query, timeout=30).json():
        if page["key"]:
            (folder / f"{page['key']}.md").write_text(str(page["data"]))
    return folder


def _subscription(place: local.Place) -> str:
    listed = requests.get(
        f"{place.emulator_url}/subscriptions", params={"api-version": "2022-12-01"}, timeout=30
    ).json()
    return str(listed["value"][0]["subscriptionId"])


def _all_units(subscription: str) -> list[str]:
    # Deferred: only the folder's demo reads the estate itself.
    from asmosis.azure.inventory import snapshot  # noqa: PLC0415 - see above
    from asmosis.azure.planes import Planes  # noqa: PLC0415 - see above

    with Planes.from_environment(os.environ, subscription).asm() as asm:
        estate: Estate = snapshot(asm)
    return [unit.short for unit in estate.units]


def _heading(text: str) -> None:
    console.print(f"\n[bold]{text}[/]")


if __name__ == "__main__":
    main()
