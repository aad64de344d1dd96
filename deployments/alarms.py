"""Notifications for what a person should know, through Prefect's own automations and blocks.

They exist once the operator has made a notification block named `asmosis-alarms` (Slack, Teams, e-mail, any webhook:
Prefect's UI, Blocks). `python -m deployments.alarms` binds them to it, as often as it is run; so does the set-up.
"""

import sys
from datetime import timedelta

from prefect.automations import AutomationCore, EventTrigger, Posture, SendNotification
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.events.schemas.events import ResourceSpecification

BLOCK = "asmosis-alarms"
UNDECIDED_LONG = timedelta(hours=24)  # a unit that waits for its approval is locked on the platform's side
NOT_AGAIN_FOR = timedelta(hours=24)  # a lock that is old stays so for longer than between two looks

_UNIT = ResourceSpecification.model_validate(
    {"prefect.resource.id": "prefect.tag.unit:*", "prefect.resource.role": "tag"}
)
_FAILURES = ("PrepareFailed", "Incomplete", "Failed", "Crashed")
_DECIDED = ("Resuming", "Pending", "Running", "Cancelling", "Cancelled")
_RUN = "{{ flow_run.name }}: {{ flow_run.state.name }}. {{ flow_run.state.message or '' }}\n{{ flow_run|ui_url }}"
_LOCK = "{{ event.payload.unit }} is prepared since {{ event.payload.since }}: {{ event.payload.concern }}"


def main() -> None:
    """Bind the alarms to the block; exit 1 if there is none."""
    with get_client(sync_client=True) as client:
        if not bind(client):
            sys.exit(f"There is no notification block named {BLOCK}. Make one in the UI, or see deployments/README.md.")


def bind(client: SyncPrefectClient, undecided_long: timedelta = UNDECIDED_LONG) -> bool:
    """Make or renew the automations; answers whether there is a block to notify.

    A unit that nobody decides about for `undecided_long` is told of; less than ten seconds the server does not take.
    """
    blocks = [block for block in client.read_block_documents(limit=200) if block.name == BLOCK]
    notifying = [
        block for block in blocks if block.block_schema and "notify" in (block.block_schema.capabilities or ())
    ]
    if not notifying:
        return False
    notify = SendNotification(block_document_id=notifying[0].id, body=_RUN)
    for automation in _automations(notify, undecided_long):
        for old in client.read_automations_by_name(automation.name):
            client.delete_automation(old.id)
        client.create_automation(automation)
    return True


def _automations(notify: SendNotification, undecided_long: timedelta) -> tuple[AutomationCore, ...]:
    def noticed(subject: str, body: str = _RUN) -> list[SendNotification]:
        return [notify.model_copy(update={"subject": f"asmosis: {subject}", "body": body})]

    waits = EventTrigger(expect={"prefect.flow-run.Suspended"}, match_related=_UNIT, posture=Posture.Reactive)
    failed = EventTrigger(
        expect={f"prefect.flow-run.{state}" for state in _FAILURES}, match_related=_UNIT, posture=Posture.Reactive
    )
    # Nobody decided for so long after it was suspended.
    undecided = EventTrigger(
        after={"prefect.flow-run.Suspended"},
        expect={f"prefect.flow-run.{state}" for state in _DECIDED},
        match_related=_UNIT,
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        within=undecided_long,
    )
    # `advance` says so of each at every look.
    locked = EventTrigger(
        expect={"asmosis.lock.old"},
        for_each={"prefect.resource.id"},
        posture=Posture.Reactive,
        within=NOT_AGAIN_FOR,
    )
    return (
        AutomationCore(name="asmosis: a unit waits", trigger=waits, actions=noticed("a unit waits for approval")),
        AutomationCore(name="asmosis: a unit failed", trigger=failed, actions=noticed("a unit needs attention")),
        AutomationCore(
            name="asmosis: nobody decides",
            trigger=undecided,
            actions=noticed(f"nobody has decided about a unit for {_span(undecided_long)}"),
        ),
        AutomationCore(name="asmosis: a lock is old", trigger=locked, actions=noticed("a lock is old", _LOCK)),
    )


def _span(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{hours:g} hours" if hours >= 1 else f"{span / timedelta(seconds=1):g} seconds"


if __name__ == "__main__":
    main()
