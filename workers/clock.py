"""The server's clock, by which runs are due: what this machine calls the time may be another, and be set."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from prefect.client.orchestration import PrefectClient


class ServerClock:
    """Asks the server for the time now and then, and goes on by what this machine measures in between."""

    def __init__(self) -> None:
        self._told, self._at = datetime.now(UTC), time.monotonic()

    async def ask(self, client: PrefectClient) -> None:
        """Set the clock by the server's, if that tells the time."""
        told = (await client.hello()).headers.get("date")
        if told:
            self._told, self._at = parsedate_to_datetime(told), time.monotonic()

    def now(self) -> datetime:
        """The time by the server's clock; within a second of it."""
        return self._told + timedelta(seconds=time.monotonic() - self._at)
