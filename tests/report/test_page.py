"""The certification page as a parser sees it: whole, harmless, loading nothing."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
import synthetic

from conformance.model import Basis, RunVerdict, Verdict
from conformance.report import html
from conformance.scenarios import Contradiction

VOID = {"meta", "link", "br", "img", "input", "hr", "base"}


@dataclass
class Page(HTMLParser):
    """What a page holds: elements with their attributes, text by element id, and whether tags are balanced."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    under: dict[str, str] = field(default_factory=dict)
    open: list[tuple[str, str | None]] = field(default_factory=list)
    unbalanced: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID and not self.rawdata[: self.offset].endswith("/>"):
            self.open.append((tag, dict(attrs).get("id")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            self.unbalanced.append(tag)
            return
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][0] in {"style", "script"}:
            return
        self.texts.append(data)
        for _, name in self.open:
            if name:
                self.under[name] = self.under.get(name, "") + data

    @property
    def ids(self) -> Counter[str]:
        return Counter(value for _, attributes in self.elements if (value := attributes.get("id")))

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def parsed(text: str) -> Page:
    page = Page()
    page.feed(text)
    page.close()
    return page


@pytest.fixture(scope="module")
def page() -> Page:
    return parsed(html.render(synthetic.every_verdict()))


def test_each_requirement_is_there_once_under_its_id(page: Page) -> None:
    for judged in synthetic.every_verdict().requirements:
        assert page.ids[judged.requirement.id] == 1
        assert judged.requirement.text in page.under[judged.requirement.id]
    assert not [name for name, count in page.ids.items() if count > 1]


def test_tags_are_balanced_and_links_lead_somewhere(page: Page) -> None:
    assert page.unbalanced == []
    assert page.open == []
    anchors = [target for _, attributes in page.elements if (target := attributes.get("href") or "").startswith("#")]
    assert anchors
    assert not {anchor[1:] for anchor in anchors} - set(page.ids)


@pytest.mark.parametrize("run", [synthetic.every_verdict, synthetic.hostile])
def test_nothing_is_loaded_and_only_our_style_and_script_run(run: Any) -> None:
    text = html.render(run())
    page = parsed(text)
    assert not [tag for tag, attributes in page.elements if "src" in attributes or tag in {"link", "iframe", "img"}]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert not re.search(r"@import|url\(", text.partition("</style>")[0])
    (policy,) = [a["content"] for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    for tag in ("style", "script"):
        blocks = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(block.encode()).digest()).decode() for block in blocks]
        assert len(digests) == 1
        assert f"{tag}-src 'sha256-{digests[0]}'" in policy


def test_hostile_text_adds_no_element_and_no_attribute() -> None:
    """Whatever a server sends, the page has the elements that it would have had otherwise."""
    hostile = parsed(html.render(synthetic.hostile()))
    kinds = {(tag, *sorted(attributes)) for tag, attributes in hostile.elements}
    harmless = parsed(html.render(synthetic.every_verdict()))
    known = {(tag, *sorted(attributes)) for tag, attributes in harmless.elements}
    assert {tag for tag, *_ in kinds} <= {tag for tag, *_ in known} | {"ins"}
    assert hostile.unbalanced == []
    assert "{{ 7 * 7 }}" in hostile.text
    assert "49" not in hostile.under["hostile.fail.one"]
    links = [url for _, attributes in hostile.elements if (url := attributes.get("href"))]
    assert all(url.startswith(("#", "https://", "http://")) for url in links)


def test_characters_that_turn_or_hide_text_are_spelled_out() -> None:
    text = html.render(synthetic.hostile())
    assert not re.search("[\x00\u202e\ud800]", text)
    assert r"\u0000\u202e\ud800" in text


def test_the_verdict_and_what_to_do_come_before_anything_else(page: Page) -> None:
    order = [
        page.text.index(words)
        for words in (
            "Not conformant",
            "3 SHALLs are violated",
            "What to do next",
            "A PUT whose id names no consent fails.",
            "This run",
            "Failures",
            "Passes",
        )
    ]
    assert order == sorted(order)


