"""The Resource Manager plane as Microsoft's own clients see it, over a socket."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient
from lxml import etree

from emulator import seeds
from emulator.app import create_app
from emulator.store import Store
from emulator.transform import ClassicService, ClassicUnit, transform

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
PAGE = 4

NETWORK = """
<VirtualNetworkSite><Name>plant</Name>
  <AddressSpace><AddressPrefixes><AddressPrefix>10.1.0.0/16</AddressPrefix></AddressPrefixes></AddressSpace>
  <Subnets><Subnet><Name>front</Name><AddressPrefix>10.1.0.0/24</AddressPrefix><NetworkSecurityGroup>closed</NetworkSecurityGroup></Subnet></Subnets>
</VirtualNetworkSite>"""
DEPLOYMENT = """
<Deployment><Name>shop</Name><RoleInstanceList>{instances}</RoleInstanceList><UpgradeDomainCount>2</UpgradeDomainCount>
  <RoleList>{roles}</RoleList>
  <VirtualIPs><VirtualIP><Address>1.2.3.4</Address><Name>shopContractContract</Name></VirtualIP></VirtualIPs></Deployment>"""
INSTANCE = """
<RoleInstance><RoleName>{name}</RoleName><InstanceStatus>ReadyRole</InstanceStatus><IpAddress>10.1.0.{last}</IpAddress>
  <PowerState>Started</PowerState><GuestAgentStatus><GuestAgentVersion>2.7</GuestAgentVersion><Status>Ready</Status></GuestAgentStatus>
  <ResourceExtensionStatusList><ResourceExtensionStatus><HandlerName>Contoso.Ops.Agent</HandlerName><Version>2.1</Version>
  <Status>Ready</Status></ResourceExtensionStatus></ResourceExtensionStatusList></RoleInstance>"""
ROLE = """
<Role><RoleName>{name}</RoleName><ConfigurationSets><ConfigurationSet><ConfigurationSetType>NetworkConfiguration</ConfigurationSetType>
  <InputEndpoints>
    <InputEndpoint><LoadBalancedEndpointSetName>web</LoadBalancedEndpointSetName><LocalPort>8080</LocalPort><Name>web</Name><Port>80</Port>
      <LoadBalancerProbe><Port>8081</Port><Protocol>tcp</Protocol></LoadBalancerProbe><Protocol>tcp</Protocol></InputEndpoint>
    <InputEndpoint><LocalPort>22</LocalPort><Name>ssh</Name><Port>{last}022</Port><Protocol>tcp</Protocol></InputEndpoint>
  </InputEndpoints><SubnetNames><SubnetName>front</SubnetName></SubnetNames></ConfigurationSet></ConfigurationSets>
  <ResourceExtensionReferences><ResourceExtensionReference><ReferenceName>agent</ReferenceName><Publisher>Contoso.Ops</Publisher>
    <Name>Agent</Name><Version>2.*</Version><State>Enable</State></ResourceExtensionReference></ResourceExtensionReferences>
  <OSVirtualHardDisk><HostCaching>ReadWrite</HostCaching><DiskName>{name}-os</DiskName><MediaLink>https://vhds.blob.core.windows.net/v/{name}.vhd</MediaLink>
    <OS>Linux</OS></OSVirtualHardDisk><RoleSize>Medium</RoleSize></Role>"""
CLOSED = "<NetworkSecurityGroup><Name>closed</Name><Rules/></NetworkSecurityGroup>"
ACCOUNT = """
<StorageService><StorageServiceProperties><Endpoints><Endpoint>https://vhds.blob.core.windows.net/</Endpoint></Endpoints>
  <AccountType>Standard_GRS</AccountType></StorageServiceProperties></StorageService>"""

SHOP, PLANT = "Shop-Migrated", "plant-Migrated"


class AllowHttp(SansIOHTTPPolicy[Any, Any]):
    """Lets the clients' bearer tokens go over plain http."""

    def on_request(self, request: Any) -> None:
        request.context.options.setdefault("enforce_https", False)


