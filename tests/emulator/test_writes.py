"""Every write of the classic plane: refused while what it changes is migrating, done after an abort."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from emulator.asm.routes import ROUTES, match

if TYPE_CHECKING:
    from tests.emulator.conftest import Client

VNET = "virtualNetwork/contoso-vnet"
BATCH = "hostedService/contoso-batch"
VHDS = "storageAccount/contosovhds"
NIC = "virtualNetwork/contoso-nic-vnet"
WEB = "services/hostedservices/contoso-web/deployments/contoso-web"
APP = "services/hostedservices/contoso-app/deployments/contoso-app"
DEPLOYMENT = "services/hostedservices/contoso-batch/deployments/contoso-batch"
NICS = "services/hostedservices/contoso-nic/deployments/contoso-nic"
NETWORKING = "services/networking"
SUBNETS = f"{NETWORKING}/virtualnetwork/contoso-vnet/subnets"
MEDIA = f"{NETWORKING}/media"
BUSY = "is in the process of being migrated and hence cannot be changed"
VM = "Management operations on VM are disallowed because migration is in progress"
LABEL = base64.b64encode(b"label").decode()
VHD = "https://contosovhds.blob.core.windows.net/vhds"


def xml(root: str, content: str = "") -> str:
    return f'<{root} xmlns="http://schemas.microsoft.com/windowsazure">{content}</{root}>'


def endpoint(name: str, local: int, public: int, further: str = "", before: str = "") -> str:
    return (
        f"<InputEndpoint>{before}<LocalPort>{local}</LocalPort><Name>{name}</Name><Port>{public}</Port>"
        f"<Protocol>tcp</Protocol>{further}</InputEndpoint>"
    )


def configuration(*endpoints: str, further: str = "") -> str:
    return (
        "<ConfigurationSets><ConfigurationSet><ConfigurationSetType>NetworkConfiguration</ConfigurationSetType>"
        f"<InputEndpoints>{''.join(endpoints)}</InputEndpoints>{further}</ConfigurationSet></ConfigurationSets>"
    )


def vm(name: str, network: str = "", further: str = "", disk: str = "") -> str:
    """As Microsoft's Python client writes it."""
    return (
        f"<RoleName>{name}</RoleName><RoleType>PersistentVMRole</RoleType><ConfigurationSets><ConfigurationSet>"
        f"<ConfigurationSetType>LinuxProvisioningConfiguration</ConfigurationSetType><HostName>{name}</HostName>"
        "<UserName>anna</UserName><UserPassword>Very-Secret-1</UserPassword></ConfigurationSet>"
        f"{network or configuration(endpoint('SSH', 22, 50099)).removeprefix('<ConfigurationSets>').removesuffix('</ConfigurationSets>')}"
        f"</ConfigurationSets>{further}<OSVirtualHardDisk>{disk or image(name)}</OSVirtualHardDisk>"
        "<RoleSize>Small</RoleSize><ProvisionGuestAgent>true</ProvisionGuestAgent>"
    )


def image(name: str) -> str:
    return f"<MediaLink>{VHD}/{name}.vhd</MediaLink><SourceImageName>Ubuntu-14_04-LTS</SourceImageName>"


def deployment(service: str, network: str = "", *roles: str) -> str:
    joined = f"<VirtualNetworkName>{network}</VirtualNetworkName>" if network else ""
    inside = "<SubnetNames><SubnetName>web</SubnetName></SubnetNames>" if network else ""
    sets = f"<ConfigurationSet><ConfigurationSetType>NetworkConfiguration</ConfigurationSetType>{inside}</ConfigurationSet>"
    content = "".join(f"<Role>{each}</Role>" for each in roles or (vm("new1", sets),))
    return xml(
        "Deployment",
        f"<Name>{service}</Name><DeploymentSlot>Production</DeploymentSlot><Label>{LABEL}</Label>"
        f"<RoleList>{content}</RoleList>{joined}",
    )


def certificate() -> str:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    data = base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()
    return xml("CertificateFile", f"<Data>{data}</Data><CertificateFormat>cer</CertificateFormat><Password/>")


@dataclass(frozen=True)
class Write:
    """A request that is done when nothing is in its way, and what a migration of `unit` says to it."""

    method: str
    path: str
    body: str | None = None
    unit: str = ""
    refusal: str = BUSY
    status: int = 202
    first: tuple[tuple[str, str, str], ...] = ()

    def send(self, client: Client) -> tuple[int, str, str]:
        body = self.body
        if self.path == MEDIA:
            body = client.asm("GET", MEDIA).text.replace("10.1.1.0/24", "10.1.1.0/25")
        reply = client.asm(self.method, self.path, body)
        if reply.status == 202:
            ended = client.operation(reply)
            return reply.status, ended.one("Status"), ended.one("Message")
        return reply.status, "Succeeded", reply.one("Message")


