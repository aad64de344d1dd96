"""What people have to do once a unit is committed, so that scripts, roles, alerts and names keep working."""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from asmosis.aftermath.access import AccessPlan
from asmosis.aftermath.classic_ids import tail
from asmosis.aftermath.moves import Move
from asmosis.aftermath.tags import tag_plans
from asmosis.arm import compute, network
from asmosis.arm.resource import Resource, body
from asmosis.classic.estate import Estate, key
from asmosis.classic.role import Role
from asmosis.facts import Facts, Watch
from asmosis.translate import Loss, Promise

Topic = Literal[
    "access", "alerts", "autoscale", "backup", "site-recovery", "dns", "addresses", "tags", "extensions", "vaults",
    "lost", "automation", "retirement",
]  # fmt: skip
"""What a task is about; tasks come in this order."""

TITLES: dict[Topic, str] = {
    "access": "Roles",
    "alerts": "Alert rules",
    "autoscale": "Autoscale",
    "backup": "Backup",
    "site-recovery": "Site Recovery",
    "dns": "Names",
    "addresses": "Addresses",
    "tags": "Labels and descriptions",
    "extensions": "Extensions",
    "vaults": "Certificates",
    "lost": "Everything else that was lost",
    "automation": "Scripts and templates",
    "retirement": "What Microsoft retires next",
}
"""Topics for people, in their order."""

_BACKUP = frozenset({"vmsnapshot", "vmsnapshotlinux"})
_RECOVERY = "siterecovery"
# Told elsewhere: as tags, names, addresses and extensions.
_TOLD = frozenset({"Label", "Description", "VirtualIP", "ReverseDnsFqdn", "ResourceExtensionParameterValue (Private)"})
_ALERT = "az monitor metrics alert create --name {name} --resource-group {group} --scopes {id} --condition CONDITION"
_ASK = "nobody told whether there are any"


@dataclass(frozen=True)
class Task:
    """Something to do about a resource: why, how, and the commands for it where there are any."""

    topic: Topic
    subject: str
    what: str
    why: str
    commands: tuple[str, ...] = ()


def tasks(
    estate: Estate, promised: Promise, moves: Sequence[Move], facts: Facts, access: AccessPlan | None
) -> tuple[Task, ...]:
    """The tasks of a unit by topic; within one in the order of the moves.

    `estate` and `facts` are as they were before the commit.
    """
    unit = promised.unit
    found = [
        *_access(unit.short, access),
        *_watched("alerts", unit.short, moves, facts.alert_rules),
        *_watched("autoscale", unit.short, moves, facts.autoscale_settings),
        *_protected(estate, moves, facts),
        *_names(estate, moves),
        *_addresses(promised.losses, moves),
        *_tags(estate, moves),
        *_extensions(estate, moves),
        *_vaults(moves),
        *_lost(promised.losses),
        _scripts(unit.short),
        *_retiring(promised.resources, unit.short),
    ]
    order = tuple(TITLES)
    return tuple(sorted(found, key=lambda task: order.index(task.topic)))


def _access(unit: str, access: AccessPlan | None) -> Iterator[Task]:
    if access is None:
        why = f"{_ASK}; roles on classic resources end with their ids"
        yield Task("access", unit, "Look for roles on classic resources", why, (f"asmosis access plan {_word(unit)}",))
        return
    for grant in access.grants:
        what = f"Give {grant.role} to {grant.principal} on {grant.scope}"
        yield Task("access", grant.old_scope, what, grant.why, (grant.az,))


def _watched(
    topic: Literal["alerts", "autoscale"], unit: str, moves: Iterable[Move], watches: Sequence[Watch] | None
) -> Iterator[Task]:
    named = {"alerts": "alert rules", "autoscale": "autoscale settings"}[topic]
    lost = "the platform drops them with the classic resource (documented by Microsoft)"
    if watches is None:
        yield Task(topic, unit, f"Look for {named} on classic resources", f"{_ASK}; {lost}")
        return
    by_tail = {tail(id): move for move in moves for id in move.ids}
    for watch in watches:
        move = by_tail.get(tail(watch.resource))
        if move is None:
            continue
        if topic == "autoscale" or move.successor is None:
            # Machines of a classic service could be switched on and off by load; in ARM only scale sets do that.
            what = f"Replace {watch.name}: only a scale set scales by itself in ARM"
            commands: tuple[str, ...] = ()
        else:
            what = f"Make {watch.name} anew on {move.successor.id}"
            commands = (_ALERT.format(name=_word(watch.name), group=move.successor.group, id=move.successor.id),)
        yield Task(topic, move.short, what, lost, commands)


def _protected(estate: Estate, moves: Iterable[Move], facts: Facts) -> Iterator[Task]:
    caches = {key(name) for name in facts.replication_caches or ()}
    for move, role in _machines(estate, moves):
        names = {extension.name.lower() for extension in role.extensions}
        target = move.successor.id if move.successor else ""
        if names & _BACKUP:
            command = "az backup protection enable-for-vm --vault-name VAULT --resource-group VAULT-GROUP --policy-name"
            yield Task(
                "backup",
                move.short,
                f"Protect {move.name} anew; its old recovery points stay with the old item",
                "a backup belongs to the classic id (documented by Microsoft)",
                (f"{command} POLICY --vm {target}",),
            )
        if any(_RECOVERY in name for name in names):
            why = "replication belongs to the classic id (documented by Microsoft)"
            yield Task("site-recovery", move.short, f"Switch the replication of {move.name} on again", why)
    for move in moves:
        if move.kind == "storageAccount" and key(move.name) in caches:
            why = "Site Recovery kept its cache in it"
            yield Task("site-recovery", move.short, "Switch the replications that use it on again", why)


