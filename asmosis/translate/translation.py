"""What a translation is: a generator of one type of ARM resources, and of what gets lost on the way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from asmosis.arm.resource import Resource
from asmosis.translate.scope import Scope


@dataclass(frozen=True)
class Loss:
    """Something that classic knows and ARM will not; declared, so that nobody finds it missing by surprise."""

    subject: str
    field: str
    why: str
    remedy: str


Generator = Callable[[Scope], Iterator[Resource | Loss]]


@dataclass(frozen=True)
class Translation:
    """A generator and the one resource type that it produces."""

    type: str
    generate: Generator

    def __call__(self, scope: Scope) -> Iterator[Resource | Loss]:
        """Everything of this type that a unit becomes, in a stable order."""
        return self.generate(scope)


def produces(resource_type: str) -> Callable[[Generator], Translation]:
    """Declare a generator as the one translation to `resource_type`."""

    def declare(generate: Generator) -> Translation:
        return Translation(resource_type, generate)

    return declare
