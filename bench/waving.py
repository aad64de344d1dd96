"""A wave as Prefect runs it, over a bare script that sends the same classic requests at the same concurrency.

`python -m bench.waving --units 300 --profile scale` prints its figures as JSON. As many units go at one time as a
subscription bears at the start (`tasks.limits.PREPARES`), unless `--at-once` says another number. It runs in the
project's environment, in a copy of its own: server, emulator and workers, and PostgreSQL for the profile `scale`.
"""

import argparse
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

TARGET = 2.0
_OF_UNITS = 300  # that the target is for: in a short wave, the first and the last units weigh too much
_PREPARE, _COMMIT = 5, 2  # seconds that the platform takes
_POLL = 1.0  # seconds between looks at an operation
_PATIENCE = 3600.0  # seconds; what has not ended by then is told as it is
AT_ONCE = 10
_FORMAT = {"x-ms-version": "2016-07-01"}
_LOGIN = ("bench", secrets.token_urlsafe(12))
_ROOT = Path(__file__).resolve().parents[1]


def run(python: str, units: int, profile: str) -> dict[str, Any]:
    """The figures of one wave, measured by another interpreter."""
    command = [python, "-m", "bench.waving", "--units", str(units), "--profile", profile]
    done = subprocess.run(command, cwd=_ROOT, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def told(result: dict[str, Any]) -> str:
    """The figures as one line."""
    ended = ", ".join(f"{number} {state}" for state, number in result["ended"].items())
    return (
        f"{result['units']} units: {result['seconds']} s, bare {result['bare_seconds']} s, {result['ratio']} times; "
        f"{ended}; workers {result['workers_megabytes']} MB; others used {result['cores_that_others_used']} cores"
    )


def missed(result: dict[str, Any]) -> list[str]:
    """What a wave should not have done."""
    failed = {state: number for state, number in result["ended"].items() if state not in ("Committed", "Blocked")}
    found = [f"missed: a wave on profile {result['profile']} ended {failed}"] if failed else []
    if result["steps_taken_twice"]:
        found.append(f"missed: {result['steps_taken_twice']} steps were taken twice")
    if result["profile"] == "scale" and result["units"] >= _OF_UNITS and result["ratio"] > TARGET:
        found.append(f"missed: a wave takes {result['ratio']} times as long as a bare script, not {TARGET:g}")
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.waving", description=__doc__)
    parser.add_argument("--units", type=int, default=100)
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    parser.add_argument("--profile", choices=("local", "scale"), default="local")
    given = parser.parse_args()
    with copy(given.profile) as place:
        result = one(place, given.units, given.at_once)
    sys.stdout.write(json.dumps(result) + "\n")


@dataclass(frozen=True)
class Copy:
    """A copy of everything, for one measurement."""

    home: Path
    profile: str
    emulator: str
    api: str
    environment: Mapping[str, str]


@contextmanager
def copy(profile: str) -> Iterator[Copy]:
    """Everything up, in a folder and on ports of its own, and down and away afterwards."""
    home = Path(tempfile.mkdtemp(prefix="asmosis-bench-"))
    home.chmod(0o755)  # PostgreSQL's user must get to its folder
    environment = _environment(home, profile)
    local = [sys.executable, "-m", "deployments.local"]
    try:
        subprocess.run([*local, "up"], env=environment, cwd=_ROOT, check=True)
        emulator = f"http://127.0.0.1:{environment['EMULATOR_PORT']}"
        control(emulator, "latency", {"prepare": _PREPARE, "commit": _COMMIT})
        yield Copy(home, profile, emulator, environment["PREFECT_API_URL"], environment)
    finally:
        subprocess.run([*local, "down"], env=environment, cwd=_ROOT, check=True)
        shutil.rmtree(home, ignore_errors=True)


def one(place: Copy, units: int, at_once: int) -> dict[str, Any]:
    """The figures of one wave beside those of the script."""
    asked(place.api, "PATCH", "work_pools/asmosis/queues/units", {"concurrency_limit": at_once})
    script = bare(place.emulator, estate(place.emulator, units), at_once)
    wave = waved(place, estate(place.emulator, units), at_once)
    return {
        "units": units,
        "at_once": at_once,
        "profile": place.profile,
        "platform_seconds": {"prepare": _PREPARE, "commit": _COMMIT},
        "bare_seconds": round(script, 1),
        **wave,
        "ratio": round(wave["seconds"] / script, 2),
        "units_per_minute": round(60 * units / wave["seconds"], 1),
    }


def bare(emulator: str, of: tuple[str, list[str]], at_once: int) -> float:
    """Seconds that a script takes which knows nothing but the requests."""
    subscription, networks = of
    begin = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        for _ in pool.map(lambda name: _migrate(f"{emulator}/{subscription}", name), networks):
            pass
    return time.perf_counter() - begin


def _migrate(base: str, network: str) -> None:
    with requests.Session() as session:
        session.headers.update(_FORMAT)

        def sent(method: str, path: str) -> requests.Response:
            answer = session.request(method, f"{base}/{path}", timeout=120)
            answer.raise_for_status()
            return answer

        def taken(verb: str) -> bool:
            answer = sent("POST", f"services/networking/virtualnetwork/{network}/migration?comp={verb}")
            while "<Status>InProgress" in (told := sent("GET", f"operations/{answer.headers['x-ms-request-id']}").text):
                time.sleep(_POLL)
            return "<Status>Succeeded" in told

        sent("GET", "services/networking/virtualnetwork")
        if (
            "<Category>Error"
            in sent("POST", f"services/networking/virtualnetwork/{network}/migration?comp=validate").text
        ):
            return
        if not (taken("prepare") and taken("commit")):
            raise RuntimeError(network)
        sent("GET", "services/networking/virtualnetwork")


def waved(place: Copy, of: tuple[str, list[str]], at_once: int, **settings: Any) -> dict[str, Any]:
    """What a wave of all networks takes; `settings` are those of the wave that differ."""
    emulator, api, home = place.emulator, place.api, place.home
    subscription, networks = of
    wave = {
        "subscription": subscription,
        "name": "bench",
        "units": [f"virtualNetwork/{name}" for name in networks],
        "approval": "automatic-when-clean",
        # They have more endpoints than the emulator's data plane opens, and what nobody heard a person would be asked.
        "probe": {"on": False},
        # The script does not spare the subscription either.
        "prepares_at_once": at_once,
        "arm_writes_per_hour": 100_000,
        **settings,
    }
    deployment = asked(api, "GET", "deployments/name/wave/wave")["id"]
    tags = [f"subscription:{subscription}", "wave:bench"]
    before, busy = processor_seconds(home), _busy()
    begin = time.perf_counter()
    started = asked(
        api, "POST", f"deployments/{deployment}/create_flow_run", {"parameters": {"wave": wave}, "tags": tags}
    )
    highest = 0.0
    ending = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
    while (
        asked(api, "GET", f"flow_runs/{started['id']}")["state_type"] not in ending
        and time.perf_counter() - begin < _PATIENCE
    ):
        highest = max(highest, memory(home))
        time.sleep(2)
    seconds = time.perf_counter() - begin
    spent = {name: after - before[name] for name, after in processor_seconds(home).items() if name in before}
    others = max(0.0, _busy() - busy - sum(spent.values()))
    runs = _runs(api, subscription)
    journal = requests.get(f"{emulator}/_control/journal?subscription={subscription}", timeout=120).json()
    steps = Counter((entry["unit"], entry["verb"]) for entry in journal if entry["verb"] and entry["effect"])
    return {
        "seconds": round(seconds, 1),
        "ended": dict(Counter(run["state_name"] for run in runs)),
        "runs": len(runs),
        "steps": steps.total(),
        "steps_taken_twice": sum(times > 1 for times in steps.values()),
        "workers_megabytes": round(highest),
        "cores_that_others_used": round(others / seconds, 2),
        "processor_seconds_per_unit": {name: round(each / len(networks), 2) for name, each in spent.items()},
    }


def _runs(api: str, subscription: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        query = {
            "flow_runs": {"tags": {"all_": [f"subscription:{subscription}"]}},
            "flows": {"name": {"any_": ["migrate"]}},
            "limit": 200,
            "offset": len(found),
        }
        page = asked(api, "POST", "flow_runs/filter", query)
        found += page
        if len(page) < query["limit"]:
            return found


def memory(home: Path) -> float:
    """Megabytes that the workers hold."""
    workers = [process for name, process in _processes(home) if name.startswith("worker")]
    return float(sum(process.memory_info().rss for process in workers)) / 2**20


def processor_seconds(home: Path) -> dict[str, float]:
    """What each service has used of the processor; PostgreSQL with the processes that serve its clients."""
    used: dict[str, float] = {}
    for name, process in _processes(home):
        family = [process, *process.children(recursive=True)]
        times = [each.cpu_times() for each in family if each.is_running()]
        ended = times[0].children_user + times[0].children_system
        used[name] = sum(each.user + each.system for each in times) + ended
    return used


def _busy() -> float:
    """What everything on this machine has used of its processors."""
    import psutil  # noqa: PLC0415 - see `_processes`

    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)


def _processes(home: Path) -> Iterator[tuple[str, Any]]:
    # Deferred: the environment of the other benchmarks has none; it only starts this module in the project's.
    import psutil  # noqa: PLC0415 - see above

    for file in sorted(home.glob("*.pid")):
        # One that has died is started again, and is another.
        with suppress(psutil.NoSuchProcess, ValueError, FileNotFoundError):
            yield file.stem, psutil.Process(json.loads(file.read_text())["pid"])


def estate(emulator: str, units: int) -> tuple[str, list[str]]:
    """A new subscription of networks with one machine each, none of which blocks."""
    subscription = str(uuid.uuid4())
    wanted = {"vnets": units, "services_per_vnet": 1, "vms_per_service": 1, "storage_accounts": 1}
    control(emulator, "seed", {"synthetic": wanted, "subscription": subscription})
    url = f"{emulator}/{subscription}/services/networking/virtualnetwork"
    listed = requests.get(url, headers=_FORMAT, timeout=120).text
    names = re.findall(r"<VirtualNetworkSite[^>]*>.*?<Name>([^<]+)</Name>", listed, re.DOTALL)
    return subscription, names


def control(emulator: str, what: str, body: Mapping[str, Any]) -> None:
    """Tell the emulator something that is no platform's call."""
    requests.post(f"{emulator}/_control/{what}", json=body, timeout=300).raise_for_status()


def asked(api: str, method: str, path: str, body: Any = None) -> Any:
    """Prefect's answer; a server that is busy is asked again."""
    for _ in range(20):
        answer = requests.request(method, f"{api}/{path}", json=body, timeout=120, auth=_LOGIN)
        if answer.ok:
            return answer.json() if answer.content else None
        time.sleep(3)
    raise RuntimeError(answer.text)


def _environment(home: Path, profile: str) -> dict[str, str]:
    emulator, server, database, redis = (str(_free_port()) for _ in range(4))
    ours = {
        "ASMOSIS_HOME": str(home),
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{server}/api",
        "EMULATOR_PORT": emulator,
        "POSTGRES_PORT": database,
        "REDIS_PORT": redis,
        "PREFECT_API_AUTH_STRING": ":".join(_LOGIN),
        "PROFILE": profile,
        "SEED": "contoso",
    }
    return {**os.environ, **ours}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
