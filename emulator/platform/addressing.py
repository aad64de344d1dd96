"""Addresses that the platform gives: private ones of a subnet, public ones of the region."""

from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError

from lxml.etree import _Element

from emulator.asm import xml
from emulator.errors import PlatformError
from emulator.platform import documents
from emulator.seeds.model import number
from emulator.store import Store

_PRIVATE = ("IpAddress", "Address", "StaticVirtualNetworkIPAddress")
_FIRST_PUBLIC = IPv4Address("40.66.0.4")
# The first four of a subnet and the last one are the platform's own.
_RESERVED = 4


class Addresses:
    """What is free for one deployment; every address is given once."""

    def __init__(self, store: Store, subscription: str, service: str, deployment: _Element) -> None:
        self._store = store
        self._subscription = subscription
        self._service = service
        self._network = xml.text(deployment, "VirtualNetworkName")
        self._given = _private(deployment)
        self._public = b""
        self._prepared = False

    def private(self, subnet: str) -> str:
        """A free address of a subnet, or of the service's own range outside a network.

        Raises:
            PlatformError: 400 when the subnet is full or is not there.
        """
        self._look()
        for address in range_of(self._store, self._subscription, self._network, subnet, self._service):
            if str(address) not in self._given:
                self._given.add(str(address))
                return str(address)
        raise PlatformError(400, "BadRequest", f"There is no free address in subnet {subnet} of {self._network}.")

    def public(self) -> str:
        """A public address that nothing in the subscription has."""
        if not self._public:
            self._public = b"".join(
                row.document
                for kind in ("deployment", "reservedIp", "gateway")
                for row in self._store.classic_list(self._subscription, kind)
            )
        address = _FIRST_PUBLIC
        while f">{address}<".encode() in self._public:
            address += 1
        self._public += f">{address}<".encode()
        return str(address)

    def _look(self) -> None:
        if self._prepared or not self._network:
            return
        self._given |= taken_in(self._store, self._subscription, self._network)
        self._prepared = True


def range_of(store: Store, subscription: str, network: str, subnet: str, service: str) -> list[IPv4Address]:
    """Every address that a VM can have in a subnet; outside a network each service has a range of its own."""
    if not network:
        own = number("private", service).int
        return list(IPv4Network((f"10.{64 + own % 64}.{own // 64 % 256}.0", 24)))[_RESERVED:-1]
    element = documents.load(store, subscription, "virtualNetwork", network)
    for each in xml.findall(element, "Subnets/Subnet") if element is not None else []:
        if xml.text(each, "Name").lower() == subnet.lower():
            try:
                return list(IPv4Network(xml.text(each, "AddressPrefix"), strict=False))[_RESERVED:-1]
            except (AddressValueError, NetmaskValueError):
                return []
    raise PlatformError(400, "BadRequest", f"The subnet {subnet} does not exist in virtual network {network}.")


def taken_in(store: Store, subscription: str, network: str) -> set[str]:
    """Every private address that something in a network has."""
    taken: set[str] = set()
    for row in store.classic_list(subscription, "deployment", owner=network):
        taken |= _private(xml.read(row.document))
    return taken


def _private(deployment: _Element) -> set[str]:
    return {each.text for tag in _PRIVATE for each in deployment.iter(f"{{{xml.NAMESPACE}}}{tag}") if each.text}
