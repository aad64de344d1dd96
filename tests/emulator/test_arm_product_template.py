"""The template that the product exports, deployed by Microsoft's own client: the same resources as prepare makes."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.resource.resources import ResourceManagementClient
from pydantic import SecretStr

from asmosis.arm.template import Exported, parameterized, template
from asmosis.azure.inventory import snapshot
from asmosis.azure.planes import Planes
from asmosis.azure.sign_in import StaticToken
from asmosis.classic.estate import Estate
from asmosis.translate import Names, propose
from asmosis.translate.names import Templates
from asmosis.units import Destination, DestinationMode, Unit
from tests.emulator.conftest import DESTINATION, NEW, Client

PREPARABLE = (
    "virtualNetwork/contoso-vnet",
    "virtualNetwork/contoso-nic-vnet",
    "virtualNetwork/contoso-direct-vnet",
    "virtualNetwork/contoso-certs-vnet",
    "virtualNetwork/contoso-vpn-vnet",
    "hostedService/contoso-batch",
    "hostedService/contoso-legacy",
    "networkSecurityGroup/contoso-spare-nsg",
    "routeTable/contoso-spare-routes",
    "reservedIp/contoso-spare-ip",
    "storageAccount/contosovhds",
    "storageAccount/contosooldvhds",
    "storageAccount/contosologs",
    "storageAccount/contosorarevhds",
    "storageAccount/contosopremium",
    "storageAccount/contosoimages",
)
# What prepare refuses can still be deployed, once somebody has seen to what blocks it.
REFUSED = (
    "virtualNetwork/contoso-paas-vnet",
    "virtualNetwork/contoso-subnets-vnet",
    "hostedService/contoso-mixed",
    "hostedService/contoso-multi",
    "hostedService/contoso-acl",
    "hostedService/contoso-agent",
    "hostedService/contoso-exterr",
    "hostedService/contoso-bootdiag",
    "hostedService/contoso-backup",
)
NOTHING = ("hostedService/contoso-paas",)
OUTSIDE = tuple(unit for unit in PREPARABLE if unit.startswith("hostedService/"))
LAN = Destination(DestinationMode.EXISTING, "lan", "hall", "tables")
# Made anew by every write or drawn by the platform; names in DNS depend on where a resource was made.
DRAWN = {"etag", "resourceGuid", "vmId", "macAddress", "creationTime", "ipAddress", "instanceView"}
NAMED = {"internalDomainNameSuffix", "fqdn"}
# The platform's own choice at a gateway, where classic tells nothing.
CHOSEN = {"routingWeight", "capacity"}
# Only the platform can give certificates to attached machines, open the vault to them, and move shared keys.
PLATFORM_ONLY = {"osProfile", "vaultUri", "tenantId", "sharedKey"}
SECRET = "microsoft.keyvault/vaults/secrets"
# The emulator knows no paired regions, and takes every interface that is written for a primary one.
UNPAIRED = {"secondaryLocation", "secondaryEndpoints", "statusOfSecondary"}
INTERFACE = "microsoft.network/networkinterfaces"
# Nobody knows what the platform calls a gateway's address; the emulator calls it so.
NAMES = Names(Templates(gateway_ip="{network}-Default-Gateway-vip"))
# What an operator has to give, because classic does not tell it.
GIVEN: dict[str, Any] = {"sharedKey": "a shared secret", "protectedSettings": {"key": "a secret"}}
Bodies = dict[str, dict[str, Any]]


class AllowHttp(SansIOHTTPPolicy[Any, Any]):
    """Lets the client's bearer token go over plain http."""

    def on_request(self, request: Any) -> None:
        request.context.options.setdefault("enforce_https", False)


