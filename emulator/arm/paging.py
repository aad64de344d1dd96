"""Pages of a list: `value` and, while there is more, an absolute `nextLink` that carries everything a client needs."""

import base64
import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from emulator.arm import refusals
from emulator.arm.call import Call

Item = TypeVar("Item")

_SETTING, _DEFAULT_SIZE = "arm.page_size", "100"


def page(
    call: Call,
    items: Iterable[Item],
    key: Callable[[Item], str],
    show: Callable[[list[Item]], list[dict[str, Any]]],
) -> dict[str, Any]:
    """The page that the request asks for, of `items` ordered by `key`.

    A link goes on after the last key shown, so that writes between two pages neither repeat nor skip what stays.
    `$top` asks for smaller pages, the setting `arm.page_size` is the largest.
    """
    size, begin = _size(call), after(call)
    rest = list(islice((item for item in items if not begin or key(item).lower() > begin), size + 1))
    document: dict[str, Any] = {"value": show(rest[:size])}
    if len(rest) > size:
        document["nextLink"] = _link(call.url, key(rest[size - 1]).lower())
    return document


def after(call: Call) -> str:
    """The key that the page asked for begins after, in lower case; empty for the first page."""
    return _decoded(call.query.get("$skiptoken", ""))


def _size(call: Call) -> int:
    largest = int(call.store.setting(_SETTING, _DEFAULT_SIZE))
    top = call.query.get("$top", "")
    if not top:
        return largest
    if not re.fullmatch(r"0*[1-9][0-9]{0,8}", top):
        raise refusals.invalid_filter(f"$top={top}")
    return min(largest, int(top))


def _link(url: str, key: str) -> str:
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name.lower() != "$skiptoken"]
    token = base64.urlsafe_b64encode(key.encode()).decode()
    return urlunsplit(parts._replace(query=urlencode([*query, ("$skiptoken", token)], safe="$")))


def _decoded(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError:
        raise refusals.invalid_filter(f"$skiptoken={token}") from None
