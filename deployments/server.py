"""`prefect server start` with a SQLite that many runs can share: `python -m deployments.server [OPTIONS]`.

Out of the box, a handful of concurrent runs stall Prefect's server on SQLite. Measured on 3.8.8:

* A transaction that first reads and then writes is refused at once when another has written in between; the client
  hears 503 and waits two, four, eight seconds.
* A transaction that waits for the write lock holds its connection's mutex for up to a minute. If Python's collector
  meets a cursor of that connection meanwhile, it waits for the mutex in the server's only event loop, and the owner of
  the lock, who needs that loop to go on, waits too.

So here the transactions queue up inside the process, first come first served, and each has the lock from its start;
and garbage is collected in a thread of its own.

On PostgreSQL neither is done. There, SQLAlchemy asks the database whether it is still there, in three messages and
their answers, each time that a connection is used again: a sixth of what the server does. A connection that PostgreSQL
has closed is known to be closed without asking.

On both, what the server has after its start is left out of collections. `services` as the first argument starts what
the server does besides answering (`prefect server services start`), which then runs apart.
"""

import asyncio
import gc
import runpy
import sys
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from prefect.server.database.configurations import AioSqliteConfiguration, AsyncPostgresConfiguration
from prefect.server.database.dependencies import set_database_config
from prefect.settings import get_current_settings
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, AsyncSessionTransaction

from deployments import triggers

STARTED = 15.0  # seconds after which the server has all that it keeps for as long as it lives
SWEEP = 5.0  # seconds between collections


@dataclass
class _Turn:
    """The right to write; tasks that were started during a turn see when it is over."""

    active: bool = True


_turn: ContextVar[_Turn | None] = ContextVar("turn", default=None)


class QueueingSqlite(AioSqliteConfiguration):
    """SQLite whose transactions take turns."""

    def __init__(self, connection_url: str) -> None:
        super().__init__(connection_url=connection_url)
        self._locks: dict[asyncio.AbstractEventLoop, asyncio.Lock] = {}

    @asynccontextmanager
    async def begin_transaction(
        self,
        session: AsyncSession,
        with_for_update: bool = False,  # noqa: FBT001, FBT002 - the signature is Prefect's
    ) -> AsyncGenerator[AsyncSessionTransaction, None]:
        """Wait for the turn, then hold the write lock from the start; a transaction inside another only reads first."""
        turn = _turn.get()
        if turn is not None and turn.active:
            async with super().begin_transaction(session, with_for_update) as transaction:
                yield transaction
            return
        async with self._locks.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
            turn = _Turn()
            token = _turn.set(turn)
            try:
                async with super().begin_transaction(session, with_for_update=True) as transaction:
                    yield transaction
            finally:
                turn.active = False
                _turn.reset(token)


class TrustingPostgres(AsyncPostgresConfiguration):
    """PostgreSQL whose open connections are taken to be open."""

    async def engine(self) -> AsyncEngine:
        """The engine; that of an event loop is made once."""
        engine = await super().engine()
        dialect = engine.sync_engine.dialect

        def is_open(connection: DBAPIConnection) -> bool:
            return not dialect.get_driver_connection(connection).is_closed()

        dialect.do_ping = is_open  # type: ignore[method-assign,assignment]
        return engine


def main() -> None:
    """Start the server with the options of `prefect server start`, or its services."""
    url = get_current_settings().server.database.connection_url
    address = url.get_secret_value() if url else ""
    if address.startswith("sqlite"):
        set_database_config(QueueingSqlite(address))
        gc.disable()
    elif address.startswith("postgresql"):
        set_database_config(TrustingPostgres(address))
    triggers.outlast_outages()
    threading.Thread(target=_sweep, args=[gc.isenabled()], name="garbage", daemon=True).start()
    services, options = sys.argv[1:2] == ["services"], sys.argv[1:]
    sys.argv = ["prefect", "server", *(["services", "start", *options[1:]] if services else ["start", *options])]
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)


def _sweep(automatic: bool) -> None:  # noqa: FBT001 - whether Python collects by itself
    time.sleep(STARTED)
    gc.collect()
    # Looking through all of that takes a fifth of a second, in which nobody is answered; none of it is ever garbage.
    gc.freeze()
    while not automatic:
        time.sleep(SWEEP)
        gc.collect()


if __name__ == "__main__":
    main()