class AnyToken:
    """A credential for an emulator that asks for none."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("any", int(time.time()) + 3600)


@dataclass(frozen=True)
class Clients:
    """Any, because every field of the clients' models is optional to the type checker."""

    url: str
    compute: Any
    network: Any
    storage: Any
    resource: Any


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    """An emulator with a committed network and a storage account in preparation, and the clients of it."""
    store = Store(tmp_path_factory.mktemp("arm") / Path("emulator.sqlite"))
    fill(store)
    server = uvicorn.Server(
        uvicorn.Config(create_app(store), port=0, log_level="warning", lifespan="off", ws="none", date_header=False)
    )
    sock = server.config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    options: dict[str, Any] = {
        "base_url": url,
        "polling_interval": 0.05,
        "per_retry_policies": [AllowHttp()],
        "retry_total": 0,
    }
    credential = AnyToken()
    compute = ComputeManagementClient(credential, SUBSCRIPTION, **options)
    network = NetworkManagementClient(credential, SUBSCRIPTION, **options)
    storage = StorageManagementClient(credential, SUBSCRIPTION, **options)
    resource = ResourceManagementClient(credential, SUBSCRIPTION, **options)
    with compute, network, storage, resource:
        yield Clients(url, compute, network, storage, resource)
    server.should_exit = True
    thread.join(timeout=10)
    sock.close()
    store.close()


def fill(store: Store) -> None:
    machines = [("web1", 4), ("web2", 5)]
    deployment = DEPLOYMENT.format(
        instances="".join(INSTANCE.format(name=name, last=last) for name, last in machines),
        roles="".join(ROLE.format(name=name, last=last) for name, last in machines),
    )
    shop = ClassicService("Shop", etree.fromstring("<HostedService/>"), etree.fromstring(deployment))
    plant = ClassicUnit(
        SUBSCRIPTION,
        "virtualNetwork",
        "plant",
        "West US",
        (shop,),
        network=etree.fromstring(NETWORK),
        network_security_groups={"closed": etree.fromstring(CLOSED)},
    )
    vhds = ClassicUnit(
        SUBSCRIPTION,
        "storageAccount",
        "vhds",
        "West US",
        storage_account=etree.fromstring(ACCOUNT),
        storage_keys=("first", "second"),
    )
    with store.transaction():
        seeds.load(store, seeds.Estate(name="none", subscription=SUBSCRIPTION, documents=()))
        store.set_setting("arm.page_size", str(PAGE))
        for unit, lock in ((plant, None), (vhds, "storageAccount/vhds")):
            for resource in transform(unit, lambda _: None):
                store.arm_put(resource.id, resource.body, lock)


@pytest.fixture
def group(azure: Clients, request: pytest.FixtureRequest) -> Iterator[str]:
    """A resource group of the test's own, gone with all that is in it when the test ends."""
    name = str(request.node.name).partition("[")[0][:80]
    azure.resource.resource_groups.create_or_update(name, {"location": "westus"})
    yield name
    azure.resource.resource_groups.begin_delete(name).result()


def said(refused: pytest.ExceptionInfo[HttpResponseError]) -> tuple[str, str]:
    """Code and message of a refusal."""
    error = refused.value.error
    assert error is not None
    return error.code or "", error.message or ""


def last(reference: Any) -> str:
    return str(reference.id).rpartition("/")[2]


# Reading


def test_a_machine_as_the_compute_client_reads_it(azure: Clients) -> None:
    machine = azure.compute.virtual_machines.get(SHOP, "web1")
    assert machine.hardware_profile.vm_size == "Standard_A2"
    assert machine.storage_profile.os_disk.vhd.uri.endswith("/v/web1.vhd")
    assert machine.provisioning_state == "Succeeded"
    assert machine.instance_view is None
    assert [last(nic) for nic in machine.network_profile.network_interfaces] == ["web1-nic"]
    assert [last(extension) for extension in machine.resources] == ["agent"]


def test_instance_views_come_alone_and_expanded(azure: Clients) -> None:
    alone = azure.compute.virtual_machines.instance_view(SHOP, "web1")
    expanded = azure.compute.virtual_machines.get(SHOP, "web1", expand="instanceView").instance_view
    for view in (alone, expanded):
        assert [status.code for status in view.statuses] == ["ProvisioningState/succeeded", "PowerState/running"]
        assert view.vm_agent.vm_agent_version == "2.7"
    extension = azure.compute.virtual_machine_extensions.get(SHOP, "web1", "agent", expand="instanceView")
    assert extension.instance_view.statuses[0].code == "ProvisioningState/succeeded"


