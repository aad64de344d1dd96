"""Refusals of the Resource Manager plane, worded as the platform words them (recorded unless noted)."""

from emulator.errors import PlatformError


def missing_api_version() -> PlatformError:
    """Every request must name an api-version (documented)."""
    return PlatformError(
        400,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    )


def invalid_content(why: str) -> PlatformError:
    """The body is not what the provider can read (documented)."""
    return PlatformError(
        400,
        "InvalidRequestContent",
        f"The request content was invalid and could not be deserialized: '{why}'.",
    )


def invalid_prefix(prefix: str, resource_id: str) -> PlatformError:
    """A subnet's range is none."""
    return PlatformError(
        400,
        "InvalidAddressPrefixFormat",
        f"Address prefix {prefix} of resource {resource_id} is not formatted correctly. It should follow CIDR "
        "notation, for example 10.0.0.0/24.",
    )


def invalid_filter(expression: str) -> PlatformError:
    """A list filter beyond the emulated terms (documented)."""
    return PlatformError(
        400, "InvalidFilterInQueryString", f"Invalid $filter '{expression}' specified in the query string."
    )


def subscription_not_found(subscription: str) -> PlatformError:
    """Documented."""
    return PlatformError(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")


def group_not_found(group: str) -> PlatformError:
    """The group in the path is not there."""
    return PlatformError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")


def resource_not_found(type_and_name: str, group: str) -> PlatformError:
    """The group is there, the resource is not."""
    return PlatformError(
        404,
        "ResourceNotFound",
        f"The Resource '{type_and_name}' under resource group '{group}' was not found.",
    )


def part_not_found(part_id: str) -> PlatformError:
    """The resource is there, its part is not."""
    return PlatformError(404, "NotFound", f"Resource {part_id} not found.")


def parent_not_found(type_and_name: str) -> PlatformError:
    """A child is written whose parent is not there (documented)."""
    return PlatformError(
        404,
        "ParentResourceNotFound",
        f"Can not perform requested operation on nested resource. Parent resource '{type_and_name}' not found.",
    )


def location_required() -> PlatformError:
    """Documented."""
    return PlatformError(400, "LocationRequired", "The location property is required for this definition.")


def location_changed(name: str, group: str, old: str, new: str) -> PlatformError:
    """Documented."""
    return PlatformError(
        409,
        "InvalidResourceLocation",
        f"The resource '{name}' already exists in location '{old}' in resource group '{group}'. A resource with the "
        f"same name cannot be created in location '{new}'. Please select a new resource name.",
    )


def reference_not_found(target: str, source: str) -> PlatformError:
    """A resource refers to one that is not there (documented)."""
    return PlatformError(
        400,
        "InvalidResourceReference",
        f"Resource {target} referenced by resource {source} was not found. Please make sure that the referenced "
        "resource exists, and that both resources are in the same region.",
    )


def in_use(code: str, target: str, source: str) -> PlatformError:
    """Another resource refers to it; the codes are documented, the text is assumed."""
    return PlatformError(400, code, f"Resource {target} is in use by {source}, therefore it cannot be deleted.")


def precondition_failed(resource_id: str) -> PlatformError:
    """The resource is not in the version that the caller has seen; the text is assumed."""
    return PlatformError(
        412,
        "PreconditionFailed",
        f"The condition on the etag of resource {resource_id} specified by headers is not met.",
    )


def locked(type_: str, name: str) -> PlatformError:
    """Only reads while a migration holds it; documented for virtual machines, for other types assumed."""
    what = "VM" if type_.lower() == "microsoft.compute/virtualmachines" else f"{type_}/{name}"
    return PlatformError(
        409,
        "OperationNotAllowed",
        f"Management operations on {what} are disallowed because migration is in progress.",
    )


def invalid_group_name(group: str, wrong: str) -> PlatformError:
    """Documented."""
    return PlatformError(
        400,
        "InvalidResourceGroup",
        f"The provided resource group name '{group}' has these invalid characters: '{wrong}'. The name can only be a "
        "letter, digit, '-', '.', '(', ')' or '_'.",
    )


def group_location_changed(group: str, old: str) -> PlatformError:
    """Documented."""
    return PlatformError(
        409,
        "InvalidResourceGroupLocation",
        f"Invalid resource group location. The Resource group '{group}' already exists in location '{old}'.",
    )


def deployment_not_found(name: str) -> PlatformError:
    """Documented."""
    return PlatformError(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")


def operation_not_found(operation: str) -> PlatformError:
    """The text is assumed."""
    return PlatformError(404, "OperationNotFound", f"The operation '{operation}' could not be found.")
