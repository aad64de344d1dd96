"""Writing and deleting resources that no migration holds; every write is done when it is answered."""

from typing import Any

from starlette.responses import Response

from emulator.arm import reads, refusals, views
from emulator.arm.call import Call, answer, empty
from emulator.arm.completion import Write, complete
from emulator.arm.paths import Target, resolve
from emulator.arm.references import pointing_at
from emulator.arm.resource_locks import require_no_lock
from emulator.arm.shapes import require_shape
from emulator.errors import NotEmulatedError
from emulator.pointers import pointers
from emulator.store import ArmRow


def require_match(call: Call, target: Target, before: ArmRow | None) -> None:
    """Pass unless If-Match or If-None-Match forbids the write.

    Raises:
        PlatformError: 412.
    """
    tag = str(before.body.get("etag", "")) if before else ""
    wanted, unwanted = call.headers.get("if-match"), call.headers.get("if-none-match")
    missed = wanted is not None and (before is None or wanted not in ("*", tag))
    if missed or (unwanted is not None and before is not None and unwanted in ("*", tag)):
        raise refusals.precondition_failed(target.resource_id)


def put(call: Call) -> Response:
    """PUT of a resource or of a part that can be written alone."""
    target = _target(call)
    if target.collection:
        return _put_part(call, target)
    reads.require_group(call)
    before = call.store.arm_get(target.resource_id)
    require_unlocked(before)
    require_match(call, target, before)
    document = call.document()
    require_shape(target.type, document, target.resource_id)
    location = _location(call, target, document, before)
    _keep(call, target, before, complete(_write(call, target, before), document, location))
    return _shown(call, target, 200 if before else target.type.created)


def patch(call: Call) -> Response:
    """PATCH: tags are replaced, other members merged."""
    target = _target(call)
    if target.collection:
        raise NotEmulatedError(f"PATCH of {target.type.name}/{target.collection}")
    before = reads.held(call, target)
    require_unlocked(before)
    require_match(call, target, before)
    document = call.document()
    merged = {**_merged(before.body, document), **({"tags": document["tags"]} if "tags" in document else {})}
    require_shape(target.type, merged, target.resource_id)
    _keep(call, target, before, complete(_write(call, target, before), merged, before.location))
    return _shown(call, target, 200)


def delete(call: Call) -> Response:
    """DELETE: 204 when there is nothing, refused while another resource refers to it."""
    target = _target(call)
    row = call.store.arm_get(target.resource_id)
    if row is None:
        return empty(204)
    require_unlocked(row)
    require_match(call, target, row)
    if target.collection:
        return _delete_part(call, target, row)
    _require_unused(call, target, target.resource_id)
    for child in views.children(call.store, row):
        require_unlocked(child)
        call.store.arm_delete(child.id)
    call.store.arm_delete(row.id)
    _note(call, row.id, "Succeeded", None)
    return empty(200)


def require_unlocked(row: ArmRow | None) -> None:
    """Pass unless a migration holds the resource.

    Raises:
        PlatformError: 409.
    """
    if row is not None and row.unit is not None:
        raise refusals.locked(row.type, row.body["name"])


def _target(call: Call) -> Target:
    """What a write is about; a list cannot be written."""
    target = resolve(call.group_id, call.names["rest"])
    is_list = not target.resource_id or (target.collection and not target.part)
    if is_list or (target.collection and target.collection not in target.type.writable):
        raise NotEmulatedError(f"{call.method} of {call.names['rest']}")
    require_no_lock(call, target.resource_id)
    return target


def _write(call: Call, target: Target, before: ArmRow | None) -> Write:
    id_ = before.id if before else target.resource_id
    return Write(call.store, call.clock, call.subscription, target.type, id_, before)