START, STOP = (
    xml("StartRoleOperation"),
    xml("ShutdownRoleOperation", "<PostShutdownAction>Stopped</PostShutdownAction>"),
)
RULE = xml(
    "Rule",
    "<Type>Inbound</Type><Priority>200</Priority><Action>Allow</Action><SourceAddressPrefix>*</SourceAddressPrefix>"
    "<SourcePortRange>*</SourcePortRange><DestinationAddressPrefix>*</DestinationAddressPrefix>"
    "<DestinationPortRange>443</DestinationPortRange><Protocol>TCP</Protocol>",
)
ROUTE = xml(
    "Route",
    "<Name>new</Name><AddressPrefix>10.9.9.0/24</AddressPrefix><NextHopType><Type>Internet</Type></NextHopType>",
)
GROUP = xml("NetworkSecurityGroup", "<Name>contoso-spare-nsg</Name>")
FORWARD = xml("IPForwarding", "<State>Enabled</State>")
BALANCER = "<Name>ilb</Name><FrontendIpConfiguration><Type>Private</Type><SubnetName>web</SubnetName></FrontendIpConfiguration>"
DISK = "<LogicalDiskSizeInGB>10</LogicalDiskSizeInGB>"
ASSOCIATION = xml("ReservedIPAssociation", "<ServiceName>{0}</ServiceName><DeploymentName>{0}</DeploymentName>")
BIND_ROLE = ("POST", f"{WEB}/roles/web1/networksecuritygroups", GROUP)
BIND_NIC = ("POST", f"{NICS}/roles/nic1/networkinterfaces/back/networksecuritygroups", GROUP)
STORE = xml(
    "CreateStorageServiceInput",
    f"<ServiceName>fresh</ServiceName><Label>{LABEL}</Label><Location>West US</Location><AccountType>Standard_LRS</AccountType>",
)
SERVICE = xml(
    "CreateHostedService", f"<ServiceName>fresh</ServiceName><Label>{LABEL}</Label><Location>West US</Location>"
)
NEW_SERVICE = ("POST", "services/hostedservices", SERVICE)
IMAGE = xml("OSImage", f"<Label>l</Label><MediaLink>{VHD}/i.vhd</MediaLink><Name>own</Name><OS>Linux</OS>")
SET = endpoint("http", 8081, 80, before="<LoadBalancedEndpointSetName>web-http</LoadBalancedEndpointSetName>")

