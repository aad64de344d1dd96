"""Who points at what is known as long as the resource that points is there, and no longer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.arm.references import pointing_at
from emulator.store import Store
from emulator.transform import bodies

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = bodies.group_id(SUBSCRIPTION, "made")
NETWORKS, INTERFACES = "Microsoft.Network/virtualNetworks", "Microsoft.Network/networkInterfaces"
NET = bodies.resource_id(GROUP, NETWORKS, "net")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "emulator.sqlite")
    yield made
    made.close()


def put(store: Store, name: str, *subnets: str, type_: str = INTERFACES) -> str:
    id_ = bodies.resource_id(GROUP, type_, name)
    parts: list[dict[str, Any]] = [
        bodies.part(id_, "ipConfigurations", f"ip{n}", {"subnet": {"id": f"{NET}{subnet}"}})
        for n, subnet in enumerate(subnets)
    ]
    resource = bodies.resource(id_, "westus", {"ipConfigurations": parts})
    store.arm_put(resource.id, resource.body, "virtualNetwork/plant")
    return id_


def sources(store: Store, target: str) -> list[str]:
    return [pointer.source.rpartition("/networkInterfaces/")[2] for pointer in pointing_at(store, NETWORKS, target)]


def test_pointers_at_a_resource_and_its_parts_in_the_order_of_who_points(store: Store) -> None:
    put(store, "b", "/subnets/front")
    put(store, "a", "/subnets/back", "")
    assert sources(store, NET.upper()) == ["a/ipConfigurations/ip0", "a/ipConfigurations/ip1", "b/ipConfigurations/ip0"]
    assert sources(store, f"{NET}/subnets/front") == ["b/ipConfigurations/ip0"]
    assert sources(store, f"{NET}/subnets/fro") == []


def test_a_name_that_begins_alike_is_another_resource(store: Store) -> None:
    put(store, "a", "work/subnets/front", "-2", "0")
    assert sources(store, NET) == []


def test_only_types_that_can_hold_a_reference_count(store: Store) -> None:
    put(store, "a", "/subnets/front", type_="Microsoft.Resources/deployments")
    assert pointing_at(store, NETWORKS, NET) == []


def test_a_resource_that_is_written_again_points_where_it_does_now(store: Store) -> None:
    put(store, "a", "/subnets/front")
    put(store, "a", "/subnets/back")
    assert (sources(store, f"{NET}/subnets/front"), len(sources(store, NET))) == ([], 1)


def test_what_is_deleted_in_whatever_way_points_nowhere(store: Store) -> None:
    id_ = put(store, "a", "/subnets/front")
    put(store, "b", "/subnets/front")
    store.arm_delete(id_)
    assert sources(store, NET) == ["b/ipConfigurations/ip0"]
    store.execute("DELETE FROM arm WHERE unit = ?", ("virtualNetwork/plant",))
    assert store.execute("SELECT * FROM arm_pointer") == []


def test_resources_after_an_id_are_read_one_by_one(store: Store) -> None:
    ids = [put(store, name) for name in "abc"]
    rows = store.arm_after(SUBSCRIPTION.upper(), ids[0].lower(), type=INTERFACES.lower(), group="MADE")
    assert next(rows).id == ids[1]
    assert [row.id for row in rows] == [ids[2]]
    assert list(store.arm_after(SUBSCRIPTION, "", group="other")) == []


def test_a_rehearsal_leaves_nothing_and_what_was_there_before(store: Store) -> None:
    kept = put(store, "a", "/subnets/front")
    with store.transaction():
        with store.rehearsal():
            put(store, "b", "/subnets/front")
            store.arm_delete(kept)
            assert sources(store, NET) == ["b/ipConfigurations/ip0"]
        put(store, "c", "/subnets/front")
    assert sources(store, NET) == ["a/ipConfigurations/ip0", "c/ipConfigurations/ip0"]
