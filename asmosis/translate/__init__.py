"""What a unit becomes: the ARM side as promised to the operator, and what gets lost."""

from dataclasses import dataclass

from asmosis.arm.resource import Resource, parse_id
from asmosis.classic.estate import Estate
from asmosis.collect import collect
from asmosis.translate import addresses, compute, gateways, interfaces, load_balancers, network, storage, vaults
from asmosis.translate.losses import homeless
from asmosis.translate.names import Names
from asmosis.translate.scope import Scope
from asmosis.translate.translation import Loss, Translation, produces
from asmosis.units import Destination, Unit

__all__ = ["TRANSLATIONS", "Loss", "Names", "Promise", "Translation", "groups_in", "groups_of", "produces", "promise"]

TRANSLATIONS: dict[str, Translation] = collect(
    Translation,
    lambda translation: translation.type,
    addresses,
    compute,
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
    """The resources that a unit becomes, by type, and what it loses."""

    unit: Unit
    resources: tuple[Resource, ...]
    losses: tuple[Loss, ...]


def promise(estate: Estate, unit: Unit, destination: Destination = _DESTINATION, names: Names = _NAMES) -> Promise:
    """What a unit becomes; the same input gives the same promise in the same order.

    Raises:
        UnknownUnit: the estate has no such unit.
    """
    scope = Scope(estate, estate.unit(unit), destination, names)
    resources: list[Resource] = []
    losses: list[Loss] = []
    for translation in TRANSLATIONS.values():
        for item in translation(scope):
            if isinstance(item, Loss):
                losses.append(item)
            else:
                resources.append(item)
    losses.extend(homeless(scope))
    return Promise(scope.unit, tuple(resources), tuple(sorted(losses, key=lambda loss: (loss.subject, loss.field))))


def groups_of(estate: Estate, unit: Unit, names: Names = _NAMES) -> tuple[str, ...]:
    """The resource groups that the platform makes for a unit: its own, then its cloud services'.

    Raises:
        UnknownUnit: the estate has no such unit.
    """
    scope = Scope(estate, estate.unit(unit), _DESTINATION, names)
    return tuple(dict.fromkeys((scope.group, *(service.group for service in scope.services))))


def groups_in(promised: Promise) -> tuple[str, ...]:
    """The resource groups that hold a promise's resources; the network that an operator chose is not among them."""
    return tuple(dict.fromkeys(parse_id(resource.id).group for resource in promised.resources))
