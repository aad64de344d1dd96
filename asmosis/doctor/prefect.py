"""Checks of the Prefect server: whether it answers, and whether everything is there that runs need."""

import ipaddress
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from asmosis.doctor.patient import Patient
from asmosis.doctor.planes import endpoint
from asmosis.doctor.table import OPERATIONS, Told, check, failed, ok, warning
from asmosis.errors import AsmosisError, NotFound
from asmosis.version import VERSION

POOL, POOL_TYPE = "asmosis", "asmosis"
FLOWS = ("assess", "plan", "migrate", "wave", "abort", "advance")
WAKER = "a unit's run ended or waits"
"""The automation that wakes waves."""
ALARMS = ("a unit waits", "a unit failed", "nobody decides", "a lock is old")
"""Automations that tell people, less their common beginning `asmosis: `."""

_SETUP = "python -m deployments.setup"
_BLOCK_TYPE = "azure-control-planes"
_LATE = timedelta(minutes=1)
_PLANNED = timedelta(minutes=2)  # within which the server's scheduler sees a new schedule
_PAGE = 200
_OLDER = "older than what is deployed"  # the words of a worker that gives a run back for that reason
_STARTING = 15.0  # seconds that a worker takes from its start to its first heartbeat, at most


@check("prefect", "server")
def server(patient: Patient) -> Told:
    """Somebody answers, and lets us in."""
    url = f"{patient.runs.api}/health"
    remedy = _or_up(patient, f"curl -sv -m 10 {url}  # PREFECT_API_URL names it")
    told = endpoint("Prefect", url, remedy, trust=patient.runs.trust)
    if not told.condition.bad:
        try:
            patient.runs.call("GET", "/admin/version")
        except AsmosisError as error:
            return failed(str(error), "export PREFECT_API_AUTH_STRING=USER:PASSWORD  # or PREFECT_API_KEY")
    return told


@check("prefect", "work pool")
def work_pool(patient: Patient) -> Told:
    """The pool is there, takes runs, and is of the kind that its workers are."""
    try:
        pool = patient.runs.call("GET", f"/work_pools/{POOL}")
    except NotFound:
        return failed(f"there is no work pool {POOL}", _SETUP)
    limit, taken = pool.get("concurrency_limit"), pool.get("active_slots")
    slots = "no limit" if limit is None else f"{taken if taken is not None else '?'} of {limit} slots taken"
    words = f"{POOL}, type {pool['type']}, {slots}"
    if pool.get("is_paused"):
        return failed(f"{words}; it is paused", f"prefect work-pool resume {POOL}")
    if limit == 0:
        return failed(words, f"prefect work-pool update {POOL} --concurrency-limit 30")
    if pool["type"] != POOL_TYPE:
        return warning(f"{words}; tested is {POOL_TYPE}", "deployments/README.md#one-worker-many-runs")
    return ok(words) if limit is not None else warning(words, f"prefect work-pool update {POOL} --concurrency-limit 30")


@check("prefect", "workers")
def workers(patient: Patient) -> Told:
    """At least one worker is alive."""
    until = time.monotonic() + min(_STARTING, patient.patience / 2)
    alive, gone = _workers(patient)
    while not alive and time.monotonic() < until:
        time.sleep(1)
        alive, gone = _workers(patient)
    words = ", ".join(f"{worker['name']} heard {_ago(worker['last_heartbeat_time'])}" for worker in alive)
    silent = ", ".join(f"{worker['name']} silent since {_ago(worker['last_heartbeat_time'])}" for worker in gone[:3])
    if not alive:
        start = _or_up(patient, f"prefect worker start --pool {POOL} --type {POOL_TYPE}")
        return failed(f"none is alive; {silent or 'none was ever seen'}", start)
    return ok(f"{len(alive)} alive: {words}{f'; {silent}' if silent else ''}")


