"""A TCP connection between two parts that can be cut or go silent."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Any, Literal

_CHUNK = 65536


class Wire:
    """Listens on a port of its own and passes everything on to another one of this machine, until it is disturbed.

    `cut` resets what is connected and whatever comes; `silent` takes connections and passes nothing on, in neither
    direction, until `heal`: what was on its way then arrives.
    """

    def __init__(self, port: int, target: int) -> None:
        self.port, self._target = port, target
        self._state: Literal["whole", "cut", "silent"] = "whole"
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._speaking = asyncio.Event()
        self._speaking.set()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"wire-{port}", daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._connected, "127.0.0.1", port))

    def cut(self) -> None:
        """Reset every connection, and each new one."""
        self._do(self._disturb("cut"))

    def silence(self) -> None:
        """Pass nothing on any more."""
        self._do(self._disturb("silent"))

    def heal(self) -> None:
        """Be a wire again."""
        self._do(self._disturb("whole"))

    def close(self) -> None:
        """Stop listening and let go of everything."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _disturb(self, state: Literal["whole", "cut", "silent"]) -> None:
        self._state = state
        if state == "silent":
            self._speaking.clear()
        else:
            self._speaking.set()
        if state == "cut":
            self._reset()

    async def _end(self) -> None:
        self._server.close()
        self._speaking.set()
        self._reset()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _reset(self) -> None:
        for writer in tuple(self._open):
            _reset(writer)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._state == "cut":
            _reset(writer)
            return
        try:
            beyond, onwards = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            _reset(writer)
            return
        self._open |= {writer, onwards}
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, onwards))
                both.create_task(self._pass(beyond, writer))
        finally:
            self._open -= {writer, onwards}
            for each in (writer, onwards):
                each.transport.abort()

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(_CHUNK):
                await self._speaking.wait()
                target.write(data)
                await target.drain()
            await self._speaking.wait()
            if target.can_write_eof():
                target.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close without the farewell of TCP, as a firewall that forgets does."""
    with contextlib.suppress(OSError):  # it has just been closed
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