@pytest.mark.parametrize(
    ("call", "seen"),
    [
        pytest.param(lambda a: a.compute.virtual_machines.list_all(), ["web1", "web2"], id="machines"),
        pytest.param(lambda a: a.compute.virtual_machines.list(SHOP), ["web1", "web2"], id="machines of a group"),
        pytest.param(lambda a: a.compute.virtual_machines.list(PLANT), [], id="machines of another group"),
        pytest.param(lambda a: a.compute.virtual_machines.list_by_location("westus"), ["web1", "web2"], id="machines of a region"),
        pytest.param(lambda a: a.compute.virtual_machines.list_by_location("eastus"), [], id="machines of another region"),
        pytest.param(lambda a: a.compute.availability_sets.list_by_subscription(), ["Shop-as"], id="sets"),
        pytest.param(lambda a: a.compute.disks.list(), [], id="disks"),
        pytest.param(lambda a: a.network.load_balancers.list(SHOP), ["Shop-lb"], id="balancers"),
        pytest.param(lambda a: a.network.inbound_nat_rules.list(SHOP, "Shop-lb"), ["web1-ssh", "web2-ssh"], id="rules of a balancer"),
        pytest.param(lambda a: a.network.load_balancer_backend_address_pools.list(SHOP, "Shop-lb"), ["default"], id="pools of a balancer"),
        pytest.param(lambda a: a.network.subnets.list(PLANT, "plant"), ["front"], id="subnets"),
        pytest.param(lambda a: a.network.virtual_network_gateways.list(PLANT), [], id="gateways"),
        pytest.param(lambda a: a.network.virtual_network_gateway_connections.list(PLANT), [], id="connections"),
        pytest.param(lambda a: a.network.local_network_gateways.list(PLANT), [], id="local gateways"),
        pytest.param(lambda a: a.network.route_tables.list_all(), [], id="route tables"),
        pytest.param(lambda a: a.storage.storage_accounts.list(), ["vhds"], id="accounts"),
    ],
)  # fmt: skip
def test_lists(azure: Clients, call: Any, seen: list[str]) -> None:
    assert [item.name for item in call(azure)] == seen


def test_what_others_know_about_a_resource_is_shown_at_it(azure: Clients) -> None:
    nic = azure.network.network_interfaces.get(SHOP, "web1-nic")
    assert last(nic.virtual_machine) == "web1"
    address = azure.network.public_ip_addresses.get(SHOP, "Shop-vip")
    assert "/loadBalancers/Shop-lb/frontendIPConfigurations/" in address.ip_configuration.id
    subnet = azure.network.subnets.get(PLANT, "plant", "front")
    assert sorted(c.id.split("/")[-3] for c in subnet.ip_configurations) == ["web1-nic", "web2-nic"]
    balancer = azure.network.load_balancers.get(SHOP, "Shop-lb")
    assert len(balancer.backend_address_pools[0].backend_ip_configurations) == 2
    assert last(balancer.backend_address_pools[0].load_balancing_rules[0]) == "web"
    assert last(balancer.probes[0].load_balancing_rules[0]) == "web"
    assert "/web1-nic/" in balancer.inbound_nat_rules[0].backend_ip_configuration.id
    availability_set = azure.compute.availability_sets.get(SHOP, "shop-AS")
    assert [last(machine) for machine in availability_set.virtual_machines] == ["web1", "web2"]
    closed = azure.network.network_security_groups.get(PLANT, "closed")
    assert [last(subnet) for subnet in closed.subnets] == ["front"]
    assert len(closed.default_security_rules) == 6


def test_lists_show_the_same_as_single_reads(azure: Clients) -> None:
    [listed] = azure.network.load_balancers.list_all()
    assert listed.as_dict() == azure.network.load_balancers.get(SHOP, "Shop-lb").as_dict()


