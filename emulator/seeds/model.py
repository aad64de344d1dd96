"""What a made-up estate is described with; the builders turn it into documents in wire order."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID, uuid5

CREATED = "2016-03-14T09:26:53Z"
AccountType = Literal["Standard_LRS", "Standard_GRS", "Standard_RAGRS", "Standard_ZRS", "Premium_LRS"]
_NAMESPACE = UUID("6f1f6a4e-5d0e-4e0c-9d58-0c5f6f6b2a11")


def number(*parts: str) -> UUID:
    """A stable identifier, so that an estate is the same each time it is built."""
    return uuid5(_NAMESPACE, "/".join(parts))


@dataclass(frozen=True)
class Probe:
    """How the load balancer asks whether a VM is there."""

    port: int
    protocol: Literal["tcp", "http"] = "tcp"
    path: str | None = None


@dataclass(frozen=True)
class Endpoint:
    """A port of a VM behind the service's public address, or behind `load_balancer`."""

    name: str
    local: int
    public: int
    protocol: Literal["tcp", "udp"] = "tcp"
    load_balanced_set: str | None = None
    probe: Probe | None = None
    load_balancer: str | None = None
    denied: str | None = None
    idle_timeout: int | None = None


@dataclass(frozen=True)
class DataDisk:
    """A data disk; LUN 0 goes over the wire without its number."""

    lun: int
    size: int
    caching: Literal["None", "ReadOnly", "ReadWrite"] = "None"


@dataclass(frozen=True)
class Extension:
    """A VM extension and what its handler reports; no status means that it reports nothing."""

    publisher: str
    name: str
    version: str
    settings: str = "{}"
    status: Literal["Ready", "NotReady", "Installing"] | None = "Ready"


@dataclass(frozen=True)
class Nic:
    """An additional network card."""

    name: str
    subnet: str
    address: str


@dataclass(frozen=True)
class Vm:
    """A virtual machine, a role with one instance."""

    name: str
    address: str
    size: str = "Small"
    os: Literal["Windows", "Linux"] = "Windows"
    subnet: str = ""
    static: bool = False
    availability_set: str | None = None
    disks: tuple[DataDisk, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    extensions: tuple[Extension, ...] = ()
    agent: Literal["Ready", "NotReady"] = "Ready"
    deallocated: bool = False
    nics: tuple[Nic, ...] = ()
    public_ip: tuple[str, str] | None = None
    premium: bool = False
    boot_diagnostics: bool = False


@dataclass(frozen=True)
class LoadBalancer:
    """An internal load balancer."""

    name: str
    subnet: str
    address: str


@dataclass(frozen=True)
class Service:
    """A cloud service with one deployment of the same name."""

    name: str
    vip: str
    vms: tuple[Vm, ...] = ()
    workers: tuple[str, ...] = ()
    network: str | None = None
    reserved_ip: str | None = None
    load_balancer: LoadBalancer | None = None
    affinity_group: str | None = None
    location: str = "West US"
    account: str = "contosovhds"


@dataclass(frozen=True)
class Subnet:
    """A subnet with what is bound to it."""

    name: str
    prefix: str
    security_group: str | None = None
    route_table: str | None = None


@dataclass(frozen=True)
class Site:
    """A place at the other end of a VPN gateway."""

    name: str
    prefix: str
    address: str


@dataclass(frozen=True)
class Network:
    """A virtual network; with a `gateway` address it has a VPN gateway, connected to its site."""

    name: str
    prefix: str
    subnets: tuple[Subnet, ...]
    dns: tuple[tuple[str, str], ...] = ()
    location: str = "West US"
    site: Site | None = None
    gateway: str | None = None


@dataclass(frozen=True)
class Rule:
    """A rule of a network security group."""

    name: str
    priority: int
    port: str
    direction: Literal["Inbound", "Outbound"] = "Inbound"
    action: Literal["Allow", "Deny"] = "Allow"
    source: str = "INTERNET"
    protocol: Literal["TCP", "UDP", "*"] = "TCP"


@dataclass(frozen=True)
class Route:
    """A route of a route table; a virtual appliance has an address."""

    name: str
    prefix: str
    next_hop: Literal["VPNGateway", "VirtualAppliance", "Internet", "Null"]
    address: str | None = None


@dataclass(frozen=True)
class Account:
    """A storage account."""

    name: str
    type: AccountType
    location: str = "West US"


@dataclass(frozen=True)
class Document:
    """One document to load; what does not name itself needs a `name`, what has a parent its `parent`."""

    xml: bytes = field(repr=False)
    name: str = ""
    parent: str = ""


@dataclass(frozen=True)
class Estate:
    """Everything of one subscription; `notes` say what was made of the input, `unlimited` lifts every quota."""

    subscription: str
    name: str
    documents: tuple[Document, ...]
    notes: tuple[str, ...] = ()
    unlimited: bool = False
