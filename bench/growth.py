"""How the time of large things grows with their size; an exponent of 1 is linear."""

import math
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bench.servers import Client, emulator

SEEDED = (1000, 2000, 5000, 10000)
PREPARED = (50, 100, 200, 400)
_REPEATS = 5
_PER_SERVICE, _PER_NETWORK = 10, 100
_SUBSCRIPTION = "bbbbbbbb-0000-4000-8000-000000000001"


def seeding(python: str) -> dict[str, Any]:
    """Seconds to load a synthetic estate into a running emulator, by its machines."""

    def once(client: Client, machines: int) -> float:
        wanted = {
            "vnets": machines // _PER_NETWORK,
            "services_per_vnet": _PER_NETWORK // _PER_SERVICE,
            "vms_per_service": _PER_SERVICE,
            "storage_accounts": machines // _PER_NETWORK,
        }
        begin = time.perf_counter()
        loaded = client.control("seed", {"synthetic": wanted, "subscription": _SUBSCRIPTION})["loaded"]
        seconds = time.perf_counter() - begin
        if loaded["deployment"] != machines // _PER_SERVICE:
            raise RuntimeError(loaded)
        return seconds

    return _curve(python, SEEDED, once)


def preparing(python: str) -> dict[str, Any]:
    """Seconds from sending prepare of one network until its one operation has succeeded, by its machines."""

    def once(client: Client, machines: int) -> float:
        wanted = {"vnets": 1, "services_per_vnet": machines // _PER_SERVICE, "vms_per_service": _PER_SERVICE}
        client.control("seed", {"synthetic": wanted, "subscription": _SUBSCRIPTION})
        # Quotas are another matter, and so is what the platform is short of.
        begin = time.perf_counter()
        path = f"/{_SUBSCRIPTION}/services/networking/virtualnetwork/syn0-vnet-0000/migration?comp=prepare"
        _, operation = client.classic("POST", path)
        content, _ = client.classic("GET", f"/{_SUBSCRIPTION}/operations/{operation}")
        seconds = time.perf_counter() - begin
        if b"<Status>Succeeded</Status>" not in content:
            raise RuntimeError(content)
        return seconds

    return _curve(python, PREPARED, once)


def exponent(points: Iterable[tuple[float, float]]) -> float:
    """The slope of time over size on paper with two logarithmic scales."""
    logarithms = [(math.log(size), math.log(seconds)) for size, seconds in points]
    return statistics.linear_regression(*zip(*logarithms, strict=True)).slope


def _curve(python: str, sizes: Sequence[int], once: Callable[[Client, int], float]) -> dict[str, Any]:
    times: dict[int, list[float]] = {size: [] for size in sizes}
    with emulator(python) as client:
        once(client, sizes[0])  # the first time pays for imports and caches
        for _ in range(_REPEATS):
            for size in sizes:
                times[size].append(once(client, size))
    # The best of each: what else the machine does only ever adds.
    points = [{"machines": size, "seconds": round(min(found), 4)} for size, found in times.items()]
    return {
        "points": points,
        "all": {str(size): [round(each, 4) for each in found] for size, found in times.items()},
        "exponent": round(exponent((point["machines"], point["seconds"]) for point in points), 3),
    }
