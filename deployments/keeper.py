"""Starts again what has died: `python -m deployments.keeper`, started by `deployments.local up`.

It stands in for what keeps services up elsewhere: systemd, the restart policy of docker compose, Kubernetes.
"""

import time

from deployments import local

LOOK = 1.0  # seconds between looks
SOON = 20.0  # seconds; what dies sooner than that after its start waits longer before the next
LONGEST = 60.0  # seconds that it waits at most


def keep(place: local.Place) -> None:
    """Look after server, emulator and worker until this process is ended."""
    started: dict[str, float] = {}
    pauses: dict[str, float] = {}
    while True:
        time.sleep(LOOK)
        for service in local.services(place):
            if local.living(service, place) is not None:
                continue
            ago = time.monotonic() - started.get(service.name, -SOON)
            if ago >= SOON:
                pauses[service.name] = 0.0
            if ago < pauses.get(service.name, 0.0):
                continue
            pauses[service.name] = min(LONGEST, 2 * pauses.get(service.name, 0.0) + 1)
            started[service.name] = time.monotonic()
            try:
                local.start(service, place)
            except SystemExit as refused:
                # Its port is taken by something else; that may pass.
                local.say(str(refused))


if __name__ == "__main__":
    keep(local.Place.from_environment())
