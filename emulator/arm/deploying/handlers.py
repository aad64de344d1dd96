"""Deployments of a group: validate, create, read, list, delete, cancel, operations, export, what-if."""

from dataclasses import replace

from starlette.responses import Response

from emulator.arm import paging, reads, refusals, views
from emulator.arm.call import Call, answer, empty
from emulator.arm.deploying import exporting, records, running, what_if
from emulator.arm.deploying.templates import DEPLOYMENT
from emulator.errors import PlatformError
from emulator.store import ArmRow


def put(call: Call) -> Response:
    """Deploy; done at once, told as an operation that goes on, as the real one is.

    Raises:
        PlatformError: 400 for what cannot be read; a resource that fails makes the deployment fail later.
    """
    name = call.names["deployment"]
    reads.require_group(call)
    sent = call.document()
    asked = running.settings(sent)
    existed = call.store.arm_get(records.deployment_id(call, name)) is not None
    outcome = running.run(call, name, asked)
    body = records.keep(call, name, asked.mode, outcome, asked.template)
    call.note.verb, call.note.unit, call.note.effect = "deploy", body["id"], True
    call.note.after = body["properties"]["provisioningState"]
    accepted = {**views.public(body), "properties": {**body["properties"], "provisioningState": "Accepted"}}
    for later in ("outputs", "outputResources", "error"):
        accepted["properties"].pop(later, None)
    made = answer(accepted, 200 if existed else 201)
    made.headers["azure-asyncoperation"] = call.link(f"{body['id']}/operationStatuses/{body['_operation']}")
    return made


def status(call: Call) -> Response:
    """How a deployment ended."""
    row = _held(call)
    if row.body["_operation"] != call.names["operation"].lower():
        raise refusals.operation_not_found(call.names["operation"])
    properties = row.body["properties"]
    error = {"error": properties["error"]} if "error" in properties else {}
    return answer({"status": properties["provisioningState"], **error})


def validate(call: Call) -> Response:
    """Everything but the deployment: the resources are written, and not kept.

    Raises:
        PlatformError: 400, with what each resource was refused for.
    """
    name = call.names["deployment"]
    reads.require_group(call)
    asked = running.settings(call.document())
    call.note.verb, call.note.unit = "validate", records.deployment_id(call, name)
    with call.store.rehearsal():
        outcome = running.run(replace(call, note=replace(call.note)), name, asked)
    if outcome.error:
        raise PlatformError(
            400,
            "InvalidTemplateDeployment",
            f"The template deployment '{name}' is not valid according to the validation procedure. The tracking id is "
            f"'{running.new_id()}'. See inner errors for details.",
            details=outcome.error.details,
        )
    validated = [{"id": step.item.id} for step in outcome.steps]
    properties = {**records.described(call, asked.mode, outcome), "validatedResources": validated}
    id_ = records.deployment_id(call, name)
    return answer(
        {
            "id": id_,
            "name": name,
            "type": DEPLOYMENT,
            "properties": {**properties, "provisioningState": "Succeeded"},
        }
    )


def compare(call: Call) -> Response:
    """What-if: which resources a deployment would make, change or leave."""
    name = call.names["deployment"]
    group = reads.require_group(call)
    asked = running.settings(call.document())
    wanted = str((asked.whatIfSettings or {}).get("resultFormat", "FullResourcePayloads"))
    call.note.verb, call.note.unit = "whatIf", records.deployment_id(call, name)
    before = what_if.present(call.store, call.subscription)
    with call.store.rehearsal():
        outcome = running.run(replace(call, note=replace(call.note)), name, asked)
        after = what_if.present(call.store, call.subscription)
    if outcome.error:
        return answer({"status": "Failed", "error": outcome.error.document()})
    named = {step.item.id.lower() for step in outcome.steps}
    changes = what_if.changes(before, after, named, group.id)
    if wanted.lower() == "resourceidonly":
        changes = [{n: v for n, v in change.items() if n in ("resourceId", "changeType")} for change in changes]
    return answer({"status": "Succeeded", "properties": {"correlationId": running.new_id(), "changes": changes}})


def show(call: Call) -> Response:
    """One deployment."""
    return answer(views.public(_held(call).body))


def exists(call: Call) -> Response:
    """204 or 404, without a body."""
    return empty(204 if call.store.arm_get(records.deployment_id(call, call.names["deployment"])) else 404)


def list_in_group(call: Call) -> Response:
    """The deployments of a group."""
    reads.require_group(call)
    rows = call.store.arm_list(call.subscription, type=DEPLOYMENT, group=call.names["group"])
    return answer(paging.page(call, rows, lambda row: row.id, lambda shown: [views.public(row.body) for row in shown]))


def delete(call: Call) -> Response:
    """Forget a deployment; what it deployed stays (documented)."""
    id_ = records.deployment_id(call, call.names["deployment"])
    if call.store.arm_delete(id_):
        call.note.verb, call.note.unit, call.note.effect = "delete", id_, True
    return empty(204)


def cancel(call: Call) -> Response:
    """Too late, as every deployment is done when it is answered."""
    row = _held(call)
    state = row.body["properties"]["provisioningState"]
    raise PlatformError(
        409,
        "DeploymentCannotBeCancelled",
        f"The deployment '{row.body['name']}' cannot be cancelled because it is in provisioning state '{state}'.",
    )


def operations(call: Call) -> Response:
    """What was done for each resource of a deployment."""
    return answer({"value": _held(call).body["_operations"]})


def operation(call: Call) -> Response:
    """One of them."""
    for each in _held(call).body["_operations"]:
        if each["operationId"].lower() == call.names["operation"].lower():
            return answer(each)
    raise refusals.operation_not_found(call.names["operation"])


def export_deployment(call: Call) -> Response:
    """The template that was deployed."""
    return answer({"template": _held(call).body["_template"]})


def export_group(call: Call) -> Response:
    """The resources of a group as a template; names and ids stay literal, where the real one makes parameters."""
    reads.require_group(call)
    rows = call.store.arm_list(call.subscription, group=call.names["group"])
    wanted = call.document().get("resources", ["*"])
    if not isinstance(wanted, list) or not all(isinstance(each, str) for each in wanted):
        raise refusals.invalid_content("resources have to be a list of ids")
    ids = {each.lower() for each in wanted}
    chosen = [row for row in rows if "*" in ids or row.id.lower() in ids]
    return answer({"template": exporting.template(chosen)})


def _held(call: Call) -> ArmRow:
    row = call.store.arm_get(records.deployment_id(call, call.names["deployment"]))
    if row is None:
        reads.require_group(call)
        raise refusals.deployment_not_found(call.names["deployment"])
    return row
