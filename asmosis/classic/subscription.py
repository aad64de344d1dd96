"""What belongs to no one provider: affinity groups, locations, operations, errors, validation messages."""

from typing import ClassVar

from asmosis.classic.compute import HostedService
from asmosis.classic.storage import StorageService
from asmosis.classic.values import Base64Text
from asmosis.classic.xml import ClassicModel, at


class AffinityGroup(ClassicModel):
    """A named place that classic resources may stand in instead of a location; ARM has none."""

    root: ClassVar[str] = "AffinityGroup"

    name: str = at("Name")
    label: Base64Text | None = at("Label", default=None)
    description: str | None = at("Description", default=None)
    location: str = at("Location")
    hosted_services: tuple[HostedService, ...] = at("HostedServices/HostedService", default=())
    storage_services: tuple[StorageService, ...] = at("StorageServices/StorageService", default=())
    capabilities: tuple[str, ...] = at("Capabilities/Capability", default=())
    created: str | None = at("CreatedTime", default=None)
    web_worker_sizes: tuple[str, ...] = at("ComputeCapabilities/WebWorkerRoleSizes/RoleSize", default=())
    virtual_machine_sizes: tuple[str, ...] = at("ComputeCapabilities/VirtualMachinesRoleSizes/RoleSize", default=())


class Location(ClassicModel):
    """A region and what it offers."""

    root: ClassVar[str] = "Location"

    name: str = at("Name")
    display_name: str | None = at("DisplayName", default=None)
    services: tuple[str, ...] = at("AvailableServices/AvailableService", default=())
    web_worker_sizes: tuple[str, ...] = at("ComputeCapabilities/WebWorkerRoleSizes/RoleSize", default=())
    virtual_machine_sizes: tuple[str, ...] = at("ComputeCapabilities/VirtualMachinesRoleSizes/RoleSize", default=())
    storage_account_types: tuple[str, ...] = at(
        "StorageCapabilities/StorageAccountTypes/StorageAccountType", default=()
    )


class Error(ClassicModel):
    """The platform's refusal."""

    root: ClassVar[str] = "Error"

    code: str = at("Code")
    message: str = at("Message", default="")


class Operation(ClassicModel):
    """How a long operation stands; the answer is HTTP 200 whatever the status says (recorded)."""

    root: ClassVar[str] = "Operation"

    id: str = at("ID")
    status: str = at("Status")
    http_status: int | None = at("HttpStatusCode", default=None)
    error: Error | None = at("Error", default=None)


class ValidationMessage(ClassicModel):
    """One thing that validate found; `Error` blocks, other categories do not."""

    root: ClassVar[str] = "ValidationMessage"

    resource_type: str = at("ResourceType")
    resource_name: str = at("ResourceName")
    category: str = at("Category")
    message: str = at("Message")
    virtual_machine: str | None = at("VirtualMachine", default=None)
