"""What things are called in ARM.

Names that a customer chose stay (documented by Microsoft: deep dive). Patterns of the other names are undocumented
except for resource groups; those here are assumed, and can be overridden by a subclass or an instance.
"""

import re
from dataclasses import dataclass

_MADE_BY_PORTAL = re.compile(r"Group \S+ .+")
# What the names of ARM's networks, groups and parts of resources cannot hold.
_NOT_IN_ARM = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Names:
    """The names of everything that classic has no name for; templates take the named parts in braces."""

    group_template: str = "{name}-Migrated"
    availability_set_template: str = "{service}-as"
    interface_template: str = "{machine}-nic"
    further_interface_template: str = "{machine}-{interface}"
    ip_configuration: str = "ipconfig1"
    balancer_template: str = "{service}-lb"
    frontend: str = "default"
    pool: str = "default"
    nat_rule_template: str = "{machine}-{endpoint}"
    vip_template: str = "{service}-vip"
    further_vip_template: str = "{service}-{vip}"
    instance_ip_template: str = "{machine}-{ip}"
    network_template: str = "VNet-{service}"
    subnet: str = "default"
    vault_template: str = "KV-{service}"
    gateway_template: str = "{network}-Default-Gateway"
    gateway_ip_template: str = "{network}-gateway-vip"
    connection_template: str = "{network}-{site}"

    def kept(self, name: str) -> str:
        """A customer's own name; what ARM cannot hold in a name becomes a hyphen.

        Microsoft documents this for the spaces in names that the old portal made; for others it is assumed.
        """
        plain = f"group {name[6:]}" if _MADE_BY_PORTAL.fullmatch(name) else name
        return _NOT_IN_ARM.sub("-", plain).strip("-")

    def group(self, name: str) -> str:
        """The resource group of a cloud service, a network or anything that migrates alone."""
        return self.group_template.format(name=self.kept(name))

    def availability_set(self, service: str) -> str:
        """The set that the platform makes where a cloud service has none."""
        return self.availability_set_template.format(service=service)

    def interface(self, machine: str, interface: str | None = None) -> str:
        """A network interface; only further ones have a name in classic."""
        if interface is None:
            return self.interface_template.format(machine=machine)
        return self.kept(self.further_interface_template.format(machine=machine, interface=interface))

    def balancer(self, service: str) -> str:
        """The public balancer of a cloud service."""
        return self.balancer_template.format(service=service)

    def nat_rule(self, machine: str, endpoint: str) -> str:
        """An endpoint that leads to one machine."""
        return self.kept(self.nat_rule_template.format(machine=machine, endpoint=endpoint))

    def vip(self, service: str, vip: str | None = None) -> str:
        """A virtual IP that is not reserved; `vip` names one beside the first."""
        if vip is None:
            return self.vip_template.format(service=service)
        return self.further_vip_template.format(service=service, vip=vip)

    def instance_ip(self, machine: str, ip: str) -> str:
        """The public address of one machine; the customer's name is unique within the machine only."""
        return self.kept(self.instance_ip_template.format(machine=machine, ip=ip))

    def network(self, service: str) -> str:
        """The network that the platform makes for a cloud service outside any."""
        return self.network_template.format(service=service)

    def vault(self, service: str) -> str:
        """The vault for the certificates of a cloud service."""
        return self.vault_template.format(service=service)

    def gateway(self, network: str) -> str:
        """The gateway of a network (the pattern is documented by Microsoft for ExpressRoute)."""
        return self.gateway_template.format(network=network)

    def gateway_ip(self, network: str) -> str:
        """The public address of a gateway."""
        return self.gateway_ip_template.format(network=network)

    def connection(self, network: str, site: str) -> str:
        """The connection of a network's gateway to a site."""
        return self.connection_template.format(network=network, site=site)
