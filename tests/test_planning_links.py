"""What ties units together: told by estates, and by a person's rules."""

from collections.abc import Sequence
from typing import Any

import pytest

from asmosis.classic.estate import Estate
from asmosis.errors import UsageError
from asmosis.planning.orders import links_of
from tests.planned import OTHER, SUBSCRIPTION, Net, Svc, empty, estate

EXISTING = {"resource_group": "core-Migrated", "virtual_network": "core", "subnet": "front"}


def told(*estates: Estate, **rules: Any) -> list[str]:
    plan = empty(rules=rules)
    words = {True: "with", False: "before"}
    return [
        f"{link.first.name} {words[link.together]} {link.then.name}: {link.why}" for link in links_of(estates, plan)
    ]


def coupled(*sites: tuple[str, str, tuple[str, ...]], gateway: str = "40.0.0.2") -> Estate:
    return estate([Net("spoke", sites=sites), Net("hub", ("10.2.0.0/16",), gateway=gateway)])


@pytest.mark.parametrize(
    ("given", "links"),
    [
        pytest.param(estate([Net("a"), Net("b")], [Svc("w", "a"), Svc("x", "b")]), [], id="strangers"),
        pytest.param(
            estate([Net("a")], [Svc("w", "A", 2, ("disks",))], ["Disks"]),
            ["a before Disks: it holds disks or images of w/vm0, w/vm1"],
            id="the disks of a network's machines, whatever the case",
        ),
        pytest.param(
            estate(services=[Svc("solo", accounts=("disks",))], accounts=["disks"]),
            ["solo before disks: it holds disks or images of solo/vm0"],
            id="the disks of machines outside any network",
        ),
        pytest.param(
            estate(services=[Svc("solo", machines=5, accounts=("disks",))], accounts=["disks"]),
            ["solo before disks: it holds disks or images of solo/vm0, solo/vm1, solo/vm2 and 2 more"],
            id="a few of many machines",
        ),
        pytest.param(
            estate(services=[Svc("solo", image="golden")], accounts=["images"], images={"images": "golden"}),
            ["solo before images: it holds disks or images of solo/vm0"],
            id="the image that a machine was made from",
        ),
        pytest.param(estate(services=[Svc("solo", accounts=("gone",))], accounts=["disks"]), [], id="no such account"),
        pytest.param(
            coupled(("to-hub", "40.0.0.2", ("10.2.0.0/16",))),
            ["spoke with hub: its site to-hub stands for hub"],
            id="a site with another network's gateway",
        ),
        pytest.param(
            coupled(("to-hub", "40.0.0.2", ("10.2.0.0/16", "192.168.0.0/16"))),
            ["spoke with hub: its site to-hub reaches 192.168.0.0/16 by transit through hub"],
            id="a site that reaches further than the other network",
        ),
        pytest.param(
            coupled(("to-hub", "", ("10.2.4.0/24",)), gateway=""),
            ["spoke with hub: its site to-hub stands for hub"],
            id="a site inside another network's prefixes, its gateway unknown",
        ),
        pytest.param(coupled(("office", "203.0.113.9", ("10.2.4.0/24",))), [], id="another gateway with like prefixes"),
        pytest.param(coupled(("office", "203.0.113.9", ("192.168.0.0/16",))), [], id="an office"),
        pytest.param(
            estate(
                [Net("a", sites=(("s", "", ("10.9.0.0/24",)),)), Net("b", ("10.9.0.0/16",)), Net("c", ("10.9.0.0/16",))]
            ),
            [],
            id="prefixes that two networks have",
        ),
        pytest.param(estate([Net("a", sites=(("s", "", ("no/prefix",)),))]), [], id="a prefix that cannot be read"),
    ],
)
def test_an_estate_tells_what_is_tied(given: Estate, links: Sequence[str]) -> None:
    assert told(given) == list(links)


