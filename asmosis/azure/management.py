"""Microsoft's own management libraries, with their errors as ours."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient

from asmosis.azure.clouds import arm_scope_at
from asmosis.azure.refusals import one_line, refusal
from asmosis.errors import AuthenticationFailed, Unreachable, UnreadableDocument

PLANE = "ARM"


class Management:
    """One client per resource provider, made when it is first asked for."""

    def __init__(self, subscription: str, credential: TokenCredential, url: str, backoff: float) -> None:
        self.subscription, self.url = subscription, url
        self._credential = credential
        self._options: dict[str, Any] = {
            "base_url": url,
            "credential_scopes": [arm_scope_at(url)],
            "connection_timeout": 10,
            "read_timeout": 60,
            "retry_backoff_factor": backoff,
            # The libraries refuse to send a token over plain http; `Planes` lets it through to loopback only.
            "per_retry_policies": [_AllowHttp()] if urlsplit(url).scheme == "http" else [],
        }

    def close(self) -> None:
        """Let go of the connections."""
        for name in ("compute", "network", "storage", "resource"):
            if name in vars(self):
                vars(self)[name].close()

    @cached_property
    def compute(self) -> Any:
        """Microsoft.Compute."""
        return ComputeManagementClient(self._credential, self.subscription, **self._options)

    @cached_property
    def network(self) -> Any:
        """Microsoft.Network."""
        return NetworkManagementClient(self._credential, self.subscription, **self._options)

    @cached_property
    def storage(self) -> Any:
        """Microsoft.Storage."""
        return StorageManagementClient(self._credential, self.subscription, **self._options)

    @cached_property
    def resource(self) -> Any:
        """Microsoft.Resources, and what has no library of its own."""
        return ResourceManagementClient(self._credential, self.subscription, **self._options)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """The libraries' exceptions as ours."""
        try:
            yield
        except HttpResponseError as error:
            if isinstance(error, DecodeError) and (error.status_code or 0) < HTTPStatus.BAD_REQUEST:
                raise UnreadableDocument(self.url, one_line(str(error.message))) from None
            raise _refused(error) from None
        except (ServiceRequestError, ServiceResponseError) as error:
            raise Unreachable(PLANE, self.url, one_line(str(error.message))) from None
        except AzureError as error:
            raise UnreadableDocument(self.url, one_line(str(error.message))) from None
        except (ValueError, TypeError, AttributeError) as error:
            # What the libraries let through when an answer is not JSON, or JSON of another shape.
            raise UnreadableDocument(self.url, one_line(f"{type(error).__name__}: {error}")) from error


def bodies(page: Iterable[Any]) -> tuple[dict[str, Any], ...]:
    """The items of a list as ARM's JSON."""
    return tuple(item.as_dict() for item in page)


class _AllowHttp(SansIOHTTPPolicy[Any, Any]):
    def on_request(self, request: PipelineRequest[Any]) -> None:
        request.context.options.setdefault("enforce_https", False)


def _refused(error: HttpResponseError) -> Exception:
    said = error.error
    code = (said.code if said else None) or str(error.reason or type(error).__name__).replace(" ", "")
    message = (said.message if said else None) or str(error.message)
    if error.status_code is None and isinstance(error, ClientAuthenticationError):
        return AuthenticationFailed("sign-in", 401, code, one_line(message))
    headers = getattr(error.response, "headers", {})
    return refusal(PLANE, error.status_code or 0, code, message, headers.get("x-ms-request-id", ""))
