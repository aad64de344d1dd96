"""A marker in everything that can hold a secret, on both planes; a wave goes through, and nothing that is kept, logged or
shown holds one.
"""

import base64
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import requests

from asmosis.azure.inventory import whole_snapshot
from asmosis.azure.planes import Planes
from asmosis.classic.archive import file_name
from asmosis.cli import call
from asmosis.parameters import MigrateParameters, Mode
from asmosis.runs import Run
from deployments import local
from tests.stage import Stage

pytestmark = pytest.mark.slow

NETWORK, VPN, CERTS = (
    "virtualNetwork/contoso-vnet",
    "virtualNetwork/contoso-vpn-vnet",
    "virtualNetwork/contoso-certs-vnet",
)
LEGACY, BATCH, ACCOUNT = "hostedService/contoso-legacy", "hostedService/contoso-batch", "storageAccount/contosologs"
WAITING, ENDED = (NETWORK, VPN, CERTS), (LEGACY, BATCH)
UNITS = (*WAITING, *ENDED, ACCOUNT)
MARK = "Xy7marker"
PARAMETER = "ResourceExtensionParameterValue"


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def marked(name: str) -> str:
    """A secret of its own, so that who finds it knows where it came from."""
    return f"{MARK}{name.title().replace(' ', '')}"


def storage_key(name: str) -> str:
    """A secret with the shape of a storage account's key."""
    return packed(f"{marked(name):_<64}")


# Where classic answers what may be a secret: a pattern, and what is put in its place.
PLANTS: dict[str, tuple[str, str]] = {
    "description": (
        r'<Description (?:i:nil="true")? ?/>',
        f"<Description>AccountKey={marked('description')}==;</Description>",
    ),
    "label": (r"(?<=</Location>)<Label>[^<]*</Label>", f"<Label>{packed('Password=' + marked('label'))}</Label>"),
    "configuration": (
        r"<Configuration>[^<]*<",
        f"<Configuration>{packed('<Setting value=' + repr(marked('configuration')) + '/>')}<",
    ),
    "SAS token": (r"(?<=\.vhd)</MediaLink>", f"?sv=2015&amp;sig={marked('SAS token')}</MediaLink>"),
    "certificate": (
        r"<Data>[^<]*</Data>",
        f"<Data>{packed(marked('certificate'))}</Data><Password>{marked('certificate')}</Password>",
    ),
    "public settings": (
        r"<Value>[^<]*</Value>(?=<Type>Public)",
        f"<Value>{packed(json.dumps({'storageAccountKey': marked('public settings'), 'user': 'ada'}))}</Value>",
    ),
    "private settings": (
        f"(?=</{PARAMETER}s>)",
        f"<{PARAMETER}><Key>private</Key><Value>{packed(marked('private settings'))}</Value><Type>Private</Type></{PARAMETER}>",
    ),
    "admin password": (
        r"(?<=<ConfigurationSetType>NetworkConfiguration</ConfigurationSetType>)",
        f"<AdminPassword>{marked('admin')}</AdminPassword><CustomData>{packed(marked('custom data'))}</CustomData>",
    ),
    "shared key": (r"(?<=</LocalNetworkSiteName>)", f"<SharedKey>{marked('shared key')}</SharedKey>"),
    "site's key": (r"(?<=<Type>IPsec</Type>)", f"<SharedKey>{marked('sites key')}</SharedKey>"),
    "extended property": (
        r"(?=</ExtendedProperties>)",
        f"<ExtendedProperty><Name>note</Name><Value>the key is {storage_key('property')}</Value></ExtendedProperty>",
    ),
}
KEYS = f"""<StorageService xmlns="http://schemas.microsoft.com/windowsazure"><Url>https://x/contosologs</Url><StorageServiceKeys>
<Primary>{storage_key("primary")}</Primary><Secondary>{storage_key("secondary")}</Secondary></StorageServiceKeys></StorageService>"""
# Likewise on the other side: what somebody or something else than the platform could have put there.
COMPUTE, EXTENSION = "Microsoft.Compute/virtualMachines", "Microsoft.Compute/virtualMachines/extensions"
SCRIPT = "web1/CustomScriptExtension"
WRONGS: dict[str, list[tuple[str, str, str, Any]]] = {
    NETWORK: [
        (
            COMPUTE,
            "web1",
            "properties.osProfile",
            {"adminPassword": marked("arm os"), "customData": packed(marked("arm os"))},
        ),
        (COMPUTE, "web1", "properties.storageProfile.osDisk.vhd.uri", f"https://a.example/b?sig={marked('arm SAS')}"),
        (COMPUTE, "web2", "tags", {"note": f"Server=a;Pwd={marked('arm tag')}", "password": marked("arm tag")}),
        (EXTENSION, SCRIPT, "properties.protectedSettings", {"commandToExecute": f"go {marked('arm settings')}"}),
        (EXTENSION, SCRIPT, "properties.settings", {"storageAccountKey": marked("arm settings")}),
    ],
    VPN: [("Microsoft.Network/virtualNetworks", "contoso-vpn-vnet", "properties.sharedKey", marked("arm shared key"))],
}


