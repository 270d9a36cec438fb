"""The decision table of period semantics, row by row: what concerns a period alone holds through `conformance.period`.

The other rows are about a status, a nested rule, the element that a pack names, a whole query or the rules of closing.
They are named here with the reason, counted, and left to the checks.
"""

import csv
from collections import Counter
from pathlib import Path

import pytest

from conformance.period import in_force, order, same, search_matches

TABLE = Path(__file__).parents[1] / "data" / "period-end.csv"
ROWS = {row["id"]: row for row in csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines())}

STATUS = "the status decides, not the period"
NESTED = "a nested rule has a period of its own beside the root's"
ELEMENT = "which element bounds the consent, or is searched, is for the pack to say"
QUERY = "a whole query: several values, or a modifier"
STORED = "depends on what was stored before, or on the declared zone"
CLOSING = "business rules of closing: both outcomes are fine if they are consistent"

LEFT_TO_CHECKS = {
    **dict.fromkeys(("IF-093", "IF-094", "IF-095", "IF-096", "IF-097"), STATUS),
    **dict.fromkeys(("IF-098", "IF-099", "IF-100", "IF-101", "IF-102", "SE-107"), NESTED),
    **dict.fromkeys(("IF-105", "SE-106"), ELEMENT),
    **dict.fromkeys(("SE-099", "SE-100", "SE-101", "SE-102", "SE-103", "SE-108", "SE-109", "SE-110"), QUERY),
    **dict.fromkeys(("SE-111", "SE-112"), QUERY),
    **dict.fromkeys(("RT-010", "RT-030", "RT-031"), STORED),
    **dict.fromkeys(("CL-010", "CL-011", "CL-012", "CL-021", "CL-022", "CL-023", "CL-024", "CL-025"), CLOSING),
    **dict.fromkeys(("CL-026", "CL-028", "CL-029", "CL-030", "CL-032", "CL-045", "CL-047"), CLOSING),
}

THREE_VALUED = {"true": "yes", "false": "no", "open": "ambiguous"}
PER_1 = {"accept": "ok", "reject": "violation", "either": "undetermined"}
NO_DATE_TIME = "ValueError"


def period(start: str, end: str) -> dict[str, str]:
    return {name: text for name, text in (("start", start), ("end", end)) if text}


def answered_by(row: dict[str, str]) -> str:
    return {
        "in-force": "in_force",
        "order": "order",
        "search": "search_matches",
        "round-trip": "same",
        "close": "order",
    }[row["aspect"]]


def expected(row: dict[str, str]) -> str | bool:
    """What the interface has to say where the table says true, false, open, accept, reject or either."""
    if row["aspect"] == "round-trip":
        return row["expected"] != "false"  # "either" is the same period, written otherwise: a note
    if row["aspect"] == "in-force":
        return THREE_VALUED[row["expected"]]
    if row["aspect"] == "search":
        # "either" is a plus that became a blank: a server may repair it; it is no search value.
        return THREE_VALUED.get(row["expected"], NO_DATE_TIME)
    if row["expected"] == "reject" and {"G1", "G2"} & set(row["rule"].split()) and row["aspect"] == "close":
        return NO_DATE_TIME
    return PER_1[row["expected"]]


def answer(row: dict[str, str]) -> str | bool:
    subject = period(row["start"], row["end"])
    asked, zone = row["instant_or_search_value"], row["server_zone"] or None
    try:
        match answered_by(row):
            case "in_force":
                return in_force(subject, asked, zone)
            case "search_matches":
                return search_matches(subject, asked, zone)
            case "same":
                return same(subject, period(*asked.split("/")))
            case _:
                return order(subject, zone)
    except ValueError:
        return NO_DATE_TIME


@pytest.mark.parametrize("name", [name for name in ROWS if name not in LEFT_TO_CHECKS])
def test_row_holds(name: str) -> None:
    row = ROWS[name]
    assert answer(row) == expected(row), row


def test_every_row_is_answered_or_left_with_a_reason() -> None:
    assert len(ROWS) == 354
    assert Counter(answered_by(row) for name, row in ROWS.items() if name not in LEFT_TO_CHECKS) == {
        "in_force": 97,
        "search_matches": 107,
        "order": 81,
        "same": 28,
    }
    assert Counter(LEFT_TO_CHECKS.values()) == {STATUS: 5, NESTED: 6, ELEMENT: 2, QUERY: 10, STORED: 3, CLOSING: 15}
    assert set(LEFT_TO_CHECKS) <= set(ROWS)
