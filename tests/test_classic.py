"""Reading archived ASM documents: every field where it lies, nothing dropped, nothing unsafe."""

import base64
import json

import pytest

from asmosis.classic.compute import Deployment, HostedService
from asmosis.classic.documents import read_document
from asmosis.classic.estate import Estate
from asmosis.classic.role import InputEndpoint, Role
from asmosis.classic.storage import StorageService
from asmosis.classic.xml import ClassicModel
from asmosis.errors import UnknownUnit, UnreadableDocument
from asmosis.units import Unit

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
NAMESPACES = 'xmlns="http://schemas.microsoft.com/windowsazure" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'


def xml(root: str, inner: str) -> bytes:
    return f"<{root} {NAMESPACES}>{inner}</{root}>".encode()


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def only(root: str, inner: str) -> ClassicModel:
    document = read_document(xml(root, inner), "test.xml")
    assert document.unread == ()
    [model] = document.models
    return model


def role(inner: str) -> Role:
    model = only("PersistentVMRole", f"<RoleName>web1</RoleName>{inner}")
    assert isinstance(model, Role)
    return model


def endpoint(inner: str) -> InputEndpoint:
    sets = (
        '<ConfigurationSets><ConfigurationSet i:type="NetworkConfigurationSet">'
        "<ConfigurationSetType>NetworkConfiguration</ConfigurationSetType>"
        f"<InputEndpoints><InputEndpoint>{inner}</InputEndpoint></InputEndpoints></ConfigurationSet></ConfigurationSets>"
    )
    [found] = role(sets).network.input_endpoints
    return found


PLAIN = "<LocalPort>3389</LocalPort><Name>RDP</Name><Port>61476</Port><Protocol>tcp</Protocol>"


@pytest.mark.parametrize(
    ("inner", "seen"),
    [
        pytest.param(PLAIN, {"local_port": 3389, "port": 61476, "balanced_set": None}, id="plain"),
        pytest.param(
            "<Port>80</Port><Protocol>http</Protocol><Vip>1.2.3.4</Vip><VirtualIPName>v</VirtualIPName>",
            {"name": None, "local_port": None, "protocol": "http", "virtual_ip": "v"},
            id="web role: neither name nor local port",
        ),
        pytest.param(
            PLAIN + "<EnableDirectServerReturn>true</EnableDirectServerReturn>",
            {"direct_server_return": True},
            id="direct server return",
        ),
        pytest.param(
            PLAIN + "<IdleTimeoutInMinutes>20</IdleTimeoutInMinutes>",
            {"idle_timeout_minutes": 20},
            id="idle timeout",
        ),
    ],
)
def test_an_endpoint_is_read_in_every_recorded_shape(inner: str, seen: dict[str, object]) -> None:
    assert seen.items() <= endpoint(inner).dump().items()


def test_a_probe_keeps_its_own_port() -> None:
    found = endpoint(
        "<LoadBalancedEndpointSetName>web</LoadBalancedEndpointSetName><LocalPort>80</LocalPort><Name>w</Name>"
        "<Port>80</Port><LoadBalancerProbe><Path>/health</Path><Port>7777</Port><Protocol>http</Protocol>"
        "<IntervalInSeconds>15</IntervalInSeconds><TimeoutInSeconds>31</TimeoutInSeconds></LoadBalancerProbe>"
        "<Protocol>tcp</Protocol>"
    )
    assert found.probe is not None
    assert (found.probe.port, found.probe.path, found.probe.timeout_seconds) == (7777, "/health", 31)


def test_an_absent_lun_is_lun_0() -> None:
    disk = "<HostCaching>None</HostCaching><DiskName>d</DiskName>{}<LogicalDiskSizeInGB>5</LogicalDiskSizeInGB><MediaLink>m</MediaLink>"
    disks = "".join(f"<DataVirtualHardDisk>{disk.format(lun)}</DataVirtualHardDisk>" for lun in ("", "<Lun>1</Lun>"))
    found = role(f"<DataVirtualHardDisks>{disks}</DataVirtualHardDisks>").data_disks
    assert [item.lun for item in found] == [0, 1]


