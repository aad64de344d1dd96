"""The guest agent and the extensions of virtual machines."""

from collections.abc import Iterator

from asmosis.classic.role import ExtensionReference
from asmosis.readiness import sources
from asmosis.readiness.rule import Hit, Severity, rule
from asmosis.readiness.subjects import Machine

# Publishers and names are those that Azure listed (recorded).
_VISUAL_STUDIO = (
    "microsoft.visualstudio.windowsazure.remotedebug",
    "microsoft.visualstudio.azure.remotedebug",
    "microsoft.visualstudio.windowsazure.devtest",
)
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


@rule(
    "vm-agent-not-ready",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.WARNING,
    title="The guest agent of a machine with extensions does not report as ready",
    remedy="Restore the machine's outbound access to the Internet and to DNS, or remove its extensions.",
    source=sources.ERRORS,
    noticed="validate",
)
def agent_is_not_ready(machine: Machine) -> Iterator[Hit]:
    """One hit per machine; without an extension that migrates, the agent does not matter."""
    if not machine.instance or machine.deallocated or not any(map(_migrates, machine.role.extensions)):
        return
    if machine.instance.agent is None or machine.instance.agent.status != "Ready":
        yield Hit(
            machine.name,
            f"VM Agent for VM {machine.role.name} in HostedService {machine.service.name} is reporting the overall"
            " agent status as Not Ready. Hence, the VM may not be migrated, if it has a migratable extension. Ensure"
            " that the VM Agent is reporting overall agent status as Ready. Refer to"
            " https://aka.ms/classiciaasmigrationfaqs.",
            machine.at_instance("GuestAgentStatus/Status"),
        )


@rule(
    "vm-ext-status-missing",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="An extension reports no status",
    remedy="Restore the machine's outbound access to the Internet and to DNS, or uninstall the extension.",
    source=sources.ERRORS,
    noticed="validate",
)
def extension_reports_nothing(machine: Machine) -> Iterator[Hit]:
    """One hit per extension; a deallocated machine cannot report and is exempt."""
    for extension, status in _reported(machine):
        if status is None:
            yield Hit(
                machine.name,
                f"{_contains(machine, extension)} whose Status is not being reported from the VM. Hence, this VM"
                " cannot be migrated. Ensure that the Extension status is being reported or uninstall the extension"
                " from the VM and retry migration.",
                machine.at_instance(f"ResourceExtensionStatusList: no {extension.publisher}.{extension.name}"),
            )


@rule(
    "vm-ext-handler-bad",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="The handler of an extension is not ready",
    remedy="Repair the extension, or uninstall it.",
    source=sources.ERRORS,
    noticed="validate",
)
def extension_handler_is_not_ready(machine: Machine) -> Iterator[Hit]:
    """One hit per extension; the platform's text does name the wrong status as the one to reach."""
    for extension, status in _reported(machine):
        if status not in (None, "Ready"):
            yield Hit(
                machine.name,
                f"{_contains(machine, extension)} reporting Handler Status: {status}. Hence, the VM cannot be"
                f" migrated. Ensure that the Extension handler status being reported is {status} or uninstall it from"
                " the VM and retry migration.",
                machine.at_instance(f"ResourceExtensionStatus[{extension.publisher}.{extension.name}]/Status"),
            )


@rule(
    "vm-ext-xml",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.WARNING,
    title="An extension of the old XML kind has no counterpart in ARM",
    remedy="Uninstall the extension.",
    source=sources.ERRORS,
    noticed="validate",
)
def xml_extension(machine: Machine) -> Iterator[Hit]:
    """One hit per extension: BGInfo 1, and Visual Studio's remote debuggers and Web Deploy."""
    for extension in filter(_is_xml, machine.role.extensions):
        yield Hit(
            machine.name,
            f"{_contains(machine, extension)} which is not supported in Azure Resource Manager. It is recommended to"
            " uninstall it from the VM before continuing with migration.",
            _at(machine, extension),
        )


