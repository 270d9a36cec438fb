"""A real browser for the pages: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs Chromium (Debian: apt-get install chromium)")


@dataclass
class Visit:
    """An open page, and what it said or asked for besides showing itself."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def barriers(self) -> list[tuple[str, list[str]]]:
        """What axe-core finds with everything folded out: its rules, and the elements that break them."""
        import axe_playwright_python

        self.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        self.page.evaluate(Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8"))
        found = self.page.evaluate("axe.run({resultTypes: ['violations']})")
        return [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]]


@dataclass
class Visitor:
    """Opens pages in fresh contexts and closes them at the end."""

    browser: Browser
    contexts: list[Any] = field(default_factory=list)

    def open(self, path: Path, *, fragment: str = "", **context: Any) -> Visit:
        made = self.browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **context})
        self.contexts.append(made)
        visit = Visit(made.new_page())
        visit.page.on("console", lambda message: visit.complaints.append(message.text))
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.page.on("request", lambda request: visit.requests.append(request.url))
        visit.page.goto(path.as_uri() + fragment)
        return visit


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium: CI has to install it (apt-get install chromium)")
        pytest.skip("no Chromium here: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
        yield launched
        launched.close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitor]:
    made = Visitor(browser)
    yield made
    for context in made.contexts:
        context.close()
