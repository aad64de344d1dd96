"""What compose and Helm are given says the same as the profile that runs on one machine, in words that Prefect knows."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import prefect
import pytest
import yaml
from prefect.settings import Settings

from deployments import local, postgres, redis
from deployments.settings import SERVER as SETTINGS

DEPLOYMENTS = Path(local.__file__).parent


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOYMENTS / name).read_text(encoding="utf-8"))
    return found


COMPOSE = read("docker-compose.yaml")
SERVER, WORKER = read("helm/server.yaml"), read("helm/worker.yaml")["worker"]
RUNNING = COMPOSE["services"]
LOCAL = local.Place.from_environment({}).environment()
HELM = {each["name"]: each["value"] for each in WORKER["extraEnvVars"]}


@pytest.mark.parametrize("variable", ["PREFECT_WORKER_HEARTBEAT_SECONDS", "PREFECT_CLIENT_MAX_RETRIES"])
def test_workers_are_missed_and_are_patient_alike(variable: str) -> None:
    assert {HELM[variable], RUNNING["worker"]["environment"][variable], LOCAL[variable]} == {LOCAL[variable]}


def test_the_server_is_of_the_version_that_workers_have() -> None:
    images = {RUNNING[name]["image"] for name in ("migrate", "api", "services")}
    tag = SERVER["global"]["prefect"]["image"]["prefectTag"]
    assert images == {f"prefecthq/prefect:{tag}"}
    assert tag.startswith(f"{prefect.__version__}-python3.")


@pytest.mark.parametrize(
    ("environment", "mounts"),
    [
        (RUNNING["worker"]["environment"], [each.partition(":")[2] for each in RUNNING["worker"]["volumes"]]),
        (HELM, [each["mountPath"] for each in WORKER["extraVolumeMounts"]]),
    ],
    ids=["compose", "helm"],
)
def test_what_a_run_leaves_is_where_every_worker_finds_it(environment: Mapping[str, str], mounts: list[str]) -> None:
    for variable in ("ASMOSIS_HOME", "PREFECT_RESULTS_LOCAL_STORAGE_PATH"):
        assert any(PurePosixPath(environment[variable]).is_relative_to(mount) for mount in mounts), variable


@pytest.mark.parametrize("process", ["api", "services"])
def test_each_process_of_the_server_is_told_what_it_is_told_on_one_machine(process: str) -> None:
    told = SETTINGS | postgres.SERVER_SETTINGS | redis.SERVER_SETTINGS
    assert told.items() <= RUNNING[process]["environment"].items()
    # The chart tells of Redis itself.
    helm = {each["name"]: each["value"] for each in SERVER["global"]["prefect"]["env"]}
    assert helm == SETTINGS | postgres.SERVER_SETTINGS


def test_the_database_bears_what_all_processes_of_the_server_ask_of_it() -> None:
    each = sum(map(int, postgres.SERVER_SETTINGS.values()))
    command = RUNNING["api"]["command"]
    processes = int(command[command.index("--workers") + 1]) + 1
    assert each * processes + 50 == postgres.CONNECTIONS
    assert f"max_connections={postgres.CONNECTIONS}" in RUNNING["postgres"]["command"]


def test_everything_comes_back_by_itself() -> None:
    assert {name: each.get("restart") for name, each in RUNNING.items()} == {
        **dict.fromkeys(RUNNING, "unless-stopped"),
        # Once done, these stay down.
        "migrate": "on-failure",
        "setup": "on-failure",
    }


def test_prefect_reads_every_variable_and_nothing_is_kept_in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    given = RUNNING["api"]["environment"] | RUNNING["worker"]["environment"] | HELM
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    # What its extension for Redis reads itself is no setting of Prefect's.
    theirs = {name for name in given if name.startswith("PREFECT_") and not name.startswith("PREFECT_REDIS_")}
    assert theirs - settings.to_environment_variables().keys() == set()
    server = settings.server
    assert {
        server.events.messaging_broker,
        server.events.messaging_cache,
        server.events.causal_ordering.partition(".")[0],
        str(server.concurrency.lease_storage).partition(".")[0],
    } == {"prefect_redis.messaging", "prefect_redis"}
    assert server.docket.url.startswith("redis://")
    assert SERVER["backgroundServices"]["messaging"]["docket"]["existingSecret"]