def planted(place: local.Place) -> Stage:
    """The sample estate with all of these in it; all of them are answered by the emulator."""
    plain = Stage(place, {"estate": "contoso"})
    files = [{"name": "keys.xml", "content": KEYS}]
    # A folder that an emulator is filled from tells nothing of gateways and certificates.
    answers = {}
    for path, text in documents(plain).items():
        for pattern, secret in PLANTS.values():
            text = re.sub(pattern, secret, text)  # noqa: PLW2901 - planted one after the other
        files.append({"name": file_name(path), "content": text})
        if "/gateway" in path or path.endswith("/certificates"):
            answers[path] = text
    stage = Stage(place, {"documents": files})
    for path, text in answers.items():
        when = {"plane": "asm", "method": "GET", "path": f"{path}$", "subscription": stage.subscription}
        then = {"status": 200, "body": text, "content_type": "application/xml"}
        stage.control("POST", "faults", {"when": when, "then": then, "times": None})
    answered = "".join(documents(stage).values())
    assert [name for name, (_, secret) in PLANTS.items() if secret not in answered] == []
    return stage


def documents(stage: Stage) -> dict[str, str]:
    """All that classic answers, by path."""
    environment = {**stage.place.environment(), "ASMOSIS_TOKEN": "any"}
    with Planes.from_environment(environment, stage.subscription).asm() as asm:
        return {document.path: document.content.decode() for document in whole_snapshot(asm).documents}


def disturbed(stage: Stage) -> None:
    """Secrets in what ARM holds after prepare, and in the words of both planes when they refuse or fail."""
    for unit, wrongs in WRONGS.items():
        then = [{"type": type, "name": name, "path": path, "value": value} for type, name, path, value in wrongs]
        stage.disturb(unit, {"verb": "prepare"}, {"wrong": then})
    failure = {"code": "InternalError", "message": f"cannot copy https://a.example/b?sig={marked('failure')}"}
    stage.disturb(LEGACY, {"verb": "prepare"}, {"operation": failure})
    refusal = {"status": 400, "code": "BadRequest", "message": f"Password={marked('refusal')}; is no password"}
    stage.disturb(BATCH, {"verb": "validate"}, refusal)
    busy = {"status": 503, "code": "ServerBusy", "message": f'{{"accountKey": "{marked("busy")}"}}'}
    stage.disturb(NETWORK, {"plane": "arm", "method": "GET", "path": "virtualMachines"}, busy, times=2)
    other = {"status": 500, "body": f"at AccountKey={marked('body')};"}
    stage.disturb(NETWORK, {"plane": "asm", "method": "GET", "path": "hostedservices/contoso-web"}, other, times=2)


def migrated(stage: Stage) -> list[Run]:
    """A wave of all these units goes through, by the word of somebody who tells secrets; its runs."""
    account = stage.runs.migrate(MigrateParameters(subscription=stage.subscription, unit=ACCOUNT, mode=Mode.DRY_RUN))
    wave = stage.wave("marked", [*WAITING, *ENDED])
    for unit in WAITING:
        stage.until(wave, lambda _: unit in stage.members("marked"))  # noqa: B023 - called before the loop goes on
        run = stage.until(stage.members("marked")[unit], lambda run: run.waiting or run.ended)
        assert run.waiting, f"{unit} is {run.state}: {run.message}"
        stage.answer(run, "commit", "ada", f"the key is AccountKey={marked('reason')};")
    for run in (account, *stage.members("marked").values()):
        stage.until(run, lambda run: run.ended)
    return list(stage.found())


