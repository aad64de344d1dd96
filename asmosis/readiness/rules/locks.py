"""Units that are on their way: what the platform refuses until somebody commits or aborts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from asmosis.classic.estate import key
from asmosis.readiness import sources, texts
from asmosis.readiness.rule import Hit, Severity, rule, some
from asmosis.readiness.subjects import Account, Detached, Network, PlacedSlot, Slot
from asmosis.units import State

# A prepare that failed may be sent again, so it is no lock for who wants to migrate.
_LOCKED = (
    State.PREPARING,
    State.PREPARED,
    State.COMMITTING,
    State.COMMIT_FAILED,
    State.ABORTING,
    State.ABORT_FAILED,
)
_STEP = {
    State.COMMITTING: "committed",
    State.COMMIT_FAILED: "committed",
    State.ABORTING: "aborted",
    State.ABORT_FAILED: "aborted",
}
_PATIENCE = timedelta(days=20)  # after 30 days Microsoft may commit by itself


@rule(
    "vnet-locked",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The virtual network is being migrated",
    remedy="Commit or abort the migration that is under way.",
    source=sources.ERRORS,
    noticed="call",
    text=texts.LOCKED,
)
def network_is_locked(network: Network) -> Iterator[Hit]:
    """One hit per network."""
    if network.state in _LOCKED:
        yield Hit(
            network.unit.name,
            texts.LOCKED.format(name=network.unit.name),
            network.at(f"MigrationState: {network.state}"),
        )


@rule(
    "sto-locked",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The storage account is being migrated",
    remedy="Commit or abort the migration that is under way.",
    source=sources.ERRORS,
    noticed="call",
    text=texts.LOCKED,
)
def account_is_locked(account: Account) -> Iterator[Hit]:
    """One hit per account."""
    if account.state in _LOCKED:
        name = account.unit.name
        yield Hit(name, texts.LOCKED.format(name=name), f"StorageService[{name}]/MigrationState: {account.state}")


@rule(
    "unassoc-locked",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="A resource that migrates alone is being migrated",
    remedy="Commit or abort the migration that is under way.",
    source=sources.ERRORS,
    noticed="call",
    assumed=True,
)
def detached_is_locked(detached: Detached) -> Iterator[Hit]:
    """One hit per network security group, route table or reserved IP."""
    if detached.state in _LOCKED:
        name = detached.unit.name
        evidence = f"{detached.resource.root}[{name}]/MigrationState: {detached.state}"
        yield Hit(name, f"{name} is being migrated ({detached.state}) and cannot be changed.", evidence)


@rule(
    "svc-locked",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="The deployment is being migrated",
    remedy="Commit or abort the migration that is under way.",
    source=sources.ERRORS,
    noticed="call",
    text=texts.SERVICE_LOCKED,
)
def deployment_is_locked(slot: PlacedSlot) -> Iterator[Hit]:
    """One hit per deployment that is being prepared or is prepared."""
    if slot.state in (State.PREPARING, State.PREPARED):
        yield Hit(
            slot.service.name,
            texts.SERVICE_LOCKED.format(deployment=slot.deployment.name, service=slot.service.name),
            slot.at(f"RoleList/Role/MigrationState: {slot.state}"),
        )


@rule(
    "svc-committing",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The migration of the deployment is being committed",
    remedy="Wait until the commit has ended; if it failed, send it again.",
    source=sources.EXTENDED_SUPPORT_ERRORS,
    noticed="call",
    text=texts.SERVICE_MOVING,
)
def deployment_is_being_committed(slot: PlacedSlot) -> Iterator[Hit]:
    """One hit per deployment; after a commit that failed the only way is forward."""
    if slot.state in (State.COMMITTING, State.COMMIT_FAILED):
        yield _moving(slot)


@rule(
    "svc-aborting",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The migration of the deployment is being aborted",
    remedy="Wait until the abort has ended; if it failed, send it again.",
    source=sources.EXTENDED_SUPPORT_ERRORS,
    noticed="call",
    text=texts.SERVICE_MOVING,
)
def deployment_is_being_aborted(slot: PlacedSlot) -> Iterator[Hit]:
    """One hit per deployment."""
    if slot.state in (State.ABORTING, State.ABORT_FAILED):
        yield _moving(slot)


@rule(
    "svc-not-prepared",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The virtual network is prepared, but a deployment in it is not",
    remedy="Abort the network, and prepare it again; a commit would be refused.",
    source=sources.EXTENDED_SUPPORT_ERRORS,
    noticed="commit",
    text=texts.SERVICE_NOT_PREPARED,
)
def deployment_is_not_prepared(slot: PlacedSlot) -> Iterator[Hit]:
    """One hit per deployment; both states are those of the documents, which were read at one time."""
    site = slot.index.networks.get(key(slot.unit.name)) if slot.unit.kind == "virtualNetwork" else None
    if site is None or State.of_platform(site.migration_state) is not State.PREPARED:
        return
    behind = [role.name for role in slot.machines if State.of_platform(role.migration_state) is not State.PREPARED]
    if behind:
        yield Hit(
            slot.service.name,
            texts.SERVICE_NOT_PREPARED.format(deployment=slot.deployment.name, service=slot.service.name),
            slot.at(f"RoleList/Role/MigrationState: not Prepared on {some(behind)}"),
        )


@rule(
    "vm-locked",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="Machines are being migrated",
    remedy="Commit or abort the migration that is under way.",
    source=sources.ERRORS,
    noticed="call",
    text=texts.MACHINE_LOCKED,
)
def machines_are_locked(slot: Slot) -> Iterator[Hit]:
    """One hit per deployment, however many of its machines are locked."""
    locked = [role.name for role in slot.machines if role.migration_state in _LOCKED]
    if locked:
        yield Hit(slot.service.name, texts.MACHINE_LOCKED, slot.at(f"RoleList/Role/MigrationState: on {some(locked)}"))


@rule(
    "sto-key-rotation-locked",
    seed_2016=Severity.WARNING,
    platform_2023=Severity.WARNING,
    title="The keys of the storage account cannot be made anew while it is being migrated",
    remedy="Rotate the keys before prepare or after commit.",
    source=sources.STORAGE,
    noticed="call",
)
def keys_cannot_be_rotated(account: Account) -> Iterator[Hit]:
    """One hit per account."""
    if account.state in _LOCKED:
        name = account.unit.name
        evidence = f"StorageService[{name}]/MigrationState: {account.state}"
        yield Hit(name, f"{name} is {account.state}; until commit or abort its keys stay as they are.", evidence)


@rule(
    "sto-prepared-too-long",
    seed_2016=None,
    platform_2023=Severity.WARNING,
    title="The storage account has been prepared for more than 20 days",
    remedy="Commit or abort it; after 30 days Microsoft may commit it.",
    source=sources.STORAGE,
    noticed="never",
    needs=("states", "as_of"),
)
def prepared_for_too_long(account: Account) -> Iterator[Hit]:
    """One hit per account; silent where nobody knows since when it is prepared."""
    told = account.facts.state_by_unit.get(account.unit.short.casefold())
    if told is None or told.since is None or account.facts.as_of is None or told.state is not State.PREPARED:
        return
    age = _in_utc(account.facts.as_of) - _in_utc(told.since)
    if age > _PATIENCE:
        name = account.unit.name
        yield Hit(name, f"{name} has been prepared for {age.days} days.", f"facts: states[{account.unit.short}]/since")


def _in_utc(moment: datetime) -> datetime:
    """A moment that names no zone is in UTC, as the platform's are."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _moving(slot: PlacedSlot) -> Hit:
    return Hit(
        slot.service.name,
        texts.SERVICE_MOVING.format(deployment=slot.deployment.name, service=slot.service.name, step=_STEP[slot.state]),
        slot.at(f"RoleList/Role/MigrationState: {slot.state}"),
    )
