"""What is probed: a public endpoint, and one way to reach it."""

from dataclasses import dataclass

from asmosis.errors import UsageError

_PORTS = range(1, 65536)


@dataclass(frozen=True, order=True)
class Target:
    """One way to a public endpoint: a host (name or address) and a TCP port.

    `endpoint` is the same for all ways to one endpoint and on both sides of a migration: `SERVICE/MACHINE:PORT` with
    the machine's own port, `SERVICE:PORT` with the public port of a balanced set.
    """

    endpoint: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, order=True)
class Unprobed:
    """A public endpoint that nobody can tell anything about by connecting, and why."""

    endpoint: str
    why: str


@dataclass(frozen=True)
class Targets:
    """What can be probed of a unit, and what cannot."""

    targets: tuple[Target, ...] = ()
    unprobed: tuple[Unprobed, ...] = ()

    def and_those(self, others: "Targets") -> "Targets":
        """Both, each way once."""
        found = {(target.host.casefold(), target.port): target for target in (*others.targets, *self.targets)}
        return Targets(
            tuple(each for each in (*self.targets, *others.targets) if found.pop(_way(each), None)),
            tuple(dict.fromkeys((*self.unprobed, *others.unprobed))),
        )


def parse_target(text: str) -> Target:
    """Read `HOST:PORT`; an IPv6 address stands in brackets.

    Raises:
        UsageError: it is not that.
    """
    host, _, port = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not bare or (":" in bare and bare == host) or not port.isascii() or not port.isdigit():
        raise UsageError(f"target {text!r}", "it is not HOST:PORT", "For example web.cloudapp.net:443 or [::1]:22.")
    if int(port) not in _PORTS:
        raise UsageError(f"target {text!r}", f"there is no port {port}", "Ports are 1 to 65535.")
    return Target(text, bare, int(port))


def _way(target: Target) -> tuple[str, int]:
    return target.host.casefold(), target.port