def test_pages_follow_each_other_until_all_is_told(azure: Clients) -> None:
    pages = [[resource.id for resource in page] for page in azure.resource.resources.list().by_page()]
    told = [id_ for page in pages for id_ in page]
    assert len(pages) > 2
    assert {len(page) for page in pages[:-1]} == {PAGE}
    assert sorted(told, key=str.lower) == told
    assert len(set(told)) == len(told)


def test_mixed_lists_can_be_filtered(azure: Clients) -> None:
    found = azure.resource.resources.list(
        filter="resourceType eq 'microsoft.network/networkinterfaces' and name eq 'web2-nic'"
    )
    assert [(resource.name, resource.type) for resource in found] == [
        ("web2-nic", "Microsoft.Network/networkInterfaces")
    ]
    [agent, _] = azure.resource.resources.list(filter="resourceType eq 'Microsoft.Compute/virtualMachines/extensions'")
    assert agent.name == "web1/agent"
    in_group = azure.resource.resources.list_by_resource_group(PLANT)
    assert sorted(resource.name for resource in in_group) == ["closed", "plant"]
    with pytest.raises(HttpResponseError) as refused:
        list(azure.resource.resources.list(filter="startswith(name, 'w')"))
    assert (refused.value.status_code, said(refused)[0]) == (400, "InvalidFilterInQueryString")


def test_a_resource_is_found_by_its_id_in_any_case(azure: Clients) -> None:
    id_ = azure.compute.virtual_machines.get(SHOP, "web1").id
    assert azure.resource.resources.get_by_id(id_.upper(), api_version="2025-04-01").id == id_
    assert azure.resource.resources.check_existence_by_id(id_, api_version="2025-04-01")
    assert not azure.resource.resources.check_existence_by_id(id_ + "0", api_version="2025-04-01")


def test_what_is_private_to_the_platform_is_not_told(azure: Clients) -> None:
    for type_and_name in ("Microsoft.Compute/virtualMachines/web1",):
        url = f"{azure.url}/subscriptions/{SUBSCRIPTION}/resourceGroups/{SHOP}/providers/{type_and_name}"
        answer = requests.get(url, params={"api-version": "x"}, timeout=5)
        assert not [name for name in answer.json() if name.startswith("_")]
    account = azure.storage.storage_accounts.get_properties("vhds-Migrated", "vhds")
    assert "first" not in str(account.as_dict())


def test_usages_count_what_is_there(azure: Clients) -> None:
    compute = {usage.name.value: usage.current_value for usage in azure.compute.usage.list("westus")}
    assert (compute["cores"], compute["virtualMachines"], compute["availabilitySets"]) == (4, 2, 1)
    network = {usage.name.value: usage.current_value for usage in azure.network.usages.list("westus")}
    assert (network["NetworkInterfaces"], network["PublicIPAddresses"], network["LoadBalancers"]) == (2, 1, 1)
    assert {usage.current_value for usage in azure.compute.usage.list("eastus")} == {0}
    [accounts] = azure.storage.usages.list_by_location("westus")
    assert (accounts.current_value, accounts.limit) == (1, 250)


# Refusals


@pytest.mark.parametrize(
    ("call", "code", "message"),
    [
        pytest.param(lambda a: a.compute.virtual_machines.get(SHOP, "none"), "ResourceNotFound",
                     f"The Resource 'Microsoft.Compute/virtualMachines/none' under resource group '{SHOP}' was not found.", id="resource"),
        pytest.param(lambda a: a.compute.virtual_machines.get("none", "web1"), "ResourceGroupNotFound", "Resource group 'none' could not be found.", id="group of a resource"),
        pytest.param(lambda a: a.resource.resource_groups.get("none"), "ResourceGroupNotFound", "Resource group 'none' could not be found.", id="group"),
        pytest.param(lambda a: list(a.network.load_balancers.list("none")), "ResourceGroupNotFound", "Resource group 'none' could not be found.", id="group of a list"),
        pytest.param(lambda a: a.network.subnets.get(PLANT, "plant", "none"), "NotFound",
                     f"Resource /subscriptions/{SUBSCRIPTION}/resourceGroups/{PLANT}/providers/Microsoft.Network/virtualNetworks/plant/subnets/none not found.", id="part"),
        pytest.param(lambda a: a.compute.virtual_machine_extensions.list(SHOP, "none"), "ParentResourceNotFound", "", id="parent of a list"),
    ],
)  # fmt: skip
def test_what_is_not_there(azure: Clients, call: Any, code: str, message: str) -> None:
    with pytest.raises(ResourceNotFoundError) as refused:
        call(azure)
    assert said(refused)[0] == code
    assert message in said(refused)[1]


