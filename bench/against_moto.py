"""Reads of the emulator against the same reads of moto, both holding as many objects."""

import statistics
import time
from collections.abc import Callable
from typing import Any

from bench.servers import Client, emulator, moto

OBJECTS = 1000
PAGE = 100
TARGET = 3.0
_SERVICES = 100
_SUBSCRIPTIONS = ("aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002")
_NAMESPACE = "Microsoft.Compute/virtualMachines"


def run(python: str, seconds: float) -> dict[str, Any]:
    """Requests a second and latency of each read, and the ratios to moto's."""
    with emulator(python) as ours, moto() as theirs:
        classic, manager = _SUBSCRIPTIONS
        networks = OBJECTS // _SERVICES
        for subscription in _SUBSCRIPTIONS:
            wanted = {"vnets": networks, "services_per_vnet": _SERVICES, "storage_accounts": 1}
            ours.control("seed", {"synthetic": wanted, "subscription": subscription})
        for index in range(networks):
            _migrate(ours, manager, f"syn0-vnet-{index:04}")
        machine = _machine(ours, manager)
        # moto pages by reservation, so each machine is one of its own.
        for _ in range(OBJECTS):
            theirs.ec2("Action=RunInstances&Version=2016-11-15&ImageId=ami-12c6146b&MinCount=1&MaxCount=1")
        instance = theirs.ec2(_describe("&MaxResults=5")).partition(b"<instanceId>")[2].partition(b"<")[0].decode()
        service = "syn0-vnet-0004-svc-050"
        reads: dict[str, Callable[[], bytes]] = {
            "ASM list of all": lambda: ours.classic("GET", f"/{classic}/services/hostedservices")[0],
            "ASM get": lambda: ours.classic(
                "GET", f"/{classic}/services/hostedservices/{service}/deployments/{service}"
            )[0],
            "ARM list of a page": lambda: _manager(ours, f"/subscriptions/{manager}/providers/{_NAMESPACE}"),
            "ARM get": lambda: _manager(ours, machine),
            "moto list of all": lambda: theirs.ec2(_describe(f"&MaxResults={OBJECTS}")),
            "moto list of a page": lambda: theirs.ec2(_describe(f"&MaxResults={PAGE}")),
            "moto get": lambda: theirs.ec2(_describe(f"&InstanceId.1={instance}")),
        }
        # In turns, so that a change in the machine's mood meets all of them.
        found: dict[str, list[float]] = {name: [] for name in reads}
        sizes: dict[str, int] = {}
        for _ in range(3):
            for name, read in reads.items():
                sizes[name] = len(read())
                found[name] += _measured(read, seconds / 3)
    figures = {name: _figures(times) | {"bytes": sizes[name]} for name, times in found.items()}
    ratios = {
        ours: round(figures[ours]["requests_per_second"] / figures[theirs]["requests_per_second"], 2)
        for ours, theirs in (
            ("ASM list of all", "moto list of all"),
            ("ASM get", "moto get"),
            ("ARM list of a page", "moto list of a page"),
            ("ARM get", "moto get"),
        )
    }
    return {"objects": OBJECTS, "page": PAGE, "target": TARGET, "figures": figures, "ratios": ratios}


def _migrate(client: Client, subscription: str, network: str) -> None:
    for verb in ("prepare", "commit"):
        path = f"/{subscription}/services/networking/virtualnetwork/{network}/migration?comp={verb}"
        _, operation = client.classic("POST", path)
        content, _ = client.classic("GET", f"/{subscription}/operations/{operation}")
        if b"<Status>Succeeded</Status>" not in content:
            raise RuntimeError(content)


def _machine(client: Client, subscription: str) -> str:
    page = _manager(client, f"/subscriptions/{subscription}/providers/{_NAMESPACE}").decode()
    if page.count(f'"type":"{_NAMESPACE}"') != PAGE:
        message = f"a page has {page.count(_NAMESPACE)} machines"
        raise RuntimeError(message)
    return page.partition('"id":"')[2].partition('"')[0]


def _manager(client: Client, path: str) -> bytes:
    return client.send("GET", f"{path}?api-version=2024-07-01", None, {})[0]


def _describe(further: str) -> str:
    return f"Action=DescribeInstances&Version=2016-11-15{further}"


def _measured(read: Callable[[], bytes], seconds: float) -> list[float]:
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:  # noqa: PLR2004 -- slow ones are measured too
        begin = time.perf_counter()
        read()
        times.append(time.perf_counter() - begin)
    return times


def _figures(times: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return {
        "requests": len(times),
        "requests_per_second": round(len(times) / sum(times), 1),
        "p50_ms": round(cuts[49] * 1000, 3),
        "p99_ms": round(cuts[98] * 1000, 3),
    }
