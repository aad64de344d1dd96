"""What an assessment says of each unit, and what of all of them together."""

from dataclasses import replace

import pytest

from asmosis.classic.documents import read_document
from asmosis.classic.estate import Estate
from asmosis.readiness import RULES, Finding, Severity
from asmosis.readiness.rule import Acceptance
from asmosis.reports.assessment import Answer, Assessment, accepted, assessment, blocked_first, standing, with_losses
from asmosis.reports.record import record
from asmosis.units import Unit

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
NAMESPACES = 'xmlns="http://schemas.microsoft.com/windowsazure" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
ROLE = """
<Role i:type="PersistentVMRole"><RoleName>{name}</RoleName><OsVersion/><RoleType>PersistentVMRole</RoleType>
  <ConfigurationSets/>
  <DataVirtualHardDisks><DataVirtualHardDisk><DiskName>{name}-data</DiskName><LogicalDiskSizeInGB>20</LogicalDiskSizeInGB>
    <MediaLink>https://depot.blob.core.windows.net/vhds/{name}-data.vhd</MediaLink></DataVirtualHardDisk></DataVirtualHardDisks>
  <OSVirtualHardDisk><DiskName>{name}-os</DiskName><MediaLink>https://depot.blob.core.windows.net/vhds/{name}.vhd</MediaLink>
    <SourceImageName>image</SourceImageName><OS>Linux</OS></OSVirtualHardDisk>
  <RoleSize>{size}</RoleSize></Role>"""
DEPLOYMENT = """
<Deployment><Name>{name}</Name><DeploymentSlot>Production</DeploymentSlot><PrivateID>1</PrivateID><Status>Running</Status>
  <Label>eA==</Label><Url>http://{name}.cloudapp.net/</Url><RoleList>{roles}</RoleList>{network}</Deployment>"""
SERVICE = """
<HostedService {namespaces}><ServiceName>{name}</ServiceName>
  <HostedServiceProperties><Location>{region}</Location></HostedServiceProperties>
  <Deployments>{deployment}</Deployments></HostedService>"""
REST = (
    f"""<VirtualNetworkSites {NAMESPACES}><VirtualNetworkSite><Name>vineyard</Name><Location>North Europe</Location>
    </VirtualNetworkSite></VirtualNetworkSites>""",
    f"""<StorageServices {NAMESPACES}><StorageService><ServiceName>depot</ServiceName><StorageServiceProperties>
    <AffinityGroup>group</AffinityGroup></StorageServiceProperties></StorageService></StorageServices>""",
    f"""<AffinityGroups {NAMESPACES}><AffinityGroup><Name>group</Name><Location>East US</Location>
    </AffinityGroup></AffinityGroups>""",
    f"""<Disks {NAMESPACES}><Disk><LogicalDiskSizeInGB>30</LogicalDiskSizeInGB><Name>press1-OS</Name>
    <MediaLink>https://depot.blob.core.windows.net/vhds/press1.vhd</MediaLink></Disk>
    <Disk><LogicalDiskSizeInGB>5</LogicalDiskSizeInGB><Name>other</Name>
    <MediaLink>https://elsewhere.blob.core.windows.net/vhds/other.vhd</MediaLink></Disk></Disks>""",
    f"""<ReservedIPs {NAMESPACES}><ReservedIP><Name>spare</Name><Address>40.0.0.1</Address><InUse>false</InUse>
    <Location>West US</Location></ReservedIP></ReservedIPs>""",
)


def service(name: str, *machines: str, network: str = "", region: str = "West Europe") -> str:
    roles = "".join(ROLE.format(name=machine, size="Standard_D2_v2") for machine in machines)
    joins = f"<VirtualNetworkName>{network}</VirtualNetworkName>" if network else ""
    deployment = DEPLOYMENT.format(name=name, roles=roles, network=joins)
    return SERVICE.format(namespaces=NAMESPACES, name=name, region=region, deployment=deployment)


def estate(*documents: str) -> Estate:
    read = [read_document(text.encode(), f"{number}.xml") for number, text in enumerate((*documents, *REST))]
    assert [document.unread for document in read if document.unread] == []
    return Estate.of_documents(SUBSCRIPTION, read)


ESTATE = estate(
    service("press", "press1", "press2", network="vineyard"), service("cellar", "cellar1"), service("empty", "e1")
)


