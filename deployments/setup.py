"""Registers everything that the flows need on a Prefect server; safe to run again: `python -m deployments.setup`."""

import os
import subprocess
import sys
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists

from blocks.azure import ControlPlanes

ROOT = Path(__file__).resolve().parent.parent
POOL = "asmosis"
# Runs at one time: SQLite answers 503 to many writers (or lets them wait for a minute), and a run costs a process of
# about 150 MB and three seconds of CPU. The limit is the
# pool's, not the worker's (`--limit`): a worker ends itself when a run is resumed before its old process has gone
# ("this borrower is already holding one of this CapacityLimiter's tokens").
RUNS_AT_ONE_TIME = 2


def main() -> None:
    """Register block types, the emulator's block, the work pool and all deployments of prefect.yaml."""
    with get_client(sync_client=True) as client:
        _work_pool(client)
    ControlPlanes.register_type_and_schema()
    _emulator_block()
    # The command line is Prefect's public way to deploy a prefect.yaml.
    subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _work_pool(client: SyncPrefectClient) -> None:
    try:
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process", concurrency_limit=RUNS_AT_ONE_TIME))
    except ObjectAlreadyExists:
        # An operator may have chosen another limit since.
        return


def _emulator_block() -> None:
    """The block that every parameter's default names; an operator adds one per cloud beside it."""
    asm_url, arm_url = os.environ.get("ASMOSIS_ASM_URL"), os.environ.get("ASMOSIS_ARM_URL")
    if asm_url and arm_url:
        ControlPlanes(asm_url=asm_url, arm_url=arm_url).save("emulator", overwrite=True)


if __name__ == "__main__":
    main()
