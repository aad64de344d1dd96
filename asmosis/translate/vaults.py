"""Service certificates → one vault per cloud service, and who takes them (documented by Microsoft: deep dive)."""

from collections.abc import Iterator

from asmosis.arm import compute
from asmosis.arm import storage as arm
from asmosis.arm.resource import Reference, Resource
from asmosis.classic.estate import key
from asmosis.translate.scope import CloudService, Machine, Scope
from asmosis.translate.translation import Loss, produces


@produces(arm.VAULTS)
def vaults(scope: Scope) -> Iterator[Resource | Loss]:
    """A vault for every service that has certificates; it comes without access policies."""
    for service in scope.services:
        if scope.certificates.get(key(service.name)):
            yield Resource(
                id=_vault_id(scope, service),
                name=scope.names.vault(service.name),
                type=arm.VAULTS,
                location=service.location,
                # Without that no machine can take anything from it.
                properties=arm.Vault(sku=arm.VaultSku(name="standard"), enabled_for_deployment=True),
                generated=True,
            )
            yield Loss(
                service.subject,
                "Certificates",
                "the certificates move into a new vault as secrets, and nobody has access to it.",
                "Grant access to the vault after commit; never delete it while machines point to it.",
            )
        for machine in service.machines:
            if machine.is_windows and machine.role.winrm_thumbprint:
                yield Loss(
                    f"{service.subject}/{machine.name}",
                    "DefaultWinRmCertificateThumbprint",
                    "only the platform can move the certificate's private key; where it lies then is known after"
                    " prepare, so it is neither compared nor exported.",
                    "Check remote management after commit; for a deployment of your own, supply the certificate again.",
                )


def os_profile(scope: Scope, service: CloudService, machine: Machine) -> compute.OsProfile | None:
    """Remote management, which stays as it is (documented by Microsoft); of its certificate only the vault is known."""
    thumbprint = key(machine.role.winrm_thumbprint or "")
    if not machine.is_windows or thumbprint not in map(key, scope.certificates.get(key(service.name), ())):
        return None
    return compute.OsProfile(
        windows_configuration=compute.WindowsConfiguration(
            win_rm=compute.WinRM(listeners=(compute.WinRMListener(protocol="Https"),))
        ),
        secrets=(compute.VaultSecrets(source_vault=Reference(id=_vault_id(scope, service))),),
    )


def _vault_id(scope: Scope, service: CloudService) -> str:
    return scope.id(service.group, arm.VAULTS, scope.names.vault(service.name))
