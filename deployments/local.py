"""Server, emulator and worker on this machine: `python -m deployments.local up|down|status`.

Places and ports come from the environment, so that two copies can run side by side: `ASMOSIS_HOME`, `PREFECT_HOME`,
`PREFECT_API_URL`, `EMULATOR_PORT`, `SEED`.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import requests

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

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Place":
        """The place that the environment names."""
        home = Path(environ.get("ASMOSIS_HOME", ".asmosis")).resolve()
        return cls(
            home=home,
            prefect_home=Path(environ.get("PREFECT_HOME", home / "prefect")).resolve(),
            api_url=environ.get("PREFECT_API_URL", "http://127.0.0.1:4200/api").rstrip("/"),
            emulator_port=int(environ.get("EMULATOR_PORT", "8470")),
            seed=environ.get("SEED", "contoso"),
        )

    @property
    def emulator_url(self) -> str:
        """Where the emulator listens."""
        return f"http://127.0.0.1:{self.emulator_port}"

    @property
    def ui_url(self) -> str:
        """Where the Prefect UI is."""
        return self.api_url.removesuffix("/api")

    def environment(self) -> dict[str, str]:
        """The environment of everything that runs here, secrets of the caller included."""
        return {
            **os.environ,
            # The worker starts runs as `python`, which is to be this one.
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            "ASMOSIS_HOME": str(self.home),
            "PREFECT_HOME": str(self.prefect_home),
            "PREFECT_API_URL": self.api_url,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_CLI_PROMPT": "false",
            "DO_NOT_TRACK": "1",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            # A busy SQLite answers 503; every client asks again, and a worker that gives up calls its run crashed.
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

    def answers(self) -> bool:
        """Whether the service answers now; one without an address does when its process lives."""
        if not self.health:
            return True
        try:
            return requests.get(self.health, timeout=2).ok
        except requests.RequestException:
            return False


def services(place: Place) -> tuple[Service, ...]:
    """Everything that this copy runs, in the order of starting."""
    address = urlsplit(place.api_url)
    python = sys.executable
    return (
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
                *(python, "-m", "prefect", "server", "start"),
                *("--host", address.hostname or "127.0.0.1", "--port", str(address.port or 4200)),
            ),
            f"{place.api_url}/health",
        ),
        Service(
            "worker",
            (
                *(python, "-m", "prefect", "worker", "start", "--pool", "asmosis", "--type", "process"),
                *("--name", f"local-{place.emulator_port}"),
            ),
            "",
        ),
    )


def up(place: Place) -> None:
    """Start what is not running, wait until it answers, register blocks and deployments."""
    place.home.mkdir(parents=True, exist_ok=True)
    emulator, server, worker = services(place)
    for service in (emulator, server):
        _start(service, place)
    for service in (emulator, server):
        _wait_for(service, place)
    say("registering blocks, pool and deployments")
    subprocess.run([sys.executable, "-m", "deployments.setup"], env=place.environment(), cwd=ROOT, check=True)
    _start(worker, place)


def down(place: Place) -> None:
    """Stop exactly what `up` started."""
    for service in reversed(services(place)):
        process = _living(service, place)
        if process is not None:
            say(f"stopping {service.name}")
            _stop(process)
        _pid_file(service, place).unlink(missing_ok=True)
    for handle in _STARTED:
        handle.poll()


def status(place: Place) -> None:
    """Print what runs."""
    for service in services(place):
        process = _living(service, place)
        state = f"pid {process.pid}" if process else "down"
        sys.stdout.write(f"{service.name}\t{state}\t{service.health}\n")


def say(text: str) -> None:
    """Progress goes to stderr."""
    sys.stderr.write(f"· {text}\n")
    sys.stderr.flush()


def _pid_file(service: Service, place: Place) -> Path:
    return place.home / f"{service.name}.pid"


def _start(service: Service, place: Place) -> None:
    if _living(service, place) is not None:
        say(f"{service.name} is already running")
        return
    if service.health and service.answers():
        sys.exit(f"{service.health} is answered by something that is not ours. Set PREFECT_API_URL or EMULATOR_PORT.")
    say(f"starting {service.name}")
    with (place.home / f"{service.name}.log").open("ab") as log:
        process = subprocess.Popen(
            service.command,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            env=place.environment(),
            cwd=ROOT,
            start_new_session=True,
        )
    _STARTED.append(process)
    identity = {"pid": process.pid, "started": psutil.Process(process.pid).create_time()}
    _pid_file(service, place).write_text(json.dumps(identity))


def _wait_for(service: Service, place: Place) -> None:
    deadline = time.monotonic() + PATIENCE
    while not service.answers():
        if _living(service, place) is None or time.monotonic() > deadline:
            log = place.home / f"{service.name}.log"
            sys.exit(f"{service.name} does not answer at {service.health}. Its log: {log}")
        time.sleep(0.2)


def _living(service: Service, place: Place) -> psutil.Process | None:
    """Our process, if it is still that process and not a later one of the same number."""
    try:
        identity = json.loads(_pid_file(service, place).read_text())
        process = psutil.Process(identity["pid"])
        same = process.create_time() == identity["started"] and process.status() != psutil.STATUS_ZOMBIE
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None
    return process if same else None


def _stop(process: psutil.Process) -> None:
    """Ask a process to end, then end it and whatever it started."""
    family = [process, *process.children(recursive=True)]
    process.terminate()
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
