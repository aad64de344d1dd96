"""Far sides to connect to: all of them real sockets."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Self

import pytest

_ACCEPTOR = """
import socket
far = socket.socket()
far.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
far.bind(("0.0.0.0", 0))
far.listen(4096)
print(far.getsockname()[1], flush=True)
while True:
    far.accept()[0].close()
"""


@pytest.fixture(scope="session")
def everywhere() -> Iterator[int]:
    """A port that is answered, by another process, at every address of 127/8."""
    with subprocess.Popen([sys.executable, "-c", _ACCEPTOR], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


@dataclass
class Guest:
    """Somebody who listens, may stop and come back, and keeps what callers sent."""

    port: int = 0
    heard: list[bytes] = field(default_factory=list)
    callers: int = 0
    came: float = 0.0
    went: float = 0.0

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self) -> None:
        self._listening = socket.socket()
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listening.bind(("127.0.0.1", self.port))
        self._listening.listen(64)
        self.came = time.time()
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, args=(self._listening,), daemon=True)
        self._thread.start()

    def down(self) -> None:
        # Closing alone does not wake whoever waits in accept.
        self._listening.shutdown(socket.SHUT_RDWR)
        self.went = time.time()
        self._listening.close()
        self._thread.join(5)

    def met(self, callers: int) -> None:
        """Wait until so many have been heard out; a caller is connected before anybody has taken the call."""
        deadline = time.monotonic() + 10
        while len(self.heard) < callers and time.monotonic() < deadline:
            time.sleep(0.01)

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                caller, _ = listening.accept()
            except OSError:
                return
            with caller:
                self.callers += 1
                caller.settimeout(5)
                try:
                    self.heard.append(caller.recv(100))
                except OSError:
                    self.heard.append(b"")


@pytest.fixture
def guest() -> Iterator[Guest]:
    with Guest() as made:
        yield made


@pytest.fixture
def deaf() -> Iterator[Callable[[], int]]:
    """Ports at which connecting gets no answer: the queue of the listener is full, so packets are dropped."""
    opened: list[socket.socket] = []

    def make() -> int:
        listening = socket.socket()
        opened.append(listening)
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = int(listening.getsockname()[1])
        for _ in range(3):
            caller = socket.socket()
            opened.append(caller)
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.1", port))
        return port

    yield make
    for each in opened:
        each.close()
