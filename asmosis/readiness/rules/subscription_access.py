"""Who may migrate, and whose access gets lost."""

from collections.abc import Iterator

from asmosis.classic.estate import key
from asmosis.facts import MIGRATION_PROVIDER
from asmosis.readiness import sources, texts
from asmosis.readiness.attached import NOBODYS
from asmosis.readiness.rule import Hit, Severity, rule, some
from asmosis.readiness.subjects import Subscription, Whole

_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"  # the built-in role's definition, the same everywhere (documented)


@rule(
    "sub-not-registered",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="The subscription is not registered for the migration",
    remedy=f"Register the provider {MIGRATION_PROVIDER} once, and wait some five minutes.",
    source=sources.POWERSHELL,
    noticed="call",
    text=texts.NOT_REGISTERED,
    needs=("providers",),
)
def not_registered(subscription: Subscription) -> Iterator[Hit]:
    """One hit per subscription."""
    states = {name.casefold(): state for name, state in (subscription.facts.providers or {}).items()}
    state = states.get(MIGRATION_PROVIDER.casefold(), "NotRegistered")
    if state.casefold() != "registered":
        name = subscription.estate.subscription
        yield Hit(name, texts.NOT_REGISTERED, f"facts: providers[{MIGRATION_PROVIDER}]: {state}")


@rule(
    "sub-not-coadmin",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="Whoever migrates is no co-administrator, and classic lets nobody else in",
    remedy="Make the account a co-administrator of the subscription; the role Owner is not enough.",
    source=sources.POWERSHELL,
    noticed="call",
    text=texts.NOT_ADMITTED,
    needs=("co_administrator",),
)
def not_admitted(subscription: Subscription) -> Iterator[Hit]:
    """One hit per subscription."""
    if not subscription.facts.co_administrator:
        yield Hit(subscription.estate.subscription, texts.NOT_ADMITTED, "facts: co_administrator: false")


@rule(
    "rbac-on-classic",
    seed_2016=Severity.WARNING,
    platform_2023=Severity.WARNING,
    title="Roles are assigned on classic resources, whose ids will be gone",
    remedy="Plan to assign the roles again on the resources in ARM.",
    source=sources.OVERVIEW,
    noticed="never",
    needs=("role_assignments",),
)
def roles_on_classic(subject: Subscription | Whole) -> Iterator[Hit]:
    """One hit per resource; on storage accounts roles survive (documented), so these are let pass."""
    unit = (subject.unit.kind, key(subject.unit.name)) if isinstance(subject, Whole) else NOBODYS
    if unit[0] == "storageAccount":
        return
    by_resource: dict[str, list[str]] = {}
    for name, assignment in subject.index.role_assignments.get(unit, ()):
        by_resource.setdefault(name, []).append(f"{assignment.role} of {assignment.principal}")
    for name, roles in by_resource.items():
        yield Hit(name, f"Roles on classic {name} do not migrate: {some(roles)}.", f"facts: role_assignments[{name}]")


@rule(
    "classic-admins-only",
    seed_2016=None,
    platform_2023=Severity.WARNING,
    title="Only classic administrators own the subscription",
    remedy="Give somebody the role Owner on the subscription before classic administrators end.",
    source=sources.STORAGE,
    noticed="never",
    needs=("role_assignments",),
)
def nobody_is_owner(subscription: Subscription) -> Iterator[Hit]:
    """One hit per subscription; an Owner of a management group above it counts too."""
    owners = (
        assignment
        for assignment in subscription.facts.role_assignments or ()
        if assignment.role.casefold() == "owner" or assignment.role.casefold().endswith(_OWNER)
    )
    if not any("/resourcegroups/" not in assignment.scope.casefold() for assignment in owners):
        name = subscription.estate.subscription
        yield Hit(
            name, f"Nobody has the role Owner on subscription {name}.", f"facts: role_assignments: no Owner of {name}"
        )


@rule(
    "policy-reinstalls-extension",
    seed_2016=None,
    platform_2023=Severity.WARNING,
    title="A policy installs monitoring or security agents again",
    remedy="Switch the policy off until the last unit is committed; otherwise agents come back and block.",
    source=sources.PLANNING,
    noticed="never",
    needs=("agent_policies",),
)
def agents_come_back(subscription: Subscription) -> Iterator[Hit]:
    """One hit per policy."""
    for policy in subscription.facts.agent_policies or ():
        yield Hit(policy, f"{policy} installs agents on machines that lack them.", f"facts: agent_policies[{policy}]")
