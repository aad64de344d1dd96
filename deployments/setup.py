"""Registers everything that the flows need on a Prefect server; safe to run again: `python -m deployments.setup`."""

import os
import subprocess
import sys
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectAlreadyExists

from blocks.approvals import ApprovalPolicyBlock
from blocks.azure import ControlPlanes
from deployments import alarms
from workers.in_process import InProcessWorker

ROOT = Path(__file__).resolve().parent.parent
POOL = "asmosis"
# More do not end sooner: the server is what they wait for.
RUNS_AT_ONE_TIME = {"local": 30, "scale": 100}


def main() -> None:
    """Register block types, the emulator's block, the work pool, all deployments of prefect.yaml, and the alarms."""
    with get_client(sync_client=True) as client:
        _work_pool(client)
        alarms.bind(client)
    ControlPlanes.register_type_and_schema()
    ApprovalPolicyBlock.register_type_and_schema()
    _emulator_block()
    # The command line is Prefect's public way to deploy a prefect.yaml.
    subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _work_pool(client: SyncPrefectClient) -> None:
    limit = RUNS_AT_ONE_TIME.get(os.environ.get("PROFILE", ""), RUNS_AT_ONE_TIME["local"])
    pool = WorkPoolCreate(
        name=POOL,
        type=InProcessWorker.type,
        base_job_template=InProcessWorker.get_default_base_job_template(),
        concurrency_limit=limit,
    )
    try:
        client.create_work_pool(pool)
    except ObjectAlreadyExists:
        # An operator may have chosen another limit since, or another type; a worker that was faster has chosen none.
        if client.read_work_pool(POOL).concurrency_limit is None:
            client.update_work_pool(POOL, WorkPoolUpdate(concurrency_limit=limit))


def _emulator_block() -> None:
    """The block that every parameter's default names; an operator adds one per cloud beside it."""
    asm_url, arm_url = os.environ.get("ASMOSIS_ASM_URL"), os.environ.get("ASMOSIS_ARM_URL")
    if asm_url and arm_url:
        ControlPlanes(asm_url=asm_url, arm_url=arm_url).save("emulator", overwrite=True)


if __name__ == "__main__":
    main()
