"""What the platform refuses and what it warns of, rule by rule."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from emulator.platform import documents
from emulator.platform.units import Unit
from emulator.platform.validate import Message, validate
from emulator.seeds import compute, network
from emulator.seeds.model import Extension, Service, Vm
from emulator.store import Store

SCRIPT = Extension("Microsoft.Compute", "CustomScriptExtension", "1.8")
BGINFO = Extension("Microsoft.Compute", "BGInfo", "1.*")
BACKUP = Extension("Microsoft.Azure.RecoveryServices", "VMSnapshot", "1.*")
VM = Vm("vm", "10.0.0.4")
IN_NETWORK = Vm("vm", "10.0.0.4", subnet="one")
DEBUG = "<DebugSettings><BootDiagnosticsEnabled>true</BootDiagnosticsEnabled></DebugSettings></Role>"
XML_EXTENSION = (
    "Warning",
    (
        "VM vm in HostedService svc contains Extension BGInfo which is not supported in Azure Resource Manager. It is "
        "recommended to uninstall it from the VM before continuing with migration."
    ),
)
AGENT = (
    "Warning",
    (
        "VM Agent for VM vm in HostedService svc is reporting the overall agent status as Not Ready. Hence, the VM may "
        "not be migrated, if it has a migratable extension. Ensure that the VM Agent is reporting overall agent status "
        "as Ready. Refer to https://aka.ms/classiciaasmigrationfaqs."
    ),
)


def handler(status: str) -> tuple[str, str]:
    return (
        "Error",
        (
            "VM vm in HostedService svc contains Extension CustomScriptExtension reporting Handler Status: "
            f"{status}. Hence, the VM cannot be migrated. Ensure that the Extension handler status being reported is "
            f"{status} or uninstall it from the VM and retry migration."
        ),
    )


def instance(status: str) -> tuple[str, str]:
    return (
        "Error",
        (
            f"Migration is not allowed for HostedService svc because it has VM vm in State: {status}. Migration is "
            "allowed only when the VM is in one of the following states - Running, Stopped, Stopped Deallocated."
        ),
    )


def same(document: str) -> str:
    return document


def with_(old: str, new: str) -> Callable[[str], str]:
    def change(document: str) -> str:
        assert old in document
        return document.replace(old, new)

    return change


def second_interface(document: str) -> str:
    more = (
        "<NetworkInterfaces><NetworkInterface><Name>n2</Name><IPConfigurations><IPConfiguration><SubnetName>two"
        "</SubnetName></IPConfiguration></IPConfigurations></NetworkInterface></NetworkInterfaces></ConfigurationSet>"
    )
    return document.replace("</ConfigurationSet>", more)


CASES: dict[str, tuple[Vm, Callable[[str], str], list[tuple[str, str]]]] = {
    "nothing is wrong": (VM, same, []),
    "an extension that is ready": (replace(VM, extensions=(SCRIPT,)), same, []),
    "an agent that is not ready, without an extension": (replace(VM, agent="NotReady"), same, []),
    "an agent that is not ready, with an extension": (
        replace(VM, agent="NotReady", extensions=(SCRIPT,)),
        same,
        [AGENT],
    ),
    "an agent that is not ready, with an XML extension only": (
        replace(VM, agent="NotReady", extensions=(BGINFO,)),
        same,
        [XML_EXTENSION],
    ),
    "a deallocated VM reports nothing and need not": (
        replace(VM, agent="NotReady", deallocated=True, extensions=(replace(SCRIPT, status=None),)),
        same,
        [],
    ),
    "an extension that installs": (
        replace(VM, extensions=(replace(SCRIPT, status="Installing"),)),
        same,
        [handler("Installing")],
    ),
    "an extension that reports nothing": (
        replace(VM, extensions=(replace(SCRIPT, status=None),)),
        same,
        [
            (
                "Error",
                (
                    "VM vm in HostedService svc contains Extension CustomScriptExtension whose Status is not being "
                    "reported from the VM. Hence, this VM cannot be migrated. Ensure that the Extension status is being "
                    "reported or uninstall the extension from the VM and retry migration."
                ),
            )
        ],
    ),
    "BGInfo of version 2 is an extension like others": (
        replace(VM, agent="NotReady", extensions=(replace(BGINFO, version="2.1"),)),
        same,
        [AGENT],
    ),
    "backup": (
        replace(VM, extensions=(BACKUP,)),
        same,
        [
            (
                "Error",
                (
                    "VM vm in HostedService svc contains Extension VMSnapshot/VMSnapshotLinux, which is currently not "
                    "supported for Migration. Uninstall it from the VM and add it back using Azure Resource Manager "
                    "after the Migration is Complete"
                ),
            )
        ],
    ),
    **{
        f"an instance in state {status}": (VM, with_("ReadyRole", status), [instance(status)])
        for status in ("RoleStateUnknown", "Provisioning", "BusyRole", "CreatingVM", "StartingVM")
    },
    "an instance that is stopped": (VM, with_("ReadyRole", "StoppedVM"), []),
    "a deployment that is not settled": (
        VM,
        with_("<Status>Running</Status>", "<Status>Deploying</Status>"),
        [("Error", "Deployment svc in HostedService svc is in intermediate state: Deploying. Migration not allowed.")],
    ),
    "one subnet": (IN_NETWORK, same, []),
    "two subnets": (
        IN_NETWORK,
        second_interface,
        [
            (
                "Error",
                (
                    "VM vm in HostedService svc has multiple subnets associated with it, which is not supported for "
                    "Migration."
                ),
            )
        ],
    ),
    "two interfaces in one subnet": (IN_NETWORK, lambda text: second_interface(text).replace("two", "one"), []),
    "no subnet in a network": (
        IN_NETWORK,
        with_("<SubnetNames><SubnetName>one</SubnetName></SubnetNames>", "<SubnetNames/>"),
        [
            (
                "Error",
                (
                    "VM vm in HostedService svc belongs to a Virtual Network but has no subnet associated with it, which "
                    "is not supported for Migration."
                ),
            )
        ],
    ),
    "boot diagnostics on standard storage": (VM, with_("</Role>", DEBUG), []),
    "boot diagnostics on premium storage": (
        VM,
        lambda document: with_("</Role>", DEBUG)(document.replace("Standard<", "Provisioned<")),
        [
            (
                "Error",
                (
                    "VM vm in HostedService svc has Boot Diagnostics enabled with Premium storage, which is not supported "
                    "for Migration. Disable Boot Diagnostics and retry migration."
                ),
            )
        ],
    ),
    "all reasons at once": (
        replace(VM, agent="NotReady", extensions=(replace(SCRIPT, status="NotReady"), BGINFO)),
        with_("ReadyRole", "RoleStateUnknown"),
        [instance("RoleStateUnknown"), AGENT, handler("NotReady"), XML_EXTENSION],
    ),
}


@pytest.mark.parametrize(("vm", "change", "told"), CASES.values(), ids=CASES)
def test_a_rule(vm: Vm, change: Callable[[str], str], told: list[tuple[str, str]]) -> None:
    wanted = Service("svc", "40.0.0.1", (vm,), network="net" if vm.subnet else None)
    document = change(compute.deployment(wanted).decode())
    assert [(each.category, each.text) for each in messages(document, wanted)] == told


def test_both_slots_of_a_service_may_not_be_taken() -> None:
    wanted = Service("svc", "40.0.0.1", (VM,))
    production = compute.deployment(wanted).decode()
    staging = re.sub(
        r"<Name>svc</Name><DeploymentSlot>Production", "<Name>two</Name><DeploymentSlot>Staging", production
    )
    told = [each.text for each in messages(production, wanted, staging)]
    assert len(told) == 2
    assert all("two occupied slots" in each for each in told)


@pytest.mark.parametrize("bound", [True, False])
def test_a_security_group_of_a_vm_migrates_with_the_vm_only(*, bound: bool) -> None:
    wanted = Service("svc", "40.0.0.1", (VM,))
    text = compute.deployment(wanted).decode()
    if bound:
        text = text.replace(
            "</ConfigurationSet>", "<NetworkSecurityGroup>GUARD</NetworkSecurityGroup></ConfigurationSet>"
        )
    store = Store()
    try:
        documents.put(store, "s", network.security_group("guard", ()))
        documents.put(store, "s", text.encode(), parent="svc")
        told = [each.text for each in validate(store, Unit("s", "networkSecurityGroup", "guard"))]
    finally:
        store.close()
    message = "Network security group guard is associated with Deployment svc in HostedService svc. Migrate that to migrate it."
    assert told == ([message] if bound else [])


def messages(document: str, wanted: Service, *more: str) -> list[Message]:
    store = Store()
    try:
        documents.put(store, "s", compute.hosted_service("s", "svc", "West US"))
        for each in (document, *more):
            documents.put(store, "s", each.encode(), parent="svc")
        kind, name = ("virtualNetwork", "net") if wanted.network else ("hostedService", "svc")
        return validate(store, Unit("s", kind, name))
    finally:
        store.close()
