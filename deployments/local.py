"""Server, emulator and worker on this machine: `python -m deployments.local up|down|status`.

A keeper starts again whichever of them dies; `down` ends all.

Places and ports come from the environment, so that two copies can run side by side: `ASMOSIS_HOME`, `PREFECT_HOME`,
`PREFECT_API_URL`, `EMULATOR_PORT`, `SEED`. `PROFILE=scale` is the server for hundreds of units: on a PostgreSQL and a
Redis of its own (`POSTGRES_PORT`, `REDIS_PORT`), its services in a process apart, its API in one or several
(`API_WORKERS`), and two workers (`WORKERS`).
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit

import psutil
import requests

from deployments import access, postgres, redis
from deployments.settings import SERVER

PATIENCE = 120.0  # seconds that a service may take to answer; a first start makes the server's database
GRACE = 15.0  # seconds between asking a process to end and ending it
ROOT = Path(__file__).resolve().parent.parent
# The processes outlive this one on purpose; a forgotten handle would complain about that.
_STARTED: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Place:
    """Where this copy keeps its things and what it listens on."""

    home: Path
    prefect_home: Path
    api_url: str
    emulator_port: int
    seed: str
    profile: Literal["local", "scale"] = "local"
    postgres_port: int = 8471
    redis_port: int = 8472
    workers: int = 1
    api_workers: int = 1
    server_port: int = 0
    """What the server listens on where something stands between it and `api_url`; 0: the port of that."""
    login: str = field(default="", repr=False)
    """`USER:PASSWORD` that the server asks for; empty: it asks for none."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Place":
        """The place that the environment names."""
        home = Path(environ.get("ASMOSIS_HOME", ".asmosis")).resolve()
        profile = environ.get("PROFILE") or "local"
        if profile not in ("local", "scale"):
            sys.exit(f"PROFILE is {profile}; there are local and scale.")
        return cls(
            home=home,
            prefect_home=Path(environ.get("PREFECT_HOME", home / "prefect")).resolve(),
            api_url=environ.get("PREFECT_API_URL", "http://127.0.0.1:4200/api").rstrip("/"),
            emulator_port=int(environ.get("EMULATOR_PORT", "8470")),
            seed=environ.get("SEED", "contoso"),
            profile=cast('Literal["local", "scale"]', profile),
            postgres_port=int(environ.get("POSTGRES_PORT", "8471")),
            redis_port=int(environ.get("REDIS_PORT", "8472")),
            api_workers=int(environ.get("API_WORKERS", "1")),
            workers=int(environ.get("WORKERS", "2" if profile == "scale" else "1")),
            server_port=int(environ.get("SERVER_PORT", "0")),
            login=access.login_of(environ, home, profile),
        )

    @property
    def emulator_url(self) -> str:
        """Where the emulator listens."""
        return f"http://127.0.0.1:{self.emulator_port}"

    @property
    def ui_url(self) -> str:
        """Where the Prefect UI is."""
        return self.api_url.removesuffix("/api")

    def server_environment(self) -> dict[str, str]:
        """What only the server is told besides."""
        # By default they are in the server's memory: once it is restarted, nobody gives back a slot that was taken.
        database = {"PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem"}
        if self.profile == "scale":
            database["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = postgres.url(self.home, self.postgres_port)
            database |= postgres.SERVER_SETTINGS | redis.SERVER_SETTINGS | redis.addresses(self.home, self.redis_port)
        return {**SERVER, **database, **access.of_server(self.login, self.ui_url)}

    def environment(self) -> dict[str, str]:
        """The environment of everything that runs here, secrets of the caller included."""
        return {
            **os.environ,
            **access.of_clients(self.login),
            "PROFILE": self.profile,
            "POSTGRES_PORT": str(self.postgres_port),
            "REDIS_PORT": str(self.redis_port),
            "API_WORKERS": str(self.api_workers),
            "WORKERS": str(self.workers),
            "SERVER_PORT": str(self.server_port),
            # Programs that are started by name are to be of this environment.
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            "ASMOSIS_HOME": str(self.home),
            "EMULATOR_PORT": str(self.emulator_port),
            "SEED": self.seed,
            "PREFECT_HOME": str(self.prefect_home),
            "PREFECT_API_URL": self.api_url,
            "PREFECT_CLI_PROMPT": "false",
            "DO_NOT_TRACK": "1",
            # How soon a run starts, and how soon a dead worker is missed.
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_WORKER_HEARTBEAT_SECONDS": "10",
            # Runs outlast a server that is away for a minute or two.
            "PREFECT_CLIENT_MAX_RETRIES": "15",
            "ASMOSIS_ASM_URL": self.emulator_url,
            "ASMOSIS_ARM_URL": self.emulator_url,
            # The emulator issues managed-identity tokens, so DefaultAzureCredential signs in as on an Azure host.
            "IDENTITY_ENDPOINT": f"{self.emulator_url}/msi/token",
            "IDENTITY_HEADER": "emulator",
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        }


@dataclass(frozen=True)
class Service:
    """A long-lived process of this copy, known by its pid file."""

    name: str
    command: tuple[str, ...]
    health: str
    serves: bool = False
    """Whether it is a process of Prefect's server, which knows the database."""

    def answers(self) -> bool:
        """Whether the service answers now; one without an address does when its process lives."""
        if not self.health:
            return True
        if self.health.startswith("tcp:"):
            host, port = self.health.removeprefix("tcp:").split(":")
            with socket.socket() as probe:
                probe.settimeout(2)
                return probe.connect_ex((host, int(port))) == 0
        try:
            return requests.get(self.health, timeout=2).ok
        except requests.RequestException:
            return False


def services(place: Place) -> tuple[Service, ...]:
    """Everything that this copy runs, in the order of starting."""
    address = urlsplit(place.api_url)
    python = sys.executable
    return (
        *_stores(place),
        Service(
            "emulator",
            (
                *(python, "-m", "emulator", "serve", "--port", str(place.emulator_port)),
                *("--db", str(place.home / "emulator.sqlite"), "--seed", place.seed),
            ),
            f"{place.emulator_url}/_control/seed",
        ),
        Service(
            "server",
            (
                *(python, "-m", "deployments.server"),
                *("--host", address.hostname or "127.0.0.1", "--port", str(place.server_port or address.port or 4200)),
                *(("--no-services", "--workers", str(place.api_workers)) if place.profile == "scale" else ()),
            ),
            f"{place.api_url}/health",
            serves=True,
        ),
        *_services_apart(place),
        *(
            Service(
                f"worker-{number}" if number else "worker",
                # A name of its own: by it, a worker finds the runs of its former life.
                (python, "-m", "prefect", "worker", "start", "--pool", "asmosis", "--name", f"local-{number}"),
                "",
            )
            for number in range(place.workers)
        ),
    )


KEEPER = Service("keeper", (sys.executable, "-m", "deployments.keeper"), "")


def up(place: Place) -> None:
    """Start what is not running, wait until it answers, register blocks and deployments."""
    access.require_login(place.login, place.api_url)
    place.home.mkdir(parents=True, exist_ok=True)
    if place.profile == "scale":
        postgres.prepare(place.home)
        redis.prepare(place.home, place.redis_port)
    everything = services(place)
    for service in everything:
        if service.health:
            start(service, place)
    for service in everything:
        _wait_for(service, place)
    say("registering blocks, pool and deployments")
    subprocess.run([sys.executable, "-m", "deployments.setup"], env=place.environment(), cwd=ROOT, check=True)
    for service in (*everything, KEEPER):
        if not service.health:
            start(service, place)


def down(place: Place) -> None:
    """Stop exactly what `up` started."""
    for service in (KEEPER, *reversed(services(place))):
        process = living(service, place)
        if process is not None:
            say(f"stopping {service.name}")
            # What the keeper has started is not its own: it is stopped in its turn, and a worker gives its runs back.
            _stop([process] if service is KEEPER else [process, *process.children(recursive=True)])
        _pid_file(service, place).unlink(missing_ok=True)
    for handle in _STARTED:
        handle.poll()


def status(place: Place) -> None:
    """Print what runs."""
    for service in (*services(place), KEEPER):
        process = living(service, place)
        state = f"pid {process.pid}" if process else "down"
        sys.stdout.write(f"{service.name}\t{state}\t{service.health}\n")


def start(service: Service, place: Place) -> None:
    """Start a service unless it runs; its output goes to a log beside its pid file."""
    if living(service, place) is not None:
        say(f"{service.name} is already running")
        return
    if service.health and service.answers():
        sys.exit(f"{service.health} is answered by something that is not ours. Set PREFECT_API_URL or EMULATOR_PORT.")
    say(f"starting {service.name}")
    # A child that was killed is there until somebody asks how it ended, and PostgreSQL would not start beside itself.
    _STARTED[:] = [each for each in _STARTED if each.poll() is None]
    written = place.home / f"{service.name}.log"
    written.touch(mode=0o600)
    with written.open("ab") as log:
        process = subprocess.Popen(
            service.command,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            env=place.environment() | (place.server_environment() if service.serves else {}),
            cwd=ROOT,
            start_new_session=True,
            # What it writes, such as logs, the database and evidence, is nobody else's to read.
            umask=0o077,
        )
    _STARTED.append(process)
    identity = {"pid": process.pid, "started": psutil.Process(process.pid).create_time()}
    _pid_file(service, place).write_text(json.dumps(identity))


def living(service: Service, place: Place) -> psutil.Process | None:
    """Our process, if it is still that process and not a later one of the same number."""
    try:
        identity = json.loads(_pid_file(service, place).read_text())
        process = psutil.Process(identity["pid"])
        same = process.create_time() == identity["started"] and process.status() != psutil.STATUS_ZOMBIE
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None
    return process if same else None


def say(text: str) -> None:
    """Progress goes to stderr."""
    sys.stderr.write(f"· {text}\n")
    sys.stderr.flush()


def _stores(place: Place) -> tuple[Service, ...]:
    """What the processes of the server keep things in, where it has several."""
    if place.profile != "scale":
        return ()
    return (
        Service("postgres", postgres.command(place.home, place.postgres_port), f"tcp:127.0.0.1:{place.postgres_port}"),
        Service("redis", redis.command(place.home), f"tcp:127.0.0.1:{place.redis_port}"),
    )


def _services_apart(place: Place) -> tuple[Service, ...]:
    """What the server does besides answering, in a process of its own."""
    if place.profile != "scale":
        return ()
    return (Service("services", (sys.executable, "-m", "deployments.server", "services"), "", serves=True),)


def _pid_file(service: Service, place: Place) -> Path:
    return place.home / f"{service.name}.pid"


def _wait_for(service: Service, place: Place) -> None:
    deadline = time.monotonic() + PATIENCE
    while not service.answers():
        if living(service, place) is None or time.monotonic() > deadline:
            log = place.home / f"{service.name}.log"
            sys.exit(f"{service.name} does not answer at {service.health}. Its log: {log}")
        time.sleep(0.2)


def _stop(family: list[psutil.Process]) -> None:
    """Ask a process to end, then end it and whatever it started."""
    family[0].terminate()
    _, alive = psutil.wait_procs(family, timeout=GRACE)
    for survivor in alive:
        survivor.kill()


def main() -> None:
    """Run the verb that the command line names."""
    verbs = {"up": up, "down": down, "status": status}
    verb = sys.argv[1] if len(sys.argv) == 2 else ""  # noqa: PLR2004 - the program's name and one verb
    if verb not in verbs:
        sys.exit(f"usage: python -m deployments.local {'|'.join(verbs)}")
    verbs[verb](Place.from_environment())


if __name__ == "__main__":
    main()
