"""What units need in ARM: how it adds up, by which quota it counts, and that the sizes are the published ones."""

from collections import Counter
from typing import Any

import pytest
from msgspec import structs

from asmosis.arm.sizes import SIZES, VmSize, arm_size, vm_size
from asmosis.classic.compute import Deployment, DeploymentLoadBalancer, HostedService, VirtualIp
from asmosis.classic.estate import Estate
from asmosis.classic.network import (
    Gateway,
    LocalNetworkSite,
    NetworkSecurityGroup,
    RouteTable,
    SiteGateway,
    Subnet,
    VirtualNetworkSite,
)
from asmosis.classic.role import (
    ConfigurationSet,
    ExtensionReference,
    InputEndpoint,
    Role,
    RoleNetworkInterface,
    RolePublicIp,
)
from asmosis.facts import Facts, Size
from asmosis.readiness.demand import Demand, Place, demand
from asmosis.readiness.index import Index
from asmosis.readiness.rules.limits import _most
from asmosis.readiness.subjects import Whole, subjects
from asmosis.translate import groups_of, promise
from asmosis.units import Destination, DestinationMode, Unit
from emulator.arm import regions
from tests.promising import SUBSCRIPTION, estate

EXTENSIONS = "Microsoft.Compute/virtualMachines/extensions"
COUNTED = {
    "Microsoft.Compute/availabilitySets": "availabilitySets",
    "Microsoft.Compute/virtualMachines": "virtualMachines",
    "Microsoft.Network/virtualNetworks": "VirtualNetworks",
    "Microsoft.Network/networkInterfaces": "NetworkInterfaces",
    "Microsoft.Network/loadBalancers": "LoadBalancers",
    "Microsoft.Network/publicIPAddresses": "PublicIPAddresses",
    "Microsoft.Network/networkSecurityGroups": "NetworkSecurityGroups",
    "Microsoft.Network/routeTables": "RouteTables",
    "Microsoft.Storage/storageAccounts": "StorageAccounts",
}
ESTATE = estate()
EXISTING = Destination(DestinationMode.EXISTING, "there", "net", "apps")


@pytest.mark.parametrize("unit", ESTATE.units, ids=lambda unit: unit.short)
@pytest.mark.parametrize("destination", [Destination(), EXISTING], ids=["New", "Existing"])
def test_the_demand_is_what_the_translation_promises(unit: Unit, destination: Destination) -> None:
    promised = promise(ESTATE, unit, destination)
    needed = demand(ESTATE, unit, destination=destination)
    # XML extensions stay behind; that they count is on the safe side.
    xml = sum(loss.field == "ResourceExtensionReference" and "XML" in loss.why for loss in promised.losses)
    expected = Counter(resource.type for resource in promised.resources)
    assert needed.types - Counter({EXTENSIONS: xml}) == expected
    by_region = Counter(Place(resource.location or "", resource.type) for resource in promised.resources)
    assert needed.resources - by_region == Counter(
        {place: xml for place in needed.resources if place.name == EXTENSIONS and xml}
    )
    assert needed.groups == len(groups_of(ESTATE, unit))
    static = sum(
        getattr(resource.properties, "public_ip_allocation_method", "") == "Static" for resource in promised.resources
    )
    for resource_type, quota in COUNTED.items():
        counted = sum(number for place, number in needed.quotas.items() if place.name == quota)
        assert counted == needed.types[resource_type], quota
    assert sum(number for place, number in needed.quotas.items() if place.name == "StaticPublicIPAddresses") == static


VIPS = (VirtualIp(address="40.1.1.1", name="one"), VirtualIp(address="40.1.1.2", name="two"))
RESERVED = VirtualIp(address="40.1.1.3", name="three", reserved=True, reserved_ip="kept")
BALANCER = DeploymentLoadBalancer(name="ilb", type="Private")
SSH = InputEndpoint(name="ssh", port=22, local_port=22, protocol="tcp")


def service_of(*endpoints: InputEndpoint, **told: Any) -> Estate:
    """A service outside any network, with two machines, of which the first has the endpoints."""
    guarded = (RoleNetworkInterface(name="second", network_security_group="Guard"),)
    network = "NetworkConfiguration"
    first = ConfigurationSet(configuration_set_type=network, input_endpoints=endpoints)
    second = ConfigurationSet(configuration_set_type=network, network_interfaces=guarded)
    roles = tuple(
        Role(name=f"vm{number}", role_type="PersistentVMRole", size=size, configuration_sets=(configuration,))
        for number, (size, configuration) in enumerate((("Small", first), ("Standard_New", second)))
    )
    deployment = Deployment(name="d", slot="Production", status="Running", roles=roles, **told)
    return Estate(
        SUBSCRIPTION,
        hosted_services=(HostedService(name="web", location="West US", deployments=(deployment,)),),
        network_security_groups=(NetworkSecurityGroup(name="guard", location="West US"),),
    )


