"""How to sign in to the control planes, as plain data, and the credential that it stands for."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from threading import Lock, local
from typing import Any, NoReturn, TypeAlias

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError, ServiceResponseError
from pydantic import SecretStr

from asmosis.azure.refusals import one_line
from asmosis.errors import AuthenticationFailed, Unreachable, UsageError


@dataclass(frozen=True)
class DefaultSignIn:
    """Whatever the machine offers: environment, workload or managed identity, developer tools, in that order."""


@dataclass(frozen=True)
class ManagedIdentity:
    """The identity of the machine; `client_id` chooses a user-assigned one."""

    client_id: str = ""


@dataclass(frozen=True)
class ClientSecret:
    """A service principal with a secret."""

    tenant: str
    client: str
    secret: SecretStr


@dataclass(frozen=True)
class ClientCertificate:
    """A service principal with a certificate (PEM or PKCS12 file)."""

    tenant: str
    client: str
    path: str
    password: SecretStr | None = None


@dataclass(frozen=True)
class StaticToken:
    """A bearer token that somebody else obtained; it is never renewed."""

    token: SecretStr


SignIn: TypeAlias = DefaultSignIn | ManagedIdentity | ClientSecret | ClientCertificate | StaticToken


@dataclass(frozen=True)
class ManagementCertificate:
    """A management certificate of the subscription, for the classic plane only.

    `path` is a PEM file with the certificate, and with its unencrypted key too unless `key` names another file.
    """

    path: str
    key: str = ""


def credential_of(sign_in: SignIn, authority: str = "") -> TokenCredential:
    """The credential for a way to sign in; one per process, so that its tokens are kept between clients.

    Args:
        sign_in: the way.
        authority: the host of the directory that knows who signs in; empty: as AZURE_AUTHORITY_HOST says, or public.

    Raises:
        UsageError: it cannot be built: no such file, no such tenant.
    """
    try:
        # Of threads that come first at the same time, each would build one.
        with _building:
            return _trusted(sign_in, authority, _identity_environment())
    except (ValueError, OSError) as error:
        raise UsageError(
            f"sign-in by {type(sign_in).__name__}", one_line(str(error)), "Check its tenant, client and files."
        ) from None


def token(credential: TokenCredential, scope: str) -> AccessToken:
    """A bearer token for `scope`, and when it ends.

    Raises:
        AuthenticationFailed: the credential has none to give, and never had.
        Unreachable: nobody answered who could give one, or who did give one before does not now.
    """
    try:
        return credential.get_token(scope)
    except AzureError as error:
        _refused(error, scope)


_building = Lock()


@lru_cache(maxsize=32)
def _trusted(sign_in: SignIn, authority: str, environment: tuple[tuple[str, str], ...]) -> TokenCredential:
    # The environment is part of the key because azure-identity reads it once, when it is built.
    del environment
    return _Trusted(_build(sign_in, authority))


def _build(sign_in: SignIn, authority: str) -> TokenCredential:
    # Deferred: signing in by certificate or static token should not pay for importing msal and cryptography.
    import azure.identity as identity  # noqa: PLC0415, PLR0402 - see above; the long name reads better below

    there: dict[str, Any] = {"authority": authority} if authority else {}
    match sign_in:
        case ManagedIdentity(client_id):
            return identity.ManagedIdentityCredential(client_id=client_id or None)
        case ClientSecret(tenant, client, secret):
            return identity.ClientSecretCredential(tenant, client, secret.get_secret_value(), **there)
        case ClientCertificate(tenant, client, path, password):
            return identity.CertificateCredential(
                tenant, client, path, password=password.get_secret_value() if password else None, **there
            )
        case StaticToken(held):
            return _Static(held)
        case DefaultSignIn():
            chain = identity.DefaultAzureCredential(**there)
            each: Any
            for each in chain.credentials:
                each.get_token = _heard(each.get_token)
            return chain


def _identity_environment() -> tuple[tuple[str, str], ...]:
    return tuple(sorted((k, v) for k, v in os.environ.items() if k.startswith(("AZURE_", "IDENTITY_", "MSI_"))))


@dataclass(frozen=True, eq=False)
class _Trusted:
    """A credential that has signed in before: a refusal is taken for an outage, which it mostly is in the night.

    azure-identity words a stumbling endpoint and a wrong secret alike. Who has never signed in hears the refusal,
    unless it was none: a chain of credentials words silence like that too.
    """

    credential: TokenCredential
    since: dict[tuple[str, ...], datetime] = field(default_factory=dict)

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        _last.silence = None
        try:
            token = self.credential.get_token(*scopes, **options)
        except ClientAuthenticationError as error:
            if _last.silence is not None:
                raise _last.silence from error
            if scopes not in self.since:
                raise
            raise ServiceRequestError(f"{error.message} (it signed in at {self.since[scopes]:%H:%M} UTC)") from error
        self.since[scopes] = datetime.now(UTC)
        return token


_last = local()  # what a thread met when it last signed in


def _heard(ask: Callable[..., AccessToken]) -> Callable[..., AccessToken]:
    """The question of one credential of a chain, which keeps nothing of an error but its words."""

    def asked(*scopes: str, **options: Any) -> AccessToken:
        try:
            return ask(*scopes, **options)
        except (ServiceRequestError, ServiceResponseError) as error:
            _last.silence = error
            raise

    return asked


@dataclass(frozen=True)
class _Static:
    held: SecretStr

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        # Nobody knows when it ends; an hour keeps the SDKs from asking before every request.
        return AccessToken(self.held.get_secret_value(), int(time.time()) + 3600)


def _refused(error: AzureError, scope: str) -> NoReturn:
    if isinstance(error, ClientAuthenticationError):
        raise AuthenticationFailed("sign-in", 401, type(error).__name__, one_line(str(error.message))) from None
    raise Unreachable("sign-in", scope.removesuffix("/.default"), one_line(str(error.message))) from None
