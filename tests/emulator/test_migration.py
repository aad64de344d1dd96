"""The four verbs in every state, and what each of them does to both sides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.emulator.conftest import Client

NETWORK = "virtualNetwork/contoso-vnet"
ONE_OF_EACH_KIND = [
    NETWORK,
    "hostedService/contoso-batch",
    "storageAccount/contosovhds",
    "networkSecurityGroup/contoso-spare-nsg",
    "routeTable/contoso-spare-routes",
    "reservedIp/contoso-spare-ip",
]
CLASSIC_READS = [
    "services/hostedservices",
    "services/hostedservices/contoso-web?embed-detail=true",
    "services/hostedservices/contoso-web/deploymentslots/Production",
    "services/hostedservices/contoso-batch/deployments/contoso-batch",
    "services/hostedservices/contoso-batch/deployments/contoso-batch/roles/batch1",
    "services/networking/virtualnetwork",
    "services/networking/media",
    "services/networking/networksecuritygroups/contoso-spare-nsg?detaillevel=Full",
    "services/networking/routetables/contoso-spare-routes?detailLevel=Full",
    "services/networking/reservedips",
    "services/storageservices",
    "services/storageservices/contosovhds",
    "services/disks",
    "affinitygroups/contoso-ag",
]
SLOW = 10_000


@pytest.fixture(autouse=True)
def quick_again(client: Client) -> Iterator[None]:
    yield
    client.control("latency", {"prepare": 0, "commit": 0, "abort": 0})


def reach(client: Client, unit: str, state: str) -> None:
    verb = {"Prepar": "prepare", "Commit": "commit", "Aborti": "abort", "AbortF": "abort"}.get(state[:6], "")
    if state == "None":
        return
    if verb != "prepare" or state == "Prepared":
        client.done(unit, "prepare")
    if state.endswith("ing"):
        client.control("latency", {verb: SLOW})
        assert client.migrate(unit, verb).status == 202
    if state.endswith("Failed"):
        client.fault({"verb": verb, "unit": unit}, {"operation": {"code": "InternalError", "message": "broken"}})
        assert client.operation(client.migrate(unit, verb)).one("Status") == "Failed"


def shown(client: Client, unit: str = NETWORK) -> str:
    name = unit.partition("/")[2]
    site = re.search(
        rf"<VirtualNetworkSite><Name>{name}</Name>.*?</VirtualNetworkSite>",
        client.asm("GET", "services/networking/virtualnetwork").text,
    )
    if site is None:
        return "gone"
    found = re.search(r"<MigrationState>(\w+)</MigrationState></VirtualNetworkSite>", site[0])
    return found[1] if found else "None"


@pytest.mark.parametrize(
    ("state", "verb", "status", "afterwards"),
    [
        ("None", "prepare", 202, "Prepared"),
        ("None", "commit", 400, "None"),
        ("None", "abort", 400, "None"),
        ("Preparing", "prepare", 409, "Preparing"),
        ("Preparing", "commit", 409, "Preparing"),
        ("Preparing", "abort", 409, "Preparing"),
        ("Prepared", "prepare", 202, "Prepared"),
        ("Prepared", "commit", 202, "gone"),
        ("Prepared", "abort", 202, "None"),
        ("PrepareFailed", "prepare", 202, "Prepared"),
        ("PrepareFailed", "commit", 400, "PrepareFailed"),
        ("PrepareFailed", "abort", 202, "None"),
        ("Committing", "prepare", 409, "Committing"),
        ("Committing", "commit", 409, "Committing"),
        ("Committing", "abort", 409, "Committing"),
        ("CommitFailed", "prepare", 400, "CommitFailed"),
        ("CommitFailed", "commit", 202, "gone"),
        ("CommitFailed", "abort", 400, "CommitFailed"),
        ("Aborting", "prepare", 409, "Aborting"),
        ("Aborting", "commit", 409, "Aborting"),
        ("Aborting", "abort", 409, "Aborting"),
        ("AbortFailed", "prepare", 400, "AbortFailed"),
        ("AbortFailed", "commit", 400, "AbortFailed"),
        ("AbortFailed", "abort", 202, "None"),
    ],
)
def test_a_verb_in_a_state(client: Client, state: str, verb: str, status: int, afterwards: str) -> None:
    reach(client, NETWORK, state)
    assert shown(client) == state
    reply = client.migrate(NETWORK, verb)
    assert (reply.status, shown(client)) == (status, afterwards), reply.text
    requests = [each for each in client.journal(NETWORK) if each["plane"] == "asm"]
    # A prepare of what is prepared is accepted, but begins nothing.
    assert requests[-1]["effect"] is (status == 202 and (state, verb) != ("Prepared", "prepare"))


@pytest.mark.parametrize("unit", ONE_OF_EACH_KIND)
def test_prepare_locks_resources_that_commit_releases(client: Client, unit: str) -> None:
    client.done(unit, "prepare")
    made = client.arm("GET", "resources").json["value"]
    assert made
    client.done(unit, "commit")
    assert client.arm("GET", "resources").json["value"] == made
    committed = client.migrate(unit, "commit")
    assert (committed.status, committed.one("Code")) in [(404, "ResourceNotFound"), (400, "BadRequest")]
    again = client.migrate(unit, "validate")
    assert (again.status, again.all("Category")) == (200, ["Error"])
    assert committed.one("Message") == again.one("Message")


def test_abort_restores_every_document_byte_for_byte(client: Client) -> None:
    before = {path: client.asm("GET", path).body for path in CLASSIC_READS}
    resources = client.arm("GET", "resources").json
    for unit in ONE_OF_EACH_KIND:
        client.done(unit, "prepare")
    during = {path: client.asm("GET", path).body for path in CLASSIC_READS}
    assert [path for path in CLASSIC_READS if during[path] == before[path]] == [
        "services/hostedservices",
        "services/networking/media",
        "services/disks",
        "affinitygroups/contoso-ag",
    ]
    for unit in reversed(ONE_OF_EACH_KIND):
        client.done(unit, "abort")
    assert {path: client.asm("GET", path).body for path in CLASSIC_READS} == before
    assert client.arm("GET", "resources").json == resources


@pytest.mark.parametrize(
    ("path", "tags"),
    [
        ("services/networking/virtualnetwork", ["VirtualNetworkSite"]),
        ("services/hostedservices/contoso-web/deploymentslots/production", ["Role", "Role"]),
        ("services/hostedservices/contoso-web/deployments/contoso-web/roles/web1", ["PersistentVMRole"]),
        ("services/hostedservices/contoso-app?Embed-Detail=TRUE", ["Role", "Role"]),
        ("services/networking/reservedips/contoso-web-ip", ["ReservedIP"]),
    ],
)
def test_the_state_is_the_last_child_where_clients_look_for_it(client: Client, path: str, tags: list[str]) -> None:
    assert not client.asm("GET", path).all("MigrationState")
    client.done(NETWORK, "prepare")
    found = re.findall(r"<MigrationState>Prepared</MigrationState></(\w+)>", client.asm("GET", path).text)
    assert found == tags


def test_commit_takes_the_whole_unit_out_of_classic_and_leaves_the_rest(client: Client) -> None:
    client.done(NETWORK, "prepare")
    client.done(NETWORK, "commit")
    assert "contoso-vnet" not in client.asm("GET", "services/networking/virtualnetwork").text
    services = client.asm("GET", "services/hostedservices").all("ServiceName")
    assert not {"contoso-web", "contoso-app"} & set(services)
    assert "contoso-batch" in services
    disks = client.asm("GET", "services/disks").all("HostedServiceName")
    assert not {"contoso-web", "contoso-app"} & set(disks)
    assert "contoso-batch" in disks
    assert client.asm("GET", "services/networking/reservedips").all("Name") == ["contoso-spare-ip"]
    # Bound security groups and route tables are cloned: the originals stay.
    assert "contoso-web-nsg" in client.asm("GET", "services/networking/networksecuritygroups").all("Name")
    assert "contoso-app-routes" in client.asm("GET", "services/networking/routetables").all("Name")


def test_commit_of_an_account_takes_its_disks_out_of_classic(client: Client) -> None:
    assert "contoso-unattached" in client.asm("GET", "services/disks").all("Name")
    client.done("storageAccount/contosovhds", "prepare")
    client.done("storageAccount/contosovhds", "commit")
    assert client.asm("GET", "services/storageservices").all("ServiceName") == [
        "contosooldvhds",
        "contosologs",
        "contosorarevhds",
        "contosopremium",
        "contosoimages",
    ]
    accounts = {link.split("/")[2] for link in client.asm("GET", "services/disks").all("MediaLink")}
    assert "contosovhds.blob.core.windows.net" not in accounts


BLOCKERS = {
    "contoso-mixed": "Migration is not supported for Deployment contoso-mixed in HostedService contoso-mixed because it "
    "has VMs that are not part of the Availability Set even though the HostedService contains one.",
    "contoso-multi": "Migration is not supported for Deployment contoso-multi in HostedService contoso-multi because it "
    "has multiple Availability Sets.",
    "contoso-paas": "Migration is not supported for Deployment contoso-paas in HostedService contoso-paas because it is "
    "a PaaS deployment (Web/Worker).",
    "contoso-acl": "Migration is not supported for Deployment contoso-acl in HostedService contoso-acl because endpoint "
    "Remote Desktop of VM acl1 has access control rules.",
    "contoso-agent": "VM agent1 in HostedService contoso-agent contains Extension CustomScriptExtension whose Status is "
    "not being reported from the VM. Hence, this VM cannot be migrated. Ensure that the Extension status is being "
    "reported or uninstall the extension from the VM and retry migration.",
    "contoso-exterr": "VM exterr1 in HostedService contoso-exterr contains Extension CustomScriptExtension reporting "
    "Handler Status: NotReady. Hence, the VM cannot be migrated. Ensure that the Extension handler status being reported "
    "is NotReady or uninstall it from the VM and retry migration.",
}


@pytest.mark.parametrize(("service", "message"), BLOCKERS.items(), ids=BLOCKERS)
def test_a_blocker_is_told_by_validate_and_fails_prepare(client: Client, service: str, message: str) -> None:
    unit = f"hostedService/{service}"
    told = client.migrate(unit, "validate")
    told_of = zip(told.all("Message"), told.all("Category"), strict=True)
    assert (told.status, [text for text, category in told_of if category == "Error"]) == (200, [message])
    ended = client.operation(client.migrate(unit, "prepare"))
    assert ended.status == 200
    assert (ended.one("Status"), ended.one("HttpStatusCode"), ended.one("Code")) == ("Failed", "400", "BadRequest")
    assert ended.one("Message") == message
    # Nothing is locked and nothing was made.
    assert client.migrate(unit, "abort").status == 400
    assert not client.arm("GET", "resources").json["value"]


def test_a_network_tells_the_reasons_of_all_its_services(client: Client) -> None:
    told = client.migrate("virtualNetwork/contoso-paas-vnet", "validate")
    assert told.all("Message") == [
        (
            "Migration is not supported for Deployment contoso-mixworker in HostedService contoso-mixworker because it is a "
            "PaaS deployment (Web/Worker)."
        )
    ]


@pytest.mark.parametrize("verb", ["prepare", "commit", "abort"])
def test_a_service_in_a_network_migrates_only_with_it(client: Client, verb: str) -> None:
    text = (
        "Deployment contoso-web in HostedService contoso-web belongs to Virtual Network contoso-vnet. "
        "Migrate Virtual Network contoso-vnet to migrate this HostedService contoso-web."
    )
    refused = client.migrate("hostedService/contoso-web", verb)
    assert (refused.status, refused.one("Code"), refused.one("Message")) == (400, "BadRequest", text)
    assert client.migrate("hostedService/contoso-web", "validate").all("Message") == [text]


def test_commit_before_prepare_uses_the_published_text(client: Client) -> None:
    refused = client.migrate("hostedService/contoso-batch", "commit")
    assert refused.one("Message") == (
        "Deployment contoso-batch in HostedService contoso-batch has not been prepared for Migration."
    )


@pytest.mark.parametrize(
    ("state", "verb", "status", "message"),
    [
        (
            "Committing",
            "abort",
            409,
            (
                "Migration of Deployment contoso-batch in HostedService contoso-batch is in the process of being "
                "committed and cannot be changed until it completes successfully."
            ),
        ),
        (
            "CommitFailed",
            "abort",
            400,
            (
                "Migration of Deployment contoso-batch in HostedService contoso-batch is in the process of being "
                "committed and cannot be changed until it completes successfully."
            ),
        ),
        (
            "Aborting",
            "commit",
            409,
            (
                "Migration of Deployment contoso-batch in HostedService contoso-batch is in the process of being "
                "aborted and cannot be changed until it completes successfully."
            ),
        ),
    ],
)
def test_a_refusal_uses_the_published_text(client: Client, state: str, verb: str, status: int, message: str) -> None:
    unit = "hostedService/contoso-batch"
    reach(client, unit, state)
    refused = client.migrate(unit, verb)
    assert (refused.status, refused.one("Message")) == (status, message)


def test_a_second_change_names_the_operation_that_runs(client: Client) -> None:
    client.control("latency", {"prepare": SLOW})
    first = client.migrate(NETWORK, "prepare").headers["x-ms-request-id"]
    refused = client.migrate(NETWORK, "prepare")
    assert (refused.status, refused.one("Code")) == (409, "ConflictError")
    assert refused.one("Message") == (
        f"Windows Azure is currently performing an operation with x-ms-requestid {first} on this deployment that "
        "requires exclusive access."
    )


def test_a_service_outside_a_network_stops_and_comes_back_with_new_addresses(client: Client) -> None:
    unit, path = "hostedService/contoso-batch", "services/hostedservices/contoso-batch/deploymentslots/Production"
    before = client.asm("GET", path)
    client.control("latency", {"prepare": SLOW})
    client.migrate(unit, "prepare")
    during = client.asm("GET", path)
    assert set(during.all("InstanceStatus")) == {"StoppedDeallocated"}
    assert (during.one("Status"), during.all("Vip"), "<VirtualIPs/>" in during.text) == ("Suspended", [], True)
    client.control("clock", {"advance": SLOW})
    after = client.asm("GET", path)
    assert after.all("MigrationState") == ["Prepared", "Prepared"]
    assert after.all("InstanceStatus") == before.all("InstanceStatus")
    interface = next(
        each
        for each in client.arm("GET", "providers/Microsoft.Network/networkInterfaces").json["value"]
        if each["properties"]["virtualMachine"]["id"].endswith("/batch1")
    )
    private = interface["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"]
    assert (after.one("IpAddress"), before.one("IpAddress")) == (private, "10.77.12.4")
    assert private != "10.77.12.4"


DESTINATIONS = {
    "no body": ("", "DestinationVirtualNetwork must be set to one of the following values: Default, New, or Existing."),
    "Default": ("Default", "Default VNet destination option not implemented."),
    "123": ("123", "DestinationVirtualNetwork must be set to one of the following values: Default, New, or Existing."),
    "Existing without a network": ("Existing", "The virtual network name cannot be null or empty."),
}


@pytest.mark.parametrize(("mode", "message"), DESTINATIONS.values(), ids=DESTINATIONS)
def test_a_wrong_destination_is_refused(client: Client, mode: str, message: str) -> None:
    body = (
        '<DeploymentNetworkResource xmlns="http://schemas.microsoft.com/windowsazure"><ResourceGroupName/>'
        f"<VirtualNetworkName/><SubNetName/><DestinationVirtualNetwork>{mode}</DestinationVirtualNetwork>"
        "</DeploymentNetworkResource>"
    )
    refused = client.migrate("hostedService/contoso-batch", "prepare", body if mode else "")
    assert (refused.status, refused.one("Message")) == (400, message)


def test_an_existing_network_takes_a_service_in(client: Client) -> None:
    client.done(NETWORK, "prepare")
    client.done(NETWORK, "commit")
    network = client.arm("GET", "providers/Microsoft.Network/virtualNetworks").json["value"][0]
    group = network["id"].split("/")[4]
    body = (
        '<DeploymentNetworkResource xmlns="http://schemas.microsoft.com/windowsazure">'
        f"<ResourceGroupName>{group}</ResourceGroupName><VirtualNetworkName>contoso-vnet</VirtualNetworkName>"
        "<SubNetName>{}</SubNetName><DestinationVirtualNetwork>Existing</DestinationVirtualNetwork>"
        "</DeploymentNetworkResource>"
    )
    missing = client.migrate("hostedService/contoso-batch", "prepare", body.format("nowhere"))
    assert (missing.status, missing.one("Code")) == (400, "BadRequest")
    client.done("hostedService/contoso-batch", "prepare", body.format("app"))
    subnets = {
        each["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"].rpartition("/")[2]
        for each in client.arm("GET", "providers/Microsoft.Network/networkInterfaces").json["value"]
        if "/contoso-batch-" in each["id"]
    }
    assert subnets == {"app"}


def test_many_callers_at_once_get_one_effect_per_step(client: Client) -> None:
    with ThreadPoolExecutor(8) as callers:
        replies = list(callers.map(lambda unit: client.migrate(unit, "prepare"), ONE_OF_EACH_KIND * 4))
        assert {reply.status for reply in replies} <= {202, 409}
        list(callers.map(lambda unit: client.done(unit, "commit"), ONE_OF_EACH_KIND))
    begun = [(each["unit"], each["verb"]) for each in client.journal() if each["effect"]]
    assert sorted(begun) == sorted((unit, verb) for unit in ONE_OF_EACH_KIND for verb in ("prepare", "commit"))


def test_the_journal_tells_who_did_what_with_which_effect(client: Client) -> None:
    for verb in ("validate", "prepare", "prepare", "commit"):
        client.migrate(NETWORK, verb)
    told = [
        (each["plane"], each["verb"], each["before"], each["after"], each["effect"]) for each in client.journal(NETWORK)
    ]
    assert told == [
        ("asm", "validate", "None", None, False),
        ("asm", "prepare", "None", "Preparing", True),
        ("platform", "prepare", "Preparing", "Prepared", False),
        ("asm", "prepare", "Prepared", "Prepared", False),
        ("asm", "commit", "Prepared", "Committing", True),
        ("platform", "commit", "Committing", "Committed", False),
    ]
    assert client.journal(NETWORK)[0]["caller"]["user_agent"].startswith("Python-urllib")
