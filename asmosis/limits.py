"""Prefect's global concurrency limits, as far as subscriptions are bounded by them."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from asmosis.errors import Conflict, ControlPlaneError, NotFound
from asmosis.prefect_rest import PrefectServer
from asmosis.runs import AWAITING_SLOT

_SOON = timedelta(minutes=1)
_FORGOTTEN = timedelta(minutes=3)  # without a slot taken or given back; a lease is good for one, unless it is renewed
_AT_WORK = ["RUNNING", "CANCELLING"]


def limit(server: PrefectServer, name: str, wanted: int, start: int, *, decays: bool = False) -> int:
    """How much a global concurrency limit allows, made with `start` if it is new, set to `wanted` unless that is 0.

    What is taken of one that `decays` comes back within an hour; of the others, when it is given back.
    """
    path = f"/v2/concurrency_limits/{name}"
    try:
        there = int(server.call("GET", path)["limit"])
    except NotFound:
        there = wanted or start
        try:
            server.call("POST", "/v2/concurrency_limits/", {"name": name, **_limit(there, decays=decays)})
        except Conflict:  # another run was faster
            return limit(server, name, wanted, start, decays=decays)
    if wanted and there != wanted:
        server.call("PATCH", path, _limit(wanted, decays=decays))
    return wanted or there


def free(server: PrefectServer, name: str) -> bool:
    """Whether a limit has a slot left; one that nobody made has none taken."""
    try:
        limit = server.call("GET", f"/v2/concurrency_limits/{name}")
    except NotFound:
        return True
    return bool(limit["active_slots"] < limit["limit"])


def reclaim(server: PrefectServer, name: str, subscription: str) -> bool:
    """Take back the slots of a limit that nobody holds, as the server has lost their leases; whether there were some.

    A server that is restarted may forget leases, one whose lease storage is away counts slots that it makes no lease
    for, and then nobody gives them back. Whoever holds one is a run of the subscription that is at work, and whoever
    asks for this is another.
    """
    path = f"/v2/concurrency_limits/{name}"
    try:
        there = server.call("GET", path)
    except NotFound:  # nobody has taken any
        return False
    if not there["active_slots"]:
        return False
    at_work = {"tags": {"all_": [f"subscription:{subscription}"]}, "state": {"type": {"any_": _AT_WORK}}}
    others = max(0, int(server.call("POST", "/flow_runs/count", {"flow_runs": at_work})) - 1)
    # What others have just taken or given back may not be what was counted.
    settled = not others or server.now() - datetime.fromisoformat(there["updated"]) >= _FORGOTTEN
    if others >= there["active_slots"] or not settled:
        return False
    server.call("PATCH", path, {"active_slots": others})
    return True


def awaiting_slot(server: PrefectServer, subscription: str) -> int:
    """How many runs of a subscription wait until they may prepare."""
    query = {"tags": {"all_": [f"subscription:{subscription}"]}, "state": {"name": {"any_": [AWAITING_SLOT]}}}
    return int(server.call("POST", "/flow_runs/count", {"flow_runs": query}))


def spend(server: PrefectServer, name: str, slots: int) -> bool:
    """Take slots of a limit that decays; whether there were as many.

    Raises:
        NotFound: there is no such limit.
    """
    spent = _increment(server, "increment", name, {"slots": slots, "mode": "rate_limit"})
    if not spent:
        _begin_anew_after_a_clock_was_set_back(server, name)
    return bool(spent)


def acquire(server: PrefectServer, name: str, seconds: float) -> str:
    """Take a slot for some seconds; answers the id of its lease, empty if none is free.

    Raises:
        NotFound: there is no such limit.
    """
    wanted = {"slots": 1, "mode": "concurrency", "lease_duration": seconds}
    answer = _increment(server, "increment-with-lease", name, wanted)
    return str(answer["lease_id"]) if answer else ""


def renew(server: PrefectServer, lease: str, seconds: float) -> None:
    """Keep what a lease holds for some seconds from now on."""
    server.call("POST", f"/v2/concurrency_limits/leases/{lease}/renew", {"lease_duration": seconds})


def release(server: PrefectServer, lease: str) -> None:
    """Give back what a lease holds."""
    server.call("POST", "/v2/concurrency_limits/decrement-with-lease", {"lease_id": lease})


def _begin_anew_after_a_clock_was_set_back(server: PrefectServer, name: str) -> None:
    """What was taken at a time that is still to come does not come back before: count from nothing again."""
    path = f"/v2/concurrency_limits/{name}"
    if datetime.fromisoformat(server.call("GET", path)["updated"]) > server.now() + _SOON:
        server.call("PATCH", path, {"active_slots": 0})


def _increment(server: PrefectServer, how: str, name: str, wanted: dict[str, Any]) -> Any:
    """The server's answer; none if the limit has not as much to give."""
    try:
        answer = server.call("POST", f"/v2/concurrency_limits/{how}", {"names": [name], **wanted}, once=True)
    except ControlPlaneError as refused:
        if refused.status != HTTPStatus.LOCKED:
            raise
        return None
    # Limits that nobody has made are passed over.
    if not (answer["limits"] if isinstance(answer, dict) else answer):
        raise NotFound("Prefect", HTTPStatus.NOT_FOUND, "NotFound", f"there is no concurrency limit {name}")
    return answer


def _limit(most: int, *, decays: bool) -> dict[str, Any]:
    return {"limit": most, "active": True, "slot_decay_per_second": most / 3600 if decays else 0}