def test_a_failure_tells_all_that_its_reader_needs(page: Page) -> None:
    card = page.under["nll-2023.close.unknown-id-fails"]
    for told in (
        "SHALL",
        "stated",
        "A PUT whose id names no consent fails.",
        "https://simplifier.net/guide/SwedishNationalMedicationList/Consent-Close",
        "a refusal (4xx)",
        "201 with a Consent",
        "PUT https://fhir.example.org/r4/Consent",
        "HTTP 201 Created",
        "curl --include",
        "Authorization: Bearer $TOKEN",
        "test_closing_an_unknown_consent",
    ):
        assert told in card
    broken = page.under["nll-2023.errors.failed-call-answers-outcome-only"]
    assert "NullPointerException at ConsentService.close" in broken
    assert "for the request id 8f6c1b1e-0f5d-4a57-9f3a-000000000002" in broken


def test_sections_stand_in_the_order_of_their_weight() -> None:
    text = html.render(synthetic.every_verdict())
    expected = ["failures", "warnings", "notes", "deviations", "not-testable", "passes", "not-applicable", "not-tested"]
    assert re.findall(r'<section id="([\w-]+)"', text) == [*expected, "about"]


def test_an_incomplete_run_says_first_what_is_missing() -> None:
    report = synthetic.every_verdict()
    rows = [one for one in report.requirements if one.verdict not in {Verdict.FAIL, Verdict.STALE_DEVIATION}]
    text = html.render(synthetic.report(rows, list(report.exchanges.values()), verdict=RunVerdict.INCOMPLETE))
    assert re.findall(r'<section id="([\w-]+)"', text)[0] == "not-testable"
    assert "<h1>Incomplete</h1>" in text


def test_an_unreachable_target_is_said_once() -> None:
    reason = "not exercised: connection refused"
    rows = [synthetic.judged(f"r4.read.point-{n}", Verdict.ERROR, reason=reason) for n in range(30)]
    page = parsed(html.render(synthetic.report(rows, [], verdict=RunVerdict.INCOMPLETE)))
    assert page.under["not-testable"].count(reason) == 1
    assert "failures" not in page.ids
    assert all(page.ids[f"r4.read.point-{n}"] == 1 for n in range(30))


def test_a_long_body_is_cut_with_a_note_and_a_repeated_one_stands_once() -> None:
    marker, long = "m" * 400, "long " * 40_000
    exchanges = [
        synthetic.exchange(1, status=200, response_body=long),
        synthetic.exchange(2, status=200, response_body=marker),
        synthetic.exchange(3, status=200, response_body=marker),
    ]
    rows = [
        synthetic.judged(f"a.b.c{n}", Verdict.FAIL, "", synthetic.check("violated", one.id, expected="x", actual="y"))
        for n, one in enumerate(exchanges)
    ]
    text = html.render(synthetic.report(rows, exchanges))
    assert text.count("long ") < 2_000
    assert "194,000 of 200,000 characters left out here; results.json has them all" in text
    assert text.count(marker) == 1
    assert 'The same body as <a href="#exchange-2-response">shown before</a>' in text


def test_a_check_of_many_exchanges_shows_the_first_and_counts_the_rest() -> None:
    """A rule about all answers of a run refers to hundreds."""
    exchanges = [synthetic.exchange(n, status=200) for n in range(30)]
    check = synthetic.check("violated", *(one.id for one in exchanges), expected="x", actual="y" * 5_000)
    rows = [synthetic.judged("a.b.c", Verdict.FAIL, "", check), synthetic.judged("a.b.d", Verdict.PASS, "", check)]
    page = parsed(html.render(synthetic.report(rows, exchanges)))
    card = page.under["a.b.c"]
    assert "How it was checked, 29 more exchanges" in card
    assert "and 17 more exchanges in results.json" in card
    assert card.count("curl --include") == 13
    assert card.count("y" * 1_200) == 1
    assert "3,800 of 5,000 characters left out here" in card
    assert page.under["a.b.d"].count("PUT /Consent") == 8


