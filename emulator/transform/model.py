"""What goes into a transformation and what comes out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lxml.etree import _Element

Existing = Callable[[str], dict[str, Any] | None]
"""Looks a Resource Manager body up by its id."""


@dataclass(frozen=True)
class Destination:
    """Where a cloud service outside any network goes; the last three count only when the mode is Existing."""

    mode: Literal["New", "Existing"] = "New"
    resource_group: str = ""
    virtual_network: str = ""
    subnet: str = ""


@dataclass(frozen=True)
class ClassicService:
    """A cloud service with its deployment; `certificates` are SHA-1 thumbprints in hex."""

    name: str
    hosted_service: _Element
    deployment: _Element
    certificates: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClassicUnit:
    """Everything of one migration unit as parsed documents; an affinity group is already a location."""

    subscription: str
    kind: Literal[
        "virtualNetwork",
        "hostedService",
        "storageAccount",
        "networkSecurityGroup",
        "routeTable",
        "reservedIp",
    ]
    name: str
    location: str
    services: tuple[ClassicService, ...] = ()
    network: _Element | None = None
    gateway: _Element | None = None
    network_security_groups: Mapping[str, _Element] = field(default_factory=dict)
    route_tables: Mapping[str, _Element] = field(default_factory=dict)
    reserved_ips: Mapping[str, _Element] = field(default_factory=dict)
    storage_account: _Element | None = None
    storage_keys: tuple[str, str] = field(default=("", ""), repr=False)
    destination: Destination = field(default_factory=Destination)


@dataclass(frozen=True)
class ArmResource:
    """One resource as Resource Manager keeps it.

    The body is the wire JSON of a GET. Top-level names that begin with `_` never leave the platform:
    `_instanceView` of a virtual machine (documented only for reading, so not a property) and
    `_keys` of a storage account (secret).
    """

    id: str
    body: dict[str, Any] = field(repr=False)
