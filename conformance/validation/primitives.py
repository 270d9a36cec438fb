"""The formats of FHIR's primitive types (https://hl7.org/fhir/R4/datatypes.html#primitive), dates by the calendar.

A format is a function from the value to True, or to a sentence that says what is wrong. Values have their JSON type.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_STRING = 1024 * 1024

_YEAR = "(?:[0-9](?:[0-9](?:[0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
_MONTH = "(?:0[1-9]|1[0-2])"
_DAY = "(?P<day>0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = "(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_DATE = re.compile(f"{_YEAR}(?:-{_MONTH}(?:-{_DAY})?)?")
_DATETIME = re.compile(f"{_YEAR}(?:-{_MONTH}(?:-{_DAY}(?:T{_CLOCK}{_ZONE})?)?)?")
_INSTANT = re.compile(f"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}")
_TIME = re.compile(_CLOCK)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+")
_UUID = re.compile("urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_CODE = re.compile(r"[^\s]+(?: [^\s]+)*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_URI = re.compile(r"[^\s\x00-\x20\x7f]+")
_ODD_IN_URI = re.compile(r"[<>\"{}\\^`]|%(?![0-9A-Fa-f]{2})")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:.+")
_MIME = re.compile(r"[A-Za-z0-9!#$&^_.+\-]+/[A-Za-z0-9!#$&^_.+*\-]+(?:\s*;.*)?")
_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

Verdict = bool | str
"""True, or what is wrong."""


def _calendar(match: re.Match[str] | None, text: str, shape: str) -> Verdict:
    if match is None:
        return shape
    day = match["day"]
    if day and day > "28":
        year, month = int(text[:4]), int(text[5:7])
        last = _DAYS[month]
        if month == 2 and (year % 4 or (year % 100 == 0 and year % 400)):
            last = 28
        if int(day) > last:
            return f"{text[:7]} has {last} days"
    return True


def date(text: str) -> Verdict:
    return _calendar(_DATE.fullmatch(text), text, "a date is YYYY, YYYY-MM or YYYY-MM-DD")


def date_time(text: str) -> Verdict:
    shape = "a dateTime is YYYY, YYYY-MM, YYYY-MM-DD, or YYYY-MM-DDThh:mm:ss with Z or an offset of at most 14:00"
    return _calendar(_DATETIME.fullmatch(text), text, shape)


def instant(text: str) -> Verdict:
    return _calendar(
        _INSTANT.fullmatch(text), text, "an instant is YYYY-MM-DDThh:mm:ss with Z or an offset of at most 14:00"
    )


def time(text: str) -> Verdict:
    return _TIME.fullmatch(text) is not None or "a time is hh:mm:ss, before 24:00 and without zone"


def identity(text: str) -> Verdict:
    return _ID.fullmatch(text) is not None or "an id is 1 to 64 characters out of A-Z, a-z, 0-9, '-' and '.'"


def code(text: str) -> Verdict:
    if _CODE.fullmatch(text) is None:
        return "a code has no white space but single blanks between its parts"
    return markdown(text)


def string(text: str) -> Verdict:
    if len(text) > LONGEST_STRING:
        return f"it has {len(text)} characters; a string has at most {LONGEST_STRING}"
    return True


def markdown(text: str) -> Verdict:
    """Control characters are forbidden here, and advised against in a string."""
    odd = control_character(text)
    return string(text) if odd is None else f"it holds the control character U+{ord(odd):04X}"


def uri(text: str) -> Verdict:
    if _URI.fullmatch(text) is None:
        return "a URI holds no blank and no control character"
    lower = text[:9].lower()
    if lower.startswith("urn:oid:"):
        return oid(text)
    if lower == "urn:uuid:":
        return _UUID.fullmatch(text.lower()) is not None or "urn:uuid: is followed by a UUID"
    if lower.startswith("http://") or text[:8].lower() == "https://":
        return _host(text)
    return True


def _host(text: str) -> Verdict:
    try:
        return bool(urlsplit(text).hostname) or "an http URL names a host"
    except ValueError as error:
        return f"it cannot be read as a URL: {error}"


def oid(text: str) -> Verdict:
    return _OID.fullmatch(text) is not None or "an OID is urn:oid: and numbers without leading zeros, joined by dots"


def uuid(text: str) -> Verdict:
    return _UUID.fullmatch(text) is not None or "a UUID is urn:uuid: and 8-4-4-4-12 hexadecimal digits in lower case"


def base64(text: str) -> Verdict:
    try:
        packed = "".join(text.split())
        binascii.a2b_base64(packed, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        return f"it is not base64: {str(error)[0].lower()}{str(error)[1:]}"
    return bool(packed) or "it holds no data"


def integer64(text: str) -> Verdict:
    fits = re.fullmatch("0|[-+]?[1-9][0-9]{0,18}", text) is not None and -(2**63) <= int(text) < 2**63
    return fits or "an integer64 is a whole number of at most 64 bits, as a string"


def is_absolute(text: str) -> bool:
    return _ABSOLUTE.fullmatch(text) is not None


def control_character(text: str) -> str | None:
    """A character below U+0020 other than tab, line feed and carriage return, if there is one."""
    odd = _CONTROL.search(text)
    return odd[0] if odd else None


def odd_in_uri(text: str) -> str | None:
    """A character that RFC 3986 does not allow in a URI, if there is one."""
    odd = _ODD_IN_URI.search(text)
    return odd[0] if odd else None


def is_media_type(text: str) -> bool:
    return _MIME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Format:
    """One primitive type as a JSON string: the rule that its format breaks, and the format."""

    rule: str
    holds: Callable[[str], Verdict]


TEXT_FORMATS: dict[str, Format] = {
    "string": Format("string-format", string),
    "markdown": Format("string-format", markdown),
    "code": Format("code-format", code),
    "id": Format("id-format", identity),
    "uri": Format("uri-format", uri),
    "url": Format("uri-format", uri),
    "canonical": Format("uri-format", uri),
    "oid": Format("oid-format", oid),
    "uuid": Format("uuid-format", uuid),
    "base64Binary": Format("base64-format", base64),
    "date": Format("date-format", date),
    "dateTime": Format("datetime-format", date_time),
    "instant": Format("instant-format", instant),
    "time": Format("time-format", time),
    "integer64": Format("integer-format", integer64),
}
URI_LIKE = frozenset({"uri", "url", "canonical", "oid", "uuid"})

INTEGER_RANGES: dict[str, tuple[int, int]] = {
    "integer": (-(2**31), 2**31 - 1),
    "unsignedInt": (0, 2**31 - 1),
    "positiveInt": (1, 2**31 - 1),
}


def is_number(value: Any) -> bool:
    """Whether a JSON value is a number; true and false are none."""
    return value.__class__ is int or value.__class__ is Decimal or value.__class__ is float