def _location(call: Call, target: Target, document: dict[str, Any], before: ArmRow | None) -> str:
    """Where the resource is: a child is where its parent is, a resource stays where it was made."""
    if target.parent_id:
        parent = call.store.arm_get(target.parent_id)
        if parent is None:
            above = resolve(call.group_id, target.parent_id.removeprefix(f"{call.group_id}/providers/"))
            raise refusals.parent_not_found(above.name)
        require_unlocked(parent)
        return parent.location
    location = str(document.get("location") or "").replace(" ", "").lower()
    if not location:
        raise refusals.location_required()
    if before and before.location != location:
        raise refusals.location_changed(before.body["name"], call.names["group"], before.location, location)
    return location


def _keep(call: Call, target: Target, before: ArmRow | None, body: dict[str, Any]) -> None:
    for reference in pointers(body):
        if not _is_there(call, reference.target, body):
            raise refusals.reference_not_found(reference.target, target.resource_id)
    call.store.arm_put(body["id"], body)
    _note(call, body["id"], "Succeeded" if before else None, "Succeeded")


def _is_there(call: Call, wanted: str, body: dict[str, Any]) -> bool:
    """Whether a reference leads somewhere; what is not emulated is given the benefit of the doubt."""
    group_id, _, rest = wanted.partition("/providers/")
    try:
        target = resolve(group_id, rest)
    except NotEmulatedError:
        return True
    if target.resource_id.lower() == body["id"].lower():
        properties = body["properties"]
    else:
        row = call.store.arm_get(target.resource_id)
        if row is None:
            return False
        properties = row.body["properties"]
    names = [part["name"].lower() for part in properties.get(target.collection, [])]
    return not target.part or target.part.lower() in names


def _shown(call: Call, target: Target, status: int) -> Response:
    return answer(views.one(call.store, reads.held(call, target)), status)


def _put_part(call: Call, target: Target) -> Response:
    """A part is its parent written with one element more, or another one in its place."""
    row = reads.held(call, target)
    require_unlocked(row)
    require_match(call, target, row)
    parts = list(row.body["properties"].get(target.collection, []))
    sent = {**call.document(), "name": target.part}
    places = [n for n, part in enumerate(parts) if part["name"].lower() == target.part.lower()]
    if places:
        parts[places[0]] = {**sent, "name": parts[places[0]]["name"]}
    else:
        parts.append(sent)
    _keep_parts(call, target, row, parts)
    shown = views.one(call.store, reads.held(call, target))
    part = reads.part_named(shown["properties"][target.collection], target)
    return answer(part, 200 if places else 201)


def _delete_part(call: Call, target: Target, row: ArmRow) -> Response:
    parts = row.body["properties"].get(target.collection, [])
    rest = [part for part in parts if part["name"].lower() != target.part.lower()]
    if len(rest) == len(parts):
        return empty(204)
    _require_unused(call, target, target.part_id)
    _keep_parts(call, target, row, rest)
    return empty(200)


def _keep_parts(call: Call, target: Target, row: ArmRow, parts: list[dict[str, Any]]) -> None:
    changed = {**row.body, "properties": {**row.body["properties"], target.collection: parts}}
    require_shape(target.type, changed, target.resource_id)
    _keep(call, target, row, complete(_write(call, target, row), changed, row.location))


def _require_unused(call: Call, target: Target, id_: str) -> None:
    own = f"{target.resource_id}/".lower()
    if not target.type.in_use:
        return
    for pointer in pointing_at(call.store, target.type.name, id_):
        if not pointer.source.lower().startswith(own) or target.collection:
            raise refusals.in_use(target.type.in_use, id_, pointer.source)


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Members of `new` over those of `old`, objects merged, everything else replaced."""
    return {
        **old,
        **{
            name: _merged(old[name], value) if isinstance(value, dict) and isinstance(old.get(name), dict) else value
            for name, value in new.items()
        },
    }


def _note(call: Call, resource_id: str, before: str | None, after: str | None) -> None:
    call.note.verb, call.note.unit = call.method.lower(), resource_id
    call.note.before, call.note.after, call.note.effect = before, after, True