def test_another_subscription_is_not_found(azure: Clients) -> None:
    url = f"{azure.url}/subscriptions/99999999-0000-0000-0000-000000000000/resourcegroups"
    answer = requests.get(url, params={"api-version": "x"}, timeout=5)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "SubscriptionNotFound")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        pytest.param("GET", "/resourcegroups", 400, "MissingApiVersionParameter", id="no api-version"),
        pytest.param("GET", "/providers/Microsoft.Web/sites?api-version=x", 501, "NotEmulated", id="type"),
        pytest.param("GET", f"/resourceGroups/{SHOP}/providers/Microsoft.Web/sites/a?api-version=x", 501, "NotEmulated", id="resource of a type"),
        pytest.param("POST", f"/resourceGroups/{SHOP}/providers/Microsoft.Compute/virtualMachines/web1/capture?api-version=x", 501, "NotEmulated", id="action"),
        pytest.param("PUT", f"/resourceGroups/{SHOP}/providers/Microsoft.Compute/virtualMachines?api-version=x", 501, "NotEmulated", id="write of a list"),
        pytest.param("GET", f"/resourceGroups/{SHOP}/providers?api-version=x", 501, "NotEmulated", id="nothing below providers"),
        pytest.param("PUT", "/resourcegroups/new?api-version=x", 400, "InvalidRequestContent", id="body"),
        pytest.param("GET", "/resources?api-version=x&$skiptoken=%21", 400, "InvalidFilterInQueryString", id="token of a page"),
        pytest.param("GET", "/resources?api-version=x&$top=many", 400, "InvalidFilterInQueryString", id="size of a page"),
    ],
)  # fmt: skip
def test_a_refusal_has_the_planes_envelope(azure: Clients, method: str, path: str, status: int, code: str) -> None:
    answer = requests.request(method, f"{azure.url}/subscriptions/{SUBSCRIPTION}{path}", data="[", timeout=5)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["message"]
    assert answer.headers["x-ms-request-id"]


# Locks


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda a: a.storage.storage_accounts.update("vhds-Migrated", "vhds", {"tags": {"a": "b"}}), id="patch"),
        pytest.param(lambda a: a.storage.storage_accounts.begin_create("vhds-Migrated", "vhds", {"location": "westus", "sku": {"name": "Standard_LRS"}, "kind": "Storage"}), id="put"),
        pytest.param(lambda a: a.storage.storage_accounts.delete("vhds-Migrated", "VHDS"), id="delete"),
        pytest.param(lambda a: a.storage.storage_accounts.regenerate_key("vhds-Migrated", "vhds", {"keyName": "key1"}), id="key"),
        pytest.param(lambda a: a.resource.resource_groups.create_or_update("vhds-Migrated", {"location": "westus"}), id="put of the group"),
        pytest.param(lambda a: a.resource.resource_groups.update("vhds-Migrated", {"tags": {"a": "b"}}), id="patch of the group"),
        pytest.param(lambda a: a.resource.resource_groups.begin_delete("vhds-Migrated"), id="delete of the group"),
    ],
)  # fmt: skip
def test_while_a_migration_holds_a_resource_only_reads_are_answered(azure: Clients, call: Any) -> None:
    before = azure.storage.storage_accounts.get_properties("vhds-Migrated", "vhds").as_dict()
    with pytest.raises(ResourceExistsError) as refused:
        call(azure)
    assert said(refused)[0] == "OperationNotAllowed"
    assert "migration is in progress" in said(refused)[1]
    assert azure.storage.storage_accounts.get_properties("vhds-Migrated", "vhds").as_dict() == before


def test_keys_can_be_read_while_a_migration_holds_the_account(azure: Clients) -> None:
    keys = azure.storage.storage_accounts.list_keys("vhds-Migrated", "vhds").keys_property
    assert [(key.key_name, key.value) for key in keys] == [("key1", "first"), ("key2", "second")]


# Writing


