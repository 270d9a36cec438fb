"""JSON as FHIR wants it (RFC 8259, https://hl7.org/fhir/R4/json.html), read strictly: what others let pass is named."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from conformance.validation.issue import Issue, Source, issue
from conformance.validation.positions import Positions

DEEPEST = 400
"""Levels of objects and arrays. A consent with two hundred provisions inside each other stays below it."""

_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|([\[{])|([\]}])', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_BOM = b"\xef\xbb\xbf"


class _Refused(Exception):
    """A number that JSON does not have, or a number beyond reason."""


def _no_constant(name: str) -> Any:
    raise _Refused(f"{name} is no JSON value; leave the element out or give a number")


def _decimal(written: str) -> Decimal:
    try:
        return Decimal(written)
    except InvalidOperation:
        raise _Refused(f"the exponent of {written[:40]} is beyond all numbers; no reader of JSON keeps it") from None


class _Repeated(Exception):
    """An object has a property twice."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise _Repeated
    return content


_read = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_decimal, parse_constant=_no_constant).decode
_read_leniently = json.JSONDecoder(parse_float=_decimal, parse_constant=_no_constant).decode


def parse(data: bytes, source: Source) -> tuple[Any, list[Issue]]:
    """The value of a text and what is wrong with the text. With an issue that stops the reading the value is None."""
    issues: list[Issue] = []
    if data.startswith(_BOM):
        issues.append(
            issue(
                "json-encoding",
                "",
                "the text begins with a byte order mark; send UTF-8 without it",
                source=source,
                at=(1, 1),
            )
        )
        data = data[3:]
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        message = f"the text is not UTF-8: {error.reason} at byte {error.start}; FHIR's JSON is UTF-8"
        return None, [*issues, issue("json-encoding", "", message, source=source, at=(line, column))]
    if text.count("{") + text.count("[") > DEEPEST and _depth(text) > DEEPEST:
        message = f"objects and arrays lie more than {DEEPEST} levels deep; nothing below was read"
        return None, [*issues, issue("too-deep", "", message, source=source)]
    try:
        try:
            value = _read(text)
        except _Repeated:
            value = _read_leniently(text)
            issues.extend(_repeated(text, source))
    except json.JSONDecodeError as error:
        message = f"the text is not JSON: {error.msg}"
        return None, [*issues, issue("json-syntax", "", message, source=source, at=(error.lineno, error.colno))]
    except _Refused as error:
        return None, [*issues, issue("json-number", "", str(error), source=source)]
    except ValueError:  # more digits than Python converts
        message = "a number has thousands of digits; no reader of JSON keeps them"
        return None, [*issues, issue("json-number", "", message, source=source)]
    except RecursionError:
        message = "objects and arrays lie too deep for this program's stack; nothing was read"
        return None, [*issues, issue("too-deep", "", message, source=source)]
    if "\\u" in text:
        issues.extend(_half_characters(value, source))
    return value, issues


def _repeated(text: str, source: Source) -> list[Issue]:
    issues = []
    for path in Positions(text).repeated:
        message = (
            f"the property {path.rpartition('.')[2]!r} stands twice in one object; readers disagree on which one counts"
        )
        issues.append(issue("duplicate-key", path, message, source=source))
    return issues


def _half_characters(value: Any, source: Source) -> list[Issue]:
    issues = []
    pending = [("", value)]
    while pending:
        path, item = pending.pop()
        if isinstance(item, dict):
            pending.extend((f"{path}.{key}", child) for key, child in item.items())
            text = "".join(item)
        elif isinstance(item, list):
            pending.extend((f"{path}[{index}]", child) for index, child in enumerate(item))
            continue
        else:
            text = item if isinstance(item, str) else ""
        if _SURROGATE.search(text):
            message = "half of a surrogate pair (\\uD800 to \\uDFFF alone) stands for no character"
            issues.append(issue("json-encoding", path, message, source=source))
    return issues


def _depth(text: str) -> int:
    depth = deepest = 0
    for match in _BRACKET.finditer(text):
        if match.group(1):
            depth += 1
            deepest = max(deepest, depth)
        elif match.group(2):
            depth -= 1
    return deepest
