"""Redis of this copy's own, for the profile `scale`: from the system's packages, data beside everything else.

What passes between the processes of Prefect's server goes through it: events, the queue of the services, leases of
concurrency limits. It listens on loopback only, with a password of its own.
"""

import os
import pwd
import secrets
import shutil
from pathlib import Path

from deployments.packages import install, reachable, running_as

PACKAGE = "redis-server"
SYSTEM_USER = "redis"  # made by the package

SERVER_SETTINGS = {
    # In one process's memory, the other processes of the server would not see them.
    "PREFECT_SERVER_EVENTS_MESSAGING_BROKER": "prefect_redis.messaging",
    "PREFECT_SERVER_EVENTS_MESSAGING_CACHE": "prefect_redis.messaging",
    "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "prefect_redis.ordering",
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
}


def addresses(home: Path, port: int) -> dict[str, str]:
    """Where the processes of the server find it; carries the password."""
    address = f"redis://:{_password(home).read_text(encoding='ascii')}@127.0.0.1:{port}"
    return {"PREFECT_REDIS_MESSAGING_URL": f"{address}/0", "PREFECT_SERVER_DOCKET_URL": f"{address}/1"}


def command(home: Path) -> tuple[str, ...]:
    """The server in the foreground; what it is told is in a file, for others see what a command line says."""
    return (*running_as(SYSTEM_USER), shutil.which("redis-server") or "redis-server", str(_configuration(home)))


def prepare(home: Path, port: int) -> None:
    """Install the package where that is possible and needed, and make folder, password and configuration.

    Exits with the remedy where Redis is missing and cannot be installed.
    """
    if shutil.which("redis-server") is None:
        install(PACKAGE, "Redis' server")
    data = home / "redis"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _password(home).exists():
        _write(_password(home), secrets.token_urlsafe(24))
    settings = {
        "bind": "127.0.0.1",
        "port": str(port),
        "requirepass": _password(home).read_text(encoding="ascii"),
        "dir": str(data),
        # What was told to Redis survives it; what it forgets of the last second, the server's services find again.
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        # Events that nobody has read yet must not make room for newer ones.
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    _write(_configuration(home), "".join(f"{name} {value}\n" for name, value in settings.items()))
    if os.getuid() == 0:
        owner = pwd.getpwnam(SYSTEM_USER)
        for path in (data, _configuration(home)):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        reachable(data, SYSTEM_USER)


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
        file.write(text)


def _configuration(home: Path) -> Path:
    return home / "redis.conf"


def _password(home: Path) -> Path:
    return home / "redis.password"
