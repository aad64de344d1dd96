"""What an operator configures once: where the two control planes are and how to sign in."""

from enum import StrEnum
from typing import ClassVar, cast

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl, SecretStr

from asmosis.azure.clouds import CLOUDS, CloudName
from asmosis.azure.planes import Planes
from asmosis.azure.sign_in import (
    ClientCertificate,
    ClientSecret,
    DefaultSignIn,
    ManagedIdentity,
    ManagementCertificate,
    SignIn,
    StaticToken,
)
from asmosis.errors import UsageError


class SignInKind(StrEnum):
    """How to sign in."""

    DEFAULT = "default"
    MANAGED_IDENTITY = "managed-identity"
    CLIENT_SECRET = "client-secret"  # noqa: S105 - the name of a way to sign in
    CLIENT_CERTIFICATE = "client-certificate"
    TOKEN = "token"  # noqa: S105 - likewise


class ControlPlanes(Block):
    """Where both Azure control planes are and how to sign in to them.

    Example:
        Load the planes of one subscription:
        ```python
        from blocks.azure import ControlPlanes

        block = ControlPlanes.load("BLOCK_NAME")
        planes = block.planes("0b1f6471-1bf0-4dda-aec3-cb9272f09590")
        ```
    """

    _block_type_name: ClassVar[str] = "Azure Control Planes"
    _block_type_slug: ClassVar[str] = "azure-control-planes"
    _documentation_url: ClassVar[HttpUrl | None] = HttpUrl(
        "https://learn.microsoft.com/azure/virtual-machines/migration-classic-resource-manager-overview"
    )
    _description: ClassVar[str] = "Addresses and sign-in of classic (ASM) and Resource Manager (ARM)."

    cloud: CloudName = Field(
        default=CloudName.PUBLIC, description="Chooses both addresses, the directory and the audience of tokens."
    )
    asm_url: str = Field(default="", title="Classic", description="Where classic is; empty: the cloud's own address.")
    arm_url: str = Field(
        default="", title="Resource Manager", description="Where Resource Manager is; empty: the cloud's own address."
    )
    sign_in: SignInKind = Field(
        default=SignInKind.DEFAULT,
        title="Sign-in",
        description="The default tries environment, workload and managed identity, and developer tools, in that order.",
    )
    tenant: str = Field(default="", description="Directory of the service principal.")
    client: str = Field(default="", description="Id of the service principal, or of a user-assigned identity.")
    secret: SecretStr | None = Field(
        default=None, description="Secret of the service principal, password of its certificate, or a bearer token."
    )
    certificate_path: str = Field(default="", description="Certificate of the service principal, on the worker.")
    management_certificate_path: str = Field(
        default="", title="Management certificate", description="PEM file on the worker, for the classic plane only."
    )
    dataplane_url: str = Field(
        default="",
        title="Data plane",
        description="Address of an emulator that is not on the worker's own machine; empty for Azure.",
    )

    def planes(self, subscription: str) -> Planes:
        """Both planes of one subscription.

        Raises:
            UsageError: a value that the chosen sign-in needs is missing.
        """
        certificate, cloud = self.management_certificate_path, CLOUDS[self.cloud]
        return Planes(
            subscription,
            self.asm_url or cloud.asm_url,
            self.arm_url or cloud.arm_url,
            self._sign_in(),
            ManagementCertificate(certificate) if certificate else None,
            self.dataplane_url,
        )

    def _sign_in(self) -> SignIn:
        if self.sign_in is SignInKind.MANAGED_IDENTITY:
            return ManagedIdentity(self.client)
        if self.sign_in is SignInKind.CLIENT_SECRET:
            return ClientSecret(self._needed("tenant"), self._needed("client"), self._secret())
        if self.sign_in is SignInKind.CLIENT_CERTIFICATE:
            path = self._needed("certificate_path")
            return ClientCertificate(self._needed("tenant"), self._needed("client"), path, self.secret)
        if self.sign_in is SignInKind.TOKEN:
            return StaticToken(self._secret())
        return DefaultSignIn()

    def _needed(self, field: str) -> str:
        value = str(getattr(self, field))
        if not value:
            raise UsageError(f"block {self._place}", f"{field} is empty", f"{self.sign_in} needs it; edit the block.")
        return value

    def _secret(self) -> SecretStr:
        if self.secret is None:
            raise UsageError(f"block {self._place}", "secret is empty", f"{self.sign_in} needs it; edit the block.")
        return self.secret

    @property
    def _place(self) -> str:
        return self._block_document_name or "ControlPlanes"


def load_planes(block: str, subscription: str) -> Planes:
    """Both planes of a subscription, as the ControlPlanes block of this name tells."""
    # Loading is typed for both colours; in a synchronous flow it answers the block itself.
    loaded = cast("ControlPlanes", ControlPlanes.load(block))
    return loaded.planes(subscription)
