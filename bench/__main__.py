"""`python -m bench` measures emulator and assess, writes bench/results and ends with 1 when one is too slow."""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import against_moto, assessing, checking, growth, machine, plot, probing, scaling, waving

RESULTS = Path(__file__).resolve().parent / "results"
_LINEAR = 1.25
_WAVES = ("waving", "waving_scale")
_UNITS = {"short": (30, 60), "long": (100, 300)}  # of a wave on SQLite, and on PostgreSQL
_GROWING = {"short": (20, 60), "long": (100, 300, 1000)}
_STOCK = 50


def main() -> int:
    """Run every measurement, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="interpreter that the emulator runs in")
    parser.add_argument("--seconds", type=float, default=9, help="how long each read is repeated")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for figures and plot")
    parser.add_argument("--waves", choices=_UNITS, default="short", help="how many units go in a wave; long: minutes")
    parser.add_argument(
        "--only", nargs="+", default=[], help="measure these; the others are as they were last measured"
    )
    asked = parser.parse_args()
    units, units_scale = _UNITS[asked.waves]
    asked.results.mkdir(parents=True, exist_ok=True)
    about = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine.description()}
    measurements: dict[str, Callable[[], dict[str, Any]]] = {
        "against_moto": lambda: against_moto.run(asked.python, asked.seconds),
        "preparing": lambda: growth.preparing(asked.python),
        "seeding": lambda: growth.seeding(asked.python),
        "assessing": lambda: assessing.run(asked.python),
        "checking": lambda: checking.run(asked.python),
        "probing": lambda: probing.run(asked.python),
        "waving": lambda: waving.run(asked.python, units, "local"),
        "waving_scale": lambda: waving.run(asked.python, units_scale, "scale"),
        "scaling": lambda: scaling.run(asked.python, _GROWING[asked.waves], _STOCK),
    }
    results: dict[str, Any] = dict(about)
    if strangers := set(asked.only) - set(measurements):
        parser.error(f"--only: there is no {', '.join(strangers)}; there are {', '.join(measurements)}")
    for name, measure in measurements.items():
        file = asked.results / f"{name}.json"
        if asked.only and name not in asked.only:
            results[name] = json.loads(file.read_text())
            continue
        sys.stderr.write(f"· {name}\n")
        results[name] = measure()
        file.write_text(json.dumps({**about, **results[name]}, indent=2) + "\n")
    plot.draw(results, asked.results / "bench.png")
    missed = _missed(results)
    sys.stdout.write("\n".join([*_told(results), *missed]) + "\n")
    return 1 if missed else 0


def _told(results: dict[str, Any]) -> list[str]:
    found = results["against_moto"]
    lines = [
        f"{name:22} {each['requests_per_second']:>9} requests/s   p50 {each['p50_ms']} ms   p99 {each['p99_ms']} ms"
        for name, each in found["figures"].items()
    ]
    lines += [f"{name:22} {ratio:>9} times moto's" for name, ratio in found["ratios"].items()]
    for name in ("seeding", "preparing"):
        points = ", ".join(f"{each['machines']}: {each['seconds']} s" for each in results[name]["points"])
        lines.append(f"{name:22} {points}; exponent {results[name]['exponent']}")
    for each in results["assessing"]["points"]:
        what, figures = f"assess {each['machines']}", f"{each['seconds']} s, lxml parses in {each['lxml_seconds']} s"
        lines.append(f"{what:22} {figures}, {each['ratio']} times; {each['peak_mb']} MB")
    for each in results["checking"]["points"]:
        what, reads = f"check {each['machines']}", f"{each['reads']} reads and {each['further_pages']} further pages"
        lines.append(f"{what:22} {reads}; then {each['seconds']} s, {each['ratio']} times writing both sides as JSON")
    for name, each in results["probing"]["figures"].items():
        what, per_attempt = f"probe 1000, {name}", f"{each['microseconds_per_attempt']} µs per attempt"
        lines.append(f"{what:22} {per_attempt}, {each['processor']:.0%} of a processor, {each['failed']} failed")
    lines += [f"{name:22} {waving.told(results[name])}" for name in _WAVES]
    return [*lines, *scaling.told(results["scaling"])]


def _missed(results: dict[str, Any]) -> list[str]:
    slow = {name: ratio for name, ratio in results["against_moto"]["ratios"].items() if ratio < against_moto.TARGET}
    judging = results["assessing"]
    exponents = {name: results[name]["exponent"] for name in ("seeding", "preparing", "assessing", "checking")}
    steep = {
        name: found
        for name, found in {**exponents, "memory of assessing": judging["memory_exponent"]}.items()
        if found > _LINEAR
    }
    return [
        *(f"missed: {name} is {ratio} times moto's, not {against_moto.TARGET:g}" for name, ratio in slow.items()),
        *(f"missed: {name} grows with exponent {found}, more than {_LINEAR}" for name, found in steep.items()),
        *checking.missed(results["checking"]),
        *(line for name in _WAVES for line in waving.missed(results[name])),
        *scaling.missed(results["scaling"]),
        *(
            [f"missed: assess takes {judging['ratio']} times as long as lxml, not {assessing.TARGET:g}"]
            if judging["ratio"] > assessing.TARGET
            else []
        ),
        *(
            [f"missed: an attempt of the probe costs {results['probing']['ratio']} times what asyncio's own does"]
            if results["probing"]["ratio"] > probing.TARGET
            else []
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
