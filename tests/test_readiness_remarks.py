"""What is judged while documents are read: as it would be afterwards, once, and of exactly the services that stand."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from asmosis import readiness
from asmosis.classic.documents import Document
from asmosis.classic.estate import Estate
from asmosis.readiness import PROFILES, RULES, assess, remarks_by
from asmosis.readiness.remarks import BY_THEMSELVES
from asmosis.readiness.rule import SEED_2016
from tests.rule_cases import CASES, SUBSCRIPTION, destination_of, estate_of, facts_of, units_of

MANY = 40  # more cloud services than are judged together
ALONE = {rule.id for rule in RULES.values() if set(rule.over) & set(BY_THEMSELVES)}


def documents_of(estate: Estate) -> list[Document]:
    return [Document(f"{service.name}.xml", "HostedService", (service,), ()) for service in estate.hosted_services]


@pytest.fixture
def troubled() -> Estate:
    """Many cloud services with a machine each, of which every fifth has no disk to boot from."""
    diskless = {"machines": [{"role": {"os_disk": None}}]}
    services = [{"name": f"svc{number}", **(diskless if number % 5 == 0 else {})} for number in range(MANY)]
    return estate_of({"estate": {"services": services}})


@pytest.mark.parametrize("profile", PROFILES)
def test_judging_while_documents_are_read_finds_what_judging_afterwards_does(profile: str) -> None:
    heard = set()
    for case in (case for kinds in CASES.values() for cases in kinds.values() for case in cases):
        estate, units, remarks = estate_of(case), units_of(case), remarks_by(profile)
        assert len(list(remarks.heard(documents_of(estate)))) == len(estate.hosted_services)
        facts, joins = facts_of(case), destination_of(case)
        found = assess(estate, profile, units, facts=facts, destination=joins, remarks=remarks)
        assert found == assess(estate, profile, units, facts=facts, destination=joins), case["when"]
        heard |= {finding.rule for finding in found} & ALONE
    assert heard == {rule for rule in ALONE if profile in RULES[rule].severities}


def test_nobody_is_asked_twice(troubled: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counting(machine: Any) -> Iterator[Any]:
        asked.append(machine.name)
        return iter(())

    rule = replace(RULES["vm-multi-subnet"], judge=counting)
    monkeypatch.setattr(readiness, "RULES", {**RULES, rule.id: rule})
    remarks = remarks_by(SEED_2016)
    estate = Estate.of_documents(SUBSCRIPTION, remarks.heard(documents_of(troubled)))
    early = len(asked)
    assess(estate, SEED_2016, remarks=remarks)
    assert 0 < early < len(asked) == len(set(asked)) == MANY


def test_a_service_that_a_later_document_replaces_leaves_no_finding(troubled: Estate) -> None:
    mended = Estate(
        SUBSCRIPTION, tuple(msgspec.structs.replace(service, deployments=()) for service in troubled.hosted_services)
    )
    for profile in PROFILES:
        remarks = remarks_by(profile)
        estate = Estate.of_documents(SUBSCRIPTION, remarks.heard([*documents_of(troubled), *documents_of(mended)]))
        found = assess(estate, profile, remarks=remarks)
        assert found == assess(mended, profile)
        assert ALONE.isdisjoint(finding.rule for finding in found)
    assert not ALONE.isdisjoint(finding.rule for finding in assess(troubled))