class AnyToken:
    """A credential for an emulator that asks for none."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("any", int(time.time()) + 3600)


@dataclass(frozen=True)
class Azure:
    """A fresh subscription with the sample estate, and Microsoft's client to it."""

    client: Client

    @cached_property
    def sdk(self) -> Any:
        return ResourceManagementClient(
            AnyToken(),
            self.client.subscription,
            base_url=self.client.base,
            credential_scopes=["any"],
            polling_interval=0,
            per_call_policies=[AllowHttp()],
        )

    @cached_property
    def estate(self) -> Estate:
        planes = Planes(self.client.subscription, self.client.base, self.client.base, StaticToken(SecretStr("any")))
        with planes.asm() as asm:
            return snapshot(asm)

    def id(self, group: str, rest: str) -> str:
        return f"/subscriptions/{self.client.subscription}/resourceGroups/{group}/providers/{rest}"

    def make_lan(self) -> None:
        self.sdk.resource_groups.create_or_update(LAN.resource_group, {"location": "westus"})
        space = {"addressSpace": {"addressPrefixes": ["10.77.0.0/16"]}}
        subnets = [{"name": LAN.subnet, "properties": {"addressPrefix": "10.77.1.0/24"}}]
        self.put(
            self.id(LAN.resource_group, f"Microsoft.Network/virtualNetworks/{LAN.virtual_network}"),
            "2025-05-01",
            {"location": "westus", "properties": {**space, "subnets": subnets}},
        )

    def put(self, identifier: str, version: str, body: dict[str, Any]) -> Any:
        return self.sdk.resources.begin_create_or_update_by_id(identifier, body, api_version=version).result()

    def deploy(self, exported: Exported, groups: tuple[str, ...]) -> None:
        for group in groups:
            self.sdk.resource_groups.create_or_update(group, {"location": "westus"})
        given = {name: {"value": GIVEN[name.rpartition("_")[2]]} for name in exported.required}
        sent = {"mode": "Incremental", "template": exported.template}
        sent["parameters"] = exported.parameters.get("parameters", {}) | given
        identifier = self.id(groups[0], "Microsoft.Resources/deployments/as-exported")
        made = self.put(identifier, "2025-04-01", {"properties": sent})
        assert made.properties["provisioningState"] == "Succeeded"

    def there(self, groups: tuple[str, ...]) -> Bodies:
        """Every resource of the groups, children included, by its id; secrets of vaults are not anybody's to deploy."""
        found: Bodies = {}
        for group in groups:
            for each in self.sdk.resources.list_by_resource_group(group):
                if each.type.lower() != SECRET:
                    read = self.sdk.resources.get_by_id(each.id, api_version="2025-05-01").as_dict()
                    if each.type.lower() == INTERFACE:
                        del read["properties"]["primary"]
                    found[each.id] = settled(read)
        return found


@pytest.fixture
def azure(client: Client) -> Azure:
    return Azure(client)


def exported(azure: Azure, short: str, destination: Destination, *, chosen: bool) -> tuple[Exported, tuple[str, ...]]:
    proposal = propose(azure.estate, Unit.parse(short, azure.client.subscription), destination, NAMES)
    if chosen:
        return parameterized(proposal.resources, proposal.groups[0]), proposal.groups
    return Exported(template(proposal.resources, proposal.groups[0]), {}, ()), proposal.groups