@rule(
    "vm-ext-bginfo2",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.INFORMATION,
    title="BGInfo 2 migrates only where the guest agent is well",
    remedy="Uninstall the extension, if the agent does not report.",
    source=sources.PLANNING,
    noticed="validate",
)
def bginfo_2(machine: Machine) -> Iterator[Hit]:
    """One hit per machine."""
    for extension in machine.role.extensions:
        if _full_name(extension) == "microsoft.compute.bginfo" and not _is_xml(extension):
            yield Hit(
                machine.name,
                f"{_contains(machine, extension)} {extension.version}; it migrates while the agent reports as ready.",
                _at(machine, extension),
            )


@rule(
    "vm-ext-backup",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="The machine is protected by Azure Backup",
    remedy="Stop the protection but keep its data, uninstall the extension, migrate, and protect the ARM machine.",
    source=sources.ERRORS,
    noticed="validate",
)
def backup_extension(machine: Machine) -> Iterator[Hit]:
    """One hit per extension."""
    for extension in machine.role.extensions:
        if extension.name.lower() in _BACKUP:
            yield Hit(
                machine.name,
                f"VM {machine.role.name} in HostedService {machine.service.name} contains Extension"
                " VMSnapshot/VMSnapshotLinux, which is currently not supported for Migration. Uninstall it from the VM"
                " and add it back using Azure Resource Manager after the Migration is Complete",
                _at(machine, extension),
            )


@rule(
    "vm-asr",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.WARNING,
    title="The machine is replicated by Site Recovery",
    remedy="Switch the replication off, migrate, and switch it on for the ARM machine.",
    source=sources.OVERVIEW,
    noticed="never",
)
def site_recovery(machine: Machine) -> Iterator[Hit]:
    """One hit per extension."""
    for extension in machine.role.extensions:
        if extension.publisher.lower() == _SITE_RECOVERY:
            yield Hit(
                machine.name,
                f"{_contains(machine, extension)} of Site Recovery; the replication does not survive the migration.",
                _at(machine, extension),
            )


@rule(
    "vm-ext-defender",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="A monitoring agent that Security Center installs is on the machine",
    remedy="Switch off the policy that installs the agent, then uninstall the agent.",
    source=sources.OVERVIEW,
    noticed="validate",
)
def monitoring_extension(machine: Machine) -> Iterator[Hit]:
    """One hit per extension."""
    for extension in machine.role.extensions:
        if _full_name(extension) in _MONITORING:
            yield Hit(
                machine.name,
                f"{_contains(machine, extension)}, which Security Center installs again while its policy is on.",
                _at(machine, extension),
            )


@rule(
    "vm-ext-transient-reinstall",
    seed_2016=Severity.INFORMATION,
    platform_2023=Severity.INFORMATION,
    title="An agent that the platform installs again by itself",
    remedy="Uninstall it without fear, if it stands in the way.",
    source=sources.PLANNING,
    noticed="never",
)
def self_installing_extension(machine: Machine) -> Iterator[Hit]:
    """One hit per extension."""
    for extension in machine.role.extensions:
        if _full_name(extension) in _SELF_INSTALLING:
            yield Hit(
                machine.name,
                f"{_contains(machine, extension)}, which comes back by itself when it is uninstalled.",
                _at(machine, extension),
            )


def _reported(machine: Machine) -> Iterator[tuple[ExtensionReference, str | None]]:
    """The extensions that migrate, each with its handler's status, of a machine that can report."""
    if machine.instance is None or machine.deallocated:
        return
    statuses = {status.handler.lower(): status.status for status in machine.instance.extension_statuses}
    for extension in filter(_migrates, machine.role.extensions):
        yield extension, statuses.get(_full_name(extension))


def _migrates(extension: ExtensionReference) -> bool:
    return not _is_xml(extension) and extension.name.lower() not in _BACKUP


def _is_xml(extension: ExtensionReference) -> bool:
    if extension.publisher.lower() in _VISUAL_STUDIO:
        return True
    return _full_name(extension) == "microsoft.compute.bginfo" and extension.version.partition(".")[0] == "1"


def _full_name(extension: ExtensionReference) -> str:
    """What the extension's handler calls itself, in lower case."""
    return f"{extension.publisher}.{extension.name}".lower()


def _contains(machine: Machine, extension: ExtensionReference) -> str:
    return f"VM {machine.role.name} in HostedService {machine.service.name} contains Extension {extension.name}"


def _at(machine: Machine, extension: ExtensionReference) -> str:
    return machine.at(f"ResourceExtensionReference[{extension.reference_name}]")
