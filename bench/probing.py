"""Probing a thousand endpoints once a second: attempts and processor time against asyncio's own connections.

`python -m bench.probing ours|asyncio|threads PORT` is one measurement in a process of its own; it prints JSON.
"""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from bench.servers import ROOT

ENDPOINTS, RATE, SECONDS = 1000, 1.0, 8.0
TARGET = 1.0
_REPEATS = 3
_TIMEOUT = 0.9
_PEERS = ("ours", "asyncio", "threads")


def run(python: str) -> dict[str, Any]:
    """Processor time per attempt of each, the best of a few; what `ours` takes of one processor."""
    with _somebody_who_accepts() as port:
        found: dict[str, list[dict[str, Any]]] = {peer: [] for peer in _PEERS}
        for _ in range(_REPEATS):
            for peer in _PEERS:
                found[peer].append(_measured(python, peer, port))
    figures = {name: min(each, key=lambda one: one["microseconds_per_attempt"]) for name, each in found.items()}
    ours, theirs = figures["ours"], figures["asyncio"]
    return {
        "target": TARGET,
        "endpoints": ENDPOINTS,
        "rate": RATE,
        "figures": figures,
        "ratio": round(ours["microseconds_per_attempt"] / theirs["microseconds_per_attempt"], 2),
    }


@contextlib.contextmanager
def _somebody_who_accepts() -> Any:
    """Yields a port that is answered at every address of 127/8."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.probing", "accept", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdout is None:
            raise RuntimeError("a pipe was asked for")
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def _measured(python: str, peer: str, port: int) -> dict[str, Any]:
    command = [python, "-m", "bench.probing", peer, str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _main(what: str, port: int) -> None:
    if what == "accept":
        _accept()
        return
    work = {"ours": _ours, "asyncio": _asyncio, "threads": _threads}[what]()
    before = time.process_time()
    attempts, failed = work(port)
    spent = time.process_time() - before
    told = {
        "attempts": attempts,
        "failed": failed,
        "microseconds_per_attempt": round(spent / attempts * 1e6, 1),
        "processor": round(spent / SECONDS, 3),
    }
    sys.stdout.write(json.dumps(told) + "\n")


def _accept() -> None:
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("0.0.0.0", 0))  # noqa: S104 -- all of 127/8 is meant
        listening.listen(4096)
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            listening.accept()[0].close()


def _hosts() -> list[str]:
    return [f"127.9.{number // 250}.{number % 250 + 1}" for number in range(ENDPOINTS)]


def _ours() -> Callable[[int], tuple[int, int]]:
    from asmosis.probe import NameRoutes, Pace, Prober, Target, Targets  # noqa: PLC0415 -- only the product's has it

    def work(port: int) -> tuple[int, int]:
        targets = Targets(tuple(Target(host, host, port) for host in _hosts()))
        with Prober("bench", targets, NameRoutes(), Pace(RATE, _TIMEOUT)) as prober:
            time.sleep(SECONDS)
        seen = prober.stop()
        return seen.attempts, sum(track.failures.total() for track in seen.tracks)

    return work


def _asyncio() -> Callable[[int], tuple[int, int]]:
    """A task per endpoint that opens a connection of asyncio's own."""

    async def one(place: int, host: str, port: int, ends: list[bool]) -> None:
        after = time.monotonic() + place / ENDPOINTS / RATE
        end = time.monotonic() + SECONDS
        while after < end:
            await asyncio.sleep(max(0.0, after - time.monotonic()))
            after += 1 / RATE
            try:
                _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), _TIMEOUT)
            except (OSError, TimeoutError):
                ends.append(False)
            else:
                writer.close()
                ends.append(True)

    async def all_of_them(port: int, ends: list[bool]) -> None:
        await asyncio.gather(*(one(place, host, port, ends) for place, host in enumerate(_hosts())))

    def work(port: int) -> tuple[int, int]:
        ends: list[bool] = []
        asyncio.run(all_of_them(port, ends))
        return len(ends), ends.count(False)

    return work


def _threads() -> Callable[[int], tuple[int, int]]:
    """A thread per endpoint with a socket."""

    def one(place: int, host: str, port: int, ends: list[bool]) -> None:
        after = time.monotonic() + place / ENDPOINTS / RATE
        end = time.monotonic() + SECONDS
        while after < end:
            time.sleep(max(0.0, after - time.monotonic()))
            after += 1 / RATE
            try:
                socket.create_connection((host, port), _TIMEOUT).close()
            except OSError:
                ends.append(False)
            else:
                ends.append(True)

    def work(port: int) -> tuple[int, int]:
        ends: list[bool] = []
        threads = [threading.Thread(target=one, args=(place, host, port, ends)) for place, host in enumerate(_hosts())]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(ends), ends.count(False)

    return work


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
