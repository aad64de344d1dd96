"""`python -m emulator.evidence` writes docs/emulator.md: what is emulated, and why we believe that it answers so."""

import inspect
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import typer
from starlette.routing import BaseRoute, Route

from emulator import __main__ as program
from emulator import control, identity, seeds
from emulator.arm.call import Evidence
from emulator.arm.routes import OPERATIONS
from emulator.arm.types import TYPES
from emulator.asm.call import Route as ClassicRoute
from emulator.asm.migration import VERBS
from emulator.asm.routes import ROUTES as ASM_ROUTES
from emulator.asm.xml import local_name, read
from emulator.dataplane import MOST
from emulator.faults import Then, When
from emulator.seeds.contoso import SUBSCRIPTION
from emulator.seeds.synthetic import Synthetic
from emulator.wrongs import Wrong

_IS_NOT = (
    "**This is not Azure, and it was never run side by side with it: the classic plane that it imitates is gone.** It"
    " answers from recordings, from what Microsoft documented, and where neither says anything from assumptions, which"
    " the tables below name one by one. It runs no machine, keeps no byte of a disk, moves no packet but those to its"
    " own listeners, enforces neither network rules nor roles, and bills nobody. What succeeds here can fail there: use"
    " it to rehearse and to test, never as a proof that an estate can be migrated."
)
_CONTROLS = (
    "Only an emulator has these. JSON in, JSON out, as in `curl --data '{\"advance\": 3600}' URL/_control/clock`;"
    " members that are not known are refused. With `--auth token` they need a token as everything does."
)
_FAULTS = (
    "`POST /_control/faults` takes `when` (all that is given must match), `then` (members may be combined) and `times`"
    " (how many requests are met; `null` is all of them; one unless said otherwise). Controls are never met."
)
_MIGRATION = "Ask about the unit, or move it through its migration."
_CONTOSO = "every supported thing once, and every blocker once, in their own units"
_FOLDER = (
    "A folder of ASM documents (`*.xml`) as the real service answered them; what it leaves out is filled in, and the"
    " answer's `notes` say so."
)
_SYNTHETIC = "as large as wanted, all of it migratable; the same numbers give the same estate."
_DATA_PLANE = (
    (
        "The public endpoints of running machines listen on loopback, TCP and UDP. Each public address has a loopback"
        " address of its own: 127 before its last three numbers, or another one out of 127/8 when that is taken."
        " Whoever connects is told in one line of JSON who answers (`subscription`, `service`, `vm`, `port`), then the"
        " connection is closed; members of a load-balanced set take turns. Listeners follow power state, addresses and"
        " rules before the request that changed them is answered, and operations that end while nobody asks."
    ),
    (
        f"With `--dataplane auto` a subscription with more than {MOST} of them opens none; in any mode all of them"
        " together keep to a quarter of the files that the process may open. Where the system has only 127.0.0.1, or a"
        " port is not to be had, a free port stands in. `GET /_control/dataplane` (`?subscription=` narrows it) says"
        " all this, gives each endpoint's intervals by the emulator's clock, those before a restart too, and tells"
        " under `names` what a name server would say of the services' names."
    ),
    (
        "Different from the real service: probes, ACLs, security groups and affinity of callers have no effect; an"
        " instance-level address listens at the machine's endpoint ports only; web and worker roles do not listen."
    ),
)
_CLASSES: tuple[tuple[Evidence, str], ...] = (
    ("recorded", "an answer of the real service was seen, and this one has the same shape"),
    ("documented", "Microsoft's documents or SDKs describe it; nobody here has seen it"),
    ("assumed", "somebody's best guess"),
)
EXAMPLES: dict[tuple[str, str], tuple[dict[str, Any], ...]] = {
    ("POST", "/_control/seed"): (
        {"estate": "contoso", "registered": False},
        {"estate": "contoso"},
        {"synthetic": {"vnets": 2, "services_per_vnet": 3, "vms_per_service": 4, "storage_accounts": 2, "seed": 7}},
        {
            "documents": [
                {
                    "name": "ip.xml",
                    "content": "<ReservedIPs><ReservedIP><Name>mine</Name><Address>40.1.2.3</Address>"
                    "<Location>West US</Location></ReservedIP></ReservedIPs>",
                }
            ],
            "subscription": "22222222-3333-4444-8555-666666666666",
        },
    ),
    ("POST", "/_control/clock"): ({"advance": 3600},),
    ("POST", "/_control/latency"): ({"prepare": 5, "commit": 2},),
    ("POST", "/_control/quota"): (
        {"subscription": SUBSCRIPTION, "region": "westus", "name": "virtualMachines", "limit": 3},
    ),
    ("POST", "/_control/throttle"): ({"subscription": SUBSCRIPTION, "writes_per_hour": 100},),
    ("POST", "/_control/identities"): (
        {"client_id": "operator", "subscriptions": [SUBSCRIPTION]},
        {"client_id": "reader", "subscriptions": [SUBSCRIPTION], "classic": False, "actions": ["*/read"]},
    ),
    ("POST", "/_control/faults"): (
        {"when": {"plane": "arm", "nth": 3}, "then": {"status": 503, "headers": {"Retry-After": "1"}}, "times": 2},
        {"when": {"verb": "prepare", "unit": "virtualNetwork/contoso-vnet"}, "then": {"lose_reply": True}},
        {
            "when": {"verb": "commit"},
            "then": {"operation": {"code": "InternalError", "message": "Commit failed.", "http_status": 500}},
            "times": 2,
        },
        {
            "when": {"verb": "prepare"},
            "then": {"quota": {"resource": "standardDFamily", "current": 10, "needed": 4}},
        },
        {
            "when": {"verb": "prepare", "unit": "virtualNetwork/contoso-vnet"},
            "then": {
                "wrong": {
                    "type": "Microsoft.Network/networkInterfaces",
                    "name": "web1-nic",
                    "path": "properties.ipConfigurations.0.properties.privateIPAddress",
                    "value": "10.1.1.99",
                }
            },
        },
        {
            "when": {"verb": "commit"},
            "then": {
                "wrong": [
                    {
                        "type": "Microsoft.Network/networkInterfaces",
                        "name": "web1-nic",
                        "do": "swap",
                        "path": "properties.ipConfigurations",
                        "other": "web2-nic",
                    },
                    {"type": "Microsoft.Compute/disks", "name": "data", "group": "web-Migrated", "do": "missing"},
                ]
            },
        },
    ),
}
"""Bodies that the controls take; a test sends each of them."""