def finding(rule: str, unit: str, severity: Severity = Severity.BLOCKER, resource: str = "press/press1") -> Finding:
    return Finding(
        rule, severity, unit, resource, f"{rule} says so.", RULES[rule].remedy, RULES[rule].noticed, "Role[press1]"
    )


def waived(found: Finding) -> Finding:
    return replace(found, waiver=Acceptance("ada", "it is known", "2026-12-31"))


def by_name(assessed: Assessment) -> dict[str, tuple[str, int, int, int, int, int]]:
    return {
        unit.unit.short: (
            unit.size.region,
            unit.size.services,
            len(unit.size.machines),
            unit.size.cores,
            unit.size.disks,
            unit.size.gigabytes,
        )
        for unit in assessed.units
    }


def test_every_unit_tells_where_it_is_and_how_much_it_holds() -> None:
    assert by_name(assessment(ESTATE, "platform-2023", ())) == {
        "virtualNetwork/vineyard": ("North Europe", 1, 2, 4, 4, 70),
        "hostedService/cellar": ("West Europe", 1, 1, 2, 2, 20),
        "hostedService/empty": ("West Europe", 1, 1, 2, 2, 20),
        "reservedIp/spare": ("West US", 0, 0, 0, 0, 0),
        "storageAccount/depot": ("East US", 0, 0, 0, 1, 30),
    }


def test_a_network_that_only_deployments_name_stands_where_they_do() -> None:
    unlisted = estate(service("mill", "mill1", network="river", region="Japan East"))
    assessed = assessment(unlisted, "platform-2023", [finding("vnet-not-found", "virtualNetwork/river")])
    assert by_name(assessed)["virtualNetwork/river"] == ("Japan East", 1, 1, 2, 2, 20)


@pytest.mark.parametrize(
    ("findings", "answer"),
    [
        pytest.param([], Answer.READY, id="nothing found"),
        pytest.param([finding("svc-empty", "hostedService/cellar", Severity.WARNING)], Answer.READY, id="a warning"),
        pytest.param([finding("svc-empty", "hostedService/cellar")], Answer.BLOCKED, id="a blocker"),
        pytest.param([waived(finding("svc-empty", "hostedService/cellar"))], Answer.WAIVED, id="an accepted blocker"),
        pytest.param(
            [waived(finding("svc-empty", "hostedService/cellar", Severity.WARNING))],
            Answer.READY,
            id="an accepted warning",
        ),
        pytest.param(
            [waived(finding("svc-empty", "hostedService/cellar")), finding("svc-two-slots", "hostedService/Cellar")],
            Answer.BLOCKED,
            id="one accepted, one not",
        ),
    ],
)
def test_a_unit_can_go_unless_something_stops_it_that_nobody_has_accepted(
    findings: list[Finding], answer: Answer
) -> None:
    assessed = assessment(ESTATE, "platform-2023", findings)
    [cellar] = [unit for unit in assessed.units if unit.unit.name == "cellar"]
    assert (cellar.answer, cellar.findings) == (answer, tuple(findings))
    assert assessed.blocked is (answer is Answer.BLOCKED)
    assert assessed.answers()[Answer.READY] == 5 - (answer is not Answer.READY)
    assert assessed.machines("hostedService")[answer] == (2 if answer is Answer.READY else 1)


def test_units_asked_for_stand_in_the_order_asked_and_those_that_findings_name_come_after() -> None:
    wanted = [Unit(SUBSCRIPTION, "storageAccount", "DEPOT"), Unit(SUBSCRIPTION, "hostedService", "cellar")]
    found = [
        finding("vnet-not-found", "virtualNetwork/river"),
        finding("sub-not-registered", f"subscription/{SUBSCRIPTION}"),
    ]
    assessed = assessment(ESTATE, "platform-2023", found, wanted)
    names = ["storageAccount/depot", "hostedService/cellar", "virtualNetwork/river"]
    assert [unit.unit.short for unit in assessed.units] == names
    assert [unit.unit.short for unit in blocked_first(assessed.units)] == [names[2], *names[:2]]
    assert (assessed.general, assessed.findings) == ((found[1],), (found[1], found[0]))


