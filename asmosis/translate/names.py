"""What things are called in ARM.

Names that a customer chose stay (documented by Microsoft: deep dive). Patterns of the other names are undocumented
except for resource groups and gateways; those here are assumed. The platform asks nobody: a policy of one's own is for
deployments of one's own, and what prepare makes is compared by what it is, not by what it is called.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from asmosis.yaml_files import did_you_mean

_MADE_BY_PORTAL = re.compile(r"Group \S+ .+")
# What the names of ARM's networks, groups and parts of resources cannot hold.
_NOT_IN_ARM = re.compile(r"[^A-Za-z0-9_.-]+")
# The longest names that ARM takes; what the platform makes up from the name of a service may be longer.
_LONGEST_NETWORK, _LONGEST_VAULT = 64, 24


def _with(*words: str) -> Any:
    """A pattern that may hold these words in braces, and nothing else in braces."""

    def check(pattern: str) -> str:
        try:
            parts = list(Formatter().parse(pattern))
        except ValueError as error:
            raise ValueError(f"the braces do not match ({error})") from None
        for _, word, spec, conversion in parts:
            if word is not None and (word not in words or spec or conversion):
                known = ", ".join(f"{{{known}}}" for known in words) or "none"
                raise ValueError(
                    f"nothing is known as {{{word}}}; there is {known}. {did_you_mean(word, words)}".strip()
                )
        return pattern

    return AfterValidator(check)


class Templates(BaseModel):
    """Patterns of the names that classic does not have; words in braces stand for names of classic things."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    group: Annotated[str, _with("name")] = "{name}-Migrated"
    """Resource group of a cloud service, a network, or whatever migrates alone."""
    availability_set: Annotated[str, _with("service")] = "{service}-as"
    """Set of a cloud service whose machines name none."""
    interface: Annotated[str, _with("machine")] = "{machine}-nic"
    """Primary network interface."""
    further_interface: Annotated[str, _with("machine", "interface")] = "{machine}-{interface}"
    """Any other network interface."""
    ip_configuration: Annotated[str, _with()] = "ipconfig1"
    """The one configuration of every interface."""
    balancer: Annotated[str, _with("service")] = "{service}-lb"
    """Public load balancer of a cloud service; internal ones have names of their own."""
    frontend: Annotated[str, _with()] = "default"
    """Frontend of a balancer, where its address has no name, and the configuration of a gateway."""
    pool: Annotated[str, _with()] = "default"
    """The one pool of every balancer."""
    nat_rule: Annotated[str, _with("machine", "endpoint")] = "{machine}-{endpoint}"
    """Rule of an endpoint that leads to one machine."""
    vip: Annotated[str, _with("service")] = "{service}-vip"
    """First virtual IP of a cloud service, unless it is reserved."""
    further_vip: Annotated[str, _with("service", "vip")] = "{service}-{vip}"
    """Any other virtual IP that is not reserved."""
    instance_ip: Annotated[str, _with("machine", "ip")] = "{machine}-{ip}"
    """Public address of one machine."""
    network: Annotated[str, _with("service")] = "VNet-{service}"
    """Network of a cloud service outside any."""
    subnet: Annotated[str, _with()] = "default"
    """The one subnet of such a network."""
    vault: Annotated[str, _with("service")] = "KV-{service}"
    """Vault for the certificates of a cloud service."""
    gateway: Annotated[str, _with("network")] = "{network}-Default-Gateway"
    """Gateway of a network."""
    gateway_ip: Annotated[str, _with("network")] = "{network}-gateway-vip"
    """Public address of a gateway."""
    connection: Annotated[str, _with("network", "site")] = "{network}-{site}"
    """Connection of a network's gateway to a site."""


