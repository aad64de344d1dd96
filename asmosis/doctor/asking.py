"""One request, once, with a bound: unlike the clients, a check wants to see the far side's stumbling."""

import json
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import certifi
import requests

from asmosis.azure.refusals import one_line, refusal, silence
from asmosis.errors import Unreachable, UnreadableDocument

_TIMEOUT = (5.0, 15.0)  # seconds to connect, to answer


@dataclass(frozen=True)
class Answer:
    """What came back; `seconds` is how long it took, `at` the middle of that by our own clock."""

    plane: str
    url: str
    status: int
    headers: Mapping[str, str]
    text: str = field(repr=False)
    seconds: float
    at: datetime

    @property
    def skew(self) -> float | None:
        """By how many seconds the far side's clock is ahead of ours, as exact as its Date header is; None without."""
        try:
            there = parsedate_to_datetime(self.headers["Date"])
        except (KeyError, ValueError):
            return None
        # The header leaves out fractions of a second.
        return (there - self.at).total_seconds() + 0.5

    def json(self) -> Any:
        """The body.

        Raises:
            UnreadableDocument: it is none.
        """
        try:
            return json.loads(self.text)
        except ValueError:
            raise UnreadableDocument(self.url, "the answer is no JSON") from None

    def accepted(self) -> "Answer":
        """The answer itself, if it is yes.

        Raises:
            ControlPlaneError: it is no.
        """
        if self.status < HTTPStatus.BAD_REQUEST:
            return self
        try:
            said = self.json()
        except UnreadableDocument:
            said = {}
        error = said.get("error") if isinstance(said, dict) else None
        told = error if isinstance(error, dict) else {}
        code = str(told.get("code") or HTTPStatus(self.status).phrase.replace(" ", ""))
        raise refusal(self.plane, self.status, code, str(told.get("message") or one_line(self.text) or self.url))


def ask(
    plane: str,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    trust: bool | str = True,
) -> Answer:
    """The answer to one request, whatever it says; `trust` is a file of certificates, or whether the usual ones count.

    Raises:
        Unreachable: there is none.
    """
    began, clock = time.monotonic(), time.time()
    try:
        answer = requests.request(
            method,
            url,
            json=body,
            headers=headers,
            auth=_as_it_is,
            timeout=_TIMEOUT,
            allow_redirects=False,
            verify=trust,
        )
    except (requests.RequestException, OSError) as error:
        root = url.partition("?")[0]
        raise Unreachable(
            plane, f"{urlsplit(root).scheme}://{urlsplit(root).netloc}", silence(error, _TIMEOUT)
        ) from None
    seconds = time.monotonic() - began
    at = datetime.fromtimestamp(clock + seconds / 2, UTC)
    return Answer(plane, url, answer.status_code, answer.headers, answer.text, seconds, at)


def certificate_ends(url: str, *, trust: bool | str = True) -> tuple[str, datetime] | None:
    """The version of TLS at an address and when its certificate ends; None without TLS, unverified or behind a proxy.

    Raises:
        OSError: it cannot be told.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or trust is False or requests.utils.get_environ_proxies(url):
        return None
    with requests.Session() as session:
        bundle = session.merge_environment_settings(url, {}, None, trust, None)["verify"]
    context = ssl.create_default_context(cafile=bundle if isinstance(bundle, str) else certifi.where())
    address = (parts.hostname or "", parts.port or 443)
    with (
        socket.create_connection(address, timeout=_TIMEOUT[0]) as plain,
        context.wrap_socket(plain, server_hostname=parts.hostname) as wrapped,
    ):
        certificate = wrapped.getpeercert() or {}
        ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
        return wrapped.version() or "TLS", datetime.fromtimestamp(ends, UTC)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Without it requests would look for a password in a .netrc file."""
    return request
