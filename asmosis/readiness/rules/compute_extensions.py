"""The guest agent and the extensions of virtual machines."""

from collections.abc import Iterator

from asmosis.classic.role import ExtensionReference
from asmosis.readiness import sources, texts
from asmosis.readiness.extensions import handler_of, migrates
from asmosis.readiness.rule import Hit, Severity, rule
from asmosis.readiness.subjects import Machine


@rule(
    "vm-agent-not-ready",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.WARNING,
    title="The guest agent of a machine with extensions does not report as ready",
    remedy="Restore the machine's outbound access to the Internet and to DNS, or remove its extensions.",
    source=sources.ERRORS,
    noticed="validate",
    text=texts.AGENT_NOT_READY,
    given="role.extensions",
)
def agent_is_not_ready(machine: Machine) -> Iterator[Hit]:
    """One hit per machine; without an extension that migrates, the agent does not matter."""
    agent = machine.instance.agent if machine.instance else None
    if (agent and agent.status == "Ready") or machine.instance is None or machine.deallocated:
        return
    if any(map(migrates, machine.role.extensions)):
        yield Hit(
            machine.name,
            texts.AGENT_NOT_READY.format(machine=machine.role.name, service=machine.service.name),
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
    text=texts.EXTENSION_REPORTS_NOTHING,
    given="role.extensions",
)
def extension_reports_nothing(machine: Machine) -> Iterator[Hit]:
    """One hit per extension; a deallocated machine cannot report and is exempt."""
    if machine.instance is None:
        return
    reporting = {status.handler.lower() for status in machine.instance.extension_statuses}
    silent = [extension for extension in machine.role.extensions if handler_of(extension) not in reporting]
    for extension in silent if silent and not machine.deallocated else ():
        if migrates(extension):
            yield Hit(
                machine.name,
                texts.EXTENSION_REPORTS_NOTHING.format(
                    machine=machine.role.name, service=machine.service.name, extension=extension.name
                ),
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
    text=texts.EXTENSION_HANDLER,
    given="role.extensions",
)
def extension_handler_is_not_ready(machine: Machine) -> Iterator[Hit]:
    """One hit per extension; the platform's text does name the wrong status as the one to reach."""
    # Spares nearly all machines the search for what each of their extensions reports.
    if machine.instance is None or not [s for s in machine.instance.extension_statuses if s.status != "Ready"]:
        return
    if machine.deallocated:
        return
    statuses = {status.handler.lower(): status.status for status in machine.instance.extension_statuses}
    for extension in filter(migrates, machine.role.extensions):
        status = statuses.get(handler_of(extension))
        if status not in (None, "Ready"):
            yield Hit(
                machine.name,
                texts.EXTENSION_HANDLER.format(
                    machine=machine.role.name, service=machine.service.name, extension=extension.name, status=status
                ),
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
    text=texts.XML_EXTENSION,
    given="special_extensions",
)
def xml_extension(machine: Machine) -> Iterator[Hit]:
    """One hit per extension: BGInfo 1, and Visual Studio's remote debuggers and Web Deploy."""
    for extension in machine.extensions_of("xml"):
        yield Hit(
            machine.name,
            texts.XML_EXTENSION.format(
                machine=machine.role.name, service=machine.service.name, extension=extension.name
            ),
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
    given="special_extensions",
)
def bginfo_2(machine: Machine) -> Iterator[Hit]:
    """One hit per machine."""
    for extension in machine.extensions_of("bginfo-2"):
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
    text=texts.BACKUP_EXTENSION,
    given="special_extensions",
)
def backup_extension(machine: Machine) -> Iterator[Hit]:
    """One hit per extension."""
    for extension in machine.extensions_of("backup"):
        yield Hit(
            machine.name,
            texts.BACKUP_EXTENSION.format(machine=machine.role.name, service=machine.service.name),
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
    given="special_extensions",
)
def site_recovery(machine: Machine) -> Iterator[Hit]:
    """One hit per extension."""
    for extension in machine.extensions_of("site-recovery"):
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
    given="special_extensions",
)
def monitoring_extension(machine: Machine) -> Iterator[Hit]:
    """One hit per extension."""
    for extension in machine.extensions_of("monitoring"):
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
    given="special_extensions",
)
def self_installing_extension(machine: Machine) -> Iterator[Hit]:
    """One hit per extension."""
    for extension in machine.extensions_of("self-installing"):
        yield Hit(
            machine.name,
            f"{_contains(machine, extension)}, which comes back by itself when it is uninstalled.",
            _at(machine, extension),
        )


def _contains(machine: Machine, extension: ExtensionReference) -> str:
    return f"VM {machine.role.name} in HostedService {machine.service.name} contains Extension {extension.name}"


def _at(machine: Machine, extension: ExtensionReference) -> str:
    return machine.at(f"ResourceExtensionReference[{extension.reference_name}]")
