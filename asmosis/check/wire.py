"""What ARM adds to a body on its own: read-only properties and defaults."""

from collections.abc import Mapping
from typing import Any

_TOLD_BY_ARM = frozenset(
    {
        # of every resource
        "id",
        "etag",
        "provisioningState",
        "resourceGuid",
        "systemData",
        "managedBy",
        "statuses",
        # back references
        "virtualMachine",
        "virtualMachines",
        "ipConfiguration",
        "ipConfigurations",
        "ipConfigurationProfiles",
        "networkInterfaces",
        "subnets",
        "backendIPConfiguration",
        "backendIPConfigurations",
        "loadBalancerBackendAddresses",
        "loadBalancingRules",
        "inboundNatRules",
        "inboundNatPools",
        "outboundNatRules",
        "outboundRule",
        "outboundRules",
        # of machines
        "vmId",
        "timeCreated",
        "instanceView",
        "resources",
        "virtualMachineScaleSetMigrationInfo",
        # of networks and interfaces
        "defaultSecurityRules",
        "appliedDnsServers",
        "internalDnsNameLabel",
        "internalDomainNameSuffix",
        "internalFqdn",
        "macAddress",
        "fqdn",
        "purpose",
        "vnetEncryptionSupported",
        "hostedWorkloads",
        "migrationPhase",
        "defaultOutboundConnectivityEnabled",
        "defaultPublicNatGateway",
        "dscpConfiguration",
        "flowLogs",
        "hasBgpOverride",
        "privateEndpoint",
        "privateEndpoints",
        "privateLinkConnectionProperties",
        "resourceNavigationLinks",
        "serviceAssociationLinks",
        "tapConfigurations",
        "upgradedToV2",
        # of gateways and connections
        "capacity",
        "connectionStatus",
        "egressBytesTransferred",
        "inboundDnsForwardingEndpoint",
        "ingressBytesTransferred",
        "tunnelConnectionStatus",
        # of storage accounts
        "primaryEndpoints",
        "secondaryEndpoints",
        "primaryLocation",
        "secondaryLocation",
        "statusOfPrimary",
        "statusOfSecondary",
        "creationTime",
        "keyCreationTime",
        "lastGeoFailoverTime",
        "encryption",
        "accessTier",
        "accountMigrationInProgress",
        "blobRestoreStatus",
        "failoverInProgress",
        "geoReplicationStats",
        "isSkuConversionBlocked",
        "privateEndpointConnections",
    }
)
# Type -> paths of what is its own, though elsewhere the same key is a back reference.
_OWN: dict[str, frozenset[str]] = {
    "microsoft.compute/virtualmachines": frozenset({"networkProfile.networkInterfaces"}),
    "microsoft.network/loadbalancers": frozenset(
        {"loadBalancingRules", "inboundNatRules", "inboundNatPools", "outboundRules", "outboundNatRules"}
    ),
    "microsoft.network/networkinterfaces": frozenset({"ipConfigurations"}),
    "microsoft.network/virtualnetworkgateways": frozenset({"ipConfigurations"}),
    "microsoft.network/virtualnetworks": frozenset({"subnets"}),
}
# Key -> what ARM takes where nobody says anything.
_DEFAULTS: dict[str, frozenset[str]] = {
    "publicIPAddressVersion": frozenset({"ipv4"}),
    "privateIPAddressVersion": frozenset({"ipv4"}),
    "idleTimeoutInMinutes": frozenset({"4"}),
    "loadDistribution": frozenset({"default"}),
    "privateIPAllocationMethod": frozenset({"dynamic"}),
    "primary": frozenset({"true"}),
    "sku": frozenset({"basic"}),
    "tier": frozenset({"regional", "standard", "premium"}),
    "nicType": frozenset({"standard"}),
    "auxiliaryMode": frozenset({"none"}),
    "auxiliarySku": frozenset({"none"}),
    "privateEndpointNetworkPolicies": frozenset({"disabled", "enabled"}),
    "privateLinkServiceNetworkPolicies": frozenset({"disabled", "enabled"}),
    "privateEndpointVNetPolicies": frozenset({"disabled"}),
    "probeThreshold": frozenset({"1"}),
    "noHealthyBackendsBehavior": frozenset({"allprobeddown"}),
    "deleteOption": frozenset({"detach"}),
    "allowBlobPublicAccess": frozenset({"true"}),
    "minimumTlsVersion": frozenset({"tls1_0", "tls1_2"}),
    "dnsEndpointType": frozenset({"standard"}),
    "publicNetworkAccess": frozenset({"enabled"}),
    "allowSharedKeyAccess": frozenset({"true"}),
    "largeFileSharesState": frozenset({"disabled"}),
    "defaultOutboundAccess": frozenset({"true"}),
    "diskControllerType": frozenset({"scsi"}),
    "priority": frozenset({"regular"}),
}
# Of these, off is not the same as nothing: whoever was let in or out before no longer is.
_CUTS_OFF = frozenset({"allowBlobPublicAccess", "allowSharedKeyAccess", "defaultOutboundAccess"})
# Key -> the member of an object, and what ARM takes for it where nobody says anything.
_DEFAULTS_WITHIN = {
    "sku": ("name", "basic"),
    "networkAcls": ("defaultAction", "allow"),
    "ddosSettings": ("protectionMode", "virtualnetworkinherited"),
}


def is_told_by_arm(key: str, path: str = "", type: str = "") -> bool:
    """Whether only ARM fills a property in: it is compared where it was promised and is found, and never missed.

    A back reference may have the name of what another type has of its own, at a path without parts; so `path` and
    `type` (in lower case) of the whole resource count where they are known.
    """
    return key in _TOLD_BY_ARM and path not in _OWN.get(type, ())


def cuts_off(key: str, value: Any) -> bool:
    """Whether a switch that nobody spoke of is off, although off is not what ARM takes."""
    return value is False and key in _CUTS_OFF


def is_default(key: str, value: Any) -> bool:
    """Whether a value is what ARM takes anyway, so that absent means the same."""
    if key in _DEFAULTS_WITHIN and isinstance(value, Mapping):
        member, usual = _DEFAULTS_WITHIN[key]
        return str(value.get(member, "")).casefold() == usual
    if key == "type":
        return "/" in str(value)  # of a part; an extension's own type has no namespace
    return str(value).casefold() in _DEFAULTS.get(key, ())