def test_reasons_are_ranked_by_gravity_then_by_units_then_by_machines() -> None:
    found = [
        finding("svc-two-slots", "hostedService/cellar", Severity.WARNING),
        finding("svc-empty", "virtualNetwork/vineyard"),
        finding("svc-empty", "virtualNetwork/vineyard"),
        finding("svc-not-in-vnet", "hostedService/cellar"),
        finding("svc-endpoint-acl", "hostedService/cellar"),
        finding("svc-endpoint-acl", "reservedIp/spare"),
        waived(finding("svc-mixed-avset", "hostedService/empty")),
        finding("svc-implicit-avset", "hostedService/empty", Severity.INFORMATION),
    ]
    assert [
        (reason.standing, reason.rule, reason.units, reason.machines, reason.findings)
        for reason in assessment(ESTATE, "platform-2023", found).reasons
    ] == [
        ("blocker", "svc-endpoint-acl", 2, 1, 2),
        ("blocker", "svc-empty", 1, 2, 2),
        ("blocker", "svc-not-in-vnet", 1, 1, 1),
        ("waived", "svc-mixed-avset", 1, 1, 1),
        ("warning", "svc-two-slots", 1, 1, 1),
        ("information", "svc-implicit-avset", 1, 1, 1),
    ]


def test_an_accepted_finding_says_who_answers_for_it_and_what_the_platform_will_do() -> None:
    noticed, unnoticed = finding("svc-endpoint-acl", "x/y"), finding("sto-vm-disks-not-migrated", "x/y")
    assert (RULES[noticed.rule].noticed, RULES[unnoticed.rule].noticed) == ("validate", "never")
    assert (accepted(noticed), standing(noticed)) == ("", "blocker")
    assert standing(waived(noticed)) == "waived"
    said = "Accepted by ada until 2026-12-31: it is known."
    assert accepted(waived(unnoticed)) == said
    assert accepted(waived(noticed)) == f"{said} The platform will still refuse it."


def test_losses_are_looked_for_in_the_units_that_can_go() -> None:
    found = [finding("svc-empty", "hostedService/empty")]
    assessed = with_losses(assessment(ESTATE, "platform-2023", found), ESTATE)
    lost = {unit.unit.name: {loss.subject for loss in unit.losses} for unit in assessed.units}
    assert not lost["empty"]
    assert any(subject.startswith("hostedService/cellar") for subject in lost["cellar"])
    assert [unit.findings for unit in assessed.units if unit.unit.name == "empty"] == [tuple(found)]


def test_a_unit_that_cannot_be_translated_says_so_and_costs_no_other_units_losses() -> None:
    wanted = [Unit(SUBSCRIPTION, "routeTable", "nowhere"), Unit(SUBSCRIPTION, "hostedService", "cellar")]
    nowhere, cellar = with_losses(assessment(ESTATE, "platform-2023", (), wanted), ESTATE).units
    [unknown] = nowhere.losses
    assert unknown.why.startswith("The translation of this unit failed, so its losses are unknown: UnknownUnit: ")
    assert cellar.losses
    assert "nowhere" in unknown.subject


def test_the_record_holds_figures_units_and_reasons() -> None:
    found = [
        finding("svc-endpoint-acl", "virtualNetwork/vineyard"),
        waived(finding("svc-mixed-avset", "hostedService/empty")),
        finding("sub-not-registered", f"subscription/{SUBSCRIPTION}", Severity.WARNING),
    ]
    told = record(assessment(ESTATE, "platform-2023", found))
    assert told["summary"] == {
        "units": {"ready": 3, "waived": 1, "blocked": 1},
        "machines": {"ready": 1, "waived": 1, "blocked": 2},
    }
    assert [reason["rule"] for reason in told["reasons"]] == [
        "svc-endpoint-acl",
        "svc-mixed-avset",
        "sub-not-registered",
    ]
    assert [item["rule"] for item in told["findings"]] == ["sub-not-registered"]
    vineyard, _, empty, *_ = told["units"]
    low, high = vineyard["estimate"]["seconds"]
    assert (vineyard["ready"], vineyard["answer"], vineyard["sizes"]) == (False, "blocked", {"Standard_D2_v2": 2})
    assert 0 < low < high
    assert [step["step"] for step in vineyard["estimate"]["steps"]] == ["validate", "prepare", "commit"]
    assert (empty["ready"], empty["answer"]) == (True, "waived")
    [accepted_one] = empty["findings"]
    assert accepted_one["waiver"] == {"who": "ada", "why": "it is known", "until": "2026-12-31"}
    assert (accepted_one["blocks"], accepted_one["still_refused_by_platform"]) == (False, True)
