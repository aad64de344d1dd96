"""Every kind of resource, its parts and its children included, is for reading only while a migration holds it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.arm import reads, writes
from emulator.arm.call import Call
from emulator.arm.types import TYPES, ResourceType
from emulator.clock import Clock
from emulator.errors import PlatformError
from emulator.store import Store
from emulator.transform import bodies

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = bodies.group_id(SUBSCRIPTION, "held")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "emulator.sqlite")
    group = bodies.group(SUBSCRIPTION, "held", "westus")
    made.arm_put(group.id, group.body)
    yield made
    made.close()


def rest_of(type_: ResourceType) -> str:
    """`Microsoft.X/a/name/b/name` for a type."""
    namespace, *names = type_.name.split("/")
    return "/".join([namespace, *(f"{name}/it" for name in names)])


def put_locked(store: Store, rest: str, properties: dict[str, Any]) -> str:
    resource = bodies.resource(f"{GROUP}/providers/{rest}", "westus", properties)
    store.arm_put(resource.id, resource.body, "virtualNetwork/plant")
    return resource.id


def call(store: Store, method: str, rest: str) -> Call:
    return Call(
        store=store,
        clock=Clock(store),
        url=f"http://127.0.0.1{GROUP}/providers/{rest}?api-version=x",
        method=method,
        names={"subscription": SUBSCRIPTION, "group": "held", "rest": rest},
        query={"api-version": "x"},
        content=json.dumps({"location": "westus", "properties": {}}).encode(),
    )


def refused(store: Store, method: str, rest: str) -> bool:
    handler = {"PUT": writes.put, "PATCH": writes.patch, "DELETE": writes.delete}[method]
    with pytest.raises(PlatformError) as caught:
        handler(call(store, method, rest))
    return (caught.value.status, caught.value.code) == (409, "OperationNotAllowed")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("type_", TYPES.values(), ids=lambda type_: type_.name)
def test_a_held_resource_can_be_read_but_not_written(store: Store, type_: ResourceType, method: str) -> None:
    if type_.name.count("/") > 1:
        put_locked(store, rest_of(type_).rpartition("/")[0].rpartition("/")[0], {})
    id_ = put_locked(store, rest_of(type_), {})
    before = store.arm_get(id_)
    assert refused(store, method, rest_of(type_))
    assert store.arm_get(id_) == before
    assert reads.show(call(store, "GET", rest_of(type_))).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("type_", [type_ for type_ in TYPES.values() if type_.writable], ids=lambda type_: type_.name)
def test_a_part_of_a_held_resource_cannot_be_written(store: Store, type_: ResourceType, method: str) -> None:
    for collection in type_.writable:
        put_locked(store, rest_of(type_), {collection: [{"name": "one", "id": "one", "properties": {}}]})
        assert refused(store, method, f"{rest_of(type_)}/{collection}/one")


def test_nothing_can_be_added_below_a_held_resource(store: Store) -> None:
    put_locked(store, "Microsoft.Compute/virtualMachines/it", {})
    assert refused(store, "PUT", "Microsoft.Compute/virtualMachines/it/extensions/new")
