"""What a subscription bears at one time: prepares in flight, and ARM writes per hour."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from http import HTTPStatus
from random import uniform

from asmosis.errors import ControlPlaneError, NotFound, ServerFault, Unreachable
from asmosis.limits import awaiting_slot, free, limit, reclaim, spend
from tasks.leases import slot
from tasks.runs import server

PREPARES, WRITES = 10, 1_200
"""What a subscription starts with: prepares at one time (assumed), ARM writes per hour (documented by Microsoft)."""

_ALL_TAKEN = "As many prepares are in flight as the subscription may have"
_AWAY = "The server is away"
_TOO_MANY = HTTPStatus.UNPROCESSABLE_ENTITY  # the server's word for more than the whole limit


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
    name = _prepares(subscription)
    if not free(server(), name) and not reclaim(server(), name, subscription):
        raise NoSlotFree(_ALL_TAKEN)


def take_back_lost_slots(subscription: str) -> None:
    """Free the slots that an outage has left taken; to be called when a wave of the subscription is over."""
    reclaim(server(), _prepares(subscription), subscription)


@contextmanager
def room_to_prepare(subscription: str, writes: int) -> Iterator[None]:
    """Hold a slot of the subscription while a unit is prepared, which takes about `writes` ARM writes.

    Raises:
        NoSlotFree: there is none now.
    """
    with _slot(_prepares(subscription)) as taken:
        if not taken:
            raise NoSlotFree(_ALL_TAKEN)
        if writes and not _spent(subscription, writes):
            raise NoSlotFree("The ARM writes of this hour are used up")
        yield


@contextmanager
def _slot(name: str) -> Iterator[bool]:
    with ExitStack() as held:
        try:
            try:
                taken = held.enter_context(slot(name))
            except NotFound:  # nobody has made the limit yet
                limit(server(), name, 0, PREPARES)
                taken = held.enter_context(slot(name))
        except (Unreachable, ServerFault) as error:
            raise NoSlotFree(_AWAY) from error
        yield taken


def _spent(subscription: str, writes: int) -> bool:
    """Whether the subscription bears the writes; what needs more than an hour's takes an hour's."""
    name = _writes(subscription)
    try:
        try:
            return spend(server(), name, writes)
        except ControlPlaneError as refused:
            if not isinstance(refused, NotFound) and refused.status != _TOO_MANY:
                raise
            return spend(server(), name, min(writes, limit(server(), name, 0, WRITES, decays=True)))
    except (Unreachable, ServerFault) as error:
        # Nobody knows whether it has counted them; they come back by themselves.
        raise NoSlotFree(_AWAY) from error


def _prepares(subscription: str) -> str:
    return f"asmosis-prepare-{subscription}"


def _writes(subscription: str) -> str:
    return f"asmosis-arm-writes-{subscription}"
