"""What writes of the classic plane do to the documents, and what they refuse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from emulator.asm.shapes import ABSENT_WHEN_EMPTY, ORDER
from tests.emulator.test_reads import READS
from tests.emulator.test_writes import (
    APP,
    BALANCER,
    DEPLOYMENT,
    IMAGE,
    LABEL,
    MEDIA,
    NEW_SERVICE,
    NICS,
    ROUTE,
    RULE,
    SET,
    VHD,
    WEB,
    WRITES,
    configuration,
    deployment,
    endpoint,
    image,
    vm,
    xml,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator.conftest import Client, Reply

MORE_READS = [
    *(
        f"services/hostedservices/contoso-{name}/deploymentslots/Production"
        for name in ("app", "batch", "legacy", "paas", "acl", "agent", "nic", "direct", "certs", "bootdiag", "backup")
    ),
    f"{NICS}/roles/nic1",
    f"{DEPLOYMENT}/roles/batch1/datadisks/0",
    "services/hostedservices/contoso-certs/certificates",
    "services/hostedservices/operations/isavailable/contoso-web",
    "services/networking/contoso-vpn-vnet/gateway",
    "services/networking/contoso-vpn-vnet/gateway/connections",
    "services/storageservices/contosopremium",
]
SCRIPT = (
    "<ResourceExtensionReferences><ResourceExtensionReference><ReferenceName>r</ReferenceName><Publisher>P</Publisher>"
    "<Name>Agent</Name><Version>1.*</Version><ResourceExtensionParameterValues>"
    "<ResourceExtensionParameterValue><Key>open</Key><Value>e30=</Value><Type>Public</Type></ResourceExtensionParameterValue>"
    "<ResourceExtensionParameterValue><Key>hidden</Key><Value>c2VjcmV0</Value><Type>Private</Type></ResourceExtensionParameterValue>"
    "</ResourceExtensionParameterValues></ResourceExtensionReference></ResourceExtensionReferences>"
)


def done(client: Client, method: str, path: str, body: str | None = None) -> None:
    ended = client.operation(client.asm(method, path, body))
    assert ended.one("Status") == "Succeeded", ended.text


def refused(client: Client, method: str, path: str, body: str | None = None) -> tuple[int, str]:
    reply = client.asm(method, path, body)
    if reply.status == 202:
        reply = client.operation(reply)
        assert reply.one("Status") == "Failed"
        return int(reply.one("HttpStatusCode")), reply.one("Message")
    return reply.status, reply.one("Message")


def role(client: Client, path: str = DEPLOYMENT, name: str = "batch1") -> str:
    return re.search(
        rf'<Role i:type="PersistentVMRole"><RoleName>{name}</RoleName>.*?</Role>', client.asm("GET", path).text
    )[0]  # type: ignore[index]  # a role that is not there fails the test


def instance(client: Client, path: str = DEPLOYMENT, name: str = "batch1") -> str:
    return re.search(rf"<RoleInstance><RoleName>{name}</RoleName>.*?</RoleInstance>", client.asm("GET", path).text)[0]  # type: ignore[index]  # likewise


def value(text: str, tag: str) -> str:
    found = re.search(rf"<{tag}>(.*?)</{tag}>", text)
    return found[1] if found else ""


def in_shape(reply: Reply) -> list[str]:
    """Where a document differs from the table of recorded orders."""
    wrong = []
    for each in etree.fromstring(reply.body).iter("{*}*"):
        tag, children = etree.QName(each).localname, [etree.QName(child).localname for child in each]
        order = ORDER.get(tag)
        if children and (order is None or not set(children) <= set(order)):
            wrong.append(f"{tag} has {children}")
        elif order is not None and [order.index(child) for child in children] != sorted(map(order.index, children)):
            wrong.append(f"{tag} has the order {children}")
        elif order is not None and len(order) > 1 and len(set(children)) < len(children):
            wrong.append(f"{tag} has something twice: {children}")
        elif not children and not each.text and tag in ABSENT_WHEN_EMPTY:
            wrong.append(f"{tag} is empty")
    return wrong


@pytest.mark.parametrize("path", [each for each in (*READS, *MORE_READS) if each not in ("", "services/vmimages")])
def test_every_read_is_in_the_recorded_order(client: Client, path: str) -> None:
    assert in_shape(client.asm("GET", path)) == []


def test_a_written_deployment_is_in_the_recorded_order(client: Client) -> None:
    client.asm(*NEW_SERVICE)
    done(
        client,
        "POST",
        "services/hostedservices/fresh/deployments",
        deployment(
            "fresh",
            "",
            vm("a", further=SCRIPT),
            vm(
                "b",
                configuration(endpoint("x", 1, 1))
                .removeprefix("<ConfigurationSets>")
                .removesuffix("</ConfigurationSets>"),
            ),
        ),
    )
    reply = client.asm("GET", "services/hostedservices/fresh/deploymentslots/production")
    assert in_shape(reply) == []
    assert reply.all("RoleName")[:2] == ["a", "b"]
    assert len(set(reply.all("IpAddress"))) == 2
    assert reply.all("InstanceStatus") == ["ReadyRole", "ReadyRole"]
    assert set(reply.all("Vip")) == {reply.one("Address")}
    assert "Very-Secret-1" not in reply.text
    assert "LinuxProvisioning" not in reply.text
    attached = [name for name in client.asm("GET", "services/disks").all("Name") if name.startswith("fresh-")]
    assert len(attached) == 2
    client.done("hostedService/fresh", "prepare")
    client.done("hostedService/fresh", "commit")
    names = [each["name"] for each in client.arm("GET", "providers/Microsoft.Compute/virtualMachines").json["value"]]
    assert names == ["a", "b"]


def test_a_vm_is_stopped_deallocated_and_started(client: Client) -> None:
    before = instance(client)
    operations = f"{DEPLOYMENT}/roleinstances/batch1/Operations"
    stop = "<PostShutdownAction>{}</PostShutdownAction>"
    done(client, "POST", operations, xml("ShutdownRoleOperation", stop.format("Stopped")))
    assert value(instance(client), "InstanceStatus") == "StoppedVM"
    assert value(instance(client), "IpAddress") == value(before, "IpAddress")
    done(client, "POST", operations, xml("ShutdownRoleOperation", stop.format("StoppedDeallocated")))
    assert instance(client) == (
        "<RoleInstance><RoleName>batch1</RoleName><InstanceName>batch1</InstanceName>"
        "<InstanceStatus>StoppedDeallocated</InstanceStatus><PowerState>Stopped</PowerState></RoleInstance>"
    )
    suspended = client.asm("GET", DEPLOYMENT)
    assert (suspended.one("Status"), "<VirtualIPs/>" in suspended.text, suspended.all("Vip")) == ("Suspended", True, [])
    assert refused(client, "POST", operations, xml("RestartRoleOperation"))[0] == 400
    done(
        client,
        "POST",
        f"{DEPLOYMENT}/Roles/Operations",
        xml("StartRolesOperation", "<Roles><Name>batch1</Name></Roles>"),
    )
    after = client.asm("GET", DEPLOYMENT)
    assert (after.one("Status"), value(instance(client), "PowerState")) == ("Running", "Started")
    # An address that was not reserved is lost.
    assert after.one("Address") != value(before, "Vip")
    assert in_shape(after) == []


def test_a_reserved_address_comes_back_after_deallocation(client: Client) -> None:
    roles = "<Roles><Name>web1</Name><Name>web2</Name></Roles>"
    stop = f"{roles}<PostShutdownAction>StoppedDeallocated</PostShutdownAction>"
    done(client, "POST", f"{WEB}/Roles/Operations", xml("ShutdownRolesOperation", stop))
    assert client.asm("GET", WEB).one("Address") == ""
    done(client, "POST", f"{WEB}/Roles/Operations", xml("StartRolesOperation", roles))
    assert client.asm("GET", WEB).one("Address") == "40.112.9.21"


def test_an_installed_extension_reports_ready_and_keeps_its_secret(client: Client) -> None:
    done(client, "PUT", f"{DEPLOYMENT}/roles/batch1", xml("PersistentVMRole", SCRIPT))
    assert "<HandlerName>P.Agent</HandlerName><Version>1.0</Version><Status>Ready</Status>" in instance(client)
    assert "<Key>open</Key>" in role(client)
    assert "hidden" not in client.asm("GET", DEPLOYMENT).text
    done(client, "PUT", f"{DEPLOYMENT}/roles/batch1", xml("PersistentVMRole", "<ResourceExtensionReferences/>"))
    assert "P.Agent" not in client.asm("GET", DEPLOYMENT).text


def test_a_blocked_service_is_cured_by_uninstalling_its_extension(client: Client) -> None:
    path = "services/hostedservices/contoso-backup/deployments/contoso-backup"
    done(client, "PUT", f"{path}/roles/backup1", xml("PersistentVMRole", "<ResourceExtensionReferences/>"))
    client.done("hostedService/contoso-backup", "prepare")


def test_a_blocked_service_is_cured_by_an_availability_set_for_all(client: Client) -> None:
    path = "services/hostedservices/contoso-mixed/deployments/contoso-mixed/roles/mixed2"
    done(client, "PUT", path, xml("PersistentVMRole", "<AvailabilitySetName>mixed-avset</AvailabilitySetName>"))
    client.done("hostedService/contoso-mixed", "prepare")


def test_what_an_update_leaves_out_stays(client: Client) -> None:
    before = role(client, WEB, "web1")
    done(client, "PUT", f"{WEB}/roles/web1", xml("PersistentVMRole", "<RoleSize>Large</RoleSize>"))
    assert role(client, WEB, "web1") == before.replace("<RoleSize>Medium<", "<RoleSize>Large<")
    assert value(instance(client, WEB, "web1"), "InstanceSize") == "Large"


def test_a_role_read_and_written_back_changes_nothing(client: Client) -> None:
    before = role(client, APP, "app1")
    body = client.asm("GET", f"{APP}/roles/app1").text.replace(' i:type="NetworkConfigurationSet"', "")
    done(client, "PUT", f"{APP}/roles/app1", body)
    assert role(client, APP, "app1") == before


def test_endpoints_are_replaced_and_a_missing_port_is_given(client: Client) -> None:
    automatic = "<InputEndpoint><LocalPort>1</LocalPort><Name>auto</Name><Protocol>tcp</Protocol></InputEndpoint>"
    done(
        client,
        "PUT",
        f"{DEPLOYMENT}/roles/batch1",
        xml("PersistentVMRole", configuration(endpoint("new", 80, 8080), automatic)),
    )
    reply = client.asm("GET", DEPLOYMENT)
    assert reply.all("PublicPort") == ["8080", "49152"]
    assert role(client).count("<InputEndpoint>") == 2


def test_two_endpoints_on_one_port_fail_the_operation(client: Client) -> None:
    before = client.asm("GET", DEPLOYMENT).body
    body = xml("PersistentVMRole", configuration(endpoint("a", 1, 22), endpoint("b", 2, 22)))
    status, message = refused(client, "PUT", f"{DEPLOYMENT}/roles/batch1", body)
    assert (status, message.startswith("Port 22 is already in use by one of the endpoints")) == (400, True)
    assert client.asm("GET", DEPLOYMENT).body == before


def test_a_set_is_changed_in_all_its_members(client: Client) -> None:
    done(client, "POST", f"{WEB}?comp=UpdateLbSet", xml("LoadBalancedEndpointList", SET))
    assert [value(role(client, WEB, name), "LocalPort") for name in ("web1", "web2")] == ["8081", "8081"]
    assert "<Name>http</Name>" in role(client, WEB, "web2")


def test_a_data_disk_is_attached_detached_and_attached_again(client: Client) -> None:
    disks = f"{DEPLOYMENT}/roles/batch1/DataDisks"
    new = f"<Lun>3</Lun><LogicalDiskSizeInGB>7</LogicalDiskSizeInGB><MediaLink>{VHD}/x.vhd</MediaLink><DiskName>x</DiskName>"
    done(client, "POST", disks, xml("DataVirtualHardDisk", new))
    assert value(client.asm("GET", "services/disks/x").text, "RoleName") == "batch1"
    assert client.asm("GET", f"{disks}/3").one("LogicalDiskSizeInGB") == "7"
    assert refused(client, "POST", disks, xml("DataVirtualHardDisk", new.replace(">x<", ">y<")))[0] == 400
    assert refused(client, "DELETE", "services/disks/x")[0] == 409
    done(client, "DELETE", f"{disks}/3")
    assert "AttachedTo" not in client.asm("GET", "services/disks/x").text
    done(client, "POST", disks, xml("DataVirtualHardDisk", "<Lun>4</Lun><DiskName>x</DiskName>"))
    done(client, "DELETE", f"{disks}/4?comp=media")
    assert client.asm("GET", "services/disks/x").status == 404


def test_the_last_role_does_not_go_alone(client: Client) -> None:
    path = "services/hostedservices/contoso-legacy/deployments/contoso-legacy"
    told = (
        "Role legacy1 is the only role present in the deployment and so cannot be removed. Please delete the deployment"
        " or add another role before removing this role."
    )
    assert refused(client, "DELETE", f"{path}/roles/legacy1") == (400, told)
    done(client, "DELETE", f"{DEPLOYMENT}/roles/batch2")
    assert client.asm("GET", DEPLOYMENT).all("InstanceName") == ["batch1"]


def test_a_deleted_deployment_frees_what_it_used(client: Client) -> None:
    assert refused(client, "DELETE", "services/hostedservices/contoso-web")[0] == 400
    done(client, "DELETE", WEB)
    assert client.asm("GET", "services/hostedservices/contoso-web/deploymentslots/Production").status == 404
    assert "InUse" not in client.asm("GET", "services/networking/reservedips/contoso-web-ip").text
    disks = client.asm("GET", "services/disks").text
    assert "contoso-web-web1" in disks
    assert "<HostedServiceName>contoso-web<" not in disks
    assert client.asm("DELETE", "services/hostedservices/contoso-web").status == 200
    assert client.asm("GET", "services/hostedservices/contoso-web").status == 404


def test_a_reserved_ip_goes_to_a_service_and_back(client: Client) -> None:
    body = xml(
        "ReservedIPAssociation",
        "<ServiceName>contoso-batch</ServiceName><DeploymentName>contoso-batch</DeploymentName>",
    )
    reserved = "services/networking/reservedips/contoso-spare-ip"
    done(client, "POST", f"{reserved}/operations/associate", body)
    assert client.asm("GET", reserved).one("ServiceName") == "contoso-batch"
    assert client.asm("GET", DEPLOYMENT).all("Address") == ["40.112.30.1"]
    assert refused(client, "DELETE", reserved)[0] == 400
    done(client, "POST", f"{reserved}/operations/disassociate", body)
    assert client.asm("GET", DEPLOYMENT).all("Address") != ["40.112.30.1"]
    assert "ServiceName" not in client.asm("GET", reserved).text


def test_rules_come_before_the_default_ones_and_routes_are_replaced(client: Client) -> None:
    group = "services/networking/networksecuritygroups/contoso-web-nsg"
    done(client, "PUT", f"{group}/rules/new", RULE)
    reply = client.asm("GET", f"{group}?detaillevel=Full")
    assert reply.all("Name")[1:6] == ["allow-http", "allow-rdp", "deny-smb-out", "new", "ALLOW VNET INBOUND"]
    assert refused(client, "PUT", f"{group}/rules/other", RULE)[0] == 400
    done(client, "DELETE", f"{group}/rules/new")
    assert refused(client, "DELETE", f"{group}/rules/new")[0] == 404
    table = "services/networking/routetables/contoso-app-routes"
    done(client, "PUT", f"{table}/routes/via-firewall", ROUTE)
    assert client.asm("GET", f"{table}?detailLevel=Full").all("Type") == ["Internet"]


def test_there_is_one_internal_load_balancer(client: Client) -> None:
    assert refused(client, "POST", f"{APP}/loadbalancers", xml("LoadBalancer", BALANCER)) == (
        400,
        "LoadBalancer already exists: app-ilb. Only one internal load balancer allowed per deployment.",
    )
    moved = BALANCER.replace("<Name>ilb</Name>", "").replace("web<", "app<")
    done(client, "PUT", f"{APP}/loadbalancers/app-ilb", xml("LoadBalancer", moved))
    address = client.asm("GET", APP).all("StaticVirtualNetworkIPAddress")[-1]
    assert (address != "10.1.2.100", address.startswith("10.1.2.")) == (True, True)
    assert refused(client, "DELETE", f"{APP}/loadbalancers/app-ilb")[0] == 400


def test_a_subnet_in_use_does_not_vanish(client: Client) -> None:
    old = client.asm("GET", MEDIA).text
    without = re.sub(r'\s*<Subnet name="app">.*?</Subnet>', "", old, flags=re.DOTALL)
    assert refused(client, "PUT", MEDIA, without) == (
        400,
        "The subnet app of virtual network contoso-vnet is in use and cannot be deleted.",
    )
    gone = re.sub(r'\s*<Subnet name="GatewaySubnet">.*?</Subnet>', "", old, flags=re.DOTALL)
    assert "gatewaysubnet" in refused(client, "PUT", MEDIA, gone)[1]
    dangling = re.sub(r"\s*<LocalNetworkSites>.*?</LocalNetworkSites>", "", old, flags=re.DOTALL)
    assert "contoso-office is referred to but not defined" in refused(client, "PUT", MEDIA, dangling)[1]


@pytest.mark.parametrize(
    ("address", "free", "offered"),
    [("10.1.1.99", "true", []), ("10.1.2.11", "false", [f"10.1.2.{last}" for last in (4, 5, 6, 7, 8)])],
)
def test_an_address_is_free_or_others_are_offered(client: Client, address: str, free: str, offered: list[str]) -> None:
    reply = client.asm("GET", f"services/networking/contoso-vnet?op=checkavailability&address={address}")
    assert (reply.status, reply.one("IsAvailable"), reply.all("AvailableAddress")) == (200, free, offered)
    assert in_shape(reply) == []


def test_an_account_with_disks_is_not_deleted(client: Client) -> None:
    status, message = refused(client, "DELETE", "services/storageservices/contosovhds")
    assert (status, "active image(s) and/or disk(s)" in message) == (409, True)


def test_the_wire_of_sync_writes(client: Client) -> None:
    made = client.asm(*NEW_SERVICE)
    assert (made.status, made.body) == (201, b"")
    assert made.headers["location"].endswith(f"/subscriptions/{client.subscription}/compute/fresh")
    assert client.asm(*NEW_SERVICE).status == 409
    image_made = client.asm("POST", "services/images", IMAGE)
    assert re.match(r"<OSImage xmlns=.*<OSState>Generalized</OSState>", image_made.text)
    assert client.asm("GET", "services/images/own").body == image_made.body


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        (
            "POST",
            "services/hostedservices",
            xml("CreateHostedService", f"<ServiceName>a/b</ServiceName><Label>{LABEL}</Label>"),
        ),
        ("POST", "services/hostedservices", xml("Other")),
        (
            "POST",
            "services/storageservices",
            xml("CreateStorageServiceInput", f"<ServiceName>A!</ServiceName><Label>{LABEL}</Label>"),
        ),
        ("POST", f"{DEPLOYMENT}/roles", xml("PersistentVMRole", vm("x", disk="<DiskName>nobody</DiskName>"))),
        (
            "POST",
            f"{DEPLOYMENT}/roles",
            xml("PersistentVMRole", vm("x", disk=image("x").replace("contosovhds", "nobody"))),
        ),
        ("POST", f"{DEPLOYMENT}/roles/batch1/DataDisks", xml("DataVirtualHardDisk", "<Lun>-1</Lun>")),
        ("PUT", f"{DEPLOYMENT}/roles/batch1", xml("PersistentVMRole", configuration(endpoint("x", 1, 70000)))),
        ("PUT", f"{DEPLOYMENT}/roles/batch1", "<PersistentVMRole>&"),
        (
            "PUT",
            "services/networking/routetables/contoso-app-routes/routes/r",
            xml("Route", "<AddressPrefix>10.0.0.1/8</AddressPrefix>"),
        ),
        (
            "PUT",
            "services/networking/networksecuritygroups/contoso-web-nsg/rules/r",
            xml("Rule", "<Type>Sideways</Type>"),
        ),
        (
            "POST",
            f"{WEB}/roleinstances/web1/Operations",
            xml("ShutdownRoleOperation", "<PostShutdownAction>Burn</PostShutdownAction>"),
        ),
        ("POST", "services/hostedservices/contoso-web/certificates", xml("CertificateFile", "<Data>AAAA</Data>")),
        ("PUT", "services/networking/media", xml("NetworkConfiguration").replace("windowsazure", "other") + "x"),
    ],
)
def test_a_request_that_makes_no_sense_is_a_bad_request_and_changes_nothing(
    client: Client, method: str, path: str, body: str
) -> None:
    before = client.asm("GET", DEPLOYMENT).body
    reply = client.asm(method, path, body)
    assert (reply.status, reply.one("Code")) == (400, "BadRequest")
    assert client.asm("GET", DEPLOYMENT).body == before


GARBAGE: dict[str, Callable[[str], str]] = {
    "nothing": lambda _body: "",
    "no content": lambda body: re.sub(r"^(<(\w+)[^>]*>).*$", r"\1</\2>", body, flags=re.DOTALL),
    "empty elements": lambda body: re.sub(r">[^<>]+<", "><", body),
    "numbers": lambda body: re.sub(r">[^<>]+<", ">99999999999999999999<", body),
    "strange texts": lambda body: re.sub(r">[^<>]+<", ">../\u202e&#x2028;%00 \u0663<", body),
    "nested elements": lambda body: re.sub(r">[^<>]+<", "><Name><Name>x</Name></Name><", body),
    "another namespace": lambda body: body.replace("windowsazure", "elsewhere"),
    "cut off": lambda body: body[: len(body) // 2],
}


@pytest.mark.parametrize("garble", GARBAGE.values(), ids=GARBAGE)
def test_no_body_makes_a_write_break(client: Client, garble: Callable[[str], str]) -> None:
    for write in WRITES:
        if write.body:
            reply = client.asm(write.method, write.path, garble(write.body))
            assert reply.status < 500 or reply.one("Code") == "NotEmulated", (write, reply.text)
            assert reply.status < 300 or reply.one("Code"), reply.text
            for unit in ("hostedService/contoso-batch", "virtualNetwork/contoso-vnet"):
                assert client.migrate(unit, "validate").status == 200


@pytest.mark.parametrize("name", ["..", "%2e%2e%2f", "%00", "%E2%80%AE", "a" * 3000, "%25", "'%20OR%201=1"])
def test_no_name_makes_a_write_break(client: Client, name: str) -> None:
    for write in WRITES:
        head, _, query = write.path.partition("?")
        path = f"{head.rpartition('/')[0]}/{name}?{query}"
        assert client.asm(write.method, path, write.body).status < 502, write
        assert "InternalError" not in client.asm(write.method, path, write.body).text, write
