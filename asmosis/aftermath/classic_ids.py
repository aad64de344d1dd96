"""What classic resources were called: their ids in Resource Manager's stand-ins for classic, and their paths in ASM.

The types are documented by Microsoft (resource provider operations). The groups in which the portal showed them are
told by a resource's own properties; where they are not, the portal's defaults are assumed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from asmosis.classic.compute import ExtendedProperty
from asmosis.classic.estate import key

TYPES = {
    "hostedService": "Microsoft.ClassicCompute/domainNames",
    "virtualMachine": "Microsoft.ClassicCompute/virtualMachines",
    "virtualNetwork": "Microsoft.ClassicNetwork/virtualNetworks",
    "networkSecurityGroup": "Microsoft.ClassicNetwork/networkSecurityGroups",
    "routeTable": "Microsoft.ClassicNetwork/routeTables",
    "reservedIp": "Microsoft.ClassicNetwork/reservedIps",
    "storageAccount": "Microsoft.ClassicStorage/storageAccounts",
}
"""Kind of classic resource → its type in Resource Manager."""

_NETWORKING = "Default-Networking"
_STORAGE = "Default-Storage"
_GROUP = "ResourceGroup"  # the property that keeps the portal's group (recorded)
_PROVIDERS = "/providers/"


@dataclass(frozen=True)
class ClassicIds:
    """Names the classic resources of one subscription; `told` are ids that something else knows, by `tail`."""

    subscription: str
    told: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, subscription: str, ids: Iterable[str] = ()) -> "ClassicIds":
        """Names as far as possible after `ids`, such as the scopes of roles."""
        return cls(subscription, {tail(id): id for id in ids if _PROVIDERS in id})

    def resource(self, kind: str, name: str, group: str) -> str:
        """The id of a resource of one of the `TYPES`."""
        path = f"{TYPES[kind]}/{name}"
        head = f"/subscriptions/{self.subscription}/resourceGroups/{group}"
        return self.told.get(key(path), f"{head}{_PROVIDERS}{path}")


def tail(id: str) -> str:
    """Type and names of an id, without case: what two ids of one resource in different groups have in common."""
    return key(id.rpartition(_PROVIDERS)[2].strip("/"))


def group_of_service(name: str, properties: Iterable[ExtendedProperty]) -> str:
    """The group in which the portal showed a cloud service."""
    return _told(properties) or name


def group_of_network() -> str:
    """The group in which the portal showed networks and what belongs to them."""
    return _NETWORKING


def group_of_storage(location: str, properties: Iterable[ExtendedProperty]) -> str:
    """The group in which the portal showed a storage account."""
    return _told(properties) or f"{_STORAGE}-{''.join(location.split())}"


def path_of(template: str, *names: str) -> str:
    """A path in ASM, relative to the subscription."""
    return template.format(*(quote(name, safe="") for name in names))


def _told(properties: Iterable[ExtendedProperty]) -> str:
    return next((note.value for note in properties if note.name == _GROUP), "")
