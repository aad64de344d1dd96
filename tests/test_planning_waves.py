"""Which unit goes in which wave."""

from typing import Any

import pytest

from asmosis.errors import UsageError
from asmosis.facts import Circuit, Facts
from asmosis.planning.plan import Plan
from asmosis.planning.propose import propose
from asmosis.planning.survey import Survey, survey
from tests.planned import OTHER, SUBSCRIPTION, Net, Svc, blocker, empty, estate, planned, warning, waves

NETS = [Net(name) for name in "abcdef"]


def test_the_small_go_before_the_large() -> None:
    given = estate(services=[Svc("three", machines=3), Svc("one"), Svc("two", machines=2)])
    assert waves(planned(given, plan=empty(limits={"units": 1}))) == {
        "wave-01": ["hostedService/one"],
        "wave-02": ["hostedService/two"],
        "wave-03": ["hostedService/three"],
    }


@pytest.mark.parametrize(
    ("larger", "smaller"),
    [
        pytest.param(Svc("a", "x", size="Large"), Svc("b", "y"), id="cores"),
        pytest.param(Svc("a", "x", endpoints=3), Svc("b", "y"), id="endpoints"),
        pytest.param(Svc("a", None), Svc("b", "y"), id="machines that are restarted"),
    ],
)
def test_what_counts_as_risk(larger: Svc, smaller: Svc) -> None:
    proposal = planned(estate([Net("x"), Net("y")], [larger, smaller]))
    of = {weight.unit.name: weight.risk for weight in proposal.weights.values()}
    assert of[larger.network or larger.name] > of[smaller.network or smaller.name]


def test_warnings_and_points_of_ones_own_count() -> None:
    given = estate(NETS[:2])
    order = waves(planned(given, findings=[warning("virtualNetwork/a")]))
    assert order["wave-01"] == ["virtualNetwork/b", "virtualNetwork/a"]
    careless = empty(rules={"risk": {"warning": 0}})
    assert waves(planned(given, findings=[warning("virtualNetwork/a")], plan=careless))["wave-01"] == [
        "virtualNetwork/a",
        "virtualNetwork/b",
    ]


def test_production_goes_after_everything_else_in_waves_of_its_own() -> None:
    given = estate([Net("prod-small"), Net("test-large")], [Svc("w", "test-large", machines=4)])
    assert waves(planned(given)) == {
        "wave-01": ["virtualNetwork/test-large"],
        "wave-02": ["virtualNetwork/prod-small"],
    }


@pytest.mark.parametrize(
    "patterns", [["*Shop*"], ["ENV=live"], ["hostedservice/shop"]], ids=["name", "property", "kind"]
)
def test_patterns_match_names_properties_and_kinds(patterns: list[str]) -> None:
    given = estate(services=[Svc("shop", properties={"env": "Live"}), Svc("lab")])
    plan = empty(rules={"production": patterns})
    assert list(waves(planned(given, plan=plan)).values()) == [["hostedService/lab"], ["hostedService/shop"]]


def test_a_network_is_production_if_a_service_in_it_is() -> None:
    given = estate([Net("a"), Net("b")], [Svc("prod-web", "a"), Svc("web", "b")])
    assert list(waves(planned(given)).values()) == [["virtualNetwork/b"], ["virtualNetwork/a"]]


def test_what_goes_after_production_is_in_no_earlier_wave() -> None:
    given = estate(services=[Svc("prod", accounts=("disks",)), Svc("lab")], accounts=["disks"])
    assert waves(planned(given)) == {
        "wave-01": ["hostedService/lab"],
        "wave-02": ["hostedService/prod", "storageAccount/disks"],
    }


def test_express_route_goes_first_even_in_production() -> None:
    nets = [Net("lab"), Net("prod-er", gateway="40.0.0.1", gateway_type="DedicatedCircuit")]
    assert list(waves(planned(estate(nets))).values()) == [["virtualNetwork/prod-er"], ["virtualNetwork/lab"]]


