"""Regions that took part in the classic model, by their display names, and the cores and families of machine sizes."""

import re

REGIONS = (
    "Australia East",
    "Australia Southeast",
    "Brazil South",
    "Canada Central",
    "Canada East",
    "Central India",
    "Central US",
    "East Asia",
    "East US",
    "East US 2",
    "Japan East",
    "Japan West",
    "North Central US",
    "North Europe",
    "South Central US",
    "South India",
    "Southeast Asia",
    "UK South",
    "UK West",
    "West Central US",
    "West Europe",
    "West India",
    "West US",
    "West US 2",
)

_OLD_SIZES = {
    **dict(zip(("A0", "A1", "A2", "A3", "A4", "A5", "A6", "A7"), (1, 1, 2, 4, 8, 2, 4, 8), strict=True)),
    **dict(zip(("A8", "A9", "A10", "A11"), (8, 16, 8, 16), strict=True)),
    **{f"{s}{n}": c for s in ("D", "DS") for n, c in ((1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (15, 20))},
    **{f"{s}{n}": c for s in ("D", "DS") for n, c in ((11, 2), (12, 4), (13, 8), (14, 16))},
    **{f"{s}{n}": c for s in ("G", "GS") for n, c in ((1, 2), (2, 4), (3, 8), (4, 16), (5, 32))},
}
SIZES = tuple(
    f"{tier}_{series}{number}{version}"
    for tier, series, version, numbers in (
        ("Basic", "A", "", range(5)),
        ("Standard", "A", "", range(12)),
        ("Standard", "A", "_v2", (1, 2, 4, 8)),
        *(("Standard", series, "", (1, 2, 3, 4, 11, 12, 13, 14)) for series in ("D", "DS")),
        *(("Standard", series, "_v2", (1, 2, 3, 4, 5, 11, 12, 13, 14, 15)) for series in ("D", "DS")),
        *(("Standard", series, "_v3", (2, 4, 8, 16, 32, 64)) for series in ("D", "E")),
        ("Standard", "F", "", (1, 2, 4, 8, 16)),
        *(("Standard", series, "", range(1, 6)) for series in ("G", "GS")),
    )
    for number in numbers
)
"""Sizes that classic machines have, and those that took their place (documented)."""

FAMILIES = (
    "basicAFamily",
    "standardA0_A7Family",
    "standardA8_A11Family",
    "standardAv2Family",
    "standardBSFamily",
    "standardDFamily",
    "standardDSFamily",
    "standardDSv2Family",
    "standardDSv3Family",
    "standardDv2Family",
    "standardDv3Family",
    "standardESv3Family",
    "standardEv3Family",
    "standardFFamily",
    "standardFSFamily",
    "standardFSv2Family",
    "standardGFamily",
    "standardGSFamily",
    "standardHFamily",
    "standardLSFamily",
    "standardMSFamily",
    "standardNCFamily",
    "standardNVFamily",
)
"""Names under which the compute provider keeps quotas of cores (documented)."""

_LAST_SMALL_A = 7
_SIZE = re.compile(r"(?P<tier>Standard|Basic)_(?P<series>[A-Z]+)(?P<number>\d+)(?P<rest>.*)", re.IGNORECASE)


def cores(vm_size: str) -> int:
    """Cores of a size (documented); later series and versions put them into the name."""
    match = _SIZE.fullmatch(vm_size)
    if match is None:
        return 1
    series = match["series"].upper()
    in_name = series in ("E", "F", "H", "L") or re.search(r"_v[3-9]", match["rest"]) is not None
    if in_name or (series == "A" and match["rest"].endswith("_v2")):
        return int(match["number"])
    return _OLD_SIZES.get(f"{series}{match['number']}", int(match["number"]))


def family(vm_size: str) -> str:
    """The family of sizes that shares a quota of cores; a size that nobody knows is in a family of its own."""
    match = _SIZE.fullmatch(vm_size)
    if match is None:
        return f"{vm_size}Family"
    series, (mark, _, version) = match["series"].upper(), match["rest"].lower().partition("_v")
    if series == "A" and match["tier"].lower() == "basic":
        return "basicAFamily"
    if series == "A" and not version:
        return "standardA0_A7Family" if int(match["number"]) <= _LAST_SMALL_A else "standardA8_A11Family"
    premium = "S" if "s" in mark and not series.endswith("S") else ""
    return f"standard{series}{premium}{f'v{version}' if version else ''}Family"