@check("prefect", "worker version")
def worker_version(patient: Patient) -> Told:
    """Runs are executed by the code that their deployment was registered from, as far as runs since then tell."""
    since = max((_moment(each["updated"]) for each in _deployments(patient)), default=datetime.min.replace(tzinfo=UTC))
    started = _starts(patient)
    old: dict[str, str] = {}
    seen: set[str] = set()
    query = {
        "flows": {"name": {"any_": list(FLOWS)}},
        "flow_runs": {"start_time": {"after_": since.isoformat()}},
        "sort": "START_TIME_DESC",
        "limit": _PAGE,
    }
    for run in patient.runs.call("POST", "/flow_runs/filter", query):
        name = str((run.get("labels") or {}).get("prefect.worker.name", ""))
        if not name or name in seen or not run.get("flow_version"):
            continue
        if name in started and _moment(run["start_time"]) < started[name]:
            continue  # by a former life of the worker
        seen.add(name)
        if run["flow_version"] != run["deployment_version"]:
            old[name] = f"{name} executes {run['flow_version']}, registered is {run['deployment_version']}"
    refused = {"flow_runs": {"state": {"name": {"any_": ["AwaitingRetry"]}}}, "limit": _PAGE}
    for run in patient.runs.call("POST", "/flow_runs/filter", refused):
        if _OLDER in (message := str(run["state"].get("message") or "")):
            old["a refusing worker"] = f"{message.partition(').')[0]}), and gives runs back: {run['name']}"
    if old:
        restart = _or_up(patient, "Restart it (SIGTERM lets runs get to their next task)", "make down && make up")
        return failed("; ".join(old.values()), f"{restart}  # {OPERATIONS}#upgrades")
    return ok(
        f"as registered: {', '.join(sorted(seen))}" if seen else "nothing has run since the deployments were registered"
    )


@check("prefect", "runs")
def late_runs(patient: Patient) -> Told:
    """What is due gets started."""
    before = (datetime.now(UTC) - _LATE).isoformat()
    late = {"state": {"type": {"any_": ["SCHEDULED"]}}, "next_scheduled_start_time": {"before_": before}}
    count = int(patient.runs.call("POST", "/flow_runs/count", {"flow_runs": late}))
    if not count:
        going = {"state": {"type": {"any_": ["RUNNING", "PENDING"]}}}
        return ok(f"none is late, {patient.runs.call('POST', '/flow_runs/count', {'flow_runs': going})} go on")
    query = {"flow_runs": late, "sort": "NEXT_SCHEDULED_START_TIME_ASC", "limit": 1}
    oldest = patient.runs.call("POST", "/flow_runs/filter", query)[0]
    words = f"{count} late, the oldest due {_ago(oldest['next_scheduled_start_time'])}: {oldest['name']}"
    return warning(words, f"{OPERATIONS}#a-run-is-late")


@check("prefect", "deployments")
def deployments(patient: Patient) -> Told:
    """All flows are registered, from this very code."""
    found = {each["name"]: each for each in _deployments(patient)}
    if missing := [name for name in FLOWS if name not in found]:
        return failed(f"not registered: {', '.join(missing)}", _SETUP)
    if paused := [name for name in FLOWS if found[name].get("paused")]:
        return failed(f"paused: {', '.join(paused)}", f"prefect deployment schedule resume {paused[0]}/{paused[0]}")
    strayed = [name for name in FLOWS if found[name].get("work_pool_name") != POOL]
    if strayed:
        return failed(f"not in pool {POOL}: {', '.join(strayed)}", _SETUP)
    versions = {str(found[name].get("version")) for name in FLOWS}
    if versions != {VERSION}:
        return warning(f"registered from {', '.join(sorted(versions))}; this is {VERSION}", _SETUP)
    return ok(f"{len(FLOWS)}, of this version")


@check("prefect", "schedule")
def schedule(patient: Patient) -> Told:
    """Lost events are caught up with: `advance` has a schedule, and the server plans its runs."""
    found = next((each for each in _deployments(patient) if each["name"] == "advance"), None)
    active = [each for each in (found or {}).get("schedules", ()) if each.get("active")]
    if found is None or not active:
        return failed("advance has no active schedule; waves that lose an event would sleep on", _SETUP)
    query = {
        "deployments": {"id": {"any_": [found["id"]]}},
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
        "sort": "NEXT_SCHEDULED_START_TIME_ASC",
        "limit": 1,
    }
    planned = patient.runs.call("POST", "/flow_runs/filter", query)
    if not planned and datetime.now(UTC) - _moment(active[0]["updated"]) < _PLANNED:
        return ok("advance, about to be planned")
    if not planned:
        words = "advance has a schedule, but the server plans no run of it: its scheduler does not work"
        return failed(words, _or_up(patient, "Restart the server's services (prefect server services start)"))
    due = _moment(planned[0]["next_scheduled_start_time"])
    return ok(f"advance, next at {due:%H:%M}Z")


