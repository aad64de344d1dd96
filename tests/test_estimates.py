"""How long a unit takes: by its size, and by what was measured before."""

from typing import Any

import pytest

from asmosis.classic.compute import Deployment, HostedService
from asmosis.classic.estate import Estate
from asmosis.classic.role import Role
from asmosis.facts import StepDuration
from asmosis.readiness.estimates import STEPS, Estimate, StepEstimate, estimate
from asmosis.units import Unit

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
NETWORK = Unit(SUBSCRIPTION, "virtualNetwork", "net")
SERVICE = Unit(SUBSCRIPTION, "hostedService", "web0")


def estate_of(services: int, machines: int, network: str | None = "net") -> Estate:
    roles = tuple(Role(name=f"vm{number}", role_type="PersistentVMRole") for number in range(machines))
    return Estate(
        SUBSCRIPTION,
        hosted_services=tuple(
            HostedService(
                name=f"web{number}",
                deployments=(
                    Deployment(name="d", slot="Production", status="Running", roles=roles, virtual_network=network),
                ),
            )
            for number in range(services)
        ),
    )


def of(estimated: Estimate, step: str) -> StepEstimate:
    [found] = [one for one in estimated.steps if one.step == step]
    return found


def measured(**told: Any) -> StepDuration:
    return StepDuration(**({"kind": "virtualNetwork", "step": "prepare", "machines": 4, "services": 2} | told))


def test_every_step_has_a_range_and_says_what_it_rests_on() -> None:
    estimated = estimate(estate_of(2, 2), NETWORK)
    assert (estimated.machines, estimated.services, estimated.outside_network) == (4, 2, False)
    assert tuple(step.step for step in estimated.steps) == STEPS
    assert all(0 < step.low < step.high for step in estimated.steps)
    assert {step.basis for step in estimated.steps} == {"assumed"}
    assert (estimated.low, estimated.high) == (
        sum(step.low for step in estimated.steps),
        sum(step.high for step in estimated.steps),
    )


def test_next_to_nothing_takes_as_long_to_prepare_as_was_recorded() -> None:
    prepare = of(estimate(Estate(SUBSCRIPTION), Unit(SUBSCRIPTION, "reservedIp", "spare")), "prepare")
    assert (prepare.low, prepare.high, prepare.basis) == (62, 94, "recorded")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("larger", [estate_of(2, 4), estate_of(3, 3)], ids=["machines", "services"])
def test_more_of_anything_takes_longer(step: str, larger: Estate) -> None:
    small, large = (of(estimate(estate, NETWORK), step) for estate in (estate_of(2, 3), larger))
    assert small.low < large.low
    assert small.high < large.high


def test_machines_outside_a_network_are_stopped_and_started_by_prepare() -> None:
    inside = estimate(estate_of(1, 2), NETWORK)
    outside = estimate(estate_of(1, 2, network=None), SERVICE)
    assert outside.outside_network
    assert of(outside, "prepare").low > of(inside, "prepare").low + 60
    assert of(outside, "commit") == of(inside, "commit")


def test_web_roles_are_no_machines() -> None:
    estate = estate_of(1, 2)
    web = HostedService(
        name="paas",
        deployments=(
            Deployment(name="d", slot="Production", status="Running", roles=(Role(name="w"),), virtual_network="net"),
        ),
    )
    mixed = Estate(SUBSCRIPTION, hosted_services=(*estate.hosted_services, web))
    assert estimate(mixed, NETWORK).machines == 2


def test_a_measurement_of_the_same_size_stands_in_the_middle() -> None:
    prepare = of(estimate(estate_of(2, 2), NETWORK, [measured(seconds=1000)]), "prepare")
    assert (prepare.basis, prepare.measurements) == ("measured", 1)
    assert (prepare.low, prepare.high) == pytest.approx((500, 1500))


def test_a_measurement_of_another_size_is_scaled() -> None:
    large = of(estimate(estate_of(4, 2), NETWORK, [measured(seconds=1000)]), "prepare")
    assert 1000 < (large.low + large.high) / 2 < 2000


def test_many_measurements_narrow_the_range_and_forget_the_outermost() -> None:
    history = [measured(seconds=seconds) for seconds in (10, *range(1000, 1090, 10), 90000)]
    prepare = of(estimate(estate_of(2, 2), NETWORK, history), "prepare")
    assert (prepare.low, prepare.high) == pytest.approx((1000, 1080))
    assert prepare.measurements == 11


@pytest.mark.parametrize(
    "other",
    [{"kind": "hostedService"}, {"step": "commit"}, {"outside_network": True}],
    ids=lambda told: next(iter(told)),
)
def test_measurements_of_something_else_do_not_count(other: dict[str, Any]) -> None:
    without = of(estimate(estate_of(2, 2), NETWORK), "prepare")
    assert of(estimate(estate_of(2, 2), NETWORK, [measured(seconds=9999, **other)]), "prepare") == without


def test_a_unit_that_is_not_there_takes_what_nothing_takes() -> None:
    gone = estimate(Estate(SUBSCRIPTION), SERVICE)
    assert (gone.machines, gone.services) == (0, 0)
