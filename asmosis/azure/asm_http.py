"""HTTP to the classic plane: one request, its answer, and what its refusals mean."""

import re
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from azure.core.credentials import TokenCredential
from requests.auth import AuthBase
from requests.cookies import RequestsCookieJar

from asmosis.azure.clouds import asm_scope_at
from asmosis.azure.refusals import TRANSIENT, one_line, refusal, silence
from asmosis.azure.sign_in import ManagementCertificate, token
from asmosis.classic.plan import plan_of
from asmosis.classic.reader import read
from asmosis.classic.subscription import Error
from asmosis.classic.xml import parse
from asmosis.errors import Unreachable, UnreadableDocument, UsageError
from asmosis.shapes import url_parts

PLANE = "ASM"
_TIMEOUTS = (10, 60)  # seconds to connect, and between two bytes
_PAUSES = (0.5, 1.0, 2.0)  # seconds before a read is asked again
_LONGEST_PAUSE = 60.0  # seconds; a server that asks for more gets the error to the caller instead


class AsmHttp:
    """Requests within one subscription; threads may share it.

    `certificate` signs in by TLS, otherwise `credential` by bearer token; a `UsageError` tells of files that are not
    there.
    """

    def __init__(
        self,
        subscription: str,
        url: str,
        credential: TokenCredential | None,
        certificate: ManagementCertificate | None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._root, self._subscription, self._sleep = url.rstrip("/"), subscription, sleep
        self._session = requests.Session()
        # Cookies are the only thing that requests changes in a session while it sends.
        self._session.cookies = RequestsCookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.update({"User-Agent": "asmosis", "Accept": "application/xml"})
        if certificate:
            _check_files(certificate)
            self._session.cert = (certificate.path, certificate.key) if certificate.key else certificate.path
            self._session.auth = _NoToken()
        elif credential:
            self._session.auth = _BearerToken(credential, asm_scope_at(url))
        else:
            raise TypeError("a credential or a certificate is needed")

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def get(self, path: str, version: str) -> bytes:
        """The document at a path of the subscription; transient refusals are met with a few more tries.

        Raises:
            ControlPlaneError: the answer is no. Unreachable: there is none.
        """
        for pause in _PAUSES:
            try:
                response = self._send("GET", path, version)
            except Unreachable:
                self._sleep(pause)
                continue
            wait = _asked_pause(response, pause)
            if response.status_code not in TRANSIENT or wait > _LONGEST_PAUSE:
                return _accepted(response).content
            self._sleep(wait)
        return _accepted(self._send("GET", path, version)).content

    def post(self, path: str, version: str, body: bytes | None = None) -> requests.Response:
        """The answer to one POST, sent once: whoever repeats it has to look first what it did.

        Raises:
            ControlPlaneError: the answer is no. Unreachable: there is none, and the request may have been done.
        """
        return _accepted(self._send("POST", path, version, body))

    def _send(self, method: str, path: str, version: str, body: bytes | None = None) -> requests.Response:
        response = self._once(self._root, method, path, version, body)
        if response.status_code == HTTPStatus.TEMPORARY_REDIRECT:
            home = _regional_host(self._root, response.headers.get("Location", ""))
            if home:
                return self._once(home, method, path, version, body)
        return response

    def _once(self, root: str, method: str, path: str, version: str, body: bytes | None) -> requests.Response:
        headers = {"x-ms-version": version} | ({"Content-Type": "application/xml"} if body else {})
        try:
            return self._session.request(
                method,
                f"{root}/{self._subscription}/{path}",
                data=body,
                headers=headers,
                timeout=_TIMEOUTS,
                allow_redirects=False,
            )
        except (requests.RequestException, OSError) as error:
            raise Unreachable(PLANE, root, silence(error, _TIMEOUTS)) from None
        except ValueError:
            # requests reads where a redirect leads, followed or not.
            raise UnreadableDocument(root, "its redirect is not to an address") from None


class _BearerToken(AuthBase):
    def __init__(self, credential: TokenCredential, scope: str) -> None:
        self._credential, self._scope = credential, scope

    def __call__(self, request: Any) -> Any:
        request.headers["Authorization"] = f"Bearer {token(self._credential, self._scope).token}"
        return request


class _NoToken(AuthBase):
    """Says that TLS signs in; without it requests would look for a password in a .netrc file."""

    def __call__(self, request: Any) -> Any:
        return request


def _check_files(certificate: ManagementCertificate) -> None:
    for path in filter(None, (certificate.path, certificate.key)):
        if not Path(path).is_file():
            raise UsageError("management certificate", f"there is no file {path}", "Name PEM files that exist.")


def _accepted(response: requests.Response) -> requests.Response:
    if response.ok and response.status_code < HTTPStatus.MULTIPLE_CHOICES:
        return response
    code, message = _said(response)
    raise refusal(PLANE, response.status_code, code, message, response.headers.get("x-ms-request-id", ""))


def _said(response: requests.Response) -> tuple[str, str]:
    """Code and message of an error answer; whatever is no ASM error speaks through its status and first words."""
    try:
        (error,), _ = read(plan_of(Error), [parse(response.content, PLANE)], Error.root, PLANE)
    except UnreadableDocument:
        words = re.sub(r"<[^>]*>", " ", response.text)
        return (response.reason or "NoReason").replace(" ", ""), one_line(words) or "(no words)"
    return error.code, error.message


def _asked_pause(response: requests.Response, otherwise: float) -> float:
    """Seconds that the platform asks to wait."""
    asked = response.headers.get("Retry-After", "")
    if asked.isascii() and asked.isdigit():
        return float(asked)
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    except ValueError:
        return otherwise


def _regional_host(root: str, location: str) -> str | None:
    """The root of the subscription's home region, when a redirect names one (recorded); no other host gets a token."""
    here, there = urlsplit(root), url_parts(location)
    try:
        if there.scheme != here.scheme or not there.hostname or not here.hostname or there.port != here.port:
            return None
    except ValueError:  # no port has such a number
        return None
    if not re.fullmatch(rf"[a-z0-9-]+\.{re.escape(here.hostname)}", there.hostname):
        return None
    return f"{there.scheme}://{there.netloc}"
