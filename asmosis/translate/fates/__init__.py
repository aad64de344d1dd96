"""Where every field of every classic model goes, or why it goes nowhere.

A test holds the table to the translation: what is said to go somewhere changes that property, what is said to be lost
changes the losses, and what is said to be left is never read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from asmosis.classic.xml import ClassicModel, fields_of
from asmosis.translate.fates import compute, instance, network, role, storage
from asmosis.translate.fates.fate import MEANINGS, Fate, Way

__all__ = ["FATES", "LEFT_WHOLE", "MEANINGS", "Fate", "Field", "Way", "fates", "held_by"]

_ROOMS = (compute, role, instance, network, storage)
FATES: Mapping[type[ClassicModel], Mapping[str, Fate]] = {
    model: fields for room in _ROOMS for model, fields in room.FATES.items()
}
"""Of the models that are read: what becomes of each field; one that only holds parts is left out."""

LEFT_WHOLE: Mapping[type[ClassicModel], str] = {model: why for room in _ROOMS for model, why in room.LEFT_WHOLE.items()}
"""Of the models that are never read: why."""


@dataclass(frozen=True)
class Field:
    """A field of a classic model with its fate; `element` is where it lies in the model's XML element."""

    model: type[ClassicModel]
    name: str
    element: str
    fate: Fate


def fates() -> Iterator[Field]:
    """Every field of every classic model, model by model.

    Raises:
        KeyError: a field has no fate.
    """
    for model in (*FATES, *LEFT_WHOLE):
        for name, info in fields_of(model).items():
            yield Field(model, name, info.encode_name, _fate(model, name))


def held_by(model: type[ClassicModel], name: str) -> type[ClassicModel] | None:
    """The model of the parts that a field holds."""
    kinds: list[object] = [fields_of(model)[name].type]
    while kinds:
        kind = kinds.pop()
        if isinstance(kind, type) and issubclass(kind, ClassicModel):
            return kind
        kinds.extend(get_args(kind))
    return None


def _fate(model: type[ClassicModel], name: str) -> Fate:
    if model in LEFT_WHOLE:
        return Fate(Way.LEFT, LEFT_WHOLE[model])
    if name in FATES[model]:
        return FATES[model][name]
    held = held_by(model, name)
    if held is None:
        raise KeyError(f"{model.__name__}.{name} has no fate")
    return Fate(Way.LEFT, LEFT_WHOLE[held]) if held in LEFT_WHOLE else Fate(Way.PARTS, f"See {held.__name__}.")
