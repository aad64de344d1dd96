"""What a subscription bears at one time: prepares in flight, and ARM writes per hour."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from random import uniform

import httpx
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.sync import concurrency

from asmosis.limits import awaiting_slot, free, limit, spend
from tasks.runs import server

PREPARES, WRITES = 10, 1_200
"""What a subscription starts with: prepares at one time (assumed), ARM writes per hour (documented by Microsoft)."""

_log = logging.getLogger(__name__)
_ALL_TAKEN = "As many prepares are in flight as the subscription may have"
_LEASE = 60.0  # seconds after which a holder that was killed has lost its slot; a living one renews it


class NoSlotFree(Exception):
    """Others use all that the subscription bears; the text says what."""


def set_limits(subscription: str, prepares: int, writes_per_hour: int) -> tuple[int, int]:
    """Make both limits of a subscription and answer them; 0 leaves one as it is, and as it starts if it is new."""
    runs = server()
    return (
        limit(runs, _prepares(subscription), prepares, PREPARES),
        limit(runs, _writes(subscription), writes_per_hour, WRITES, decays=True),
    )


def pause_before_asking_again(subscription: str) -> timedelta:
    """How long a unit should wait for a slot: the longer, the more wait, so that their asking stays a small load."""
    waiting = awaiting_slot(server(), subscription)
    # At different moments, or all that wait would come back together.
    return timedelta(seconds=min(600.0, max(15.0, 3.0 * waiting)) * uniform(0.7, 1.3))  # noqa: S311 - no secret


def check_room(subscription: str) -> None:
    """Return if a prepare may find a slot, without taking it.

    Raises:
        NoSlotFree: as many are in flight as may be.
    """
    if not free(server(), _prepares(subscription)):
        raise NoSlotFree(_ALL_TAKEN)


@contextmanager
def room_to_prepare(subscription: str, writes: int) -> Iterator[None]:
    """Hold a slot of the subscription while a unit is prepared, which takes about `writes` ARM writes.

    Raises:
        NoSlotFree: there is none now.
    """
    runs = server()
    most = limit(runs, _writes(subscription), 0, WRITES, decays=True)
    limit(runs, _prepares(subscription), 0, PREPARES)
    with _slot(_prepares(subscription)):
        # What needs more than an hour's writes takes an hour's.
        if writes and not spend(runs, _writes(subscription), min(writes, most)):
            raise NoSlotFree("The ARM writes of this hour are used up")
        yield


@contextmanager
def _slot(name: str) -> Iterator[None]:
    slot = concurrency(
        name,
        max_retries=0,
        lease_duration=_LEASE,
        strict=True,
        # A prepare that the platform has begun goes on whether or not the server keeps our slot.
        raise_on_lease_renewal_failure=False,
    )
    try:
        slot.__enter__()
    except ConcurrencySlotAcquisitionError as error:
        if isinstance(error.__cause__, httpx.TransportError):
            raise NoSlotFree("The server is away") from error
        if not _is_locked(error.__cause__):
            raise
        raise NoSlotFree(_ALL_TAKEN) from None
    try:
        yield
    finally:
        try:
            slot.__exit__(None, None, None)
        except httpx.TransportError as error:
            # The server is away; it takes the slot back by itself once the lease has run out.
            _log.warning("a slot of %s is not given back: %r", name, error)


def _is_locked(error: BaseException | None) -> bool:
    return isinstance(error, httpx.HTTPStatusError) and error.response.status_code == HTTPStatus.LOCKED


def _prepares(subscription: str) -> str:
    return f"asmosis-prepare-{subscription}"


def _writes(subscription: str) -> str:
    return f"asmosis-arm-writes-{subscription}"
