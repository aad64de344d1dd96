"""Which classic resource a document is: its kind, its name and what it belongs to are read from the document."""

from lxml.etree import QName, _Element

from emulator.asm import xml
from emulator.store import Store

# Root element -> (kind, path of the name, path of the owner).
_ROOTS = {
    "HostedService": ("hostedService", "ServiceName", ""),
    "Deployment": ("deployment", "Name", "VirtualNetworkName"),
    "VirtualNetworkSite": ("virtualNetwork", "Name", ""),
    "NetworkSecurityGroup": ("networkSecurityGroup", "Name", ""),
    "RouteTable": ("routeTable", "Name", ""),
    "ReservedIP": ("reservedIp", "Name", "ServiceName"),
    "StorageService": ("storageAccount", "ServiceName", ""),
    "Disk": ("disk", "Name", "AttachedTo/HostedServiceName"),
    "OSImage": ("osImage", "Name", ""),
    "VMImage": ("vmImage", "Name", ""),
    "AffinityGroup": ("affinityGroup", "Name", ""),
    "DnsServer": ("dnsServer", "Name", ""),
    "LocalNetworkSite": ("localNetworkSite", "Name", ""),
    "Certificate": ("certificate", "Thumbprint", ""),
    "StorageServiceKeys": ("storageKeys", "", ""),
    "Gateway": ("gateway", "", ""),
    "Connections": ("gatewayConnections", "", ""),
}


def put(store: Store, subscription: str, document: bytes, *, name: str = "", parent: str = "") -> None:
    """Keep a document; a deployment and a certificate need their hosted service as `parent`.

    Documents that do not name themselves (keys, gateways) need the `name` of what they belong to.
    """
    root = xml.read(document)
    kind, name_path, owner_path = _ROOTS[QName(root).localname]
    store.classic_put(
        subscription,
        kind,
        name or xml.text(root, name_path),
        document,
        parent=parent,
        owner=xml.text(root, owner_path) if owner_path else "",
    )


def load(store: Store, subscription: str, kind: str, name: str, parent: str = "") -> _Element | None:
    """A stored document as an element."""
    row = store.classic_get(subscription, kind, name, parent)
    return xml.read(row.document) if row else None
