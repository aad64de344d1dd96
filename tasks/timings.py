"""How long the steps of units took, kept with their runs for later estimates."""

from prefect.artifacts import create_table_artifact

from asmosis.azure.planes import Planes
from asmosis.facts import StepDuration
from asmosis.steps import Step
from asmosis.translate import Promise, groups_in
from tasks.reports import artifact_key


def keep_timing(step: Step, promised: Promise, planes: Planes) -> None:
    """Keep the duration of a step that this run took itself, with the size of its unit."""
    if not step.taken:
        return
    unit = promised.unit
    machines = sum(resource.type.casefold() == _MACHINES for resource in promised.resources)
    # A network has a group of its own beside one per cloud service.
    services = len(groups_in(promised)) - (unit.kind == "virtualNetwork")
    duration = StepDuration(
        kind=unit.kind,
        step=step.verb.value,
        seconds=round(step.seconds, 1),
        machines=machines,
        services=services if unit.kind in ("virtualNetwork", "hostedService") else 0,
        outside_network=unit.kind == "hostedService",
    )
    row = {"unit": str(unit), "plane": planes.asm_url, **duration.model_dump(mode="json"), "operation": step.operation}
    description = f"{unit.short}: {step.verb} took {step.seconds:.0f} s"
    create_table_artifact([row], key=artifact_key(f"timing-{step.verb}", unit), description=description)


_MACHINES = "microsoft.compute/virtualmachines"
