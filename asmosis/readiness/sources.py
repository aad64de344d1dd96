"""Public pages that say so, pinned to the version that was read."""

_DOCS = "https://github.com/MicrosoftDocs/azure-docs/blob"
_VM = "articles/virtual-machines"

ANNOUNCEMENT_2016 = (
    f"{_DOCS}/abc02a8ab1401d3240b46b27e5accd23af2ac119/{_VM}"
    "/virtual-machines-windows-migration-classic-resource-manager.md"
)
OVERVIEW = f"{_DOCS}/677982f59e8458ddf0ac167b53df3f03802f1386/{_VM}/migration-classic-resource-manager-overview.md"
DEEP_DIVE = f"{_DOCS}/8be4559939f219e94de3e7ccaeedaa62519791f8/{_VM}/migration-classic-resource-manager-deep-dive.md"
ERRORS = f"{_DOCS}/d07551fc3ccf3f2d8c8e8289bdf0f32822d2a761/{_VM}/migration-classic-resource-manager-errors.md"
PLANNING = f"{_DOCS}/4d0dd50e026423eb13e50dd7cd659ba3b27d2cf4/{_VM}/migration-classic-resource-manager-plan.md"
POWERSHELL = f"{_DOCS}/9c7b94122e10ac6af809f39451f0ca8b57ef5e19/{_VM}/migration-classic-resource-manager-ps.md"
VPN_GATEWAYS = (
    f"{_DOCS}/019172f8849fb63e9e8dde83066bf165306d9a10"
    "/articles/vpn-gateway/vpn-gateway-classic-resource-manager-migration.md"
)
EXPRESS_ROUTE = (
    f"{_DOCS}/a3da8b77c6823211ea2c0d79524b7f4a3e463686"
    "/articles/expressroute/expressroute-migration-classic-resource-manager.md"
)
EXTENDED_SUPPORT_ERRORS = (
    f"{_DOCS}/90c7556211e97abf9821c34e9fb42f4d070b63ea"
    "/articles/cloud-services-extended-support/in-place-migration-common-errors.md"
)
EXTENDED_SUPPORT_DETAILS = (
    f"{_DOCS}/5eed7d52a59e35846d79b2bb872c09cb077b8d23"
    "/articles/cloud-services-extended-support/in-place-migration-technical-details.md"
)
RESERVED_IPS = (
    f"{_DOCS}/e37fe813c27c4eba87f93c22e143a054c87cbd06"
    "/articles/virtual-network/ip-services/public-ip-upgrade-classic.md"
)
STORAGE = f"{_DOCS}/8262e83bdba552e9a84b1dd4987cfaaf4f79bf0b/articles/storage/common/classic-account-migrate.md"
ARM_ERRORS = (
    f"{_DOCS}/f83aa99724b7f0856d1217723a008b1b79cb23b3"
    "/articles/azure-resource-manager/templates/common-deployment-errors.md"
)
IMPLICIT_SETS = "https://github.com/MicrosoftDocs/azure-docs/issues/28037"
DETACHED_DISKS = "https://github.com/MicrosoftDocs/azure-docs/issues/24323"
ACCOUNT_CONFLICT = "https://github.com/MicrosoftDocs/azure-docs/issues/113643"
TARGET_CHECKS = (
    "https://github.com/zyadamec/migAz/blob/c4eb2284275b88741704c038de6741abbe2c6150/MigAz.Azure/ExportArtifacts.cs"
)
FIELD_TOOLSET = "https://github.com/Azure/classic-iaas-resourcemanager-migration"
