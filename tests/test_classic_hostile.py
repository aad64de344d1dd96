"""Documents that are broken, hostile or foreign: each is named with its file and path, and the others are read."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from asmosis.classic.batches import read_documents
from asmosis.classic.compute import HostedService
from asmosis.classic.documents import LISTS, READABLE, Document, read_document
from asmosis.errors import UnreadableDocument

SPACE = 'xmlns="http://schemas.microsoft.com/windowsazure" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
GOOD = f"<HostedService {SPACE}><ServiceName>Grüße</ServiceName></HostedService>"
BOMB = "<!DOCTYPE a [" + "".join(
    f'<!ENTITY l{number} "{f"&l{number - 1};" * 10 if number else "laughs"}">' for number in range(12)
)


def service(inner: str) -> bytes:
    return f"<HostedService {SPACE}><ServiceName>web</ServiceName>{inner}</HostedService>".encode()


BROKEN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "d.xml: the document is empty"),
    "blanks": (b" \r\n\t", "d.xml: the document is empty"),
    "zeros": (b"\0" * 64, "d.xml:1:1: not well-formed XML"),
    "cut off": (GOOD.encode()[:-20], "d.xml:1:"),
    "cut off on a later line": (b"<HostedService>\n<ServiceName>web", "d.xml:2:"),
    "two roots": (b"<Disks/><Disks/>", "d.xml:1:9: not well-formed XML (Extra content at the end of the document"),
    "latin-1": (GOOD.encode("latin-1"), "d.xml:1:"),
    "half of a UTF-16 character": (GOOD.encode("utf-16") + b"\0", "d.xml: byte "),
    "lone surrogate": (b"\xff\xfe\x00\xdc\x00\x00", "d.xml: byte "),
    "UTF-16 without a mark": (GOOD.encode("utf-16-le"), "d.xml:1:"),
    "undeclared entity": (service("<Url>&nbsp;</Url>"), "d.xml:1:"),
    "declared entity": (
        b'<!DOCTYPE a [<!ENTITY e "x">]>' + service("<Url>&e;</Url>"),
        "d.xml: it carries a document type declaration, which is refused",
    ),
    "billion laughs": (f"{BOMB}]><Disks>&l11;</Disks>".encode(), "d.xml"),
    "external DTD": (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><Disks/>', "d.xml: it carries a document type"),
    "external entity": (
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + service("<Url>&e;</Url>"),
        "d.xml: it carries a document type declaration, which is refused",
    ),
    "foreign root": (b"<html><body/></html>", "d.xml: no ASM document has the root element 'html'; known are "),
    "no XML": (b'{"value": []}', "d.xml:1:1: not well-formed XML"),
    "deep nesting": (b"<HostedService>" + b"<a>" * 100_000, "d.xml:1:"),
    "a text of many megabytes": (service(f"<Url>{'x' * 11_000_000}</Url>"), "d.xml:1:"),
    "everything that is wrong, not only the first": (
        service("<Deployments><Deployment><UpgradeDomainCount>ten</UpgradeDomainCount></Deployment></Deployments>"),
        "; ".join(
            f"HostedService/Deployments/Deployment[1]/{problem}"
            for problem in (
                "UpgradeDomainCount: is not a whole number",
                "Name: is missing",
                "DeploymentSlot: is missing",
                "Status: is missing",
            )
        ),
    ),
    "a list's second item": (
        f"<Disks {SPACE}><Disk><Name>a</Name></Disk><Disk><Name i:nil='true'/></Disk></Disks>".encode(),
        "d.xml: Disks/Disk[2]/Name: is empty",
    ),
    "neither true nor false": (
        f"<ReservedIP {SPACE}><Name>a</Name><InUse>perhaps</InUse></ReservedIP>".encode(),
        "d.xml: ReservedIP/InUse: is neither true nor false",
    ),
    "a word of no vocabulary": (
        f"<PersistentVMRole {SPACE}><RoleName>a</RoleName><OSVirtualHardDisk><DiskName>d</DiskName>"
        "<MediaLink>m</MediaLink><OS>Plan9</OS></OSVirtualHardDisk></PersistentVMRole>".encode(),
        "d.xml: PersistentVMRole/OSVirtualHardDisk/OS: is none of Windows, Linux",
    ),
    "an empty model that must be there": (
        f"<HostedServices {SPACE}><HostedService i:nil='true'/></HostedServices>".encode(),
        "d.xml: HostedServices/HostedService[1]/ServiceName: is missing",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_document_is_named_with_what_is_wrong_and_where(case: str) -> None:
    content, problem = BROKEN[case]
    with pytest.raises(UnreadableDocument) as refusal:
        read_document(content, "d.xml")
    assert problem in str(refusal.value)
    assert str(refusal.value).startswith("d.xml")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(GOOD.encode(), id="utf-8"),
        pytest.param(b"\xef\xbb\xbf" + GOOD.encode(), id="utf-8 with a mark"),
        pytest.param(b'<?xml version="1.0" encoding="utf-16"?>' + GOOD.encode(), id="utf-16 declared over utf-8"),
        pytest.param(GOOD.encode("utf-16"), id="utf-16 with a mark"),
        pytest.param(('<?xml version="1.0" encoding="utf-16"?>' + GOOD).encode("utf-16"), id="utf-16, declared too"),
        pytest.param(b"\xfe\xff" + GOOD.encode("utf-16-be"), id="utf-16 the other way round"),
        pytest.param(
            GOOD.replace("ServiceName", "a:ServiceName").replace("xmlns=", "xmlns:a=").encode(), id="prefixed"
        ),
        pytest.param(GOOD.replace(SPACE, "").encode(), id="without a namespace"),
        pytest.param(GOOD.replace(SPACE, "xmlns='urn:other'").encode(), id="of another namespace"),
        pytest.param(GOOD.replace("><", ">\r\n  <!-- why -->\r\n  <").encode(), id="pretty, with comments"),
        pytest.param(GOOD.replace("Grüße", "<![CDATA[Grüße]]>").encode(), id="CDATA"),
        pytest.param(GOOD.replace("Grüße", "Gr&#xFC;&#223;e").encode(), id="character references"),
    ],
)
def test_a_document_is_read_however_it_is_written(content: bytes) -> None:
    document = read_document(content, "d.xml")
    [model] = document.models
    assert isinstance(model, HostedService)
    assert (model.name, document.unread) == ("Grüße", ())


def test_a_namespace_that_a_text_speaks_of_stays() -> None:
    text = "is xmlns=&quot;http://schemas.microsoft.com/windowsazure&quot; right?"
    content = service(
        f'<Url>{text}</Url><HostedServiceProperties><Description>a xmlns="b"</Description></HostedServiceProperties>'
    )
    [model] = read_document(content, "d.xml").models
    assert isinstance(model, HostedService)
    assert model.url == text.replace("&quot;", '"')
    assert model.description == 'a xmlns="b"'


def test_attributes_that_nothing_claims_are_named_wherever_they_are() -> None:
    content = service(
        '<Url a="1">u</Url><HostedServiceProperties b="2"><Label c="3" i:nil="true"/></HostedServiceProperties>'
    )
    assert read_document(content, "d.xml").unread == (
        "HostedService/Url/@a",
        "HostedService/HostedServiceProperties/@b",
        "HostedService/HostedServiceProperties/Label/@c",
    )


def test_numbers_may_have_blanks_around_them() -> None:
    [model] = read_document(
        f"<Disk {SPACE}><Name>d</Name><LogicalDiskSizeInGB>\n 30 </LogicalDiskSizeInGB></Disk>".encode(), ""
    ).models
    assert model.dump()["size_gb"] == 30


def test_the_file_system_is_never_asked_for_a_document_type(tmp_path: Path) -> None:
    (tmp_path / "x.dtd").write_text('<!ATTLIST HostedService odd CDATA "default">')
    content = f'<!DOCTYPE HostedService SYSTEM "{tmp_path}/x.dtd">'.encode() + service("")
    with pytest.raises(UnreadableDocument, match="document type declaration"):
        read_document(content, "d.xml")


def test_among_broken_documents_the_others_are_read(tmp_path: Path) -> None:
    for number, (content, _) in enumerate(BROKEN.values()):
        (tmp_path / f"{number:02}-broken.xml").write_bytes(content)
        (tmp_path / f"{number:02}-good.xml").write_bytes(service(""))
    paths = [*sorted(tmp_path.iterdir()), tmp_path / "gone.xml", tmp_path]
    found = list(read_documents(paths))
    problems = [str(each) for each in found if isinstance(each, UnreadableDocument)]
    assert len(problems) == len(BROKEN) + 2
    assert all(problem.startswith(str(tmp_path)) for problem in problems)
    assert problems[-2] == f"{tmp_path}/gone.xml: No such file or directory"
    good = [each for each in found if isinstance(each, Document)]
    assert [each.place for each in good] == [str(path) for path in paths if path.name.endswith("-good.xml")]


NAMES = sorted(
    {name for model in READABLE.values() for path in model.__struct_encode_fields__ for name in path.split("/")}
)
TEXTS = st.text(max_size=20) | st.sampled_from(
    ["1", "true", "Production", "NetworkConfiguration", "c2VjcmV0", "&#x1B;"]
)


def element(name: str, inner: str, attribute: str) -> str:
    return f"<{name}{attribute}>{inner}</{name}>"


TREES = st.recursive(
    TEXTS.map(lambda text: text.replace("<", "&lt;").replace("\0", "")),
    lambda inner: st.builds(
        lambda name, children, attribute: element(name, "".join(children), attribute),
        st.sampled_from([name for name in NAMES if not name.startswith("@")]),
        st.lists(inner, max_size=4),
        st.sampled_from(["", ' i:nil="true"', ' i:type="x"', ' odd="1"', ' xmlns="urn:x"']),
    ),
    max_leaves=25,
)


def read_or_refused(content: bytes) -> Document | None:
    """Anything else that is raised fails the test."""
    try:
        return read_document(content, "d.xml")
    except UnreadableDocument as refusal:
        if not str(refusal).startswith("d.xml"):
            raise
        return None


@settings(deadline=None, max_examples=200)
@given(root=st.sampled_from(sorted([*READABLE, *LISTS, "html"])), trees=st.lists(TREES, max_size=6))
def test_whatever_the_elements_are_the_reader_reads_or_refuses(root: str, trees: list[str]) -> None:
    content = element(root, "".join(trees), f" {SPACE}").encode("utf-8", "surrogatepass")
    document = read_or_refused(content)
    for model in document.models if document else ():
        model.dump()


@settings(deadline=None, max_examples=200)
@given(content=st.binary(max_size=200), cut=st.integers(0, 200))
@example(content=b"\xff\xfe", cut=0)
def test_whatever_the_bytes_are_the_reader_reads_or_refuses(content: bytes, cut: int) -> None:
    good = GOOD.encode()
    for tried in (content, good[:cut] + content + good[cut:]):
        read_or_refused(tried)
