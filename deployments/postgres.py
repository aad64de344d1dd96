"""PostgreSQL of this copy's own, for the profile `scale`: from the system's packages, data beside everything else.

SQLite lets one run write at a time; PostgreSQL lets all. The cluster listens on loopback only, with a password of its
own, and is started and stopped with the rest.
"""

import os
import pwd
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from deployments.packages import install, reachable, running_as

USER = "asmosis"
PACKAGE = "postgresql"
SYSTEM_USER = "postgres"  # made by the package; the server refuses to run as root
CONNECTIONS = 350  # 100 for each process of the server, of whose API there may be two
# Prefect's server asks for a second connection while it holds one that has a run locked. With the fifteen that it has
# by default, fifty runs at one time wait for each other until they time out, and end with 500.
SERVER_SETTINGS = {
    "PREFECT_SERVER_DATABASE_SQLALCHEMY_POOL_SIZE": "50",
    "PREFECT_SERVER_DATABASE_SQLALCHEMY_MAX_OVERFLOW": "50",
}


def url(home: Path, port: int) -> str:
    """What Prefect connects to; carries the password."""
    return f"postgresql+asyncpg://{USER}:{_password(home).read_text()}@127.0.0.1:{port}/postgres"


def command(home: Path, port: int) -> tuple[str, ...]:
    """The server in the foreground.

    Committed is what reached the disk within a fraction of a second: after a crash of the whole machine the last
    states of runs may be older than the platform's, which is asked before every step anyway.
    """
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": str(CONNECTIONS),
        "shared_buffers": "256MB",
        "synchronous_commit": "off",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return (*running_as(SYSTEM_USER), str(_program("postgres")), "-D", str(_data(home)), *options)


def prepare(home: Path) -> None:
    """Install the package where that is possible and needed, and make the cluster unless it is there.

    Exits with the remedy where PostgreSQL is missing and cannot be installed.
    """
    if found("initdb") is None:
        install(PACKAGE, "PostgreSQL's server")
    data = _data(home)
    if (data / "PG_VERSION").exists():
        return
    data.mkdir(parents=True, exist_ok=True)
    _password(home).write_text(secrets.token_urlsafe(24))
    _password(home).chmod(0o600)
    if os.getuid() == 0:
        owner = pwd.getpwnam(SYSTEM_USER)
        for path in (data, _password(home)):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        reachable(data, SYSTEM_USER)
    initdb = (*running_as(SYSTEM_USER), str(_program("initdb")), "-D", str(data), "--username", USER)
    secured = ("--auth", "scram-sha-256", "--pwfile", str(_password(home)), "--encoding", "UTF8", "--locale", "C")
    subprocess.run((*initdb, *secured), check=True, stdout=subprocess.DEVNULL, cwd=data)


def found(name: str) -> Path | None:
    """The newest version that Debian keeps beside the others, or what is on the path."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which(name)
    return versions[-1] if versions else Path(on_path) if on_path else None


def _program(name: str) -> Path:
    there = found(name)
    if there is None:
        sys.exit(f"{name} is not there; is the package {PACKAGE} installed?")
    return there


def _data(home: Path) -> Path:
    return home / "postgres"


def _password(home: Path) -> Path:
    return home / "postgres.password"