@check("prefect", "automations")
def automations(patient: Patient) -> Told:
    """Waves are woken, and somebody is told what people should know."""
    found = {each["name"]: each for each in patient.runs.call("POST", "/automations/filter", {"limit": _PAGE})}
    if WAKER not in found or not found[WAKER]["enabled"]:
        return failed("nothing wakes waves when a unit ends; they would wait for the schedule", _SETUP)
    alarms = {name: found.get(f"asmosis: {name}") for name in ALARMS}
    silent = [name for name, alarm in alarms.items() if not (alarm and alarm["enabled"])]
    if not silent:
        return ok(f"waves are woken, {len(ALARMS)} alarms")
    if len(silent) == len(ALARMS) and _is_local(patient):
        return ok("waves are woken; no alarms, as this server is on this machine (deployments/README.md#alarms)")
    return warning(f"waves are woken; nobody is told: {', '.join(silent)}", "python -m deployments.alarms")


@check("prefect", "limits")
def limits(patient: Patient) -> Told:
    """What bounds the subscription's prepares and writes lets something through."""
    subscription = patient.planes.subscription
    words, shut = [], []
    starts = (("prepares", "10 prepares at once"), ("ARM writes", "1200 ARM writes an hour"))
    for name, (what, start) in zip(limit_names(subscription), starts, strict=True):
        try:
            limit = patient.runs.call("GET", f"/v2/concurrency_limits/{name}")
        except NotFound:
            words.append(f"{start} (once a unit prepares)")
            continue
        words.append(f"{what} {limit['active_slots']} of {limit['limit']}{'' if limit['active'] else ' (not active)'}")
        if limit["limit"] <= 0:
            shut.append(name)
    if shut:
        return failed(", ".join(words), f"prefect gcl update {shut[0]} --limit 10")
    return ok(", ".join(words))


@check("prefect", "sign-in of flows")
def block(patient: Patient) -> Told:
    """The block that runs sign in with is there, and means the planes that this shell means."""
    path = f"/block_types/slug/{_BLOCK_TYPE}/block_documents/name/{patient.block}"
    try:
        data = patient.runs.call("GET", path)["data"]
    except NotFound:
        remedy = "deployments/README.md#signing-in; name it with --planes"
        return failed(f"there is no block {patient.block} of type Azure Control Planes", remedy)
    planes = patient.planes
    theirs = {name: str(data.get(name) or "").rstrip("/") for name in ("asm_url", "arm_url")}
    other = [url for name, url in theirs.items() if url and url != getattr(planes, name)]
    words = f"{patient.block} ({data.get('cloud')}, {data.get('sign_in')})"
    if other:
        return warning(f"{words} means {', '.join(dict.fromkeys(other))}; this shell does not", _exports(theirs))
    return ok(words)


def _workers(patient: Patient) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Those that are alive, and those that are not."""
    known = patient.runs.call("POST", f"/work_pools/{POOL}/workers/filter", {})
    alive = [worker for worker in known if worker["status"] == "ONLINE"]
    return alive, [worker for worker in known if worker not in alive]


def limit_names(subscription: str) -> tuple[str, str]:
    """The global concurrency limits of a subscription: prepares at one time, ARM writes."""
    return f"asmosis-prepare-{subscription}", f"asmosis-arm-writes-{subscription}"


def _exports(urls: dict[str, str]) -> str:
    return "export " + " ".join(f"ASMOSIS_{name.upper()}={url}" for name, url in urls.items() if url)


def _deployments(patient: Patient) -> list[dict[str, Any]]:
    query = {"flows": {"name": {"any_": list(FLOWS)}}, "limit": _PAGE}
    return [each for each in patient.runs.call("POST", "/deployments/filter", query) if each["name"] in FLOWS]


def _starts(patient: Patient) -> dict[str, datetime]:
    """When each worker was started last, as far back as the server keeps events."""
    query = {"filter": {"event": {"name": ["prefect.worker.started"]}, "order": "DESC"}, "limit": 50}
    found: dict[str, datetime] = {}
    for event in patient.runs.call("POST", "/events/filter", query)["events"]:
        found.setdefault(event["resource"].get("prefect.resource.name", ""), _moment(event["occurred"]))
    return found


def _moment(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


def _ago(stamp: str) -> str:
    seconds = (datetime.now(UTC) - _moment(stamp)).total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{max(0.0, seconds):.0f} s ago"


def _is_local(patient: Patient) -> bool:
    host = urlsplit(patient.runs.api).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _or_up(patient: Patient, remedy: str, local: str = "make up") -> str:
    """The remedy, or for the copy on this machine what starts it."""
    return local if _is_local(patient) else remedy
