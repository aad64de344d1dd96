"""What is known of the platform but is no rule over an estate: each with the reason, and where the product obeys it."""

from dataclasses import dataclass

from asmosis.readiness import sources


@dataclass(frozen=True)
class Behaviour:
    """Something that no estate shows beforehand; `where` is the module that acts on it, empty where nothing need."""

    id: str
    what: str
    answer: str
    where: str
    source: str


@dataclass(frozen=True)
class Beyond:
    """What other tools check and the platform's own migration has no use for."""

    what: str
    why: str


_FORWARD = "asmosis/units.py"
_STEPS = "asmosis/steps.py"
_RUNBOOK = "flows/migrate.py"
_RETRIES = "tasks/__init__.py"
_WEB_WORKER = "`svc-is-webworker` blocks the unit before it could matter."

BEHAVIOURS: tuple[Behaviour, ...] = (
    Behaviour(
        "op-abort-after-commit",
        "Abort is refused once a commit was sent, even one that failed.",
        "Only commit is due from there on.",
        _FORWARD,
        sources.ANNOUNCEMENT_2016,
    ),
    Behaviour(
        "op-internal-error",
        "A step ends with `Internal server error`, and works when it is sent again.",
        "A refused call is repeated, with growing pauses and not for ever.",
        _RETRIES,
        sources.ERRORS,
    ),
    Behaviour(
        "op-template-failed",
        "Prepare fails with `Template … deployment failed. CorrelationId=…`.",
        "The unit is aborted, and the run ends with the platform's text, its correlation id included.",
        _RUNBOOK,
        sources.ERRORS,
    ),
    Behaviour(
        "op-network-alloc",
        "Prepare fails because the platform could not allocate network resources.",
        "The unit is aborted, and the run ends with the platform's text; a second run often succeeds.",
        _RUNBOOK,
        sources.EXTENDED_SUPPORT_ERRORS,
    ),
    Behaviour(
        "op-unknown-exception",
        "Prepare fails with `UnknownExceptionInEndExecute` or `XrpVirtualNetworkMigrationError`.",
        "The unit is aborted, and the run ends with the platform's text, which Microsoft's support asks for.",
        _RUNBOOK,
        sources.EXTENDED_SUPPORT_ERRORS,
    ),
    Behaviour(
        "op-timeout-24h",
        "The platform gives up a step after a day.",
        "The step is asked after until the platform itself calls it ended.",
        "asmosis/azure/asm.py",
        sources.EXTENDED_SUPPORT_DETAILS,
    ),
    Behaviour(
        "op-only-get-when-prepared",
        "Only reading is allowed on both sides while a unit is prepared.",
        "The check reads, and writes nothing.",
        "asmosis/check/evidence.py",
        sources.ANNOUNCEMENT_2016,
    ),
    Behaviour(
        "op-prepare-revalidates",
        "Prepare repeats the validation and adds the checks that need ARM; a clean validate is no promise.",
        "Rules noticed in prepare forecast those; a prepare that fails all the same is aborted.",
        _RUNBOOK,
        sources.DEEP_DIVE,
    ),
    Behaviour(
        "op-service-serialised",
        "The platform changes one thing at a time in a cloud service.",
        "A unit's steps follow each other; a call that finds the service busy is repeated.",
        _STEPS,
        sources.FIELD_TOOLSET,
    ),
    Behaviour(
        "op-portal-forgets",
        "The portal loses the prepared state when its page is loaded again.",
        "Both planes are asked where the unit stands before every step.",
        "asmosis/azure/state.py",
        sources.EXTENDED_SUPPORT_ERRORS,
    ),
    Behaviour(
        "op-unit-is-vnet",
        "A virtual network migrates with every cloud service in it, one service after the other.",
        "The network is the unit; a service inside it is none.",
        _FORWARD,
        sources.PLANNING,
    ),
    Behaviour(
        "svc-deployment-missing",
        "A step for a deployment name that there is not is answered 404.",
        "The name is read from the platform before every step; nobody types it.",
        "asmosis/azure/asm.py",
        sources.POWERSHELL,
    ),
    Behaviour(
        "fabric-cluster-missing",
        "Prepare fails with `fabric cluster does not exist` where a machine is on a cluster that ARM does not know.",
        "Nothing shows it beforehand. The unit is aborted; wait some days, or deallocate the machine and start again.",
        _RUNBOOK,
        sources.PLANNING,
    ),
    Behaviour(
        "sub-feature-missing",
        "A web or worker deployment needs a feature that is not registered in ARM.",
        _WEB_WORKER,
        "",
        sources.EXTENDED_SUPPORT_ERRORS,
    ),
    Behaviour(
        "svc-stale-metadata",
        "The metadata of a web or worker deployment is out of date.",
        _WEB_WORKER,
        "",
        sources.EXTENDED_SUPPORT_ERRORS,
    ),
    Behaviour(
        "svc-cspkg-missing",
        "The package of a web or worker deployment is gone.",
        _WEB_WORKER,
        "",
        sources.EXTENDED_SUPPORT_ERRORS,
    ),
    Behaviour(
        "svc-legacy-role-size",
        "A web or worker role has a size of the first generation.",
        _WEB_WORKER,
        "",
        sources.EXTENDED_SUPPORT_DETAILS,
    ),
    Behaviour(
        "svc-name-equals-role",
        "A web or worker role is called like its cloud service.",
        _WEB_WORKER,
        "",
        sources.EXTENDED_SUPPORT_ERRORS,
    ),
    Behaviour(
        "svc-rdp-plugin-and-extension",
        "A web or worker deployment has remote desktop as plugin and as extension.",
        _WEB_WORKER,
        "",
        sources.EXTENDED_SUPPORT_ERRORS,
    ),
    Behaviour(
        "svc-single-instance-restart",
        "The commit of a web or worker deployment restarts its roles.",
        _WEB_WORKER,
        "",
        sources.EXTENDED_SUPPORT_DETAILS,
    ),
)
"""In the order of the page: the steps of a migration first, then what only web and worker roles know."""

BEYOND: tuple[Beyond, ...] = (
    Beyond("A machine has to be stopped before it is copied", "Nothing is copied; disks stay where they are."),
    Beyond("Managed disks: sizes, sources, mixtures with unmanaged ones", "The platform keeps disks on their blobs."),
    Beyond("Premium disks on a size that takes none", "Classic itself refuses to attach them."),
    Beyond("Machines outside any availability set have no SLA", "The platform makes a set for every cloud service."),
    Beyond("Fault and update domains within limits", "The platform sizes its sets itself."),
    Beyond(
        "Accelerated networking, steps of premium prices", "The platform keeps what there is, and improves nothing."
    ),
    Beyond("Target group, region, names and API versions are chosen", "The platform chooses them."),
    Beyond("Load balancers have names, frontends and public addresses", "The platform makes them of the endpoints."),
    Beyond("Existing public IPs are free", "The platform takes the addresses along."),
    Beyond("Signatures for copying blobs have not expired", "No blob is copied."),
    Beyond("A storage account holds the disk of some machine", "The platform migrates accounts for their own sake."),
)
"""Checks of template exporters that are no rules here."""
