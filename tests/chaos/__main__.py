"""Chaos: `make chaos` plays SEEDS seeds over waves of forty units; CHAOS_SEED=17 plays that one again.

A line of JSON per seed is added to CHAOS_RESULTS; seeds that are there already are not played again. Exit 0 if no
seed has found a problem. PROFILE=scale plays on PostgreSQL and two workers.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, cast

from tests.chaos.play import LONG, play
from tests.chaos.world import Profile, new_home, world


def main() -> None:
    # Whoever ends it does not want to find a stack that goes on.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    profile = cast("Profile", os.environ.get("PROFILE") or "local")
    kept = Path(os.environ.get("CHAOS_RESULTS") or ".asmosis/chaos.jsonl")
    kept.parent.mkdir(parents=True, exist_ok=True)
    done = {each["seed"]: each for each in _read(kept) if each["profile"] == profile}
    one = os.environ.get("CHAOS_SEED")
    wanted = [int(one)] if one else [s for s in range(1, int(os.environ.get("SEEDS", "100")) + 1) if s not in done]
    if wanted:
        home = new_home()
        _say(f"{len(wanted)} seeds on profile {profile}; everything is in {home}, results in {kept}")
        with world(home, profile) as there:
            for seed in wanted:
                began = time.monotonic()
                _say(f"seed {seed}")
                result = play(there, seed, LONG, lambda words: _say(f"  {words}"))
                done[seed] = result.line
                with kept.open("a") as file:
                    file.write(json.dumps(result.line) + "\n")
                _say(f"  {_words(result.line)} ({time.monotonic() - began:.0f} s)")
                for problem in result.problems:
                    _say(f"  PROBLEM {problem}")
    sys.exit(_summary([done[int(one)]] if one else [done[seed] for seed in sorted(done)]))


def _read(kept: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []


def _summary(results: list[dict[str, Any]]) -> int:
    bad = [each for each in results if each["problems"]]
    units, blows = (
        sum(count) for count in ([each["units"] for each in results], [len(each["blows"]) for each in results])
    )
    slowest = max((each["recovered"] for each in results), default=0.0)
    sys.stdout.write(
        f"{len(results)} seeds, {units} units, {blows} blows: {len(bad)} seeds with problems; "
        f"everything had recovered {slowest:.0f} s after the last blow at the latest\n"
    )
    for each in bad:
        sys.stdout.write(f"seed {each['seed']} ({', '.join(each['blows'])}):\n")
        sys.stdout.writelines(f"  {problem}\n" for problem in each["problems"])
    return 1 if bad else 0


def _words(line: dict[str, Any]) -> str:
    ends = ", ".join(f"{count} {state}" for state, count in line["ends"].items())
    return f"{ends}; {line['steps']} steps in {line['seconds']:.0f} s, recovered after {line['recovered']:.0f} s"


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
