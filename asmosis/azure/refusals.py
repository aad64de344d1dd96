"""What a control plane's no means: status and code → the error tree."""

import re

import requests

from asmosis.errors import (
    AuthenticationFailed,
    Conflict,
    ControlPlaneError,
    Forbidden,
    NotFound,
    ServerFault,
    Throttled,
)
from asmosis.redaction import redacted_text

TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that a read may simply meet again."""

_LONGEST = 500  # characters of a message that an operator should have to read in one line
_BY_CODE: dict[str, type[ControlPlaneError]] = {
    # Classic answers a bad certificate or token with 401 or 403 and tells them apart by code (documented by Microsoft).
    "authenticationfailed": AuthenticationFailed,
    "toomanyrequests": Throttled,
}
_BY_STATUS: dict[int, type[ControlPlaneError]] = {
    401: AuthenticationFailed,
    403: Forbidden,
    404: NotFound,
    408: ServerFault,
    409: Conflict,
    410: NotFound,
    429: Throttled,
}
# An unknown virtual network is a 400 in both texts that were recorded.
_UNKNOWN_NETWORK = re.compile(r"virtual network .+ (not found|does not exist)\.", re.IGNORECASE)


def refusal(plane: str, status: int, code: str, message: str, request_id: str = "") -> ControlPlaneError:
    """The error that a refused request stands for."""
    code = one_line(code) or "NoCode"
    kind = _BY_CODE.get(code.lower()) or _BY_STATUS.get(status)
    if kind is None and status == 400 and _UNKNOWN_NETWORK.search(message):  # noqa: PLR2004 - HTTP statuses are their own names
        kind = NotFound
    if kind is None:
        kind = ServerFault if status >= 500 else ControlPlaneError  # noqa: PLR2004 - likewise
    return kind(plane, status, code, one_line(message), request_id)


def one_line(text: str) -> str:
    """A message as one bounded line, without the secrets that people put into names and addresses."""
    line = " ".join(redacted_text(text).split())
    return line if len(line) <= _LONGEST else line[:_LONGEST] + " …"


def silence(error: BaseException, timeouts: tuple[float, float]) -> str:
    """Why nobody answered: the innermost cause that has words, for the outer ones repeat the address.

    Args:
        error: what `requests` raised, or the connection below it.
        timeouts: seconds to connect, and to answer.
    """
    if isinstance(error, requests.Timeout):
        return f"no answer within {timeouts[not isinstance(error, requests.ConnectTimeout)]:g} s"
    reason = ""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and not isinstance(cause, requests.RequestException):
            reason = str(getattr(cause, "verify_message", "") or cause.strerror or cause) or reason
        cause = cause.__cause__ or cause.__context__
    return one_line(reason or type(error).__name__)
