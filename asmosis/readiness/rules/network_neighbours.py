"""What stands in or beside a virtual network and is in none of its documents: peerings, platform services, circuits."""

from collections.abc import Iterator

from asmosis.classic.estate import key
from asmosis.facts import InjectedKind
from asmosis.readiness import sources, texts
from asmosis.readiness.rule import Hit, Rule, Severity, rule, some
from asmosis.readiness.subjects import Network


@rule(
    "vnet-peered",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The virtual network is peered",
    remedy="Delete the peering, migrate, and peer again.",
    source=sources.OVERVIEW,
    noticed="validate",
    needs=("peerings",),
)
def peered(network: Network) -> Iterator[Hit]:
    """One hit per network."""
    name = network.unit.name
    remotes = [peering.remote for peering in network.facts.peerings or () if key(peering.network) == key(name)]
    if remotes:
        short = (remote.rpartition("/")[2] for remote in remotes)
        yield Hit(name, f"{name} is peered with {some(short)}.", f"facts: peerings[{name}]")


def _injected(
    id: str,
    kind: InjectedKind,
    what: str,
    *,
    seed_2016: Severity | None = Severity.BLOCKER,
    remedy: str = "Delete it or move it out of the network, migrate, and build it again in ARM.",
    text: str = "",
) -> Rule:
    """The rule about one kind of platform service inside a network; `text` is what the platform says to it."""

    @rule(
        id,
        seed_2016=seed_2016,
        platform_2023=Severity.BLOCKER,
        title=f"The virtual network holds {what}",
        remedy=remedy,
        source=sources.ERRORS if text else sources.OVERVIEW,
        noticed="validate",
        text=text,
        needs=(f"injected_services/{kind}",),
    )
    def holds(network: Network) -> Iterator[Hit]:
        """One hit per network."""
        if names := _services_in(network, kind):
            name = network.unit.name
            message = text.format(network=name) if text else f"{name} holds {what}: {some(names)}."
            yield Hit(name, message, f"facts: injected_services[{name}]: {some(names)}")

    return holds


application_gateway = _injected(
    "vnet-appgateway", "application-gateway", "an application gateway", text=texts.PLATFORM_SERVICES
)
api_management = _injected(
    "vnet-apim",
    "api-management",
    "an API Management service",
    remedy="Move the service to another network, which takes no downtime, and back after the migration.",
    text=texts.PLATFORM_SERVICES,
)
platform_service = _injected("vnet-nongateway-paas", "other", "a platform service", text=texts.PLATFORM_SERVICES)
app_service_environment = _injected("vnet-ase", "app-service-environment", "an App Service environment")
hdinsight = _injected("vnet-hdinsight", "hdinsight", "an HDInsight cluster")
dynamics = _injected("vnet-dynamics-lcs", "dynamics-lifecycle-services", "deployments of Dynamics Lifecycle Services")
batch = _injected("vnet-batch", "batch", "a Batch pool", seed_2016=None)


@rule(
    "vnet-aadds",
    seed_2016=None,
    platform_2023=Severity.INFORMATION,
    title="The virtual network holds Domain Services",
    remedy="Follow their own order: prepare the domain, migrate the network, then commit the domain; no way back.",
    source=sources.OVERVIEW,
    noticed="never",
    needs=("injected_services/domain-services",),
)
def domain_services(network: Network) -> Iterator[Hit]:
    """One hit per network."""
    if names := _services_in(network, "domain-services"):
        name = network.unit.name
        yield Hit(
            name, f"{name} holds Domain Services: {some(names)}.", f"facts: injected_services[{name}]: {some(names)}"
        )


@rule(
    "er-circuit-classic",
    seed_2016=Severity.BLOCKER,
    platform_2023=Severity.BLOCKER,
    title="An ExpressRoute circuit of the virtual network is still classic",
    remedy="Move the circuit to ARM first, with classic operations allowed meanwhile; links stay and nothing is cut.",
    source=sources.EXPRESS_ROUTE,
    noticed="prepare",
    needs=("circuits",),
)
def classic_circuit(network: Network) -> Iterator[Hit]:
    """One hit per circuit."""
    name = network.unit.name
    for circuit in network.facts.circuits or ():
        if circuit.model == "classic" and key(name) in map(key, circuit.networks):
            yield Hit(
                name, f"{name} is linked to the classic circuit {circuit.name}.", f"facts: circuits[{circuit.name}]"
            )


@rule(
    "gw-er-cross-subscription",
    seed_2016=None,
    platform_2023=Severity.BLOCKER,
    title="The gateway is linked to an ExpressRoute circuit of another subscription",
    remedy="Unlink the circuit, delete the gateway, migrate, build the gateway again and authorize it anew.",
    source=sources.EXPRESS_ROUTE,
    noticed="prepare",
    needs=("circuits",),
)
def circuit_of_others(network: Network) -> Iterator[Hit]:
    """One hit per circuit."""
    name, own = network.unit.name, network.estate.subscription
    for circuit in network.facts.circuits or ():
        if key(circuit.subscription) != key(own) and key(name) in map(key, circuit.networks):
            message = f"{name} is linked to circuit {circuit.name} of subscription {circuit.subscription}."
            yield Hit(name, message, f"facts: circuits[{circuit.name}]/subscription")


def _services_in(network: Network, kind: InjectedKind) -> list[str]:
    return [
        service.name
        for service in network.facts.injected_services or ()
        if service.kind == kind and key(service.network) == key(network.unit.name)
    ]
