"""The classic plane's client, answered by nobody but the input: status, headers and body."""

from functools import cache
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any

import requests
from azure.core.credentials import AccessToken
from requests.adapters import BaseAdapter
from urllib3.response import HTTPResponse

from asmosis.azure.asm import COMPUTE, AsmClient
from asmosis.units import Unit, Verb
from tests.fuzz import documents

_SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
_ROOT = "http://127.0.0.1:9"
_ERROR = b'<Error xmlns="http://schemas.microsoft.com/windowsazure"><Code>ConflictError</Code><Message>busy</Message></Error>'
_KINDS = ("virtualNetwork", "hostedService", "storageAccount", "reservedIp")


@cache
def answers() -> tuple[bytes, ...]:
    """STATUS REASON, a line for each header, a blank line, the body."""
    found = [b"200 OK\nx-ms-request-id: 0a\nContent-Type: application/xml\n\n" + each for each in documents.classic()]
    found.append(b"202 Accepted\nx-ms-request-id: 0a\n\n")
    found += [
        b"%d No\nRetry-After: 1\nx-ms-request-id: 0a\n\n%s" % (status, _ERROR) for status in (400, 403, 404, 409, 503)
    ]
    found.append(b"307 Temporary Redirect\nLocation: http://eastus.127.0.0.1:9/x\n\n")
    found.append(
        b"429 Too Many Requests\nRetry-After: Mon, 23 Nov 2026 14:00:00 GMT\nContent-Encoding: gzip\n\n<html>no</html>"
    )
    return tuple(found)


class Answered:
    """Asks one thing after the other of a plane that gives the same answer to all."""

    def __init__(self, _folder: Path) -> None:
        self._adapter = _Adapter()
        self._asm = AsmClient(_SUBSCRIPTION, url=_ROOT, credential=_Credential(), sleep=lambda _: None)
        self._asm._http._session.mount("http://", self._adapter)
        self._units = [Unit(_SUBSCRIPTION, kind, "web") for kind in _KINDS]

    def __call__(self, content: bytes) -> None:
        """Ask, in turn, what a migration asks."""
        self._adapter.content = content
        unit = self._units[len(content) % len(self._units)]
        asking = (
            lambda: self._asm.get("services/x", COMPUTE),
            lambda: self._asm.state(unit),
            lambda: self._asm.validate(unit),
            lambda: self._asm.send(unit, Verb.COMMIT),
            lambda: self._asm.wait("0a", at_most=1),
        )
        asking[sum(content[:64]) % len(asking)]()

    def close(self) -> None:
        """Let go of nothing but memory."""
        self._asm.close()


class _Credential:
    def get_token(self, *_scopes: str, **_: Any) -> AccessToken:
        return AccessToken("t", 2**31)


class _Adapter(BaseAdapter):
    """Makes of bytes what a socket would have brought."""

    def __init__(self) -> None:
        super().__init__()
        self.content = b""

    def send(self, request: requests.PreparedRequest, *_more: Any, **_options: Any) -> requests.Response:
        head, _, sent = self.content.partition(b"\n\n")
        first, *lines = head.decode("latin-1").split("\n")
        status, _, reason = first.partition(" ")
        headers = dict(line.split(":", 1) for line in lines if ":" in line)
        answer = requests.Response()
        answer.status_code = (
            int(status) if status.isascii() and status.isdigit() and len(status) == 3 else HTTPStatus.OK
        )
        answer.headers.update({name.strip(): value.strip() for name, value in headers.items()})
        answer.raw = HTTPResponse(body=BytesIO(sent), headers=headers, status=answer.status_code, preload_content=False)
        answer.reason, answer.url, answer.request = reason, request.url or "", request
        return answer

    def close(self) -> None:
        """There is no connection."""
