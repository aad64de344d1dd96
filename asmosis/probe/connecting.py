"""One TCP connection attempt: the handshake and nothing else; no byte is ever sent to the guest.

It ends with an ordinary close, as the health probes of Azure's own load balancers do (documented by Microsoft).
"""

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from typing import Final

Done = Callable[[str | None, float], None]
"""Told once how an attempt ended: an empty text is an answer, None is a fault of this machine; and after how long."""

_KINDS: Final = {
    0: "",
    errno.ECONNREFUSED: "refused",
    errno.ETIMEDOUT: "timeout",
    errno.EHOSTUNREACH: "unreachable",
    errno.ENETUNREACH: "unreachable",
    errno.EHOSTDOWN: "unreachable",
    errno.ECONNRESET: "reset",
    errno.ECONNABORTED: "reset",
}
# No socket, port, memory or permission left here: that says nothing about the far side.
_OWN_FAULTS: Final = frozenset(
    {
        *(errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM),
        *(errno.EADDRNOTAVAIL, errno.EADDRINUSE, errno.EAGAIN, errno.EPERM, errno.EACCES),
    }
)


class Connecting:
    """An attempt under way."""

    __slots__ = ("_began", "_done", "_loop", "_place", "_socket", "_timeout", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, place: tuple[str, int], timeout: float) -> None:
        """Nothing has left yet; `place` is an address (no name) and a port."""
        self._loop, self._place, self._timeout = loop, place, timeout
        self._began = loop.time()
        self._done: Done = _nobody
        self._timer: asyncio.TimerHandle | None = None
        self._socket: socket.socket | None = None

    def start(self, done: Done) -> None:
        """Leave; `done` may be told before this returns."""
        self._done, self._began = done, self._loop.time()
        try:
            family = socket.AF_INET6 if ":" in self._place[0] else socket.AF_INET
            self._socket = socket.socket(family, socket.SOCK_STREAM)
            self._socket.setblocking(False)
            code = self._socket.connect_ex(self._place)
        except OSError as error:
            self._end(_kind(error.errno or 0))
            return
        if code in (errno.EINPROGRESS, errno.EWOULDBLOCK):
            self._timer = self._loop.call_later(self._timeout, self._late)
            self._loop.add_writer(self._socket.fileno(), self._told)
        else:
            self._end(_kind(code))

    def give_up(self) -> None:
        """Forget it; nobody is told."""
        self._done = _nobody
        self._end(None)

    def _told(self) -> None:
        assert self._socket is not None  # noqa: S101 - only what is open is watched
        self._end(_kind(self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)))

    def _late(self) -> None:
        self._end("timeout")

    def _end(self, kind: str | None) -> None:
        seconds = self._loop.time() - self._began
        if self._timer is not None:
            self._timer.cancel()
        if self._socket is not None:
            if self._timer is not None:
                self._loop.remove_writer(self._socket.fileno())
            self._socket.close()
            self._socket = None
        self._done(kind, seconds)


def _kind(code: int) -> str | None:
    if code in _OWN_FAULTS:
        return None
    return _KINDS.get(code) if code in _KINDS else errno.errorcode.get(code, os.strerror(code))


def _nobody(_kind: str | None, _seconds: float) -> None:
    """Nobody wants to know."""
