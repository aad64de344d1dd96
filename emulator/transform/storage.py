"""Microsoft.Storage: one account, with its name, keys, endpoints and redundancy unchanged (documented)."""

from urllib.parse import urlsplit

from lxml.etree import _Element

from emulator.transform import bodies
from emulator.transform.model import ArmResource, ClassicUnit
from emulator.transform.reading import find, is_on, text, texts

_FRACTION_DIGITS = 7


def storage_account(unit: ClassicUnit, group: str) -> ArmResource:
    """A general-purpose v1 account (kind Storage)."""
    classic = find(unit.storage_account, "StorageServiceProperties")
    sku = _sku(classic)
    location = bodies.normal_location(unit.location)
    properties = {
        "primaryEndpoints": _endpoints(classic, "Endpoints"),
        "primaryLocation": bodies.normal_location(text(classic, "GeoPrimaryRegion", unit.location)),
        "statusOfPrimary": text(classic, "StatusOfPrimary", "Available").lower(),
        "supportsHttpsTrafficOnly": False,
    }
    if created := text(classic, "CreationTime"):
        properties["creationTime"] = _with_fraction(created)
    if secondary := text(classic, "GeoSecondaryRegion"):
        properties["secondaryLocation"] = bodies.normal_location(secondary)
        properties["statusOfSecondary"] = text(classic, "StatusOfSecondary", "Available").lower()
    if endpoints := _endpoints(classic, "SecondaryEndpoints"):
        properties["secondaryEndpoints"] = endpoints
    if domains := texts(classic, "CustomDomains/CustomDomain/Name"):
        properties["customDomain"] = {"name": domains[0]}
    return bodies.resource(
        bodies.resource_id(group, "Microsoft.Storage/storageAccounts", unit.name),
        location,
        properties,
        kind="Storage",
        sku={"name": sku, "tier": sku.partition("_")[0]},
        tags={},
        _keys=list(unit.storage_keys),
    )


def _sku(classic: _Element | None) -> str:
    """The redundancy; versions before 2014 spell it with two switches."""
    if account_type := text(classic, "AccountType"):
        return account_type
    if not is_on(classic, "GeoReplicationEnabled"):
        return "Standard_LRS"
    return "Standard_RAGRS" if is_on(classic, "SecondaryReadEnabled") else "Standard_GRS"


def _endpoints(classic: _Element | None, path: str) -> dict[str, str]:
    """`https://NAME.blob.core.windows.net/` under the name of its service, always over https."""
    found = {}
    for url in texts(classic, f"{path}/Endpoint"):
        host = urlsplit(url).hostname or ""
        found[host.partition(".")[2].partition(".")[0]] = f"https://{host}/"
    return dict(sorted(found.items()))


def _with_fraction(time: str) -> str:
    """Resource Manager writes seven digits after the second (recorded)."""
    seconds, _, fraction = time.removesuffix("Z").partition(".")
    return f"{seconds}.{fraction:0<{_FRACTION_DIGITS}}Z"
