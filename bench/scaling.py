"""How a wave grows, what a unit in flight holds, and what a process per run would cost: one copy of profile `scale`.

`python -m bench.scaling --units 30 120 --at-once 50` prints its figures as JSON; it runs in the project's environment.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.growth import exponent
from bench.waving import Copy, asked, control, copy, estate, memory, one, waved

TARGETS = {"ratio": 1.10, "over_stock": 10.0, "megabytes_in_flight": 1.0, "exponent": 1.05}
_FEW, _MANY = 10, 60  # units in flight at one time
_LASTING = 25  # seconds that a prepare takes while memory is looked at
_ROOT = Path(__file__).resolve().parents[1]
_PATIENCE = 900.0
_ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def run(python: str, units: tuple[int, ...], stock: int) -> dict[str, Any]:
    """The figures, measured by another interpreter; `stock` runs at one time are given to the stock worker too."""
    command = [python, "-m", "bench.scaling", "--units", *map(str, units), "--stock", str(stock)]
    done = subprocess.run(command, cwd=_ROOT, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def told(result: dict[str, Any]) -> list[str]:
    """The figures as lines."""
    waves = "; ".join(
        f"{each['units']}: {each['seconds']} s, {each['ratio']} times bare, {each['processor']} s of processor per unit"
        for each in result["waves"]
    )
    memory, stock = result["memory"], result["stock"]
    rates = f"{stock['units_per_minute']} against {stock['stock_units_per_minute']}"
    growth = f"{result['exponent']} of processor time, {result['exponent_seconds']} of seconds"
    return [
        f"waves, {result['at_once']} at once     {waves}",
        f"growth                 exponent {growth}",
        f"a unit in flight       {memory['megabytes_in_flight']} MB; suspended {memory['megabytes_suspended']} MB",
        f"over the stock worker  {stock['ratio']} times the units per minute ({rates})",
    ]


def missed(result: dict[str, Any]) -> list[str]:
    """Which targets were not reached."""
    found = {
        "ratio": result["waves"][-1]["ratio"],
        "megabytes_in_flight": result["memory"]["megabytes_in_flight"],
        "exponent": result["exponent"],
    }
    lines = [
        f"missed: {name} is {value}, not {TARGETS[name]:g}" for name, value in found.items() if value > TARGETS[name]
    ]
    over, wanted = result["stock"]["ratio"], TARGETS["over_stock"]
    return lines if over >= wanted else [*lines, f"missed: {over} times the stock worker's units, not {wanted:g}"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.scaling", description=__doc__)
    parser.add_argument("--units", type=int, nargs="+", default=[30, 120])
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--stock", type=int, default=50)
    given = parser.parse_args()
    with copy("scale") as place:
        one(place, 5, 5)  # the first ones pay for imports
        waves = [_wave(place, units, given.at_once) for units in given.units]
        result = {
            "at_once": given.at_once,
            "waves": waves,
            "exponent": round(exponent([(each["units"], each["processor"] * each["units"]) for each in waves]), 3),
            "exponent_seconds": round(exponent([(each["units"], each["seconds"]) for each in waves]), 3),
            "memory": _memory(place),
            "stock": _against_stock(place, given.stock),
        }
    sys.stdout.write(json.dumps(result) + "\n")


def _wave(place: Copy, units: int, at_once: int) -> dict[str, Any]:
    found = one(place, units, at_once)
    sys.stderr.write(f"· {json.dumps(found)}\n")
    return {**found, "processor": round(sum(found["processor_seconds_per_unit"].values()), 2)}


def _memory(place: Copy) -> dict[str, Any]:
    """What the workers hold more for each further unit that is being prepared, and for each that waits for a person."""
    control(place.emulator, "latency", {"prepare": _LASTING, "commit": 1})
    few, many = (waved(place, estate(place.emulator, units), units) for units in (_FEW, _MANY))
    control(place.emulator, "latency", {"prepare": 1, "commit": 1})
    before = memory(place.home)
    subscription, networks = estate(place.emulator, _MANY)
    _unbounded(place, subscription)
    _suspended(place, subscription, networks)
    waiting = memory(place.home)
    return {
        "units": [_FEW, _MANY],
        "megabytes": [few["workers_megabytes"], many["workers_megabytes"]],
        "megabytes_in_flight": round((many["workers_megabytes"] - few["workers_megabytes"]) / (_MANY - _FEW), 2),
        "megabytes_before_and_while_suspended": [round(before), round(waiting)],
        "megabytes_suspended": round(max(0.0, waiting - before) / _MANY, 2),
    }


def _suspended(place: Copy, subscription: str, networks: list[str]) -> None:
    """Start units that wait for approval, and return when all do."""
    deployment = asked(place.api, "GET", "deployments/name/migrate/migrate")["id"]
    runs = [_begun(place, deployment, subscription, name, "manual") for name in networks]
    _until(place, runs, lambda run: run["state_name"] == "Suspended")


def _against_stock(place: Copy, units: int) -> dict[str, Any]:
    """Units in a minute, all at one time, by this worker and by Prefect's own that starts a process for each."""
    from deployments import local  # noqa: PLC0415 - the environment of the other benchmarks has no Prefect

    control(place.emulator, "latency", {"prepare": 5, "commit": 2})
    asked(place.api, "PATCH", "work_pools/asmosis/queues/units", {"concurrency_limit": units})
    ours = asked(place.api, "GET", "deployments/name/migrate/migrate")
    pool = {"name": "stock", "type": "process", "base_job_template": {}, "concurrency_limit": units}
    asked(place.api, "POST", "work_pools/", pool)
    deployment = {
        "name": "stock",
        "flow_id": ours["flow_id"],
        "entrypoint": ours["entrypoint"],
        "work_pool_name": "stock",
        "enforce_parameter_schema": False,
    }
    theirs = asked(place.api, "POST", "deployments/", deployment)
    seconds = _timed(place, ours["id"], units)
    with (place.home / "stock.log").open("ab") as log:
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "stock", "--limit", str(units)]
        environment = local.Place.from_environment(place.environment).environment()
        worker = subprocess.Popen(command, env=environment, cwd=_ROOT, stdout=log, stderr=log)
    try:
        time.sleep(10)  # it takes a while to start, which is not what is measured
        stock_seconds = _timed(place, theirs["id"], units)
    finally:
        worker.terminate()
        try:
            worker.wait(30)
        except subprocess.TimeoutExpired:  # it may wait for ever for processes that have ended
            worker.kill()
            worker.wait()
    return {
        "units": units,
        "units_per_minute": round(60 * units / seconds, 1),
        "stock_units_per_minute": round(60 * units / stock_seconds, 1),
        "ratio": round(stock_seconds / seconds, 2),
    }