def test_a_group_lives_and_dies(azure: Clients) -> None:
    groups = azure.resource.resource_groups
    made = groups.create_or_update("brief", {"location": "West US", "tags": {"a": "b"}})
    assert (made.location, made.tags, made.properties.provisioning_state) == ("westus", {"a": "b"}, "Succeeded")
    assert groups.update("BRIEF", {"tags": {"c": "d"}}).tags == {"c": "d"}
    assert groups.check_existence("brief")
    assert "brief" in [found.name for found in groups.list()]
    with pytest.raises(ResourceExistsError) as refused:
        groups.create_or_update("brief", {"location": "eastus"})
    assert said(refused)[0] == "InvalidResourceGroupLocation"
    azure.storage.storage_accounts.begin_create(
        "brief", "brief0", {"location": "westus", "sku": {"name": "Standard_LRS"}, "kind": "Storage"}
    ).result()
    groups.begin_delete("brief").result()
    assert not groups.check_existence("brief")
    assert "brief0" not in [account.name for account in azure.storage.storage_accounts.list()]


def test_a_machine_with_all_it_needs_is_built_used_and_taken_down(azure: Clients, group: str) -> None:
    network, compute = azure.network, azure.compute
    vnet = network.virtual_networks.begin_create_or_update(group, "net", {
        "location": "westus",
        "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [{"name": "one", "properties": {"addressPrefix": "10.0.0.0/24"}}]},
    }).result()  # fmt: skip
    subnet = vnet.subnets[0]
    nics = [
        network.network_interfaces.begin_create_or_update(group, name, {
            "location": "westus", "properties": {"ipConfigurations": [{"name": "ip", "properties": {"subnet": {"id": subnet.id}}}]},
        }).result()
        for name in ("nic-a", "nic-b")
    ]  # fmt: skip
    assert [nic.ip_configurations[0].private_ip_address for nic in nics] == ["10.0.0.4", "10.0.0.5"]
    machine = compute.virtual_machines.begin_create_or_update(group, "vm", {
        "location": "westus",
        "properties": {"hardwareProfile": {"vmSize": "Standard_D2s_v3"}, "networkProfile": {"networkInterfaces": [{"id": nics[0].id}]}},
    }).result()  # fmt: skip
    assert machine.provisioning_state == "Succeeded"
    agent = {
        "location": "westus",
        "properties": {"publisher": "Contoso.Ops", "type": "Agent", "typeHandlerVersion": "2.0"},
    }
    compute.virtual_machine_extensions.begin_create_or_update(group, "vm", "agent", agent).result()
    compute.virtual_machines.begin_deallocate(group, "vm").result()
    assert compute.virtual_machines.instance_view(group, "vm").statuses[-1].code == "PowerState/deallocated"
    with pytest.raises(HttpResponseError) as in_use:
        network.network_interfaces.begin_delete(group, "nic-a").result()
    assert (in_use.value.status_code, said(in_use)[0]) == (400, "NicInUse")
    with pytest.raises(HttpResponseError) as in_use:
        network.virtual_networks.begin_delete(group, "net").result()
    assert said(in_use)[0] == "InUseSubnetCannotBeDeleted"
    compute.virtual_machines.begin_delete(group, "vm").result()
    for name in ("nic-a", "nic-b"):
        network.network_interfaces.begin_delete(group, name).result()
    network.virtual_networks.begin_delete(group, "net").result()
    network.virtual_networks.begin_delete(group, "net").result()
    assert list(azure.resource.resources.list_by_resource_group(group)) == []


@pytest.mark.parametrize(
    ("operations", "name"),
    [
        pytest.param(lambda a: a.network.load_balancers, "Shop-lb", id="balancer"),
        pytest.param(lambda a: a.network.network_interfaces, "web1-nic", id="interface"),
        pytest.param(lambda a: a.network.public_ip_addresses, "Shop-vip", id="address"),
        pytest.param(lambda a: a.compute.virtual_machines, "web1", id="machine"),
    ],
)
def test_what_a_client_read_it_can_write_back_unchanged(azure: Clients, operations: Any, name: str) -> None:
    before = operations(azure).get(SHOP, name)
    operations(azure).begin_create_or_update(SHOP, name, before).result()
    assert without_tags(operations(azure).get(SHOP, name).as_dict()) == without_tags(before.as_dict())


