"""Automations that tell a person, through a notification block that the operator made: here a webhook of our own."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import BlockDocumentCreate
from prefect.states import Failed, Suspended

from deployments import alarms

pytestmark = pytest.mark.slow
PATIENCE = 90.0
MESSAGE = {"subject": "{{subject}}", "body": "{{body}}"}


class Listener(ThreadingHTTPServer):
    """Keeps the subjects that it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        self.heard: list[str] = []
        super().__init__(("127.0.0.1", 0), Told)

    def hears(self, *subjects: str) -> bool:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if set(subjects) <= set(self.heard):
                return True
            time.sleep(0.3)
        return False


class Told(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.heard.append(f"{body['subject']} | {body['body'].splitlines()[0]}")
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as listener:
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield listener
        listener.shutdown()


@flow(name="nothing")
def nothing() -> None: ...


def test_waiting_failed_and_long_locked_units_are_told_and_other_runs_are_not(
    prefect_server: str, listener: Listener
) -> None:
    with SyncPrefectClient(prefect_server) as client:
        assert not alarms.bind(client)
        webhook = client.read_block_type_by_slug("custom-webhook")
        schema = client.get_most_recent_block_schema_for_block_type(webhook.id)
        assert schema is not None
        told = {"name": "ours", "url": f"http://127.0.0.1:{listener.server_port}/", "json_data": MESSAGE}
        document = client.create_block_document(
            BlockDocumentCreate(name=alarms.BLOCK, data=told, block_type_id=webhook.id, block_schema_id=schema.id)
        )
        try:
            assert alarms.bind(client)
            # Twice is once.
            assert alarms.bind(client, timedelta(seconds=10))
            time.sleep(3)  # until the server's triggers know them
            for name, tags in (("with-a-unit", ["unit:storageAccount/x"]), ("without", [])):
                run = client.create_flow_run(nothing, name=name, tags=tags)
                client.set_flow_run_state(run.id, Suspended(), force=True)
            failing = client.create_flow_run(nothing, name="failing", tags=["unit:storageAccount/y"])
            client.set_flow_run_state(failing.id, Failed(name="PrepareFailed", message="no quota"), force=True)
            assert listener.hears(
                "asmosis: a unit waits for approval | with-a-unit: Suspended. ",
                "asmosis: a unit needs attention | failing: PrepareFailed. no quota",
                "asmosis: a unit is locked for 0:00:10 | with-a-unit: Suspended. ",
            ), listener.heard
            assert len(listener.heard) == 3
        finally:
            client.delete_block_document(document.id)
            for name in ("a unit waits", "a unit failed", "a lock is old"):
                for automation in client.read_automations_by_name(f"asmosis: {name}"):
                    client.delete_automation(automation.id)