def test_labels_and_configurations_are_decoded_once() -> None:
    model = only(
        "Deployment",
        f"<Name>d</Name><DeploymentSlot>Production</DeploymentSlot><Status>Running</Status><Label>{b64(b64('x'))}</Label>",
    )
    assert isinstance(model, Deployment)
    assert model.label == b64("x")


@pytest.mark.parametrize(
    ("inner", "unread"),
    [
        pytest.param("<New>1</New>", ("PersistentVMRole/New",), id="an element"),
        pytest.param("<RoleName>two</RoleName>", ("PersistentVMRole/RoleName[2]",), id="a second value for one field"),
        pytest.param("<RoleSize>Small<Odd/></RoleSize>", ("PersistentVMRole/RoleSize/Odd",), id="an element in a text"),
        pytest.param(
            "<ProvisionGuestAgent>true<Odd/></ProvisionGuestAgent>",
            ("PersistentVMRole/ProvisionGuestAgent/Odd",),
            id="an element in what is no plain text",
        ),
        pytest.param("<RoleSize unit='a'>Small</RoleSize>", ("PersistentVMRole/RoleSize/@unit",), id="an attribute"),
        pytest.param(
            "<OSVirtualHardDisk><DiskName>d</DiskName><MediaLink>m</MediaLink><OS>Linux</OS><Odd><Deep/></Odd></OSVirtualHardDisk>",
            ("PersistentVMRole/OSVirtualHardDisk/Odd",),
            id="an element deep inside, named once",
        ),
        pytest.param(
            "<ConfigurationSets>text</ConfigurationSets>",
            ("PersistentVMRole/ConfigurationSets/text()",),
            id="text",
        ),
    ],
)
def test_what_no_model_claims_is_named_with_its_path(inner: str, unread: tuple[str, ...]) -> None:
    document = read_document(xml("PersistentVMRole", f"<RoleName>web1</RoleName>{inner}"), "test.xml")
    assert document.unread == unread


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"", "the document is empty", id="empty"),
        pytest.param(b"<Deployment>", "not well-formed", id="cut off"),
        pytest.param(b"<Unheard/>", "no ASM document has the root element 'Unheard'", id="unknown root"),
        pytest.param(
            b'<!DOCTYPE x [<!ENTITY a "aaaa">]><Deployment><Name>&a;</Name></Deployment>',
            "document type declaration",
            id="entity",
        ),
        pytest.param(
            b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><Deployment/>',
            "document type declaration",
            id="external DTD",
        ),
        pytest.param(xml("Deployment", ""), "Deployment/Name: is missing", id="a missing value, by its path"),
        pytest.param(
            xml(
                "HostedService",
                "<ServiceName>s</ServiceName><HostedServiceProperties><Label>%%</Label></HostedServiceProperties>",
            ),
            "HostedService/HostedServiceProperties/Label: is not base64",
            id="a label that is not base64",
        ),
        pytest.param(
            xml(
                "HostedService",
                "<ServiceName>s</ServiceName><Deployments><Deployment><Name>d</Name><DeploymentSlot>Production</DeploymentSlot>"
                "<Status>Running</Status><RoleList><Role><RoleName>a</RoleName></Role><Role><RoleName>b</RoleName>"
                "<ProvisionGuestAgent>perhaps</ProvisionGuestAgent></Role></RoleList></Deployment></Deployments>",
            ),
            "HostedService/Deployments/Deployment[1]/RoleList/Role[2]/ProvisionGuestAgent: ",
            id="a bad value in a list, by its position",
        ),
    ],
)
def test_an_unreadable_document_is_refused_with_place_and_problem(content: bytes, problem: str) -> None:
    with pytest.raises(UnreadableDocument) as refusal:
        read_document(content, "archive/d.xml")
    assert str(refusal.value).startswith("archive/d.xml")
    assert problem in str(refusal.value)


def test_deep_nesting_is_refused_and_does_not_exhaust_the_stack() -> None:
    with pytest.raises(UnreadableDocument):
        read_document(b"<Deployment>" + b"<a>" * 100_000, "bomb.xml")