def settled(value: Any) -> Any:
    if isinstance(value, list):
        return [settled(each) for each in value]
    if isinstance(value, dict):
        dynamic = {"privateIPAddress"} if value.get("privateIPAllocationMethod") == "Dynamic" else set()
        ignored = DRAWN | NAMED | CHOSEN | PLATFORM_ONLY | UNPAIRED | dynamic
        return {name: settled(inner) for name, inner in value.items() if name not in ignored}
    return value


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Places where two bodies differ; an empty object or list is as good as none."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({*one, *other}):
            yield from differences(one.get(name), other.get(name), f"{path}.{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, (mine, yours) in enumerate(zip(one, other, strict=True)):
            yield from differences(mine, yours, f"{path}[{place}]")
    elif (one or None) != (other or None):
        yield f"{path}: {one} is deployed as {other}"


def assert_deployed_as_prepared(azure: Azure, short: str, destination: Destination, *, chosen: bool) -> None:
    body = None
    if short in OUTSIDE:
        names = {"group": LAN.resource_group, "network": LAN.virtual_network, "subnet": LAN.subnet}
        body = DESTINATION.format(mode="Existing", **names) if destination is LAN else NEW
    one, groups = exported(azure, short, destination, chosen=chosen)
    azure.client.done(short, "prepare", body)
    prepared = azure.there(groups)
    azure.client.done(short, "abort")
    azure.deploy(one, groups)
    deployed = azure.there(groups)
    assert prepared
    assert sorted(deployed) == sorted(prepared)
    found = list(differences(prepared, deployed))
    assert not found, "\n".join(found)


def test_every_unit_of_the_sample_estate_is_tried(azure: Azure) -> None:
    assert {unit.short for unit in azure.estate.units} == {*PREPARABLE, *REFUSED, *NOTHING}


@pytest.mark.parametrize("short", PREPARABLE)
def test_deploying_the_template_gives_what_prepare_gives(azure: Azure, short: str) -> None:
    assert_deployed_as_prepared(azure, short, Destination(), chosen=False)


@pytest.mark.parametrize("short", PREPARABLE[:12])
def test_with_the_defaults_of_its_parameters_it_gives_the_same(azure: Azure, short: str) -> None:
    assert_deployed_as_prepared(azure, short, Destination(), chosen=True)


def test_names_of_choice_may_put_a_network_and_its_services_into_one_group(azure: Azure) -> None:
    names = Names(Templates(group="all", interface="nic-{machine}"), {"virtualNetwork/contoso-vnet": "chosen-vnet"})
    unit = Unit.parse("virtualNetwork/contoso-vnet", azure.client.subscription)
    proposal = propose(azure.estate, unit, names=names)
    azure.deploy(Exported(template(proposal.resources, "all"), {}, ()), proposal.groups)
    assert proposal.groups == ("all",)
    assert set(azure.there(("all",))) == {resource.id for resource in proposal.resources}
    assert azure.id("all", "Microsoft.Network/virtualNetworks/chosen-vnet") in azure.there(("all",))


def test_what_is_chosen_at_deployment_is_what_is_made(azure: Azure) -> None:
    one, groups = exported(azure, "hostedService/contoso-batch", Destination(), chosen=True)
    given = one.parameters["parameters"]
    [size, *_] = [name for name in given if name.endswith("_vmSize")]
    [interface, *_] = [name for name in given if name.startswith("networkInterfaces_") and name.endswith("_name")]
    given[size] = {"value": "Standard_A4"}
    given[interface] = {"value": "chosen-nic"}
    given["location"] = {"value": "eastus"}
    azure.deploy(one, groups)
    made = azure.there(groups)
    machines = [body for body in made.values() if body["type"] == "Microsoft.Compute/virtualMachines"]
    assert "Standard_A4" in {body["properties"]["hardwareProfile"]["vmSize"] for body in machines}
    assert azure.id(groups[0], "Microsoft.Network/networkInterfaces/chosen-nic") in made
    assert {body["location"] for body in made.values()} == {"eastus"}


@pytest.mark.parametrize("short", OUTSIDE)
def test_a_service_that_joins_a_network_is_deployed_as_prepared(azure: Azure, short: str) -> None:
    azure.make_lan()
    assert_deployed_as_prepared(azure, short, LAN, chosen=False)


@pytest.mark.parametrize("short", REFUSED)
def test_what_prepare_refuses_can_be_deployed_all_the_same(azure: Azure, short: str) -> None:
    assert azure.client.operation(azure.client.migrate(short, "prepare")).one("Status") == "Failed"
    proposal = propose(azure.estate, Unit.parse(short, azure.client.subscription))
    azure.deploy(Exported(template(proposal.resources, proposal.groups[0]), {}, ()), proposal.groups)
    assert set(azure.there(proposal.groups)) == {resource.id for resource in proposal.resources}


@pytest.mark.parametrize("short", NOTHING)
def test_web_and_worker_roles_become_nothing(azure: Azure, short: str) -> None:
    assert propose(azure.estate, Unit.parse(short, azure.client.subscription)).resources == ()