def test_networks_of_two_subscriptions_see_each_other() -> None:
    near = estate([Net("near", sites=(("to-far", "40.0.0.9", ("10.2.0.0/16",)),))])
    far = estate([Net("far", ("10.2.0.0/16",), gateway="40.0.0.9")], subscription=OTHER)
    assert told(near, far) == ["near with far: its site to-far stands for far"]


@pytest.mark.parametrize(
    ("destination", "links"),
    [
        pytest.param(EXISTING, ["core before solo: its destination network core comes from there"], id="a network"),
        pytest.param(
            EXISTING | {"resource_group": "OTHER-migrated", "virtual_network": "vnet-other", "subnet": "Default"},
            ["other before solo: its destination network vnet-other comes from there"],
            id="the network that the platform makes for another service",
        ),
        pytest.param(EXISTING | {"resource_group": "there-already"}, [], id="a network that is there already"),
        pytest.param({"mode": "New"}, [], id="a new network"),
    ],
)
def test_a_service_goes_after_what_its_destination_comes_from(
    destination: dict[str, str], links: Sequence[str]
) -> None:
    given = estate([Net("core")], [Svc("solo"), Svc("other")])
    assert told(given, destinations={"hostedService/solo": destination}) == list(links)


def test_rules_of_a_person_tie_too() -> None:
    given = estate([Net("a"), Net("b"), Net("c")])
    rules = {
        "after": {"virtualNetwork/a": ["virtualNetwork/B"]},
        "together": [["virtualNetwork/a", "virtualNetwork/c"]],
    }
    assert told(given, **rules) == ["b before a: the plan's rules say so", "a with c: the plan's rules say so"]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        pytest.param(
            {"after": {"virtualNetwork/a": ["virtualNetwork/bb"]}},
            "rules.after virtualNetwork/bb: there is no such unit. Did you mean 'virtualNetwork/b'?",
            id="an unknown unit",
        ),
        pytest.param(
            {"after": {"virtualNetwork/a": ["virtualNetwork/b"], "virtualNetwork/b": ["virtualNetwork/a"]}},
            "plan: units wait for each other (virtualNetwork/",
            id="two units after each other",
        ),
        pytest.param(
            {
                "destinations": {
                    "hostedService/solo": EXISTING | {"subnet": "frnt"},
                }
            },
            "rules.destinations hostedService/solo: virtualNetwork/core brings no subnet 'frnt'. Did you mean 'front'?",
            id="a subnet that will not be there",
        ),
        pytest.param(
            {"destinations": {"virtualNetwork/a": EXISTING}},
            "rules.destinations virtualNetwork/a: a unit of kind virtualNetwork takes no destination network.",
            id="a destination for a network",
        ),
    ],
)
def test_rules_that_cannot_be_are_refused(rules: dict[str, Any], said: str) -> None:
    given = estate([Net("core"), Net("a"), Net("b")], [Svc("solo")])
    with pytest.raises(UsageError) as caught:
        told(given, **rules)
    assert str(caught.value).startswith(said)


def test_a_cycle_is_spelled_out_with_its_reasons() -> None:
    given = estate([Net("a")], [Svc("w", "a", accounts=("disks",))], ["disks"])
    with pytest.raises(UsageError) as caught:
        told(given, after={"virtualNetwork/a": ["storageAccount/disks"]})
    said = str(caught.value)
    assert "storageAccount/disks goes after virtualNetwork/a: it holds disks or images of w/vm0" in said
    assert "virtualNetwork/a goes after storageAccount/disks: the plan's rules say so" in said


def test_the_order_of_links_is_that_of_the_estate() -> None:
    services = [Svc(f"s{number}", accounts=("one", "two"), machines=2) for number in range(4)]
    given = estate(services=services, accounts=["two", "one"])
    first = links_of([given], empty())
    assert first == links_of([given], empty())
    assert {link.first.subscription for link in first} == {SUBSCRIPTION}
    assert len(first) == 8
