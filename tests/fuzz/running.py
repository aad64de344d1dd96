"""Runs of a target: input after input from one seed, each watched, and the first failure as a file that plays it again."""

import base64
import json
import shutil
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from asmosis.errors import AsmosisError
from tests.fuzz.guard import MEMORY, Trespass, resident, timed, watched
from tests.fuzz.targets import TARGETS, Run, Target

BY_NAME = {target.name: target for target in TARGETS}
_MEMORY_DISK = Path("/dev/shm")

_warm: set[str] = set()
_BATCH = 500  # inputs between two looks at the memory


@dataclass(frozen=True)
class Failure:
    """What was found: the target, the seed, which input of it, the input itself, and what came of it."""

    target: str
    seed: int
    number: int
    content: str
    place: str
    error: str

    def write(self, folder: Path) -> Path:
        """Keep it in a file of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.target}-{self.seed}-{self.number}.json"
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        return path


def random_of(target: Target, seed: int, number: int) -> Random:
    """What an input is drawn from, whatever was drawn before."""
    return Random(f"{target.name}/{seed}/{number}")


@contextmanager
def begun(target: Target) -> Iterator[tuple[Run, Path]]:
    """The target in a folder of its own."""
    where = _MEMORY_DISK if _MEMORY_DISK.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=where))
    run = target.begin(folder)
    if target.name not in _warm:
        _warm.add(target.name)
        # What is imported when it is first needed is not what an input does.
        for content in target.corpus():
            with suppress(AsmosisError):
                run(content)
    try:
        yield run, folder
    finally:
        getattr(run, "close", lambda: None)()
        shutil.rmtree(folder, ignore_errors=True)


def tried(run: Run, folder: Path, content: bytes) -> BaseException | None:
    """What is wrong with what came of an input; an error of our own is right."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with watched(folder):
                timed(run, content)
    except AsmosisError as refusal:
        return None if "\n" not in str(refusal) else AssertionError(f"more than one line: {refusal!r}")
    except (Exception, Trespass) as error:  # noqa: BLE001 - that is what is looked for
        return error
    return None


def fuzz(
    target: Target, seed: int, inputs: int, found: Callable[[Failure], None], progress: Callable[[int], None]
) -> None:
    """Try so many inputs; `found` hears of the first failure at each place."""
    places: set[str] = set()
    before = resident()
    done = 0
    while done < inputs:
        batch = min(inputs - done, target.state if target.state > 1 else _BATCH)
        with begun(target) as (run, folder):
            for number in range(done, done + batch):
                content = target.input(random_of(target, seed, number))
                error = tried(run, folder, content)
                if error is not None and (place := place_of(error)) not in places:
                    places.add(place)
                    found(failure(target, seed, number, content, error))
        done += batch
        progress(batch)
        if resident() - before > MEMORY:
            grown = f"the process grew by {(resident() - before) // 1024} MiB up to input {done}"
            found(failure(target, seed, done - 1, b"", MemoryError(grown)))
            return


def played(kept: Failure) -> BaseException | None:
    """What comes of an input that was kept, after those that went before it in the same state."""
    target = BY_NAME[kept.target]
    first = kept.number - kept.number % target.state
    with begun(target) as (run, folder):
        for number in range(first, kept.number):
            tried(run, folder, target.input(random_of(target, kept.seed, number)))
        return tried(run, folder, base64.b64decode(kept.content))


def failure(target: Target, seed: int, number: int, content: bytes, error: BaseException) -> Failure:
    """A failure in words."""
    words = "".join(traceback.format_exception(error))[-4000:]
    return Failure(target.name, seed, number, base64.b64encode(content).decode(), place_of(error), words)


def place_of(error: BaseException) -> str:
    """Kind and line of the innermost code of ours."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "site-packages" not in each.filename]
    last = frames[-1] if frames else None
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}" if last else type(error).__name__
