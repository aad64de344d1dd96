"""The cases of the readiness rules (`readiness/*.yaml`).

A case tells only what matters to it; `estate_of` adds what every real estate has.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import yaml
from pydantic import TypeAdapter

from asmosis.classic.estate import Estate
from asmosis.classic.xml import ClassicModel, fields_of
from asmosis.facts import Facts
from asmosis.readiness import Finding, assess
from asmosis.units import Destination, Unit

HERE = Path(__file__).parent
SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
FILES = sorted((HERE / "readiness").glob("*.yaml"))
CASES: dict[str, dict[str, list[dict[str, Any]]]] = {
    rule: cases for file in FILES for rule, cases in yaml.safe_load(file.read_text()).items()
}


def estate_of(case: dict[str, Any]) -> Estate:
    told = dict(case.get("estate", {}))
    services = [_service(one) for one in told.pop("services", [])]
    networks = [_network(one) for one in told.pop("networks", [])]
    whole = {"subscription": SUBSCRIPTION, "hosted_services": services, "virtual_networks": networks, **told}
    return Estate(**{name: made(get_type_hints(Estate)[name], value) for name, value in whole.items()})


def made(kind: Any, told: Any) -> Any:
    """A value of a field's type; models are told by the names of their fields."""
    kinds = [each for each in (kind, *get_args(kind)) if each not in (NoneType, ...)]
    if told is None or isinstance(told, str):
        return msgspec.convert(told, kind, dec_hook=lambda secret, text: secret(text))
    if get_origin(kind) is tuple:
        return tuple(made(kinds[1], item) for item in told)
    if get_origin(kind) is Mapping:
        return {name: made(kinds[2], item) for name, item in told.items()}
    for model in (each for each in kinds if isinstance(each, type) and issubclass(each, ClassicModel)):
        return model(**{name: made(fields_of(model)[name].type, item) for name, item in told.items()})
    return msgspec.convert(told, kind)


def _service(told: dict[str, Any]) -> dict[str, Any]:
    rest = {"name": "web"} | told
    network, machines = rest.pop("network", None), rest.pop("machines", [{}])
    built = [_machine({"name": f"vm{number}"} | machine, network) for number, machine in enumerate(machines, start=1)]
    deployment = {
        "name": f"{rest['name']}-d",
        "slot": "Production",
        "status": "Running",
        "virtual_network": network,
        "roles": [role for role, _ in built],
        "instances": [instance for _, instance in built if instance],
        "virtual_ips": [{"address": "40.1.2.3", "name": "vip", "reserved": True, "reserved_ip": "kept"}],
    } | rest.pop("deployment", {})
    return {"location": "West US", "deployments": [deployment, *rest.pop("others", [])]} | rest


def _machine(told: dict[str, Any], network: str | None) -> tuple[dict[str, Any], dict[str, Any] | None]:
    name = told["name"]
    configuration = {
        "configuration_set_type": "NetworkConfiguration",
        "subnets": ["apps"] if network else [],
        "input_endpoints": [{"name": "ssh", "port": 50022, "local_port": 22, "protocol": "tcp", "vip": "40.1.2.3"}],
    } | told.get("network", {})
    role = {
        "type": "PersistentVMRole",
        "name": name,
        "role_type": "PersistentVMRole",
        "configuration_sets": [configuration],
        "os_disk": {
            "name": f"{name}-os",
            "media_link": f"https://acct.blob.core.windows.net/vhds/{name}.vhd",
            "os": "Linux",
        },
        "size": "Small",
    } | told.get("role", {})
    instance = {
        "role_name": name,
        "name": name,
        "status": "ReadyRole",
        "agent": {"status": "Ready"},
    }
    return role, None if told.get("instance", {}) is None else instance | told.get("instance", {})


def _network(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "net",
        "location": "West US",
        "address_prefixes": ["10.0.0.0/16"],
        "subnets": [{"name": "apps", "address_prefix": "10.0.1.0/24"}],
    } | told


def facts_of(case: dict[str, Any]) -> Facts:
    return Facts.model_validate(case.get("facts", {}))


def destination_of(case: dict[str, Any]) -> Destination | None:
    return TypeAdapter(Destination | None).validate_python(case.get("destination"))


def findings_of(case: dict[str, Any], profile: str) -> tuple[Finding, ...]:
    return assess(estate_of(case), profile, units_of(case), facts=facts_of(case), destination=destination_of(case))


def units_of(case: dict[str, Any]) -> list[Unit] | None:
    return [Unit.parse(text, SUBSCRIPTION) for text in case["units"]] if "units" in case else None


def pattern_of(text: str) -> str:
    """What the platform's message looks like; a gap may be filled anyhow, but the same gap always alike."""
    parts = re.split(r"{(\w+)}", text)
    seen: set[str] = set()
    pattern = ""
    for position, part in enumerate(parts):
        if position % 2 == 0:
            pattern += re.escape(part)
        else:
            pattern += f"(?P={part})" if part in seen else f"(?P<{part}>.+)"
            seen.add(part)
    return pattern
