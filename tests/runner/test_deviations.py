"""Known deviations are strict: listed and failing is known, listed and holding is stale, listed too long is stale."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import servers
from test_logs import properties, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs import Suite

TODAY = datetime.now(UTC).date()


def listed(requirement: str, *, expires: str) -> str:
    return f"""
[[deviation]]
requirement = "{requirement}"
reason = "the status is lost on the way"
owner = "team consent"
tracker = "CONS-7"
expires = "{expires}"
"""


def test_listed_and_failing(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    record = listed("tiny.read.shows-the-status", expires=str(TODAY))
    for ended in suite.both("--target", suite.target(lying(servers.ForgetsTheStatus()), record), codes=(0, 0)):
        assert ended.report is not None
        assert ended.report["verdict"] == "conformant-with-deviations"
        assert ended.verdict("tiny.read.shows-the-status") == "known-deviation"
        assert "CONS-7" in ended.row("tiny.read.shows-the-status")["reason"]


def test_listed_and_warning(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    record = listed("tiny.read.has-an-etag", expires=str(TODAY + timedelta(days=30)))
    ended = suite.run("--target", suite.target(lying(servers.SendsNoETag()), record))
    assert ended.code == 0
    assert ended.verdict("tiny.read.has-an-etag") == "known-deviation"


def test_listed_and_failing_in_the_logs_of_pytest(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    """pytest's own reports give it the same name as the suite's."""
    record = listed("tiny.read.shows-the-status", expires=str(TODAY))
    target = suite.target(lying(servers.ForgetsTheStatus()), record)
    ended = suite.pytest("--target", target, "--junitxml", "junit.xml", "--html", "log.html", "--self-contained-html")
    assert ended.code == 0, ended.output
    told = properties(suite.folder / "junit.xml")["test_documented_scenario[create-and-read]"]
    assert "tiny.read.shows-the-status known-deviation" in told
    (row,) = [one for name, one in read(suite.folder / "log.html").items() if "create-and-read" in name]
    assert "pass<br>known-deviation<br>pass" in "".join(row["resultsTableRow"])


def test_listed_and_holding(suite: Suite, honest: servers.Honest) -> None:
    record = listed("tiny.read.shows-the-status", expires=str(TODAY + timedelta(days=30)))
    ended = suite.pytest("--target", suite.target(honest.url, record))
    assert ended.code == 1, ended.output
    assert ended.verdict("tiny.read.shows-the-status") == "stale-deviation"
    assert "remove the entry" in ended.row("tiny.read.shows-the-status")["reason"]


def test_listed_too_long(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    record = listed("tiny.read.shows-the-status", expires=str(TODAY - timedelta(days=1)))
    ended = suite.pytest("--target", suite.target(lying(servers.ForgetsTheStatus()), record))
    assert ended.code == 1
    assert ended.verdict("tiny.read.shows-the-status") == "stale-deviation"
    assert "expired on" in ended.row("tiny.read.shows-the-status")["reason"]


def test_another_failure_beside_the_listed_one(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    record = listed("tiny.read.has-an-etag", expires=str(TODAY + timedelta(days=30)))
    ended = suite.run("--target", suite.target(lying(servers.ForgetsTheStatus()), record))
    assert ended.code == 1
    assert ended.verdict("tiny.read.shows-the-status") == "fail"
    assert ended.verdict("tiny.read.has-an-etag") == "stale-deviation"


def test_from_the_first_list_to_its_end(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    """A failing run gives the list; filled in, the run passes; once the server is mended, the entry is stale."""
    url = lying(servers.ForgetsTheStatus())
    assert suite.run("--target", suite.target(url)).code == 1
    command = [sys.executable, "-m", "conformance.cli", "baseline", "reports"]
    listed = suite.ended(command, keep_reports=True)
    assert listed.code == 0
    refused = suite.run("--target", suite.target(url, listed.output))
    assert refused.code == 2
    assert refused.lines("still holds 'FILL IN'") == 4
    filled = listed.output.replace('expires = "FILL IN"', f"expires = {TODAY}").replace("FILL IN", "CONS-7")
    assert suite.run("--target", suite.target(url, filled)).code == 0
    mended = suite.run("--target", suite.target(lying(servers.Honest()), filled))
    assert mended.code == 1
    assert mended.verdict("tiny.read.shows-the-status") == "stale-deviation"
