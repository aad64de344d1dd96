"""Fates of the fields of roles: machines as they were asked for."""

from collections.abc import Mapping

from asmosis.arm import compute as to_compute
from asmosis.arm import network as to
from asmosis.classic import role
from asmosis.classic.xml import ClassicModel
from asmosis.translate.fates.fate import CLOUD_SERVICE_ONLY, LABEL, MIGRATING, Fate, Way, also, each, moves, one

_ATTACHED = "The disk is attached as it is, not made from an image."
_FRONTEND = "Chooses the virtual IP, so the frontend."
_BALANCED = "loadBalancingRules[]"
_NAT = "inboundNatRules[]"
_INTERFACE_IP = (
    "ipConfigurations[].privateIPAddress",
    "ipConfigurations[].privateIPAllocationMethod",
)


def _endpoint(name: str, why: str = "") -> Fate:
    return moves(to.LOAD_BALANCERS, f"{_NAT}.{name}", f"{_BALANCED}.{name}", why=why)


FATES: Mapping[type[ClassicModel], Mapping[str, Fate]] = {
    role.Role: {
        "name": also(
            moves(to_compute.VIRTUAL_MACHINES, "name", why="Also in the names of what the platform makes for it."),
            moves(to.NETWORK_INTERFACES, "name"),
            moves(to.LOAD_BALANCERS, f"{_NAT}.name"),
        ),
        "size": moves(to_compute.VIRTUAL_MACHINES, "hardwareProfile.vmSize", why="The oldest sizes have other names."),
        "availability_set": also(
            moves(to_compute.AVAILABILITY_SETS, "name"),
            moves(to_compute.VIRTUAL_MACHINES, "availabilitySet.id"),
        ),
        "license_type": moves(to_compute.VIRTUAL_MACHINES, "licenseType"),
        "role_type": one(Way.DECIDES, "Tells a virtual machine from a web or worker role, which does not migrate."),
        "label": one(Way.LOST, LABEL),
        **each(Way.LEFT, "Repeats RoleType.", "type"),
        **each(Way.LEFT, CLOUD_SERVICE_ONLY, "os_version"),
        **each(Way.LEFT, _ATTACHED, "vm_image"),
        "winrm_thumbprint": moves(
            to_compute.VIRTUAL_MACHINES,
            "osProfile.windowsConfiguration.winRM.listeners[].protocol",
            "osProfile.secrets[].sourceVault.id",
            why="Of a Windows machine whose service holds the certificate; where it lies in the vault is known only"
            " after prepare, so it is also reported.",
        ),
        **each(Way.LEFT, "Part of osProfile, which a machine with attached disks does not have.", "guest_agent"),
        **each(Way.LEFT, MIGRATING, "migration_state"),
    },
    role.ConfigurationSet: {
        "configuration_set_type": one(Way.DECIDES, "The network configuration becomes the primary interface."),
        "subnets": moves(to.NETWORK_INTERFACES, "ipConfigurations[].subnet.id", why="The first one."),
        "static_ip": moves(to.NETWORK_INTERFACES, *_INTERFACE_IP),
        "network_security_group": moves(to.NETWORK_INTERFACES, "networkSecurityGroup.id"),
        "ip_forwarding": moves(to.NETWORK_INTERFACES, "enableIPForwarding"),
        **each(Way.LEFT, "Repeats ConfigurationSetType.", "type"),
    },
    role.RoleNetworkInterface: {
        "name": moves(to.NETWORK_INTERFACES, "name", why="After the machine's name."),
        "subnet": moves(to.NETWORK_INTERFACES, "ipConfigurations[].subnet.id"),
        "static_ip": moves(to.NETWORK_INTERFACES, *_INTERFACE_IP),
        "network_security_group": moves(to.NETWORK_INTERFACES, "networkSecurityGroup.id"),
        "ip_forwarding": moves(to.NETWORK_INTERFACES, "enableIPForwarding"),
    },
    role.RolePublicIp: {
        "name": moves(to.PUBLIC_IP_ADDRESSES, "name", why="After the machine's name."),
        "idle_timeout_minutes": moves(to.PUBLIC_IP_ADDRESSES, "idleTimeoutInMinutes"),
        "domain_name_label": moves(to.PUBLIC_IP_ADDRESSES, "dnsSettings.domainNameLabel"),
    },
    role.InputEndpoint: {
        "name": moves(to.LOAD_BALANCERS, f"{_NAT}.name", why="After the machine's name; a balanced set has its own."),
        "port": _endpoint("frontendPort"),
        "local_port": _endpoint("backendPort"),
        "protocol": _endpoint("protocol"),
        "direct_server_return": _endpoint("enableFloatingIP"),
        "idle_timeout_minutes": _endpoint("idleTimeoutInMinutes"),
        "balanced_set": moves(
            to.LOAD_BALANCERS,
            f"{_BALANCED}.name",
            "probes[].name",
            why="The machines that carry it join the pool; without it, the endpoint is a NAT rule.",
        ),
        "distribution": moves(to.LOAD_BALANCERS, f"{_BALANCED}.loadDistribution"),
        "vip": _endpoint("frontendIPConfiguration.id", _FRONTEND),
        "virtual_ip": _endpoint("frontendIPConfiguration.id", _FRONTEND),
        "load_balancer": one(Way.DECIDES, "Takes the endpoint to the internal balancer of that name."),
        "acl": one(Way.LOST, "A balancer has no access control; the list blocks prepare."),
    },
    role.LoadBalancerProbe: {
        "port": moves(to.LOAD_BALANCERS, "probes[].port"),
        "protocol": moves(to.LOAD_BALANCERS, "probes[].protocol"),
        "path": moves(to.LOAD_BALANCERS, "probes[].requestPath"),
        "interval_seconds": moves(to.LOAD_BALANCERS, "probes[].intervalInSeconds"),
        "timeout_seconds": moves(
            to.LOAD_BALANCERS, "probes[].numberOfProbes", why="As many intervals as the timeout holds."
        ),
    },
    role.ExtensionReference: {
        "reference_name": moves(to_compute.EXTENSIONS, "name"),
        "publisher": moves(to_compute.EXTENSIONS, "publisher"),
        "name": moves(to_compute.EXTENSIONS, "type", why="Those with XML settings are reported lost."),
        "version": moves(to_compute.EXTENSIONS, "typeHandlerVersion", "autoUpgradeMinorVersion"),
        "state": one(Way.LOST, "Only enabled extensions migrate; the others are reported."),
    },
    role.ExtensionParameter: {
        "value": moves(to_compute.EXTENSIONS, "settings", why="Public values; private ones are not readable."),
        "type": one(Way.LOST, "Private settings cannot be read from classic; they are to be supplied again."),
        **each(Way.LEFT, "Only a caption: the type tells public from private.", "key"),
    },
    role.OsDisk: {
        "name": moves(to_compute.VIRTUAL_MACHINES, "storageProfile.osDisk.name"),
        "os": moves(to_compute.VIRTUAL_MACHINES, "storageProfile.osDisk.osType"),
        "host_caching": moves(to_compute.VIRTUAL_MACHINES, "storageProfile.osDisk.caching"),
        "media_link": moves(
            to_compute.VIRTUAL_MACHINES, "storageProfile.osDisk.vhd.uri", why="The same blob, not a copy."
        ),
        "label": one(Way.LOST, LABEL),
        **each(Way.LEFT, _ATTACHED, "source_image", "remote_source_image_link"),
        **each(Way.LEFT, "Follows from the storage account of the blob.", "io_type"),
    },
    role.DataDisk: {
        "lun": moves(to_compute.VIRTUAL_MACHINES, "storageProfile.dataDisks[].lun"),
        "name": moves(to_compute.VIRTUAL_MACHINES, "storageProfile.dataDisks[].name"),
        "host_caching": moves(to_compute.VIRTUAL_MACHINES, "storageProfile.dataDisks[].caching"),
        "size_gb": moves(to_compute.VIRTUAL_MACHINES, "storageProfile.dataDisks[].diskSizeGB"),
        "media_link": moves(
            to_compute.VIRTUAL_MACHINES,
            "storageProfile.dataDisks[].vhd.uri",
            why="The same blob, not a copy.",
        ),
        "label": one(Way.LOST, LABEL),
        **each(Way.LEFT, "Follows from the storage account of the blob.", "io_type"),
    },
    role.DebugSettings: {
        "boot_diagnostics": moves(to_compute.VIRTUAL_MACHINES, "diagnosticsProfile.bootDiagnostics.enabled"),
        **dict.fromkeys(
            ("console_screenshot_uri", "serial_output_uri"),
            moves(
                to_compute.VIRTUAL_MACHINES,
                "diagnosticsProfile.bootDiagnostics.storageUri",
                why="The account that holds the blob.",
            ),
        ),
    },
}
"""What becomes of each field of the models that are read."""

LEFT_WHOLE: Mapping[type[ClassicModel], str] = {
    role.AclRule: "A balancer has no access control; the endpoint's list is reported lost as a whole.",
}
"""Of the models that are never read: why."""
