"""The command line: its grammar, its channels and its exit codes; what needs a server is in other modules."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import typer
from typer.main import get_command

from asmosis.classic.estate import Estate
from asmosis.cli import app as grammar
from asmosis.cli import call, output
from asmosis.cli.grammar import PHASES
from asmosis.errors import (
    AsmosisError,
    AuthenticationFailed,
    CatalogueError,
    Conflict,
    IllegalMove,
    StillMoving,
    UnknownUnit,
    Unreachable,
    UnreadableDocument,
    UsageError,
)

VERBS = sorted(
    command.name or command.callback.__name__ for command in grammar.app.registered_commands if command.callback
)
SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"

RESERVED_IPS = """\
<ReservedIPs xmlns="http://schemas.microsoft.com/windowsazure">
  <ReservedIP><Name>one</Name><Address>40.0.0.1</Address><InUse>false</InUse></ReservedIP>
  <ReservedIP><Name>two</Name><Address>40.0.0.2</Address><InUse>false</InUse></ReservedIP>
</ReservedIPs>"""
ROUTE_TABLE = """\
<RouteTable xmlns="http://schemas.microsoft.com/windowsazure">
  <Name>routes</Name><Location>West Europe</Location><Mood>bad</Mood>
</RouteTable>"""
KEYS = """\
<StorageService xmlns="http://schemas.microsoft.com/windowsazure">
  <Url>https://management.core.windows.net/s/services/storageservices/disks</Url>
  <StorageServiceKeys><Primary>cHJpbWFyeSBzZWNyZXQ=</Primary><Secondary>c2Vjb25k</Secondary></StorageServiceKeys>
</StorageService>"""
NETWORK = """\
<VirtualNetworkSites xmlns="http://schemas.microsoft.com/windowsazure">
  <VirtualNetworkSite>
    <Name>wide</Name><Location>West Europe</Location>
    <AddressSpace><AddressPrefixes><AddressPrefix>10.0.0.0/16</AddressPrefix></AddressPrefixes></AddressSpace>
    <Subnets><Subnet><Name>far</Name><AddressPrefix>10.9.0.0/24</AddressPrefix></Subnet></Subnets>
  </VirtualNetworkSite>
