"""The servers under measurement, each a process of its own, and one client with a kept connection."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_SIGNED = "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0"


@dataclass
class Client:
    """One connection that stays open."""

    host: str
    port: int
    _connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection(self.host, self.port, timeout=600)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[bytes, str]:
        """Body and request id of an answer; anything but success is an error of the measurement."""
        try:
            self._connection.request(method, path, body, dict(headers))
            answer = self._connection.getresponse()
        except http.client.RemoteDisconnected:
            # A server closes what was idle for long; only reads come that late.
            self._connection.request(method, path, body, dict(headers))
            answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= http.client.BAD_REQUEST:
            message = f"{method} {path}: {answer.status} {content[:300]!r}"
            raise RuntimeError(message)
        return content, answer.headers.get("x-ms-request-id", "")

    def classic(self, method: str, path: str) -> tuple[bytes, str]:
        """A request to the emulator's classic plane."""
        return self.send(method, path, None, {"x-ms-version": "2016-03-01"})

    def control(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A control of the emulator."""
        found: dict[str, Any] = json.loads(self.send("POST", f"/_control/{path}", json.dumps(body).encode(), {})[0])
        return found

    def ec2(self, query: str) -> bytes:
        """A request to moto."""
        headers = {"authorization": _SIGNED, "content-type": "application/x-www-form-urlencoded"}
        return self.send("POST", "/", query.encode(), headers)[0]


@contextmanager
def emulator(python: str) -> Iterator[Client]:
    """A fresh emulator."""
    command = [python, "-m", "emulator", "serve"]
    with _process(command) as process:
        assert process.stdout is not None  # noqa: S101 -- it is a pipe
        address = process.stdout.readline().split()[1].rpartition("/")[2]
        host, _, port = address.partition(":")
        yield Client(host, int(port))


@contextmanager
def moto() -> Iterator[Client]:
    """A fresh moto server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with _process([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]):
        deadline = time.monotonic() + 60
        while True:
            try:
                client = Client("127.0.0.1", port)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                break
        yield client


@contextmanager
def _process(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