def commands(stage: Stage, folder: Path) -> Iterator[list[str]]:
    """What an operator asks afterwards, in every format."""
    here = ["--subscription", stage.subscription]
    for unit in UNITS:
        out = folder / unit.partition("/")[2]
        yield ["report", unit, *here, "--out", f"{out}.html", "--out", f"{out}.json"]
    yield ["report", NETWORK, *here, "--json"]
    yield ["report", "--all", *here, "--verify"]
    yield ["verify", NETWORK, *here]
    for unit in ENDED:
        yield ["template", "--unit", unit, *here]
        yield ["todo", unit, *here]
    for what, name in (("--all", "all"), ("marked", "wave")):
        outs = [f"--out={folder / name}.{suffix}" for suffix in ("html", "csv", "parquet", "xlsx", "json")]
        yield ["report", what, *here, *outs]
    yield ["map", LEGACY, *here]
    for more in ([], ["--json"], ["--locks"]):
        yield ["status", *here, *more]
    outs = [
        f"--out={folder / name}" for name in ("units.csv", "f.csv", "f.parquet", "f.xlsx", "f.html", "f.json", "f.md")
    ]
    yield ["assess", *here, "--json", *outs]
    yield ["plan", *here]


def outputs(stage: Stage, runs: list[Run], folders: list[Path]) -> Iterator[tuple[str, str]]:
    """Everything that is kept or shown, by where it lies."""
    place, of_runs = stage.place, {"flow_runs": {"id": {"any_": [run.id for run in runs]}}}

    def posted(path: str, body: dict[str, Any]) -> str:
        found: list[Any] = []
        page: list[Any] = [{}]
        while page:
            asked = {**body, "limit": 200, "offset": len(found)}
            page = requests.post(f"{place.api_url}/{path}", json=asked, timeout=60).json()
            found += page
        return json.dumps(found)

    yield "artifacts", posted("artifacts/filter", of_runs)
    yield "logs", posted("logs/filter", {"logs": {"flow_run_id": {"any_": [run.id for run in runs]}}})
    yield "task runs", posted("task_runs/filter", of_runs)
    yield "flow runs", posted("flow_runs/filter", of_runs)
    for run in runs:
        yield "states", requests.get(f"{place.api_url}/flow_run_states/?flow_run_id={run.id}", timeout=60).text
    yield "journal", json.dumps(stage.control("GET", f"journal?subscription={stage.subscription}"))
    # What lies about: evidence, results, logs, reports. The platform has its secrets, and the form what was told to it.
    theirs = ("emulator.sqlite", "prefect.db")
    for path in (path for folder in folders for path in folder.rglob("*")):
        if path.is_file() and not path.name.startswith(theirs):
            yield from read(str(path), path.read_bytes())


def read(name: str, data: bytes) -> Iterator[tuple[str, str]]:
    """The text of a file, and of what is packed into it."""
    yield name, data.decode(errors="replace")
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield from read(f"{name}/{member}", archive.read(member))
    if data.startswith(b"PAR1"):
        yield f"{name} as a table", pd.read_parquet(io.BytesIO(data)).to_csv()


def leaks(text: str) -> set[str]:
    """The markers in a text, plain or in base64."""
    plain = text + "".join(
        base64.b64decode(word[: len(word) // 4 * 4]).decode("latin-1")
        for word in set(re.findall(r"[A-Za-z0-9+/]{16,}", re.sub(r"\\n|\n", "", text)))
    )
    return set(re.findall(rf"{MARK}[A-Za-z]*", plain))


def test_no_secret_gets_into_anything_that_is_kept_logged_or_shown(
    stack: local.Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = planted(stack)
    disturbed(stage)
    runs = migrated(stage)
    ends = {run.unit: run.state for run in runs if run.unit}
    assert (ends[LEGACY], ends[BATCH], ends[NETWORK]) == ("PrepareFailed", "Blocked", "Incomplete"), ends
    found: dict[str, set[str]] = {}
    for name, value in {**stack.environment(), "ASMOSIS_TOKEN": "any"}.items():
        monkeypatch.setenv(name, value)
    for command in commands(stage, tmp_path):
        code = call(command)
        said = capsys.readouterr()
        assert code in (0, 1), f"{command}: {said.err}"
        found[" ".join(command)] = leaks(said.out + said.err)
    for name, text in outputs(stage, runs, [stack.home, tmp_path]):
        found[name] = found.get(name, set()) | leaks(text)
    assert len(found) > 150
    lines = [f"{name}: {', '.join(sorted(secrets))}" for name, secrets in found.items() if secrets]
    assert not lines, "\n".join(lines)
