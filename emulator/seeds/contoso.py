"""The sample estate: every supported thing once, and every blocker once, in their own units."""

from dataclasses import replace

from emulator.seeds import compute, network, storage
from emulator.seeds.contoso_rare import rare
from emulator.seeds.model import (
    Account,
    DataDisk,
    Document,
    Endpoint,
    Estate,
    Extension,
    LoadBalancer,
    Network,
    Probe,
    Route,
    Rule,
    Service,
    Subnet,
    Vm,
)

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"

_RDP = Endpoint("Remote Desktop", 3389, 50001)
_SSH = Endpoint("SSH", 22, 50022)
_HTTP = Endpoint("http", 80, 80, load_balanced_set="web-http", probe=Probe(8080, "http", "/health"), idle_timeout=15)
_SQL = Endpoint("sql", 1433, 1433, load_balanced_set="app-sql", probe=Probe(1433), load_balancer="app-ilb")
_SCRIPT = Extension(
    "Microsoft.Compute",
    "CustomScriptExtension",
    "1.8",
    '{"fileUris":["https://contosologs.blob.core.windows.net/scripts/setup.ps1"],"commandToExecute":"setup.ps1"}',
)
_VM_ACCESS = Extension("Microsoft.OSTCExtensions", "VMAccessForLinux", "1.4")


def _web(index: int) -> Vm:
    return Vm(
        name=f"web{index}",
        address=f"10.1.1.{3 + index}",
        size="Medium",
        subnet="web",
        availability_set="web-avset",
        endpoints=(_HTTP, replace(_RDP, public=50000 + index)),
        extensions=(_SCRIPT,),
    )


_NETWORKS = (
    Network(
        "contoso-vnet",
        "10.1.0.0/16",
        (
            Subnet("web", "10.1.1.0/24", security_group="contoso-web-nsg"),
            Subnet("app", "10.1.2.0/24", route_table="contoso-app-routes"),
        ),
        dns=(("contoso-dns", "10.1.2.10"),),
    ),
    Network("contoso-paas-vnet", "10.9.0.0/16", (Subnet("default", "10.9.0.0/24"),)),
)
_MIGRATABLE = (
    Service(
        "contoso-web",
        "40.112.9.21",
        (_web(1), _web(2)),
        network="contoso-vnet",
        reserved_ip="contoso-web-ip",
    ),
    Service(
        "contoso-app",
        "40.112.9.34",
        (
            Vm(
                "app1",
                "10.1.2.11",
                "Large",
                "Linux",
                "app",
                static=True,
                availability_set="app-avset",
                disks=(DataDisk(0, 100, "ReadOnly"), DataDisk(1, 200)),
                endpoints=(_SQL, replace(_SSH, public=50021)),
                extensions=(_VM_ACCESS,),
            ),
            Vm(
                "app2",
                "10.1.2.12",
                "Large",
                "Linux",
                "app",
                static=True,
                availability_set="app-avset",
                disks=(DataDisk(0, 100, "ReadOnly"), DataDisk(1, 200)),
                endpoints=(_SQL, _SSH),
                extensions=(_VM_ACCESS,),
            ),
        ),
        network="contoso-vnet",
        load_balancer=LoadBalancer("app-ilb", "app", "10.1.2.100"),
    ),
    Service(
        "contoso-batch",
        "40.112.17.8",
        (
            Vm("batch1", "10.77.12.4", os="Linux", disks=(DataDisk(0, 50),), endpoints=(_SSH,)),
            Vm("batch2", "10.77.12.5", os="Linux", deallocated=True),
        ),
        affinity_group="contoso-ag",
    ),
    Service(
        "contoso-legacy",
        "40.112.17.9",
        (Vm("legacy1", "10.77.40.19", endpoints=(_RDP,)),),
        account="contosooldvhds",
    ),
)
_BLOCKED = (
    Service(
        "contoso-mixed",
        "40.112.20.1",
        (Vm("mixed1", "10.78.0.4", availability_set="mixed-avset"), Vm("mixed2", "10.78.0.5")),
    ),
    Service(
        "contoso-multi",
        "40.112.20.2",
        (
            Vm("multi1", "10.78.1.4", availability_set="multi-avset-a"),
            Vm("multi2", "10.78.1.5", availability_set="multi-avset-b"),
        ),
    ),
    Service("contoso-paas", "40.112.20.3", workers=("ContosoWeb", "ContosoWorker")),
    Service(
        "contoso-acl",
        "40.112.20.4",
        (Vm("acl1", "10.78.2.4", endpoints=(replace(_RDP, denied="203.0.113.0/24"),)),),
    ),
    Service(
        "contoso-agent",
        "40.112.20.5",
        (Vm("agent1", "10.78.3.4", agent="NotReady", extensions=(replace(_SCRIPT, status=None),)),),
    ),
    Service(
        "contoso-exterr",
        "40.112.20.6",
        (Vm("exterr1", "10.78.4.4", extensions=(replace(_SCRIPT, status="NotReady"),)),),
    ),
    Service(
        "contoso-mixvm",
        "40.112.20.7",
        (Vm("mixvm1", "10.9.0.4", subnet="default"),),
        network="contoso-paas-vnet",
    ),
    Service("contoso-mixworker", "40.112.20.8", workers=("ReportWorker",), network="contoso-paas-vnet"),
)


def contoso(subscription: str | None = None) -> Estate:
    """The estate, in its own subscription or in another one."""
    where = subscription or SUBSCRIPTION
    documents = [
        compute.affinity_group("contoso-ag", "West US"),
        # What is bound to nothing comes first in its list, because only that can migrate alone.
        network.security_group("contoso-spare-nsg", (Rule("allow-ssh", 100, "22"),)),
        network.security_group(
            "contoso-web-nsg",
            (
                Rule("allow-http", 100, "80"),
                Rule("allow-rdp", 110, "3389", source="198.51.100.0/24"),
                Rule("deny-smb-out", 120, "445", "Outbound", "Deny", "VIRTUAL_NETWORK"),
            ),
        ),
        network.route_table("contoso-spare-routes", (Route("drop", "192.0.2.0/24", "Null"),)),
        network.route_table(
            "contoso-app-routes", (Route("via-firewall", "0.0.0.0/0", "VirtualAppliance", "10.1.1.250"),)
        ),
        network.reserved_ip("contoso-spare-ip", "40.112.30.1"),
        network.reserved_ip("contoso-web-ip", "40.112.9.21", "contoso-web"),
        *(network.site(each) for each in _NETWORKS),
        storage.account(where, Account("contosovhds", "Standard_GRS")),
        storage.account(where, Account("contosooldvhds", "Standard_LRS")),
        storage.account(where, Account("contosologs", "Standard_LRS")),
        compute.disk(
            "contoso-unattached",
            "https://contosovhds.blob.core.windows.net/vhds/contoso-unattached.vhd",
            64,
            location="West US",
        ),
    ]
    # The account of what can go holds no disk of what cannot, so that it can follow.
    blocked = (replace(each, account="contosooldvhds") for each in _BLOCKED)
    services = [part for each in (*_MIGRATABLE, *blocked) for part in compute.service(where, each)]
    return Estate(where, "contoso", (*(Document(each) for each in documents), *services, *rare(where)))