def without_tags(value: Any) -> Any:
    """A body without its versions' etags, which every write changes."""
    if isinstance(value, dict):
        return {name: without_tags(inner) for name, inner in value.items() if name != "etag"}
    return [without_tags(inner) for inner in value] if isinstance(value, list) else value


def test_parts_can_be_written_alone(azure: Clients, group: str) -> None:
    azure.network.virtual_networks.begin_create_or_update(group, "net", {
        "location": "westus", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}},
    }).result()  # fmt: skip
    made = azure.network.subnets.begin_create_or_update(
        group, "net", "one", {"properties": {"addressPrefix": "10.0.0.0/24"}}
    ).result()
    assert made.id.endswith("/virtualNetworks/net/subnets/one")
    azure.network.subnets.begin_create_or_update(
        group, "net", "ONE", {"properties": {"addressPrefix": "10.0.1.0/24"}}
    ).result()
    assert [(s.name, s.address_prefix) for s in azure.network.subnets.list(group, "net")] == [("one", "10.0.1.0/24")]
    azure.network.subnets.begin_delete(group, "net", "one").result()
    azure.network.subnets.begin_delete(group, "net", "one").result()
    assert list(azure.network.subnets.list(group, "net")) == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({"properties": {}}, 400, "LocationRequired", id="no location"),
        pytest.param({"location": "westus", "properties": {"ipConfigurations": [{"name": "ip", "properties": {"subnet": {
            "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{PLANT}/providers/Microsoft.Network/virtualNetworks/plant/subnets/none"}}}]}},
            400, "InvalidResourceReference", id="missing part"),
        pytest.param({"location": "westus", "properties": {"networkSecurityGroup": {
            "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{PLANT}/providers/Microsoft.Network/networkSecurityGroups/none"}}},
            400, "InvalidResourceReference", id="missing resource"),
    ],
)  # fmt: skip
def test_a_write_that_cannot_be_is_refused_and_leaves_nothing(
    azure: Clients, group: str, body: dict[str, Any], status: int, code: str
) -> None:
    with pytest.raises(HttpResponseError) as refused:
        azure.network.network_interfaces.begin_create_or_update(group, "nic", body).result()
    assert (refused.value.status_code, said(refused)[0]) == (status, code)
    assert list(azure.network.network_interfaces.list(group)) == []


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        pytest.param("", '{"location": 1}', "InvalidRequestContent", id="location of a group"),
        pytest.param("%20x", '{"location": "westus"}', "InvalidResourceGroup", id="name of a group"),
        pytest.param(
            "/providers/Microsoft.Storage/storageAccounts/a",
            '{"location": "westus", "tags": {"a": 1}}',
            "InvalidRequestContent",
            id="tags",
        ),
        pytest.param(
            "/providers/Microsoft.Storage/storageAccounts/a",
            '{"location": "westus", "tags": {"a": NaN}}',
            "InvalidRequestContent",
            id="no JSON",
        ),
        pytest.param(
            "/providers/Microsoft.Storage/storageAccounts/a",
            '{"location": "westus", "sku": "x"}',
            "InvalidRequestContent",
            id="sku",
        ),
        pytest.param(
            "/providers/Microsoft.Compute/virtualMachines/a",
            '{"location": "westus", "properties": {}}',
            "InvalidRequestContent",
            id="no size",
        ),
        pytest.param(
            "/providers/Microsoft.Network/loadBalancers/a",
            '{"location": "westus", "properties": {"probes": [1]}}',
            "InvalidRequestContent",
            id="part",
        ),
        pytest.param(
            "/providers/Microsoft.Network/loadBalancers/a",
            '{"location": "westus", "properties": {"probes": [{}]}}',
            "InvalidRequestContent",
            id="nameless part",
        ),
        pytest.param(
            "/providers/Microsoft.Network/virtualNetworks/a",
            '{"location": "westus", "properties": {"subnets": [{"name": "s", "properties": {"addressPrefix": "10.0.0.257/24"}}]}}',
            "InvalidAddressPrefixFormat",
            id="range",
        ),
    ],
)
def test_a_document_of_the_wrong_shape_is_refused(azure: Clients, group: str, path: str, body: str, code: str) -> None:
    url = f"{azure.url}/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}{path}"
    answer = requests.put(url, params={"api-version": "x"}, data=body, timeout=5)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_a_resource_stays_in_its_region(azure: Clients, group: str) -> None:
    azure.compute.availability_sets.create_or_update(group, "set", {"location": "westus"})
    with pytest.raises(ResourceExistsError) as refused:
        azure.compute.availability_sets.create_or_update(group, "set", {"location": "eastus"})
    assert said(refused)[0] == "InvalidResourceLocation"


