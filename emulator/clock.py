"""The emulator's clock: real time plus an offset that is kept in the store and can be turned."""

import time
from datetime import UTC, datetime

from emulator.store import Store


class Clock:
    """UTC time of the emulated platform; what it was turned by survives a restart."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def offset(self) -> float:
        """Seconds the clock has been turned forward."""
        return float(self._store.setting("clock.offset", "0"))

    def timestamp(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self.offset

    def now(self) -> datetime:
        """The present as an aware UTC datetime."""
        return datetime.fromtimestamp(self.timestamp(), UTC)

    def advance(self, seconds: float) -> None:
        """Turn the clock; it never goes back, because operations end by it."""
        if not seconds >= 0:
            msg = "the clock only goes forward"
            raise ValueError(msg)
        with self._store.transaction():
            self._store.set_setting("clock.offset", repr(self.offset + seconds))
