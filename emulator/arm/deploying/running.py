"""Carrying a template out: each resource through the same write as a PUT of it, after what it depends on."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from emulator.arm import reads, refusals, writes
from emulator.arm.call import Call
from emulator.arm.deploying import problems, records
from emulator.arm.deploying.evaluation import Scope, evaluated
from emulator.arm.deploying.templates import Item, Plan, document, read, read_in_place
from emulator.arm.groups import TENANT
from emulator.errors import NotEmulatedError, PlatformError
from emulator.journal import Note
from emulator.store import ArmRow
from emulator.transform import bodies


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class Settings(_Open):
    """The properties of a deployment."""

    mode: str
    template: dict[str, Any] | None = None
    templateLink: dict[str, Any] | None = None  # noqa: N815 -- the wire's name
    parameters: dict[str, Any] | None = None
    parametersLink: dict[str, Any] | None = None  # noqa: N815 -- the wire's name
    expressionEvaluationOptions: dict[str, Any] | None = None  # noqa: N815 -- the wire's name
    whatIfSettings: dict[str, Any] | None = None  # noqa: N815 -- the wire's name


@dataclass(frozen=True)
class Step:
    """What became of one resource; without an error it was written."""

    item: Item
    status: int = 200
    error: PlatformError | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a deployment; `plan` says what it was."""

    plan: Plan = field(repr=False)
    steps: tuple[Step, ...]
    outputs: Mapping[str, Any]
    error: PlatformError | None = None


class _Document(_Open):
    properties: Settings
    location: str | None = None
    tags: dict[str, str] | None = None


def settings(sent: Mapping[str, Any]) -> Settings:
    """The properties of a deployment's document.

    Raises:
        PlatformError: 400.
        NotEmulatedError: it uses a feature that the emulator leaves out.
    """
    try:
        asked = _Document.model_validate(sent).properties
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise refusals.invalid_content(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if asked.templateLink is not None or asked.parametersLink is not None:
        raise NotEmulatedError("templates and parameters that are fetched from a link")
    if asked.mode.lower() != "incremental":
        raise NotEmulatedError(f"deployments in the mode {asked.mode}")
    if asked.template is None:
        raise problems.invalid_template("The deployment has no template")
    return asked


def run(call: Call, name: str, asked: Settings, around: tuple[Scope, str] | None = None) -> Outcome:
    """Deploy into the group of the call.

    `around` is the outer scope, and the group's id, of a nested template whose expressions are the outer one's.

    Raises:
        PlatformError: 400 before anything is written; what fails later is in the outcome.
    """
    try:
        plan = read_in_place(asked.template, *around) if around else _read(call, name, asked)
        return _carried_out(call, plan)
    except RecursionError:
        raise problems.invalid_template("The template is too deep") from None


def _read(call: Call, name: str, asked: Settings) -> Plan:
    group = reads.require_group(call)
    scope = Scope(call.subscription, TENANT, group.body, name, lookup=_nothing)
    return read(asked.template, asked.parameters or {}, scope)


def _nothing(target: str) -> Any:
    raise problems.invalid_template(f"'{target}' cannot be referred to here")


def _carried_out(call: Call, plan: Plan) -> Outcome:
    scope = replace(plan.scope, lookup=lambda target: _looked_up(call, plan, target).body)
    failed: set[str] = set()
    steps: list[Step] = []
    for item in plan.items:
        if not item.wanted or item.after & failed:
            if item.after & failed:
                failed.add(item.id.lower())
            continue
        try:
            steps.append(Step(item, _deployed(call, item, scope)))
        except PlatformError as error:
            failed.add(item.id.lower())
            steps.append(Step(item, error.status, error))
    errors = tuple(step.error for step in steps if step.error)
    if errors:
        return Outcome(plan, tuple(steps), {}, _failed(errors))
    try:
        outputs = {
            shown: {"type": output.get("type", ""), "value": evaluated(output.get("value"), scope)}
            for shown, output in plan.outputs.items()
            if evaluated(output.get("condition", True), scope)
        }
    except PlatformError as error:
        return Outcome(plan, tuple(steps), {}, _failed((error,)))
    return Outcome(plan, tuple(steps), outputs)


def _looked_up(call: Call, plan: Plan, target: str) -> ArmRow:
    """A resource by its id or by its name in the template."""
    wanted = target.lower()
    ids = [item.id for item in plan.items if wanted in (item.name.lower(), f"{item.type}/{item.name}".lower())]
    id_ = ids[0] if ids and not wanted.startswith("/") else target
    row = call.store.arm_get(id_)
    if row is None:
        short = id_.rpartition("/providers/")[2]
        raise refusals.resource_not_found(short, str(plan.scope.group["name"]))
    return row


def _deployed(call: Call, item: Item, scope: Scope) -> int:
    sent = document(item, scope)
    group, _, rest = item.id.partition("/providers/")
    names = {"subscription": call.subscription, "group": group.rpartition("/")[2], "rest": rest}
    if group.lower() != bodies.group_id(call.subscription, names["group"]).lower():
        raise NotEmulatedError("deployments into other subscriptions")
    inner = replace(call, method="PUT", names=names, content=json.dumps(sent).encode(), note=Note())
    if not item.is_deployment:
        return writes.put(inner).status_code
    asked = settings(sent)
    reads.require_group(inner)
    is_own = str((asked.expressionEvaluationOptions or {}).get("scope", "outer")).lower() == "inner"
    outcome = run(inner, item.name, asked, None if is_own else (scope, group))
    records.keep(inner, item.name, asked.mode, outcome)
    if outcome.error:
        raise outcome.error
    return 201


def _failed(errors: tuple[PlatformError, ...]) -> PlatformError:
    return PlatformError(
        409,
        "DeploymentFailed",
        "At least one resource deployment operation failed. Please list deployment operations for details. Please see "
        "https://aka.ms/arm-deployment-operations for usage details.",
        details=errors,
    )


def new_id() -> str:
    """A fresh id of an operation or a correlation."""
    return str(uuid.uuid4())
