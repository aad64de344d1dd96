"""Reads about the subscription: itself, its locations, affinity groups and operations."""

from uuid import UUID

from starlette.responses import Response

from emulator import operations
from emulator.asm import xml
from emulator.asm.call import Call, Route, answer
from emulator.errors import PlatformError
from emulator.store import ClassicRow

_LOCATIONS = (
    "East US",
    "East US 2",
    "West US",
    "Central US",
    "North Central US",
    "South Central US",
    "North Europe",
    "West Europe",
    "East Asia",
    "Southeast Asia",
    "Japan East",
    "Japan West",
)
_WEB_WORKER_SIZES = ("A5", "A6", "A7", "ExtraLarge", "ExtraSmall", "Large", "Medium", "Small")
_VIRTUAL_MACHINE_SIZES = (
    "A5",
    "A6",
    "A7",
    "Basic_A0",
    "Basic_A1",
    "Basic_A2",
    "Basic_A3",
    "Basic_A4",
    "ExtraLarge",
    "ExtraSmall",
    "Large",
    "Medium",
    "Small",
    "Standard_D1_v2",
    "Standard_D2_v2",
    "Standard_D3_v2",
    "Standard_D4_v2",
    "Standard_DS1",
    "Standard_DS2",
    "Standard_DS3",
)


def _sizes(tag: str, sizes: tuple[str, ...]) -> bytes:
    return xml.node(tag, [xml.node("RoleSize", size) for size in sizes])


COMPUTE_CAPABILITIES = xml.node(
    "ComputeCapabilities",
    [
        _sizes("WebWorkerRoleSizes", _WEB_WORKER_SIZES),
        _sizes("VirtualMachinesRoleSizes", _VIRTUAL_MACHINE_SIZES),
    ],
)


def subscription(call: Call) -> Response:
    """The subscription with its limits and what is used of them."""
    store, number = call.store, call.subscription

    def count(kind: str) -> int:
        return len(store.classic_list(number, kind))

    cores = sum(row.document.count(b'i:type="PersistentVMRole"') for row in store.classic_list(number, "deployment"))
    content: dict[str, str | int] = {
        "SubscriptionID": number,
        "SubscriptionName": "Emulated subscription",
        "SubscriptionStatus": "Active",
        "AccountAdminLiveEmailId": "admin@emulator.example",
        "ServiceAdminLiveEmailId": "admin@emulator.example",
        "MaxCoreCount": 10000,
        "MaxStorageAccounts": 200,
        "MaxHostedServices": 200,
        "CurrentCoreCount": cores,
        "CurrentHostedServices": count("hostedService"),
        "CurrentStorageAccounts": count("storageAccount"),
        "MaxVirtualNetworkSites": 100,
        "CurrentVirtualNetworkSites": count("virtualNetwork"),
        "MaxLocalNetworkSites": 20,
        "CurrentLocalNetworkSites": count("localNetworkSite"),
        "MaxDnsServers": 9,
        "CurrentDnsServers": count("dnsServer"),
    }
    return answer(xml.node("Subscription", [xml.node(tag, value) for tag, value in content.items()]))


def locations(_call: Call) -> Response:
    """Every region offers the same."""
    services = ("Compute", "Storage", "PersistentVMRole", "HighMemory")
    types = ("Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_RAGRS", "Premium_LRS")
    return answer(
        xml.node(
            "Locations",
            [
                xml.node(
                    "Location",
                    [
                        xml.node("Name", name),
                        xml.node("DisplayName", name),
                        xml.node("AvailableServices", [xml.node("AvailableService", each) for each in services]),
                        COMPUTE_CAPABILITIES,
                        xml.node(
                            "StorageCapabilities",
                            [
                                xml.node(
                                    "StorageAccountTypes",
                                    [xml.node("StorageAccountType", each) for each in types],
                                )
                            ],
                        ),
                    ],
                )
                for name in _LOCATIONS
            ],
        )
    )


def affinity_groups(call: Call) -> Response:
    """Every affinity group, without its members."""
    rows = call.store.classic_list(call.subscription, "affinityGroup")
    return answer(xml.node("AffinityGroups", [_affinity_group(row, last=COMPUTE_CAPABILITIES) for row in rows]))


def affinity_group(call: Call) -> Response:
    """One affinity group with the services and accounts that are in it now."""
    row = call.store.classic_get(call.subscription, "affinityGroup", call.names["name"])
    if row is None:
        raise PlatformError(404, "ResourceNotFound", "The affinity group does not exist.")
    members = [
        xml.node("HostedServices", _members(call, row.name, "hostedService", "HostedServiceProperties")),
        xml.node("StorageServices", _members(call, row.name, "storageAccount", "StorageServiceProperties")),
    ]
    return answer(_affinity_group(row, members=members))


def operation(call: Call) -> Response:
    """The state of a long operation: always 200, with the status inside (recorded)."""
    found = operations.get(call.store, call.subscription, call.names["id"])
    if found is None:
        raise PlatformError(404, "ResourceNotFound", "The operation request ID was not found.")
    error = [xml.node("Code", found.error_code), xml.node("Message", found.error_message)]
    return answer(
        xml.node(
            "Operation",
            [
                xml.node("ID", str(UUID(found.id))),
                xml.node("Status", found.status),
                xml.node("HttpStatusCode", found.http_status),
                xml.node("Error", error if found.error_code else None),
            ],
        )
    )


def _affinity_group(row: ClassicRow, members: list[bytes] | None = None, last: bytes = b"") -> bytes:
    element = xml.read(row.document)
    parts = {
        tag: b"".join(xml.embed(xml.canonical(each)) for each in xml.findall(element, tag))
        for tag in ("Name", "Label", "Description", "Location", "Capabilities", "CreatedTime")
    }
    head = [parts[tag] for tag in ("Name", "Label", "Description", "Location")]
    return xml.node("AffinityGroup", [*head, *(members or []), parts["Capabilities"], parts["CreatedTime"], last])


def _members(call: Call, group: str, kind: str, properties: str) -> list[bytes]:
    found = []
    for row in call.store.classic_list(call.subscription, kind):
        element = xml.read(row.document)
        if xml.text(element, f"{properties}/AffinityGroup").lower() != group.lower():
            continue
        # Here, and only here, extended properties were always empty (recorded).
        for each in element.iter(f"{{{xml.NAMESPACE}}}ExtendedProperties"):
            del each[:]
        kept = ("Url", "ServiceName", properties if kind == "hostedService" else "ExtendedProperties")
        parts = [xml.embed(xml.canonical(each)) for tag in kept for each in xml.findall(element, tag)]
        found.append(xml.node(properties.removesuffix("Properties"), parts))
    return found


ROUTES = (
    Route("GET", "", subscription, "documented"),
    Route("GET", "locations", locations, "recorded", "the regions and sizes are a selection"),
    Route("GET", "affinitygroups", affinity_groups, "recorded"),
    Route("GET", "affinitygroups/{name}", affinity_group, "recorded"),
    Route("GET", "operations/{id}", operation, "recorded", "the answer for an unknown id is documented"),
)
