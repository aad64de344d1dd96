"""Prefect's REST API: one call, signed in, with its refusals as our errors."""

import base64
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

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
_SAME_TIME = timedelta(seconds=10)
_TRUE = ("1", "true", "t", "yes", "y", "on")  # as pydantic reads Prefect's settings
_TOKEN, _CLIENT = "Prefect-Csrf-Token", "Prefect-Csrf-Client"


class PrefectServer:
    """A Prefect server, as far as one call goes."""

    def __init__(
        self,
        api: str,
        *,
        login: SecretStr | None = None,
        key: SecretStr | None = None,
        ui: str = "",
        tries: int = 2,
        trust: bool | str = True,
    ) -> None:
        """Reach the server at `api` (its address ends in `/api`).

        Args:
            api: the REST API.
            login: `USER:PASSWORD` of a server behind basic authentication; goes before `key`.
            key: an API key.
            ui: where people look at runs, if it is not beside the API.
            tries: how often a call is repeated while the server is away or busy.
            trust: a file with the certificates (PEM) to know the server by, or whether those that are known as a rule
                count; false believes anybody.

        Raises:
            UsageError: there is no such file.
        """
        if isinstance(trust, str) and not Path(trust).is_file():
            raise UsageError("PREFECT_API_SSL_CERT_FILE", f"there is no file {trust}", "Name a PEM file that exists.")
        self.trust, self._ahead = trust, timedelta()
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
        """The server that Prefect's own variables name.

        PREFECT_API_URL, _API_AUTH_STRING, _API_KEY, _API_SSL_CERT_FILE, _API_TLS_INSECURE_SKIP_VERIFY, _UI_URL.

        Raises:
            UsageError: a file that they name is not there.
        """
        login, key = environment.get("PREFECT_API_AUTH_STRING"), environment.get("PREFECT_API_KEY")
        careless = environment.get("PREFECT_API_TLS_INSECURE_SKIP_VERIFY", "").lower() in _TRUE
        known = environment.get("PREFECT_API_SSL_CERT_FILE") or environment.get("SSL_CERT_FILE")
        return cls(
            environment.get("PREFECT_API_URL") or DEFAULT_API,
            login=SecretStr(login) if login else None,
            key=SecretStr(key) if key else None,
            ui=environment.get("PREFECT_UI_URL", ""),
            tries=tries,
            trust=not careless and (known or True),
        )

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, once: bool = False) -> Any:
        """What the server answers to one call; one that must not be sent `once` only is repeated when it is busy.

        Raises:
            ControlPlaneError: the answer is no.
            Unreachable: there is none.
            UsageError: the server's address is none.
        """
        session = self._once if once else self._repeatable
        answer = self._sent(session, method, path, body)
        if method != "GET" and _wants_token(answer):
            # Refused for that alone, so nothing was done.
            self._bring_token()
            answer = self._sent(session, method, path, body)
        self._heed_time(answer.headers.get("Date"))
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

    def now(self) -> datetime:
        """The present by the server's clock, which schedules by it; by this machine's until the server has told.

        Clocks of machines differ: what is to be later than something that the server keeps is reckoned by this one.
        """
        return datetime.now(UTC) - self._ahead

    def _heed_time(self, told: str | None) -> None:
        with suppress(TypeError, ValueError):
            ahead = datetime.now(UTC) - parsedate_to_datetime(told or "")
            # It is told in whole seconds, and answers take a while.
            self._ahead = ahead if abs(ahead) > _SAME_TIME else timedelta()

    def _sent(
        self, session: requests.Session, method: str, path: str, body: Mapping[str, Any] | None
    ) -> requests.Response:
        try:
            return session.request(
                method, self.api + path, json=body, timeout=_TIMEOUT, allow_redirects=False, verify=self.trust
            )
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
            raise UsageError("PREFECT_API_URL", f"{self.api!r} is no address ({error})", _ADDRESS) from None
        except requests.exceptions.MissingSchema:
            raise UsageError("PREFECT_API_URL", f"{self.api!r} is no address", _ADDRESS) from None
        except (requests.RequestException, UnicodeError) as error:
            raise Unreachable("Prefect", self.api, _innermost(error)) from None

    def _bring_token(self) -> None:
        """What a server with protection against forged requests wants with every write."""
        client = str(uuid.uuid4())
        token = str(self.call("GET", f"/csrf-token?client={client}")["token"])
        for session in (self._once, self._repeatable):
            session.headers.update({_TOKEN: token, _CLIENT: client})


def _wants_token(answer: requests.Response) -> bool:
    return answer.status_code == HTTPStatus.FORBIDDEN and "CSRF token" in answer.text


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
            # As Prefect's own client writes it; requests would encode as Latin-1.
            login = base64.b64encode(self._login.get_secret_value().encode()).decode()
            request.headers["Authorization"] = f"Basic {login}"
        elif self._key:
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
