"""`python -m emulator serve` runs the emulator, `python -m emulator seed` loads an estate into a running one."""

import contextlib
import ipaddress
import json
import os
import signal
import socket
import sqlite3
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn

from emulator import identity, operations, seeds
from emulator.app import create_app
from emulator.dataplane import Mode
from emulator.errors import PlatformError
from emulator.gate import Gate
from emulator.store import Store

_VERBS = ("prepare", "commit", "abort", "write")

cli = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


class Auth(StrEnum):
    """Whether a bearer token of the emulator's own identity endpoint is needed."""

    OFF = "off"
    TOKEN = "token"  # noqa: S105 -- the name of a mode


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 0,
    db: Annotated[Path | None, typer.Option(help="State file; without it state ends with the process.")] = None,
    seed: Annotated[str | None, typer.Option(help="Estate to begin with, when it is not there yet.")] = None,
    latency: Annotated[str, typer.Option(help="How long operations take, as prepare=5,commit=2.")] = "",
    auth: Annotated[Auth, typer.Option(help="Who may come in.")] = Auth.OFF,
    dataplane: Annotated[
        Mode, typer.Option(help="Whether endpoints of machines listen on loopback; auto: small estates do.")
    ] = Mode.AUTO,
) -> None:
    """Run both control planes; prints `ready http://HOST:PORT` when it listens."""
    _check_binding(host, auth)
    latencies = _latencies(latency)
    store = _opened(db)
    try:
        _begin(store, seed, latencies)
        app = create_app(store, require_token=auth is Auth.TOKEN, dataplane=dataplane)
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
        with _listening(host, port) as listener:
            _Server(config, app).run(sockets=[listener])
    finally:
        store.close()


@cli.command(name="seed")
def seed_running(
    url: Annotated[str, typer.Argument(help="Where the emulator runs.")],
    estate: Annotated[str, typer.Argument(help="Name of an estate, or a folder of XML documents.")],
    subscription: Annotated[str | None, typer.Option(help="Subscription to load it into.")] = None,
) -> None:
    """Load an estate into a running emulator and print what was loaded."""
    body: dict[str, Any] = {"subscription": subscription} if subscription else {}
    if Path(estate).is_dir():
        body["documents"] = [
            {"name": name, "content": content.decode("utf-8-sig", "replace")}
            for name, content in _files(Path(estate)).items()
        ]
    else:
        body["estate"] = estate
    typer.echo(json.dumps(_post(url.rstrip("/"), "/_control/seed", body), indent=2))


class _Server(uvicorn.Server):
    """Says once where it listens; SIGTERM and SIGINT end it with exit code 0."""

    def __init__(self, config: uvicorn.Config, gate: Gate) -> None:
        super().__init__(config)
        self._gate = gate

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self._gate.settle()
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            sys.stdout.write(f"ready http://{f'[{host}]' if ':' in host else host}:{port}\n")
            sys.stdout.flush()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        self._gate.close()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self.handle_exit)
        yield


def _opened(db: Path | None) -> Store:
    try:
        return Store(db)
    except sqlite3.OperationalError as error:
        # SQLite says "locked" when another emulator has the file.
        problem = "is in use by another process" if "locked" in str(error) else f"cannot be opened: {error}"
        raise typer.BadParameter(f"{db} {problem}", param_hint="--db") from None
    except sqlite3.DatabaseError as error:
        raise typer.BadParameter(f"{db} is not a state file: {error}", param_hint="--db") from None


def _begin(store: Store, seed: str | None, latencies: dict[str, float]) -> None:
    for verb, seconds in latencies.items():
        operations.set_latency(store, verb, seconds)
    if seed is None:
        return
    try:
        estate = seeds.folder(_files(Path(seed))) if Path(seed).is_dir() else seeds.named(seed)
    except PlatformError as error:
        raise typer.BadParameter(error.message, param_hint="--seed") from None
    # A restart with the same command goes on with the estate as it is by now.
    if estate.subscription not in {each["subscription"] for each in seeds.loaded(store)}:
        seeds.load(store, estate)


def _files(folder: Path) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in sorted(folder.glob("*.xml"))}
    if not found:
        raise typer.BadParameter(f"{folder} holds no *.xml documents")
    return found


def _latencies(text: str) -> dict[str, float]:
    found = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        verb, _, seconds = part.partition("=")
        try:
            found[verb] = float(seconds)
        except ValueError:
            found[verb] = -1.0
        if verb not in _VERBS or not 0 <= found[verb] < float("inf"):
            raise typer.BadParameter(
                f"{part}: give VERB=SECONDS with a verb of {', '.join(_VERBS)}", param_hint="--latency"
            )
    return found


def _check_binding(host: str, auth: Auth) -> None:
    """Others on the network must not come in without a token, nor get one without a secret."""
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local and (auth is not Auth.TOKEN or not os.environ.get(identity.HEADER_VARIABLE)):
        raise typer.BadParameter(
            f"{host} is not a loopback address; that needs --auth token and a secret in {identity.HEADER_VARIABLE}",
            param_hint="--host",
        )


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only when it is told that this is TCP does asyncio send small answers at once instead of waiting for an ACK.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except (OSError, OverflowError) as error:
            raise typer.BadParameter(f"cannot listen on {host}:{port}: {error}", param_hint="--port") from None
        yield listener


def _post(url: str, path: str, body: dict[str, Any]) -> Any:
    headers = {"content-type": "application/json", **_authorization(url)}
    request = urllib.request.Request(url + path, json.dumps(body).encode(), headers)  # noqa: S310 -- the operator's URL
    return _fetched(request)


def _authorization(url: str) -> dict[str, str]:
    """A token for an emulator that wants one; its secret is in the environment of both."""
    secret = os.environ.get(identity.HEADER_VARIABLE)
    if not secret:
        return {}
    query = "/msi/token?api-version=2019-08-01&resource=emulator"
    request = urllib.request.Request(url + query, headers={"x-identity-header": secret})  # noqa: S310 -- as above
    return {"authorization": f"Bearer {_fetched(request)['access_token']}"}


def _fetched(request: urllib.request.Request) -> Any:
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 -- as above
            return json.load(answer)
    except urllib.error.HTTPError as error:
        message = json.loads(error.read() or b"{}").get("error", {}).get("message", error.reason)
        typer.echo(f"error: {request.full_url}: {message}", err=True)
    except (OSError, ValueError) as error:
        typer.echo(f"error: {request.full_url}: {error}", err=True)
    raise typer.Exit(3)


if __name__ == "__main__":
    cli(prog_name="python -m emulator")
