"""Notifications for what a person should know, through Prefect's own automations and blocks.

They exist once the operator has made a notification block named `asmosis-alarms` (Slack, Teams, e-mail, any webhook:
Prefect's UI, Blocks); `python -m deployments.setup` binds them to it, as often as it is run.
"""

from datetime import timedelta

from prefect.automations import AutomationCore, EventTrigger, Posture, SendNotification
from prefect.client.orchestration import SyncPrefectClient
from prefect.events.schemas.events import ResourceSpecification

BLOCK = "asmosis-alarms"
LOCKED_LONG = timedelta(hours=24)  # a unit that waits for its approval is locked on the platform's side

_UNIT = ResourceSpecification.model_validate(
    {"prefect.resource.id": "prefect.tag.unit:*", "prefect.resource.role": "tag"}
)
_FAILURES = ("PrepareFailed", "Incomplete", "Failed", "Crashed")
_DECIDED = ("Resuming", "Pending", "Running", "Cancelling", "Cancelled")
_RUN = "{{ flow_run.name }}: {{ flow_run.state.name }}. {{ flow_run.state.message or '' }}\n{{ flow_run|ui_url }}"


def bind(client: SyncPrefectClient, locked_long: timedelta = LOCKED_LONG) -> bool:
    """Make or renew the automations; answers whether there is a block to notify.

    A lock that is older than `locked_long` is told of; less than ten seconds the server does not take.
    """
    blocks = [block for block in client.read_block_documents(limit=200) if block.name == BLOCK]
    notifying = [
        block for block in blocks if block.block_schema and "notify" in (block.block_schema.capabilities or ())
    ]
    if not notifying:
        return False
    notify = SendNotification(block_document_id=notifying[0].id, body=_RUN)
    for automation in _automations(notify, locked_long):
        for old in client.read_automations_by_name(automation.name):
            client.delete_automation(old.id)
        client.create_automation(automation)
    return True


def _automations(notify: SendNotification, locked_long: timedelta) -> tuple[AutomationCore, ...]:
    def noticed(subject: str) -> list[SendNotification]:
        return [notify.model_copy(update={"subject": f"asmosis: {subject}"})]

    waits = EventTrigger(expect={"prefect.flow-run.Suspended"}, match_related=_UNIT, posture=Posture.Reactive)
    failed = EventTrigger(
        expect={f"prefect.flow-run.{state}" for state in _FAILURES}, match_related=_UNIT, posture=Posture.Reactive
    )
    # Nobody decided for so long after it was suspended.
    locked = EventTrigger(
        after={"prefect.flow-run.Suspended"},
        expect={f"prefect.flow-run.{state}" for state in _DECIDED},
        match_related=_UNIT,
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        within=locked_long,
    )
    return (
        AutomationCore(name="asmosis: a unit waits", trigger=waits, actions=noticed("a unit waits for approval")),
        AutomationCore(name="asmosis: a unit failed", trigger=failed, actions=noticed("a unit needs attention")),
        AutomationCore(
            name="asmosis: a lock is old", trigger=locked, actions=noticed(f"a unit is locked for {locked_long}")
        ),
    )
