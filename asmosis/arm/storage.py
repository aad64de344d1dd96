"""Microsoft.Storage and Microsoft.KeyVault (shapes of api-versions 2025-06-01 and 2025-05-01)."""

from asmosis.arm.resource import ArmModel, Sku, read_only

STORAGE_ACCOUNTS = "Microsoft.Storage/storageAccounts"
VAULTS = "Microsoft.KeyVault/vaults"


class CustomDomain(ArmModel):
    """A domain of the customer's that leads to the account's blobs."""

    name: str


class Endpoints(ArmModel):
    """Where the account's data is reached."""

    blob: str | None = None
    file: str | None = None
    queue: str | None = None
    table: str | None = None


class StorageAccount(ArmModel):
    """A storage account; its keys and data stay as they are."""

    custom_domain: CustomDomain | None = None
    primary_endpoints: Endpoints | None = read_only()
    primary_location: str | None = read_only()
    secondary_location: str | None = read_only()


class VaultSku(Sku):
    """The variant of a vault; unlike others it belongs to the properties."""

    family: str = "A"


class Vault(ArmModel):
    """A vault that holds the certificates of one cloud service; the tenant is not known to classic."""

    sku: VaultSku
    enabled_for_deployment: bool
