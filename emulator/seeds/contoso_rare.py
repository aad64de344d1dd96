"""The part of the sample estate that few estates have: each in a unit of its own."""

from collections.abc import Iterator

from emulator.seeds import compute, images, network, storage
from emulator.seeds.model import Account, Document, Endpoint, Extension, Network, Nic, Service, Site, Subnet, Vm

# The certificate of contoso-certs.cloudapp.net; its key is not kept anywhere.
_CERTIFICATE = (
    "MIIBNTCB3aADAgECAgEBMAoGCCqGSM49BAMCMCUxIzAhBgNVBAMMGmNvbnRvc28tY2VydHMuY2xvdWRhcHAubmV0MB4XDTE2MDMx"
    "NDAwMDAwMFoXDTM2MDMxNDAwMDAwMFowJTEjMCEGA1UEAwwaY29udG9zby1jZXJ0cy5jbG91ZGFwcC5uZXQwWTATBgcqhkjOPQIB"
    "BggqhkjOPQMBBwNCAATQQ70Cf5+RrpMiAp1m89srHnPmX+ADlVbMwVrIATMuZ0vhwfGo4KHJmYPB2zIO03QLfEeVvR8C+ju+NDwm"
    "WscRMAoGCCqGSM49BAMCA0cAMEQCIGMeau/o6AooC2ht3Wcyz0fuLDis2ehS7yBHuMi/f9dqAiBfy+V8kO0iCQJrkeQvQU1M4Wpa"
    "XoSg4u3r+CLj4ClVhw=="
)
_RDP = Endpoint("Remote Desktop", 3389, 50001)
_OFFICE = Site("contoso-office", "192.168.0.0/16", "203.0.113.10")
_ACCOUNTS = (
    Account("contosorarevhds", "Standard_RAGRS"),
    Account("contosopremium", "Premium_LRS"),
    Account("contosoimages", "Standard_LRS"),
)
_NETWORKS = (
    Network("contoso-nic-vnet", "10.20.0.0/16", (Subnet("default", "10.20.0.0/24"),)),
    Network("contoso-direct-vnet", "10.21.0.0/16", (Subnet("default", "10.21.0.0/24"),)),
    Network("contoso-certs-vnet", "10.22.0.0/16", (Subnet("default", "10.22.0.0/24"),)),
    Network(
        "contoso-vpn-vnet",
        "10.23.0.0/16",
        (Subnet("default", "10.23.0.0/24"), Subnet("GatewaySubnet", "10.23.255.0/29")),
        site=_OFFICE,
        gateway="40.112.31.1",
    ),
    Network(
        "contoso-subnets-vnet",
        "10.24.0.0/16",
        (Subnet("front", "10.24.0.0/24"), Subnet("back", "10.24.1.0/24")),
    ),
)
_SERVICES = (
    Service(
        "contoso-nic",
        "40.112.31.20",
        (Vm("nic1", "10.20.0.4", "Large", subnet="default", nics=(Nic("back", "default", "10.20.0.5"),)),),
        network="contoso-nic-vnet",
        account="contosorarevhds",
    ),
    Service(
        "contoso-direct",
        "40.112.31.21",
        (Vm("direct1", "10.21.0.4", subnet="default", endpoints=(_RDP,), public_ip=("direct1-ip", "40.112.31.30")),),
        network="contoso-direct-vnet",
        account="contosorarevhds",
    ),
    Service(
        "contoso-certs",
        "40.112.31.22",
        (Vm("certs1", "10.22.0.4", subnet="default", endpoints=(_RDP,)),),
        network="contoso-certs-vnet",
        account="contosorarevhds",
    ),
    Service(
        "contoso-vpn",
        "40.112.31.23",
        (Vm("vpn1", "10.23.0.4", subnet="default", endpoints=(_RDP,)),),
        network="contoso-vpn-vnet",
        account="contosorarevhds",
    ),
    # From here on blocked, each for one reason.
    Service(
        "contoso-bootdiag",
        "40.112.31.24",
        (Vm("bootdiag1", "10.78.6.4", "Standard_DS1", premium=True, boot_diagnostics=True),),
        account="contosopremium",
    ),
    Service(
        "contoso-subnets",
        "40.112.31.25",
        (Vm("subnets1", "10.24.0.4", "Large", subnet="front", nics=(Nic("back", "back", "10.24.1.4"),)),),
        network="contoso-subnets-vnet",
        account="contosooldvhds",
    ),
    Service(
        "contoso-backup",
        "40.112.31.26",
        (Vm("backup1", "10.78.7.4", extensions=(Extension("Microsoft.Azure.RecoveryServices", "VMSnapshot", "1.0"),)),),
        account="contosooldvhds",
    ),
)


def rare(subscription: str) -> Iterator[Document]:
    """Networks, accounts and images first, then the services."""
    for network_ in _NETWORKS:
        yield Document(network.site(network_))
        if network_.gateway and network_.site:
            yield Document(network.gateway(network_), network_.name)
            yield Document(network.connections(network_.site), network_.name)
    for account in _ACCOUNTS:
        yield Document(storage.account(subscription, account))
    blobs = "https://contosoimages.blob.core.windows.net/images"
    yield Document(images.os_image("contoso-image", f"{blobs}/contoso-image.vhd"))
    yield Document(images.vm_image("contoso-vm-image", f"{blobs}/contoso-vm-image.vhd"))
    for service in _SERVICES:
        yield from compute.service(subscription, service)
    yield Document(images.certificate(subscription, "contoso-certs", _CERTIFICATE), parent="contoso-certs")
