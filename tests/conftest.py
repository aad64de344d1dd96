"""What every test may ask for: a whole local copy (server, emulator, worker) with the deployments registered."""

import gc
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deployments import local


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew", action="store_true", help="Write the goldens anew instead of comparing with them.")


def pytest_collection_finish() -> None:
    """Thousands of collected tests stay until the end: nobody has to look through them for garbage again and again."""
    gc.freeze()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, Any], None]:
    """Compare a value with the JSON of a golden file; with --renew, write it there first."""

    def compare(path: Path, value: Any) -> None:
        text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        if request.config.getoption("--renew"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is another; pytest --renew writes it anew"

    return compare


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local.Place]:
    """A running copy of everything; yields where it is. Costs about half a minute once per session."""
    home = tmp_path_factory.mktemp("asmosis")
    place = local.Place(
        home=home,
        prefect_home=home / "prefect",
        api_url=f"http://127.0.0.1:{free_port()}/api",
        emulator_port=free_port(),
        seed="contoso",
    )
    try:
        local.up(place)
        yield place
    finally:
        local.down(place)


@pytest.fixture(scope="session")
def prefect_server(stack: local.Place) -> str:
    """The API address of a running Prefect server."""
    return stack.api_url
