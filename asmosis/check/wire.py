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
        "networkAcls",
        "accessTier",
        "accountMigrationInProgress",
        "blobRestoreStatus",
        "failoverInProgress",
        "geoReplicationStats",
        "isSkuConversionBlocked",
        "privateEndpointConnections",
    }
)
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
    "supportsHttpsTrafficOnly": frozenset({"true"}),
    "allowBlobPublicAccess": frozenset({"true"}),
    "minimumTlsVersion": frozenset({"tls1_0", "tls1_2"}),
    "dnsEndpointType": frozenset({"standard"}),
}


def is_told_by_arm(key: str) -> bool:
    """Whether only ARM fills a property in: it is compared where it was promised and is found, and never missed."""
    return key in _TOLD_BY_ARM


def is_default(key: str, value: Any) -> bool:
    """Whether a value is what ARM takes anyway, so that absent means the same."""
    if key == "sku" and isinstance(value, Mapping):
        return str(value.get("name", "")).casefold() == "basic"
    if key == "type":
        return "/" in str(value)  # of a part; an extension's own type has no namespace
    return str(value).casefold() in _DEFAULTS.get(key, ())
