"""How a write of the classic plane is done: at once, or accepted with 202 and polled.

The effect of an accepted write shows at once; until its operation ends, its cloud service takes no other change.
"""

import re
from collections.abc import Callable

from lxml.etree import _Element
from starlette.responses import Response

from emulator import operations
from emulator.asm import xml
from emulator.asm.call import Call, accepted
from emulator.errors import PlatformError
from emulator.operations import Operation

_NAME = re.compile(r"[^/\\\x00-\x1f<>&?#%:]{1,256}")


def later(call: Call, effect: Callable[[], None], unit: str = "") -> Response:
    """Accept a write; `unit` is what it has for itself until it ends, as `hostedService/NAME`."""
    if call.plan.failure is None:
        effect()
        call.note.effect = True
    _operation(call, "InProgress", unit, operations.latency(call.store, "write"))
    return accepted()


def at_once(call: Call, effect: Callable[[], None], status: int = 200, location: str = "") -> Response:
    """Do a write that is not waited for."""
    effect()
    finished(call)
    return Response(status_code=status, headers={"location": location} if location else None)


def finished(call: Call) -> None:
    """A write was done at once; who asks for its operation all the same hears that it succeeded (assumed)."""
    call.note.effect = True
    _operation(call, "Succeeded")


def body(call: Call, *roots: str) -> _Element:
    """The body, which must have one of these roots."""
    root = xml.parse(call.body.removeprefix(b"\xef\xbb\xbf"))
    if xml.local_name(root) not in roots:
        raise bad(f"The request body is a {xml.local_name(root)}; expected is a {' or '.join(roots)}.")
    return root


def required(element: _Element, *tags: str) -> tuple[str, ...]:
    """Texts of children that must be there."""
    for tag in tags:
        if not xml.text(element, tag).strip():
            raise bad(f"The {xml.local_name(element)} needs a {tag}.")
    return tuple(xml.text(element, tag).strip() for tag in tags)


def name(text: str) -> str:
    """A name that can be a part of a path."""
    if not _NAME.fullmatch(text) or text in (".", ".."):
        raise bad(f"The name {text!r} is not valid.")
    return text


def integer(element: _Element, tag: str, low: int, high: int) -> int | None:
    """A number in a range, nothing when absent."""
    text = xml.text(element, tag).strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise bad(f"The value {text!r} of {tag} is not a number from {low} to {high}.")
    return int(text)


def now(call: Call) -> str:
    """The present as documents tell it."""
    return call.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def bad(message: str) -> PlatformError:
    """A request that says something wrong; the wordings are assumed where no recording is named."""
    return PlatformError(400, "BadRequest", message)


def taken(message: str) -> PlatformError:
    """A name that is in use."""
    return PlatformError(409, "ConflictError", message)


def _operation(call: Call, status: str, unit: str = "", seconds: float = 0) -> None:
    at = call.clock.timestamp()
    operations.accept(
        call.store,
        Operation(
            id=call.request_id,
            subscription=call.subscription,
            verb="write",
            unit=unit,
            accepted=at,
            due=at + seconds,
            status=status,
            http_status=200 if status == "Succeeded" else None,
            plan=call.plan,
        ),
    )
