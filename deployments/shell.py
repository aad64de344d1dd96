"""What a shell needs to talk to the local copy, as lines for it: `eval "$(python -m deployments.shell)"`."""

import os
import shlex
import sys
from pathlib import Path

import requests

from deployments.local import Place

_NAMES = (
    "ASMOSIS_HOME",
    "PREFECT_HOME",
    "PREFECT_API_URL",
    "PREFECT_API_AUTH_STRING",
    "ASMOSIS_ASM_URL",
    "ASMOSIS_ARM_URL",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "AZURE_TOKEN_CREDENTIALS",
)


def main() -> None:
    """Print a line for each variable; the subscription is the emulator's first one, if it runs."""
    place = Place.from_environment()
    environment = place.environment()
    shown = {name: environment[name] for name in _NAMES if name in environment}
    if subscription := _subscription(place):
        shown["ASMOSIS_SUBSCRIPTION"] = subscription
    lines = [f"export {name}={shlex.quote(value)}" for name, value in shown.items()]
    lines.append(f'export PATH={shlex.quote(str(Path(sys.executable).parent))}:"$PATH"')
    sys.stdout.write("\n".join(lines) + "\n")


def _subscription(place: Place) -> str:
    if os.environ.get("ASMOSIS_SUBSCRIPTION"):
        return os.environ["ASMOSIS_SUBSCRIPTION"]
    try:
        seeded = requests.get(f"{place.emulator_url}/_control/seed", timeout=5).json()
    except requests.RequestException:
        return ""
    return str(seeded[0]["subscription"]) if seeded else ""


if __name__ == "__main__":
    main()
