"""What goes before what: told by the estate, and by a person's rules."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

from asmosis.classic.compute import Deployment
from asmosis.classic.estate import Estate, key
from asmosis.classic.storage import account_of
from asmosis.errors import UnknownUnit, UsageError
from asmosis.planning.couplings import couplings
from asmosis.planning.links import Link, refuse_cycles
from asmosis.planning.plan import Plan, same
from asmosis.readiness.rules.destination import destination_is_not_there
from asmosis.readiness.rules.storage import disks_in_use
from asmosis.translate.names import Names
from asmosis.units import Destination, DestinationMode, Unit
from asmosis.yaml_files import did_you_mean

Value = TypeVar("Value")
_SHOWN = 3  # machines that a reason spells out


def links_of(estates: Sequence[Estate], plan: Plan, names: Names | None = None) -> tuple[Link, ...]:
    """Everything that ties units of the estates together, in a stable order.

    Raises:
        UsageError: a rule names a unit that is not there, a destination is not what its network will have, or units
            wait for each other in a circle.
    """
    # Rules may go on to name what has migrated or vanished meanwhile.
    known = {unit: unit for unit in plan.placed()} | {same(unit): unit for estate in estates for unit in estate.units}
    links = [
        *(link for estate in estates for link in _storage(estate)),
        *_destinations(estates, _named(plan.rules.destinations, plan, known, "destinations"), names or Names()),
        *couplings(estates),
        *_by_hand(plan, known),
    ]
    unique = {(link.first, link.then, link.together): link for link in reversed(links)}
    found = tuple(link for link in reversed(unique.values()) if link.first != link.then)
    refuse_cycles(found, plan.text)
    return found


def _storage(estate: Estate) -> Iterator[Link]:
    """A storage account goes after every unit that has disks in it, or machines from images in it."""
    homes = _homes(estate)
    machines: dict[tuple[str, str], dict[str, None]] = {}
    for account, service, machine in _uses(estate):
        machines.setdefault((key(account), key(service)), {})[f"{service}/{machine}"] = None
    by_unit: dict[tuple[str, Unit], dict[str, None]] = {}
    for (account, service_name), names in machines.items():
        if service_name in homes:
            by_unit.setdefault((account, homes[service_name]), {}).update(names)
    accounts = {key(account.name or ""): account.name or "" for account in estate.storage_accounts}
    for (account, unit), names in by_unit.items():
        if account in accounts:
            then = Unit(estate.subscription, "storageAccount", accounts[account])
            yield Link(unit, then, f"it holds disks or images of {_some(names)}", mends=disks_in_use.id)


def _homes(estate: Estate) -> dict[str, Unit]:
    """Cloud service → the unit that it migrates in."""
    spelled = {key(network.name): network.name for network in estate.virtual_networks}
    found = {}
    for service in estate.hosted_services:
        network = estate.network_of(service)
        if network is None:
            found[key(service.name)] = Unit(estate.subscription, "hostedService", service.name)
        elif key(network) in spelled:
            found[key(service.name)] = Unit(estate.subscription, "virtualNetwork", spelled[key(network)])
    return found


def _uses(estate: Estate) -> Iterator[tuple[str, str, str]]:
    """Every (storage account, cloud service, machine) where the machine needs a blob of the account."""
    for disk in estate.disks:
        if disk.attached_to:
            yield disk.account, disk.attached_to.hosted_service, disk.attached_to.role
    images = {key(image.name): account_of(image.media_link or "") for image in estate.os_images}
    for image in estate.vm_images:
        first = image.os_disk.media_link if image.os_disk else None
        images[key(image.name)] = account_of(first or "")
    for service in estate.hosted_services:
        for deployment in service.deployments:
            for account, machine in _asked_for(deployment, images):
                yield account, service.name, machine


def _asked_for(deployment: Deployment, images: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for role in deployment.roles:
        for disk in (*((role.os_disk,) if role.os_disk else ()), *role.data_disks):
            yield account_of(disk.media_link), role.name
        for image in (role.vm_image, role.os_disk.source_image if role.os_disk else None):
            if image and key(image) in images:
                yield images[key(image)], role.name


def _destinations(estates: Sequence[Estate], wanted: Mapping[Unit, Destination], names: Names) -> Iterator[Link]:
    """A cloud service goes after the unit that its destination network comes from."""
    makers: dict[tuple[str, str, str], tuple[Unit, tuple[str, ...]]] = {}
    for estate in estates:
        for site in estate.virtual_networks:
            unit = Unit(estate.subscription, "virtualNetwork", site.name)
            subnets = tuple(names.kept(subnet.name) for subnet in site.subnets)
            makers[unit.subscription, key(names.group(unit.name)), key(names.kept(unit.name))] = unit, subnets
        for unit in estate.units:
            if unit.kind == "hostedService":
                place = unit.subscription, key(names.group(unit.name)), key(names.network(unit.name))
                makers[place] = unit, (names.subnet,)
    for unit, destination in wanted.items():
        if unit.kind != "hostedService":
            problem = f"a unit of kind {unit.kind} takes no destination network"
            raise UsageError(f"rules.destinations {unit.short}", problem, "Take the entry out.")
        place = unit.subscription, key(destination.resource_group), key(destination.virtual_network)
        if destination.mode is not DestinationMode.EXISTING or place not in makers:
            continue
        maker, subnets = makers[place]
        if key(destination.subnet) not in {key(subnet) for subnet in subnets}:
            problem = f"{maker.short} brings no subnet {destination.subnet!r}"
            remedy = did_you_mean(destination.subnet, subnets) or f"Subnets: {', '.join(subnets) or 'none'}."
            raise UsageError(f"rules.destinations {unit.short}", problem, remedy)
        why = f"its destination network {destination.virtual_network} comes from there"
        yield Link(maker, unit, why, mends=destination_is_not_there.id)


def _by_hand(plan: Plan, known: Mapping[Unit, Unit]) -> Iterator[Link]:
    for then, firsts in _named(plan.rules.after, plan, known, "after").items():
        for first in _all_named(firsts, plan, known, "after"):
            yield Link(first, then, "the plan's rules say so")
    for together in plan.rules.together:
        units = _all_named(together, plan, known, "together")
        for one, other in pairwise(units):
            yield Link(one, other, "the plan's rules say so", together=True)


def _named(values: Mapping[str, Value], plan: Plan, known: Mapping[Unit, Unit], rule: str) -> dict[Unit, Value]:
    units = _all_named(values, plan, known, rule)
    return dict(zip(units, values.values(), strict=True))


def _all_named(texts: Iterable[str], plan: Plan, known: Mapping[Unit, Unit], rule: str) -> list[Unit]:
    """The units that a rule names, as the platform writes them."""
    found = []
    for text in texts:
        wanted = same(plan.unit(text))
        if wanted not in known:
            shown = {plan.text(unit): unit for unit in known.values() if unit.kind == wanted.kind}
            remedy = did_you_mean(text, shown) or "See asmosis assess for the units."
            raise UnknownUnit(f"rules.{rule} {text}", "there is no such unit", remedy)
        found.append(known[wanted])
    return found


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = len(listed) - _SHOWN
    return ", ".join(listed[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