WRITES = [
    Write("PUT", MEDIA, unit=VNET),
    Write(
        "POST",
        f"{NETWORKING}/networksecuritygroups",
        xml("NetworkSecurityGroup", "<Name>n</Name><Location>West US</Location>"),
    ),
    Write(
        "DELETE", f"{NETWORKING}/networksecuritygroups/contoso-spare-nsg", unit="networkSecurityGroup/contoso-spare-nsg"
    ),
    Write("POST", f"{NETWORKING}/routetables", xml("RouteTable", "<Name>n</Name><Location>West US</Location>")),
    Write("DELETE", f"{NETWORKING}/routetables/contoso-spare-routes", unit="routeTable/contoso-spare-routes"),
    Write("PUT", f"{NETWORKING}/networksecuritygroups/contoso-web-nsg/rules/new", RULE, VNET),
    Write("DELETE", f"{NETWORKING}/networksecuritygroups/contoso-web-nsg/rules/allow-rdp", unit=VNET),
    Write("PUT", f"{NETWORKING}/routetables/contoso-app-routes/routes/new", ROUTE, VNET),
    Write("DELETE", f"{NETWORKING}/routetables/contoso-app-routes/routes/via-firewall", unit=VNET),
    Write("POST", f"{SUBNETS}/app/networksecuritygroups", GROUP, VNET),
    Write("DELETE", f"{SUBNETS}/web/networksecuritygroups/contoso-web-nsg", unit=VNET),
    Write(
        "POST",
        f"{SUBNETS}/web/routetables",
        xml("RouteTableAssociation", "<RouteTableName>contoso-spare-routes</RouteTableName>"),
        VNET,
    ),
    Write("DELETE", f"{SUBNETS}/app/routetables", unit=VNET),
    Write("POST", f"{WEB}/roles/web1/networksecuritygroups", GROUP, VNET, VM),
    Write("DELETE", f"{WEB}/roles/web1/networksecuritygroups/contoso-spare-nsg", None, VNET, VM, first=(BIND_ROLE,)),
    Write("POST", f"{WEB}/roles/web1/ipforwarding", FORWARD, VNET, VM),
    Write("POST", f"{NICS}/roles/nic1/networkinterfaces/back/networksecuritygroups", GROUP, NIC, VM),
    Write(
        "DELETE",
        f"{NICS}/roles/nic1/networkinterfaces/back/networksecuritygroups/contoso-spare-nsg",
        None,
        NIC,
        VM,
        first=(BIND_NIC,),
    ),
    Write("POST", f"{NICS}/roles/nic1/networkinterfaces/back/ipforwarding", FORWARD, NIC, VM),
    Write(
        "POST",
        f"{NETWORKING}/reservedips",
        xml(
            "ReservedIP",
            "<Name>n</Name><ServiceName>contoso-batch</ServiceName><DeploymentName>contoso-batch</DeploymentName><Location>West US</Location>",
        ),
        BATCH,
    ),
    Write("DELETE", f"{NETWORKING}/reservedips/contoso-spare-ip", unit="reservedIp/contoso-spare-ip"),
    Write(
        "POST",
        f"{NETWORKING}/reservedips/contoso-spare-ip/operations/associate",
        ASSOCIATION.format("contoso-batch"),
        BATCH,
    ),
    Write(
        "POST",
        f"{NETWORKING}/reservedips/contoso-web-ip/operations/disassociate",
        ASSOCIATION.format("contoso-web"),
        VNET,
    ),
    Write("POST", "services/hostedservices", SERVICE, status=201),
    Write(
        "PUT",
        "services/hostedservices/contoso-batch",
        xml("UpdateHostedService", f"<Label>{LABEL}</Label><Description>d</Description>"),
        BATCH,
        status=200,
    ),
    Write("DELETE", "services/hostedservices/contoso-web?comp=media", unit=VNET),
    Write("POST", "services/hostedservices/contoso-batch/certificates", certificate(), BATCH),
    Write(
        "DELETE",
        "services/hostedservices/contoso-certs/certificates/sha1-{thumbprint}",
        unit="virtualNetwork/contoso-certs-vnet",
    ),
    Write(
        "POST",
        "affinitygroups",
        xml("CreateAffinityGroup", f"<Name>n</Name><Label>{LABEL}</Label><Location>West US</Location>"),
        status=201,
    ),
    Write(
        "PUT",
        "affinitygroups/contoso-ag",
        xml("UpdateAffinityGroup", f"<Label>{LABEL}</Label><Description>d</Description>"),
        status=200,
    ),
    Write(
        "DELETE",
        "affinitygroups/n",
        status=200,
        first=(
            (
                "POST",
                "affinitygroups",
                xml("CreateAffinityGroup", f"<Name>n</Name><Label>{LABEL}</Label><Location>West US</Location>"),
            ),
        ),
    ),
    Write(
        "POST",
        "services/hostedservices/fresh/deployments",
        deployment("fresh", "contoso-vnet"),
        VNET,
        first=(NEW_SERVICE,),
    ),
    Write("DELETE", f"{DEPLOYMENT}?comp=media", unit=BATCH),
    Write("DELETE", "services/hostedservices/contoso-web/deploymentslots/production", unit=VNET),
    Write("POST", f"{DEPLOYMENT}/roles", xml("PersistentVMRole", vm("batch3")), BATCH, VM),
    Write("PUT", f"{DEPLOYMENT}/roles/batch1", xml("PersistentVMRole", "<RoleSize>Large</RoleSize>"), BATCH, VM),
    Write("DELETE", f"{DEPLOYMENT}/roles/batch2?comp=media", None, BATCH, VM),
    Write(
        "POST",
        f"{DEPLOYMENT}/roles/batch1/DataDisks",
        xml("DataVirtualHardDisk", f"<Lun>1</Lun>{DISK}<MediaLink>{VHD}/d.vhd</MediaLink>"),
        BATCH,
        VM,
    ),
    Write(
        "PUT",
        f"{DEPLOYMENT}/roles/batch1/DataDisks/0",
        xml("DataVirtualHardDisk", "<HostCaching>ReadWrite</HostCaching>"),
        BATCH,
        VM,
    ),
    Write("DELETE", f"{DEPLOYMENT}/roles/batch1/DataDisks/0", None, BATCH, VM),
    Write("POST", f"{WEB}?comp=UpdateLbSet", xml("LoadBalancedEndpointList", SET), VNET, VM),
    Write("POST", f"{WEB}/loadbalancers", xml("LoadBalancer", BALANCER), VNET),
    Write("PUT", f"{APP}/loadbalancers/app-ilb", xml("LoadBalancer", BALANCER), VNET),
    Write(
        "DELETE",
        f"{WEB}/loadbalancers/ilb",
        None,
        VNET,
        first=(("POST", f"{WEB}/loadbalancers", xml("LoadBalancer", BALANCER)),),
    ),
    Write("POST", f"{DEPLOYMENT}/roleinstances/batch1/Operations", STOP, BATCH, VM),
    Write(
        "POST",
        f"{DEPLOYMENT}/Roles/Operations",
        xml("StartRolesOperation", "<Roles><Name>batch2</Name></Roles>"),
        BATCH,
        VM,
    ),
    Write("POST", "services/storageservices", STORE),
    Write(
        "PUT",
        "services/storageservices/contosovhds",
        xml("UpdateStorageServiceInput", "<Description>d</Description><AccountType>Standard_LRS</AccountType>"),
        VHDS,
        status=200,
    ),
    Write("DELETE", "services/storageservices/contosologs", None, "storageAccount/contosologs", status=200),
    Write(
        "POST",
        "services/storageservices/contosovhds/keys?action=regenerate",
        xml("RegenerateKeys", "<KeyType>Primary</KeyType>"),
        VHDS,
        status=200,
    ),
    Write(
        "POST",
        "services/disks",
        xml("Disk", f"<Label>l</Label><MediaLink>{VHD}/n.vhd</MediaLink><Name>n</Name>"),
        VHDS,
        status=200,
    ),
    Write("PUT", "services/disks/contoso-unattached", xml("Disk", "<Label>l</Label>"), VHDS, status=200),
    Write("DELETE", "services/disks/contoso-unattached?comp=media", None, VHDS, status=200),
    Write("POST", "services/images", IMAGE, VHDS, status=200),
    Write(
        "PUT",
        "services/images/contoso-image",
        xml("OSImage", "<Label>other</Label>"),
        "storageAccount/contosoimages",
        status=200,
    ),
    Write("DELETE", "services/images/contoso-image", None, "storageAccount/contosoimages", status=200),
    Write("DELETE", "services/vmimages/contoso-vm-image", None, "storageAccount/contosoimages", status=200),
]
STATE = [
    "services/hostedservices",
    f"{WEB.replace('deployments/contoso-web', 'deploymentslots/Production')}",
    f"{DEPLOYMENT.replace('deployments/contoso-batch', 'deploymentslots/Production')}",
    f"{NETWORKING}/virtualnetwork",
    f"{NETWORKING}/networksecuritygroups/contoso-web-nsg?detaillevel=Full",
    f"{NETWORKING}/routetables/contoso-app-routes?detaillevel=Full",
    f"{NETWORKING}/reservedips",
    "services/storageservices",
    "services/storageservices/contosovhds/keys",
    "services/disks",
    "services/images",
    "services/vmimages",
]


