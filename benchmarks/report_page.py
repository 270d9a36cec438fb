"""Size and first paint of the certification page, beside pytest-html's log of the same results.

    python benchmarks/report_page.py [--checks 1000 5000] [--runs 5]

Every tenth check fails; each has two exchanges of its own. pytest-html gets the same exchanges as extras of the failing
checks. Needs Chromium (Debian: apt-get install chromium) and the dev extras. Figures are medians.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from conformance.report import html, results

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "report"))
import synthetic

PAINT = "performance.getEntriesByName('first-contentful-paint').map(entry => entry.startTime)[0]"
CHECKS = """
import pathlib
import pytest
from conformance.report import results

@pytest.mark.parametrize("judged", results.read(pathlib.Path(__file__).parent).requirements)
def test_it(judged):
    check = judged.checks[0]
    assert check["outcome"] == "held", check["message"]
"""
CONFTEST = """
import pathlib
import pytest
import pytest_html
from conformance.report import extras, results

REPORT = results.read(pathlib.Path(__file__).parent)

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        keys = item.callspec.params["judged"].checks[0]["exchanges"]
        report.extras = [pytest_html.extras.html(extras.fragment(REPORT.exchanges[key])) for key in keys]
"""


def pages(checks: int, folder: Path) -> dict[str, tuple[Path, str]]:
    """The two pages, each with the selector of its first result."""
    report = synthetic.large(checks)
    results.write(report, folder)
    ours = html.write(report, folder / "report.html")
    (folder / "test_it.py").write_text(CHECKS)
    (folder / "conftest.py").write_text(CONFTEST)
    theirs = folder / "log.html"
    options = ["-q", "--tb=line", "-p", "no:randomly", "-p", "no:cacheprovider", "--self-contained-html"]
    command = [sys.executable, "-m", "pytest", *options, f"--html={theirs}", str(folder)]
    subprocess.run(command, cwd=folder, check=False, capture_output=True)
    return {"certification page": (ours, ".steps a"), "pytest-html": (theirs, ".results-table-row")}


def opened(browser: Browser, page: Path, result: str) -> tuple[float, float]:
    """Milliseconds until the first contentful paint, and until the first result is there to read."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    started = time.perf_counter()
    tab.goto(page.as_uri(), wait_until="commit", timeout=120_000)
    tab.locator(result).first.wait_for(timeout=120_000)
    readable = (time.perf_counter() - started) * 1000
    tab.wait_for_function(f"() => {PAINT} !== undefined", timeout=120_000)
    painted: float = tab.evaluate(PAINT)
    context.close()
    return painted, readable


def main() -> int:
    """Print one line per page and number of checks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checks", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("no Chromium: apt-get install chromium", file=sys.stderr)
        return 2
    print(f"{'checks':>7}  {'page':20} {'size':>9} {'first paint':>12} {'first result':>13}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for checks in options.checks:
            with tempfile.TemporaryDirectory() as folder:
                for name, (page, result) in pages(checks, Path(folder)).items():
                    times = zip(*(opened(browser, page, result) for _ in range(options.runs)), strict=True)
                    painted, readable = (statistics.median(one) for one in times)
                    size = page.stat().st_size / 1e6
                    print(f"{checks:7}  {name:20} {size:6.2f} MB {painted:9.0f} ms {readable:10.0f} ms")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