def _timed(place: Copy, deployment: str, units: int) -> float:
    """Seconds until all units are committed."""
    subscription, networks = estate(place.emulator, units)
    _unbounded(place, subscription)
    begin = time.perf_counter()
    runs = [_begun(place, deployment, subscription, name, "automatic-when-clean") for name in networks]
    ended = _until(place, runs, lambda run: run["state_type"] in _ENDED)
    if states := {run["state_name"] for run in ended} - {"Committed"}:
        raise RuntimeError(f"units ended otherwise: {states}")
    return time.perf_counter() - begin


def _unbounded(place: Copy, subscription: str) -> None:
    """Let as many of a subscription's units prepare at one time as there are."""
    limit = {"name": f"asmosis-prepare-{subscription}", "limit": _MANY, "active": True}
    asked(place.api, "POST", "v2/concurrency_limits/", limit)


def _begun(place: Copy, deployment: str, subscription: str, network: str, approval: str) -> str:
    migration = {
        "subscription": subscription,
        "unit": f"virtualNetwork/{network}",
        "approval": approval,
        "probe": {"on": False},
    }
    tags = [f"subscription:{subscription}", f"unit:virtualNetwork/{network}"]
    body = {"parameters": {"migration": migration}, "tags": tags, "name": f"migrate virtualNetwork/{network}"}
    return str(asked(place.api, "POST", f"deployments/{deployment}/create_flow_run", body)["id"])


def _until(place: Copy, runs: list[str], reached: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        query = {"flow_runs": {"id": {"any_": runs}}, "limit": 200}
        found: list[dict[str, Any]] = asked(place.api, "POST", "flow_runs/filter", query)
        if all(map(reached, found)):
            return found
        time.sleep(1)
    raise RuntimeError(f"not after {_PATIENCE:.0f} s: {sorted({run['state_name'] for run in found})}")


if __name__ == "__main__":
    main()
