"""Which public endpoints there are, and which of them can be told anything about."""

from typing import Any

import pytest

from asmosis.classic.compute import Deployment, HostedService, VirtualIp
from asmosis.classic.estate import Estate
from asmosis.classic.instance import InstancePublicIp, RoleInstance
from asmosis.classic.role import ConfigurationSet, InputEndpoint, Role, RolePublicIp
from asmosis.probe import Target, Targets, Unprobed, arm_targets, classic_targets
from asmosis.units import Unit

UNIT = Unit("00000000-0000-0000-0000-000000000001", "hostedService", "shop")
HOST, ADDRESS, SECOND = "shop.cloudapp.net", "40.1.1.1", "40.1.1.2"


def endpoint(**more: Any) -> InputEndpoint:
    return InputEndpoint(**{"name": "web", "port": 80, "local_port": 8080, "protocol": "tcp", "vip": ADDRESS, **more})


def machine(name: str, *endpoints: InputEndpoint, public: str = "", kind: str = "PersistentVMRole") -> Role:
    network = ConfigurationSet(
        configuration_set_type="NetworkConfiguration",
        input_endpoints=endpoints,
        public_ips=(RolePublicIp(name="own"),) if public else (),
    )
    return Role(name=name, role_type=kind, configuration_sets=(network,))


def instance(role: str, *, power: str | None = "Started", public: str = "", name: str = "") -> RoleInstance:
    fqdns = (name,) if name else ()
    own = (InstancePublicIp(address=public, fqdns=fqdns),) if public else ()
    return RoleInstance(role_name=role, name=role, status="ReadyRole", power_state=power, public_ips=own)


def targets(*roles: Role, instances: tuple[RoleInstance, ...] | None = None, **more: Any) -> Targets:
    deployment = Deployment(
        **{
            "name": "shop",
            "slot": "Production",
            "status": "Running",
            "url": f"http://{HOST}/",
            "roles": roles,
            "instances": tuple(instance(role.name) for role in roles) if instances is None else instances,
            "virtual_ips": (
                VirtualIp(address=ADDRESS, name="shopContractContract"),
                VirtualIp(address=SECOND, name="b"),
            ),
            **more,
        }
    )
    service = HostedService(name="shop", deployments=(deployment,))
    return classic_targets(Estate(UNIT.subscription, hosted_services=(service,)), UNIT)


def both(name: str, port: int = 80) -> tuple[Target, ...]:
    return Target(name, HOST, port), Target(name, ADDRESS, port)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            targets(machine("a", endpoint())), Targets(both("shop/a:8080")), id="one machine, by its own port"
        ),
        pytest.param(
            targets(machine("a", endpoint(local_port=None))), Targets(both("shop/a:80")), id="no other port inside"
        ),
        pytest.param(
            targets(
                machine("a", endpoint(balanced_set="http")),
                machine("b", endpoint(balanced_set="http")),
            ),
            Targets(both("shop:80")),
            id="a balanced set once",
        ),
        pytest.param(
            targets(machine("a", endpoint(protocol="udp", port=53))),
            Targets((), (Unprobed("shop/a:8080", "UDP port 53: without an answer of the guest, nobody can tell."),)),
            id="UDP",
        ),
        pytest.param(targets(machine("a", endpoint(load_balancer="ilb"))), Targets(), id="internal"),
        pytest.param(
            targets(machine("a", endpoint(vip=None, virtual_ip="b"))),
            Targets((Target("shop/a:8080", SECOND, 80),)),
            id="a second virtual IP has no name",
        ),
        pytest.param(
            targets(machine("a", endpoint(vip=None))), Targets(both("shop/a:8080")), id="the first virtual IP"
        ),
        pytest.param(
            targets(machine("a", endpoint(vip=None)), virtual_ips=()),
            Targets((), (Unprobed("shop/a:8080", "It has no public address."),)),
            id="no virtual IP",
        ),
        pytest.param(
            targets(machine("a", endpoint()), instances=(instance("a", power="Stopped"),)),
            Targets((), (Unprobed("shop/a:8080", "No machine behind it runs."),)),
            id="stopped",
        ),
        pytest.param(
            targets(machine("a", endpoint()), instances=(instance("a", power=None),)),
            Targets(both("shop/a:8080")),
            id="nobody tells whether it runs",
        ),
        pytest.param(
            targets(
                machine("a", endpoint(balanced_set="http")),
                machine("b", endpoint(balanced_set="http")),
                instances=(instance("a", power="Stopped"), instance("b")),
            ),
            Targets(both("shop:80")),
            id="a set of which one runs",
        ),
        pytest.param(
            targets(machine("Web", endpoint(name=None, local_port=None), kind="WebRole")),
            Targets(both("shop:80")),
            id="a web role",
        ),
        pytest.param(
            targets(
                machine("a", endpoint(), endpoint(name="dns", port=53, local_port=53, protocol="udp"), public="yes"),
                instances=(instance("a", public="40.1.1.9", name="a.shop.cloudapp.net"),),
            ),
            Targets(
                (
                    *both("shop/a:8080"),
                    Target("shop/a:8080@instance", "a.shop.cloudapp.net", 8080),
                    Target("shop/a:8080@instance", "40.1.1.9", 8080),
                ),
                (Unprobed("shop/a:53", "UDP port 53: without an answer of the guest, nobody can tell."),),
            ),
            id="an address of its own, at the ports that endpoints lead to",
        ),
        pytest.param(
            targets(machine("a", public="yes"), instances=(instance("a", public="40.1.1.9"),)),
            Targets((), (Unprobed("shop/a@40.1.1.9", "No endpoint tells which port of the machine listens."),)),
            id="an address of its own and no endpoint",
        ),
        pytest.param(targets(machine("a")), Targets(), id="nothing public"),
    ],
)
def test_classic_endpoints(found: Targets, expected: Targets) -> None:
    assert found == expected


