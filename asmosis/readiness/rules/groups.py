"""The resource groups that prepare makes, one for each unit and each cloud service."""

from collections.abc import Iterator

from asmosis.classic.estate import key
from asmosis.facts import place_of
from asmosis.readiness import sources, texts
from asmosis.readiness.index import group_of
from asmosis.readiness.rule import Hit, Severity, rule, some
from asmosis.readiness.subjects import Account, Detached, Network, Service, Whole
from asmosis.units import Unit


@rule(
    "vm-name-collision-rg",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="Two resources of one kind get one name in one resource group",
    remedy="Migrate and move one of the two away first, or make it again under another name.",
    source=sources.DEEP_DIVE,
    noticed="prepare",
    assumed=True,
)
def same_name_in_one_group(whole: Whole) -> Iterator[Hit]:
    """One hit per unit; names that differ in classic may differ only in what ARM does not allow in names."""
    rivals = [unit.name for unit in _namesakes(whole) if unit.kind == whole.unit.kind]
    if rivals:
        name = whole.unit.name
        yield Hit(name, f"{name} and {some(rivals)} get the same name in {group_of(name)}.", f"{name}, {some(rivals)}")


@rule(
    "unit-shares-group",
    seed_2016=None,
    platform_2023=Severity.INFORMATION,
    title="Units of several kinds land in one resource group",
    remedy="Nothing; look at each unit's own resources when you check, not at the whole group.",
    source=sources.DEEP_DIVE,
    noticed="never",
)
def one_group_for_several(whole: Whole) -> Iterator[Hit]:
    """One hit per unit."""
    others = [unit.short for unit in _namesakes(whole) if unit.kind != whole.unit.kind]
    if others:
        name = whole.unit.name
        yield Hit(name, f"{group_of(name)} is also the resource group of {some(others)}.", some(others))


@rule(
    "arm-group-elsewhere",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="A resource group of the name that prepare needs is in another region",
    remedy="Delete the resource group if it is a remnant, else move what is in it to another one.",
    source=sources.ARM_ERRORS,
    noticed="prepare",
    text=texts.GROUP_ELSEWHERE,
    needs=("resource_groups",),
    assumed=True,
)
def group_is_elsewhere(subject: Network | Service | Account | Detached) -> Iterator[Hit]:
    """One hit per resource group; silent where nobody knows the region of what goes there."""
    name, region = _place_of(subject)
    group = subject.facts.group_by_name.get(key(group_of(name))) if region else None
    if group and place_of(group.region) != place_of(region):
        yield Hit(
            name,
            texts.GROUP_ELSEWHERE.format(wanted=place_of(region), there=place_of(group.region)),
            f"facts: resource_groups[{group.name}]/region",
        )


def _place_of(subject: Network | Service | Account | Detached) -> tuple[str, str]:
    """The name of what goes into a resource group of its own, and its region; empty if nobody says."""
    if isinstance(subject, Service):
        return subject.service.name, subject.location
    if isinstance(subject, Detached):
        return subject.unit.name, subject.resource.location or ""
    resource = subject.site if isinstance(subject, Network) else subject.account
    return subject.unit.name, subject.estate.location_of(resource) if resource else ""


def _namesakes(whole: Whole) -> list[Unit]:
    """The other units whose resource group has the same name."""
    same = whole.index.namesakes.get(key(group_of(whole.unit.name)), ())
    return [unit for unit in same if unit != whole.unit]