def test_what_goes_together_with_express_route_goes_first_too() -> None:
    nets = [
        Net("lab"),
        Net("er", gateway="40.0.0.1", gateway_type="DedicatedCircuit"),
        Net("prod-spoke", sites=(("to-er", "40.0.0.1", ()),)),
    ]
    assert list(waves(planned(estate(nets))).values()) == [
        ["virtualNetwork/er", "virtualNetwork/prod-spoke"],
        ["virtualNetwork/lab"],
    ]


def test_units_that_wait_for_each_other_take_their_time_one_after_the_other() -> None:
    given = estate(services=[Svc("a"), Svc("b"), Svc("c")])
    chained = {"after": {"hostedService/b": ["hostedService/a"], "hostedService/c": ["hostedService/b"]}}
    free, bound = (planned(given, plan=empty(limits={"minutes": 20}, rules=rules)) for rules in ({}, chained))
    assert [len(units) for units in waves(free).values()] == [3]
    assert [len(units) for units in waves(bound).values()] == [1, 1, 1]


def test_a_network_on_a_circuit_that_the_facts_tell_goes_first() -> None:
    circuit = Circuit(name="c", model="arm", subscription=SUBSCRIPTION, networks=("B",))
    survey = Survey(estate(NETS[:2]), facts=Facts(circuits=(circuit,)))
    assert list(waves(propose([survey], empty())).values()) == [["virtualNetwork/b"], ["virtualNetwork/a"]]


def test_a_storage_account_waits_for_the_last_of_its_users() -> None:
    given = estate(services=[Svc("a", accounts=("d",)), Svc("b", accounts=("d",), machines=2)], accounts=["d"])
    proposal = planned(given, plan=empty(limits={"units": 1}))
    assert list(waves(proposal).values()) == [["hostedService/a"], ["hostedService/b"], ["storageAccount/d"]]
    assert proposal.plan.waves[2].units[0].after == ("hostedService/a", "hostedService/b")


def test_networks_that_reach_each_other_go_together_however_full_the_wave() -> None:
    nets = [Net("hub", ("10.2.0.0/16",), gateway="40.0.0.2"), Net("lone"), Net("spoke", sites=(("h", "40.0.0.2", ()),))]
    proposal = planned(estate(nets), plan=empty(limits={"units": 1}))
    assert ["virtualNetwork/hub", "virtualNetwork/spoke"] in waves(proposal).values()
    assert proposal.notes == ("wave-02 is over its limits: 2 units of 1",)


def test_networks_that_reach_each_other_are_parted_by_a_blocker_and_it_is_said() -> None:
    nets = [Net("hub", ("10.2.0.0/16",), gateway="40.0.0.2"), Net("spoke", sites=(("h", "40.0.0.2", ()),))]
    proposal = planned(estate(nets), findings=[blocker("virtualNetwork/spoke")])
    assert list(waves(proposal).values()) == [["virtualNetwork/hub"]]
    [note] = proposal.notes
    assert note.startswith("virtualNetwork/hub goes without virtualNetwork/spoke, which is left out (")
    assert note.endswith("(virtualNetwork/spoke: its site h stands for hub)")


def test_orders_that_lead_back_through_couplings_make_one_group() -> None:
    rules = {
        "together": [["virtualNetwork/a", "virtualNetwork/b"], ["virtualNetwork/c", "virtualNetwork/d"]],
        "after": {"virtualNetwork/c": ["virtualNetwork/a"], "virtualNetwork/b": ["virtualNetwork/d"]},
    }
    proposal = planned(estate(NETS[:4]), plan=empty(rules=rules, limits={"units": 1}))
    assert {frozenset(units) for units in waves(proposal).values()} == {
        frozenset(f"virtualNetwork/{name}" for name in "abcd")
    }


