"""The network that a cloud service outside any is to join, as a command line names it."""

from asmosis.errors import UsageError
from asmosis.units import Destination, DestinationMode, Unit


def destination_of(unit: Unit, network: str) -> Destination:
    """The destination that `--network GROUP/NETWORK/SUBNET` names; a new network if it is empty.

    Raises:
        UsageError: the unit takes no destination, or the three names are not all there.
    """
    if network and not unit.row.destination:
        problem = f"a unit of kind {unit.kind} takes no destination network"
        raise UsageError("--network", problem, "Leave the option out.")
    return destination(network)


def destination(network: str) -> Destination:
    """The same for whatever cloud services there are.

    Raises:
        UsageError: the three names are not all there.
    """
    if not network:
        return Destination()
    group, name, subnet, *rest = [*network.split("/"), "", ""]
    if any(rest) or not (group and name and subnet):
        raise UsageError(f"--network {network!r}", "it is not GROUP/NETWORK/SUBNET", "Give all three names.")
    return Destination(DestinationMode.EXISTING, group, name, subnet)