def test_machines_of_several_services_that_are_called_alike_are_told_apart() -> None:
    def service(name: str, address: str) -> HostedService:
        deployment = Deployment(
            name=name,
            slot="Production",
            status="Running",
            virtual_network="net",
            roles=(machine("a", endpoint(vip=address)),),
            instances=(instance("a"),),
        )
        return HostedService(name=name, deployments=(deployment,))

    services = (service("shop", ADDRESS), service("store", SECOND))
    network = Unit(UNIT.subscription, "virtualNetwork", "net")
    seen = classic_targets(Estate(UNIT.subscription, hosted_services=services), network)
    assert seen.targets == (Target("shop/a:8080", ADDRESS, 80), Target("store/a:8080", SECOND, 80))


@pytest.mark.parametrize("kind", ["storageAccount", "networkSecurityGroup", "routeTable", "reservedIp"])
def test_units_without_machines_have_none(kind: str) -> None:
    assert classic_targets(Estate(UNIT.subscription), Unit(UNIT.subscription, kind, "shop")) == Targets()


GROUP = "/subscriptions/s/resourceGroups/Shop-Migrated/providers/Microsoft.Network"
PUBLIC = {
    "id": f"{GROUP}/publicIPAddresses/shop-vip",
    "type": "Microsoft.Network/publicIPAddresses",
    "properties": {"ipAddress": ADDRESS, "dnsSettings": {"fqdn": HOST}},
}
NIC: dict[str, Any] = {
    "id": f"{GROUP}/networkInterfaces/a-nic",
    "type": "Microsoft.Network/networkInterfaces",
    "properties": {
        "virtualMachine": {"id": "/subscriptions/s/resourceGroups/x/providers/Microsoft.Compute/virtualMachines/a"},
        "ipConfigurations": [
            {
                "properties": {
                    "loadBalancerInboundNatRules": [{"id": f"{GROUP}/loadBalancers/lb/inboundNatRules/RDP"}],
                    "loadBalancerBackendAddressPools": [{"id": f"{GROUP}/loadBalancers/lb/backendAddressPools/p"}],
                }
            }
        ],
    },
}


def balancer(rule: dict[str, Any], *, of: str = "inboundNatRules", public: bool = True) -> dict[str, Any]:
    front = {"publicIPAddress": {"id": PUBLIC["id"].upper()}} if public else {"subnet": {"id": "x"}}  # type: ignore[attr-defined]
    lb = f"{GROUP}/loadBalancers/lb"
    inner = {"frontendIPConfiguration": {"id": f"{lb}/frontendIPConfigurations/f"}, "frontendPort": 80, **rule}
    return {
        "id": lb,
        "type": "microsoft.network/loadbalancers",
        "properties": {
            "frontendIPConfigurations": [{"id": f"{lb}/frontendIPConfigurations/f", "properties": front}],
            of: [
                {"id": f"{lb}/{of}/rdp", "name": "rdp", "properties": {"protocol": "Tcp", "backendPort": 8080} | inner}
            ],
        },
    }


POOL = {"backendAddressPool": {"id": f"{GROUP}/loadBalancers/LB/backendAddressPools/p"}}


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        pytest.param([PUBLIC, balancer({}), NIC], Targets(both("Shop/a:8080")), id="a NAT rule is its machine's"),
        pytest.param([PUBLIC, balancer({})], Targets(both("Shop:80")), id="a NAT rule that leads nowhere"),
        pytest.param(
            [PUBLIC, balancer(POOL, of="loadBalancingRules"), NIC], Targets(both("Shop:80")), id="a balanced port"
        ),
        pytest.param([PUBLIC, balancer({}, public=False), NIC], Targets(), id="internal"),
        pytest.param(
            [PUBLIC, balancer({"protocol": "Udp"}), NIC],
            Targets((), (Unprobed("Shop/a:8080", "UDP port 80: without an answer of the guest, nobody can tell."),)),
            id="UDP",
        ),
        pytest.param(
            [PUBLIC | {"properties": {"dnsSettings": {"fqdn": HOST}}}, balancer({}), NIC],
            Targets((), (Unprobed("Shop/a:8080", "It has no public address."),)),
            id="a name without an address",
        ),
        pytest.param([], Targets(), id="nothing"),
    ],
)
def test_arm_endpoints(bodies: list[dict[str, Any]], expected: Targets) -> None:
    assert arm_targets(bodies) == expected


def test_an_address_of_a_machine_is_tried_at_the_ports_that_rules_lead_to() -> None:
    own = {"id": f"{GROUP}/publicIPAddresses/a-own", "type": PUBLIC["type"], "properties": {"ipAddress": "40.1.1.9"}}
    properties = NIC["properties"] | {
        "ipConfigurations": [
            {
                "properties": NIC["properties"]["ipConfigurations"][0]["properties"]
                | {"publicIPAddress": {"id": own["id"]}}
            }
        ]
    }
    nic = NIC | {"properties": properties}
    assert arm_targets([PUBLIC, own, balancer({}), nic]).targets == (
        *both("Shop/a:8080"),
        Target("Shop/a:8080@instance", "40.1.1.9", 8080),
    )
    assert arm_targets([PUBLIC, own, balancer({"protocol": "udp"}), nic]).unprobed[-1] == Unprobed(
        "Shop/a@40.1.1.9", "No endpoint tells which port of the machine listens."
    )
