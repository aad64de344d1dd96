"""Errors of the platform: raised anywhere in a handler, rendered by the app in the envelope of the plane."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


class PlatformError(Exception):
    """A refusal with HTTP status, code and message, as the platform words it; JSON envelopes show `details`."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: Mapping[str, str] = MappingProxyType({}),
        details: tuple["PlatformError", ...] = (),
    ) -> None:
        super().__init__(status, code, message, dict(headers), details)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers)
        self.details = details

    def document(self) -> dict[str, Any]:
        """The error as JSON envelopes hold it."""
        inner = {"details": [each.document() for each in self.details]} if self.details else {}
        return {"code": self.code, "message": self.message, **inner}

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.message}"


class NotEmulatedError(PlatformError):
    """501: the platform has this, the emulator does not; never told as a 404."""

    def __init__(self, what: str) -> None:
        super().__init__(501, "NotEmulated", f"The emulator does not emulate {what}.")
        self.args = (what,)
