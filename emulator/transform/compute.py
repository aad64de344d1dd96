"""Microsoft.Compute: availability sets, virtual machines on their unmanaged disks, and extensions."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from lxml.etree import _Element

from emulator.transform import bodies, interfaces, names
from emulator.transform.instance_view import instance_view
from emulator.transform.model import ArmResource
from emulator.transform.placement import Placement
from emulator.transform.reading import find, findall, is_on, number, text

_SIZE = {
    "ExtraSmall": "Standard_A0",
    "Small": "Standard_A1",
    "Medium": "Standard_A2",
    "Large": "Standard_A3",
    "ExtraLarge": "Standard_A4",
    **{f"A{number}": f"Standard_A{number}" for number in range(5, 12)},
}
_FAULT_DOMAINS = 2  # a classic service spreads over two racks (documented)
_UPDATE_DOMAINS = 5  # when the deployment does not say


def availability_set_names(placement: Placement) -> list[str]:
    """The service's sets by name; one is made when no machine is in any (documented)."""
    found = dict.fromkeys(text(role, "AvailabilitySetName") for role in placement.roles)
    found.pop("", None)
    return list(found) or [names.availability_set(placement.service.name)]


def availability_sets(placement: Placement) -> Iterator[ArmResource]:
    """Sets for unmanaged disks (sku Classic)."""
    update_domains = number(placement.service.deployment, "UpgradeDomainCount", _UPDATE_DOMAINS)
    for name in availability_set_names(placement):
        yield bodies.resource(
            placement.id("Microsoft.Compute/availabilitySets", names.kept(name)),
            placement.location,
            {"platformUpdateDomainCount": update_domains, "platformFaultDomainCount": _FAULT_DOMAINS},
            sku={"name": "Classic"},
            tags={},
        )


def virtual_machine(placement: Placement, role: _Element, secrets: Mapping[str, str], vault: str) -> ArmResource:
    """The machine with its disks attached where they are.

    `secrets` go from thumbprints to the urls of the vault's secrets.
    """
    id_ = placement.id("Microsoft.Compute/virtualMachines", text(role, "RoleName"))
    nics = interfaces.interface_ids(placement, role)
    properties: dict[str, Any] = {
        "vmId": bodies.stable_guid("machine", id_),
        "hardwareProfile": {"vmSize": _SIZE.get(text(role, "RoleSize"), text(role, "RoleSize"))},
        "storageProfile": {
            "osDisk": _os_disk(role),
            "dataDisks": [_data_disk(disk) for disk in findall(role, "DataVirtualHardDisks/DataVirtualHardDisk")],
        },
        "networkProfile": {
            "networkInterfaces": [{"id": nic, "properties": {"primary": place == 0}} for place, nic in enumerate(nics)]
        },
    }
    if chosen := text(role, "AvailabilitySetName") or _made_set(placement):
        set_id = placement.id("Microsoft.Compute/availabilitySets", names.kept(chosen))
        properties["availabilitySet"] = bodies.reference(set_id)
    if profile := _os_profile(role, secrets, vault):
        properties["osProfile"] = profile
    if diagnostics := _boot_diagnostics(role):
        properties["diagnosticsProfile"] = {"bootDiagnostics": diagnostics}
    if license_type := text(role, "LicenseType"):
        properties["licenseType"] = license_type
    view = instance_view(role, placement.instance(role), placement.service.deployment)
    return bodies.resource(id_, placement.location, properties, tags={}, _instanceView=view)


def extensions(placement: Placement, role: _Element) -> Iterator[ArmResource]:
    """Enabled extensions with their public settings.

    XML extensions are dropped; private settings cannot be read from classic (documented).
    """
    machine = placement.id("Microsoft.Compute/virtualMachines", text(role, "RoleName"))
    for classic in findall(role, "ResourceExtensionReferences/ResourceExtensionReference"):
        if is_xml_extension(classic) or text(classic, "State", "Enable") != "Enable":
            continue
        version = text(classic, "Version", "1.*")
        properties: dict[str, Any] = {
            "publisher": text(classic, "Publisher"),
            "type": text(classic, "Name"),
            "typeHandlerVersion": version.replace("*", "0") if version != "*" else "1.0",
            "autoUpgradeMinorVersion": version.endswith("*"),
        }
        if (settings := _public_settings(classic)) is not None:
            properties["settings"] = settings
        name = names.child(text(classic, "ReferenceName") or text(classic, "Name"))
        id_ = bodies.part_id(machine, "extensions", name)
        yield bodies.resource(id_, placement.location, properties)


def is_xml_extension(classic: _Element) -> bool:
    """Whether it takes XML: BGInfo 1.x, Visual Studio debugger, Web Deploy, Remote Debugging (documented)."""
    publisher, name = text(classic, "Publisher").lower(), text(classic, "Name").lower()
    if name == "bginfo":
        return text(classic, "Version").startswith("1.")
    return publisher.startswith("microsoft.visualstudio.")


def _made_set(placement: Placement) -> str:
    """The made set holds every machine; beside sets of the customer's a machine may be in none."""
    in_none = not any(text(role, "AvailabilitySetName") for role in placement.roles)
    return names.availability_set(placement.service.name) if in_none else ""


def _os_disk(role: _Element) -> dict[str, Any]:
    disk = find(role, "OSVirtualHardDisk")
    return {"osType": text(disk, "OS"), **_attached(disk)}


def _data_disk(disk: _Element) -> dict[str, Any]:
    """LUN 0 is left out of classic documents (recorded)."""
    size = number(disk, "LogicalDiskSizeInGB", 0)
    return {"lun": number(disk, "Lun", 0), **_attached(disk), **({"diskSizeGB": size} if size else {})}


def _attached(disk: _Element | None) -> dict[str, Any]:
    return {
        "name": text(disk, "DiskName"),
        "createOption": "Attach",
        "vhd": {"uri": text(disk, "MediaLink")},
        "caching": text(disk, "HostCaching", "None"),
    }


def _os_profile(role: _Element, secrets: Mapping[str, str], vault: str) -> dict[str, Any]:
    """Nothing but the certificate for WinRM: computer name and account stay unknown (documented)."""
    url = secrets.get(text(role, "DefaultWinRmCertificateThumbprint").upper())
    if not url or text(role, "OSVirtualHardDisk/OS") != "Windows":
        return {}
    certificate = {"certificateUrl": url, "certificateStore": "My"}
    return {
        "windowsConfiguration": {
            "provisionVMAgent": is_on(role, "ProvisionGuestAgent"),
            "winRM": {"listeners": [{"protocol": "Https", "certificateUrl": url}]},
        },
        "secrets": [{"sourceVault": bodies.reference(vault), "vaultCertificates": [certificate]}],
    }


def _boot_diagnostics(role: _Element) -> dict[str, Any]:
    if not is_on(role, "DebugSettings/BootDiagnosticsEnabled"):
        return {}
    host = urlsplit(text(role, "DebugSettings/ConsoleScreenshotBlobUri")).hostname
    return {"enabled": True, **({"storageUri": f"https://{host}/"} if host else {})}


def _public_settings(classic: _Element) -> Any:
    """Decoded JSON; a value that is none (recorded once) is not carried over."""
    for value in findall(classic, "ResourceExtensionParameterValues/ResourceExtensionParameterValue"):
        if text(value, "Type") == "Public":
            try:
                return json.loads(base64.b64decode(text(value, "Value"), validate=True))
            except (binascii.Error, UnicodeDecodeError, json.JSONDecodeError):
                return None
    return None
