"""What every test may ask for: a whole local copy (server, emulator, worker) with the deployments registered."""

import socket
from collections.abc import Iterator

import pytest

from deployments import local


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
