"""Promises about the whole tree."""

import importlib
import pickle
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest
import yaml
from prefect import Flow
from prefect.blocks.core import Block
from prefect.flows import load_flow_from_entrypoint
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from prefect.utilities.callables import parameter_schema

import asmosis
from asmosis import errors
from asmosis.parameters import AssessParameters
from asmosis.readiness import PROFILES
from asmosis.version import VERSION
from blocks.approvals import ApprovalPolicyBlock
from blocks.azure import ControlPlanes
from flows.advance import GATHERING

ROOT = Path(__file__).resolve().parent.parent
TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    if (ROOT / name).is_file()
]
DEPLOYMENTS = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


def every_module(package: ModuleType) -> list[str]:
    return [found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_pickles_with_all_it_carries(kind: type[Exception]) -> None:
    arguments = {
        errors.ControlPlaneError: ("ASM", 409, "ConflictError", "busy", "a" * 32),
        errors.Unreachable: ("ARM", "https://127.0.0.1", "refused"),
        errors.UnreadableDocument: ("file.xml:1", "empty"),
        errors.StillMoving: ("u", "Preparing"),
        errors.IllegalMove: ("u", "commit", "Classic", "Prepare it first."),
        errors.UsageError: ("place", "problem", "Remedy."),
    }
    made = kind(*next((values for base, values in arguments.items() if issubclass(kind, base)), ("text",)))
    again = pickle.loads(pickle.dumps(made))
    assert (type(again), again.args, vars(again), str(again)) == (kind, made.args, vars(made), str(made))


def test_the_error_tree_is_drawn_as_it_is() -> None:
    drawn = re.findall(r"^[│├└─ ]*([A-Z][A-Za-z]+)(?: |$)", errors.__doc__ or "", re.MULTILINE)
    assert set(drawn) >= {kind.__name__ for kind in ERRORS}


@pytest.mark.parametrize("entry", DEPLOYMENTS, ids=lambda entry: entry["name"])
def test_every_entrypoint_is_a_module_path_that_loads(entry: dict[str, str]) -> None:
    assert ":" not in entry["entrypoint"]
    flow: Flow[Any, Any] = load_flow_from_entrypoint(entry["entrypoint"], use_placeholder_flow=False)
    assert flow.name == entry["name"]


@pytest.mark.parametrize("entry", DEPLOYMENTS, ids=lambda entry: entry["name"])
def test_every_flow_is_of_this_version_and_its_form_explains_every_parameter(entry: dict[str, str]) -> None:
    flow: Flow[Any, Any] = load_flow_from_entrypoint(entry["entrypoint"], use_placeholder_flow=False)
    assert flow.version == VERSION
    schema = parameter_schema(flow.fn)
    forms = {name: form for name, form in (schema.definitions or {}).items() if name != "Destination"}
    asked = {
        f"{name}.{field}": told for name, form in forms.items() for field, told in form.get("properties", {}).items()
    }
    asked |= {name: told for name, told in schema.properties.items() if "allOf" not in told and "$ref" not in told}
    assert [name for name, told in asked.items() if not told.get("description")] == []


def test_the_form_offers_the_profiles_that_there_are() -> None:
    assert set(get_args(AssessParameters.model_fields["profile"].annotation)) == set(PROFILES)


def test_deployment_names_are_unique() -> None:
    names = [entry["name"] for entry in DEPLOYMENTS]
    assert len(names) == len(set(names))


def test_advance_looks_when_its_trigger_hears_again() -> None:
    [trigger] = next(entry["triggers"] for entry in DEPLOYMENTS if entry["name"] == "advance")
    assert 0 < trigger["within"] <= GATHERING


@pytest.mark.parametrize("folder", ["flows", "tasks", "blocks", "workers", "deployments"])
def test_no_file_hides_a_module_of_python_or_of_the_project(folder: str) -> None:
    taken = set(sys.stdlib_module_names) | {
        "flows",
        "tasks",
        "blocks",
        "workers",
        "deployments",
        "asmosis",
        "emulator",
        "tests",
    }
    assert {path.stem for path in (ROOT / folder).glob("*.py")} & taken == set()


def test_every_module_imports_by_itself() -> None:
    for name in every_module(asmosis):
        importlib.import_module(name)


def test_the_lock_names_no_place_to_download_from() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    assert not [line for line in lines if re.search(r"://|--(extra-)?index|--find-links", line)]
    pinned = [line for line in lines if re.match(r"\S", line)]
    assert all("==" in line for line in pinned)


def test_no_tracked_file_carries_a_path_of_a_machine() -> None:
    machine = re.compile(r"(?:^|[^\w./])/(?:work|root|home|Users)/\w")
    guilty = []
    for path in TRACKED:
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        if machine.search(text) and path != Path(__file__).resolve():
            guilty.append(str(path.relative_to(ROOT)))
    assert guilty == []


def test_no_module_is_longer_than_400_lines() -> None:
    modules = [path for path in TRACKED if path.suffix == ".py" and path.relative_to(ROOT).parts[0] != "tests"]
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}


def test_the_makefile_explains_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)) - {"clean"}
    assert targets == set(re.findall(r"^## ([a-z-]+):", makefile, re.MULTILINE))


@pytest.mark.parametrize(
    ("command", "file"),
    re.findall(r"\$\(BIN\)/python (-m .+) > (docs/schemas/\S+)", (ROOT / "Makefile").read_text()),
)
def test_a_published_schema_is_current(command: str, file: str) -> None:
    told = subprocess.run([sys.executable, *command.split()], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout == (ROOT / file).read_text(), "make docs renews it"


def test_every_published_schema_is_generated() -> None:
    made = set(re.findall(r"> docs/schemas/(\S+)", (ROOT / "Makefile").read_text()))
    assert {path.name for path in (ROOT / "docs" / "schemas").iterdir()} == made


class TestBlocks(BlockStandardTestSuite):
    """Prefect's own contract for blocks, but for the picture: it would be fetched from the network."""

    test_has_a_valid_image = None  # type: ignore[assignment]

    @pytest.fixture(params=[ControlPlanes, ApprovalPolicyBlock])
    def block(self, request: pytest.FixtureRequest) -> type[Block]:
        block: type[Block] = request.param
        return block
