"""Which units can migrate, what exactly blocks the others, and what it will cost: rules over an estate, no lock."""

from collections.abc import Iterable
from itertools import islice

from asmosis import collector
from asmosis.classic.estate import Estate
from asmosis.collect import collect
from asmosis.errors import UsageError
from asmosis.facts import Facts
from asmosis.readiness.index import NO_FACTS
from asmosis.readiness.remarks import Remarks, hits
from asmosis.readiness.rule import PLATFORM_2023, PROFILES, Finding, Hit, Rule, Severity, Unjudged
from asmosis.readiness.rules import (
    compute,
    compute_addresses,
    compute_attachments,
    compute_disks,
    compute_extensions,
    compute_machines,
    destination,
    groups,
    limits,
    locks,
    network,
    network_addresses,
    network_neighbours,
    network_transit,
    quotas,
    references,
    storage,
    subscription,
    subscription_access,
)
from asmosis.readiness.subjects import Placed, Service, subjects
from asmosis.units import Destination, Unit

__all__ = [
    "PROFILES",
    "RULES",
    "Finding",
    "Remarks",
    "Rule",
    "Severity",
    "Unjudged",
    "assess",
    "remarks_by",
    "unjudged",
]

RULES: dict[str, Rule] = collect(
    Rule,
    lambda rule: rule.id,
    compute,
    compute_addresses,
    compute_attachments,
    compute_disks,
    compute_extensions,
    compute_machines,
    destination,
    groups,
    limits,
    locks,
    network,
    network_addresses,
    network_neighbours,
    network_transit,
    quotas,
    references,
    storage,
    subscription,
    subscription_access,
)
"""Every rule by id, in the order of ids."""

_GRAVEST_FIRST = tuple(Severity)
_TOGETHER = 64  # subjects that a rule judges one after the other; to change the rule at each takes a tenth longer


def assess(
    estate: Estate,
    profile: str = PLATFORM_2023,
    units: Iterable[Unit] | None = None,
    *,
    facts: Facts = NO_FACTS,
    destination: Destination | None = None,
    remarks: Remarks | None = None,
) -> tuple[Finding, ...]:
    """What the rules of a profile find, unit by unit (the subscription first), gravest first, then by rule.

    Args:
        estate: is only read; the work grows with its size, not faster.
        profile: a key of PROFILES.
        units: judge only these, in this order; a network or storage account that is not there is a finding.
        facts: what the documents do not tell; rules that miss a part of them are left out (`unjudged`).
        destination: the ARM network that services outside any network are to go to; a new one if none is said.
        remarks: what rules of the same profile said already (`remarks_by`), while the documents were read.

    Raises:
        UsageError: there is no such profile.
        UnknownUnit: a wanted unit of another kind is not in the estate.
    """
    remarks = remarks or remarks_by(profile)
    by_subject: dict[type, list[Rule]] = {}
    for rule in _rules_of(profile):
        for subject_type in () if _missing(rule, facts) else rule.over:
            by_subject.setdefault(subject_type, []).append(rule)
    by_place: dict[str, list[Finding]] = {}
    with collector.paused():
        waiting = subjects(estate, units, facts, destination)
        while batch := tuple(islice(waiting, _TOGETHER)):
            alike: dict[type, list[Placed]] = {}
            for subject in batch:
                by_place.setdefault(subject.place, [])
                alike.setdefault(type(subject), []).append(subject)
            services = [subject for subject in batch if isinstance(subject, Service)]
            for subject, said in zip(services, remarks.on(each.service for each in services), strict=True):
                by_place[subject.place] += [_finding(rule, profile, subject.place, hit) for rule, hit in said]
            for subject_type, judged in alike.items():
                for rule in by_subject.get(subject_type, ()):
                    for subject, hit in hits(rule, judged):
                        by_place[subject.place].append(_finding(rule, profile, subject.place, hit))
    return tuple(finding for found in by_place.values() for finding in sorted(found, key=_gravity))


def remarks_by(profile: str) -> Remarks:
    """What the rules of a profile say of deployments and machines by themselves; nobody has been asked yet.

    Raises:
        UsageError: there is no such profile.
    """
    return Remarks(_rules_of(profile))


def unjudged(facts: Facts, profile: str = PLATFORM_2023) -> tuple[Unjudged, ...]:
    """The rules of a profile that `assess` leaves out for want of facts.

    Raises:
        UsageError: there is no such profile.
    """
    missed = ((rule, _missing(rule, facts)) for rule in _rules_of(profile))
    return tuple(Unjudged(rule.id, rule.title, missing) for rule, missing in missed if missing)


def _rules_of(profile: str) -> list[Rule]:
    if profile not in PROFILES:
        raise UsageError(f"profile {profile!r}", "there is no such profile", f"Profiles: {', '.join(PROFILES)}.")
    return [rule for rule in RULES.values() if profile in rule.severities]


def _missing(rule: Rule, facts: Facts) -> tuple[str, ...]:
    return tuple(need for need in rule.needs if not facts.tells(need))


def _finding(rule: Rule, profile: str, place: str, hit: Hit | str) -> Finding:
    if isinstance(hit, str):
        return Finding(
            rule=rule.id,
            severity=Severity.BLOCKER,
            unit=place,
            resource=place,
            message=f"The rule {rule.id} could not judge this: {hit}",
            remedy="Report this as a fault of asmosis, and judge the unit by hand.",
            noticed="never",
            evidence=f"{rule.judge.__module__}.{rule.judge.__qualname__}",
        )
    return Finding(
        rule=rule.id,
        severity=rule.severities[profile],
        unit=place,
        resource=hit.resource,
        message=hit.message,
        remedy=rule.remedy,
        noticed=rule.noticed,
        evidence=hit.evidence,
    )


def _gravity(finding: Finding) -> tuple[int, str]:
    return _GRAVEST_FIRST.index(finding.severity), finding.rule
