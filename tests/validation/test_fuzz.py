"""No document makes the validator crash, hang or grow: valid ones, mutated ones, arbitrary JSON, random bytes.

CONFORMANCE_FUZZ says how many (2,000 by default, 100,000 by `make fuzz`), CONFORMANCE_FUZZ_SEED picks another run.
"""

from __future__ import annotations

import copy
import json
import os
import random
import resource
import time
from typing import TYPE_CHECKING, Any

import pytest

from conformance.validation import RULES, Validator
from tests.validation.documents import bases, valid

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = int(os.environ.get("CONFORMANCE_FUZZ", "2000"))
SEED = os.environ.get("CONFORMANCE_FUZZ_SEED", "consent")
SLOWEST = 2.0
"""Seconds for one document; a thousand times the usual."""
MOST_GROWTH = 60 * 1024
"""KiB."""

NAMES = [
    "resourceType",
    "id",
    "extension",
    "url",
    "reference",
    "coding",
    "contained",
    "provision",
    "period",
    "start",
    "text",
    "div",
    "_status",
    "entry",
    "resource",
    "valueString",
    "☃",
    "",
]
TEXTS = [
    "",
    "Consent",
    "Bundle",
    "#",
    "#x",
    "Patient/1",
    "2020-02-30",
    "urn:oid:",
    "\ud800",
    "\u0000",
    "<div xmlns='http://www.w3.org/1999/xhtml'>",
    "x" * 5000,
    "http://[",
    "9999-12-31",
    "0001-01-01T00:00:00+14:00",
]
SCALARS: list[Any] = [None, True, False, 0, -1, 1.5, 1e300, 10**40, *TEXTS]


def arbitrary(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.random()
    if depth > 6 or kind < 0.5:
        return chance.choice(SCALARS)
    if kind < 0.75:
        return [arbitrary(chance, depth + 1) for _ in range(chance.randrange(5))]
    return {chance.choice(NAMES): arbitrary(chance, depth + 1) for _ in range(chance.randrange(6))}


def mangled(chance: random.Random, document: Any) -> Any:
    """A copy with some values replaced, removed, repeated or moved."""
    document = copy.deepcopy(document)
    for _ in range(chance.randrange(1, 6)):
        holder = document
        while isinstance(holder, (dict, list)) and holder:
            key = chance.choice(list(holder)) if isinstance(holder, dict) else chance.randrange(len(holder))
            if chance.random() < 0.3 or not isinstance(holder[key], (dict, list)):
                change(chance, holder, key)
                break
            holder = holder[key]
    return document


def change(chance: random.Random, holder: Any, key: Any) -> None:
    kind = chance.randrange(6)
    if kind == 0:
        holder[key] = arbitrary(chance, 3)
    elif kind == 1:
        del holder[key]
    elif kind == 2:
        holder[key] = [holder[key]] * chance.randrange(1, 4)
    elif kind == 3 and isinstance(holder, dict):
        holder[chance.choice(NAMES)] = holder[key]
    elif kind == 4 and isinstance(holder[key], str):
        at = chance.randrange(len(holder[key]) + 1)
        holder[key] = holder[key][:at] + chance.choice(TEXTS)[:20] + holder[key][at:]
    else:
        holder[key] = chance.choice(SCALARS)


def documents(number: int) -> Iterator[bytes]:
    chance = random.Random(SEED)  # noqa: S311 - repeatable cases, no secrets
    good = [document for _, document in [*valid(), *bases()]]
    for _ in range(number):
        kind = chance.random()
        if kind < 0.1:
            content = chance.choice(good)
        elif kind < 0.7:
            content = mangled(chance, chance.choice(good))
        elif kind < 0.85:
            content = {
                "resourceType": chance.choice(["Consent", "Bundle", "Patient", "Group"]),
                **as_object(arbitrary(chance)),
            }
        else:
            yield scrambled(chance, json.dumps(chance.choice(good)).encode())
            continue
        yield json.dumps(content, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")


def as_object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"x": value}


def scrambled(chance: random.Random, text: bytes) -> bytes:
    """Text with bytes replaced, cut off or doubled; now and then nothing but random bytes."""
    if chance.random() < 0.2:
        return chance.randbytes(chance.randrange(200))
    data = bytearray(text)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(data))
        data[at : at + chance.randrange(3)] = chance.choice(
            [b"", b"{", b"]", b'"', b",", b"\\u12", b"\xff", b"null", b"1e999", bytes([chance.randrange(256)])]
        )
    return bytes(data[: chance.randrange(len(data))] if chance.random() < 0.2 else data)


@pytest.mark.fuzz
def test_no_document_makes_it_crash_or_hang_or_grow() -> None:
    validator = Validator()
    for data in documents(200):  # fills what is remembered
        validator.validate_bytes(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number, data in enumerate(documents(CASES)):
        began = time.monotonic()
        issues = validator.validate_bytes(data)
        assert time.monotonic() - began < SLOWEST, f"{number}: {data[:500]!r}"
        for issue in issues if number % 20 == 0 else ():
            assert issue.rule in RULES
            assert issue.line is None or issue.line > 0
            json.dumps(issue.to_json())
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_GROWTH


@pytest.mark.parametrize(
    "data",
    [
        b'{"resourceType":"Consent","provision":' + b'{"provision":[' * 199 + b'{"type":"permit"}' + b"]}" * 199 + b"}",
        b'{"resourceType":"Consent","provision":'
        + b'{"provision":[' * 5000
        + b'{"type":"permit"}'
        + b"]}" * 5000
        + b"}",
        b'{"resourceType":"Bundle","type":"collection","entry":['
        + b",".join([b'{"resource":{"resourceType":"Consent"}}'] * 3000)
        + b"]}",
        b'{"resourceType":"Consent","status":' + b'"x' * 20000 + b"}",
        b'{"resourceType":"Consent",' + b",".join(b'"a":1' for _ in range(20000)) + b"}",
        b'{"resourceType":"Consent","text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">'
        + b"<p>" * 20000
        + b'"}}',
        b'{"resourceType":"Consent","contained":['
        + b",".join(b'{"resourceType":"Patient","id":"a%d"}' % n for n in range(3000))
        + b"]}",
    ],
    ids=[
        "200 provisions deep",
        "5000 provisions deep",
        "3000 entries",
        "quotes",
        "20000 keys twice",
        "20000 open tags",
        "3000 contained",
    ],
)
def test_large_and_deep_documents_are_answered_soon(data: bytes) -> None:
    began = time.monotonic()
    issues = Validator().validate_bytes(data)
    assert issues
    assert all(issue.line for issue in issues)
    assert time.monotonic() - began < 10