def test_characters_that_xml_forbids_become_the_replacement_character() -> None:
    model = only("Error", "<Code>BadRequest</Code><Message>\x1b plain &#x1B;[31m red</Message>".replace("\x1b ", ""))
    assert model.dump()["message"] == "plain \N{REPLACEMENT CHARACTER}[31m red"


def test_keys_and_private_settings_never_show() -> None:
    account = only(
        "StorageService",
        "<Url>u</Url><StorageServiceKeys><Primary>pk-1</Primary><Secondary>sk-2</Secondary></StorageServiceKeys>",
    )
    machine = role(
        "<ResourceExtensionReferences><ResourceExtensionReference><ReferenceName>e</ReferenceName><Publisher>p</Publisher>"
        "<Name>n</Name><Version>1.*</Version><ResourceExtensionParameterValues>"
        "<ResourceExtensionParameterValue><Key>k</Key><Value>cHJpdmF0ZQ==</Value><Type>Private</Type></ResourceExtensionParameterValue>"
        f"<ResourceExtensionParameterValue><Key>k</Key><Value>{b64(json.dumps({'a': 1}))}</Value><Type>Public</Type></ResourceExtensionParameterValue>"
        "</ResourceExtensionParameterValues></ResourceExtensionReference></ResourceExtensionReferences>"
    )
    shown = json.dumps([account.dump(), machine.dump()]) + repr(account) + repr(machine)
    assert not any(secret in shown for secret in ("pk-1", "sk-2", "cHJpdmF0ZQ=="))
    assert isinstance(account, StorageService)
    private, public = machine.extensions[0].parameters
    assert (private.settings, public.settings) == (None, {"a": 1})
    assert b64(json.dumps({"a": 1})) in json.dumps(machine.dump())


def deployment(name: str, *, url: str = "", network: str = "") -> bytes:
    vnet = f"<VirtualNetworkName>{network}</VirtualNetworkName>" if network else ""
    return xml(
        "Deployment",
        f"<Name>{name}</Name><DeploymentSlot>Production</DeploymentSlot><Status>Running</Status>"
        f"<Url>http://{url or name}.cloudapp.net/</Url>{vnet}",
    )


def estate(*documents: bytes) -> Estate:
    return Estate.of_documents(SUBSCRIPTION, [read_document(content, "t.xml") for content in documents])


NETWORK = xml("VirtualNetworkSites", "<VirtualNetworkSite><Name>Net</Name></VirtualNetworkSite>")


def test_a_deployment_finds_its_service_by_its_address() -> None:
    service = xml("HostedServices", "<HostedService><ServiceName>Shop</ServiceName></HostedService>")
    found = estate(service, deployment("prod", url="shop")).service("SHOP")
    assert isinstance(found, HostedService)
    assert (found.name, found.deployment and found.deployment.name) == ("Shop", "prod")


def test_units_are_networks_services_outside_them_and_what_nothing_uses() -> None:
    found = estate(
        NETWORK,
        deployment("inside", network="net"),
        deployment("outside"),
        xml("NetworkSecurityGroups", "<NetworkSecurityGroup><Name>free</Name></NetworkSecurityGroup>"),
        xml(
            "ReservedIPs",
            "<ReservedIP><Name>used</Name><InUse>true</InUse></ReservedIP><ReservedIP><Name>spare</Name></ReservedIP>",
        ),
    )
    assert [unit.short for unit in found.units] == [
        "virtualNetwork/Net",
        "hostedService/outside",
        "networkSecurityGroup/free",
        "reservedIp/spare",
    ]
    assert [service.name for service in found.services_of(found.units[0])] == ["inside"]


def test_an_unknown_unit_is_told_what_there_is() -> None:
    found = estate(NETWORK, deployment("inside", network="Net"))
    with pytest.raises(UnknownUnit, match=r"There are: Net\."):
        found.unit(Unit(SUBSCRIPTION, "virtualNetwork", "nett"))
    with pytest.raises(UnknownUnit, match=r"migrate virtualNetwork/Net\."):
        found.unit(Unit(SUBSCRIPTION, "hostedService", "inside"))