_WHEN = {
    "plane": "`asm`, `arm` or `identity`",
    "method": "the HTTP method",
    "path": "a regular expression that is found in path and query",
    "subscription": "the subscription in the path",
    "verb": "`validate`, `prepare`, `commit` or `abort`",
    "unit": "the unit that a migration call names, as KIND/NAME",
    "nth": "the first request that is met; those before it pass",
}
_THEN = {
    "delay": "seconds to wait before anything else",
    "status": "answer with this status instead of doing the work",
    "code": "the error code of that answer",
    "message": "the message of that answer",
    "body": "a body of its own instead of the plane's envelope",
    "content_type": "the type of that body",
    "headers": "further headers of that answer",
    "hang": "never answer, do nothing",
    "cut": "cut the connection, do nothing",
    "lose_reply": "do the work, then cut the connection",
    "crash": "end the process, `before` or `after` the work",
    "operation": "the accepted operation fails, with code, message and status; with `service`, only that cloud service"
    " of a network does, and the other ones are prepared or committed",
    "quota": "the accepted prepare fails for a quota, in the platform's words",
    "wrong": "prepare makes this wrong, or commit spoils it, for a check to find; one such result, or a list of them",
}
_WRONG = {
    "type": "the type of the resource",
    "name": "its name; of one within another PARENT/NAME",
    "group": "its resource group, where several have the name",
    "do": "`set` (unless said otherwise) the value at the path, `add` it to the list there, `drop` what is there,"
    " `swap` it with that of another resource; the whole resource is `missing`, or there is an `extra` one like it",
    "path": "where in its JSON, with dots, or a list where keys have dots; positions in lists are numbers",
    "value": "what to set or add",
    "other": "the name of the resource to swap with, or of the extra one",
}


def page() -> str:
    """The whole document."""
    return "\n".join(
        [
            "# The emulator",
            "",
            _IS_NOT,
            "",
            "Written by `python -m emulator.evidence` (`make docs`); a test holds it current.",
            "",
            *_running(),
            *_controls(),
            *_faults(),
            *_seeds(),
            "## Data plane",
            "",
            *(line for paragraph in _DATA_PLANE for line in (paragraph, "")),
            *_routes(),
        ]
    )


def described() -> dict[str, set[str]]:
    """Which members of faults the page describes."""
    return {"when": set(_WHEN), "then": set(_THEN), "wrong": set(_WRONG)}


def _running() -> list[str]:
    command: Any = typer.main.get_command(program.cli)
    parts = ["## Running it", ""]
    for name, sub in command.commands.items():
        arguments = [each.name.upper() for each in sub.params if each.param_type_name == "argument"]
        options = [each for each in sub.params if each.param_type_name == "option" and each.name != "help"]
        parts += [f"`{' '.join(['python -m emulator', name, *arguments])}`", "", _first_line(sub.callback), ""]
        parts += _table(
            ("Option", "Default", "Meaning"),
            [(f"`{each.opts[0]}`", _default(each.default), each.help or "") for each in options],
        )
    return parts


