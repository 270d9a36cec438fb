"""Strategies for the values of FHIR's datatypes: those that servers lose, cut off, or compare wrongly.

Texts are put together from pieces rather than drawn letter by letter: each piece has brought a server down before.
Nothing is drawn that a server may change: no blanks at the ends of a text, no characters that Unicode's normal form C
would replace, no more decimals of a second than three.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.validation.definitions import Definitions

PIECES = (
    "consent",
    "åäö ÅÄÖ",
    "漢字 ひらがな",
    "שלום عليكم",
    "🙂",
    "𝔘𝔫𝔦",  # noqa: RUF001 - letters beyond the first plane
    "𠮷野家",
    "👩‍👩‍👧",
    "\U000f0000\U0010fffd",
    "O'Brien",
    '"quoted"',
    "back\\slash",
    "a & b <c>",
    "&amp; &#229; %41",
    "50 %_*",
    "$1 {0} ${x}",
    "-- ; DROP",
    "null",
    "0",
    "true",
    "two  blanks",
    "a|b,c$d",
)
"""Words that mean something to somebody on the way: an encoding, a template, a query, a parser."""
LENGTHS = (64, 255, 256, 257, 1024, 4001)
"""Around these lengths columns end."""
YEARS = ("2024", "1999", "2016", "2020", "2023", "2031", "1900", "9999", "9999")
ZONED = "1910"
"""Before this year clocks showed local time, and no dateTime can say an offset of hours, minutes and seconds."""
DAYS = ("01-01", "02-28", "03-31", "06-15", "10-25", "12-31")
TIMES = ("00:00:00", "09:30:15", "12:00:00", "23:59:59")
FRACTIONS = ("", ".5", ".123", ".999")
ZONES = ("Z", "+02:00", "-05:00", "+05:45", "-03:30", "+14:00", "-12:00")
IDS = ("a", "A-1.b", "x" * 64, "7")
URIS = (
    "https://example.org/policies/7?a=b&c=d#e",
    "urn:oid:1.2.752.129.2.1",
    "urn:uuid:0c7f9d5e-3f0f-4c6e-9f39-1f9ef1a3ad10",
    f"https://example.org/{'long/' * 60}end",
)
SYSTEMS = ("https://example.org/codes", "urn:oid:1.2.3.4.5", "https://example.org/CodeSystem/other?version=1")
CODES = ("a", "A-1", "two words", "x" * 64, "57016-8")
TOKENS = ("two words", "x" * 64, "back\\slash", "a|b,c$d", "50%&+=#-åäö🙂")
"""What a search has to escape, to encode or to find whole."""
DATA = ("AA==", "U2lnbmVkIG9uIHBhcGVyLg==", "/+8=")
CHANCE = st.binary(min_size=8, max_size=8).map(Random)
"""What an example is made with. Hypothesis draws its seed alone: every further number would cost more than all that is
made of it."""
MOST_CODES = 12
"""So many codes of a value set are drawn from."""


def pick(random: Random, options: Sequence[Any]) -> Any:
    """One of the options."""
    return options[number(random, len(options) - 1)]


def now_and_then(random: Random, out_of: int = 2) -> bool:
    """True once in so many times."""
    return random.random() * out_of < 1


def number(random: Random, most: int) -> int:
    """A whole number from 0."""
    return int(random.random() * (most + 1))


def text(random: Random) -> str:
    """One or two pieces; now and then as long as a column."""
    words = " ".join(pick(random, PIECES) for _ in range(1 + number(random, 1)))
    if not now_and_then(random, 6):
        return words
    length: int = pick(random, LENGTHS)
    return (words + "-" + "0123456789" * (length // 10 + 1))[:length].rstrip()


def date_time(random: Random) -> str:
    """A dateTime of any precision and zone (datatypes.html#dateTime)."""
    year, day = pick(random, YEARS), pick(random, DAYS)
    precision = number(random, 6)
    if precision < 3 or year < ZONED:
        precision = min(precision, 2)
        return (f"{year}", f"{year}-{day[:2]}", f"{year}-{day}")[precision]
    fraction = pick(random, FRACTIONS) if precision > 4 else ""
    return f"{year}-{day}T{pick(random, TIMES)}{fraction}{pick(random, ZONES)}"


def coded(definitions: Definitions, value_set: str) -> tuple[tuple[str, str], ...]:
    """Some (system, code) of a value set that can be enumerated; empty where it cannot."""
    known = definitions.value_set(value_set)
    if known is None:
        return ()
    found = []
    for system, codes in sorted(known.codes_of.items()):
        listed = codes if isinstance(codes, frozenset) else codes.codes
        found += [(system, code) for code in sorted(listed)[:MOST_CODES]]
    return tuple(found[:MOST_CODES])
