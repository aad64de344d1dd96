"""Kinds of extensions that rules ask for; publishers and names are those that Azure listed (recorded)."""

from functools import lru_cache
from typing import Literal

from asmosis.classic.role import ExtensionReference

Kind = Literal["xml", "bginfo-2", "backup", "site-recovery", "monitoring", "self-installing"]

_VISUAL_STUDIO = (
    "microsoft.visualstudio.windowsazure.remotedebug",
    "microsoft.visualstudio.azure.remotedebug",
    "microsoft.visualstudio.windowsazure.devtest",
)
_BGINFO = "microsoft.compute.bginfo"
_BACKUP = ("vmsnapshot", "vmsnapshotlinux")
_SITE_RECOVERY = "microsoft.azure.recoveryservices.siterecovery"
_MONITORING = (
    "microsoft.enterprisecloud.monitoring.microsoftmonitoringagent",
    "microsoft.enterprisecloud.monitoring.omsagentforlinux",
    "microsoft.azure.security.monitoring",
)
_SELF_INSTALLING = (
    "microsoft.azure.diagnostics.iaasdiagnostics",
    "microsoft.ostcextensions.linuxdiagnostic",
    "microsoft.azure.security.iaasantimalware",
)
_DIFFERENT = 1024  # Azure listed fewer publishers' names and versions than that (recorded)


def handler_of(extension: ExtensionReference) -> str:
    """What the extension's handler calls itself, in lower case."""
    return _handler(extension.publisher, extension.name)


def kinds_of(extension: ExtensionReference) -> frozenset[Kind]:
    """What is special about an extension; most are of no kind."""
    return _kinds(extension.publisher, extension.name, extension.version)


def migrates(extension: ExtensionReference) -> bool:
    """Whether the platform takes the extension along."""
    return kinds_of(extension).isdisjoint(("xml", "backup"))


# An estate has thousands of extensions, but few of them are different.
@lru_cache(_DIFFERENT)
def _handler(publisher: str, name: str) -> str:
    return f"{publisher}.{name}".lower()


@lru_cache(_DIFFERENT)
def _kinds(publisher: str, name: str, version: str) -> frozenset[Kind]:
    handler = _handler(publisher, name)
    is_bginfo_1 = handler == _BGINFO and version.partition(".")[0] == "1"
    is_xml = is_bginfo_1 or publisher.lower() in _VISUAL_STUDIO
    answers: dict[Kind, bool] = {
        "xml": is_xml,
        "bginfo-2": handler == _BGINFO and not is_xml,
        "backup": name.lower() in _BACKUP,
        "site-recovery": publisher.lower() == _SITE_RECOVERY,
        "monitoring": handler in _MONITORING,
        "self-installing": handler in _SELF_INSTALLING,
    }
    return frozenset(kind for kind, is_so in answers.items() if is_so)
