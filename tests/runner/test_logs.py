"""pytest's own reports carry the requirements: JUnit XML as properties, pytest-html as columns and extras."""

from __future__ import annotations

import html
import json
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest
import servers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runs import Suite

BOTH = ("--junitxml", "junit.xml", "--html", "log.html", "--self-contained-html")


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two-workers"])
def test_a_violation_in_both_logs(
    suite: Suite, lying: Callable[[servers.Honest], str], workers: tuple[str, ...]
) -> None:
    ended = suite.pytest("--target", suite.target(lying(servers.ForgetsTheStatus())), *BOTH, *workers)
    assert ended.code == 1, ended.output
    assert properties(suite.folder / "junit.xml")["test_documented_scenario[create-and-read]"] == [
        "tiny.create.is-answered-with-201 pass",
        "tiny.read.shows-the-status fail",
        "tiny.read.has-an-etag pass",
    ]
    log = read(suite.folder / "log.html")
    (row,) = [one for name, one in log.items() if "create-and-read" in name]
    cells = [re.sub(r"<[^>]+>", " ", cell.replace("<br>", "|")).split() for cell in row["resultsTableRow"]]
    assert cells[2:5] == [
        ["tiny.create.is-answered-with-201", "|", "tiny.read.shows-the-status", "|", "tiny.read.has-an-etag"],
        ["SHALL|SHALL|SHOULD"],
        ["pass|fail|pass"],
    ]
    exchanges = [extra["content"] for extra in row["extras"]]
    assert len(exchanges) == 2
    assert "POST" in exchanges[0]
    assert "HTTP" in exchanges[1] or "200" in exchanges[1]


def test_what_is_observed_over_all_answers_is_in_both_logs(suite: Suite) -> None:
    topics = ("nll-2023.errors.failed-call-answers-outcome-only", "nll-2023.close.unknown-id-fails")
    selected = [part for topic in topics for part in ("--only", topic)]
    ended = suite.pytest("--pack", "nll-2023", *selected, *BOTH)
    assert ended.report is not None, ended.output
    found = properties(suite.folder / "junit.xml")
    assert found["every_failed_call_answers_an_outcome_only"] == [f"{topics[0]} pass"]
    (row,) = [one for name, one in read(suite.folder / "log.html").items() if "observed/" in name]
    assert topics[0] in row["resultsTableRow"][2]


def properties(path: Path) -> dict[str, list[str]]:
    """Name of a test case → the values of its properties `requirement`."""
    cases = ET.parse(path).iter("testcase")  # noqa: S314 - pytest wrote it
    return {case.attrib["name"]: [one.attrib["value"] for one in case.iter("property")] for case in cases}


def read(path: Path) -> dict[str, Any]:
    """Node id → what pytest-html's page holds about it."""
    blob = re.search(r'data-jsonblob="([^"]*)"', path.read_text(encoding="utf-8"))
    assert blob is not None
    return {name: rows[0] for name, rows in json.loads(html.unescape(blob[1]))["tests"].items()}
