"""Makes models of element trees in one pass; says what no field claims, and every value that its field refuses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lxml import etree

from asmosis.classic.plan import Plan, Step
from asmosis.classic.xml import INSTANCE, ClassicModel, is_nil, local_name
from asmosis.errors import UnreadableDocument

# Few documents have attributes other than a type or a nil here and there; in all others nobody looks for them.
_HAS_FOREIGN_ATTRIBUTES = etree.XPath(f"boolean(//@*[namespace-uri() != '{INSTANCE[1:-1]}'])")


@dataclass(slots=True)
class Run:
    """Elements of one name, one after the other, that were read before their document; another stands in their place.

    `unread` are the paths in them that nothing claims, each with the position of its element among them.
    """

    name: str
    models: list[ClassicModel] = field(default_factory=list)
    unread: list[tuple[int, str]] = field(default_factory=list)


NO_RUNS: Mapping[str, Run] = MappingProxyType({})


def read(
    plan: Plan,
    elements: Iterable[etree._Element],
    path: str,
    place: str,
    *,
    numbered: bool = False,
    runs: Mapping[str, Run] = NO_RUNS,
) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """The models of `elements` at a path, and the paths of elements and attributes that nothing claims.

    Args:
        plan: how each of them is read.
        elements: those of one document.
        path: theirs; with their position where they are `numbered`.
        place: where the document is.
        numbered: whether they are a list.
        runs: are by the names of the elements that stand for them.

    Raises:
        UnreadableDocument: a value is missing or not what its field takes, names every such path; or a run is nobody's.
    """
    reading = _Reading(plan, runs)
    models = reading.all(elements, path, numbered=numbered)
    if reading.refused:
        raise UnreadableDocument(place, "; ".join(reading.refused))
    if reading.taken != len(runs):
        raise UnreadableDocument(place, "elements stand where no field claims them")
    return models, tuple(reading.unread)


def name_of(element: etree._Element, runs: Mapping[str, Run]) -> str:
    """The name of an element without its namespace, or of those that it stands for."""
    run = runs.get(element.tag)
    return run.name if run else local_name(element)


class _Reading:
    """One pass over elements of one model. Paths are put together where they are told, because hardly any are."""

    def __init__(self, plan: Plan, runs: Mapping[str, Run]) -> None:
        self.unread: list[str] = []
        self.refused: list[str] = []
        self.taken = 0
        self._plan = plan
        self._runs = runs
        self._top: etree._Element | None = None
        self._path = ""
        self._foreign_attributes = False

    def all(self, elements: Iterable[etree._Element], path: str, *, numbered: bool) -> tuple[Any, ...]:
        """The models of elements; None for those that were refused."""
        models: list[Any] = []
        for element in elements:
            if self._top is None:
                self._foreign_attributes = bool(_HAS_FOREIGN_ATTRIBUTES(element))
            self._top = element
            run = self._runs.get(element.tag)
            if run is None:
                self._path = f"{path}[{len(models) + 1}]" if numbered else path
                models.append(self._model(element, self._plan))
            else:
                self.taken += 1
                self.unread += [f"{path}[{len(models) + 1 + position}]{below}" for position, below in run.unread]
                models += run.models
        return tuple(models)

    def _model(self, element: etree._Element, plan: Plan) -> Any:
        values: dict[str, Any] = {}
        self._fill(values, element, plan.start)
        for name in plan.lists:
            if name in values:
                values[name] = tuple(values[name])
        try:
            return plan.make(**values)
        except TypeError:
            missing = [path for name, path in plan.required.items() if name not in values]
            if not missing:
                raise
            for path in missing:
                self._refuse(element, "is missing", f"/{path}")
            return None

    def _fill(  # noqa: C901, PLR0912 -- all the time of reading goes here; a call per element would cost a third more
        self, values: dict[str, Any], element: etree._Element, start: Step
    ) -> None:
        """Add to the values of a model what an element and those below it hold."""
        below, watchful = start.below, self._foreign_attributes
        if start.has_attributes or watchful:
            self._take_attributes(values, element, below)
        if not len(element) and (element.text or "").strip():
            self._leave(element, "/text()")
        # Three of four elements are a plain text that its field takes as it is; they do not get further than here.
        texts = {} if watchful else start.texts
        for child in element:
            name = child.tag
            into = texts.get(name)
            if into is not None:
                value = child.text
                if value is not None and into not in values and not len(child):
                    values[into] = value
                    continue
            step = below.get(name) or self._claim(values, child, below)
            if step is None:
                continue
            into = step.into
            if not into:
                self._fill(values, child, step)
                continue
            if into in values and not step.many:
                self._leave(child, "[2]")
                continue
            if step.inner is not None:
                value = self._model(child, step.inner) if len(child) else self._model_without_children(child, step)
            else:
                value = child.text
                if value is None or watchful or len(child):
                    value = self._unusual_text(child, step)
                if step.convert is not None and value is not None:
                    try:
                        value = step.convert(value)
                    except (ValueError, KeyError):
                        self._refuse(child, step.refusal)
            if step.many:
                values.setdefault(into, []).append(value)
            else:
                values[into] = value

    def _take_attributes(self, values: dict[str, Any], element: etree._Element, below: dict[str, Step]) -> None:
        for key, value in element.attrib.items():
            name = "@" + str(key).rpartition("}")[2]
            if name in below:
                values[below[name].into] = str(value)
            elif not str(key).startswith(INSTANCE):
                self._leave(element, f"/{name}")

    def _model_without_children(self, element: etree._Element, step: Step) -> Any:
        if not is_nil(element) and step.inner is not None:
            return self._model(element, step.inner)
        if not step.optional:
            self._refuse(element, "is empty")
        return None

    def _unusual_text(self, element: etree._Element, step: Step) -> str | None:
        """The text of an element that may be empty or hold more than text."""
        for child in element:
            self._leave(child)
        for key in map(str, element.attrib):
            if not key.startswith(INSTANCE):
                self._leave(element, f"/@{key}")
        text = None if is_nil(element) else element.text or step.empty
        if text is None and not step.optional:
            self._refuse(element, "is empty")
        return text

    def _claim(self, values: dict[str, Any], element: etree._Element, below: dict[str, Step]) -> Step | None:
        """The step of an element whose name has a namespace; any other is not claimed, or is a run of elements."""
        run = self._runs.get(element.tag)
        step = below.get(run.name if run else local_name(element))
        if step is None:
            self._leave(element)
        elif run is not None and step.many and step.inner is not None:
            self.taken += 1
            values.setdefault(step.into, []).extend(run.models)
            for _, path in run.unread:
                self._leave(element, path)
            return None
        return step

    def _leave(self, element: etree._Element, more: str = "") -> None:
        names = [name_of(each, self._runs) for each in self._down_to(element)]
        self.unread.append("/".join([self._path, *names]) + more)

    def _refuse(self, element: etree._Element, problem: str, more: str = "") -> None:
        """Note a value that its field does not take; items of lists are told by their position."""
        path, step = self._path, self._plan.start
        for each in self._down_to(element):
            name = local_name(each)
            step = step.below[name]
            path += f"/{name}"
            if step.many:
                path += f"[{1 + sum(local_name(other) == name for other in each.itersiblings(preceding=True))}]"
            if step.inner is not None:
                step = step.inner.start
        self.refused.append(f"{path}{more}: {problem}")

    def _down_to(self, element: etree._Element) -> list[etree._Element]:
        """The elements from below the top down to this one."""
        found = [element] if element is not self._top else []
        for parent in element.iterancestors() if found else ():
            if parent is self._top:
                break
            found.append(parent)
        return found[::-1]
