"""What the platform adds to a written resource: ids of parts, guids, tags of versions, addresses, keys, defaults."""

import base64
import ipaddress
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulator.arm import references
from emulator.arm.types import ResourceType
from emulator.clock import Clock
from emulator.store import ArmRow, Store
from emulator.transform import addresses, bodies, network

_KEY_BYTES = 64
_RESERVED_HOSTS = 3
_OURS = ("etag", "resources")
_HOLDERS = {
    "Microsoft.Network/networkInterfaces": "ipConfigurations",
    "Microsoft.Network/loadBalancers": "frontendIPConfigurations",
}
_READ_ONLY_DNS = ("appliedDnsServers", "internalDomainNameSuffix")


@dataclass(frozen=True)
class Write:
    """A resource about to be written; `before` is what it replaces."""

    store: Store
    clock: Clock
    subscription: str
    type: ResourceType
    id: str
    before: ArmRow | None

    def earlier(self, name: str, default: Any) -> Any:
        """A property that survives being written over."""
        return self.before.body["properties"].get(name, default) if self.before else default


def complete(write: Write, document: dict[str, Any], location: str) -> dict[str, Any]:
    """The body to keep: what was sent, without what only the platform may say, with what it adds."""
    sent = {name: value for name, value in document.items() if not name.startswith("_") and name not in _OURS}
    properties = {
        name: value
        for name, value in (sent.pop("properties", None) or {}).items()
        if name not in references.BACK_FIELDS or name in write.type.parts
    }
    private = {n: v for n, v in (write.before.body if write.before else {}).items() if n.startswith("_")}
    body: dict[str, Any] = {
        **sent,
        "id": write.id,
        "name": write.id.rpartition("/")[2],
        "type": write.type.name,
        "location": location,
        **private,
    }
    properties["provisioningState"] = "Succeeded"
    if write.type.is_network:
        body["etag"] = f'W/"{uuid.uuid4()}"'
        properties["resourceGuid"] = write.earlier("resourceGuid", str(uuid.uuid4()))
    for collection in write.type.parts:
        properties[collection] = [
            _part(write, collection, part, body["etag"]) for part in properties.get(collection) or []
        ]
    body["properties"] = properties
    finish = _FINISH.get(write.type.name)
    if finish:
        finish(write, body)
    return body


def _part(write: Write, collection: str, part: dict[str, Any], etag: str) -> dict[str, Any]:
    name = str(part.get("name") or str(part.get("id", "")).rpartition("/")[2])
    kept = {n: v for n, v in (part.get("properties") or {}).items() if n not in references.BACK_FIELDS}
    return {
        **part,
        "name": name,
        "id": bodies.part_id(write.id, collection, name),
        "etag": etag,
        "properties": {**kept, "provisioningState": "Succeeded"},
    }


def _machine(write: Write, body: dict[str, Any]) -> None:
    properties = body["properties"]
    properties.pop("instanceView", None)
    properties["vmId"] = write.earlier("vmId", str(uuid.uuid4()))
    now = write.clock.now().isoformat()
    body.setdefault(
        "_instanceView",
        {
            "statuses": [
                {
                    "code": "ProvisioningState/succeeded",
                    "level": "Info",
                    "displayStatus": "Provisioning succeeded",
                    "time": now,
                },
                {"code": "PowerState/running", "level": "Info", "displayStatus": "VM running"},
            ]
        },
    )


def _availability_set(_write: Write, body: dict[str, Any]) -> None:
    body.setdefault("sku", {"name": "Classic"})
    body["properties"].setdefault("platformUpdateDomainCount", 5)
    body["properties"].setdefault("platformFaultDomainCount", 3)


def _public_address(write: Write, body: dict[str, Any]) -> None:
    properties = body["properties"]
    properties.setdefault("publicIPAllocationMethod", "Dynamic")
    properties.setdefault("publicIPAddressVersion", "IPv4")
    properties.setdefault("idleTimeoutInMinutes", 4)
    if properties["publicIPAllocationMethod"] == "Static":
        properties["ipAddress"] = write.earlier("ipAddress", addresses.new_address(write.id))
    label = (properties.get("dnsSettings") or {}).get("domainNameLabel")
    if label:
        properties["dnsSettings"].setdefault("fqdn", f"{label}.{body['location']}.cloudapp.azure.com")
    body.setdefault("sku", {"name": "Basic"})


