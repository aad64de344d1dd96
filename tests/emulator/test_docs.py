"""docs/emulator.md says what the emulator is."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from emulator import control, evidence
from emulator.arm.routes import OPERATIONS
from emulator.asm.routes import ROUTES
from emulator.faults import Then, When
from emulator.wrongs import Wrong

if TYPE_CHECKING:
    from tests.emulator.conftest import Client

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "emulator.md").read_text()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """An emulator of its own: what the examples do to it must not reach other tests."""
    command = [sys.executable, "-m", "emulator", "serve", "--seed", "contoso", "--dataplane", "off"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().split()[1]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)


def test_the_page_is_current() -> None:
    assert evidence.page() == PAGE, "run `make docs`"


def test_the_first_paragraph_says_in_bold_what_it_is_not() -> None:
    assert PAGE.split("\n\n")[1].startswith("**This is not Azure")


def test_every_route_is_on_the_page_with_its_evidence() -> None:
    rows = [line for line in PAGE.splitlines() if re.search(r"\| (recorded|documented|assumed) \|", line)]
    assert len(rows) == len(ROUTES) + len(OPERATIONS) + 1  # the identity endpoint


def test_every_control_that_takes_a_body_has_an_example() -> None:
    taking = {("POST", route.path) for route in control.ROUTES if "POST" in (route.methods or ())}
    assert taking == set(evidence.EXAMPLES), "emulator/evidence.py lists them"


def test_every_member_of_a_fault_is_described() -> None:
    assert evidence.described() == {
        "when": set(When.model_fields),
        "then": set(Then.model_fields),
        "wrong": set(Wrong.model_fields),
    }


@pytest.mark.parametrize(
    ("request_line", "body"),
    [(" ".join(request), body) for request, bodies in evidence.EXAMPLES.items() for body in bodies],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_example_works(client: "Client", address: str, request_line: str, body: dict[str, Any]) -> None:
    method, path = request_line.split()
    answer = type(client)(address, "").send(method, path, json.dumps(body))
    assert answer.status in (200, 201), answer.text
    assert json.dumps(body) in PAGE