def test_every_write_of_the_table_of_routes_is_held_against_the_lock() -> None:
    """A new write is not forgotten: it needs a row in this file."""
    tested = {match(each.method, each.path.partition("?")[0]).route for each in WRITES}
    assert {route for route in ROUTES if route.method != "GET" and not route.unit_kind} == tested
    assert [route for route in tested if route.holds is None] == []


def reads(client: Client) -> list[bytes]:
    return [client.asm("GET", path).body for path in STATE]


@pytest.mark.parametrize("write", WRITES, ids=lambda each: f"{each.method} {each.path}")
def test_a_write_is_refused_while_its_unit_migrates_and_done_after_the_abort(client: Client, write: Write) -> None:
    if "{thumbprint}" in write.path:
        thumbprint = client.asm("GET", "services/hostedservices/contoso-certs/certificates").one("Thumbprint")
        write = Write(write.method, write.path.format(thumbprint=thumbprint), unit=write.unit)
    for method, path, body in write.first:
        assert client.asm(method, path, body).status in (200, 201, 202)
    if write.unit:
        client.done(write.unit, "prepare")
        before = reads(client)
        status, _, message = write.send(client)
        assert (status, message.removesuffix(".")[-len(write.refusal) :]) == (409, write.refusal)
        assert reads(client) == before
        assert not client.journal()[-1]["effect"]
        client.done(write.unit, "abort")
    assert write.send(client) == (write.status, "Succeeded", "")
    assert any(each["effect"] and each["method"] == write.method for each in client.journal())