class NamesFile(BaseModel):
    """A policy of names for deployments of one's own."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    templates: Templates = Field(default_factory=Templates)
    """Patterns by kind; what is left out keeps the pattern that prepare is assumed to use."""
    names: dict[str, str] = Field(default_factory=dict)
    """Names of single resources: by resource id, by KIND/NAME, of a machine by hostedService/NAME/MACHINE, of the
    resource group of a cloud service by hostedService/NAME."""


@dataclass(frozen=True)
class Names:
    """The names of everything, by patterns; `chosen` names single resources, as a names file does."""

    templates: Templates = field(default_factory=Templates)
    chosen: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, file: NamesFile) -> "Names":
        """The policy that a names file describes."""
        return cls(file.templates, file.names)

    @property
    def ip_configuration(self) -> str:
        """The configuration of an interface."""
        return self.templates.ip_configuration

    @property
    def frontend(self) -> str:
        """A frontend whose address has no name of its own."""
        return self.templates.frontend

    @property
    def pool(self) -> str:
        """The machines behind a balancer."""
        return self.templates.pool

    @property
    def subnet(self) -> str:
        """The subnet of a network that is made."""
        return self.templates.subnet

    def kept(self, name: str) -> str:
        """A customer's own name; what ARM cannot hold in a name becomes a hyphen.

        Microsoft documents this for the spaces in names that the old portal made; for others it is assumed.
        """
        plain = f"group {name[6:]}" if _MADE_BY_PORTAL.fullmatch(name) else name
        # A name in ARM begins with a letter or digit, and does not end with a period or hyphen.
        return _NOT_IN_ARM.sub("-", plain).lstrip("_.-").rstrip(".-") or "unnamed"

    def group(self, name: str) -> str:
        """The resource group of a cloud service, a network or anything that migrates alone."""
        return self.templates.group.format(name=self.kept(name))

    def availability_set(self, service: str) -> str:
        """The set that the platform makes where a cloud service has none."""
        return self.templates.availability_set.format(service=service)

    def interface(self, machine: str, interface: str | None = None) -> str:
        """A network interface; only further ones have a name in classic."""
        if interface is None:
            return self.templates.interface.format(machine=machine)
        return self.templates.further_interface.format(machine=machine, interface=self.kept(interface))

    def balancer(self, service: str) -> str:
        """The public balancer of a cloud service."""
        return self.templates.balancer.format(service=service)

    def nat_rule(self, machine: str, endpoint: str) -> str:
        """An endpoint that leads to one machine."""
        return self.templates.nat_rule.format(machine=machine, endpoint=self.kept(endpoint))

    def vip(self, service: str, vip: str | None = None) -> str:
        """A virtual IP that is not reserved; `vip` names one beside the first."""
        if vip is None:
            return self.templates.vip.format(service=service)
        return self.templates.further_vip.format(service=service, vip=self.kept(vip))

    def instance_ip(self, machine: str, ip: str) -> str:
        """The public address of one machine; the customer's name is unique within the machine only."""
        return self.templates.instance_ip.format(machine=machine, ip=self.kept(ip))

    def network(self, service: str) -> str:
        """The network that the platform makes for a cloud service outside any."""
        return self._cut("network", self.templates.network.format(service=service), _LONGEST_NETWORK)

    def vault(self, service: str) -> str:
        """The vault for the certificates of a cloud service."""
        return self._cut("vault", self.templates.vault.format(service=service), _LONGEST_VAULT)

    def gateway(self, network: str) -> str:
        """The gateway of a network (the pattern is documented by Microsoft for ExpressRoute)."""
        return self.templates.gateway.format(network=network)

    def gateway_ip(self, network: str) -> str:
        """The public address of a gateway."""
        return self.templates.gateway_ip.format(network=network)

    def connection(self, network: str, site: str) -> str:
        """The connection of a network's gateway to a site."""
        return self.templates.connection.format(network=network, site=site)

    def _cut(self, kind: str, name: str, longest: int) -> str:
        # A pattern of one's own is never cut: its names are refused if they do not fit.
        usual = getattr(self.templates, kind) == Templates.model_fields[kind].default
        return name[:longest].rstrip("-") if usual else name
