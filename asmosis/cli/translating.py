"""Verbs about the ARM side: what one unit becomes, and where every classic field goes."""

from collections.abc import Sequence
from pathlib import Path

from asmosis.arm.template import template as template_of
from asmosis.cli.output import DONE, NO, say, write_json
from asmosis.cli.sources import source_of
from asmosis.translate import groups_in, groups_of, promise
from asmosis.units import Unit


def template(sources: Sequence[Path], subscription: str, asm_url: str, *, unit: str, as_line: bool) -> int:
    """Print the deployment template of a unit; `NO` if the documents hold what is not understood."""
    source = source_of(sources, subscription, asm_url)
    wanted = Unit.parse(unit, source.subscription)
    estate, unread = source.read()
    promised = promise(estate, wanted)
    group = groups_of(estate, wanted)[0]
    write_json(template_of(promised.resources, group), pretty=not as_line)
    for path in unread:
        say(f"not understood: {path}")
    for loss in promised.losses:
        say(f"lost: {loss.subject} {loss.field}: {loss.why} {loss.remedy}")
    others = [name for name in groups_in(promised) if name.casefold() != group.casefold()]
    say(f"deploys into the resource group {group}" + (f"; needs also {', '.join(others)}" if others else ""))
    return NO if unread else DONE
