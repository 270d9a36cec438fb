"""The certification page in a real browser: read, filtered, linked to, printed, attacked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import synthetic

from conformance import proof
from conformance.clock import SetClock
from conformance.model import Verdict
from conformance.reference import ReferenceServer
from conformance.report import html

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.wire import Headers, Received
    from conftest import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return html.write(synthetic.every_verdict(), tmp_path / "report.html")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_opens_in_peace(visitor: Visitor, page: Path, width: int, scheme: str) -> None:
    visit = visitor.open(page, viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert visit.complaints == []
    assert visit.requests == [page.as_uri()]
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    dark = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(int(part) for part in dark[4:-1].split(",")) < 300) is (scheme == "dark")


def test_the_verdict_and_the_first_violation_are_seen_without_scrolling(visitor: Visitor, page: Path) -> None:
    for viewport in ({"width": 1280, "height": 800}, {"width": 390, "height": 844}):
        visit = visitor.open(page, viewport=viewport)
        first = visit.page.get_by_role("link", name="A PUT whose id names no consent fails.").first.bounding_box()
        assert first is not None
        assert first["y"] + first["height"] <= viewport["height"]


def test_each_failure_is_read_without_scrolling(visitor: Visitor, page: Path) -> None:
    visit = visitor.open(page, viewport={"width": 1280, "height": 800})
    cards = visit.page.locator("#failures .card")
    assert cards.count() == 5
    for number in range(cards.count()):
        card = cards.nth(number)
        card.scroll_into_view_if_needed()
        box = card.bounding_box()
        assert box is not None
        assert box["height"] <= 800 - 64  # the bar stays on top


@pytest.mark.parametrize("width", [1280, 780, 390])
@pytest.mark.parametrize(
    "name",
    [
        "nll-2023.close.unknown-id-fails",
        "r4.headers.etag",
        "r4.search.by-status",
        "r4.read.existing-is-ok",
        "r4.delete.is-gone",
        "not-testable",
    ],
)
def test_a_deep_link_shows_its_requirement_even_in_a_closed_list(
    visitor: Visitor, page: Path, name: str, width: int
) -> None:
    visit = visitor.open(page, fragment=f"#{name}", viewport={"width": width, "height": 800})
    target = visit.page.locator(f'[id="{name}"]')
    target.wait_for()
    visit.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    box = target.bounding_box()
    bar = visit.page.locator(".bar").bounding_box()
    assert box is not None
    assert bar is not None
    covered = max(0, bar["y"] + bar["height"]) if bar["y"] <= 0 else 0
    assert covered <= box["y"] <= 400


def test_without_script_everything_is_there(visitor: Visitor, page: Path) -> None:
    visit = visitor.open(page, java_script_enabled=False)
    assert visit.page.locator(".filter").is_hidden()
    assert visit.page.locator('[id="nll-2023.close.unknown-id-fails"]').is_visible()
    visit.page.locator("#passes summary").first.press("Enter")
    visit.page.locator("#passes li").first.wait_for()


def test_filter_and_search(visitor: Visitor, page: Path) -> None:
    visit = visitor.open(page)
    shown = visit.page.locator("#shown")
    visit.page.keyboard.press("/")
    visit.page.keyboard.type("role content")
    shown.filter(has_text="1 of 17").wait_for()
    assert visit.page.locator("[data-verdict]:visible").count() == 1
    assert visit.page.locator("#failures").is_hidden()
    visit.page.keyboard.press("Escape")
    visit.page.locator("#failures").wait_for()
    visit.page.select_option("#verdict", Verdict.PASS.value)
    shown.filter(has_text="3 of 17").wait_for()
    assert visit.page.locator('#passes [data-verdict="pass"]:visible').count() == 3
    visit.page.select_option("#verdict", "")
    visit.page.select_option("#level", "MAY")
    shown.filter(has_text="1 of 17").wait_for()
    assert visit.page.locator("#not-applicable").is_visible()
    visit.page.evaluate("location.hash = 'nll-2023.close.unknown-id-fails'")
    visit.page.locator('[id="nll-2023.close.unknown-id-fails"]').wait_for()
    assert visit.complaints == []


def test_the_keyboard_reaches_links_and_evidence(visitor: Visitor, page: Path) -> None:
    visit = visitor.open(page)
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.textContent") == "Skip to the results"
    visit.page.keyboard.press("Enter")
    reached = set()
    for _ in range(12):
        visit.page.keyboard.press("Tab")
        reached.add(visit.page.evaluate("document.activeElement.tagName"))
    assert {"A", "SUMMARY", "PRE"} <= reached


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barriers(visitor: Visitor, page: Path, scheme: str) -> None:
    assert visitor.open(page, color_scheme=scheme, bypass_csp=True).barriers() == []


def test_hostile_bodies_do_nothing(visitor: Visitor, tmp_path: Path) -> None:
    big = synthetic.exchange(2, status=200, response_body=synthetic.HOSTILE * 60_000)
    hostile = synthetic.hostile()
    rows = [
        *hostile.requirements,
        synthetic.judged("a.b.c", Verdict.FAIL, "", synthetic.check("violated", big.id, expected="x", actual="y")),
    ]
    report = synthetic.report(rows, [*hostile.exchanges.values(), big], pack_title=synthetic.HOSTILE)
    visit = visitor.open(html.write(report, tmp_path / "report.html"))
    visit.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert visit.page.evaluate("window.pwned") is None
    assert visit.complaints == []
    assert len(visit.requests) == 1
    assert visit.page.locator("img, iframe, object, embed").count() == 0


class SendsPoison(proof.Within):
    """Answers in turn with script, with five megabytes, and with what is no UTF-8."""

    def send(self, method: str, url: str, headers: Headers, body: bytes | None = None) -> Received:
        answer = super().send(method, url, headers, body)
        self.sent = getattr(self, "sent", -1) + 1
        if url.endswith("/metadata") or self.sent < 1:
            return answer
        script = b"</script><script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'>"
        return replace(answer, body=(script, b"<p>" * 1_700_000, b"\xff\xfe\xc3(" + script + b"\x00")[self.sent % 3])


def test_a_server_that_means_ill_does_nothing_to_its_report(visitor: Visitor, tmp_path: Path) -> None:
    """From the wire to the page."""
    clock = SetClock()
    with ReferenceServer("nll-2023", clock=clock.now, listen=False) as server:
        poison = SendsPoison(server, clock)
        report = proof.run("--pack", "nll-2023", "--only", "nll-2023.close.unknown-id-*", within=poison)
    bodies = [exchange.response_body or "" for exchange in report.exchanges.values()]
    assert any("window.pwned" in body for body in bodies)
    assert any(len(body) > 5_000_000 for body in bodies)
    assert any(r"\xff\xfe" in body for body in bodies)
    path = html.write(report, tmp_path / "report.html")
    assert path.stat().st_size < 3_000_000
    visit = visitor.open(path)
    visit.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert visit.page.evaluate("window.pwned") is None
    assert visit.complaints == []
    assert visit.requests == [path.as_uri()]


def test_the_overview_leads_to_a_page_and_to_a_requirement_on_it(visitor: Visitor, page: Path) -> None:
    from conformance.report import overview, results

    results.write(synthetic.every_verdict(), page.parent)
    index = overview.write(overview.gather([page.parent], beside=page.parent), page.parent / "index.html")
    visit = visitor.open(index)
    visit.page.get_by_role("link", name="A PUT whose id names no consent fails.").click()
    visit.page.wait_for_url(f"{page.as_uri()}#nll-2023.close.unknown-id-fails")
    assert visit.page.locator('[id="nll-2023.close.unknown-id-fails"]').is_visible()


def test_paper_shows_all_failures_and_no_controls(visitor: Visitor, page: Path, tmp_path: Path) -> None:
    visit = visitor.open(page)
    visit.page.emulate_media(media="print")
    assert visit.page.locator(".bar").is_hidden()
    assert visit.page.locator("#failures .card pre").first.is_visible()
    visit.page.locator("#passes li").first.wait_for()
    pdf = visit.page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert 3 <= pdf.count(b"/Type /Page\n") <= 10


def test_five_thousand_checks_paint_within_a_second(visitor: Visitor, tmp_path: Path) -> None:
    """The bound is generous: machines that run tests are busy. `benchmarks/` measures."""
    visit = visitor.open(html.write(synthetic.large(5000, failing=0.05), tmp_path / "report.html"))
    paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    visit.page.wait_for_function(f"() => performance.getEntriesByName('first-contentful-paint').length && {paint}")
    assert visit.page.evaluate(paint) < 3_000
