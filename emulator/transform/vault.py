"""Microsoft.KeyVault: one new vault for the certificates of a service."""

from collections.abc import Iterator

from emulator.transform import bodies, names
from emulator.transform.model import ArmResource
from emulator.transform.placement import Placement

_TYPE = "Microsoft.KeyVault/vaults"


def vault_id(placement: Placement) -> str:
    """Id of the service's vault, whether it needs one or not."""
    return placement.id(_TYPE, names.vault(placement.service.name))


def secret_urls(placement: Placement) -> dict[str, str]:
    """Where each certificate is afterwards, by thumbprint in upper case."""
    url = f"https://{names.vault(placement.service.name).lower()}.vault.azure.net/secrets"
    return {
        thumbprint: f"{url}/{thumbprint}/{bodies.stable_guid('secret', thumbprint).replace('-', '')}"
        for thumbprint in (certificate.upper() for certificate in placement.service.certificates)
    }


def vaults(placement: Placement) -> Iterator[ArmResource]:
    """A vault without access policies, certificates as secrets (documented); none without certificates."""
    urls = secret_urls(placement)
    if not urls:
        return
    id_ = vault_id(placement)
    yield bodies.resource(
        id_,
        placement.location,
        {
            "sku": {"family": "A", "name": "standard"},
            "tenantId": bodies.stable_guid("tenant", placement.subscription),
            "accessPolicies": [],
            "enabledForDeployment": True,
            "vaultUri": f"https://{names.vault(placement.service.name).lower()}.vault.azure.net/",
        },
        tags={},
    )
    for thumbprint, url in urls.items():
        yield bodies.resource(
            bodies.part_id(id_, "secrets", thumbprint),
            placement.location,
            {
                "attributes": {"enabled": True},
                "contentType": "application/x-pkcs12",
                "secretUriWithVersion": url,
            },
        )
