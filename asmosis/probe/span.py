"""A piece of what a probe saw.

Moments are seconds since 1970 of one monotonic clock that was set by the wall clock when the probe began. An attempt
counts for the moment at which it began, for its first packet leaves then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Span:
    """A time in which every attempt at a way had the same end.

    `since` and `until` are the first and the last attempt; `address` is what the host stood for, empty while its name
    had no address. `failures` are counts by kind: refused, timeout, unreachable, reset, no-address, or an errno.
    """

    up: bool
    address: str
    since: float
    until: float
    attempts: int
    failures: Mapping[str, int] = field(default_factory=dict)
