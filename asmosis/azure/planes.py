"""Where the two control planes are and how to sign in: plain data that pickles and makes clients."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from asmosis.azure.asm import AsmClient
from asmosis.azure.clouds import CLOUDS, CloudName, cloud_at
from asmosis.azure.sign_in import DefaultSignIn, ManagementCertificate, SignIn, StaticToken, credential_of
from asmosis.errors import UsageError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from asmosis.azure.arm import ArmClient

_PUBLIC = CLOUDS[CloudName.PUBLIC]


@dataclass(frozen=True)
class Planes:
    """Both control planes of one subscription.

    An emulator is two addresses and any credential; nothing else differs. The addresses of another cloud of Microsoft's
    choose its directory and the audience of tokens too. `certificate` replaces `credential` on the classic plane only.
    """

    subscription: str
    asm_url: str = _PUBLIC.asm_url
    arm_url: str = _PUBLIC.arm_url
    credential: SignIn = field(default_factory=DefaultSignIn)
    certificate: ManagementCertificate | None = None
    dataplane_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot work or must not travel.

        Raises:
            UsageError: no subscription, not an address, or plain http to another machine.
        """
        if not self.subscription:
            raise UsageError("subscription", "none is named", "Give --subscription or set ASMOSIS_SUBSCRIPTION.")
        object.__setattr__(self, "subscription", self.subscription.lower())
        for name in ("asm_url", "arm_url"):
            object.__setattr__(self, name, _checked(name, getattr(self, name)))
        if self.dataplane_url:
            object.__setattr__(self, "dataplane_url", _checked("dataplane_url", self.dataplane_url))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ, subscription: str = "") -> "Planes":
        """The planes that `ASMOSIS_…` variables describe; azure-identity reads its own `AZURE_…` besides.

        `ASMOSIS_SUBSCRIPTION`, `ASMOSIS_ASM_URL`, `ASMOSIS_ARM_URL`, `ASMOSIS_TOKEN` (static bearer token),
        `ASMOSIS_MANAGEMENT_CERTIFICATE` and `ASMOSIS_MANAGEMENT_KEY` (PEM files).

        Raises:
            UsageError: as for `Planes`.
        """
        planes = cls(
            subscription or environment.get("ASMOSIS_SUBSCRIPTION", ""),
            environment.get("ASMOSIS_ASM_URL") or _PUBLIC.asm_url,
            environment.get("ASMOSIS_ARM_URL") or _PUBLIC.arm_url,
        )
        if token := environment.get("ASMOSIS_TOKEN"):
            planes = replace(planes, credential=StaticToken(SecretStr(token)))
        if path := environment.get("ASMOSIS_MANAGEMENT_CERTIFICATE"):
            certificate = ManagementCertificate(path, environment.get("ASMOSIS_MANAGEMENT_KEY", ""))
            planes = replace(planes, certificate=certificate)
        return planes

    @property
    def dataplane(self) -> str:
        """Who reports which loopback listener stands for a public address; empty where public addresses are just that.

        Planes on this very machine are an emulator: its public addresses are somebody else's.
        """
        local = _is_loopback(urlsplit(self.asm_url).hostname or "")
        return self.dataplane_url or (self.asm_url if local else "")

    def asm(self) -> AsmClient:
        """A client of the classic plane; close it, or use it in a `with`."""
        if self.certificate:
            return AsmClient(self.subscription, url=self.asm_url, certificate=self.certificate)
        return AsmClient(self.subscription, url=self.asm_url, credential=self.signed_in())

    def arm(self) -> "ArmClient":
        """A client of Resource Manager; close it, or use it in a `with`."""
        # Deferred: the management SDKs take about 3 s of CPU to import, and verbs that only ask classic need none.
        from asmosis.azure.arm import ArmClient  # noqa: PLC0415 - see above

        return ArmClient(self.subscription, self.signed_in(), url=self.arm_url)

    def signed_in(self) -> "TokenCredential":
        """The credential that the planes are asked with; by certificate, Resource Manager only."""
        cloud = cloud_at(self.asm_url)
        return credential_of(self.credential, cloud.authority if cloud and cloud != _PUBLIC else "")


def _checked(name: str, url: str) -> str:
    parts = _parts(url)
    if parts is None:
        shown = url.rpartition("@")[2]  # whatever stands before an @ may be a password
        raise UsageError(f"{name} {shown!r}", "it is not the address of a control plane", "Use https://HOST[:PORT].")
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise UsageError(f"{name} {url!r}", "a token would travel in clear", "Use https, or http to this machine only.")
    return url.rstrip("/")


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and not parts.query and parts.port != 0
    except ValueError:
        return None
    return parts if usable and parts.username is None else None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
