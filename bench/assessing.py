"""Reading and judging archived estates against only parsing the same files with lxml, and how both grow.

`python -m bench.assessing assess|parse FOLDER` is one measurement in a process of its own; it prints JSON.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench import archives
from bench.growth import exponent
from bench.servers import ROOT

MACHINES = (1000, 10_000, 100_000)
TARGET = 2.0
_REPEATS = {1000: 5, 10_000: 5, 100_000: 7}
_PROFILE = "platform-2023"


def run(python: str) -> dict[str, Any]:
    """Seconds and memory by size, and how often the time for parsing goes into the time for judging."""
    points = []
    for machines in MACHINES:
        with tempfile.TemporaryDirectory() as name:
            size = archives.write(Path(name), machines)
            # In turns, so that a change in the machine's mood meets both: it moves lxml alone by a fifth.
            found = [
                (_measured(python, "parse", name), _measured(python, "assess", name)) for _ in range(_REPEATS[machines])
            ]
        ratios = [round(ours["seconds"] / theirs["seconds"], 2) for theirs, ours in found]
        last = found[-1][1]
        points.append(
            {
                "machines": machines,
                "bytes": size,
                "lxml_seconds": round(median(each["seconds"] for each, _ in found), 3),
                "seconds": round(median(each["seconds"] for _, each in found), 3),
                "ratio": median(ratios),
                "lxml_cpu_seconds": round(min(each["cpu_seconds"] for each, _ in found), 3),
                "cpu_seconds": round(min(each["cpu_seconds"] for _, each in found), 3),
                "ratios": ratios,
                "peak_mb": last["peak_mb"],
                "peak_mb_of_a_worker": last["peak_mb_of_a_worker"],
                "findings": last["findings"],
            }
        )
    return {
        "target": TARGET,
        "points": points,
        "ratio": points[-1]["ratio"],
        "exponent": _exponent(points, "seconds"),
        "memory_exponent": _exponent(points[1:], "peak_mb"),
    }


def _exponent(points: list[dict[str, Any]], what: str) -> float:
    return round(exponent((point["machines"], point[what]) for point in points), 3)


def _measured(python: str, what: str, folder: str) -> dict[str, Any]:
    command = [python, "-m", "bench.assessing", what, folder]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _main(what: str, folder: str) -> None:
    """Measure one of them; what is imported is not part of the work."""
    work = {"parse": _parsing, "assess": _assessing}[what]()
    begin, before = time.perf_counter(), time.process_time()
    found = work(sorted(Path(folder).iterdir()))
    seconds = time.perf_counter() - begin
    mine, workers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    told = {
        "seconds": seconds,
        "cpu_seconds": mine.ru_utime + mine.ru_stime - before + workers.ru_utime + workers.ru_stime,
        "peak_mb": mine.ru_maxrss // 1024,
        "peak_mb_of_a_worker": workers.ru_maxrss // 1024,
        "findings": found,
    }
    sys.stdout.write(json.dumps(told) + "\n")


def _parsing() -> Callable[[list[Path]], int]:
    from lxml import etree  # noqa: PLC0415 -- only the interpreter under measurement has it

    def work(paths: list[Path]) -> int:
        for path in paths:
            etree.fromstring(path.read_bytes())
        return 0

    return work


def _assessing() -> Callable[[list[Path]], int]:
    from asmosis import collector  # noqa: PLC0415 -- only the interpreter under measurement has it
    from asmosis.classic.batches import read_documents  # noqa: PLC0415 -- likewise
    from asmosis.classic.documents import Document  # noqa: PLC0415 -- likewise
    from asmosis.classic.estate import Estate  # noqa: PLC0415 -- likewise
    from asmosis.readiness import assess, remarks_by  # noqa: PLC0415 -- likewise

    def readable(paths: list[Path]) -> Iterator[Document]:
        for document in read_documents(paths):
            if not isinstance(document, Document):
                raise document
            yield document

    kept: list[Estate] = []  # until the time is taken, as for what comes after judging

    def work(paths: list[Path]) -> int:
        with collector.paused():
            remarks = remarks_by(_PROFILE)
            documents = remarks.heard(readable(paths))
            kept.append(Estate.of_documents("bbbbbbbb-0000-4000-8000-000000000001", documents))
            return len(assess(kept[0], _PROFILE, remarks=remarks))

    return work


if __name__ == "__main__":
    _main(*sys.argv[1:])
