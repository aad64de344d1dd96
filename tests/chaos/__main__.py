"""Chaos: `make chaos` plays SEEDS seeds over waves of forty units; CHAOS_SEED=17 plays that one again.

A line of JSON per seed is added to CHAOS_RESULTS; seeds that are there already are not played again. Exit 0 if no
seed has found a problem. PROFILE=scale plays on PostgreSQL and two workers; WORLDS=2 plays two seeds at one time.
"""

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any, cast

from tests.chaos.play import LONG, play
from tests.chaos.world import Profile, new_home, world

_SHARE = "CHAOS_SHARE"  # which seeds are those of one of several processes: what is left when divided by WORLDS


def main() -> None:
    signal.signal(signal.SIGTERM, _end)
    profile = cast("Profile", os.environ.get("PROFILE") or "local")
    kept = Path(os.environ.get("CHAOS_RESULTS") or ".asmosis/chaos.jsonl")
    kept.parent.mkdir(parents=True, exist_ok=True)
    one = os.environ.get("CHAOS_SEED")
    wanted = [int(one)] if one else list(range(1, int(os.environ.get("SEEDS", "100")) + 1))
    done = {} if one else _read(kept, profile)
    worlds = 1 if one else int(os.environ.get("WORLDS", "1"))
    if worlds > 1 and _SHARE not in os.environ:
        _play_side_by_side(worlds)
    else:
        share = int(os.environ.get(_SHARE, "0"))
        _play([seed for seed in wanted if seed not in done and seed % worlds == share], profile, kept)
    done = _read(kept, profile)
    sys.exit(_summary([done[seed] for seed in wanted if seed in done], len(wanted)))


def _end(*_: object) -> None:
    # Whoever ends it does not want to find a stack that goes on; being told twice must not end the clearing up.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


def _play(seeds: list[int], profile: Profile, kept: Path) -> None:
    """Play seeds one after the other in one world, and keep what came of each."""
    if not seeds:
        return
    home = new_home()
    _say(f"{len(seeds)} seeds on profile {profile}; everything is in {home}, results in {kept}")
    with world(home, profile) as there:
        for seed in seeds:
            began = time.monotonic()
            _say_of(seed, "begins")
            result = play(there, seed, LONG, partial(_say_of, seed))
            with kept.open("a") as file:
                file.write(json.dumps(result.line) + "\n")
            _say_of(seed, f"{_words(result.line)} ({time.monotonic() - began:.0f} s)")
            for problem in result.problems:
                _say_of(seed, f"PROBLEM {problem}")


def _play_side_by_side(worlds: int) -> None:
    """Have this program play in as many worlds, each in a process of its own with its share of the seeds."""
    players = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.chaos"], env={**os.environ, _SHARE: str(share)}, stdout=subprocess.DEVNULL
        )
        for share in range(worlds)
    ]
    try:
        for player in players:
            player.wait()
    except SystemExit:  # Ctrl-C they hear themselves
        for player in players:
            player.terminate()
        raise
    finally:
        for player in players:
            player.wait()


def _read(kept: Path, profile: Profile) -> dict[int, dict[str, Any]]:
    """What came of each seed when it was played last."""
    lines = kept.read_text().splitlines() if kept.exists() else []
    return {each["seed"]: each for each in map(json.loads, lines) if each["profile"] == profile}


def _summary(results: list[dict[str, Any]], wanted: int) -> int:
    bad = [each for each in results if each["problems"]]
    units, blows = (
        sum(count) for count in ([each["units"] for each in results], [len(each["blows"]) for each in results])
    )
    slowest = max((each["recovered"] for each in results), default=0.0)
    sys.stdout.write(
        f"{len(results)} of {wanted} seeds, {units} units, {blows} blows: {len(bad)} seeds with problems; "
        f"everything had recovered {slowest:.0f} s after the last blow at the latest\n"
    )
    for each in bad:
        sys.stdout.write(f"seed {each['seed']} ({', '.join(each['blows'])}):\n")
        sys.stdout.writelines(f"  {problem}\n" for problem in each["problems"])
    return 1 if bad or len(results) < wanted else 0


def _words(line: dict[str, Any]) -> str:
    ends = ", ".join(f"{count} {state}" for state, count in line["ends"].items())
    return f"{ends}; {line['steps']} steps in {line['seconds']:.0f} s, recovered after {line['recovered']:.0f} s"


def _say_of(seed: int, words: str) -> None:
    _say(f"seed {seed}: {words}")


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
