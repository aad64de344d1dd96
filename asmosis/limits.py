"""Prefect's global concurrency limits, as far as subscriptions are bounded by them."""

from http import HTTPStatus
from typing import Any

from asmosis.errors import Conflict, ControlPlaneError, NotFound
from asmosis.prefect_rest import PrefectServer
from asmosis.runs import AWAITING_SLOT


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


def awaiting_slot(server: PrefectServer, subscription: str) -> int:
    """How many runs of a subscription wait until they may prepare."""
    query = {"tags": {"all_": [f"subscription:{subscription}"]}, "state": {"name": {"any_": [AWAITING_SLOT]}}}
    return int(server.call("POST", "/flow_runs/count", {"flow_runs": query}))


def spend(server: PrefectServer, name: str, slots: int) -> bool:
    """Take slots of a limit that decays; whether there were as many."""
    body = {"names": [name], "slots": slots, "mode": "rate_limit"}
    try:
        server.call("POST", "/v2/concurrency_limits/increment", body, once=True)
    except ControlPlaneError as refused:
        if refused.status != HTTPStatus.LOCKED:
            raise
        return False
    return True


def _limit(most: int, *, decays: bool) -> dict[str, Any]:
    return {"limit": most, "active": True, "slot_decay_per_second": most / 3600 if decays else 0}