@pytest.mark.parametrize(
    ("estate", "addresses", "static"),
    [
        pytest.param(service_of(), 0, 0, id="nothing is public"),
        pytest.param(service_of(SSH), 1, 0, id="all machines are deallocated, so that there is no address yet"),
        pytest.param(service_of(SSH, reserved_ip="kept"), 1, 1, id="deallocated, with a reserved address"),
        pytest.param(service_of(reserved_ip="kept"), 1, 1, id="deallocated, and only a reserved address"),
        pytest.param(service_of(virtual_ips=VIPS), 0, 0, id="no endpoint uses the addresses"),
        pytest.param(service_of(SSH, virtual_ips=VIPS), 1, 0, id="an endpoint names no address, and takes the first"),
        pytest.param(service_of(SSH, virtual_ips=VIPS, reserved_ip="kept"), 1, 1, id="the first one is reserved"),
        pytest.param(
            service_of(structs.replace(SSH, vip="40.1.1.2"), virtual_ips=VIPS, reserved_ip="kept"), 2, 1, id="by its address"
        ),
        pytest.param(
            service_of(structs.replace(SSH, virtual_ip="TWO"), SSH, virtual_ips=VIPS), 2, 0, id="two endpoints, one by its name"
        ),
        pytest.param(
            service_of(structs.replace(SSH, virtual_ip="two", vip="40.1.1.1"), virtual_ips=(*VIPS, RESERVED)),
            2,
            1,
            id="the name counts more than the address, and reserved ones always go along",
        ),
        pytest.param(
            service_of(structs.replace(SSH, load_balancer="ILB"), virtual_ips=VIPS, load_balancers=(BALANCER,)),
            0,
            0,
            id="the endpoint is internal",
        ),
    ],
)  # fmt: skip
def test_addresses_are_those_that_the_translation_promises(estate: Estate, addresses: int, static: int) -> None:
    [unit] = [unit for unit in estate.units if unit.kind == "hostedService"]
    promised, needed = promise(estate, unit), demand(estate, unit)
    assert needed.types == Counter(resource.type for resource in promised.resources)
    assert needed.quotas[Place("westus", "PublicIPAddresses")] == addresses
    assert needed.quotas[Place("westus", "StaticPublicIPAddresses")] == static
    assert (needed.cores, needed.unsized) == (1, 1)
    assert (needed + needed).unsized == 2
    assert "" not in {place.name for place in needed.quotas}


def test_demands_add_up() -> None:
    index = Index(ESTATE)
    each = [demand(ESTATE, unit, index) for unit in ESTATE.units]
    total = sum(each, Demand())
    assert total.machines == sum(one.machines for one in each) > 1
    assert total.cores == sum(one.cores for one in each) > 1
    assert total.writes == sum(one.writes for one in each)
    assert total.groups == sum(one.groups for one in each)
    assert total.quotas.total() == sum(one.quotas.total() for one in each)
    assert Demand() + each[0] == each[0]


def test_what_the_estate_does_not_hold_needs_nothing() -> None:
    for kind in (
        "virtualNetwork",
        "hostedService",
        "storageAccount",
        "reservedIp",
        "networkSecurityGroup",
        "routeTable",
    ):
        assert demand(ESTATE, Unit(SUBSCRIPTION, kind, "nobody")) == Demand()


def test_what_the_platform_tells_of_a_size_counts_more_than_what_is_published() -> None:
    [unit] = [unit for unit in ESTATE.units if unit.short == "virtualNetwork/vineyard"]
    published = demand(ESTATE, unit)
    [region] = {place.region for place in published.quotas if place.name == "cores"}
    told = tuple(Size(region=region, name=size.name, family="itsFamily", cores=100) for size in SIZES.values())
    needed = demand(ESTATE, unit, Index(ESTATE, Facts(sizes=told)))
    assert needed.cores == 100 * published.machines
    assert needed.quotas[Place(region, "itsFamily")] == needed.cores
    elsewhere = tuple(size.model_copy(update={"region": "elsewhere"}) for size in told)
    assert demand(ESTATE, unit, Index(ESTATE, Facts(sizes=elsewhere))) == published


