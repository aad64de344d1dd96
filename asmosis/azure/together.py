"""Several who ask for the same list at one time get one answer, which was asked for after each of them had asked.

Classic tells the state of a virtual network only in the list of all of them, and a unit is surveyed by the lists of a
whole subscription. Where fifty units go at one time in one process, the platform would write, and this process read,
fifty of each at once. Nobody is told anything older than his question.
"""

from collections.abc import Callable, Hashable
from copy import copy
from threading import Event, Lock
from typing import Any, TypeVar

from asmosis.errors import AsmosisError

Answer = TypeVar("Answer")


class _Question:
    """One request, and what came of it; neither an answer nor an error if whoever asked it was broken off."""

    def __init__(self) -> None:
        self.over = Event()
        self.answers: list[Any] = []
        self.error: AsmosisError | None = None


_lock = Lock()
_asked: dict[Hashable, _Question] = {}  # on their way, so that what they bring may be too old for who comes now
_waiting: dict[Hashable, _Question] = {}  # to be asked once the former is over


def together(question: Hashable, ask: Callable[[], Answer]) -> Answer:
    """What `ask` answers, be it called by this thread or by another that has the same question.

    Raises:
        AsmosisError: as `ask` does, to everybody.
    """
    while True:
        with _lock:
            ours = _waiting.get(question)
            if ours is None:
                mine = _waiting[question] = _Question()
                earlier = _asked.get(question)
                break
        ours.over.wait()
        if ours.error:
            raise copy(ours.error)
        if ours.answers:
            answer: Answer = ours.answers[0]
            return answer
    return _answered(question, ask, mine, earlier)


def _answered(question: Hashable, ask: Callable[[], Answer], mine: _Question, earlier: _Question | None) -> Answer:
    try:
        if earlier:
            earlier.over.wait()
        with _lock:
            del _waiting[question]
            _asked[question] = mine
        answer = ask()
    except AsmosisError as error:
        mine.error = error
        raise
    else:
        mine.answers.append(answer)
        return answer
    finally:
        with _lock:
            for place in (_waiting, _asked):
                if place.get(question) is mine:
                    del place[question]
        mine.over.set()
