"""One request to the Resource Manager plane as a handler sees it, and the rows of the plane's table."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from starlette.responses import JSONResponse, Response

from emulator.arm import refusals
from emulator.clock import Clock
from emulator.journal import Note
from emulator.store import Store

Evidence = Literal["recorded", "documented", "assumed"]


@dataclass(frozen=True)
class Call:
    """A request: `names` are the decoded path parameters, `query` and `headers` have lower-case keys."""

    store: Store
    clock: Clock
    url: str
    method: str
    names: Mapping[str, str]
    query: Mapping[str, str]
    content: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    note: Note = field(default_factory=Note)

    @property
    def subscription(self) -> str:
        """The subscription in the path."""
        return self.names["subscription"]

    @property
    def group_id(self) -> str:
        """Id of the resource group in the path, spelled as in the request."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.names['group']}"

    def link(self, path: str) -> str:
        """An absolute address on this host that asks for the same api-version."""
        parts, version = urlsplit(self.url), quote(self.query["api-version"], safe="")
        return f"{parts.scheme}://{parts.netloc}{quote(path)}?api-version={version}"

    def document(self) -> dict[str, Any]:
        """The body, which has to be a JSON object.

        Raises:
            PlatformError: 400 when it is not.
        """
        try:
            found = json.loads(self.content, parse_constant=_refuse)
            json.dumps(found, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise refusals.invalid_content(str(error)) from None
        if not isinstance(found, dict):
            raise refusals.invalid_content("a JSON object is expected")
        return found


@dataclass(frozen=True)
class Operation:
    """One row of the plane's table; `evidence` says why we believe that it answers so."""

    method: str
    path: str
    handler: Callable[[Call], Response]
    evidence: Evidence
    note: str = ""


def answer(document: Any, status: int = 200) -> Response:
    """A JSON answer; a resource of the network provider repeats its etag in a header (recorded)."""
    tag = document.get("etag") if isinstance(document, dict) else None
    return JSONResponse(
        document,
        status,
        headers={"cache-control": "no-cache", **({"etag": tag} if tag else {})},
        media_type="application/json; charset=utf-8",
    )


def empty(status: int) -> Response:
    """An answer without a body."""
    return Response(status_code=status, headers={"cache-control": "no-cache"})


def _refuse(constant: str) -> None:
    """NaN and its like are Python's, not JSON's.

    Raises:
        ValueError: always.
    """
    raise ValueError(constant)
