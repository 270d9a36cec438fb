# ruff: noqa: INP001 - a script
"""Makes reports/sample/: a run in which much went wrong, compared with an earlier one, and pictures of it for docs/.

    python tools/sample_report.py [--pictures]

Two runs against the reference server of pack nll-2023, each with lies of its own, for a target with deviations on
record. The pictures need Chromium (Debian: apt-get install chromium) and the dev extras.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from conformance import cli, journal
from conformance.reference import ReferenceServer
from conformance.reference.server import as_toml

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "reports" / "sample"
DOCS = ROOT / "docs"
PORT = 8097
"""The same for both runs: a run is compared with one of the same address only."""
BEFORE = ("challenge-missing", "no-date-header")
NOW = (
    "close-upserts-unknown-id",
    "end-loses-its-offset",
    "outcome-with-made-up-code",
    "error-shows-stack-trace",
    "request-id-is-replaced",
    "no-date-header",
)
ON_RECORD = """
[[deviation]]
requirement = "r4.headers.date-is-sent"
reason = "the gateway takes Date out of every answer"
owner = "Team Consent"
tracker = "https://tracker.example.org/CONS-12"
expires = "{expires}"

[[deviation]]
requirement = "nll-2023.headers.names-in-any-case"
reason = "header names were compared letter by letter before release 4.2"
owner = "Team Consent"
tracker = "https://tracker.example.org/CONS-7"
expires = "{expires}"

[[exclude]]
requirement = "nll-2023.headers.context-id-is-optional"
reason = "the test gateway adds x-context-id to every request; production has another one"
owner = "Team Platform"
"""


def run(folder: Path, faults: tuple[str, ...]) -> int:
    """One run into reports/sample/; returns its exit code."""
    with ReferenceServer("nll-2023", port=PORT, faults=faults) as server:
        table: dict[str, Any] = {key: value for key, value in server.target.items() if key != "tokens"}
        table["tokens"] = {key: value for key, value in server.target["tokens"].items() if key != "other-role"}
        path = folder / "target.toml"
        expires = (datetime.now(UTC) + timedelta(days=180)).date().isoformat()
        path.write_text(as_toml(table) + ON_RECORD.format(expires=expires), encoding="utf-8")
        return cli.main(["run", "--pack", "nll-2023", "--target", str(path), "--report-dir", str(SAMPLE)])


def pictures(folder: Path) -> None:
    """The first screen, a failure about a period, the page in the dark and on a narrow screen, and an overview."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only for pictures

    page = (SAMPLE / "report.html").as_uri()
    overview = folder / "index.html"
    for pack in ("nll-2019", "r4"):
        cli.main(["run", "--pack", pack, "--report-dir", str(folder / pack)])
    cli.main(["overview", str(folder), str(SAMPLE), "--output", str(overview)])
    wide, narrow = {"width": 1280, "height": 1250}, {"width": 390, "height": 844}
    shots: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("report.png", page, {"viewport": wide}),
        ("report-dark.png", page, {"viewport": wide, "color_scheme": "dark"}),
        ("report-narrow.png", page, {"viewport": narrow}),
        (
            "report-failure.png",
            f"{page}#period.end.comes-back-as-the-same-moment",
            {"viewport": {**wide, "height": 980}},
        ),
        ("overview.png", overview.as_uri(), {"viewport": {**wide, "height": 900}}),
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, address, settings in shots:
            tab = browser.new_context(**settings).new_page()
            tab.goto(address)
            tab.screenshot(path=DOCS / name)
        browser.close()


def main() -> int:
    """Make the sample; 0 when it is what it is meant to be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pictures", action="store_true", help="pictures for docs/, too")
    options = parser.parse_args()
    shutil.rmtree(SAMPLE, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        codes = [run(Path(folder), BEFORE)]
        shutil.copytree(SAMPLE, Path(folder) / "before")
        codes.append(run(Path(folder), NOW))
        shutil.rmtree(SAMPLE / journal.FOLDER)  # of a server that is gone
        if options.pictures:
            pictures(Path(folder))
    return int(codes != [1, 1])


if __name__ == "__main__":
    sys.exit(main())
