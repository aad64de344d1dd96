"""Servers from the system's packages: installed where that is possible, and run as the user that comes with them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def install(package: str, what: str) -> None:
    """Install a package; exits with the remedy where only somebody else can."""
    if os.getuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(f"PROFILE=scale needs {what}; install the package {package} and start again.")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ("apt-get", "install", "--yes", "--no-install-recommends", package)
    subprocess.run(command, check=True, env=environment, stdout=sys.stderr)


def running_as(user: str) -> tuple[str, ...]:
    """What a command begins with that root runs as another user; nothing for anybody else."""
    if os.getuid() != 0:
        return ()
    return ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--")


def reachable(folder: Path, user: str) -> None:
    """Exit where a user may not enter a folder above its own."""
    closed = [str(above) for above in folder.parents if not above.stat().st_mode & 0o001]
    if closed:
        sys.exit(f"User {user} may not enter {closed[-1]}. Set ASMOSIS_HOME to a folder that it may.")
