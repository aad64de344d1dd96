"""Refusals of templates, worded as the platform words them (documented unless noted)."""

from emulator.errors import PlatformError


def invalid_template(why: str) -> PlatformError:
    """The template cannot be read; `why` ends without a full stop."""
    return PlatformError(400, "InvalidTemplate", f"Deployment template validation failed: '{why}.'.")


def language(text: str, why: str) -> PlatformError:
    """An expression is none."""
    return PlatformError(
        400,
        "InvalidTemplate",
        f"Unable to process template language expressions: 'The language expression '{text[1:-1]}' is not valid: "
        f"{why}.'.",
    )


def parameter_missing(name: str) -> PlatformError:
    """A parameter has neither value nor default."""
    return invalid_template(
        f"The value for the template parameter '{name}' is not provided. Please see "
        "https://aka.ms/arm-create-parameter-file for usage details"
    )


def parameters_unknown(names: list[str], known: list[str]) -> PlatformError:
    """Values for parameters that the template does not have."""
    return invalid_template(
        f"The template parameters '{', '.join(names)}' in the parameters file are not valid; they are not present in "
        "the original template and can therefore not be provided at deployment time. The only supported parameters "
        f"for this template are '{', '.join(known)}'"
    )


def parameter_type(name: str, wanted: str) -> PlatformError:
    """A value is of another type than its parameter."""
    return invalid_template(
        f"The provided value for the template parameter '{name}' is not valid. Expected a value of type '{wanted}'"
    )


def parameter_not_allowed(name: str, allowed: list[object]) -> PlatformError:
    """A value is not one of those allowed."""
    shown = ",".join(map(str, allowed))
    return invalid_template(
        f"The provided value for the template parameter '{name}' is not valid. The value is not part of the allowed "
        f"value(s): '{shown}'"
    )


def segments(name: str, type_: str) -> PlatformError:
    """Type and name do not fit each other."""
    return invalid_template(
        f"The template resource '{name}' for type '{type_}' has incorrect segment lengths. A nested resource type must "
        "have identical number of segments as its resource name. A root resource type must have segment length one "
        "greater than its resource name. Please see https://aka.ms/arm-syntax-resources for usage details"
    )


def defined_twice(id_: str) -> PlatformError:
    """Two resources of a template have one id."""
    return invalid_template(f"The resource '{id_}' is defined multiple times in a template")


def not_defined(name: str) -> PlatformError:
    """A resource depends on one that is not in the template."""
    return invalid_template(
        f"The resource '{name}' is not defined in the template. Please see https://aka.ms/arm-syntax for usage details"
    )


def circular(ids: list[str]) -> PlatformError:
    """Resources depend on each other in a circle."""
    return invalid_template(
        f"Circular dependency detected on resource: '{ids[0]}'. Please see https://aka.ms/arm-syntax-resources for "
        "usage details"
    )