def much_of_everything(number: int) -> Estate:
    """A network with so many of each part that forgetting one kind of them shows."""
    names = [f"n{position}" for position in range(number)]
    vips = tuple(VirtualIp(address=f"40.1.1.{position}", name=name) for position, name in enumerate(names))
    nics = tuple(RoleNetworkInterface(name=name) for name in names)
    single, kind = "NetworkConfiguration", "PersistentVMRole"
    endpoints = tuple(structs.replace(SSH, port=1000 + port, virtual_ip=name) for port, name in enumerate(names))
    busy = ConfigurationSet(configuration_set_type=single, network_interfaces=nics, input_endpoints=endpoints)
    public = ConfigurationSet(configuration_set_type=single, public_ips=(RolePublicIp(name="own"),))
    extensions = tuple(
        ExtensionReference(reference_name=name, publisher="p", name="n", version="2.*") for name in names
    )
    roles = (
        Role(name="busy", role_type=kind, configuration_sets=(busy,), extensions=extensions),
        *(Role(name=name, role_type=kind, configuration_sets=(public,), availability_set=name) for name in names),
    )
    balancers = tuple(DeploymentLoadBalancer(name=name, type="Private") for name in names)
    deployment = Deployment(
        name="d",
        slot="Production",
        status="Running",
        roles=roles,
        virtual_ips=vips,
        load_balancers=balancers,
        virtual_network="net",
    )
    sites = tuple(LocalNetworkSite(name=name, connection_types=("IPsec", "Dedicated")) for name in names)
    subnets = tuple(
        Subnet(name=name, address_prefix="10.0.0.0/24", network_security_group=name, route_table=name) for name in names
    )
    return Estate(
        SUBSCRIPTION,
        hosted_services=(HostedService(name="web", location="West US", deployments=(deployment,)),),
        virtual_networks=(VirtualNetworkSite(name="net", subnets=subnets, gateway=SiteGateway(sites=sites)),),
        network_security_groups=tuple(NetworkSecurityGroup(name=name) for name in names),
        route_tables=tuple(RouteTable(name=name) for name in names),
        gateways={"net": Gateway(state="Provisioned")},
        certificates={"web": ("AB12",)},
    )


@pytest.mark.parametrize(
    "estate",
    [ESTATE, service_of(SSH, virtual_ips=VIPS, reserved_ip="kept"), much_of_everything(40)],
    ids=["documents", "one service", "much of everything"],
)
def test_the_quick_count_of_writes_is_never_too_small(estate: Estate) -> None:
    wholes = [subject for subject in subjects(estate, None) if isinstance(subject, Whole)]
    assert wholes
    assert all(_most(whole) >= whole.demand.writes for whole in wholes)


def test_a_family_without_cores_counts_for_nothing() -> None:
    told = Facts(sizes=(Size(region="westus", name="Standard_New", family="newFamily"),))
    estate = service_of()
    needed = demand(estate, estate.units[0], Index(estate, told))
    assert (needed.cores, needed.unsized) == (1, 1)
    assert "newFamily" not in {place.name for place in needed.quotas}


def test_writes_are_resources_groups_and_a_deployment_per_service() -> None:
    alone = demand(ESTATE, Unit(SUBSCRIPTION, "routeTable", "spare-routes"))
    assert (alone.resources.total(), alone.groups, alone.writes) == (1, 1, 3)
    network = demand(ESTATE, Unit(SUBSCRIPTION, "virtualNetwork", "vineyard"))
    assert network.writes == network.resources.total() + network.groups + (network.groups - 1)


# What the emulator does not know: promotional families, and sizes whose names do not tell their cores.
KNOWN_ELSEWHERE = [size for size in SIZES.values() if "Promo" not in size.name and "NV" not in size.name]


@pytest.mark.parametrize("size", KNOWN_ELSEWHERE, ids=lambda size: size.name)
def test_cores_and_families_are_those_that_the_emulator_has_from_elsewhere(size: VmSize) -> None:
    assert (size.cores, size.family) == (regions.cores(size.name), regions.family(size.name))


@pytest.mark.parametrize(
    ("role_size", "name", "cores", "data_disks"),
    [
        ("ExtraSmall", "Standard_A0", 1, 1),
        ("Small", "Standard_A1", 1, 2),
        ("Medium", "Standard_A2", 2, 4),
        ("large", "Standard_A3", 4, 8),
        ("ExtraLarge", "Standard_A4", 8, 16),
        ("A5", "Standard_A5", 2, 4),
        ("A11", "Standard_A11", 16, 16),
        ("Basic_A3", "Basic_A3", 4, 8),
        ("Standard_D15_v2", "Standard_D15_v2", 20, 40),
        ("standard_ds5_v2", "Standard_DS5_v2", 16, 32),
        ("Standard_GS5", "Standard_GS5", 32, 64),
        ("Standard_F16s", "Standard_F16s", 16, 32),
    ],
)
def test_a_role_size_has_the_recorded_cores_and_disks(role_size: str, name: str, cores: int, data_disks: int) -> None:
    size = vm_size(role_size)
    assert size
    assert (size.name, size.cores, size.data_disks) == (name, cores, data_disks)


def test_a_size_that_nobody_knows_keeps_its_name_and_counts_no_cores() -> None:
    assert vm_size("Standard_New") is None
    assert arm_size("Standard_New") == "Standard_New"
