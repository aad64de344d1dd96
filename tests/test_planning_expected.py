"""How long a wave is going to take, before it has a pace of its own."""

from typing import Any

import pytest

from asmosis.facts import StepDuration
from asmosis.parameters import Mode, WaveParameters
from asmosis.planning.expected import expected_minutes
from asmosis.planning.plan import Limits
from tests.planned import SUBSCRIPTION, Net, Svc, estate

NETWORKS = [f"virtualNetwork/n{number}" for number in range(4)]
STORE = "storageAccount/disks"
ESTATE = estate([Net(f"n{number}") for number in range(4)], [Svc("web", "n0", machines=6)], ["disks"])
FAST = [StepDuration(kind="virtualNetwork", step=step, seconds=1) for step in ("validate", "prepare", "commit")]


def expected(units: list[str], history: list[StepDuration] | None = None, **told: Any) -> tuple[float, float]:
    limits = Limits(**told.pop("limits", {"prepares": 4}))
    wave = WaveParameters(subscription=SUBSCRIPTION, name="march", units=units, **told)
    return expected_minutes(ESTATE, wave, limits, history or ())


ALL_AT_ONCE = expected(NETWORKS)


def test_it_is_a_range_of_minutes() -> None:
    low, high = ALL_AT_ONCE
    assert 1 < low < high < 60


@pytest.mark.parametrize(
    ("longer", "told"),
    [
        pytest.param(True, {"limits": {"prepares": 1}}, id="one at a time"),
        pytest.param(True, {"limits": {"prepares": 4, "writes_per_hour": 10}}, id="few writes an hour"),
        pytest.param(True, {"after": {NETWORKS[1]: [NETWORKS[0]], NETWORKS[2]: [NETWORKS[1]]}}, id="one after another"),
        pytest.param(True, {"units": [STORE, *NETWORKS]}, id="storage waits for the others"),
        pytest.param(False, {"units": [*NETWORKS[1:], "virtualNetwork/gone"]}, id="what is not there takes no time"),
        pytest.param(False, {"mode": Mode.PREPARE_ONLY}, id="no commit"),
        pytest.param(False, {"mode": Mode.ASSESS, "limits": {"writes_per_hour": 1}}, id="judged only"),
        pytest.param(False, {"history": FAST}, id="measured before"),
    ],
)
def test_what_makes_it_longer_or_shorter_than_four_networks_at_once(*, longer: bool, told: dict[str, Any]) -> None:
    low, high = expected(**{"units": NETWORKS} | told)
    assert (low > ALL_AT_ONCE[0], high > ALL_AT_ONCE[1]) == (longer, longer)
    assert (low, high) != ALL_AT_ONCE


def test_an_order_that_says_so_lets_storage_go_at_once() -> None:
    assert expected([STORE, *NETWORKS], after={STORE: []}, limits={"prepares": 9}) == ALL_AT_ONCE