@pytest.mark.parametrize("verdict", [Verdict.NOT_APPLICABLE, Verdict.NOT_TESTED, None])
def test_a_run_that_verified_nothing_says_what_to_look_at(verdict: Verdict | None) -> None:
    rows = [synthetic.judged("a.b.c", verdict)] if verdict else []
    page = parsed(html.render(synthetic.report(rows, [], verdict=RunVerdict.INCOMPLETE)))
    assert "Incomplete Nothing was verified." in page.text
    assert "Check the claims and the base URL: no requirement was exercised." in page.text
    assert page.unbalanced == []


@pytest.mark.parametrize(("size", "failing", "most"), [(1000, 0.1, 2.0), (1000, 1.0, 3.0), (5000, 0.05, 6.0)])
def test_the_page_stays_small(size: int, failing: float, most: float) -> None:
    """≤ 3 MB for 1,000 checks with evidence, even when each of them fails with exchanges of its own."""
    megabytes = len(html.render(synthetic.large(size, failing=failing)).encode()) / 1e6
    assert megabytes <= most


def test_a_contradiction_is_told_once_with_all_that_was_made_of_it() -> None:
    notes = [
        "contradiction trap.case: in capitals: 200 (the sources can be read as: one header / two)",
        "contradiction trap.case: in lower case: 400 (the sources can be read as: one header / two)",
        "Contradiction in words of another suite",
        "answered 200 where 201 is usual",
    ]
    rows = [synthetic.judged(f"a.b.c{n}", Verdict.PASS, notes=(note,)) for n, note in enumerate(notes)]
    told = parsed(html.render(synthetic.report(rows, []))).under["notes"]
    told = " ".join(told.split())
    assert told.count("trap.case they can be read as: one header / two") == 1
    assert "in capitals: 200 a.b.c0in lower case: 400 a.b.c1" in told
    assert "Contradiction in words of another suite" in told.partition("Accepted, but unusual")[0]
    assert told.endswith("Accepted, but unusual a.b.c3 answered 200 where 201 is usual")


def test_a_contradiction_is_told_in_plain_words_and_with_what_the_suite_makes_of_it() -> None:
    row = Contradiction(id="trap.x.status", where="", readings=("400", "404"), consequence="accept either")
    report = synthetic.report([synthetic.judged("a.b.c", Verdict.FAIL, notes=(row.met("201 (created)"),))], [])
    page = parsed(html.render(report))
    said = "The sources do not settle this; each reading is accepted: 400 / 404. This target: 201 (created)"
    assert said in page.under["a.b.c"]
    assert "trap.x.status each reading is accepted: 400 / 404" in page.under["notes"]


def test_the_top_says_what_is_stale_and_what_the_fourth_failure_is() -> None:
    good = synthetic.judged("a.b.mended", Verdict.STALE_DEVIATION, "", synthetic.check("held"))
    bad = synthetic.judged("a.b.bad", Verdict.FAIL)
    text = parsed(html.render(synthetic.report([bad, good], []))).text
    good_news = "1 deviation on record holds no longer (good news: remove it from target.toml)."
    assert f"2 failures: 1 SHALL is violated; {good_news}" in text
    assert "Failures 2 1 fail, 1 stale deviation." in text
    assert "Good news: this holds now." in text
    late = synthetic.judged("a.b.late", Verdict.STALE_DEVIATION, "", synthetic.check("violated"))
    text = parsed(html.render(synthetic.report([late], []))).text
    assert "1 deviation on record has expired." in text
    assert "Its entry in target.toml has expired" in text
    assert "ood news" not in text


