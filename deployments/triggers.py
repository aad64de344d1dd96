"""Keeps the server's evaluation of triggers alive through outages of its database.

In Prefect 3.8.8 it ends for good, and says nothing, if the database is away while it looks at an event. From then on no
event wakes a wave or notifies anybody, until the server's services are started anew.
"""

import asyncio
import logging
from contextlib import suppress

from prefect.server.events.services.triggers import ReactiveTriggers

AGAIN = 5.0  # seconds until it begins again

_log = logging.getLogger("prefect.server.events.triggers")
_evaluate = ReactiveTriggers.start


def outlast_outages() -> None:
    """Have the evaluation begin again when it breaks off; to be called before the server starts."""
    ReactiveTriggers.start = _start  # type: ignore[assignment, method-assign]  # the class offers no other place


async def _start(self: ReactiveTriggers) -> None:
    while True:
        try:
            await _evaluate(self)
        except Exception as error:  # noqa: BLE001 - whatever ended it, nothing else begins it again
            _log.warning("The evaluation of triggers broke off and begins again: %r", error)
        else:
            return
        with suppress(Exception):
            await self.consumer.cleanup()
        self.consumer_task = None
        await asyncio.sleep(AGAIN)
