"""Runs of the flows, through Prefect's REST API: started, found, watched, decided.

Needs no Prefect in the process, so that the command line starts quickly and runs on machines that only operate.
"""

import itertools
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal, cast

import requests
from pydantic import BaseModel, SecretStr
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util import Retry

from asmosis.azure.refusals import refusal
from asmosis.errors import ControlPlaneError, IllegalMove, ServerFault, Throttled, Unreachable, UsageError
from asmosis.parameters import AbortParameters, MigrateParameters, WaveParameters
from asmosis.units import Unit

DEFAULT_API = "http://127.0.0.1:4200/api"
FLOWS = ("migrate", "wave", "abort")
"""The flows whose runs belong to units; each has one deployment of its own name."""

_PAGE = 200  # the most flow runs that one answer holds
_ADDRESS = "Give it as http://HOST:PORT/api."
_TIMEOUT = (5.0, 60.0)  # seconds to connect, to answer
_PAUSES = (0.5, 0.5, 1.0, 1.0, 2.0)  # seconds between looks at a run; the last one repeats
_BUSY_PAUSES = (0.5, 1.0, 2.0, 4.0)  # seconds before a decision is sent again to a server that was busy
_FORM_NOT_THERE_YET = "Run input schema not found"  # a run suspends itself first and then brings its form
_ENDED = frozenset({"COMPLETED", "FAILED", "CANCELLED", "CRASHED"})
Decision = Literal["commit", "abort"]


@dataclass(frozen=True)
class Run:
    """A flow run as Prefect tells it; `type` is Prefect's kind of state, `state` its name, `since` is ISO 8601."""

    id: str
    name: str
    flow: str
    type: str
    state: str
    since: str
    message: str
    tags: tuple[str, ...]
    link: str
    created: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def subscription(self) -> str:
        """The subscription that the run works on; empty if its tags name none."""
        return self._tagged("subscription")

    @property
    def unit(self) -> str:
        """`KIND/NAME` of its unit; empty for a wave."""
        return self._tagged("unit")

    @property
    def wave(self) -> str:
        """The wave it belongs to, or is; empty for a unit on its own."""
        return self._tagged("wave")

    @property
    def waiting(self) -> bool:
        """Whether it waits for an approval, without a process; a wave that is suspended waits for its units."""
        return bool(self.unit) and self.suspended

    @property
    def suspended(self) -> bool:
        """Whether it has let go of its process until somebody or something resumes it."""
        return self.type == "PAUSED" and self.state == "Suspended"

    @property
    def ended(self) -> bool:
        """Whether it will not go on by itself or by an approval."""
        return self.type in _ENDED

    def _tagged(self, label: str) -> str:
        prefix = f"{label}:"
        return next((tag.removeprefix(prefix) for tag in self.tags if tag.startswith(prefix)), "")