def test_what_looks_like_a_failure_and_is_none_says_why(page: Page) -> None:
    known = next(one for one in synthetic.every_verdict().requirements if one.verdict is Verdict.KNOWN_DEVIATION)
    assert known.deviation is not None
    card = page.under[known.requirement.id]
    assert f"on record until {known.deviation.expires}, and {known.deviation.owner} owns it" in card
    first_screen = page.text.partition("Not verified, and why")[0]
    assert f"on record until {known.deviation.expires}, owner {known.deviation.owner}" in first_screen
    own = synthetic.judged("a.b.c", Verdict.WARN, basis=Basis.INFERRED)
    assert "A SHALL that does not fail the run" in parsed(html.render(synthetic.report([own], []))).under["a.b.c"]


def test_a_finding_about_a_period_shows_the_write_and_begins_where_it_differs() -> None:
    sent, stored = "2031-12-02T10:30:15+02:00", "2031-12-02T10:30:15Z"
    bodies = [
        json.dumps({**synthetic.CONSENT, "id": "x1", "provision": {"period": {"end": end}}}) for end in (sent, stored)
    ]
    write = synthetic.exchange(1, status=200, request_body=bodies[0], response_body=bodies[1])
    read = synthetic.exchange(2, "GET", "/Consent/x1", status=200, response_body=bodies[1])
    check = synthetic.check("violated", read.id, write.id, expected=f"the end {sent}", actual=f"the end {stored}")
    text = html.render(synthetic.report([synthetic.judged("a.b.c", Verdict.FAIL, "", check)], [write, read]))
    card = parsed(text).under["a.b.c"]
    assert "Written by PUT /Consent (id x1)" in " ".join(card.split())
    assert f'<mark>"{sent}"</mark>' in text
    assert f'<mark>"{stored}"</mark>' in text
    assert "the end is 2 h later" in card
    assert re.search(r"\d+ lines above", card)


def test_a_long_box_says_how_long_it_is(page: Page) -> None:
    card = page.under["nll-2023.close.unknown-id-fails"]
    assert re.search(r"Show all \d+ lines", card)
    assert "(id 00000001-0f5d-4a57-9f3a-5d2f0a6f7d11)" in card


def test_words_of_the_trade_are_explained(page: Page) -> None:
    words = page.under["words"]
    for told in ("stated", "documented", "inferred", "requirement set", "target.toml", "not applicable", "not tested"):
        assert told in words


def test_two_runs_of_one_minute_are_told_apart_by_their_seconds() -> None:
    new = synthetic.every_verdict()
    before = dataclasses.replace(new, started="2026-03-01T09:30:41Z")
    assert "Since the run of 2026-03-01 09:30:41" in parsed(html.render(new, before)).text
    before = dataclasses.replace(new, started="2026-03-01T09:29:41Z")
    assert "Since the run of 2026-03-01 09:29 " in parsed(html.render(new, before)).text


def test_no_percentage_of_anything(page: Page) -> None:
    assert "%" not in page.text
    assert "score" not in page.text.lower()


def test_what_changed_since_the_last_run() -> None:
    new = synthetic.every_verdict()
    rows = [
        synthetic.judged(one.requirement.id, Verdict.PASS) if one.verdict is Verdict.FAIL else one
        for one in new.requirements[1:]
    ]
    page = parsed(html.render(new, synthetic.report(rows, list(new.exchanges.values()))))
    changes = page.text[page.text.index("Since the run of 2026-03-01 09:30:00") :]
    assert "2 broken : nll-2023.close.dose-consent-is-ended" in changes.replace("broken:", "broken :")
    assert "1 new : nll-2023.close.unknown-id-fails" in changes.replace("new:", "new :")
    assert "Since the run" not in parsed(html.render(new)).text


def test_the_same_results_make_the_same_page() -> None:
    assert html.render(synthetic.every_verdict()) == html.render(synthetic.every_verdict())


def test_start_up_does_not_pay_for_templates_and_schemas() -> None:
    modules = "conformance.report.html, conformance.report.results, conformance.report.extras, conformance.redaction"
    code = f"import sys, {modules}; print([m for m in ('jinja2', 'jsonschema') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
