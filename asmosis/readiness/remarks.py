"""What rules say of deployments and machines by themselves: to be asked while documents are read, with no estate yet.

Who reads on several cores and judges on one has half of the judging done by the time that everything is read.
"""

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

from asmosis.classic.compute import HostedService
from asmosis.classic.documents import Document
from asmosis.readiness.rule import Hit, Rule
from asmosis.readiness.subjects import Machine, Slot, by_themselves

BY_THEMSELVES: tuple[type, ...] = (Slot, Machine)
"""What rules judge with nothing else in sight."""

_TOGETHER = 16  # cloud services; a rule that judges one subject after the other takes less time than a change of rules

Remark = tuple[Rule, Hit | str]
"""What a rule says; where the rule broke, a text that says how."""


class Remarks:
    """What rules say of cloud services by themselves, asked of many at once and once only."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rule for rule in rules if set(rule.over) & set(BY_THEMSELVES))
        # A service that is replaced by a later document is another object, and nothing is known of it.
        self._known: dict[int, tuple[HostedService, list[Remark]]] = {}

    def heard(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Pass on documents, and judge the cloud services in them meanwhile."""
        waiting: list[HostedService] = []
        for document in documents:
            waiting += (model for model in document.models if isinstance(model, HostedService))
            if len(waiting) >= _TOGETHER:
                self._judge(waiting)
                waiting = []
            yield document

    def on(self, services: Iterable[HostedService]) -> Iterator[Sequence[Remark]]:
        """What is said of each of exactly these services."""
        wanted = tuple(services)
        self._judge([service for service in wanted if id(service) not in self._known])
        return (self._known[id(service)][1] for service in wanted)

    def _judge(self, services: Sequence[HostedService]) -> None:
        alike: dict[type, list[Slot | Machine]] = {kind: [] for kind in BY_THEMSELVES}
        for service in services:
            self._known[id(service)] = (service, [])
            for subject in by_themselves(service):
                alike[type(subject)].append(subject)
        for rule in self._rules:
            for subject_type in rule.over:
                for subject, said in hits(rule, alike[subject_type]):
                    self._known[id(subject.service)][1].append((rule, said))


def hits(rule: Rule, subjects: Iterable[Any]) -> Iterator[tuple[Any, Hit | str]]:
    """Each hit with its subject; where the rule breaks, a text that says how: it hides nothing of what others find."""
    judge = rule.judge
    for subject in filter(attrgetter(rule.given), subjects) if rule.given else subjects:
        try:
            for hit in judge(subject):
                yield subject, hit
        except Exception as error:  # noqa: BLE001 -- a rule that breaks is a finding
            yield subject, f"{type(error).__name__}: {error}"
