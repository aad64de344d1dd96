"""Fates of the fields of role instances: machines as they run."""

from collections.abc import Mapping

from asmosis.arm import compute as to_compute
from asmosis.arm import network as to
from asmosis.classic import instance
from asmosis.classic.xml import ClassicModel
from asmosis.translate.fates.fate import KEPT, STATE, Fate, Way, each, moves, one

_REPEATED = "Repeats as programmed what the role asks for."

FATES: Mapping[type[ClassicModel], Mapping[str, Fate]] = {
    instance.RoleInstance: {
        "role_name": one(Way.DECIDES, "Brings the running machine and its role together."),
        "status": moves(to_compute.VIRTUAL_MACHINES, "instanceView.statuses[].code", why="Only inside a network."),
        "ip_address": moves(
            to.NETWORK_INTERFACES,
            "ipConfigurations[].privateIPAddress",
            why="Kept inside a network; outside, the machine gets another.",
        ),
        "size": moves(to_compute.VIRTUAL_MACHINES, "hardwareProfile.vmSize", why="Where the role names no size."),
        **each(Way.LEFT, "The same as the role's name.", "name"),
        **each(
            Way.LEFT,
            "The platform places machines within their set, and may place them anew.",
            "upgrade_domain",
            "fault_domain",
        ),
        **each(Way.LEFT, STATE, "state_details", "error_code"),
        **each(Way.LEFT, "InstanceStatus tells the same, and more.", "power_state"),
        **each(Way.LEFT, "Part of osProfile, which a machine with attached disks does not have.", "host_name"),
        **each(Way.LEFT, "Belongs to the guest, which keeps it.", "certificate_thumbprint"),
    },
    instance.InstanceNetworkInterface: {
        "name": one(Way.DECIDES, "Brings the programmed interface and the role's together."),
        "address": moves(to.NETWORK_INTERFACES, "ipConfigurations[].privateIPAddress"),
        **each(Way.LEFT, _REPEATED, "subnet", "ip_forwarding"),
        **each(Way.LEFT, "ARM tells it; nobody can set it.", "mac_address"),
    },
    instance.InstancePublicIp: {
        "address": moves(to.PUBLIC_IP_ADDRESSES, "ipAddress", why=KEPT),
        "domain_name_label": moves(
            to.PUBLIC_IP_ADDRESSES, "dnsSettings.domainNameLabel", why="Where the role names none."
        ),
        **each(Way.LEFT, _REPEATED, "name", "idle_timeout_minutes"),
        **each(Way.LEFT, "Follows from the label and the location.", "fqdns"),
    },
}
"""What becomes of each field of the models that are read."""

LEFT_WHOLE: Mapping[type[ClassicModel], str] = {
    instance.InstanceEndpoint: _REPEATED,
    instance.GuestAgentStatus: STATE,
    instance.FormattedMessage: STATE,
    instance.ExtensionStatus: STATE,
    instance.ExtensionSettingStatus: STATE,
    instance.ExtensionSubStatus: STATE,
    instance.MaintenanceStatus: STATE,
}
"""Of the models that are never read: why."""
