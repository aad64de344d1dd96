"""Who may speak to the local copy's server: this machine, and with a password wherever more than its owner could.

On loopback the profile `local` does without: it rehearses with the emulator. `PROFILE=scale` makes a password, and an
address that other machines reach needs one. `PREFECT_API_AUTH_STRING=USER:PASSWORD` chooses it.
"""

import ipaddress
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

USER = "asmosis"


def login_of(environ: Mapping[str, str], home: Path, profile: str) -> str:
    """`USER:PASSWORD` of the server; empty where it asks for none."""
    chosen = environ.get("PREFECT_SERVER_API_AUTH_STRING") or environ.get("PREFECT_API_AUTH_STRING") or ""
    return _made(home / "prefect.login") if not chosen and profile == "scale" else chosen


def require_login(login: str, api_url: str) -> None:
    """Exit where other machines could reach a server without a password, or with one that it cannot take."""
    host = urlsplit(api_url).hostname or ""
    user, _, password = login.partition(":")
    # Prefect 3.8.8 answers 500 to everybody where its password is not ASCII.
    if login and not (user and password and login.isascii()):
        sys.exit("PREFECT_API_AUTH_STRING has to be USER:PASSWORD, in ASCII.")
    if not login and not _is_loopback(host):
        sys.exit(f"Other machines reach {host}: set PREFECT_API_AUTH_STRING=USER:PASSWORD, or use 127.0.0.1.")


def of_clients(login: str) -> dict[str, str]:
    """What everything that speaks to the server is told."""
    return {"PREFECT_API_AUTH_STRING": login} if login else {}


def of_server(login: str, ui_url: str) -> dict[str, str]:
    """What only the server is told."""
    # As it comes, pages of any site may read the answers of a server on the same machine.
    own = dict.fromkeys([ui_url, ui_url.replace("127.0.0.1", "localhost"), ui_url.replace("localhost", "127.0.0.1")])
    return {
        "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": ",".join(own),
        **({"PREFECT_SERVER_API_AUTH_STRING": login} if login else {}),
    }


def _made(file: Path) -> str:
    """The password of this copy, made when it is first asked for; only its owner may read the file."""
    try:
        return file.read_text(encoding="ascii")
    except FileNotFoundError:
        file.parent.mkdir(parents=True, exist_ok=True)
    made = f"{USER}:{secrets.token_urlsafe(24)}"
    with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as new:
        new.write(made)
    return made


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
