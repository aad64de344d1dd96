"""What it means to migrate a unit: its size, its time, its risk, and what stops it."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from asmosis.classic.estate import Estate, key
from asmosis.planning.links import Link
from asmosis.planning.plan import Plan, Risk, same
from asmosis.planning.survey import Survey, destinations_of
from asmosis.readiness import Finding, Severity
from asmosis.readiness.demand import demand
from asmosis.readiness.estimates import estimate
from asmosis.readiness.index import Index
from asmosis.translate import promise
from asmosis.units import Destination, Unit

_NEW_NETWORK = Destination()


@dataclass(frozen=True)
class Weight:
    """A unit as the planner sees it.

    `minutes` are from validate to commit, without the wait for an approval: the middle of their `spread`. `blockers`
    are messages, `owner` is empty if nobody is.
    """

    unit: Unit
    machines: int = 0
    cores: int = 0
    endpoints: int = 0
    writes: int = 0
    restarts: int = 0
    warnings: int = 0
    losses: int = 0
    minutes: float = 0
    spread: tuple[float, float] = (0, 0)
    risk: float = 0
    express_route: bool = False
    production: bool = False
    owner: str = ""
    excluded_by: str = ""
    blockers: tuple[str, ...] = ()

    @property
    def turn(self) -> int:
        """ExpressRoute first, then what is no production, then production."""
        return 0 if self.express_route else 2 if self.production else 1

    @property
    def told(self) -> str:
        """What a person should know of it, in a few words."""
        parts = [counted(self.machines, "machine"), counted(self.cores, "core")] if self.machines else []
        parts += [f"risk {self.risk:g}"] if self.risk else []
        parts += [f"restarts {self.restarts}"] if self.restarts else []
        parts += ["ExpressRoute"] if self.express_route else []
        parts += ["production"] if self.production else []
        parts += [self.owner] if self.owner else []
        parts += ["blocked"] if self.blockers else []
        return ", ".join(parts)


def counted(number: int, what: str) -> str:
    """`1 machine`, `2 machines`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def weigh(surveys: Sequence[Survey], plan: Plan, links: Iterable[Link] = ()) -> dict[Unit, Weight]:
    """Every unit of the surveyed subscriptions, in the platform's order; blockers that `links` mend are none."""
    mended: defaultdict[Unit, set[str]] = defaultdict(set)
    for link in links:
        mended[link.then].add(link.mends)
    destinations = destinations_of(plan)
    return {weight.unit: weight for survey in surveys for weight in _weights(survey, plan, destinations, mended)}


def _weights(
    survey: Survey, plan: Plan, destinations: Mapping[Unit, Destination], mended: Mapping[Unit, Collection[str]]
) -> Iterator[Weight]:
    index = Index(survey.estate, survey.facts)
    by_unit: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in survey.findings:
        by_unit[finding.unit.casefold()].append(finding)
    for unit in survey.estate.units:
        destination = destinations.get(same(unit), _NEW_NETWORK)
        needed = demand(survey.estate, unit, index, destination)
        services = survey.estate.services_of(unit)
        roles = [role for service in services for deployment in service.deployments for role in deployment.roles]
        expected = estimate(survey.estate, unit, survey.facts.history or ())
        findings = by_unit[unit.short.casefold()]
        count = Counter(finding.severity for finding in findings)
        words = list(_words(survey.estate, index, unit))
        sizes = {
            "machines": needed.machines,
            "cores": needed.cores,
            "endpoints": sum(len(role.network.input_endpoints) for role in roles),
            "restarts": needed.machines if unit.kind == "hostedService" else 0,
            "warnings": count[Severity.WARNING],
            "losses": len(promise(survey.estate, unit, destination).losses),
        }
        yield Weight(
            unit,
            **sizes,
            writes=needed.writes,
            minutes=(expected.low + expected.high) / 120,
            spread=(expected.low / 60, expected.high / 60),
            risk=_risk(plan.rules.risk, **sizes),
            express_route=_on_express_route(index, unit),
            production=bool(_first_match(plan.rules.production, words)),
            owner=next((who for pattern, who in plan.rules.owners.items() if _first_match((pattern,), words)), ""),
            excluded_by=_first_match(plan.rules.exclude, words),
            blockers=tuple(
                dict.fromkeys(
                    finding.message
                    for finding in findings
                    if finding.blocks and finding.rule not in mended.get(unit, ())
                )
            ),
        )


def _risk(
    points: Risk, *, machines: int, cores: int, endpoints: int, restarts: int, warnings: int, losses: int
) -> float:
    return (
        points.machine * machines
        + points.core * cores
        + points.endpoint * endpoints
        + points.restart * restarts
        + points.warning * warnings
        + points.loss * losses
    )


def _on_express_route(index: Index, unit: Unit) -> bool:
    if unit.kind != "virtualNetwork":
        return False
    gateway, site = index.gateways.get(key(unit.name)), index.networks.get(key(unit.name))
    sites = site.gateway.sites if site and site.gateway else ()
    circuits = index.facts.circuits or ()
    if any(key(name) == key(unit.name) for circuit in circuits for name in circuit.networks):
        return True
    return "dedicated" in ((gateway.type if gateway else "") or "").lower() or any(
        "Dedicated" in site.connection_types for site in sites
    )


def _words(estate: Estate, index: Index, unit: Unit) -> Iterator[str]:
    """What patterns may match: names, labels and properties of the unit and its cloud services."""
    yield unit.name
    yield unit.short
    account = index.accounts.get(key(unit.name)) if unit.kind == "storageAccount" else None
    for resource in (*estate.services_of(unit), *((account,) if account else ())):
        yield resource.name or ""
        yield resource.label or ""
        yield from (f"{item.name}={item.value}" for item in resource.extended_properties)


def _first_match(patterns: Iterable[str], words: Iterable[str]) -> str:
    """The first pattern that a word matches; empty if none does."""
    folded = [word.casefold() for word in words]
    return next((each for each in patterns if any(fnmatchcase(word, each.casefold()) for word in folded)), "")
