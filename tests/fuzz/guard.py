"""What an input may not do, whatever it is: start anything, speak to anybody, write outside its folder, take for ever."""

import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SECONDS = 5.0  # of the processor's time; a hundred times what the slowest honest input takes
MEMORY = 512 * 1024  # KiB that the process may grow by, over all inputs

_STARTS = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.forkpty",
    "subprocess.Popen",
    "pty.spawn",
)
_SPEAKS = ("socket.connect", "socket.getaddrinfo", "socket.bind", "urllib.Request", "ftplib.connect", "smtplib.connect")
_CHANGES = ("os.remove", "os.rename", "os.rmdir", "os.chmod", "os.chown", "os.link", "os.symlink", "shutil.rmtree")
_RUNS = ("pickle.find_class", "ctypes.dlopen")
_FORBIDDEN = frozenset((*_STARTS, *_SPEAKS, *_RUNS))
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Trespass(BaseException):
    """An input did what none may."""


class _Watch:
    """Looks at what the interpreter is about to do while an input is read; Python knows no way to take it off again."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        sys.addaudithook(self._seen)

    def _seen(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.folder is None:
            return
        writes = event in _CHANGES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING)
        if event in _FORBIDDEN or (writes and not str(arguments[0]).startswith(str(self.folder))):
            folder, self.folder = self.folder, None
            raise Trespass(f"{event} {arguments!r} outside {folder}"[:300])


_watches: list[_Watch] = []


@contextmanager
def watched(folder: Path) -> Iterator[None]:
    """Whatever is done in here is done in the folder, or not at all."""
    if not _watches:
        _watches.append(_Watch())
    _watches[0].folder = folder
    try:
        yield
    finally:
        _watches[0].folder = None


def timed(run: Callable[[bytes], object], content: bytes) -> None:
    """Run, and complain when it took too long.

    Raises:
        Trespass: it did.
    """
    started = time.process_time()
    run(content)
    taken = time.process_time() - started
    if taken > SECONDS:
        raise Trespass(f"{taken:.1f} s for {len(content)} bytes")


def resident() -> int:
    """The most memory that this process has had so far, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
