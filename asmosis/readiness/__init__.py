"""Which units can migrate, what exactly blocks the others, and what it will cost: rules over an estate, no lock."""

from collections.abc import Iterable, Iterator

from asmosis.classic.estate import Estate
from asmosis.collect import collect
from asmosis.errors import UsageError
from asmosis.readiness.rule import PLATFORM_2023, PROFILES, Finding, Rule, Severity
from asmosis.readiness.rules import (
    compute,
    compute_addresses,
    compute_extensions,
    compute_machines,
    network,
    network_addresses,
    storage,
    subscription,
)
from asmosis.readiness.subjects import InUnit, Subscription, subjects
from asmosis.units import Unit

__all__ = ["PROFILES", "RULES", "Finding", "Rule", "Severity", "assess"]

RULES: dict[str, Rule] = collect(
    Rule,
    lambda rule: rule.id,
    compute,
    compute_addresses,
    compute_extensions,
    compute_machines,
    network,
    network_addresses,
    storage,
    subscription,
)
"""Every rule by id, in the order of ids."""

_GRAVEST_FIRST = tuple(Severity)


def assess(estate: Estate, profile: str = PLATFORM_2023, units: Iterable[Unit] | None = None) -> tuple[Finding, ...]:
    """What the rules of a profile find, unit by unit (the subscription first), gravest first, then by rule.

    Args:
        estate: is only read; the work grows with its size, not faster.
        profile: a key of PROFILES.
        units: judge only these, in this order; a network or storage account that is not there is a finding.

    Raises:
        UsageError: there is no such profile.
        UnknownUnit: a wanted unit of another kind is not in the estate.
    """
    if profile not in PROFILES:
        raise UsageError(f"profile {profile!r}", "there is no such profile", f"Profiles: {', '.join(PROFILES)}.")
    by_subject: dict[type, list[tuple[Rule, Severity]]] = {}
    for rule in RULES.values():
        for subject_type in rule.over if profile in rule.severities else ():
            by_subject.setdefault(subject_type, []).append((rule, rule.severities[profile]))
    by_place: dict[str, list[Finding]] = {}
    for subject in subjects(estate, units):
        found = by_place.setdefault(subject.place, [])
        for rule, severity in by_subject.get(type(subject), ()):
            found.extend(_judge(rule, severity, subject))
    return tuple(finding for found in by_place.values() for finding in sorted(found, key=_gravity))


def _judge(rule: Rule, severity: Severity, subject: Subscription | InUnit) -> Iterator[Finding]:
    try:
        for hit in rule.judge(subject):
            yield Finding(
                rule=rule.id,
                severity=severity,
                unit=subject.place,
                resource=hit.resource,
                message=hit.message,
                remedy=rule.remedy,
                noticed=rule.noticed,
                evidence=hit.evidence,
            )
    except Exception as error:  # noqa: BLE001 -- a rule that breaks must not hide what the others find
        yield Finding(
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