def test_tags_are_replaced_and_the_rest_is_kept(azure: Clients, group: str) -> None:
    azure.network.public_ip_addresses.begin_create_or_update(group, "ip", {
        "location": "westus", "tags": {"a": "b"}, "properties": {"publicIPAllocationMethod": "Static"},
    }).result()  # fmt: skip
    before = azure.network.public_ip_addresses.get(group, "ip")
    after = azure.network.public_ip_addresses.update_tags(group, "ip", {"tags": {"c": "d"}})
    assert after.tags == {"c": "d"}
    assert before.ip_address
    assert after.ip_address == before.ip_address


def test_an_extension_needs_its_machine(azure: Clients, group: str) -> None:
    body = {
        "location": "westus",
        "properties": {"publisher": "Contoso.Ops", "type": "Agent", "typeHandlerVersion": "2.0"},
    }
    with pytest.raises(ResourceNotFoundError) as refused:
        azure.compute.virtual_machine_extensions.begin_create_or_update(group, "none", "agent", body).result()
    assert said(refused)[0] == "ParentResourceNotFound"


def test_an_account_is_made_with_keys_that_can_be_renewed(azure: Clients, group: str) -> None:
    accounts = azure.storage.storage_accounts
    made = accounts.begin_create(
        group, "fresh0", {"location": "westus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    ).result()
    assert made.primary_endpoints.blob == "https://fresh0.blob.core.windows.net/"
    first, second = accounts.list_keys(group, "fresh0").keys_property
    renewed = accounts.regenerate_key(group, "fresh0", {"keyName": "key2"}).keys_property
    assert (renewed[0].value, renewed[1].value != second.value) == (first.value, True)
    accounts.begin_create(
        group, "fresh0", {"location": "westus", "sku": {"name": "Standard_GRS"}, "kind": "StorageV2"}
    ).result()
    assert accounts.list_keys(group, "fresh0").keys_property[0].value == first.value


@pytest.mark.parametrize(
    ("name", "reason"), [("vhds", "AlreadyExists"), ("No-Good", "AccountNameInvalid"), ("unheardof", None)]
)
def test_account_names_are_checked(azure: Clients, name: str, reason: str | None) -> None:
    answer = azure.storage.storage_accounts.check_name_availability(
        {"name": name, "type": "Microsoft.Storage/storageAccounts"}
    )
    assert (answer.name_available, answer.reason) == (reason is None, reason)


def test_the_migration_provider_is_registered_in_a_sample_and_can_be_taken_back(azure: Clients) -> None:
    name = "Microsoft.ClassicInfrastructureMigrate"
    states = {provider.namespace: provider.registration_state for provider in azure.resource.providers.list()}
    assert (states[name], states["Microsoft.Compute"]) == ("Registered", "Registered")
    assert azure.resource.providers.unregister(name).registration_state == "NotRegistered"
    assert azure.resource.providers.get(name.lower()).registration_state == "NotRegistered"
    assert azure.resource.providers.register(name).registration_state == "Registered"


def test_writes_are_journalled(azure: Clients, group: str) -> None:
    azure.compute.availability_sets.create_or_update(group, "set", {"location": "westus"})
    entries = requests.get(f"{azure.url}/_control/journal", timeout=5).json()
    [entry] = [
        e
        for e in entries
        if e["plane"] == "arm" and str(e["unit"]).endswith(f"/{group}/providers/Microsoft.Compute/availabilitySets/set")
    ]
    assert (entry["verb"], entry["before"], entry["after"], entry["effect"]) == ("put", None, "Succeeded", True)
