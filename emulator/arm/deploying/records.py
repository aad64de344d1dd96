"""What is kept of a deployment: its state, its operations, its template."""

import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any

from emulator.arm.call import Call
from emulator.arm.deploying.templates import DEPLOYMENT, Item
from emulator.arm.types import TYPES
from emulator.transform import bodies

if TYPE_CHECKING:
    from emulator.arm.deploying.running import Outcome, Step


def deployment_id(call: Call, name: str) -> str:
    """Id of a deployment in the group of the call."""
    return bodies.resource_id(call.group_id, DEPLOYMENT, name)


def keep(call: Call, name: str, mode: str, outcome: "Outcome", template: Any = None) -> dict[str, Any]:
    """Write the record down; a repeated deployment replaces it."""
    id_ = deployment_id(call, name)
    body: dict[str, Any] = {
        "id": id_,
        "name": name,
        "type": DEPLOYMENT,
        "properties": {
            "templateHash": str(int(_digest(template)[:16], 16)),
            "provisioningState": "Failed" if outcome.error else "Succeeded",
            **described(call, mode, outcome),
            "outputs": dict(outcome.outputs),
            "outputResources": [{"id": step.item.id} for step in outcome.steps if not step.error],
            **({"error": outcome.error.document()} if outcome.error else {}),
        },
        "_template": template,
        "_operations": [_operation(call, id_, step) for step in outcome.steps],
        "_operation": uuid.uuid4().hex,
    }
    call.store.arm_put(id_, body)
    return body


def described(call: Call, mode: str, outcome: "Outcome") -> dict[str, Any]:
    """What validate tells as well."""
    items = [item for item in outcome.plan.items if item.wanted]
    by_id = {item.id.lower(): item for item in outcome.plan.items}
    return {
        "mode": mode,
        "parameters": dict(outcome.plan.parameters),
        "timestamp": call.clock.now().isoformat(),
        "duration": "PT0S",
        "correlationId": str(uuid.uuid4()),
        "providers": _providers(items),
        "dependencies": [
            {**_target(item), "dependsOn": [_target(by_id[id_]) for id_ in sorted(item.after)]}
            for item in items
            if item.after
        ],
    }


def _providers(items: list[Item]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, list[str]]] = {}
    for item in items:
        namespace, _, short = item.type.partition("/")
        places = found.setdefault(namespace, {}).setdefault(short, [])
        place = item.document.get("location")
        if isinstance(place, str) and not place.startswith("[") and place not in places:
            places.append(bodies.normal_location(place))
    return [
        {
            "namespace": namespace,
            "resourceTypes": [{"resourceType": short, "locations": places} for short, places in types.items()],
        }
        for namespace, types in found.items()
    ]


def _operation(call: Call, id_: str, step: "Step") -> dict[str, Any]:
    number = bodies.stable_guid(id_, step.item.id).replace("-", "").upper()[:16]
    outcome: dict[str, Any] = {"statusCode": "Created" if step.status == 201 else "OK"}  # noqa: PLR2004 -- HTTP
    if step.error:
        outcome = {"statusCode": _STATUS.get(step.status, "BadRequest"), "statusMessage": {}}
        outcome["statusMessage"] = {"error": step.error.document()}
    return {
        "id": f"{id_}/operations/{number}",
        "operationId": number,
        "properties": {
            "provisioningOperation": "Create",
            "provisioningState": "Failed" if step.error else "Succeeded",
            "timestamp": call.clock.now().isoformat(),
            "duration": "PT0S",
            "trackingId": str(uuid.uuid4()),
            "targetResource": _target(step.item),
            **outcome,
        },
    }


def _target(item: Item) -> dict[str, str]:
    known = TYPES.get(item.type.lower())
    return {"id": item.id, "resourceType": known.name if known else item.type, "resourceName": item.name}


def _digest(template: Any) -> str:
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()


_STATUS = {400: "BadRequest", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 501: "NotImplemented"}
