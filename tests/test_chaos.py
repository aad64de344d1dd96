"""A few seeds of chaos over a stack of their own; `make chaos` plays a hundred over waves of forty units."""

import sys
from collections.abc import Iterator

import pytest

from asmosis.limits import limit, spend
from asmosis.parameters import ApprovalPolicy, Probe
from asmosis.runs import AWAITING_SLOT, Run, Runs
from tests.chaos.blows import HOUR
from tests.chaos.play import SHORT, play
from tests.chaos.world import World, world
from tests.stage import Stage, answered

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chaos")]
SEEDS = (3, 11, 20, 24, 39)  # together: emulator and server killed, a wire silent, a clock turned


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("chaos")) as found:
        yield found


@pytest.mark.parametrize("seed", SEEDS)
def test_every_unit_ends_on_one_side_whatever_happens_to_the_parts(there: World, seed: int) -> None:
    result = play(there, seed, SHORT, _tell)
    assert result.problems == [], result.line
    assert result.units == SHORT.units


@pytest.fixture
def clocks(there: World) -> Iterator[World]:
    if there.clocks is None:
        pytest.skip("no C compiler, no other time")
    there.wait_until_whole()
    yield there
    there.heal()


def test_units_wait_for_a_slot_no_longer_because_their_worker_is_ahead(clocks: World) -> None:
    stage = Stage(clocks.place, {"synthetic": {"vnets": 2, "seed": 7}})
    units = [unit for unit in stage.units if unit.startswith("virtualNetwork")]
    stage.control("POST", "latency", {"prepare": 5, "commit": 0})
    clocks.turn(HOUR, "worker")
    automatic, quiet = ApprovalPolicy.AUTOMATIC_WHEN_CLEAN, Probe(on=False)
    wave = stage.wave("ahead", units, prepares_at_once=1, approval=automatic, probe=quiet)
    ended = stage.until(wave, lambda run: run.ended)
    assert (ended.state, ended.message) == ("Completed", "2 Committed")
    waited = [
        state for run in stage.members("ahead").values() for state in _states(stage, run) if state == AWAITING_SLOT
    ]
    assert waited, "nobody had to wait"


def test_a_budget_of_writes_is_not_used_up_by_a_clock_that_was_ahead(clocks: World) -> None:
    runs = Runs(clocks.place.api_url)
    limit(runs, "writes", 100, 100, decays=True)
    clocks.turn(HOUR, "server")
    assert answered(lambda: spend(runs, "writes", 60))
    clocks.turn(0)
    assert not spend(runs, "writes", 10)
    assert spend(runs, "writes", 10)


def _states(stage: Stage, run: Run) -> list[str]:
    return [state["name"] for state in stage.runs.call("GET", f"/flow_run_states/?flow_run_id={run.id}")]


def _tell(words: str) -> None:
    sys.stderr.write(f"{words}\n")
