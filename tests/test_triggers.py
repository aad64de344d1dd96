"""The server's evaluation of triggers outlasts what ends it in Prefect itself."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from prefect.server.events.services import triggers as service
from prefect.server.events.services.triggers import ReactiveTriggers

from deployments import triggers


class Consumer:
    """Gives the handler one event each time it runs, and breaks off when that fails, as Prefect's do."""

    def __init__(self, ends: list[Callable[[], None]]) -> None:
        self._ends = ends

    async def run(self, _handler: Any) -> None:
        self._ends.pop(0)()

    async def cleanup(self) -> None: ...


def outage() -> None:
    raise ConnectionRefusedError("the database is away")


def test_the_evaluation_of_triggers_begins_again_after_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[Callable[[], None]] = [outage, outage, lambda: None]
    made: list[str] = []

    def create(*_: Any, name: str, **__: Any) -> Consumer:
        made.append(name)
        return Consumer(ends)

    class Handling:
        async def __aenter__(self) -> None: ...
        async def __aexit__(self, *_: object) -> None: ...

    monkeypatch.setattr(service, "create_consumer", create)
    monkeypatch.setattr("prefect.server.events.triggers.consumer", Handling)
    monkeypatch.setattr(triggers, "AGAIN", 0.01)
    # Put back afterwards, whatever the call below makes of it.
    monkeypatch.setattr(ReactiveTriggers, "start", ReactiveTriggers.start)
    evaluation: Any = ReactiveTriggers
    with pytest.raises(ConnectionRefusedError):
        asyncio.run(evaluation().start())
    assert len(made) == 1
    triggers.outlast_outages()
    asyncio.run(evaluation().start())
    assert (len(made), ends) == (3, [])