def _interface(write: Write, body: dict[str, Any]) -> None:
    properties = body["properties"]
    number = uuid.UUID(properties["resourceGuid"]).hex[:6].upper()
    properties["macAddress"] = write.earlier("macAddress", f"00-0D-3A-{number[:2]}-{number[2:4]}-{number[4:]}")
    properties["primary"] = write.earlier("primary", default=True)
    properties.setdefault("enableIPForwarding", False)
    properties.setdefault("enableAcceleratedNetworking", False)
    known = {n: v for n, v in write.earlier("dnsSettings", {}).items() if n in _READ_ONLY_DNS}
    settings = properties.get("dnsSettings") or {}
    properties["dnsSettings"] = {"dnsServers": [], "appliedDnsServers": [], **settings, **known}
    taken: set[str] = set()
    for place, configuration in enumerate(properties["ipConfigurations"]):
        inner = configuration["properties"]
        inner.setdefault("privateIPAllocationMethod", "Dynamic")
        inner.setdefault("privateIPAddressVersion", "IPv4")
        inner.setdefault("primary", place == 0)
        if not inner.get("privateIPAddress"):
            inner["privateIPAddress"] = _free_address(write, _subnet(inner), taken)
        taken.add(inner["privateIPAddress"])


def _subnet(configuration: dict[str, Any]) -> str:
    return str((configuration.get("subnet") or {}).get("id", ""))


def _free_address(write: Write, subnet_id: str, taken: set[str]) -> str:
    """The lowest address of the subnet that nobody has; the first three hosts are the platform's."""
    network_id, _, name = subnet_id.rpartition("/subnets/")
    row = write.store.arm_get(network_id)
    subnets = row.body["properties"].get("subnets", []) if row else []
    subnet = next((s for s in subnets if s["name"].lower() == name.lower()), None)
    if subnet is None:
        return ""
    used = set(taken)
    for type_, collection in _HOLDERS.items():
        for holder in write.store.arm_list(write.subscription, type=type_):
            for configuration in holder.body["properties"].get(collection, []):
                inner = configuration["properties"]
                if _subnet(inner).lower() == subnet_id.lower():
                    used.add(inner.get("privateIPAddress", ""))
    prefix = subnet["properties"].get("addressPrefix") or subnet["properties"]["addressPrefixes"][0]
    hosts = enumerate(ipaddress.IPv4Network(prefix, strict=False).hosts())
    return next((str(host) for n, host in hosts if n >= _RESERVED_HOSTS and str(host) not in used), "")


def _security_group(write: Write, body: dict[str, Any]) -> None:
    body["properties"]["defaultSecurityRules"] = network.default_security_rules(write.id)


def _load_balancer(write: Write, body: dict[str, Any]) -> None:
    body.setdefault("sku", {"name": "Basic"})
    taken: set[str] = set()
    for frontend in body["properties"].get("frontendIPConfigurations", []):
        inner = frontend["properties"]
        inner.setdefault("privateIPAllocationMethod", "Dynamic")
        if _subnet(inner) and not inner.get("privateIPAddress"):
            inner["privateIPAddress"] = _free_address(write, _subnet(inner), taken)
        taken.add(str(inner.get("privateIPAddress")))


def _network(_write: Write, body: dict[str, Any]) -> None:
    body["properties"].setdefault("virtualNetworkPeerings", [])


def _storage_account(write: Write, body: dict[str, Any]) -> None:
    properties, name = body["properties"], body["name"]
    body["sku"] = {**body.get("sku", {"name": "Standard_LRS"})}
    body["sku"]["tier"] = body["sku"]["name"].partition("_")[0]
    body.setdefault("kind", "Storage")
    services = ("blob",) if body["sku"]["tier"] == "Premium" else ("blob", "file", "queue", "table")
    endpoints = {service: f"https://{name}.{service}.core.windows.net/" for service in services}
    properties["primaryEndpoints"] = write.earlier("primaryEndpoints", endpoints)
    properties["primaryLocation"] = write.earlier("primaryLocation", body["location"])
    properties["statusOfPrimary"] = "available"
    created = write.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
    properties["creationTime"] = write.earlier("creationTime", created)
    body.setdefault("_keys", [new_key(), new_key()])


def new_key() -> str:
    """A fresh account key."""
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def _connection(write: Write, body: dict[str, Any]) -> None:
    for name, value in (("connectionStatus", "Unknown"), ("ingressBytesTransferred", 0), ("egressBytesTransferred", 0)):
        body["properties"][name] = write.earlier(name, value)


def _vault(_write: Write, body: dict[str, Any]) -> None:
    body["properties"].setdefault("vaultUri", f"https://{body['name'].lower()}.vault.azure.net/")


_FINISH: dict[str, Callable[[Write, dict[str, Any]], None]] = {
    "Microsoft.Compute/availabilitySets": _availability_set,
    "Microsoft.Compute/virtualMachines": _machine,
    "Microsoft.KeyVault/vaults": _vault,
    "Microsoft.Network/connections": _connection,
    "Microsoft.Network/loadBalancers": _load_balancer,
    "Microsoft.Network/networkInterfaces": _interface,
    "Microsoft.Network/networkSecurityGroups": _security_group,
    "Microsoft.Network/publicIPAddresses": _public_address,
    "Microsoft.Network/virtualNetworks": _network,
    "Microsoft.Storage/storageAccounts": _storage_account,
}
