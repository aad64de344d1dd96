"""What a plan is made from: a subscription, what is known beside it, and what the rules find in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from asmosis.classic.estate import Estate
from asmosis.facts import Facts
from asmosis.planning.plan import Plan, same
from asmosis.readiness import Finding, assess
from asmosis.readiness.index import NO_FACTS
from asmosis.units import Destination, Unit


@dataclass(frozen=True)
class Survey:
    """A subscription and what is known about it."""

    estate: Estate
    findings: Sequence[Finding] = ()
    facts: Facts = NO_FACTS


def survey(estate: Estate, plan: Plan, facts: Facts = NO_FACTS) -> Survey:
    """Judge a subscription by the rules of the plan, each unit with the destination that the plan has for it."""
    chosen = {unit: there for unit in estate.units if (there := destinations_of(plan).get(same(unit)))}
    findings = list(assess(estate, plan.profile, facts=facts))
    if chosen:
        names = {unit.short.casefold() for unit in chosen}
        findings = [finding for finding in findings if finding.unit.casefold() not in names]
    for unit, destination in chosen.items():
        findings += assess(estate, plan.profile, [unit], facts=facts, destination=destination)
    return Survey(estate, findings, facts)


def destinations_of(plan: Plan) -> dict[Unit, Destination]:
    """The networks that cloud services go to, by `same`."""
    return {plan.identity(text): there for text, there in plan.rules.destinations.items()}
