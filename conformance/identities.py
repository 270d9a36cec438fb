"""Finds people in what a run records: Swedish personal identity numbers, provenance headers, FHIR bodies."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

REDACTED = "[redacted]"

_DIGITS = re.compile(r"\d{6,}(?:(?:[-+]|%2[DdBb])\d{4}(?!\d))?")
_PERSON_NUMBER = re.compile(r"(?:18|19|20)?(\d{2})(0[1-9]|1[0-2])([0-36-9]\d)(?:[-+]|%2[DdBb])?(\d{4})")
_IN_UUID = re.compile(r"-[0-9a-fA-F]{4}-")
_UUID_BEFORE = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{0,2}$")
_UNIQUE = re.compile(
    r"(?:(?<![0-9a-zA-Z])|(?<=%[0-9A-F]{2}))"
    r"(?:[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    r"|(?=\d{0,127}[a-f])(?:[0-9a-f]{128}|[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32}))"
    r"(?![0-9a-zA-Z])",
    re.IGNORECASE,
)
"""A UUID of a version and variant that RFC 9562 knows, or a digest or trace id: their digits are nobody's number."""
_LONGEST_UNIQUE = 128
_IN_ESCAPE = re.compile(r"(?:%|\\u[0-9a-fA-F]{0,3})$")
_NAMING = frozenset(
    {"family", "given", "prefix", "suffix", "value", "display", "text", "name", "birthDate", "valueString", "data"}
    | {"address", "line", "city", "district", "postalCode", "telecom", "url", "div"}
)
"""Members that say who somebody is, inside a provenance or inside a person's name, address, telecom or identifier."""
_TELLING = _NAMING - {"birthDate", "data", "div", "url"}
"""Those of them by whose words somebody is found again elsewhere; dates and pictures are not looked for."""
_COMMON = frozenset({"consent", "organization", "patient", "person", "practitioner", "provenance", "test", "unknown"})
"""What test data call people, and what every other line of a report says."""
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)("|\\?\Z)(\s*:)?')
_PEOPLE = frozenset({"Patient", "Person", "Practitioner", "PractitionerRole", "RelatedPerson"})
_SOMEBODY = re.compile(
    r'"resourceType"\s*:\s*"(?:Patient|Person|Practitioner|PractitionerRole|RelatedPerson)"'
    r"|<(?:\w+:)?(?:Patient|Person|Practitioner|PractitionerRole|RelatedPerson)[\s/>]"
)
_PERSONAL = frozenset({"name", "address", "telecom", "birthDate", "text", "photo", "contact", "identifier"})


def without_person_numbers(text: str) -> str:
    """The text without Swedish personal identity numbers and coordination numbers, with or without hyphen."""
    return _DIGITS.sub(_unless_a_person, text)


def _unless_a_person(match: re.Match[str]) -> str:
    found, text, start = match[0], match.string, match.start()
    kept = 0
    if start and (escape := _IN_ESCAPE.search(text, max(0, start - 5), start)):
        kept = (3 if escape[0] == "%" else 6) - len(escape[0])  # %20 and \u0022 end in digits, too
    number = found[kept:]
    digits = re.match(r"\d*", number)
    alone = digits[0] if digits else ""
    for candidate in (number, alone):
        hyphenated = candidate != alone
        in_uuid = _IN_UUID.match(text, match.end()) if hyphenated else _ends_a_uuid(candidate, text, start + kept)
        if _is_person_number(candidate) and not (in_uuid or _is_unique(text, start + kept, len(candidate))):
            return found[:kept] + REDACTED + number[len(candidate) :]
    return found


def _ends_a_uuid(number: str, text: str, start: int) -> bool:
    """Whether ten digits stand in the last group of a UUID: of thirty thousand UUIDs one looks so by chance."""
    return len(number) == 10 and _UUID_BEFORE.search(text, max(0, start - 26), start) is not None


def _is_unique(text: str, start: int, length: int) -> bool:
    """Whether these characters are part of an identifier that was made to be unique."""
    around = _UNIQUE.finditer(text, max(0, start - _LONGEST_UNIQUE), start + length + _LONGEST_UNIQUE)
    return any(found.start() <= start and start + length <= found.end() for found in around)


def _is_person_number(text: str) -> bool:
    """A day of the month (plus 60 in a coordination number) and a check digit tell such a number from any other.

    Source: Skatteverket SKV 704 and SKV 707: the Luhn sum over the ten digits without the century ends in 0.
    """
    match = _PERSON_NUMBER.fullmatch(text)
    if match is None:
        return False
    year, month, day, last = match.groups()
    longest = 30 if month in {"04", "06", "09", "11"} else 29 if month == "02" else 31
    if not 1 <= int(day) % 60 <= longest:
        return False
    total = 0
    for position, digit in enumerate(year + month + day + last):
        doubled = int(digit) * (2 - position % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def recoded(value: str, change: Callable[[str], str], *, any_text: bool = False) -> str | None:
    """A value that holds JSON, changed by `change`: through base64 and back when it is base64 of JSON.

    With `any_text` also base64 of anything that reads as a text. None when it is neither.
    """
    stripped = value.strip()
    if stripped[:1] in {"{", "["}:
        return change(value)
    altchars = b"-_" if "-" in stripped or "_" in stripped else b"+/"
    bare = stripped.rstrip("=")
    try:
        raw = base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=altchars, validate=True)
    except (binascii.Error, ValueError):
        return None
    try:
        encoding, text = "utf-8", raw.decode()
    except UnicodeDecodeError:
        encoding, text = "latin-1", raw.decode("latin-1")
    readable = any_text and encoding == "utf-8" and "".join(text.split()).isprintable()
    if text.strip()[:1] not in {"{", "["} and not readable:
        return None
    changed = change(text)
    if changed == text:
        return value
    coded = base64.b64encode(changed.encode(encoding, "replace"), altchars=altchars).decode()
    unpadded = bare == stripped and len(bare) % 4 != 0
    return coded.rstrip("=") if unpadded else coded


def without_provenance(text: str, met: set[str] | None = None) -> str:
    """A provenance without the names and identifiers of people; it still reads as one.

    Those by which somebody could be found again in other texts are added to `met`.
    """
    met = set() if met is None else met
    try:
        resource = json.loads(text)
    except (ValueError, RecursionError):
        return _without_naming_strings(text, met)
    return json.dumps(_anonymous(resource, "", met), ensure_ascii=text.isascii())


def _without_naming_strings(text: str, met: set[str]) -> str:
    """The same for what is no JSON, cut off or broken on purpose: string by string, after the member named last."""
    member = ""

    def replaced(match: re.Match[str]) -> str:
        nonlocal member
        if match[3]:
            member = match[1]
            return match[0]
        value = _anonymous(match[1], "" if member == "url" else member, met)
        return f'"{value}{match[2]}'

    return _STRING.sub(replaced, text)


def _anonymous(value: Any, member: str, met: set[str], *, coded: bool = False) -> Any:
    if isinstance(value, list):
        return [_anonymous(item, member, met, coded=coded) for item in value]
    if isinstance(value, dict):
        extension = "valueString" in value
        coded = "code" in value or "coding" in value
        return {
            key: item
            if key == "url" and extension
            else _anonymous(item, "" if isinstance(item, dict) else key, met, coded=coded)
            for key, item in value.items()
        }
    if isinstance(value, str) and member in _NAMING:
        if member in _TELLING and not coded and _is_telling(value):
            met.add(value)
        return REDACTED
    if isinstance(value, str) and member == "reference" and "/" in value and not value.startswith("#"):
        return f"{value.rpartition('/')[0]}/{REDACTED}"
    return value


def _is_telling(value: str) -> bool:
    """Whether a name or identifier may be taken out of other texts as well, without tearing these apart."""
    word = value.strip()
    return len(word) >= (6 if word.isdigit() else 3) and word.lower() not in _COMMON and REDACTED not in word


def without_people(text: str, met: set[str] | None = None) -> str:
    """A FHIR body whose people have no names, addresses, telecoms, identifiers or birth dates; `met` as above.

    A body in XML, or in JSON that is broken, goes as a whole when there is somebody in it.
    """
    met = set() if met is None else met
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return REDACTED if _SOMEBODY.search(text) else text
    changed = _nameless(body, met)
    return text if changed == body else json.dumps(changed, ensure_ascii=text.isascii())


def _nameless(value: Any, met: set[str]) -> Any:
    if isinstance(value, list):
        return [_nameless(item, met) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("resourceType") in _PEOPLE:
        return {
            key: _anonymous(item, key, met) if key in _PERSONAL else _nameless(item, met) for key, item in value.items()
        }
    refers = "display" in value and ("reference" in value or "identifier" in value)
    return {
        key: _anonymous(item, key, met) if refers and key == "display" else _nameless(item, met)
        for key, item in value.items()
    }