def _default(value: object) -> str:
    return "" if value in (None, "") else f"`{getattr(value, 'value', value)}`"


def _controls() -> list[str]:
    parts = [
        "## Controls",
        "",
        _CONTROLS,
        "",
        *_table(("Request", "What it does"), [(_request(*each), _first_line(each[2])) for each in _starlette(control)]),
    ]
    for (method, path), bodies in EXAMPLES.items():
        parts += [f"`{method} {path}`", "", "```json", *(json.dumps(each) for each in bodies), "```", ""]
    return parts


def _faults() -> list[str]:
    return [
        "## Faults",
        "",
        _FAULTS,
        "",
        *_table(("`when`", "Meaning"), [(f"`{name}`", _WHEN.get(name, "")) for name in When.model_fields]),
        *_table(("`then`", "Meaning"), [(f"`{name}`", _THEN.get(name, "")) for name in Then.model_fields]),
        *_table(("`wrong`", "Meaning"), [(f"`{name}`", _WRONG.get(name, "")) for name in Wrong.model_fields]),
    ]


def _seeds() -> list[str]:
    counted = Counter(local_name(read(each.xml)) for each in seeds.named("contoso").documents)
    holds = ", ".join(f"{number} {kind}" for kind, number in sorted(counted.items()))
    numbers = ", ".join(f"`{name}`" for name in Synthetic.model_fields)
    return [
        "## Seeds",
        "",
        f"* `contoso`: {_CONTOSO}, in subscription `{SUBSCRIPTION}`: {holds}.",
        f"* {_FOLDER}",
        f"* `synthetic`: {_SYNTHETIC} Its numbers: {numbers}.",
        "",
        "Any number of subscriptions live side by side; seeding one again makes it anew.",
        "",
    ]


def _routes() -> list[str]:
    classic = [(route.method, _classic_path(route), route.handler, route.evidence, route.note) for route in ASM_ROUTES]
    manager = [(each.method, each.path, each.handler, each.evidence, each.note) for each in OPERATIONS]
    counted = Counter(row[3] for row in (*classic, *manager))
    header = ("Request", "What it does", "Evidence", "Different from the real service, or which part is less certain")
    return [
        "## What is emulated, and the evidence for it",
        "",
        *(f"* *{name}* ({counted[name]} of {counted.total()}): {meaning}." for name, meaning in _CLASSES),
        "",
        "What the platform has and these tables have not is answered 501 with the code `NotEmulated`.",
        "",
        "### Classic plane (ASM)",
        "",
        *_table(
            header,
            [(_request(*row), _first_line(row[2]) or _MIGRATION * ("comp=" in row[1]), *row[3:]) for row in classic],
        ),
        "### Resource Manager plane (ARM)",
        "",
        "Paths match in any case; `{rest:.+}` is a resource of one of the types below, a part of one, or a list.",
        "",
        *_table(header, [(_request(*row), _first_line(row[2]), *row[3:]) for row in manager]),
        "Types: "
        + ", ".join(f"`{type_.name}`" for type_ in TYPES.values())
        + ". Alert rules and autoscale settings are only kept: nothing is watched, and no migration drops them.",
        "",
        "### Identity",
        "",
        *_table(
            ("Request", "What it does", "Evidence", "Different from the real service"),
            [
                (
                    _request(*each),
                    _first_line(each[2]),
                    "documented",
                    "tokens are signed by the emulator, not by Entra ID",
                )
                for each in _starlette(identity)
            ],
        ),
    ]


def _classic_path(route: ClassicRoute) -> str:
    verbs = f"?comp={'|'.join(VERBS)}" if route.unit_kind else ""
    return f"/{{subscription}}/{route.path.strip('/')}{verbs}"


def _starlette(module: Any) -> list[tuple[str, str, Callable[..., Any]]]:
    routes: Iterable[BaseRoute] = module.ROUTES
    return [
        (method, route.path, route.endpoint)
        for route in routes
        if isinstance(route, Route)
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


def _request(method: str, path: str, *_: object) -> str:
    return f"`{method} {path}`"


def _first_line(function: Callable[..., Any]) -> str:
    """What a handler's docstring says first; one that a factory made may have none."""
    return (
        (inspect.getdoc(function) or "").partition("\n\n")[0].replace("\n", " ").replace("{", "`{").replace("}", "}`")
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return [*(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines), ""]


if __name__ == "__main__":
    sys.stdout.write(page())
