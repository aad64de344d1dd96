"""A cloud service outside any network while it migrates: stopped, then started elsewhere with new addresses.

That VMs are stopped, deallocated and started again and lose an unreserved public address is documented; that the
classic documents show it, and show the old addresses again after an abort, is assumed.
"""

from lxml.etree import _Element

from emulator.asm import xml
from emulator.store import ClassicRow, Store

_KEPT_WHEN_DEALLOCATED = ("RoleName", "InstanceName", "InstanceStatus", "PowerState")


def as_it_is_now(store: Store, subscription: str, row: ClassicRow) -> bytes:
    """The deployment's document in the present state of its migration."""
    if row.unit is None or not row.unit.startswith("hostedService/"):
        return row.document
    if row.migration_state == "Preparing":
        return _stopped(xml.read(row.document))
    if row.migration_state in ("Prepared", "Committing"):
        return _moved(xml.read(row.document), *_new_addresses(store, subscription, row))
    return row.document


def _stopped(deployment: _Element) -> bytes:
    for instance in xml.findall(deployment, "RoleInstanceList/RoleInstance"):
        for child in list(instance):
            if xml.local_name(child) not in _KEPT_WHEN_DEALLOCATED:
                instance.remove(child)
        _set(instance, "InstanceStatus", "StoppedDeallocated")
        _set(instance, "PowerState", "Stopped")
    for endpoint in xml.findall(
        deployment, "RoleList/Role/ConfigurationSets/ConfigurationSet/InputEndpoints/InputEndpoint"
    ):
        xml.drop(endpoint, "Vip")
    addresses = xml.find(deployment, "VirtualIPs")
    if addresses is not None:
        xml.drop(addresses, "VirtualIP")
    _set(deployment, "Status", "Suspended")
    return xml.canonical(deployment)


def _moved(deployment: _Element, private: dict[str, str], public: str) -> bytes:
    for instance in xml.findall(deployment, "RoleInstanceList/RoleInstance"):
        if address := private.get(xml.text(instance, "RoleName").lower()):
            _set(instance, "IpAddress", address)
    if public:
        old = xml.text(deployment, "VirtualIPs/VirtualIP/Address")
        for tag in ("Vip", "Address"):
            for each in deployment.iter(f"{{{xml.NAMESPACE}}}{tag}"):
                if old and each.text == old:
                    each.text = public
    return xml.canonical(deployment)


def _new_addresses(store: Store, subscription: str, row: ClassicRow) -> tuple[dict[str, str], str]:
    """Private addresses by lower-case role name, and the public one unless it was reserved."""
    private = {}
    for machine in store.arm_list(subscription, type="Microsoft.Compute/virtualMachines"):
        if machine.unit == row.unit:
            first = machine.body["properties"]["networkProfile"]["networkInterfaces"][0]["id"]
            interface = store.arm_get(first)
            if interface:
                configuration = interface.body["properties"]["ipConfigurations"][0]["properties"]
                private[machine.id.rpartition("/")[2].lower()] = str(configuration.get("privateIPAddress", ""))
    public = ""
    if not xml.text(xml.read(row.document), "ReservedIPName"):
        for address in store.arm_list(subscription, type="Microsoft.Network/publicIPAddresses"):
            if address.unit == row.unit and address.id.lower().endswith(f"/{row.parent}-vip".lower()):
                public = str(address.body["properties"].get("ipAddress", ""))
    return private, public


def _set(element: _Element, tag: str, value: str) -> None:
    found = xml.find(element, tag)
    if found is not None:
        found.text = value
