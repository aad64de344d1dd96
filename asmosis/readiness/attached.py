"""Whose unit it is that something outside of classic hangs on: roles, alert rules and the like name ARM ids."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TypeVar

from asmosis.classic.estate import Estate, key
from asmosis.facts import classic_resource

Item = TypeVar("Item")
UnitKey = tuple[str, str]
"""Kind and name (a `key`) of a unit."""

NOBODYS: UnitKey = ("", "")
"""Stands for the unit of a classic resource that migrates with none, or that the estate does not hold."""


class Owners:
    """Which unit a classic resource migrates with, by its ARM id."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    def by_unit(self, items: Iterable[Item], id_of: Callable[[Item], str]) -> dict[UnitKey, list[tuple[str, Item]]]:
        """The items on classic resources, each with the resource's name, by the unit that it migrates with.

        A machine's id does not tell its cloud service; all machines of the name are meant.
        """
        found: dict[UnitKey, list[tuple[str, Item]]] = {}
        for item in items:
            for unit, name in self._owners(id_of(item)):
                found.setdefault(unit, []).append((name, item))
        return found

    def _owners(self, id: str) -> Iterator[tuple[UnitKey, str]]:
        resource = classic_resource(id)
        if resource is None:
            return
        kind, name = resource
        if kind == "machine":
            yield from self._machines.get(key(name), [(NOBODYS, name)])
        elif kind == "hostedService":
            yield self._services.get(key(name), (NOBODYS, name))
        else:
            yield self._others.get((kind, key(name)), (NOBODYS, name))

    @cached_property
    def _others(self) -> dict[UnitKey, tuple[UnitKey, str]]:
        units = (((unit.kind, key(unit.name)), unit.name) for unit in self._estate.units)
        return {unit: (unit, name) for unit, name in units}

    @cached_property
    def _services(self) -> dict[str, tuple[UnitKey, str]]:
        found = {}
        for service in self._estate.hosted_services:
            network = self._estate.network_of(service)
            unit = ("virtualNetwork", key(network)) if network else ("hostedService", key(service.name))
            found[key(service.name)] = (unit, service.name)
        return found

    @cached_property
    def _machines(self) -> dict[str, list[tuple[UnitKey, str]]]:
        found: dict[str, list[tuple[UnitKey, str]]] = {}
        for service in self._estate.hosted_services:
            for deployment in service.deployments:
                for role in deployment.roles:
                    place = (self._services[key(service.name)][0], f"{service.name}/{role.name}")
                    found.setdefault(key(role.name), []).append(place)
        return found