def _names(estate: Estate, moves: Iterable[Move]) -> Iterator[Task]:
    for move in moves:
        if move.kind != "hostedService" or not move.successor:
            continue
        service = estate.service(move.name)
        host = f"{service.name.lower()}.cloudapp.net"
        yield Task(
            "dns",
            move.short,
            f"See that {host} still answers, and point CNAME records and Traffic Manager endpoints at the new address",
            "the name and its domain stay, but endpoints that name the classic id cannot be changed any more (both"
            " documented by Microsoft)",
            (f"nslookup {host}",),
        )
        addresses = _of_type(move, network.PUBLIC_IP_ADDRESSES)
        if service.reverse_dns_fqdn and addresses:
            command = (
                f"az network public-ip update --ids {addresses[0]} --reverse-fqdn {_word(service.reverse_dns_fqdn)}"
            )
            what = f"Set the reverse name {service.reverse_dns_fqdn} again"
            yield Task("dns", move.short, what, "it does not migrate", (command,))


def _addresses(losses: Iterable[Loss], moves: Iterable[Move]) -> Iterator[Task]:
    by_short = {key(move.short): move for move in moves}
    for loss in losses:
        move = by_short.get(key(loss.subject))
        if loss.field == "VirtualIP" and move and move.successor:
            command = f"az network public-ip list --resource-group {move.successor.name} --output table"
            what = "Correct firewalls and records that name the address"
            yield Task("addresses", loss.subject, what, loss.why, (command,))


def _tags(estate: Estate, moves: Iterable[Move]) -> Iterator[Task]:
    for plan in tag_plans(estate, moves):
        what = f"Set {', '.join(plan.tags)} on {plan.id}"
        cut = f"; cut to what a tag may hold: {', '.join(plan.cut)}" if plan.cut else ""
        yield Task("tags", plan.subject, what, f"ARM has no labels and descriptions{cut}", (plan.az,))


def _extensions(estate: Estate, moves: Iterable[Move]) -> Iterator[Task]:
    for move, role in _machines(estate, moves):
        for extension in role.extensions:
            if any(parameter.type == "Private" for parameter in extension.parameters):
                what = f"Give {extension.name} its protected settings again before it is next changed"
                yield Task("extensions", move.short, what, "nobody can read them, so no template or script has them")


def _vaults(moves: Iterable[Move]) -> Iterator[Task]:
    for move in moves:
        for vault in _of_type(move, "Microsoft.KeyVault/vaults"):
            name = vault.rpartition("/")[2]
            command = f"az keyvault set-policy --name {name} --secret-permissions get list --object-id PRINCIPAL"
            why = "the certificates of the cloud service are in it now, and so far nobody may read them"
            yield Task("vaults", move.short, f"Let those who need them into {vault}", why, (command,))


def _lost(losses: Iterable[Loss]) -> Iterator[Task]:
    for loss in losses:
        is_tag = loss.remedy.startswith("Set the tag")
        if loss.field not in _TOLD and not is_tag:
            yield Task("lost", loss.subject, loss.remedy, f"{loss.field}: {loss.why}")


def _scripts(unit: str) -> Task:
    command = f"asmosis scan FOLDER --unit {_word(unit)}"
    return Task(
        "automation", unit, "Find what still uses classic", "classic ids and cmdlets lead nowhere now", (command,)
    )


def _retiring(resources: Sequence[Resource], unit: str) -> Iterator[Task]:
    """What the platform makes is itself on the way out."""
    machines = [each for each in resources if each.type == compute.VIRTUAL_MACHINES and _has_unmanaged_disks(each)]
    if machines:
        sets = [each.id for each in resources if each.type == compute.AVAILABILITY_SETS]
        steps = ("deallocate", "convert", "start")
        commands = (
            *(f"az vm availability-set convert --ids {id}" for id in sets),
            *(" && ".join(f"az vm {step} --ids {each.id}" for step in steps) for each in machines),
        )
        what = f"Convert the disks of {len(machines)} machines to managed ones: availability sets first"
        yield Task("retirement", unit, what, "Microsoft retires unmanaged disks", commands)
    basics = [
        each.name
        for each in resources
        if each.type == network.PUBLIC_IP_ADDRESSES and each.sku and each.sku.name == "Basic"
    ]
    if basics:
        what = f"Upgrade {', '.join(basics)} and the load balancers in front to Standard"
        yield Task("retirement", unit, what, "Microsoft retires public addresses and load balancers of SKU Basic")


def _has_unmanaged_disks(machine: Resource) -> bool:
    disk = body(machine)["properties"].get("storageProfile", {}).get("osDisk", {})
    return bool(disk.get("vhd"))


def _machines(estate: Estate, moves: Iterable[Move]) -> Iterator[tuple[Move, Role]]:
    for move in moves:
        if move.kind == "virtualMachine":
            deployment = estate.service(move.within).deployment
            roles = deployment.roles if deployment else ()
            yield from ((move, role) for role in roles if key(role.name) == key(move.name))


def _of_type(move: Move, type: str) -> list[str]:
    wanted = key(f"/providers/{type}/")
    return [each.id for each in move.successors if wanted in key(each.id)]


def _word(text: str) -> str:
    return shlex.quote(text)
