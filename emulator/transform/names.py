"""Names the platform chooses during prepare.

`{service}-Migrated`, `{vnet}-Default-Gateway` and the fate of portal-made names are documented by Microsoft;
every other pattern is assumed, because the platform's own is undocumented for IaaS.
"""

import re

DEFAULT = "default"
IP_CONFIGURATION = "ipconfig1"
GATEWAY_SUBNET = "GatewaySubnet"

_VAULT_NAME_LENGTH = 24


def kept(name: str) -> str:
    """A customer's name in Resource Manager: unchanged but for characters that are not allowed there.

    Portal-made networks are called `Group {group} {name}` and become `group-{group}-{name}` (documented).
    """
    if name.startswith("Group "):
        name = "group " + name.removeprefix("Group ")
    return re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-") or "unnamed"


def group(owner: str) -> str:
    """The resource group made for a cloud service, network, account, reserved address or the like."""
    suffix = "-migrated" if owner.startswith("Group ") else "-Migrated"
    return kept(owner) + suffix


def child(name: str) -> str:
    """A part of a resource: begins with a letter or digit, and holds no spaces."""
    return kept(name).lstrip("_") or DEFAULT


def interface(machine: str, extra: str = "") -> str:
    """The primary network interface of a machine, or an extra one by its classic name."""
    return kept(f"{machine}-{extra or 'nic'}")


def load_balancer(service: str) -> str:
    """The balancer that stands for the service's public endpoints."""
    return f"{service}-lb"


def public_address(service: str, further_vip: str = "") -> str:
    """The address of a service's first virtual IP, or of a further one by its name."""
    return kept(f"{service}-{further_vip}") if further_vip else f"{service}-vip"


def instance_address(machine: str, address: str) -> str:
    """An instance-level public address."""
    return kept(f"{machine}-{address}")


def availability_set(service: str) -> str:
    """The set made for a service whose machines were in none."""
    return f"{service}-as"


def inbound_nat_rule(machine: str, endpoint: str) -> str:
    """The rule for a plain endpoint."""
    return child(f"{machine}-{endpoint}")


def vault(service: str) -> str:
    """The key vault for a service's certificates; vault names end at 24 characters."""
    return f"KV-{service}"[:_VAULT_NAME_LENGTH].rstrip("-")


def network(service: str) -> str:
    """The network made for a service outside any."""
    return f"VNet-{service}"


def gateway(virtual_network: str) -> str:
    """The gateway of a network (documented for ExpressRoute)."""
    return f"{virtual_network}-Default-Gateway"


def connection(virtual_network: str, site: str) -> str:
    """The connection of a network's gateway to a local site."""
    return f"{virtual_network}-{kept(site)}"
