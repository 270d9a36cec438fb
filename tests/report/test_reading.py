"""What makes evidence readable: bodies laid out, differences marked, periods drawn, sources linked, causes guessed."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
import synthetic
from hypothesis import given
from hypothesis import strategies as st

from conformance.report.bodies import cut, laid_out, visible
from conformance.report.causes import likely, said
from conformance.report.difference import marked
from conformance.report.links import pieces
from conformance.report.timeline import timeline

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.booleans())
def test_a_body_laid_out_is_the_same_json_token_by_token(value: object, ascii_only: bool) -> None:  # noqa: FBT001
    text = json.dumps(value, ensure_ascii=ascii_only)
    shown = laid_out(text)
    assert json.loads(shown) == value
    strings = r'"(?:[^"\\]|\\.)*"'
    assert re.findall(strings, shown) == re.findall(strings, text)
    assert re.sub(rf"({strings})|\s", r"\1", shown) == re.sub(rf"({strings})|\s", r"\1", text)


def test_a_body_laid_out_keeps_what_a_parser_would_lose() -> None:
    shown = laid_out('{"a":1.0,"a":1.00,"b":"\\u00e5\\/","c":[],"d":{}}')
    assert shown == '{\n  "a": 1.0,\n  "a": 1.00,\n  "b": "\\u00e5\\/",\n  "c": [],\n  "d": {}\n}'


@pytest.mark.parametrize(
    "text", ["", "no json", '{"a": 1', '{"a": 1}}', "[1 2]", '{"a" 1}', "{,}", "[1,]", "[" * 500, "]", ":", '{"a":}']
)
def test_what_is_no_json_stays_as_it_is(text: str) -> None:
    assert laid_out(text) == text


def test_a_line_break_of_the_wire_stays_and_other_controls_are_spelled_out() -> None:
    assert visible("a\r\nb\tc\x1b[2J\u202ed") == "a\nb\tc\\u001b[2J\\u202ed"
    assert cut("abc", 3) == ("abc", "")
    assert cut("abcd", 3) == ("abc", "1 of 4 characters left out here; results.json has them all")


def test_the_difference_is_marked_word_by_word() -> None:
    for apart in (("the end 2031-12-02", "no end"), ("a refusal", "404 with a body")):
        assert not any(differs for side in marked(*apart) for _, differs in side)
    left, right = marked('period {"end": "2026-12-31T23:59:59+01:00"}', 'period {"end": "2026-12-31T23:59:59Z"}')
    assert [text for text, differs in left if differs] == ["2026-12-31T23:59:59+01:00"]
    assert [text for text, differs in right if differs] == ["2026-12-31T23:59:59Z"]
    assert marked("a refusal (4xx)", "201 with a Consent") == (
        [("a refusal (4xx)", False)],
        [("201 with a Consent", False)],
    )
    long = "word " * 2_000
    assert marked(long, long + "x") == ([(long, False)], [(long + "x", False)])


@given(st.text(max_size=40), st.text(max_size=40))
def test_marking_loses_nothing(expected: str, actual: str) -> None:
    left, right = marked(expected, actual)
    assert ("".join(text for text, _ in left), "".join(text for text, _ in right)) == (expected, actual)


def test_a_source_leads_to_its_address() -> None:
    assert pieces("https://hl7.org/fhir/R4/http.html#update (creates); RFC 6750 section 3.1, RFC 7230.") == [
        ("https://hl7.org/fhir/R4/http.html#update", "https://hl7.org/fhir/R4/http.html#update"),
        (" (creates); ", None),
        ("RFC 6750 section 3.1", "https://www.rfc-editor.org/rfc/rfc6750#section-3.1"),
        (", ", None),
        ("RFC 7230", "https://www.rfc-editor.org/rfc/rfc7230"),
        (".", None),
    ]
    assert pieces("javascript:alert(1) <b>") == [("javascript:alert(1) <b>", None)]


@pytest.mark.parametrize(
    ("expected", "actual", "told"),
    [
        ("the end 2031-12-02", "no end", "expected: to 2031-12-02; actual: to open"),
        (
            'the period {"start": "2023-01-10", "end": "2031-12-02"}',
            "the period.end: 2031-12-02 became nothing",
            "expected: 2023-01-10 to 2031-12-02; actual: 2023-01-10 to open",
        ),
        (
            "the consent as it was sent",
            'Consent.provision.period.end: "2031-12-02" became "2031"',
            "expected: to 2031-12-02; actual: to 2031; the end is 29 d later",
        ),
    ],
)
def test_a_failure_about_a_period_is_drawn(expected: str, actual: str, told: str) -> None:
    drawn = timeline(expected, actual)
    assert drawn is not None
    assert drawn.described == told
    assert all(bar.x >= 0 and bar.x + bar.width <= 640 for bar in drawn.bars)


def test_longer_is_drawn_longer_and_an_end_counts_whole() -> None:
    drawn = timeline("the end 2031-12-31", "the end 2031")
    assert drawn is not None
    assert drawn.bars[0].width == drawn.bars[1].width  # both end with the year
    drawn = timeline("the end 2031-12-31T12:00:00Z", "the end 2031-12-31")
    assert drawn is not None
    assert drawn.bars[0].width < drawn.bars[1].width


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("a refusal (4xx)", "201 with a Consent"),
        ("the end 2031-13-45", "no end"),
        ("the end 2031-12-02", "the end 2031-12-02"),
        ('{"start": 3}', "x"),
    ],
)
def test_anything_else_is_not_drawn(expected: str, actual: str) -> None:
    assert timeline(expected, actual) is None


@pytest.mark.parametrize(
    ("expected", "actual", "apart"),
    [
        ("2031-12-02T10:30:15+02:00", "2031-12-02T10:30:15Z", ["the end is 2 h later"]),
        ("2031-12-02T10:30:15Z", "2031-12-01T09:30:15Z", ["the end is 1 d 1 h earlier"]),
        ("2031-12-02", "2031-12-01", ["the end is 1 d earlier"]),
        ("2031-12-02T10:30:15+02:00", "2031-12-02T08:30:15Z", []),
        ("2031-12-02T10:30:15", "2031-12-02T12:30:15Z", []),
        ("2031-12-02T10:30:15", "2031-12-02T12:30:15", []),
        ("2031-12-02", "2031-12-02T00:00:00Z", []),
    ],
)
def test_how_far_apart_two_ends_are_is_told_where_it_is_certain(expected: str, actual: str, apart: list[str]) -> None:
    drawn = timeline(f"the end {expected}", f"the end {actual}")
    assert drawn is not None
    assert [gap.label for gap in drawn.gaps] == apart
    assert all(gap.label_x >= 0 and gap.label_x + 7.3 * len(gap.label) <= 640 for gap in drawn.gaps)


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ({"status": None, "problem": "timed out"}, "There was no answer: timed out."),
        ({"status": 200, "problem": "cut off after 10 of 20 bytes"}, "The answer was not whole"),
        ({"status": 200, "response_body": "<!DOCTYPE html><p>Log in"}, "A web page came back."),
        ({"status": 302, "response_headers": (("Location", "https://x/"),)}, "redirects to https://x/"),
        ({"status": 500}, "for the request id 8f6c1b1e"),
        ({"status": 401}, "did not take the token"),
        ({"status": 201, "flawed": "no provenance"}, "wrong on purpose (no provenance) and was taken"),
        ({"status": 401, "flawed": "no token"}, ""),
        ({"status": 201}, ""),
    ],
)
def test_the_likely_cause(fields: dict[str, object], hint: str) -> None:
    cause = likely(synthetic.exchange(1, **fields))  # type: ignore[arg-type]
    assert hint in cause
    assert bool(cause) is bool(hint)


@pytest.mark.parametrize(
    ("expected", "actual", "hint"),
    [
        ("the end 2031-12-02T10:30:15+02:00", "the end 2031-12-02T10:30:15Z", "its offset +02:00 became Z"),
        ("the end 2031-12-02T10:30:15+02:00", "the end 2031-12-02T10:30:15", "its offset +02:00 was dropped"),
        ("the end 2031-12-02T10:30:15", "the end 2031-12-02T10:30:15Z", "Z was added"),
        ("the end 2031-12-02", "the end 2031-12-02T00:00:00Z", "one moment of it"),
        ("the end 2031-12-02T10:30:15Z", "the end 2031-12-02", "The time was cut off"),
        ("the end 2031-12-02", "the end 2031-12-01", ""),
        ("the end 2031-12-02", "no end", ""),
        ("2031-12-02 to 2032-01-01", "2031-12-02T00:00:00Z", ""),
        ("the same moment 2031-12-02T10:30:15Z", "the same moment 2031-12-02T10:30:15Z", ""),
    ],
)
def test_what_became_of_a_moment(expected: str, actual: str, hint: str) -> None:
    cause = likely(synthetic.exchange(1, "GET", status=200), expected=expected, actual=actual)
    assert hint in cause
    assert bool(cause) is bool(hint)


def test_a_code_of_its_own_in_an_outcome() -> None:
    outcome = synthetic.exchange(1, status=400, flawed="no id in the body")
    cause = likely(outcome, expected="a well-formed OperationOutcome", actual="the code 'E-7' in the answer to PUT /")
    assert "issue.details.coding" in cause
    assert likely(outcome, expected="a well-formed OperationOutcome", actual="no list of issues in the answer") == ""


def test_an_update_that_was_taken_for_a_create() -> None:
    assert "update as create" in likely(synthetic.exchange(1, "PUT", status=201), expected="a refusal (4xx)")
    assert likely(synthetic.exchange(1, "PUT", status=200), expected="a refusal (4xx)") == ""
    assert likely(synthetic.exchange(1, "POST", status=201), expected="a refusal (4xx)") == ""


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("the end 2031-12-02T10:30:15+02:00", "the end 2031-12-02T10:30:15Z"),
        ("the end 2031-12-02T10:30:15.123+02:00", "no end"),
        ('{"start": "2031-12-02T10:30:15.123+02:00", "end": "2031-12-02T10:30:15.124+02:00"}', '{"start": "2031"}'),
        ('{"start": "2023-01-10"}', '{"end": "2023-01-10"}'),
    ],
)
def test_dates_below_a_bar_stay_within_the_drawing_and_apart(expected: str, actual: str) -> None:
    drawn = timeline(expected, actual)
    assert drawn is not None
    for bar in drawn.bars:
        edges = [(x, x + 7.3 * len(text)) for text, x in bar.labels]
        assert all(left >= 0 and right <= 640 for left, right in edges)
        assert all(one[1] <= other[0] for one, other in pairwise(edges))
        told = " ".join(text for text, _ in bar.labels)
        assert bar.start in told
        assert bar.end in told


def test_the_words_of_the_server() -> None:
    issues = [{"diagnostics": "one"}, {"details": {"text": "two"}}, {"code": "three"}, {"diagnostics": "one"}, 4]
    body = json.dumps({"resourceType": "OperationOutcome", "issue": issues})
    assert said(synthetic.exchange(1, response_body=body)) == "one · two · three"
    for body in ("OperationOutcome", '["OperationOutcome"]', '{"issue": 1, "x": "OperationOutcome"}'):
        assert said(synthetic.exchange(1, response_body=body)) == ""
    assert said(None) == likely(None) == ""
