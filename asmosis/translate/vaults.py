"""Service certificates → one vault per cloud service (documented by Microsoft: deep dive)."""

from collections.abc import Iterator

from asmosis.arm import storage as arm
from asmosis.arm.resource import Resource
from asmosis.classic.estate import key
from asmosis.translate.scope import Scope
from asmosis.translate.translation import Loss, produces


@produces(arm.VAULTS)
def vaults(scope: Scope) -> Iterator[Resource | Loss]:
    """A vault for every service that has certificates; it comes without access policies."""
    certificates = {key(name): thumbprints for name, thumbprints in scope.estate.certificates.items()}
    for service in scope.services:
        if not certificates.get(key(service.name)):
            continue
        name = scope.names.vault(service.name)
        yield Resource(
            id=scope.id(service.group, arm.VAULTS, name),
            name=name,
            type=arm.VAULTS,
            location=service.location,
            properties=arm.Vault(sku=arm.VaultSku(name="standard")),
            generated=True,
        )
        yield Loss(
            service.subject,
            "Certificates",
            "the certificates move into a new vault as secrets, and nobody has access to it.",
            "Grant access to the vault after commit; never delete it while machines point to it.",
        )