@pytest.mark.parametrize(
    ("limits", "sizes"),
    [
        pytest.param({"units": 2}, [2, 2, 2], id="units"),
        pytest.param({"machines": 3}, [3, 3], id="machines"),
        pytest.param({"cores": 1}, [1, 1, 1, 1, 1, 1], id="cores"),
        pytest.param({"writes_per_hour": 10, "minutes": 60}, [1, 1, 1, 1, 1, 1], id="minutes, for ARM's sake"),
        pytest.param({"minutes": 7, "prepares": 1}, [1, 1, 1, 1, 1, 1], id="minutes, one after the other"),
        pytest.param({"minutes": 30, "prepares": 6}, [6], id="minutes, side by side"),
    ],
)
def test_limits_bound_a_wave(limits: dict[str, int], sizes: list[int]) -> None:
    given = estate(NETS, [Svc(f"s{net.name}", net.name) for net in NETS])
    assert [len(units) for units in waves(planned(given, plan=empty(limits=limits))).values()] == sizes


def test_a_unit_larger_than_any_wave_gets_one_of_its_own_and_is_named() -> None:
    given = estate(services=[Svc("small"), Svc("huge", machines=9), Svc("tiny")])
    proposal = planned(given, plan=empty(limits={"machines": 4}))
    assert waves(proposal) == {
        "wave-01": ["hostedService/small", "hostedService/tiny"],
        "wave-02": ["hostedService/huge"],
    }
    assert proposal.notes == ("wave-02 is over its limits: 9 machines of 4",)


def test_blocked_and_excluded_units_stay_out_and_take_along_what_goes_after_them() -> None:
    given = estate(
        [Net("a"), Net("lab-b")], [Svc("w", "a", accounts=("disks",)), Svc("solo")], accounts=["disks", "logs"]
    )
    plan = empty(rules={"exclude": ["lab-*"], "after": {"storageAccount/logs": ["storageAccount/disks"]}})
    findings = [blocker("virtualNetwork/A", "no"), blocker("virtualNetwork/a", "never")]
    proposal = planned(given, plan=plan, findings=findings)
    assert list(waves(proposal).values()) == [["hostedService/solo"]]
    assert {entry.unit: entry.why for entry in proposal.plan.left_out} == {
        "virtualNetwork/a": ("no", "never"),
        "virtualNetwork/lab-b": ("excluded by 'lab-*'",),
        "storageAccount/disks": ("it goes after virtualNetwork/a, which is left out",),
        "storageAccount/logs": ("it goes after storageAccount/disks, which is left out",),
    }


def test_a_blocker_that_the_order_mends_is_none() -> None:
    given = estate(services=[Svc("solo", accounts=("d",))], accounts=["d"])
    findings = [blocker("storageAccount/d", rule="sto-vm-disks-not-migrated")]
    assert list(waves(planned(given, findings=findings)).values()) == [["hostedService/solo", "storageAccount/d"]]


def test_a_blocker_that_no_order_mends_stays_one() -> None:
    findings = [blocker("storageAccount/d", rule="sto-vm-disks-not-migrated")]
    assert waves(planned(estate(accounts=["d"]), findings=findings)) == {}


def test_services_are_judged_with_their_destinations_which_the_plan_may_make() -> None:
    given = estate([Net("core")], [Svc("web"), Svc("lost")])
    place = {"resource_group": "core-Migrated", "virtual_network": "core", "subnet": "front"}
    nowhere = place | {"virtual_network": "nowhere"}
    plan = empty(rules={"destinations": {"hostedService/web": place, "hostedService/lost": nowhere}})
    proposal = propose([survey(given, plan, Facts(networks=()))], plan)
    assert list(waves(proposal).values()) == [["virtualNetwork/core", "hostedService/web"]]
    [entry] = proposal.plan.left_out
    assert entry.why == ("There is no virtual network nowhere in resource group core-Migrated.",)


def test_blocked_units_are_planned_on_request() -> None:
    proposal = planned(estate(NETS[:1]), plan=empty(include_blocked=True), findings=[blocker("virtualNetwork/a")])
    assert list(waves(proposal).values()) == [["virtualNetwork/a"]]


