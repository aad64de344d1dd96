"""What a unit becomes: the ARM side as promised to the operator, and what gets lost."""

from dataclasses import dataclass

from asmosis.arm.resource import Resource, parse_id
from asmosis.classic.estate import Estate
from asmosis.collect import collect
from asmosis.redaction import redacted
from asmosis.translate import (
    addresses,
    compute,
    extensions,
    gateways,
    interfaces,
    load_balancers,
    network,
    storage,
    vaults,
)
from asmosis.translate.losses import homeless
from asmosis.translate.names import Names
from asmosis.translate.naming import refuse_bad_names
from asmosis.translate.renaming import new_names, renamed_groups, renamed_resources, unused_names
from asmosis.translate.scope import Scope
from asmosis.translate.translation import Loss, Translation, produces
from asmosis.units import Destination, Unit

__all__ = [
    "TRANSLATIONS",
    "Loss",
    "Names",
    "Promise",
    "Proposal",
    "Translation",
    "groups_in",
    "groups_of",
    "produces",
    "promise",
    "propose",
    "types_in",
]

TRANSLATIONS: dict[str, Translation] = collect(
    Translation,
    lambda translation: translation.type,
    addresses,
    compute,
    extensions,
    gateways,
    interfaces,
    load_balancers,
    network,
    storage,
    vaults,
)
"""Resource type → the translation that produces it."""

_DESTINATION = Destination()
_NAMES = Names()


@dataclass(frozen=True)
class Promise:
    """The resources that the platform makes of a unit, by type, and what it loses."""

    unit: Unit
    resources: tuple[Resource, ...]
    losses: tuple[Loss, ...]


@dataclass(frozen=True)
class Proposal:
    """What a deployment of one's own would make of a unit, under names of choice; `groups` has the unit's own first.

    `unused` are chosen names of things that the unit does not become.
    """

    resources: tuple[Resource, ...]
    groups: tuple[str, ...]
    losses: tuple[Loss, ...]
    unused: tuple[str, ...]


def promise(estate: Estate, unit: Unit, destination: Destination = _DESTINATION) -> Promise:
    """What prepare makes of a unit, whose names nobody chooses; the same input gives the same, in the same order.

    Raises:
        UnknownUnit: the estate has no such unit.
    """
    scope = Scope(estate, estate.unit(unit), destination, _NAMES)
    resources, losses = _translated(scope)
    return Promise(scope.unit, resources, losses)


def propose(estate: Estate, unit: Unit, destination: Destination = _DESTINATION, names: Names = _NAMES) -> Proposal:
    """What a deployment of one's own would make of a unit.

    Raises:
        UnknownUnit: the estate has no such unit.
        UsageError: ARM refuses a name, two resources would get one name, or a chosen name is for nothing.
    """
    wanted = estate.unit(unit)
    scope = Scope(estate, wanted, destination, names)
    resources, losses = _translated(scope)
    chosen = new_names(scope, names.chosen, resources)
    renamed = redacted(renamed_resources(resources, chosen))
    refuse_bad_names(renamed, promise(estate, wanted, destination).resources)
    groups = _groups(scope)
    return Proposal(
        renamed,
        renamed_groups(scope, groups, chosen),
        losses,
        unused_names(scope, chosen, resources, groups),
    )


def groups_of(estate: Estate, unit: Unit) -> tuple[str, ...]:
    """The resource groups that the platform makes for a unit: its own, then its cloud services'.

    Raises:
        UnknownUnit: the estate has no such unit.
    """
    return _groups(Scope(estate, estate.unit(unit), _DESTINATION, _NAMES))


def groups_in(promised: Promise) -> tuple[str, ...]:
    """The resource groups that hold a promise's resources; the network that an operator chose is not among them."""
    return tuple(dict.fromkeys(parse_id(resource.id).group for resource in promised.resources))


def types_in(promised: Promise) -> tuple[tuple[str, str], ...]:
    """The types of a promise's resources, each with the group that holds it."""
    return tuple(dict.fromkeys((resource.type, parse_id(resource.id).group) for resource in promised.resources))


def _translated(scope: Scope) -> tuple[tuple[Resource, ...], tuple[Loss, ...]]:
    resources: list[Resource] = []
    losses: list[Loss] = []
    for translation in TRANSLATIONS.values():
        for item in translation(scope):
            if isinstance(item, Loss):
                losses.append(item)
            else:
                resources.append(item)
    losses.extend(homeless(scope))
    # Descriptions and labels are free text, and what is lost is told to everybody.
    return tuple(resources), redacted(tuple(sorted(losses, key=lambda loss: (loss.subject, loss.field))))


def _groups(scope: Scope) -> tuple[str, ...]:
    return tuple(dict.fromkeys((scope.group, *(service.group for service in scope.services))))
