"""Prefect's REST API: one call, signed in, with its refusals as our errors."""

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Self, cast

import requests
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util import Retry

from asmosis.azure.refusals import refusal
from asmosis.errors import ControlPlaneError, Unreachable, UsageError

DEFAULT_API = "http://127.0.0.1:4200/api"

_ADDRESS = "Give it as http://HOST:PORT/api."
_LONGEST_PAUSE = 10.0  # seconds before a call is repeated
_TIMEOUT = (5.0, 60.0)  # seconds to connect, to answer


class PrefectServer:
    """A Prefect server, as far as one call goes."""

    def __init__(
        self, api: str, *, login: SecretStr | None = None, key: SecretStr | None = None, ui: str = "", tries: int = 2
    ) -> None:
        """Reach the server at `api` (its address ends in `/api`).

        Args:
            api: the REST API.
            login: `USER:PASSWORD` of a server behind basic authentication; goes before `key`.
            key: an API key.
            ui: where people look at runs, if it is not beside the API.
            tries: how often a call is repeated while the server is away or busy.
        """
        self.api = api.rstrip("/")
        self.ui = (ui or self.api.removesuffix("/api")).rstrip("/")
        authorization = _Authorization(login, key)
        # Every call but a decision may be sent again: reads are reads, and a new run bears an idempotency key.
        self._repeatable = _session(authorization, connect=tries, again=tries)
        self._once = _session(authorization, connect=tries, again=0)
        # Not over a connection that the server may be about to close: nobody would know whether it had heard.
        self._once.headers["Connection"] = "close"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], tries: int = 2) -> Self:
        """The server that Prefect's own variables name: PREFECT_API_URL, _API_AUTH_STRING, _API_KEY, _UI_URL."""
        login, key = environment.get("PREFECT_API_AUTH_STRING"), environment.get("PREFECT_API_KEY")
        return cls(
            environment.get("PREFECT_API_URL") or DEFAULT_API,
            login=SecretStr(login) if login else None,
            key=SecretStr(key) if key else None,
            ui=environment.get("PREFECT_UI_URL", ""),
            tries=tries,
        )

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, once: bool = False) -> Any:
        """What the server answers to one call; one that must not be sent `once` only is repeated when it is busy.

        Raises:
            ControlPlaneError: the answer is no.
            Unreachable: there is none.
            UsageError: the server's address is none.
        """
        session = self._once if once else self._repeatable
        try:
            answer = session.request(method, self.api + path, json=body, timeout=_TIMEOUT, allow_redirects=False)
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
            raise UsageError("PREFECT_API_URL", f"{self.api!r} is no address ({error})", _ADDRESS) from None
        except requests.exceptions.MissingSchema:
            raise UsageError("PREFECT_API_URL", f"{self.api!r} is no address", _ADDRESS) from None
        except requests.RequestException as error:
            raise Unreachable("Prefect", self.api, _innermost(error)) from None
        content, told = None, answer.status_code == HTTPStatus.NO_CONTENT
        with suppress(requests.JSONDecodeError):
            # Some answers are just `null`.
            content, told = answer.json(), True
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            raise _refused(answer.status_code, path, content)
        if not told:
            words = f"{self.api}{path} is not Prefect's API; PREFECT_API_URL usually ends in /api"
            raise ControlPlaneError("Prefect", answer.status_code, "NoJson", words)
        return content


def _session(authorization: AuthBase, connect: int, again: int) -> requests.Session:
    session = requests.Session()
    session.auth = authorization
    retry = Retry(
        total=None,
        connect=connect,
        read=again,
        status=again,
        other=0,
        status_forcelist=(429, 502, 503, 504),
        allowed_methods=None,
        backoff_factor=0.2,
        backoff_max=_LONGEST_PAUSE,
        raise_on_status=False,
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


class _Authorization(AuthBase):
    """Prefect's two ways of signing in; set as `auth`, because requests would prefer a .netrc to a header."""

    def __init__(self, login: SecretStr | None, key: SecretStr | None) -> None:
        self._login, self._key = login, key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._login:
            user, _, password = self._login.get_secret_value().partition(":")
            return cast("requests.PreparedRequest", requests.auth.HTTPBasicAuth(user, password)(request))
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        return request


def _refused(status: int, path: str, content: Any) -> ControlPlaneError:
    if status == HTTPStatus.NOT_FOUND and path.startswith("/deployments/name/"):
        name = path.rpartition("/")[2]
        words = f"there is no deployment {name!r}; register the deployments first (prefect deploy --all)"
        return refusal("Prefect", status, "DeploymentNotFound", words)
    detail = content.get("detail") or content.get("exception_message") if isinstance(content, dict) else None
    code = HTTPStatus(status).phrase.replace(" ", "") if status in set(HTTPStatus) else "Refused"
    return refusal("Prefect", status, code, str(detail or path))


def _innermost(error: BaseException) -> str:
    """The reason at the bottom of requests' and urllib3's wrapping, in one short sentence."""
    seen = [error]
    while (below := _below(seen[-1])) is not None and below not in seen:
        seen.append(below)
    strerror = next((e.strerror for e in reversed(seen) if isinstance(e, OSError) and e.strerror), None)
    return str(strerror or type(error).__name__)


def _below(error: BaseException) -> BaseException | None:
    candidates = (getattr(error, "reason", None), *error.args, error.__cause__, error.__context__)
    return next((item for item in candidates if isinstance(item, BaseException)), None)
