"""What a subscription bears, on Prefect's real limits, and calls that are made again without a task."""

import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

import asmosis.limits as limits_of_prefect
import tasks
from asmosis.errors import NotFound, ServerFault
from asmosis.limits import limit
from asmosis.runs import Runs
from tasks import asking_again, leases, limits


@pytest.mark.parametrize(
    ("error", "calls"),
    [(ServerFault("ASM", 503, "ServerBusy", "later"), 3), (NotFound("ASM", 404, "ResourceNotFound", "gone"), 1)],
    ids=["busy", "gone"],
)
def test_a_call_is_made_again_only_if_that_may_help(
    error: Exception, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    @asking_again
    def call() -> None:
        made.append(1)
        raise error

    monkeypatch.setattr(tasks, "RETRY_PAUSES", [0.0, 0.0])
    with pytest.raises(type(error)):
        call()
    assert len(made) == calls


def test_a_call_that_succeeds_the_second_time_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Iterator[Exception | str] = iter([ServerFault("ASM", 503, "ServerBusy", "later"), "here"])

    @asking_again
    def call() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(tasks, "RETRY_PAUSES", [0.0])
    assert call() == "here"


@pytest.fixture
def runs(prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> Runs:
    runs = Runs(prefect_server)
    for module in (leases, limits):
        monkeypatch.setattr(module, "server", lambda: runs)
    return runs


def taken(runs: Runs, name: str) -> int:
    return int(runs.call("GET", f"/v2/concurrency_limits/{name}")["active_slots"])


@pytest.mark.slow
def test_a_slot_is_held_as_long_as_it_is_needed_and_no_longer(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"slots-{uuid4()}"
    with pytest.raises(NotFound), leases.slot(name):
        pass
    limit(runs, name, 1, 1)
    renewed = []

    def renew(server: Runs, lease: str, seconds: float) -> None:
        limits_of_prefect.renew(server, lease, seconds)
        renewed.append(lease)

    monkeypatch.setattr(leases, "renew", renew)
    monkeypatch.setattr(leases, "RENEWED", 1.0)
    with leases.slot(name) as first, leases.slot(name) as second:
        assert (first, second) == (True, False)
        deadline = time.monotonic() + 60
        while len(renewed) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert taken(runs, name) == 1
    assert taken(runs, name) == 0
    before = len(renewed)
    time.sleep(2.5)
    assert len(renewed) == before


@pytest.mark.slow
def test_room_to_prepare_makes_its_limits_and_takes_an_hours_writes_of_what_needs_more(runs: Runs) -> None:
    subscription = str(uuid4())
    with limits.room_to_prepare(subscription, 5 * limits.WRITES):
        assert taken(runs, f"asmosis-prepare-{subscription}") == 1
        with pytest.raises(limits.NoSlotFree, match="writes"), limits.room_to_prepare(subscription, limits.WRITES):
            pass
    assert taken(runs, f"asmosis-prepare-{subscription}") == 0
    limits.set_limits(subscription, 1, 0)
    with (
        limits.room_to_prepare(subscription, 0),
        pytest.raises(limits.NoSlotFree, match="in flight"),
        limits.room_to_prepare(subscription, 0),
    ):
        pass
