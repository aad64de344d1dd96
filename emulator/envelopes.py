"""How an error looks in each plane."""

import json
from dataclasses import dataclass, field
from typing import Literal

from emulator.asm import xml
from emulator.errors import PlatformError

Plane = Literal["asm", "arm", "identity", "control"]


@dataclass
class Answer:
    """A whole answer in memory."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


def render(plane: Plane, error: PlatformError) -> Answer:
    """`<Error>` in the classic plane, `{"error": {}}` everywhere else."""
    if plane == "asm":
        content_type = "application/xml; charset=utf-8"
        body = xml.document(xml.node("Error", [xml.node("Code", error.code), xml.node("Message", error.message)]))
    else:
        content_type = "application/json; charset=utf-8"
        body = json.dumps({"error": error.document()}).encode()
    headers = {"content-type": content_type, **error.headers}
    return Answer(error.status, [(name.encode(), value.encode("latin-1")) for name, value in headers.items()], body)
