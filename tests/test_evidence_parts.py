"""What the parts of a bundle are made of: documents without strangers, the way back, and what happened when."""

import json
import zipfile
from io import BytesIO

import pytest

from asmosis.azure.inventory import RawDocument
from asmosis.evidence.history import History, Operation, RunState, TaskSpan, steps_of
from asmosis.evidence.parts import part_of_history
from asmosis.evidence.rollback import rollback_kit
from asmosis.evidence.snapshot import documents_of, model_content, received_content
from asmosis.units import Unit
from tests import promising

RUN, OTHER = "11111111-aaaa", "22222222-bbbb"
UNIT = Unit.parse("virtualNetwork/vineyard", promising.SUBSCRIPTION)

# The snapshot


def test_a_snapshot_holds_the_documents_of_the_unit_and_no_strangers() -> None:
    estate = promising.estate()
    documents = documents_of(UNIT, estate, promising.archived())
    text = b"".join(documents.values()).decode()
    own = {service.name for service in estate.services_of(UNIT)}
    strangers = {service.name for service in estate.hosted_services} - own
    assert (own, strangers) == ({"press", "barrels"}, {"Tasting"})
    assert {f"services__hostedservices__{name}.xml" for name in own} < set(documents)
    for name in ("press", "barrels", "vineyard"):
        assert f"Name>{name}<" in text
    for name in ("Tasting", "tasting", "lookout", "vineyarddisks"):
        assert f"Name>{name}<" not in text
    assert "storageservices" not in " ".join(documents)


def test_a_document_that_needs_no_change_is_kept_byte_for_byte() -> None:
    document = (
        b'<?xml version="1.0"?>\n<NetworkSecurityGroup  xmlns="u"><Name>spare-guard</Name></NetworkSecurityGroup>'
    )
    unit = Unit.parse("networkSecurityGroup/spare-guard", promising.SUBSCRIPTION)
    raw = RawDocument("services/networking/networksecuritygroups/spare-guard?detaillevel=Full", document)
    assert list(documents_of(unit, promising.estate(), [raw]).values()) == [document]


def test_the_archive_of_documents_is_the_same_for_the_same_documents_and_opens() -> None:
    documents = documents_of(UNIT, promising.estate(), promising.archived())
    one, other = received_content(documents), received_content(dict(documents))
    assert one.sha256 == other.sha256
    with zipfile.ZipFile(BytesIO(one.data)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == documents
    assert received_content({}).partial


def test_a_document_that_cannot_be_understood_makes_the_model_partial() -> None:
    content = model_content({"a.xml": b"<Nobody/>", "b.xml": b"<ReservedIP><Name>x</Name></ReservedIP>"})
    assert "a.xml" in content.partial
    assert [read["file"] for read in json.loads(content.data)["documents"]] == ["b.xml"]


# The way back


def test_the_rollback_kit_names_every_member_in_an_order_that_can_work_and_is_no_platform_rollback() -> None:
    estate = promising.estate()
    kit = rollback_kit(estate, UNIT)
    assert "not a platform rollback" in kit.statement
    made = [step.make for step in kit.steps]
    network = next(at for at, text in enumerate(made) if text.startswith("virtual network vineyard"))
    for service in estate.services_of(UNIT):
        assert service.deployment is not None
        at = made.index(f"cloud service {service.name}")
        assert at > network
        for role in service.deployment.roles:
            if role.is_virtual_machine:
                machine = next(place for place, text in enumerate(made) if f"{service.name}/{role.name} " in text)
                assert machine > at
                disk = f"disk {role.os_disk.name}" if role.os_disk else ""
                assert disk not in made or made.index(disk) < machine
    assert any("Private settings" in line for step in kit.steps for line in step.lost)


# What happened when


def _history(*tasks: TaskSpan, operations: tuple[Operation, ...] = ()) -> History:
    states = (
        RunState("RUNNING", "Running", "2026-01-01T00:00:00+00:00", ""),
        RunState("PAUSED", "Suspended", "2026-01-01T00:05:00+00:00", ""),
        RunState("SCHEDULED", "Resuming", "2026-01-01T01:05:00+00:00", ""),
    )
    return History(states, tasks, operations)


FIRST = TaskSpan("prepare x", "2026-01-01T00:01:00+00:00", "2026-01-01T00:03:00+00:00", "COMPLETED")
AGAIN = TaskSpan("prepare x", "2026-01-01T01:06:00+00:00", "2026-01-01T01:06:01+00:00", "COMPLETED")
KILLED = TaskSpan("prepare x", "2026-01-01T00:00:30+00:00", "", "RUNNING")
SENT = Operation("prepare", "op1", "2026-01-01T00:01:01+00:00")


@pytest.mark.parametrize(
    ("tasks", "since", "until"),
    [
        pytest.param((FIRST, AGAIN), FIRST.since, FIRST.until, id="asked again after the approval"),
        pytest.param((KILLED, FIRST), KILLED.since, FIRST.until, id="killed and gone on with"),
        pytest.param((KILLED,), KILLED.since, "", id="not over"),
    ],
)
def test_a_step_lasts_from_its_first_asking_to_its_first_completion(
    tasks: tuple[TaskSpan, ...], since: str, until: str
) -> None:
    [step] = _history(*tasks).steps
    assert (step.since, step.until) == (since, until)


def test_waits_are_told_from_the_states() -> None:
    [wait] = _history().waits
    assert (wait.what, wait.since[11:16], wait.until[11:16]) == ("approval", "00:05", "01:05")


def test_a_step_without_a_known_operation_is_partial_unless_another_run_knows_it() -> None:
    sent = _history(FIRST, operations=(SENT,))
    assert not part_of_history(RUN, sent)[f"history/{RUN}"].partial
    unknown = _history(FIRST)
    assert "prepare" in part_of_history(RUN, unknown)[f"history/{RUN}"].partial
    assert not part_of_history(OTHER, unknown, [sent])[f"history/{OTHER}"].partial
    [step] = steps_of([unknown, sent])
    assert step.operations == ("op1",)


def test_a_step_whose_end_the_server_has_not_heard_of_yet_is_told_as_begun() -> None:
    begun = _history(operations=(SENT,))
    assert [(step.since, step.until, step.operations) for step in begun.steps] == [(SENT.at, "", ("op1",))]
    assert not part_of_history(RUN, begun)[f"history/{RUN}"].partial
