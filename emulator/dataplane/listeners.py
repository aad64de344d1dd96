"""Listening sockets on loopback, one per public address, protocol and port.

Every public address has a loopback address of its own out of 127/8 for as long as the process lives, the same one
after a restart unless another emulator has it by then. Where there is only 127.0.0.1 (macOS), or a port is not to be
had, a free port stands in and the listener says so.
"""

import asyncio
import contextlib
import errno
import hashlib
import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address

from emulator.dataplane.endpoints import Endpoint, Front

_LOCAL = "127.0.0.1"
_CLAIM_PORT = 65534  # held over UDP by whichever emulator uses a loopback address
_ATTEMPTS = 16
_BACKLOG = 512
_KINDS = {"tcp": (socket.SOCK_STREAM, socket.IPPROTO_TCP), "udp": (socket.SOCK_DGRAM, socket.IPPROTO_UDP)}
_PATIENCE = 2.0


@dataclass
class Listener:
    """One open socket; its members take turns, and may change while it stays open."""

    front: Front
    place: str
    note: str
    members: list[Endpoint]
    _handle: asyncio.Server | asyncio.DatagramTransport | None = None
    _turn: int = field(default=0, repr=False)

    def greeting(self) -> bytes:
        """One line of JSON: who answers."""
        member = self.members[self._turn % len(self.members)]
        self._turn += 1
        who = {
            "subscription": member.subscription,
            "service": member.service,
            "vm": member.vm,
            "port": member.local_port,
        }
        return json.dumps(who).encode() + b"\n"

    async def start(self, listening: socket.socket) -> None:
        """Answer from now on."""
        loop = asyncio.get_running_loop()
        if listening.type == socket.SOCK_STREAM:
            self._handle = await loop.create_server(lambda: _Greeter(self), sock=listening, backlog=_BACKLOG)
        else:
            self._handle, _ = await loop.create_datagram_endpoint(lambda: _Echo(self), sock=listening)

    def stop(self) -> None:
        """Refuse from now on."""
        if self._handle:
            self._handle.close()


class Listeners:
    """All open listeners of an emulator."""

    def __init__(self) -> None:
        self.opened: dict[Front, Listener] = {}
        self.failed: dict[Front, str] = {}
        self._homes: dict[tuple[str, str], str] = {}
        self._claims: list[socket.socket] = []
        self._places: dict[Front, int] = {}

    @property
    def only_local(self) -> bool:
        """Whether this system has no loopback addresses but 127.0.0.1."""
        return _LOCAL in self._homes.values()

    async def show(self, subscription: str, wanted: Iterable[Endpoint]) -> None:
        """Open and close until exactly the running endpoints of a subscription listen; what stays is not touched."""
        members: dict[Front, list[Endpoint]] = {}
        for each in wanted:
            if each.running and each.address:
                members.setdefault(each.front, []).append(each)
        for front in [each for each in self.opened if each[0] == subscription and each not in members]:
            self.opened.pop(front).stop()
        for front, those in members.items():
            if front in self.opened:
                self.opened[front].members = those
            else:
                await self._open(front, those)

    def close(self) -> None:
        """Close everything and give the addresses back."""
        for each in self.opened.values():
            each.stop()
        for claim in self._claims:
            claim.close()
        self.opened.clear()

    async def _open(self, front: Front, members: list[Endpoint]) -> None:
        self.failed.pop(front, None)
        try:
            listening, note = self._bound(front)
        except OSError as error:
            self.failed[front] = f"cannot listen: {error.strerror}"
            return
        host, port = listening.getsockname()
        self._places[front] = port
        self.opened[front] = Listener(front, f"{host}:{port}", note, members)
        await self.opened[front].start(listening)

    def _bound(self, front: Front) -> tuple[socket.socket, str]:
        subscription, address, protocol, port = front
        home = self._home(subscription, address)
        note = "there are no loopback addresses but 127.0.0.1, so the port is another one" if home == _LOCAL else ""
        # A port that stood in before does so again, so that a machine that comes back is where it was.
        for candidate in dict.fromkeys([*([] if home == _LOCAL else [port]), self._places.get(front, 0), 0]):
            listening = socket.socket(socket.AF_INET, *_KINDS[protocol])
            try:
                listening.setblocking(False)
                if protocol != "udp":
                    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listening.bind((home, candidate))
            except OSError as error:
                listening.close()
                if not candidate:
                    raise
                note = f"port {candidate}: {error.strerror}, so the port is another one"
            else:
                return listening, note
        raise OSError(errno.EADDRINUSE, "no port is free")

    def _home(self, subscription: str, address: str) -> str:
        if (subscription, address) not in self._homes:
            self._homes[subscription, address] = self._claimed(subscription, address)
        return self._homes[subscription, address]

    def _claimed(self, subscription: str, address: str) -> str:
        for attempt in range(_ATTEMPTS):
            candidate = _candidate(subscription, address, attempt)
            claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                claim.bind((candidate, _CLAIM_PORT))
            except OSError as error:
                claim.close()
                if error.errno == errno.EADDRNOTAVAIL:
                    break
                continue
            self._claims.append(claim)
            return candidate
        return _LOCAL


class _Greeter(asyncio.Protocol):
    """Says who it is, then waits shortly for the caller to hang up: closing at once could lose the line."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 -- what a stream server makes
        transport.write(self._listener.greeting())
        with contextlib.suppress(OSError):
            transport.write_eof()
        self._limit = asyncio.get_running_loop().call_later(_PATIENCE, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- the protocol's signature
        self._limit.cancel()


class _Echo(asyncio.DatagramProtocol):
    """Answers any datagram with who it is."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # as typeshed's own docs
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002 -- the protocol's signature
        self._transport.sendto(self._listener.greeting(), addr)


def _candidate(subscription: str, address: str, attempt: int) -> str:
    """First 127 before the last three numbers of the address, which people recognise; then anywhere in 127/8."""
    with contextlib.suppress(AddressValueError):
        first = int(IPv4Address(address)) & 0xFFFFFF
        if attempt == 0 and first >> 16:
            return str(IPv4Address((127 << 24) + first))
    digest = hashlib.sha256(f"{subscription} {address} {attempt}".encode()).digest()
    # 127.0/16 is left to everybody else.
    return str(IPv4Address((127 << 24) + (1 + digest[0] % 254 << 16) + (digest[1] << 8) + 1 + digest[2] % 254))