def test_pinned_waves_come_first_with_what_must_go_before() -> None:
    given = estate(services=[Svc("a", accounts=("d",)), Svc("b"), Svc("c")], accounts=["d"])
    proposal = planned(given, plan=empty(rules={"pin": {"storageAccount/d": "pilot", "hostedService/c": "second"}}))
    assert waves(proposal) == {
        "pilot": ["hostedService/a", "storageAccount/d"],
        "second": ["hostedService/c"],
        "wave-03": ["hostedService/b"],
    }
    assert proposal.notes == ("hostedService/a goes in pilot too, because of what is pinned there",)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        pytest.param(
            {"pin": {"storageAccount/d": "one", "hostedService/a": "two"}},
            "rules.pin hostedService/a: it is pinned to two, and has to go with or before what is pinned to one.",
            id="a pin against the order",
        ),
        pytest.param(
            {"pin": {"hostedService/nobody": "one"}},
            "rules.pin hostedService/nobody: there is no such unit.",
            id="a pin of nothing",
        ),
    ],
)
def test_pins_that_cannot_be_are_refused(rules: dict[str, Any], said: str) -> None:
    given = estate(services=[Svc("a", accounts=("d",))], accounts=["d"])
    with pytest.raises(UsageError) as caught:
        planned(given, plan=empty(rules=rules))
    assert str(caught.value).startswith(said)


def test_several_subscriptions_share_waves_and_units_say_which_is_theirs() -> None:
    near, far = estate([Net("a")]), estate([Net("a")], subscription=OTHER)
    proposal = planned(near, far, plan=Plan())
    assert list(waves(proposal).values()) == [[f"{SUBSCRIPTION}/virtualNetwork/a", f"{OTHER}/virtualNetwork/a"]]


def test_what_goes_after_another_subscriptions_unit_goes_in_a_later_wave() -> None:
    near, far = estate([Net("a")]), estate([Net("b")], subscription=OTHER)
    after = {f"{SUBSCRIPTION}/virtualNetwork/a": [f"{OTHER}/virtualNetwork/b"]}
    proposal = planned(near, far, plan=Plan.model_validate({"rules": {"after": after}}))
    assert list(waves(proposal).values()) == [[f"{OTHER}/virtualNetwork/b"], [f"{SUBSCRIPTION}/virtualNetwork/a"]]


def test_units_of_two_subscriptions_cannot_go_together_and_one_after_the_other() -> None:
    near, far = estate([Net("a")]), estate([Net("b")], subscription=OTHER)
    one, other = f"{SUBSCRIPTION}/virtualNetwork/a", f"{OTHER}/virtualNetwork/b"
    plan = Plan.model_validate({"rules": {"after": {one: [other]}, "together": [[one, other]]}})
    with pytest.raises(UsageError, match="but in one wave with it"):
        planned(near, far, plan=plan)


def test_a_pin_does_not_draw_another_subscriptions_unit_into_the_wave() -> None:
    near, far = estate([Net("a")]), estate([Net("b")], subscription=OTHER)
    one, other = f"{SUBSCRIPTION}/virtualNetwork/a", f"{OTHER}/virtualNetwork/b"
    rules = {"after": {one: [other]}, "pin": {one: "pilot"}}
    with pytest.raises(UsageError, match=r"of another subscription, which goes first\. Pin that one"):
        planned(near, far, plan=Plan.model_validate({"rules": rules}))
    earlier = {"after": {one: [other]}, "pin": {other: "first", one: "pilot"}}
    assert list(waves(planned(near, far, plan=Plan.model_validate({"rules": earlier}))).values()) == [[other], [one]]


def test_owners_and_destinations_are_part_of_a_units_figures() -> None:
    given = estate([Net("core")], [Svc("web")])
    place = {"resource_group": "core-Migrated", "virtual_network": "core", "subnet": "front"}
    plan = empty(rules={"owners": {"*web*": "web team", "*": "nobody"}, "destinations": {"hostedService/web": place}})
    weights = {weight.unit.name: weight for weight in planned(given, plan=plan).weights.values()}
    assert weights["web"].owner == "web team"
    assert weights["core"].owner == "nobody"
    alone = {weight.unit.name: weight for weight in planned(given).weights.values()}
    assert weights["web"].writes < alone["web"].writes


def test_an_empty_estate_is_an_empty_plan() -> None:
    proposal = propose([Survey(estate())], Plan())
    assert (proposal.plan.waves, proposal.plan.left_out, proposal.notes) == ((), (), ())
