"""`python -m tests.fuzz [--inputs N] [--seed S] [--target NAME]… [--replay FILE]`: a million inputs, and what came of them.

Progress is on stderr, a line for each failure on stdout; each is kept in a file that `--replay` plays again. Exit 1 if
there was any.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from tests.fuzz.running import BY_NAME, Failure, fuzz, played
from tests.fuzz.targets import TARGETS

_EVERY = 10.0  # seconds between two lines of progress


def main() -> int:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--inputs", type=int, default=1_000_000, help="of all targets together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", action="append", choices=sorted(BY_NAME), help="only this one; repeatable")
    parser.add_argument("--failures", type=Path, default=Path(".fuzz"), help="folder for what was found")
    parser.add_argument("--replay", type=Path, help="a file of a failure")
    asked = parser.parse_args()
    if asked.replay:
        error = played(Failure(**json.loads(asked.replay.read_text(encoding="utf-8"))))
        sys.stdout.write(f"{type(error).__name__}: {error}\n" if error else "It is mended.\n")
        return 1 if error else 0
    targets = [target for target in TARGETS if not asked.target or target.name in asked.target]
    whole = sum(target.weight for target in targets)
    shares = {target.name: max(1, asked.inputs * target.weight // whole) for target in targets}
    failures: list[Failure] = []
    started, told, done = time.monotonic(), time.monotonic(), 0

    def found(failure: Failure) -> None:
        failures.append(failure)
        sys.stdout.write(f"{failure.target}: {failure.place}: {failure.write(asked.failures)}\n")
        sys.stdout.flush()

    for target in targets:

        def progress(more: int, name: str = target.name) -> None:
            nonlocal told, done
            done += more
            if time.monotonic() - told > _EVERY:
                told = time.monotonic()
                rate = done / (told - started)
                sys.stderr.write(f"· {done} of {sum(shares.values())} inputs, at {name}; {rate:.0f}/s\n")

        fuzz(target, asked.seed, shares[target.name], found, progress)
    seconds = time.monotonic() - started
    sys.stdout.write(
        f"{done} inputs of {len(targets)} targets in {seconds:.0f} s, seed {asked.seed}: {len(failures)} failures\n"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
