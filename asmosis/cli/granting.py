"""The verb `access`: roles on classic resources, planned and given anew."""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, Literal

from asmosis.aftermath import AccessPlan, Grant
from asmosis.aftermath.access import as_az, joined
from asmosis.aftermath.granting import Granted, apply
from asmosis.cli.moved import Asked, Moved, moved
from asmosis.cli.output import DONE, NO, say, write_json, write_line, write_table
from asmosis.errors import UsageError

Format = Literal["table", "json", "az"]


def plan(asked: Asked, format: Format) -> int:
    """Print which roles to give; `NO` if nobody told which there are."""
    _, planned = _planned(asked)
    if format == "az":
        sys.stdout.write(as_az(planned))
    elif format == "json":
        write_json({"grants": [_grant(grant) for grant in planned.grants], "kept": _kept(planned)})
    else:
        rows = [(grant.role, grant.principal, grant.scope, grant.certainty, grant.why) for grant in planned.grants]
        if rows:
            write_table(("Role", "Principal", "On", "Known", "Because"), rows)
        for kept in planned.kept:
            write_line(f"left: {kept.role} of {kept.principal} on {kept.scope}: {kept.why}")
        write_line(f"{len(planned.grants)} roles to give, {len(planned.kept)} left as they are.")
    return DONE


def give(asked: Asked, *, yes: bool, as_json: bool) -> int:
    """Give the roles that are not there yet, once somebody agrees; `NO` if one was refused."""
    if not yes and not sys.stdin.isatty():
        raise UsageError("access apply", "nobody is there to agree", "Look at asmosis access plan, then give --yes.")
    found, planned = _planned(replace(asked, found=True))
    if not planned.grants:
        say("There is no role to give.")
    if found.planes is None:
        raise UsageError("access apply", "no plane is named", "Give --subscription.")
    results: list[Granted] = []
    with found.planes.arm() as arm:
        for result in apply(planned, arm, lambda open_ones: yes or _agreed(open_ones, found)) if planned.grants else ():
            grant = result.grant
            why = f": {result.why}" if result.why else ""
            say(f"{result.outcome}: {grant.role} of {grant.principal} on {grant.scope}{why}")
            results.append(result)
    counts = Counter(each.outcome for each in results)
    if counts["declined"]:
        say("Nothing was changed.")
    if as_json:
        told = [_grant(each.grant) | {"outcome": each.outcome, "refusal": each.why} for each in results]
        write_json({"grants": told, "kept": _kept(planned)})
    else:
        write_line(f"{counts['given']} given, {counts['there']} there before, {counts['refused']} refused.")
    return NO if counts["refused"] or counts["declined"] else DONE


def _planned(asked: Asked) -> tuple[Moved, AccessPlan]:
    found = moved(asked)
    plans = [each.access for each in found.units if each.access is not None]
    if len(plans) < len(found.units):
        why = found.unknown.get("role_assignments", "the documents do not say")
        remedy = "Give --facts FILE with role_assignments, or an archive that asmosis snapshot made."
        raise UsageError("access", f"nobody told which roles there are ({why})", remedy)
    return found, joined(plans)


def _agreed(grants: Sequence[Grant], found: Moved) -> bool:
    for grant in grants:
        say(f"{grant.role} for {grant.principal} on {grant.scope} ({grant.why})")
    say(f"Type yes to give these {len(grants)} roles in subscription {found.estate.subscription}:")
    return sys.stdin.readline().strip() == "yes"


def _grant(grant: Grant) -> dict[str, Any]:
    return asdict(grant) | {"az": grant.az}


def _kept(planned: AccessPlan) -> list[dict[str, Any]]:
    return [asdict(kept) for kept in planned.kept]
