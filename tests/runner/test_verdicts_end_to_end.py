"""The honest server, and servers that break one sentence: verdict, exit code, words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import servers

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs import Suite


def test_an_honest_server_is_conformant(suite: Suite, honest: servers.Honest) -> None:
    for ended in suite.both("--target", suite.target(honest.url), codes=(0, 0)):
        assert ended.report is not None
        assert ended.report["verdict"] == "conformant"
        assert {row["id"]: row["verdict"] for row in ended.report["requirements"]} == {
            "tiny.create.is-answered-with-201": "pass",
            "tiny.read.shows-the-status": "pass",
            "tiny.read.has-an-etag": "pass",
            "tiny.read.of-nothing-is-refused": "pass",
            "tiny.search.finds-the-patient": "pass",
            "tiny.history.is-kept": "not-applicable",
            "tiny.audit.is-written": "not-tested",
        }


def test_a_violated_shall_is_not_conformant(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    url = lying(servers.ForgetsTheStatus())
    for ended in suite.both("--target", suite.target(url), codes=(1, 1)):
        assert ended.report is not None
        assert ended.report["verdict"] == "not-conformant"
        assert ended.report["reason"] == "1 requirement is violated: tiny.read.shows-the-status"
        assert "tiny.read.shows-the-status" in ended.output


def test_a_violated_should_warns(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    url = lying(servers.SendsNoETag())
    ended = suite.pytest("--target", suite.target(url))
    assert ended.code == 0, ended.output
    assert ended.verdict("tiny.read.has-an-etag") == "warn"
    assert ended.lines("1 warned") == 1


def test_a_hostile_text_steers_no_terminal(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    target = suite.target(lying(servers.SendsWhatNoTerminalTakes()))
    reports = ("--junitxml", "junit.xml", "--html", "log.html", "--self-contained-html")
    for ended in (suite.pytest("-n", "2", *reports, "--target", target), suite.run("--target", target)):
        assert ended.code == 1
        assert "\x1b" not in ended.output
        assert ended.verdict("tiny.read.shows-the-status") == "fail"
