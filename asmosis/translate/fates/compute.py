"""Fates of the fields of services, deployments and their load balancing."""

from collections.abc import Mapping

from asmosis.arm import compute as to_compute
from asmosis.arm import network as to
from asmosis.classic import compute
from asmosis.classic.xml import ClassicModel
from asmosis.translate.fates.fate import (
    AFFINITY,
    CLOUD_SERVICE_ONLY,
    DESCRIPTION,
    GUID,
    KEPT,
    LABEL,
    OFFER,
    STATE,
    TIME,
    Fate,
    Way,
    also,
    each,
    moves,
    one,
)

FATES: Mapping[type[ClassicModel], Mapping[str, Fate]] = {
    compute.HostedService: {
        "name": moves(
            to.PUBLIC_IP_ADDRESSES,
            "dnsSettings.domainNameLabel",
            why="Also names the resource group, and what the platform makes for the service.",
        ),
        "location": also(
            moves(to_compute.VIRTUAL_MACHINES, "location", why="The location of everything of the service."),
            moves(to_compute.AVAILABILITY_SETS, "location"),
            moves(to.NETWORK_INTERFACES, "location"),
            moves(to.LOAD_BALANCERS, "location"),
            moves(to.PUBLIC_IP_ADDRESSES, "location"),
        ),
        "description": one(Way.LOST, DESCRIPTION),
        "label": one(Way.LOST, LABEL),
        "affinity_group": one(Way.LOST, AFFINITY),
        "reverse_dns_fqdn": one(
            Way.LOST, "The reverse name does not migrate; set it on the public address afterwards."
        ),
        **each(Way.LEFT, GUID, "url"),
        **each(Way.LEFT, STATE, "status", "guest_agent_type"),
        **each(Way.LEFT, TIME, "created", "modified"),
        **each(Way.LEFT, OFFER, "web_worker_sizes", "virtual_machine_sizes"),
        **each(
            Way.LEFT,
            "The certificate moves into the service's vault; where it lies there is known only after prepare.",
            "winrm_thumbprint",
        ),
    },
    compute.Deployment: {
        "name": one(Way.DECIDES, "Names the deployment in calls and losses; ARM has no deployments of services."),
        "slot": one(Way.LOST, "Only the production slot migrates; a deployment in another one is reported."),
        "label": one(Way.LOST, LABEL),
        "virtual_network": one(Way.DECIDES, "Says which unit the service belongs to, and in which network it stays."),
        "upgrade_domains": moves(
            to_compute.AVAILABILITY_SETS,
            "platformUpdateDomainCount",
            why="Of every set of the service; there are always two fault domains.",
        ),
        "reserved_ip": moves(to.PUBLIC_IP_ADDRESSES, "name", "publicIPAllocationMethod"),
        "internal_dns_suffix": moves(to.NETWORK_INTERFACES, "dnsSettings.internalDomainNameSuffix", why=KEPT),
        **each(Way.LEFT, GUID, "private_id", "virtual_network_id"),
        **each(Way.LEFT, "Follows from the service's name, which becomes the label of its public address.", "url"),
        **each(Way.LEFT, STATE, "status", "locked", "rollback_allowed"),
        **each(Way.LEFT, CLOUD_SERVICE_ONLY, "configuration", "sdk_version", "role_extensions"),
        **each(Way.LEFT, TIME, "created", "modified"),
    },
    compute.VirtualIp: {
        "address": moves(to.PUBLIC_IP_ADDRESSES, "ipAddress", why=KEPT),
        "name": moves(to.LOAD_BALANCERS, "frontendIPConfigurations[].name"),
        "reserved_ip": moves(to.PUBLIC_IP_ADDRESSES, "name", "publicIPAllocationMethod"),
        **each(Way.LEFT, STATE, "dns_programmed"),
        **each(Way.LEFT, "Follows from the name of the reserved IP.", "reserved"),
    },
    compute.DeploymentLoadBalancer: {
        "name": moves(to.LOAD_BALANCERS, "name"),
        "subnet": moves(to.LOAD_BALANCERS, "frontendIPConfigurations[].subnet.id"),
        "static_ip": moves(
            to.LOAD_BALANCERS,
            "frontendIPConfigurations[].privateIPAddress",
            "frontendIPConfigurations[].privateIPAllocationMethod",
        ),
        **each(Way.LEFT, "Always Private: the public balancer is not listed.", "type"),
    },
    compute.ExtendedProperty: {
        "name": one(Way.LOST, "ARM has no such properties; the portal's own notes are not reported."),
        "value": one(
            Way.LOST, "ARM has no such properties; of the portal's notes, a group of another name is reported."
        ),
    },
    compute.DnsServer: {
        "address": also(
            moves(to.VIRTUAL_NETWORKS, "dhcpOptions.dnsServers[]", why="A deployment's go to interfaces."),
            moves(to.NETWORK_INTERFACES, "dnsSettings.dnsServers[]"),
        ),
        **each(Way.LEFT, "ARM lists addresses only.", "name"),
    },
}
"""What becomes of each field of the models that are read."""

LEFT_WHOLE: Mapping[type[ClassicModel], str] = {
    compute.PersistentVMDowntime: STATE,
    compute.ServiceExtension: CLOUD_SERVICE_ONLY,
    compute.Certificate: "The platform moves certificates into a vault per service; only that there are any is read.",
}
"""Of the models that are never read: why."""
