"""A few of the inputs of `make fuzz`, other ones each time; and that what it looks for would be found."""

import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asmosis.errors import UsageError
from tests.fuzz import running
from tests.fuzz.guard import Trespass
from tests.fuzz.targets import TARGETS, Run, Target

FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_whatever_comes_in_is_read_or_refused_in_words_of_ours(target: Target) -> None:
    with running.begun(target) as (run, folder):

        @FEW
        @given(st.randoms(use_true_random=False))
        def look(random: Random) -> None:
            error = running.tried(run, folder, target.input(random))
            if error is not None:
                raise error

        look()


def refusing(content: bytes) -> None:
    raise UsageError("f", f"{len(content)} bytes", "Write others.")


def muddled(content: bytes) -> None:
    raise UsageError("f", "a\nb", content.decode())


def starting(_: bytes) -> None:
    subprocess.run([sys.executable, "-c", ""], check=True)


def speaking(_: bytes) -> None:
    with socket.socket() as speaker:
        speaker.connect(("127.0.0.1", 9))


def writing(_: bytes) -> None:
    Path("/tmp/fuzz-was-here").write_text("x")


def removing(_: bytes) -> None:
    Path("/tmp/fuzz-was-never-there").unlink()


def hiding(_: bytes) -> None:
    try:
        os.system("true")
    except Exception:  # noqa: BLE001 - what is looked for is not to be hidden so
        return


def slow(_: bytes) -> None:
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass


def wrong(content: bytes) -> int:
    return content[len(content)]


@pytest.mark.parametrize(
    ("run", "found"),
    [
        (refusing, None),
        (wrong, IndexError),
        (muddled, AssertionError),
        (starting, Trespass),
        (speaking, Trespass),
        (writing, Trespass),
        (removing, Trespass),
        (hiding, Trespass),
        (slow, Trespass),
    ],
)
def test_what_no_input_may_do_is_found(
    run: Callable[[bytes], object], found: type[BaseException] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.fuzz.guard.SECONDS", 0.01 if run is slow else 5.0)
    error = running.tried(run, tmp_path, b"x")
    assert type(error) is (found or type(None))
    assert not Path("/tmp/fuzz-was-here").exists()


def counting(_: Path) -> Run:
    """Fails for the third input that it is given, and for one that begins with a certain letter."""
    seen: list[bytes] = []

    def run(content: bytes) -> None:
        seen.append(content)
        if len(seen) % 5 == 3:
            raise KeyError("third")

    return run


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Target:
    target = Target("made", lambda: (b"one", b"two"), counting, state=5)
    monkeypatch.setitem(running.BY_NAME, "made", target)
    monkeypatch.setattr(running, "_warm", {"made"})
    return target


def found_in(target: Target, seed: int, inputs: int) -> list[running.Failure]:
    found: list[running.Failure] = []
    done: list[int] = []
    running.fuzz(target, seed, inputs, found.append, done.append)
    assert sum(done) == inputs
    return found


def test_a_failure_is_kept_once_and_played_again_with_what_went_before(made: Target, tmp_path: Path) -> None:
    [failure] = found_in(made, 7, 12)
    assert (failure.number, failure.place.partition(" ")[0]) == (2, "KeyError")
    kept = running.Failure(**json.loads(failure.write(tmp_path).read_text()))
    assert kept == failure
    assert isinstance(running.played(kept), KeyError)


def test_a_seed_tells_every_input_again_and_another_seed_tells_others(made: Target) -> None:
    told = [base64.b64decode(failure.content) for failure in (*found_in(made, 7, 12), *found_in(made, 7, 12))]
    assert told[0] == told[1] == made.input(running.random_of(made, 7, 2))
    inputs = {seed: [made.input(running.random_of(made, seed, number)) for number in range(50)] for seed in (1, 2)}
    assert inputs[1] != inputs[2]
    assert len(set(inputs[1])) > 30