class Runs:
    """A Prefect server's runs."""

    def __init__(self, api: str, *, login: SecretStr | None = None, key: SecretStr | None = None, ui: str = "") -> None:
        """Reach the server at `api` (its address ends in `/api`).

        Args:
            api: the REST API.
            login: `USER:PASSWORD` of a server behind basic authentication; goes before `key`.
            key: an API key.
            ui: where people look at runs, if it is not beside the API.
        """
        self.api = api.rstrip("/")
        self._ui = (ui or self.api.removesuffix("/api")).rstrip("/")
        self._flows: dict[str, str] = {}
        authorization = _Authorization(login, key)
        # Every call but a decision may be sent again: reads are reads, and a new run bears an idempotency key.
        self._repeatable = _session(authorization, again=2)
        self._once = _session(authorization, again=0)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Runs":
        """The server that Prefect's own variables name: PREFECT_API_URL, _API_AUTH_STRING, _API_KEY, _UI_URL."""
        login, key = environment.get("PREFECT_API_AUTH_STRING"), environment.get("PREFECT_API_KEY")
        return cls(
            environment.get("PREFECT_API_URL") or DEFAULT_API,
            login=SecretStr(login) if login else None,
            key=SecretStr(key) if key else None,
            ui=environment.get("PREFECT_UI_URL", ""),
        )

    def migrate(self, parameters: MigrateParameters, once: str = "") -> Run:
        """Start the migration of one unit; of several calls with the same `once`, only the first starts a run."""
        tags = _tags(parameters.id, parameters.wave)
        return self._start("migrate", "migration", parameters, parameters.id.short, tags, once)

    def wave(self, parameters: WaveParameters) -> Run:
        """Start a wave; it starts one run per unit."""
        tags = [f"subscription:{parameters.subscription.lower()}", f"wave:{parameters.name}"]
        return self._start("wave", "wave", parameters, parameters.name, tags)

    def abort(self, parameters: AbortParameters) -> Run:
        """Start bringing a prepared unit back to classic."""
        return self._start("abort", "request", parameters, parameters.id.short, _tags(parameters.id, ""))

    def read(self, run: Run) -> Run:
        """The run as it is now."""
        return self._run(self._call("GET", f"/flow_runs/{run.id}"))

    def find(self, subscription: str = "", wave: str = "", unit: str = "", *, waiting: bool = False) -> tuple[Run, ...]:
        """The runs of units and waves, newest first; names of units compare without case."""
        tags = [f"{label}:{value}" for label, value in (("subscription", subscription), ("wave", wave)) if value]
        wanted: dict[str, Any] = {"tags": {"all_": tags}} if tags else {}
        if waiting:
            wanted["state"] = {"name": {"any_": ["Suspended"]}}
        found: list[Run] = []
        for offset in itertools.count(0, _PAGE):
            query = {
                "flows": {"name": {"any_": list(FLOWS)}},
                "flow_runs": wanted,
                "sort": "EXPECTED_START_TIME_DESC",
                "limit": _PAGE,
                "offset": offset,
            }
            page = self._call("POST", "/flow_runs/filter", query)
            found.extend(self._run(document) for document in page)
            if len(page) < _PAGE:
                break
        wanted_unit = [run for run in found if not unit or run.unit.casefold() == unit.casefold()]
        # By creation: Prefect's own order moves a run to the front when it is resumed.
        return tuple(sorted(wanted_unit, key=lambda run: run.created, reverse=True))

    def resume(self, run: Run) -> None:
        """Let a suspended run that waits for no answer go on; one that no longer waits is left alone."""
        self._wake(run, "resume", {})

    def cancel(self, run: Run, why: str) -> None:
        """End a run that waits; nothing of it runs any more."""
        state = {"type": "CANCELLED", "name": "Cancelled", "message": why}
        self._wake(run, "set_state", {"state": state, "force": True})

    def decide(self, run: Run, decision: Decision, approver: str, reason: str) -> None:
        """Answer the form that a suspended run waits for, which lets it go on.

        Raises:
            IllegalMove: Prefect does not take the answer; the run no longer waits, or its form wants something else.
        """
        form = {"decision": decision, "approver": approver, "reason": reason}
        answer = self._wake(run, "resume", {"run_input": form})
        if answer and answer.get("status") != "ACCEPT":
            raise IllegalMove(run.unit, decision, _words(answer), "See asmosis status.")

    def watch(self, first: Run, sleep: Callable[[float], None] = time.sleep) -> Iterator[Run]:
        """Each change of a run, and of a wave's units, until nothing goes on without a person."""
        seen: dict[str, Run] = {}
        for pause in itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1])):
            run = self.read(first)
            units = self._units_of(run)
            for each in (run, *units):
                if seen.get(each.id) != each:
                    seen[each.id] = each
                    yield each
            # A suspended wave whose units have all ended is about to go on.
            asked = run.waiting or (run.suspended and any(unit.waiting for unit in units))
            if (run.ended or asked) and all(unit.ended or unit.waiting for unit in units):
                return
            sleep(pause)

    def _wake(self, run: Run, call: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send what ends a run's suspension; empty if a busy server had taken it after all."""
        for pause in (*_BUSY_PAUSES, 0.0):
            try:
                answer: dict[str, Any] = self._call("POST", f"/flow_runs/{run.id}/{call}", body, once=True)
            except (ServerFault, Throttled, Unreachable):
                if not pause:
                    raise
            else:
                if not pause or _words(answer) != _FORM_NOT_THERE_YET:
                    return answer
            # It may have got through all the same: ask before sending it again.
            time.sleep(pause)
            if not self.read(run).suspended:
                break
        return {}

    def _units_of(self, run: Run) -> tuple[Run, ...]:
        if run.unit:
            return ()
        return tuple(unit for unit in newest(self.find(run.subscription, run.wave)) if unit.unit)

    def _start(
        self, flow: str, parameter: str, parameters: BaseModel, subject: str, tags: list[str], once: str = ""
    ) -> Run:
        deployment = self._call("GET", f"/deployments/name/{flow}/{flow}")
        request = {
            "name": f"{flow} {subject}",
            "parameters": {parameter: parameters.model_dump(mode="json")},
            "tags": tags,
            "idempotency_key": once or str(uuid.uuid4()),
        }
        return self._run(self._call("POST", f"/deployments/{deployment['id']}/create_flow_run", request))

    def _run(self, document: Mapping[str, Any]) -> Run:
        state = document.get("state") or {}
        return Run(
            id=document["id"],
            name=document["name"],
            flow=self._flow(document["flow_id"]),
            type=state.get("type") or "",
            state=state.get("name") or "",
            since=state.get("timestamp") or "",
            message=state.get("message") or "",
            tags=tuple(document.get("tags") or ()),
            link=f"{self._ui}/runs/flow-run/{document['id']}",
            created=document.get("created") or "",
            parameters=document.get("parameters") or {},
        )

    def _flow(self, id: str) -> str:
        if id not in self._flows:
            self._flows[id] = self._call("GET", f"/flows/{id}")["name"]
        return self._flows[id]

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, once: bool = False) -> Any:
        session = self._once if once else self._repeatable
        try:
            answer = session.request(method, self.api + path, json=body, timeout=_TIMEOUT, allow_redirects=False)
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
            raise UsageError("PREFECT_API_URL", f"{self.api!r} is no address ({error})", _ADDRESS) from None
        except requests.exceptions.MissingSchema:
            raise UsageError("PREFECT_API_URL", f"{self.api!r} is no address", _ADDRESS) from None
        except requests.RequestException as error:
            raise Unreachable("Prefect", self.api, _innermost(error)) from None
        try:
            content = answer.json()
        except requests.JSONDecodeError:
            content = None
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            raise _refused(answer.status_code, path, content)
        if content is None:
            words = f"{self.api}{path} is not Prefect's API; PREFECT_API_URL usually ends in /api"
            raise ControlPlaneError("Prefect", answer.status_code, "NoJson", words)
        return content


def _words(answer: Mapping[str, Any]) -> str:
    """Why Prefect did not take a state."""
    return str((answer.get("details") or {}).get("reason") or answer.get("status")).rstrip(".")


def newest(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Of runs that are newest first, the first one of each unit and of each wave."""
    kept: dict[tuple[str, ...], Run] = {}
    for run in runs:
        kept.setdefault((run.subscription, run.unit.casefold(), "" if run.unit else run.wave), run)
    return tuple(kept.values())


def _tags(unit: Unit, wave: str) -> list[str]:
    tags = [f"subscription:{unit.subscription}", f"unit:{unit.short}"]
    return [*tags, f"wave:{wave}"] if wave else tags


def _session(authorization: AuthBase, again: int) -> requests.Session:
    session = requests.Session()
    session.auth = authorization
    retry = Retry(
        connect=2,
        read=again,
        status=again,
        other=0,
        status_forcelist=(429, 502, 503, 504),
        allowed_methods=None,
        backoff_factor=0.2,
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
