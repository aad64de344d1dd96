"""Classic extension references → extensions of machines (documented by Microsoft: deep dive, unless marked)."""

import re
from collections.abc import Iterator

from asmosis.arm import compute as arm
from asmosis.arm.resource import Resource
from asmosis.classic import role as classic
from asmosis.translate.compute import machine_id
from asmosis.translate.scope import CloudService, Machine, Scope
from asmosis.translate.translation import Loss, produces

_XML_EXTENSION = re.compile(r"vs.*debug.*|visualstudio.*debug.*|remotedebug.*|webdeploy.*", re.IGNORECASE)


@produces(arm.EXTENSIONS)
def extensions(scope: Scope) -> Iterator[Resource | Loss]:
    """Every enabled extension that has a JSON type; private settings cannot be read back from classic."""
    for service in scope.services:
        for machine in service.machines:
            for extension in machine.role.extensions:
                yield from _extension(scope, service, machine, extension)


def _extension(
    scope: Scope, service: CloudService, machine: Machine, extension: classic.ExtensionReference
) -> Iterator[Resource | Loss]:
    subject = f"{service.subject}/{machine.name}/{extension.reference_name}"
    if lost := _left_behind(subject, extension):
        yield lost
        return
    public = [parameter for parameter in extension.parameters if parameter.type == "Public" and parameter.value]
    settings = public[0].settings if public else None
    name = scope.names.kept(extension.reference_name)
    private = any(parameter.type == "Private" for parameter in extension.parameters)
    major_minor, upgrades = _version(extension.version)
    yield Resource(
        id=f"{machine_id(scope, service, machine)}/extensions/{name}",
        name=name,
        type=arm.EXTENSIONS,
        location=service.location,
        properties=arm.Extension(
            publisher=extension.publisher,
            type=extension.name,
            type_handler_version=major_minor,
            auto_upgrade_minor_version=upgrades,
            settings=settings,
            protected=private,
        ),
    )
    if public and settings is None:
        yield Loss(
            subject,
            "ResourceExtensionParameterValue (Public)",
            "the public settings are not JSON in base64, so Resource Manager cannot hold them.",
            "Supply them again as settings when the extension is next changed.",
        )
    if private:
        yield Loss(
            subject,
            "ResourceExtensionParameterValue (Private)",
            "private settings cannot be read from classic, so they cannot be checked or exported.",
            "Keep them at hand; supply them again as protectedSettings when the extension is next changed.",
        )


def _left_behind(subject: str, extension: classic.ExtensionReference) -> Loss | None:
    """Why an extension does not migrate, if it does not."""
    if _is_xml(extension):
        return Loss(
            subject,
            "ResourceExtensionReference",
            f"{extension.name} {extension.version} has XML settings, which Resource Manager does not know.",
            "Install its JSON successor after commit, if it is still wanted.",
        )
    if (extension.state or "").lower() in ("disable", "uninstall"):
        return Loss(
            subject,
            "ResourceExtensionReference",
            f"the extension is in state {extension.state}; only enabled ones migrate.",
            "Install it after commit, if it is still wanted.",
        )
    return None


def _is_xml(extension: classic.ExtensionReference) -> bool:
    if extension.name.lower() == "bginfo":
        return extension.version.startswith("1.")
    return _XML_EXTENSION.fullmatch(extension.name) is not None


def _version(asked: str) -> tuple[str, bool]:
    """Major and minor version, and whether newer minor ones are taken.

    Assumed: a wildcard asks for the newest minor version, a number for itself.
    """
    if asked == "*":
        return "1.0", True
    steps = asked.split(".")
    return ".".join("0" if step == "*" else step for step in [*steps, "0"][:2]), "*" in steps
