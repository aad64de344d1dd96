"""The limit of writes per subscription and hour (documented): 1200 unless `POST /_control/throttle` sets another.

Reads and deletes are not limited, and a write that is refused is not counted, both other than the real service.
"""

import json

from starlette.responses import Response

from emulator.arm.call import Call
from emulator.errors import PlatformError
from emulator.store import Store

DEFAULT = 1200
_WRITES = ("PUT", "PATCH", "POST")
_HOUR = 3600
_HEADER = "x-ms-ratelimit-remaining-subscription-writes"


def set_limit(store: Store, subscription: str, writes_per_hour: int) -> None:
    """From now on, counted from zero."""
    store.set_setting(_key("limit", subscription), str(writes_per_hour))
    store.set_setting(_key("count", subscription), "[0, 0]")


def taken(call: Call) -> int | None:
    """Count a write; answers how many are left, or None for a request that is no write.

    Raises:
        PlatformError: 429 with Retry-After, the seconds to the end of the hour.
    """
    if call.method not in _WRITES:
        return None
    store, now = call.store, call.clock.timestamp()
    limit = int(store.setting(_key("limit", call.subscription), str(DEFAULT)))
    began: float
    count: int
    began, count = json.loads(store.setting(_key("count", call.subscription), "[0, 0]"))
    if now - began >= _HOUR:
        began, count = now, 0
    if count >= limit:
        seconds = max(1, int(began + _HOUR - now) + 1)
        raise PlatformError(
            429,
            "SubscriptionRequestsThrottled",
            f"Number of write requests for subscription '{call.subscription}' exceeded the limit of '{limit}' for time "
            f"interval '01:00:00'. Please try again after '{seconds}' seconds.",
            {"retry-after": str(seconds), _HEADER: "0"},
        )
    store.set_setting(_key("count", call.subscription), json.dumps([began, count + 1]))
    return limit - count - 1


def told(response: Response, left: int | None) -> Response:
    """The answer with what is left."""
    if left is not None:
        response.headers[_HEADER] = str(left)
    return response


def _key(what: str, subscription: str) -> str:
    return f"arm.writes.{what}/{subscription.lower()}"
