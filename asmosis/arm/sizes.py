"""Sizes of virtual machines: what a classic role size is called in ARM, its cores, disks and family of quota.

Cores and disks are recorded (lists of sizes from 2017; version 3 documented by Microsoft). Which sizes share a quota is
documented; the names of the promotional families are assumed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_DIFFERENT = 1024  # there were some hundred

# The oldest sizes changed their names; every other size keeps its own (recorded lists of role sizes).
_RENAMED = {
    "extrasmall": "Standard_A0",
    "small": "Standard_A1",
    "medium": "Standard_A2",
    "large": "Standard_A3",
    "extralarge": "Standard_A4",
    **{f"a{number}": f"Standard_A{number}" for number in range(5, 12)},
}


@dataclass(frozen=True)
class VmSize:
    """A size; `family` is the name of its quota of cores, `data_disks` the most that it takes."""

    name: str
    family: str
    cores: int
    data_disks: int


def arm_size(role_size: str) -> str:
    """What ARM calls a classic role size; empty stays empty."""
    return _RENAMED.get(role_size.casefold(), role_size)


@lru_cache(_DIFFERENT)
def vm_size(role_size: str) -> VmSize | None:
    """The size that a classic role size (or an ARM size) stands for; none if nobody has heard of it."""
    return SIZES.get(arm_size(role_size).casefold())


_SMALL_A = {"0": (1, 1), "1": (1, 2), "2": (2, 4), "3": (4, 8), "4": (8, 16)}
_D = {"1": (1, 2), "2": (2, 4), "3": (4, 8), "4": (8, 16), "11": (2, 4), "12": (4, 8), "13": (8, 16), "14": (16, 32)}
_D_V2 = _D | {"5": (16, 32), "15": (20, 40)}
_F = {str(cores): (cores, 2 * cores) for cores in (1, 2, 4, 8, 16)}
_G = {"1": (2, 4), "2": (4, 8), "3": (8, 16), "4": (16, 32), "5": (32, 64)}
_V3 = {str(cores): (cores, min(2 * cores, 32)) for cores in (2, 4, 8, 16, 32, 64)}
# Family of quota, name of a size, and (cores, data disks) by what fills the name's gap.
_SERIES: tuple[tuple[str, str, dict[str, tuple[int, int]]], ...] = (
    ("basicAFamily", "Basic_A{}", _SMALL_A),
    ("standardA0_A7Family", "Standard_A{}", _SMALL_A | {"5": (2, 4), "6": (4, 8), "7": (8, 16)}),
    ("standardA8_A11Family", "Standard_A{}", {"8": (8, 16), "9": (16, 16), "10": (8, 16), "11": (16, 16)}),
    ("standardAv2Family", "Standard_A{}_v2", {"1": (1, 2), "2": (2, 4), "4": (4, 8), "8": (8, 16)}),
    ("standardAv2Family", "Standard_A{}m_v2", {"2": (2, 4), "4": (4, 8), "8": (8, 16)}),
    ("standardDFamily", "Standard_D{}", _D),
    ("standardDSFamily", "Standard_DS{}", _D),
    ("standardDv2Family", "Standard_D{}_v2", _D_V2),
    ("standardDSv2Family", "Standard_DS{}_v2", _D_V2),
    ("standardDv2PromoFamily", "Standard_D{}_v2_Promo", _D_V2),
    ("standardDSv2PromoFamily", "Standard_DS{}_v2_Promo", _D_V2),
    ("standardDv3Family", "Standard_D{}_v3", _V3),
    ("standardDSv3Family", "Standard_D{}s_v3", _V3),
    ("standardEv3Family", "Standard_E{}_v3", _V3),
    ("standardESv3Family", "Standard_E{}s_v3", _V3),
    ("standardFFamily", "Standard_F{}", _F),
    ("standardFSFamily", "Standard_F{}s", _F),
    ("standardGFamily", "Standard_G{}", _G),
    ("standardGSFamily", "Standard_GS{}", _G),
    ("standardHFamily", "Standard_H{}", {"8": (8, 16), "16": (16, 32)}),
    ("standardHFamily", "Standard_H{}m", {"8": (8, 16), "16": (16, 32)}),
    ("standardHFamily", "Standard_H{}r", {"16": (16, 32)}),
    ("standardHFamily", "Standard_H{}mr", {"16": (16, 32)}),
    ("standardLSFamily", "Standard_L{}s", {"4": (4, 8), "8": (8, 16), "16": (16, 32), "32": (32, 64)}),
    ("standardNVFamily", "Standard_NV{}", {"6": (6, 8), "12": (12, 16), "24": (24, 32)}),
)


def _all() -> Iterator[VmSize]:
    for family, name, numbers in _SERIES:
        for gap, (cores, data_disks) in numbers.items():
            yield VmSize(name.format(gap), family, cores, data_disks)


SIZES = {size.name.casefold(): size for size in _all()}
"""Every size that a classic machine can have, by its ARM name without case."""
