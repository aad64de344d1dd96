"""Which units can migrate, what exactly blocks the others, and what it will cost: rules over an estate, no lock."""

from collections.abc import Iterable, Mapping
from itertools import islice
from operator import attrgetter

from asmosis import collector
from asmosis.classic.estate import Estate
from asmosis.collect import collect
from asmosis.errors import UsageError
from asmosis.facts import Facts
from asmosis.readiness.index import NO_FACTS
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
from asmosis.readiness.subjects import InUnit, Subscription, subjects
from asmosis.units import Destination, Unit

__all__ = ["PROFILES", "RULES", "Finding", "Rule", "Severity", "Unjudged", "assess", "unjudged"]

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
) -> tuple[Finding, ...]:
    """What the rules of a profile find, unit by unit (the subscription first), gravest first, then by rule.

    Args:
        estate: is only read; the work grows with its size, not faster.
        profile: a key of PROFILES.
        units: judge only these, in this order; a network or storage account that is not there is a finding.
        facts: what the documents do not tell; rules that miss a part of them are left out (`unjudged`).
        destination: the ARM network that services outside any network are to go to; a new one if none is said.

    Raises:
        UsageError: there is no such profile.
        UnknownUnit: a wanted unit of another kind is not in the estate.
    """
    by_subject: dict[type, list[Rule]] = {}
    for rule in _rules_of(profile):
        for subject_type in () if _missing(rule, facts) else rule.over:
            by_subject.setdefault(subject_type, []).append(rule)
    by_place: dict[str, list[Finding]] = {}
    with collector.paused():
        waiting = subjects(estate, units, facts, destination)
        while batch := tuple(islice(waiting, _TOGETHER)):
            alike: dict[type, list[Subscription | InUnit]] = {}
            for subject in batch:
                by_place.setdefault(subject.place, [])
                alike.setdefault(type(subject), []).append(subject)
            for subject_type, judged in alike.items():
                for rule in by_subject.get(subject_type, ()):
                    _judge(rule, rule.severities[profile], judged, by_place)
    return tuple(finding for found in by_place.values() for finding in sorted(found, key=_gravity))


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


def _judge(
    rule: Rule, severity: Severity, subjects: Iterable[Subscription | InUnit], by_place: Mapping[str, list[Finding]]
) -> None:
    judge = rule.judge
    for subject in filter(attrgetter(rule.given), subjects) if rule.given else subjects:
        try:
            for hit in judge(subject):
                by_place[subject.place].append(_finding(rule, severity, subject, hit))
        except Exception as error:  # noqa: BLE001 -- a rule that breaks must not hide what the others find
            by_place[subject.place].append(_fault(rule, subject, error))


def _finding(rule: Rule, severity: Severity, subject: Subscription | InUnit, hit: Hit) -> Finding:
    return Finding(
        rule=rule.id,
        severity=severity,
        unit=subject.place,
        resource=hit.resource,
        message=hit.message,
        remedy=rule.remedy,
        noticed=rule.noticed,
        evidence=hit.evidence,
    )


def _fault(rule: Rule, subject: Subscription | InUnit, error: Exception) -> Finding:
    return Finding(
        rule=rule.id,
        severity=Severity.BLOCKER,
        unit=subject.place,
        resource=subject.place,
        message=f"The rule {rule.id} could not judge this: {type(error).__name__}: {error}",
        remedy="Report this as a fault of asmosis, and judge the unit by hand.",
        noticed="never",
        evidence=f"{rule.judge.__module__}.{rule.judge.__qualname__}",
    )


def _gravity(finding: Finding) -> tuple[int, str]:
    return _GRAVEST_FIRST.index(finding.severity), finding.rule
