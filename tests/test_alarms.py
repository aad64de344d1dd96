"""Automations that tell a person, through a notification block that the operator made: here a webhook of our own."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.states import Failed, Suspended

from asmosis.parameters import MigrateParameters, Mode, Probe
from deployments import alarms, local
from tests.stage import Stage

pytestmark = pytest.mark.slow
PATIENCE = 90.0
README = Path(alarms.__file__).with_name("README.md").read_text()
HOOK = "https://hooks.slack.com/services/T000/B000/XXXX"
SPARE = "reservedIp/contoso-spare-ip"


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
        self.server.heard.append(f"{body['title']} | {body['message'].splitlines()[0]}")
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


def test_what_people_should_know_is_told_by_the_two_commands_of_the_manual_and_nothing_else(
    stack: local.Place, listener: Listener
) -> None:
    commands = re.findall(r"^\$ (python .+)$", README, re.MULTILINE)
    assert len(commands) == 2
    stage = Stage(stack, {"estate": "contoso"})
    asked = MigrateParameters(
        subscription=stage.subscription, unit=SPARE, mode=Mode.PREPARE_ONLY, probe=Probe(on=False)
    )
    left = stage.runs.migrate(asked)
    with SyncPrefectClient(stack.api_url) as client:
        assert not alarms.bind(client)
        try:
            for command in commands:
                # What Slack would be sent, the same block sends to any address that is written in Apprise's way.
                here = command.replace(HOOK, f"json://127.0.0.1:{listener.server_port}/").replace(
                    "python", sys.executable
                )
                subprocess.run(here, shell=True, check=True, cwd=local.ROOT, env=stack.environment())
            # Twice is once.
            assert alarms.bind(client, timedelta(seconds=10))
            time.sleep(3)  # until the server's triggers know them
            for name, tags in (("with-a-unit", ["unit:storageAccount/x"]), ("without", [])):
                run = client.create_flow_run(nothing, name=name, tags=tags)
                client.set_flow_run_state(run.id, Suspended(), force=True)
            failing = client.create_flow_run(nothing, name="failing", tags=["unit:storageAccount/y"])
            client.set_flow_run_state(failing.id, Failed(name="PrepareFailed", message="no quota"), force=True)
            stage.until(left, lambda run: run.state == "Prepared")
            for _ in range(2):
                looked = stage.submit("advance", {"thorough": True, "old_after_days": 0})
                stage.until(looked, lambda run: run.ended)
            since = f"{stage.runs.prepared()[f'{stage.subscription}/{SPARE}'.casefold()]:%Y-%m-%d %H:%M} UTC"
            lock = f"{stage.subscription}/{SPARE} is prepared since {since}"
            told = {
                "asmosis: a unit waits for approval | with-a-unit: Suspended. ",
                "asmosis: a unit needs attention | failing: PrepareFailed. no quota",
                "asmosis: nobody has decided about a unit for 10 seconds | with-a-unit: Suspended. ",
                f"asmosis: a lock is old | {lock}: locked for more than 0 days",
            }
            assert listener.hears(*told), listener.heard
            # Others may have left locks behind.
            assert sorted(words for words in listener.heard if "lock is old" not in words or SPARE in words) == sorted(
                told
            )
        finally:
            for block in client.read_block_documents(limit=200):
                if block.name == alarms.BLOCK:
                    client.delete_block_document(block.id)
            for automation in client.read_automations():
                if automation.name.startswith("asmosis: "):
                    client.delete_automation(automation.id)