</VirtualNetworkSites>"""


@pytest.fixture(autouse=True)
def _no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("ASMOSIS_", "PREFECT_API"))]:
        monkeypatch.delenv(name)


def written(folder: Path, **documents: str) -> list[str]:
    paths = [folder / f"{name}.xml" for name in documents]
    for path, text in zip(paths, documents.values(), strict=True):
        path.write_text(text)
    return [str(path) for path in paths]


def objects(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def asmosis(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "asmosis.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
        timeout=60,
    )


# --- help -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example_that_its_own_grammar_takes(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call([verb, "--help"]) == output.DONE
    shown = capsys.readouterr().out
    examples = re.findall(rf"^ {{4}}asmosis ({verb}\b.*)$", shown, re.MULTILINE)
    assert examples, f"no line of the help is an example:\n{shown}"
    for example in examples:
        options = set(re.findall(r"(--[a-z-]+)", example))
        assert options <= set(re.findall(r"(--[a-z-]+)", shown.split("Examples:")[0])), example


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_speaks_json(verb: str) -> None:
    command = get_command(grammar.app).commands[verb]  # type: ignore[attr-defined]
    assert "--json" in [name for parameter in command.params for name in parameter.opts]


def test_every_verb_is_in_the_help_once_and_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    told = [verb for verbs in PHASES.values() for verb in verbs]
    assert sorted(told) == sorted(VERBS)
    assert call(["--help"]) == output.DONE
    assert all(len(line) <= 80 for line in capsys.readouterr().out.splitlines())


def test_help_loads_neither_models_nor_clients() -> None:
    looked = "import sys; from asmosis.cli import call; call(['run', '--help']); print(*sys.modules, file=sys.stderr)"
    loaded = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True).stderr.split()
    assert "typer" in loaded
    assert not {"lxml", "requests", "azure.identity", "prefect", "rich.table"} & set(loaded)


# --- usage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param([], "Missing command", id="nothing"),
        pytest.param(["migrate"], "No such command 'migrate'", id="an unknown verb"),
        pytest.param(["assess", "--form", "x"], "--from", id="a typo in an option"),
        pytest.param(["inspect"], "Missing argument 'FILE...'", id="no file"),
        pytest.param(["inspect", "absent.xml"], "'absent.xml' does not exist", id="no such file"),
        pytest.param(["inspect", "."], "'.' is a directory", id="a folder for a file"),
        pytest.param(["assess"], "subscription: none is named. Give --subscription", id="no subscription"),
        pytest.param(
            ["assess", "--subscription", "s", "--asm-url", "ftp://x"], "it is not the address", id="no address"
        ),
        pytest.param(
            ["assess", "--subscription", "s", "--asm-url", "http://example.com"],
            "a token would travel in clear",
            id="a token in clear",
        ),
        pytest.param(["assess", "--from", ".", "--asm-url", "http://127.0.0.1:1"], "both named", id="two sources"),
        pytest.param(["rules", "--profile", "2099"], "Profiles: seed-2016, platform-2023.", id="an unknown profile"),
        pytest.param(["rules", "--markdown", "--json"], "Leave --profile and --json out.", id="a page as JSON"),
        pytest.param(["snapshot"], "Missing option '--to'", id="no folder"),
        pytest.param(["run"], "run: no unit is named", id="nothing to run"),
        pytest.param(["run", "vm/x"], "Kinds: virtualNetwork,", id="an unknown kind"),
        pytest.param(["run", "routeTable/x"], "it names no subscription", id="a unit of no subscription"),
        pytest.param(
            ["run", f"{SUBSCRIPTION}/routeTable/x", f"{SUBSCRIPTION.replace('1', '2')}/routeTable/x"],
            "several subscriptions",
            id="units of two subscriptions",
        ),
        pytest.param(
            ["run", f"{SUBSCRIPTION}/routeTable/x", "--approval", "maybe"],
            "no such policy. There are: manual, automatic-when-clean.",
            id="an unknown policy",
        ),
        pytest.param(
            ["run", f"{SUBSCRIPTION}/hostedService/x", "--network", "group/net"],
            "it is not GROUP/NETWORK/SUBNET",
            id="half a network",
        ),
        pytest.param(
            ["run", f"{SUBSCRIPTION}/hostedService/x", "--network", "a/b/c/d"],
            "it is not GROUP/NETWORK/SUBNET",
            id="more than a network",
        ),
        pytest.param(
            ["run", f"{SUBSCRIPTION}/routeTable/x", "--network", "a/b/c"],
            "takes no destination network",
            id="a network for a kind without one",
        ),
        pytest.param(
            ["run", f"{SUBSCRIPTION}/routeTable/x", "--name", "Not So"],
            "run: name: 'Not So' does not match",
            id="a bad name of a wave",
        ),
        pytest.param(["approve", "contoso"], "it is not KIND/NAME", id="approving no unit"),
        pytest.param(["abort", "routeTable/x"], "it names no subscription", id="aborting in no subscription"),
    ],
)
def test_wrong_usage_is_one_line_on_stderr_and_exit_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(arguments) == output.WRONG_USAGE
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.err.startswith("asmosis: ")
    assert shown.err.count("\n") == 1
    assert not shown.out


@pytest.mark.parametrize(
    ("addition", "said"),
    [
        pytest.param(["routeTable/x"], "Leave units, --name and --network out.", id="units beside the file"),
        pytest.param(["--subscription", SUBSCRIPTION.replace("1", "9")], "asked for is 9", id="another subscription"),
        pytest.param(["--approval", "maybe"], "approval: 'maybe' is no policy", id="an unknown policy"),
    ],
)
def test_a_wave_file_and_options_must_not_contradict_each_other(
    addition: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wave.yaml"
    file.write_text(f"name: a\nsubscription: {SUBSCRIPTION}\nunits: [routeTable/x]")
    assert call(["run", "--wave", str(file), *addition]) == output.WRONG_USAGE
    assert said in capsys.readouterr().err


def test_a_typo_in_a_wave_file_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "wave.yaml"
    file.write_text(f"name: a\nsubscription: {SUBSCRIPTION}\nunts: [routeTable/x]\nunits: [routeTable/x]")
    ran = asmosis("run", "--wave", str(file))
    said = f"asmosis: {file}:3: unknown key 'unts'. Did you mean 'units'?\n"
    assert (ran.returncode, ran.stdout, ran.stderr) == (output.WRONG_USAGE, "", said)


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UsageError("place", "problem", "Remedy."), 2, "place: problem. Remedy."),
        (UnknownUnit("vm/x", "no such kind", "Kinds: a."), 2, "vm/x: no such kind. Kinds: a."),
        (UnreadableDocument("f.xml:3", "empty"), 1, "f.xml:3: empty. Look at the place named"),
        (IllegalMove("u", "abort", "Committed", "Only forward."), 1, "cannot abort u: it is Committed. Only forward."),
        (StillMoving("u", "Preparing"), 1, "u is still Preparing. Try again"),
        (AuthenticationFailed("ASM", 401, "AuthenticationFailed", "No."), 3, "No. Check the credential"),
        (Conflict("ASM", 409, "ConflictError", "busy", "id7"), 3, "busy (request id7)"),
        (Unreachable("ARM", "https://x", "refused"), 3, "refused. Check that it runs"),
        (CatalogueError("twice"), 3, "twice"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, AsmosisError) else None,
)
def test_an_error_gives_its_exit_code_and_one_line_with_a_remedy(
    error: AsmosisError, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert output.fail(error) == code
    shown = capsys.readouterr()
    assert shown.err.startswith("asmosis: ")
    assert said in shown.err
    assert (shown.err.count("\n"), shown.out) == (1, "")


def test_a_fault_of_ours_is_one_line_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> Estate:
        raise KeyError("boom")

    monkeypatch.setattr(Estate, "of_documents", broken)
    [file] = written(tmp_path, ips=RESERVED_IPS)
    assert call(["assess", "--from", file]) == output.FAR_SIDE_FAILED
    said = capsys.readouterr().err
    assert re.fullmatch(r"asmosis: internal error at test_cli\.py:\d+: KeyError: 'boom'\. Please report it\.\n", said)


def test_an_interruption_says_that_runs_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> Estate:
        raise KeyboardInterrupt

    monkeypatch.setattr(Estate, "of_documents", interrupted)
    [file] = written(tmp_path, ips=RESERVED_IPS)
    assert call(["assess", "--from", file]) == output.INTERRUPTED
    assert "asmosis status" in capsys.readouterr().err


class _Refusing(BaseHTTPRequestHandler):
    """A control plane that lets nobody in."""

    def do_GET(self) -> None:
        body = b"<Error><Code>ForbiddenError</Code><Message>Not yours.</Message></Error>"
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def refusing_plane() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("verb", ["assess", "snapshot"])
def test_a_plane_that_refuses_is_exit_3_and_leaves_nothing(verb: str, refusing_plane: str, tmp_path: Path) -> None:
    to = ("--to", str(tmp_path / "archive")) if verb == "snapshot" else ()
    live = ("--subscription", SUBSCRIPTION, "--asm-url", refusing_plane)
    ran = asmosis(verb, *live, *to, ASMOSIS_TOKEN="secret-token")
    assert (ran.returncode, ran.stdout) == (output.FAR_SIDE_FAILED, "")
    assert (
        ran.stderr
        == "asmosis: ASM answered 403 ForbiddenError: Not yours. Ask for access, or sign in as someone who has it.\n"
    )
    assert not list(tmp_path.iterdir())


def test_a_sign_in_that_fails_is_exit_3_in_one_line(refusing_plane: str) -> None:
    nowhere = {"AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential"}
    ran = asmosis("assess", "--subscription", SUBSCRIPTION, "--asm-url", refusing_plane, **nowhere)
    assert (ran.returncode, ran.stdout) == (output.FAR_SIDE_FAILED, "")
    assert ran.stderr.endswith("Check the credential that this process signs in with.\n")
    assert ran.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [["status"], ["approve", "routeTable/x"], ["run", f"{SUBSCRIPTION}/routeTable/x"]]
)
def test_a_prefect_that_does_not_answer_is_exit_3(arguments: list[str]) -> None:
    ran = asmosis(*arguments, PREFECT_API_URL="http://127.0.0.1:9/api", PREFECT_API_KEY="secret-key")
    assert (ran.returncode, ran.stdout) == (output.FAR_SIDE_FAILED, "")
    assert ran.stderr.startswith("asmosis: Prefect at http://127.0.0.1:9/api cannot be reached: Connection refused.")
    assert ran.stderr.count("\n") == 1
    assert "secret-key" not in ran.stderr


@pytest.mark.parametrize("times", [1, 40], ids=["before anything is written", "while much is written"])
def test_a_reader_that_leaves_early_causes_no_complaint(times: int, tmp_path: Path) -> None:
    files = written(tmp_path, **{f"ips{number}": RESERVED_IPS for number in range(times)})
    command = [sys.executable, "-m", "asmosis.cli", "inspect", *files * times]
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=buffered) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        if times > 1:
            process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) in (output.DONE, output.NO)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\n lines", "two lines"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("[bold]x[/bold] :smile:", "[bold]x[/bold] :smile:"),
    ],
    ids=["a line break", "an escape sequence", "mark-up"],
)
def test_text_from_outside_stays_on_its_line_and_steers_nothing(
    text: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output.say(text)
    output.write_line(text)
    output.write_table(("Column",), [(text,)])
    captured = capsys.readouterr()
    assert captured.err == f"{shown}\n"
    assert captured.out.splitlines()[0] == shown
    assert captured.out.count(shown) == 2
    assert "\x1b" not in captured.out


# --- inspect --------------------------------------------------------------------------------------------------------


def test_inspect_shows_one_object_per_file_and_exits_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = written(tmp_path, ips=RESERVED_IPS, keys=KEYS)
    assert call(["inspect", *files]) == output.DONE
    shown = capsys.readouterr()
    ips, keys = objects(shown.out)
    assert (ips["file"], ips["root"], ips["unread"], ips["error"]) == (files[0], "ReservedIPs", [], None)
    assert [(model["name"], model["address"]) for model in ips["models"]] == [("one", "40.0.0.1"), ("two", "40.0.0.2")]
    assert (keys["root"], len(keys["models"])) == ("StorageService", 1)
    assert not shown.err


def test_inspect_keeps_secrets_as_stars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["inspect", *written(tmp_path, keys=KEYS)]) == output.DONE
    shown = capsys.readouterr().out
    assert "cHJpbWFyeSBzZWNyZXQ=" not in shown
    assert objects(shown)[0]["models"][0]["primary_key"] == "**********"


def test_inspect_names_what_no_model_claims_and_exits_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = written(tmp_path, routes=ROUTE_TABLE, ips=RESERVED_IPS)
    assert call(["inspect", *files, "--json"]) == output.NO
    shown = capsys.readouterr()
    assert [document["unread"] for document in objects(shown.out)] == [["RouteTable/Mood"], []]
    assert shown.err == f"{files[0]}: no model claims RouteTable/Mood\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<RouteTable><Name>x</Name>", ":1:27: not well-formed XML"),
        ("", ": the document is empty"),
        ("<Hat/>", ": no ASM document has the root element 'Hat'"),
        ("<RouteTable/>", ": RouteTable/Name: is missing"),
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><RouteTable><Name>&b;</Name></RouteTable>', ": "),
    ],
    ids=["cut off", "empty", "an unknown root", "a missing value", "an entity"],
)
def test_inspect_names_a_file_that_cannot_be_read_and_goes_on(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = written(tmp_path, bad=text, ips=RESERVED_IPS)
    assert call(["inspect", *files]) == output.NO
    shown = capsys.readouterr()
    bad, good = objects(shown.out)
    assert bad["error"].startswith(f"{files[0]}{said}")
    assert (bad["root"], bad["models"], bad["unread"]) == (None, [], [])
    assert (good["root"], good["error"]) == ("ReservedIPs", None)
    assert shown.err.startswith(f"{files[0]}{said}")
    assert "root:" not in shown.out + shown.err


def test_results_and_complaints_go_to_different_channels(tmp_path: Path) -> None:
    ran = asmosis("inspect", *written(tmp_path, routes=ROUTE_TABLE))
    assert ran.returncode == output.NO
    assert json.loads(ran.stdout)["models"][0]["name"] == "routes"
    assert ran.stderr.endswith("no model claims RouteTable/Mood\n")


# --- assess ---------------------------------------------------------------------------------------------------------


def test_assess_of_ready_units_exits_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, ips=RESERVED_IPS)
    assert call(["assess", "--from", str(tmp_path), "--subscription", SUBSCRIPTION, "--json"]) == output.DONE
    shown = capsys.readouterr()
    answer = json.loads(shown.out)
    assert (answer["subscription"], answer["profile"], answer["unread"]) == (SUBSCRIPTION, "platform-2023", [])
    assert [(unit["unit"], unit["ready"]) for unit in answer["units"]] == [
        ("reservedIp/one", True),
        ("reservedIp/two", True),
    ]
    assert not shown.err


def test_assess_of_a_blocked_unit_exits_1_and_gives_rule_reason_and_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = written(tmp_path, net=NETWORK, ips=RESERVED_IPS)
    assert call(["assess", "--from", files[0], "--from", files[1], "--json"]) == output.NO
    answer = json.loads(capsys.readouterr().out)
    wide, *others = answer["units"]
    [finding] = [finding for finding in wide["findings"] if finding["severity"] == "blocker"]
    assert (wide["unit"], wide["ready"], finding["rule"]) == ("virtualNetwork/wide", False, "subnet-outside-space")
    said = {"rule", "severity", "unit", "resource", "message", "remedy", "noticed", "evidence", "waiver", "blocks"}
    assert set(finding) == {*said, "still_refused_by_platform"}
    assert all(unit["ready"] for unit in others)


def test_assess_shows_a_table_for_people(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    written(tmp_path, net=NETWORK, ips=RESERVED_IPS)
    assert call(["assess", "--from", str(tmp_path)]) == output.NO
    shown = capsys.readouterr().out
    assert re.search(r"^ all +3 +2 +0 +1 ", shown, re.MULTILINE)
    assert re.search(r"^ blocker +subnet-outside-space +1 +0 ", shown, re.MULTILINE)
    assert re.search(r"virtualNetwork/wide +blocked +subnet-outside-space +\S", shown)
    assert re.search(r"reservedIp/one +ready", shown)
    assert shown.endswith(
        "2 of 3 units of subscription 00000000-0000-0000-0000-000000000000 are ready by the rules of platform-2023.\n"
    )


def test_assess_of_one_unit_judges_only_that(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, net=NETWORK, ips=RESERVED_IPS)
    assert call(["assess", "--from", str(tmp_path), "--unit", "reservedip/TWO", "--json"]) == output.DONE
    assert [unit["unit"] for unit in json.loads(capsys.readouterr().out)["units"]] == ["reservedIp/two"]


def test_assess_of_an_unknown_unit_says_which_there_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, ips=RESERVED_IPS)
    assert call(["assess", "--from", str(tmp_path), "--unit", "reservedIp/three"]) == output.WRONG_USAGE
    assert "There are: one, two." in capsys.readouterr().err


def test_assess_of_an_unknown_network_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, net=NETWORK)
    assert call(["assess", "--from", str(tmp_path), "--unit", "virtualNetwork/nowhere"]) == output.WRONG_USAGE
    assert "no such unit" in capsys.readouterr().err


def test_assess_judges_by_the_profile_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, net=NETWORK)
    assert call(["assess", "--from", str(tmp_path), "--profile", "seed-2016", "--json"]) == output.DONE
    answer = json.loads(capsys.readouterr().out)
    assert answer["profile"] == "seed-2016"
    assert "subnet-outside-space" not in [finding["rule"] for finding in answer["units"][0]["findings"]]


def test_assess_names_all_unreadable_documents_and_judges_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, a="<Hat/>", b="<RouteTable>", ips=RESERVED_IPS)
    assert call(["assess", "--from", str(tmp_path), "--json"]) == output.NO
    shown = capsys.readouterr()
    answer = json.loads(shown.out)
    assert [(unit["unit"], unit["ready"]) for unit in answer["units"]] == [
        ("reservedIp/one", True),
        ("reservedIp/two", True),
    ]
    hat, table = answer["unreadable"]
    assert "a.xml: no ASM document has the root element 'Hat'" in hat
    assert "b.xml:1" in table
    assert shown.err == f"cannot be read: {hat}\ncannot be read: {table}\n"


def test_assess_of_documents_with_unclaimed_elements_exits_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [file] = written(tmp_path, routes=ROUTE_TABLE)
    assert call(["assess", "--from", file, "--json"]) == output.NO
    shown = capsys.readouterr()
    answer = json.loads(shown.out)
    assert answer["unread"] == [f"{file}: RouteTable/Mood"]
    assert answer["units"][0]["ready"]
    assert shown.err == f"not understood: {file}: RouteTable/Mood\n"


def test_assess_of_a_folder_without_documents_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["assess", "--from", str(tmp_path)]) == output.WRONG_USAGE
    assert f"{tmp_path}: the folder holds no *.xml. Name a folder" in capsys.readouterr().err


# --- rules ----------------------------------------------------------------------------------------------------------


def test_rules_are_listed_with_what_a_program_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["rules", "--json"]) == output.DONE
    every = json.loads(capsys.readouterr().out)["rules"]
    said = {"id", "title", "remedy", "source", "noticed", "text", "needs", "assumed", "severities"}
    assert said == set(every[0])
    assert call(["rules", "--profile", "seed-2016", "--json"]) == output.DONE
    old = json.loads(capsys.readouterr().out)["rules"]
    assert [rule for rule in every if "seed-2016" in rule["severities"]] == old
    assert 0 < len(old) < len(every)


def test_rules_are_listed_as_a_table_and_as_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["rules"]) == output.DONE
    assert "subnet-outside-space" in capsys.readouterr().out
    assert call(["rules", "--markdown"]) == output.DONE
    assert capsys.readouterr().out.startswith("# ")


def test_the_console_script_is_declared() -> None:
    assert isinstance(grammar.app, typer.Typer)
    script = Path(sys.executable).with_name("asmosis")
    shown = subprocess.run([script, "--help"], capture_output=True, text=True, check=True).stdout
    assert all(f"\n  {verb} " in shown for verb in VERBS)
