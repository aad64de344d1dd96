"""Documents of classic storage, elements in the recorded order."""

import base64
import secrets

from emulator.asm import xml
from emulator.asm.xml import node
from emulator.seeds.compute import encoded, extended
from emulator.seeds.model import CREATED, Account

_PAIRED = {"West US": "East US", "East US": "West US", "North Europe": "West Europe"}


def account(subscription: str, wanted: Account) -> bytes:
    """A storage account; premium and zone-redundant ones have blobs only and no secondary region (recorded)."""
    blobs_only = wanted.type in ("Premium_LRS", "Standard_ZRS")
    kinds = ("blob",) if blobs_only else ("blob", "queue", "table", "file")
    geo = wanted.type in ("Standard_GRS", "Standard_RAGRS")
    secondary = _PAIRED.get(wanted.location, "Central US") if geo else ""
    secondaries = [_endpoint(f"{wanted.name}-secondary", kind) for kind in ("blob", "queue", "table")]
    properties = [
        node("Description", "", xml.NIL),
        node("Location", wanted.location),
        node("Label", encoded(wanted.name)),
        node("Status", "Created"),
        node("Endpoints", [_endpoint(wanted.name, kind) for kind in kinds]),
        node("GeoPrimaryRegion", wanted.location),
        node("StatusOfPrimary", "Available"),
        node("GeoSecondaryRegion", None if blobs_only else secondary),
        node("StatusOfSecondary", None if blobs_only else "Available" if geo else ""),
        node("CreationTime", CREATED),
        node("CustomDomains", []),
        node("SecondaryEndpoints", secondaries if wanted.type == "Standard_RAGRS" else None),
        node("AccountType", wanted.type),
    ]
    group = f"Default-Storage-{wanted.location.replace(' ', '')}"
    return xml.document(
        node(
            "StorageService",
            [
                node(
                    "Url",
                    f"https://management.core.windows.net/{subscription}/services/storageservices/{wanted.name}",
                ),
                node("ServiceName", wanted.name),
                node("StorageServiceProperties", properties),
                node(
                    "ExtendedProperties",
                    [extended("ResourceGroup", group), extended("ResourceLocation", wanted.location)],
                ),
            ],
        )
    )


def fresh_keys() -> bytes:
    """A pair of access keys that nobody has seen before."""
    pair = [base64.b64encode(secrets.token_bytes(64)).decode() for _ in range(2)]
    return xml.document(node("StorageServiceKeys", [node("Primary", pair[0]), node("Secondary", pair[1])]))


def _endpoint(account: str, kind: str) -> bytes:
    return node("Endpoint", f"https://{account}.{kind}.core.windows.net/")
