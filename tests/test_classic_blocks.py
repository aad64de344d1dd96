"""What is read by its markup is read as it would be without: the same models, unclaimed paths and errors."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asmosis.classic import blocks
from asmosis.classic.blocks import apart, root_of
from asmosis.classic.documents import Document, read_document
from asmosis.classic.role import Role
from asmosis.classic.storage import Disk
from asmosis.errors import UnreadableDocument

HERE = Path(__file__).parent
SPACE = 'xmlns="http://schemas.microsoft.com/windowsazure" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
DOCUMENTS = {
    path.name: path.read_bytes()
    for folder in (HERE / "documents", HERE / "promised" / "documents")
    for path in sorted(folder.glob("*.xml"))
}
FULL = sorted(name for name, content in DOCUMENTS.items() if re.search(b"</(Role|RoleInstance|Disk)>", content))


@pytest.fixture(scope="module", autouse=True)
def _at_first_sight() -> Iterator[None]:
    """Every markup gets its program when it is first seen, so that a second reading always uses it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "_WORTH_A_PROGRAM", 0)
        yield


def read(content: bytes) -> Document | str:
    try:
        return read_document(content, "d.xml")
    except UnreadableDocument as error:
        return str(error)


def read_whole(content: bytes) -> Document | str:
    """What lxml and the reader make of the document alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "LARGEST_DOCUMENT", 0)
        return read(content)


def disks(*inner: str, root: str = f"<Disks {SPACE}>") -> bytes:
    return f"{root}{''.join(f'<Disk>{each}</Disk>' for each in inner)}</Disks>".encode()


def taken(content: bytes) -> int:
    """How many blocks are read by their markup."""
    kinds = {"Disk": Disk} if root_of(content.decode()) == "Disks" else {"Role": Role}
    parts = apart(content.decode(), kinds)
    return sum(len(run.models) for run in parts.runs.values()) if parts else 0


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_of_every_kind_is_read_the_same(name: str) -> None:
    content = DOCUMENTS[name]
    assert read_whole(content) == read(content)


def test_most_of_a_document_is_read_by_its_markup() -> None:
    content = disks(
        *[f"<Name>d{number}</Name><LogicalDiskSizeInGB>{number}</LogicalDiskSizeInGB>" for number in range(9)]
    )
    assert taken(content) == 9
    document = read(content)
    assert isinstance(document, Document)
    assert document.models == tuple(Disk(name=f"d{number}", size_gb=number) for number in range(9))


def test_unclaimed_elements_are_told_with_their_positions() -> None:
    document = read(disks("<Name>a</Name>", "<Name>b</Name><Odd>x</Odd>", "<Name>c</Name><OS>Linux</OS>"))
    assert isinstance(document, Document)
    assert document.unread == ("Disks/Disk[2]/Odd",)


NAME = "<Name>d</Name>"
# Disks of which the second looks like the first, and is not read as if it were one.
ALIKE: dict[str, tuple[str, str]] = {
    "a reference": (NAME, "<Name>a&amp;b&#x41;</Name>"),
    "a reference to what is not there": (NAME, "<Name>&nbsp;</Name>"),
    "a control character": (NAME, "<Name>a\x1bb</Name>"),
    "a carriage return": (NAME, "<Name>a\r\nb</Name>"),
    "a character that is none": (NAME, "<Name>a\ufffeb</Name>"),
    "the mark of a text": (NAME, "<Name>\ue0000\ue000</Name>"),
    "references that make the mark of a text": (f"{NAME}<OS>&#xE000;0&#xE000;</OS>", f"{NAME}<OS>&#xE000;0&#xE000;</OS>"),
    "a part of a text": ("<Name>a>b</Name>", "<Name>a>c</Name>"),
    "a text in a comment": (f"<!-- <a>b</a> -->{NAME}", f"<!-- <a>b--</a> -->{NAME}"),
    "the end of CDATA": (NAME, "<Name>a]]>b</Name>"),
    "CDATA": (NAME, "<Name><![CDATA[x</Name></Disk>]]></Name>"),
    "a comment across an end": (NAME, "<Name>a</Name></Disk><!-- <Disk><Name>b</Name></Disk> --><Disk><Name>c</Name>"),
    "an instruction": (NAME, "<Name>a<?b c?></Name>"),
    "an end in an attribute": (NAME, '<Name odd="a>b">c</Name>'),
    "another attribute behind a text in one": ('<Name odd="a>b">c</Name>', '<Name odd="a>b" more="d>b">c</Name>'),
    "no number": ("<Name>d</Name><LogicalDiskSizeInGB>1</LogicalDiskSizeInGB>",
                  "<Name>d</Name><LogicalDiskSizeInGB>one</LogicalDiskSizeInGB>"),
    "a text where none belongs": ("<Name>d</Name><AttachedTo>x</AttachedTo>", "<Name>d</Name><AttachedTo> </AttachedTo>"),
    "blanks that are not ASCII": ("<Name>d</Name><AttachedTo>x</AttachedTo>",
                                  "<Name>d</Name><AttachedTo>\u00a0</AttachedTo>"),
    "only blanks": (NAME, "<Name> \n</Name>"),
    "nothing": (NAME, "<Name></Name>"),
    "a disk in a disk": (NAME, "<Name>d</Name><Disk><Name>e</Name></Disk>"),
    "two disks in one": (NAME, "<Name>a</Name></Disk x><Disk><Name>b</Name>"),
    "an element that stands for a disk": (NAME, "<__0/><Name>d</Name>"),
    "an element that stands for a disk elsewhere": (
        NAME, "<Name>d</Name></Disk><Odd><Disk><Name>e</Name></Disk></Odd><__1/><Disk><Name>f</Name>"
    ),
    "a disk in a comment": (NAME, "<Name>d</Name></Disk><!-- <Disk><Name>e</Name></Disk> --><Disk><Name>f</Name>"),
    "a disk in CDATA": (NAME, "<Name>d</Name></Disk><![CDATA[<Disk><Name>e</Name></Disk>]]><Disk><Name>f</Name>"),
    "another namespace": (NAME, '<Name xmlns="urn:x">d</Name>'),
    "an open tag": (NAME, "<Name>d</Nam"),
    "a nil": ('<Name>d</Name><OS i:nil="true"/>', '<Name>d</Name><OS i:nil="false"/>'),
    "what is wrong after it": (NAME, "<Name>d</Name></Disk><Odd><Disk><Name>e</Name>"),
}  # fmt: skip


@pytest.mark.parametrize("case", ALIKE)
def test_what_only_looks_alike_is_read_as_what_it_is(case: str) -> None:
    first, second = ALIKE[case]
    for content in (disks(first), disks(first, second, first), disks(first, second, first)):
        assert read_whole(content) == read(content)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("<DebugSettings>x</DebugSettings>", "<DebugSettings>\u00a0</DebugSettings>"),
        ('<Label i:type="\ue0000\ue000">x</Label>', "<Label>x</Label>"),
        ("<VMImageName>a</VMImageName><VMImageName>b</VMImageName>", "<VMImageName>a</VMImageName>"),
        ("<ProvisionGuestAgent>true</ProvisionGuestAgent>", "<ProvisionGuestAgent>yes</ProvisionGuestAgent>"),
    ],
)
def test_machines_that_only_look_alike_are_read_as_what_they_are(first: str, second: str) -> None:
    for start in ("<Role>", '<Role i:type="\ue0000\ue000">', '<Role i:nil="true">'):
        roles = "".join(f"{start}<RoleName>web</RoleName>{inner}</Role>" for inner in (first, second, first))
        deployment = "<Name>d</Name><DeploymentSlot>Production</DeploymentSlot><Status>Running</Status>"
        content = f"<Deployment {SPACE}>{deployment}<RoleList>{roles}</RoleList></Deployment>".encode()
        assert read_whole(content) == read(content)


@pytest.mark.parametrize("depth", range(248, 258))
def test_what_is_nested_too_deeply_is_refused_wherever_it_is(depth: int) -> None:
    content = f"<Disks>{'<a>' * depth}<Disk><Name>d</Name></Disk>{'</a>' * depth}</Disks>".encode()
    assert read_whole(content) == read(content)


@pytest.mark.parametrize(
    "root",
    [
        '<Disks xmlns="urn:other">',
        "<Disks>",
        '<x:Disks xmlns:x="urn:x">',
        '<Disks odd="a>b">',
        "<Disks\n>",
        '<?xml version="1.0" encoding="utf-16"?><Disks>',
        '<Disks xmlns:i="urn:no-instance">',
    ],
)
def test_a_markup_means_nothing_under_another_root(root: str) -> None:
    inner = '<Name>d</Name><OS i:nil="true"/>'
    assert read_whole(disks(inner)) == read(disks(inner))
    content = disks(inner, inner, root=root)
    assert read_whole(content) == read(content)


def test_a_namespace_below_the_root_keeps_a_document_whole() -> None:
    inside = "<RoleList><Role><RoleName>web</RoleName></Role></RoleList>"
    for space in ("", ' xmlns="urn:x"'):
        content = (
            f"<Deployment {SPACE}><Name>d</Name>{inside.replace('RoleList>', f'RoleList{space}>', 1)}</Deployment>"
        )
        assert taken(content.encode()) == (0 if space else 1)


def test_what_is_known_of_markups_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_MOST_MARKUPS", 8)
    for number in range(40):
        read(disks(f"<Name>d</Name><Odd{number}/>"))
    assert sum(map(len, blocks._programs.values())) < 16


@st.composite
def changed(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A document of ours, and one that differs from it a little."""
    content = DOCUMENTS[draw(st.sampled_from(FULL))].decode()
    texts = [match.span(1) for match in re.finditer(r">([^<]*)<", content)]
    tags = [match.span() for match in re.finditer(r"<[^<>]*>", content)]
    pieces = st.sampled_from(
        [
            "",
            " ",
            "7",
            "true",
            "&lt;",
            "&#65;",
            "\x01",
            "\r",
            "é",
            "\u00a0",
            "\ue000",
            "<",
            ">",
            "]]>",
            "<a/>",
            "<!---->",
        ]
    )
    other = content
    for begin, end in sorted(draw(st.lists(st.sampled_from(texts + tags), min_size=1, max_size=6)), reverse=True):
        other = other[:begin] + draw(pieces | st.text(max_size=4)) + other[end:]
    return content.encode(), other.encode("utf-8", "surrogatepass")


@settings(deadline=None, max_examples=150)
@given(documents=changed())
def test_a_document_that_differs_a_little_is_read_the_same(documents: tuple[bytes, bytes]) -> None:
    known, content = documents
    read(known)
    for _ in range(2):
        assert read_whole(content) == read(content)
