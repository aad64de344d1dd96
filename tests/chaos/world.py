"""A running copy of everything whose parts can be killed, frozen, cut off from each other, and told another time."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import psutil
import requests

from deployments import access, local
from tests.chaos.wires import Wire
from tests.conftest import free_port
from tests.stage import answered

Profile = Literal["local", "scale"]
GONE = 10.0  # seconds in which a killed process has to be gone
_PLANES = (
    "from blocks.azure import ControlPlanes as C; C(asm_url={0!r}, arm_url={0!r}).save('emulator', overwrite=True)"
)
_KINDS = ("worker", "server", "emulator", "postgres", "redis")
"""What is told another time, each by a word of its command line."""


@dataclass(frozen=True)
class World:
    """Server, platform (the emulator), workers and what keeps them; `place` is where whoever disturbs finds them.

    Workers reach the server by the wire `to_server` and the platform by `to_platform`. `clocks` is the
    folder that all parts take their time from; None without a C compiler.
    """

    place: local.Place
    to_server: Wire
    to_platform: Wire
    clocks: Path | None

    @property
    def parts(self) -> tuple[str, ...]:
        """Everything that is kept running."""
        return tuple(service.name for service in local.services(self.place))

    @property
    def workers(self) -> tuple[str, ...]:
        return tuple(part for part in self.parts if part.startswith("worker"))

    def signal(self, part: str, number: signal.Signals) -> None:
        """Send a signal to a part and what belongs to it, if it is there."""
        with suppress(psutil.NoSuchProcess):
            process = self.process(part)
            family = [process, *process.children(recursive=True)] if part != "keeper" else [process]
            for each in family:
                with suppress(psutil.NoSuchProcess):
                    each.send_signal(number)
            if number == signal.SIGKILL:
                psutil.wait_procs(family, timeout=GONE)

    def process(self, part: str) -> psutil.Process:
        """The process of a part.

        Raises:
            psutil.NoSuchProcess: it is not there now.
        """
        try:
            identity = json.loads((self.place.home / f"{part}.pid").read_text())
        except (ValueError, FileNotFoundError):  # it is being written, or never was
            raise psutil.NoSuchProcess(0) from None
        process = psutil.Process(identity["pid"])
        if process.create_time() != identity["started"] or process.status() == psutil.STATUS_ZOMBIE:
            raise psutil.NoSuchProcess(identity["pid"])
        return process

    def alive(self) -> dict[str, bool]:
        """Which parts have a process."""
        found = {}
        for part in (*self.parts, "keeper"):
            try:
                found[part] = self.process(part).status() != psutil.STATUS_STOPPED
            except psutil.NoSuchProcess:
                found[part] = False
        return found

    def turn(self, seconds: int, *kinds: str) -> None:
        """Set the clocks of some kinds of parts, or of all, so far off the right time."""
        if self.clocks is None:
            return
        for kind in kinds or _KINDS:
            # Mapped by the processes: written in place.
            with (self.clocks / kind).open("r+b") as file:
                file.write(_seconds(seconds))

    def fill(self) -> None:
        """Leave no byte free on the disk that everything is kept on; to be done to a small one."""
        with self._ballast.open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(65536))

    @property
    def _ballast(self) -> Path:
        return self.place.home / "ballast"

    def heal(self) -> None:
        """End every disturbance; what was killed is started again by the keeper."""
        self._ballast.unlink(missing_ok=True)
        for wire in (self.to_server, self.to_platform):
            wire.heal()
        for part in (*self.parts, "keeper"):
            self.signal(part, signal.SIGCONT)
        self.turn(0)

    def wait_until_whole(self, patience: float = 120.0) -> None:
        """Return when all parts run and server and platform answer."""
        deadline = time.monotonic() + patience
        while not all(self.alive().values()):
            if time.monotonic() > deadline:
                raise RuntimeError(f"not all parts run again: {self.alive()}")
            time.sleep(0.3)
        for url in (f"{self.place.api_url}/health", f"{self.place.emulator_url}/_control/seed"):
            answered(partial(_answers, url), patience)


@contextmanager
def world(home: Path, profile: Profile = "local") -> Iterator[World]:
    """A world of its own at `home`, for as long as it is needed; costs about half a minute."""
    home.chmod(0o755)  # PostgreSQL is somebody else
    inner, outer = free_port(), free_port()
    seen_by_parts = local.Place(
        home,
        home / "prefect",
        f"http://127.0.0.1:{outer}/api",
        free_port(),
        "contoso",
        profile,
        postgres_port=free_port(),
        redis_port=free_port(),
        workers=2 if profile == "scale" else 1,
        server_port=inner,
        login=access.login_of({}, home, profile),
    )
    with ExitStack() as stack:
        to_server, to_platform = Wire(outer, inner), Wire(free_port(), seen_by_parts.emulator_port)
        stack.callback(to_platform.close)
        stack.callback(to_server.close)
        clocks = stack.enter_context(_clocks(home))
        there = World(replace(seen_by_parts, api_url=f"http://127.0.0.1:{inner}/api"), to_server, to_platform, clocks)
        stack.callback(local.down, seen_by_parts)
        stack.callback(there.heal)
        local.up(seen_by_parts)
        planes = _PLANES.format(f"http://127.0.0.1:{to_platform.port}")
        command = [sys.executable, "-c", planes]
        subprocess.run(command, env=seen_by_parts.environment(), cwd=local.ROOT, check=True)
        yield there


def _answers(url: str) -> None:
    requests.get(url, timeout=5).raise_for_status()


def new_home() -> Path:
    """A new folder for everything; in CHAOS_HOME, if that is set."""
    return Path(tempfile.mkdtemp(prefix="asmosis-chaos-", dir=os.environ.get("CHAOS_HOME")))


@contextmanager
def _clocks(home: Path) -> Iterator[Path | None]:
    """Have what is started from now on take its time from files, where a compiler is there."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        yield None
        return
    folder, library = home / "clocks", home / "clock.so"
    folder.mkdir()
    for kind in _KINDS:
        (folder / kind).write_bytes(_seconds(0))
    source = str(Path(__file__).with_name("clock.c"))
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", str(library), source, "-ldl"], check=True)
    wanted = {"LD_PRELOAD": str(library), "CLOCKS": str(folder)}
    os.environ |= wanted
    try:
        yield folder
    finally:
        for name in wanted:
            del os.environ[name]


def _seconds(offset: int) -> bytes:
    return offset.to_bytes(8, sys.byteorder, signed=True)
