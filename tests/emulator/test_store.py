"""The store: all or nothing, on disk when it returns, one process at a time."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.clock import Clock
from emulator.store import Store

GROUP = "/subscriptions/S/resourceGroups/Web"
MACHINE = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/One"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "state.sqlite")
    yield opened
    opened.close()


class BreakError(Exception):
    pass


def test_a_transaction_that_breaks_leaves_nothing(store: Store) -> None:
    store.set_setting("kept", "1")

    def change() -> None:
        with store.transaction():
            store.set_setting("kept", "2")
            with store.transaction():
                store.arm_put(MACHINE, {})
            raise BreakError

    with pytest.raises(BreakError):
        change()
    assert (store.setting("kept", ""), store.arm_get(MACHINE)) == ("1", None)


def test_every_commit_is_synced_to_disk(store: Store) -> None:
    # 2 is FULL: a write that was acknowledged survives a power cut, not only a kill.
    assert store.execute("PRAGMA synchronous")[0][0] == 2
    assert store.execute("PRAGMA journal_mode")[0][0] == "wal"


def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    first = Store(tmp_path / "state.sqlite")
    first.classic_put("s", "disk", "d", b"<Disk/>", owner="svc")
    Clock(first).advance(60)
    first.close()
    second = Store(tmp_path / "state.sqlite")
    assert [row.document for row in second.classic_list("s", "disk", owner="SVC")] == [b"<Disk/>"]
    assert Clock(second).offset == 60
    second.close()


def test_a_second_store_on_the_file_is_refused(store: Store) -> None:
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        Store(store.path)


def test_a_temporary_file_goes_with_the_store() -> None:
    store = Store()
    path = store.path
    assert path.exists()
    store.close()
    assert not path.exists()


@pytest.mark.parametrize(
    ("resource_id", "type_", "group"),
    [
        (GROUP, "Microsoft.Resources/resourceGroups", "Web"),
        (MACHINE, "Microsoft.Compute/virtualMachines", "Web"),
        (f"{MACHINE}/extensions/script", "Microsoft.Compute/virtualMachines/extensions", "Web"),
    ],
)
def test_a_resource_is_found_by_its_id_in_any_case(store: Store, resource_id: str, type_: str, group: str) -> None:
    store.arm_put(resource_id, {"location": "westus", "name": "ä"}, "virtualNetwork/v")
    found = store.arm_get(resource_id.upper())
    assert found is not None
    assert (found.id, found.type, found.group, found.location) == (resource_id, type_, group, "westus")
    assert (found.unit, found.body["name"]) == ("virtualNetwork/v", "ä")
    assert store.arm_list("s", type=type_.lower(), group="WEB") == [found]
    assert (store.arm_delete(resource_id.lower()), store.arm_delete(resource_id)) == (True, False)


@pytest.mark.parametrize("wrong", ["", "/", "/subscriptions/s", "/subscriptions/s/providers/Microsoft.Compute"])
def test_an_id_outside_a_group_is_refused(store: Store, wrong: str) -> None:
    with pytest.raises(ValueError, match="not the id of a resource in a group"):
        store.arm_put(wrong, {})


def test_lists_keep_the_order_of_making_even_when_one_is_written_again(store: Store) -> None:
    for name in ("b", "a", "c", "B"):
        store.classic_put("s", "disk", name, name.encode())
    assert [row.document for row in store.classic_list("s", "disk")] == [b"B", b"a", b"c"]


@pytest.mark.parametrize("seconds", [-1.0, float("nan")])
def test_the_clock_only_goes_forward(store: Store, seconds: float) -> None:
    with pytest.raises(ValueError, match="forward"):
        Clock(store).advance(seconds)
