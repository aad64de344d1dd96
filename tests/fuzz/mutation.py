"""Inputs that nobody would write: our own documents, changed where their structure is, and bytes that are no document.

Everything is drawn from the `Random` that is handed in, so that a seed tells an input again; Hypothesis' own makes
failures smaller.
"""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from lxml import etree

LARGEST = 256 * 1024  # bytes of an input; what grows faster than its input shows here already
TEXTS = (
    *("", " ", "\0", "\r\n", "-1", "0", "1", "65535", "65536", "99999999999999999999", "1e309", "NaN", "true", "null"),
    *(
        "10.0.0.0/8",
        "10.0.0.300",
        "0.0.0.0/0",
        "::1",
        "2001:db8::/129",
        "10.1.1.4",
        "2024-02-30",
        "2024-01-01T00:00:00Z",
    ),
    *(
        "../../etc/passwd",
        "/dev/zero",
        "file:///etc/passwd",
        "https://a.blob.core.windows.net/b/c.vhd",
        "http://[",
        "//",
    ),
    *(
        "c2VjcmV0",
        "====",
        "é",
        "\u202e",
        "\U0001f600",
        "I\u0307",
        "x" * 300,
        "a" * 70_000,
        "%s%n",
        "{0}",
        "${x}",
        "{{7*7}}",
    ),
    *("$(touch pwned)", "`id`", "!!python/object/apply:os.system [id]", "&a *a", "<script>", "'", '"', "]]>", "&#x1B;"),
    *(
        "NetworkConfiguration",
        "Production",
        "Staging",
        "Windows",
        "Linux",
        "Group a b",
        "west us",
        "Succeeded",
        "Prepared",
    ),
)
VALUES: tuple[Any, ...] = (*TEXTS, None, True, False, 0, -1, 2**63, 1.5, -0.0, [], {}, [[]], {"": None}, [None], ["x"])

Mutator = Callable[[Random, bytes], bytes]


def mutated(random: Random, corpus: Sequence[bytes], structured: Mutator | None = None) -> bytes:
    """One of the documents, changed once or a few times; now and then another's end, or nothing but bytes."""
    kind = random.randrange(20)
    if kind == 0:
        return bytes(random.randrange(256) for _ in range(random.randrange(40)))
    document = random.choice(corpus)
    if structured and kind < 15:
        document = structured(random, document)
    else:
        for _ in range(1 + random.randrange(3)):
            document = random.choice(_BYTEWISE)(random, document)
    if kind == 19:
        other = random.choice(corpus)
        document = document[: _at(random, document)] + other[_at(random, other) :]
    return document[:LARGEST]


def in_xml(random: Random, document: bytes) -> bytes:
    """XML with elements and texts changed; what is no XML any more is changed by bytes."""
    try:
        root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    except etree.XMLSyntaxError:
        return random.choice(_BYTEWISE)(random, document)
    for _ in range(1 + random.randrange(4)):
        elements = [each for each in root.iter() if isinstance(each.tag, str)]
        _change_element(random, random.choice(elements), random.choice(elements))
    declared = bool(random.randrange(2))
    changed: bytes = etree.tostring(  # type: ignore[assignment] # an encoding gives bytes
        root, encoding=random.choice(["utf-8", "utf-8", "utf-16"]), xml_declaration=declared
    )
    return changed


def in_json(random: Random, document: bytes) -> bytes:
    """JSON with members and values changed."""
    try:
        value = json.loads(document)
    except ValueError:
        return random.choice(_BYTEWISE)(random, document)
    for _ in range(1 + random.randrange(4)):
        value = changed(random, value)
    return json.dumps(value).encode("utf-8", "surrogatepass")


def changed(random: Random, value: Any) -> Any:
    """A JSON value with something else at one place in it."""
    below = value if isinstance(value, (dict, list)) else ()
    if not below or random.randrange(6) == 0:
        return _another(random, value)
    if isinstance(value, list):
        place = random.randrange(len(value))
        return [changed(random, each) if number == place else each for number, each in enumerate(value)]
    name = random.choice(list(value))
    if random.randrange(8) == 0:
        return {key if key != name else random.choice(TEXTS): each for key, each in value.items()}
    if random.randrange(8) == 0:
        return {key: each for key, each in value.items() if key != name}
    return {key: changed(random, each) if key == name else each for key, each in value.items()}


def in_lines(random: Random, document: bytes) -> bytes:
    """Text with lines changed, as YAML, CSV and scripts are made of them."""
    lines = document.decode("utf-8", "replace").split("\n")
    for _ in range(1 + random.randrange(4)):
        place = random.randrange(len(lines))
        line = lines[place]
        head, colon, _ = line.partition(":")
        lines[place : place + 1] = random.choice(
            [
                [],
                [line, line],
                [f"{head}{colon} {random.choice(TEXTS)}"],
                [f"  {line}"],
                [line.lstrip()],
                [f"{head}{colon} &a [*a, *a]"],
                [f"{head}{colon} {'[' * 40}"],
                [f"{head}{colon} !!python/name:os.system x"],
                [f"{head}{colon} |", f"   {random.choice(TEXTS)}"],
                [f"? {line}"],
                ["---", line],
                [random.choice(lines)],
                [line.replace(line.strip() or " ", random.choice(TEXTS))],
            ]
        )
        lines = lines or [""]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _change_element(random: Random, element: Any, other: Any) -> None:
    parent = element.getparent()
    changes: list[Callable[[], object]] = [
        lambda: setattr(element, "text", _xml_text(random)),
        lambda: setattr(element, "text", other.text),
        lambda: setattr(element, "tag", other.tag),
        lambda: element.append(_copied(other)),
        lambda: element.set("{http://www.w3.org/2001/XMLSchema-instance}nil", "true"),
        lambda: element.set("odd", _xml_text(random)),
        lambda: [element.remove(child) for child in element],
    ]
    if parent is not None:
        times = random.choice([1, 1, 2, 30])
        changes += [lambda: parent.remove(element), lambda: parent.extend(_copied(element) for _ in range(times))]
    random.choice(changes)()


def _copied(element: Any) -> Any:
    return etree.fromstring(etree.tostring(element, with_tail=False))


def _xml_text(random: Random) -> str:
    text = random.choice(TEXTS)
    return "".join(each for each in text if each >= " " or each in "\r\n\t")


def _another(random: Random, value: Any) -> Any:
    kind = random.randrange(6)
    if kind == 0:
        return [value] * random.choice([0, 2, 50])
    if kind == 1:
        return {random.choice(TEXTS): value}
    if kind == 2:
        for _ in range(random.choice([5, 200])):
            value = [value]
        return value
    return random.choice(VALUES)


def _at(random: Random, document: bytes) -> int:
    return random.randrange(len(document) + 1)


def _flipped(random: Random, document: bytes) -> bytes:
    place = _at(random, document)
    return document[:place] + bytes([random.randrange(256)]) + document[place + 1 :]


def _cut(random: Random, document: bytes) -> bytes:
    start, end = sorted((_at(random, document), _at(random, document)))
    return document[:start] + document[end:]


def _doubled(random: Random, document: bytes) -> bytes:
    start, end = sorted((_at(random, document), _at(random, document)))
    return document[:end] + document[start:end] * random.choice([1, 2, 40]) + document[end:]


def _sown(random: Random, document: bytes) -> bytes:
    place = _at(random, document)
    return document[:place] + random.choice(TEXTS).encode() + document[place:]


_BYTEWISE: tuple[Mutator, ...] = (_flipped, _cut, _doubled, _sown)
