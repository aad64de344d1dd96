"""The public endpoints of a unit, from whichever side has it."""

from asmosis.azure.planes import Planes
from asmosis.classic.estate import Estate
from asmosis.errors import UnknownUnit
from asmosis.probe.arm_targets import PROBED_TYPES, arm_targets, of_unit
from asmosis.probe.classic_targets import classic_targets
from asmosis.probe.routes import DataPlaneRoutes, NameRoutes, Routes
from asmosis.probe.target import Targets
from asmosis.units import Unit


def targets_of(unit: Unit, estate: Estate, planes: Planes) -> Targets:
    """What can be probed of a unit; one that classic no longer has is looked for in Resource Manager.

    Raises:
        UnknownUnit: neither side has it.
        ControlPlaneError, Unreachable: Resource Manager does not tell.
    """
    try:
        return classic_targets(estate, estate.unit(unit))
    except UnknownUnit as unknown:
        with planes.arm() as arm:
            groups = [group["name"] for group in arm.groups()]
            bodies = of_unit(unit, arm.of_types(groups, PROBED_TYPES))
        if not bodies:
            raise unknown from None
        return arm_targets(bodies)


def routes_of(planes: Planes) -> Routes:
    """How public addresses are reached: as an emulator reports, or as they are."""
    if planes.dataplane:
        return DataPlaneRoutes(planes.dataplane, planes.subscription)
    return NameRoutes()
