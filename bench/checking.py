"""The check of one network, by its machines: reads of Resource Manager, and seconds once everything is read.

The machines have no extensions: of those ARM lists ids only (recorded), so each machine that has any costs a read.

`python -m bench.checking URL SUBSCRIPTION UNIT` is one measurement in a process of its own; it prints JSON.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.growth import exponent
from bench.servers import ROOT, Client, emulator

MACHINES = (50, 100, 200, 400)
TARGET = 2.0
"""Seconds that the check of the largest network may take after its reads."""

_REPEATS = 5
_PER_SERVICE = 10
_SUBSCRIPTION = "bbbbbbbb-0000-4000-8000-000000000001"
_NETWORK = "syn0-vnet-0000"


def run(python: str) -> dict[str, Any]:
    """Reads and seconds by size, and how often the time for writing both sides as JSON goes into that of the check."""
    points = []
    with emulator(python) as client:
        for machines in MACHINES:
            _prepare(client, machines)
            client.send("DELETE", "/_control/faults", None, {})
            for path in ("", "skiptoken"):  # the emulator counts what a fault meets; these do nothing but that
                when = {"plane": "arm", "method": "GET", "path": path}
                client.control("faults", {"when": when, "then": {}, "times": None})
            found = _measured(python, client)
            told = json.loads(client.send("GET", "/_control/faults", None, {})[0])
            asked, pages = (each["seen"] for each in told)
            points.append({"machines": machines, "reads": asked - pages, "further_pages": pages, **found})
    return {
        "target": TARGET,
        "points": points,
        "exponent": round(exponent((point["machines"], point["seconds"]) for point in points), 3),
    }


def missed(results: dict[str, Any]) -> list[str]:
    """What is not as it should be, a line each."""
    points = results["points"]
    slow = points[-1]["seconds"] > TARGET
    reads = {point["reads"] for point in points}
    return [
        *([f"missed: the check takes {points[-1]['seconds']} s, not {TARGET:g}"] if slow else []),
        *([f"missed: reads grow with the machines: {sorted(reads)}"] if len(reads) > 1 else []),
    ]


def _prepare(client: Client, machines: int) -> None:
    wanted = {"vnets": 1, "services_per_vnet": machines // _PER_SERVICE, "vms_per_service": _PER_SERVICE}
    client.control("seed", {"synthetic": wanted, "subscription": _SUBSCRIPTION})
    path = f"/{_SUBSCRIPTION}/services/networking/virtualnetwork/{_NETWORK}/migration?comp=prepare"
    _, operation = client.classic("POST", path)
    content, _ = client.classic("GET", f"/{_SUBSCRIPTION}/operations/{operation}")
    if b"<Status>Succeeded</Status>" not in content:
        raise RuntimeError(content)


def _measured(python: str, client: Client) -> dict[str, Any]:
    url = f"http://{client.host}:{client.port}"
    command = [python, "-m", "bench.checking", url, _SUBSCRIPTION, f"virtualNetwork/{_NETWORK}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _main(url: str, subscription: str, unit: str) -> None:
    """Read once; compare several times."""
    from pydantic import SecretStr  # noqa: PLC0415 -- only the interpreter under measurement has it

    from asmosis.arm.resource import body  # noqa: PLC0415 -- likewise
    from asmosis.azure.inventory import snapshot  # noqa: PLC0415 -- likewise
    from asmosis.azure.planes import Planes  # noqa: PLC0415 -- likewise
    from asmosis.azure.sign_in import StaticToken  # noqa: PLC0415 -- likewise
    from asmosis.check import check  # noqa: PLC0415 -- likewise
    from asmosis.translate import groups_in, promise  # noqa: PLC0415 -- likewise
    from asmosis.units import Unit  # noqa: PLC0415 -- likewise

    planes = Planes(subscription, url, url, StaticToken(SecretStr("any")))
    with planes.asm() as asm:
        promised = promise(snapshot(asm), Unit.parse(unit, subscription))
    with planes.arm() as arm:
        begin = time.perf_counter()
        found = arm.holdings(groups_in(promised))
        read = time.perf_counter() - begin
    verdict = check(promised, found.resources, found.unread)
    if not verdict.clean:
        raise RuntimeError(verdict.told("real")[:3], verdict.unread)

    def as_json() -> bool:
        both = [[body(each) for each in promised.resources], list(found.resources)]
        left, right = (json.dumps(side, sort_keys=True) for side in both)
        return left == right

    seconds, plain = _best(lambda: check(promised, found.resources)), _best(as_json)
    told = {
        "resources": len(verdict.pairs),
        "read_seconds": round(read, 3),
        "seconds": round(seconds, 4),
        "json_seconds": round(plain, 4),
        "ratio": round(seconds / plain, 2),
    }
    sys.stdout.write(json.dumps(told) + "\n")


def _best(work: Callable[[], object]) -> float:
    """The best of several, as whatever else the machine does only adds."""
    times = []
    for _ in range(_REPEATS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


if __name__ == "__main__":
    _main(*sys.argv[1:])
