"""From a host to the socket that stands for it: by DNS, or by the data plane that an emulator reports."""

import ipaddress
import socket
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import requests

from asmosis.errors import Unreachable
from asmosis.probe.target import Target


class Place(NamedTuple):
    """Where a host is now: its public address, and the address and port to connect to."""

    address: str
    host: str
    port: int


class Routes(Protocol):
    """Knows where hosts are; `look` may take a while and runs in a thread of its own, `place` answers at once."""

    def scope(self, host: str) -> str | None:
        """What a look for this host is about; None for one that needs no look."""

    def look(self, scope: str) -> None:
        """Renew what is known.

        Raises:
            Unreachable: nobody is there to ask; what was known stays.
        """

    def place(self, target: Target) -> Place | None:
        """Where the target is; None if its host has no address."""

    def holds_for(self, *, answering: bool) -> float:
        """After how many seconds a host should be looked for again."""


class NameRoutes:
    """The system's own resolver; hosts that answer are looked for rarely, those that do not once a second."""

    def __init__(self) -> None:
        self._known: dict[str, str | None] = {}

    def scope(self, host: str) -> str | None:
        """The name itself; addresses are what they are."""
        return None if _is_address(host) else host

    def look(self, scope: str) -> None:
        """Ask for the addresses of a name and keep the first, or the one that was known if it is still among them."""
        try:
            told = socket.getaddrinfo(scope, None, type=socket.SOCK_STREAM)
        except OSError as error:
            # A resolver that is not there says nothing about the name.
            if getattr(error, "errno", None) != socket.EAI_AGAIN or scope not in self._known:
                self._known[scope] = None
            return
        except UnicodeError:
            self._known[scope] = None
            return
        addresses = [str(each[4][0]) for each in sorted(told, key=lambda each: each[0] != socket.AF_INET)]
        if self._known.get(scope) not in addresses:
            self._known[scope] = addresses[0]

    def place(self, target: Target) -> Place | None:
        """The address as it was last told."""
        address = target.host if _is_address(target.host) else self._known.get(target.host)
        return Place(address, address, target.port) if address else None

    def holds_for(self, *, answering: bool) -> float:
        """Five seconds, and one where nobody answers: the names of services live about a minute."""
        return 5.0 if answering else 1.0


class DataPlaneRoutes:
    """An emulator's public addresses: `GET {url}/_control/dataplane` says which loopback listener stands for each.

    An address that nobody has any more leads where it led last, so that connecting is refused and not guessed.
    """

    def __init__(self, url: str, subscription: str) -> None:
        """Ask nothing yet."""
        self._url = f"{url.rstrip('/')}/_control/dataplane"
        self._subscription = subscription
        self._session = requests.Session()
        self._session.trust_env = False
        self._fronts: dict[tuple[str, int], Place] = {}
        self._names: dict[str, str] = {}
        self._cost = 0.0

    def scope(self, host: str) -> str | None:  # noqa: ARG002 - one report tells all hosts
        """One report tells of all hosts."""
        return self._url

    def look(self, scope: str) -> None:
        """Read the report.

        Raises:
            Unreachable: it is not answered, or not with a report, or nothing of the subscription listens.
        """
        began = time.monotonic()
        try:
            answer = self._session.get(scope, params={"subscription": self._subscription}, timeout=(2, 10))
            answer.raise_for_status()
            self._read(answer.json())
        except requests.RequestException as error:
            raise Unreachable("data plane", self._url, type(error).__name__) from None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unreachable("data plane", self._url, f"it is no report ({type(error).__name__})") from None
        self._cost = time.monotonic() - began

    def place(self, target: Target) -> Place | None:
        """The listener of an address, or of the address that a name stands for."""
        address = target.host if _is_address(target.host) else self._names.get(target.host.casefold(), "")
        return self._fronts.get((address, target.port))

    def holds_for(self, *, answering: bool) -> float:
        """Never so short that asking takes more than a fifth of the time."""
        return max(2.0 if answering else 0.02, 4 * self._cost)

    def _read(self, report: Mapping[str, Any]) -> None:
        closed = (report.get("not_opened") or {}).get(self._subscription, "")
        if closed or report["mode"] == "off":
            raise Unreachable("data plane", self._url, closed or "it is switched off")
        fronts: dict[tuple[str, int], Place] = {}
        for machine in report["machines"]:
            for endpoint in machine["endpoints"]:
                if endpoint["protocol"] != "tcp":
                    continue
                for span in endpoint["intervals"]:
                    if span["address"] and span["listener"]:
                        host, _, port = span["listener"].rpartition(":")
                        key = span["address"], int(endpoint["port"])
                        fronts[key] = Place(span["address"], host, int(port))
        self._fronts = fronts
        self._names = {name.casefold(): str(address) for name, address in report.get("names", {}).items() if address}


@lru_cache(maxsize=100_000)
def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
