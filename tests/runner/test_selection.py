"""What the user leaves out is not run, and a run that leaves something out certifies nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import servers

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs import Suite

CHECKOUT = Path(__file__).parents[2]
RECORD = """
[[exclude]]
requirement = "tiny.read.has-an-etag"
reason = "switched off in staging"
"""


def test_a_keyword_that_selects_nothing(suite: Suite, honest: servers.Honest) -> None:
    ended = suite.pytest("--target", suite.target(honest.url), "-k", "nothing-has-this-name")
    assert ended.code == 5, ended.output
    assert ended.report is not None
    assert ended.report["counts"]["not-run"] == 5
    assert ended.report["verdict"] == "incomplete"


def test_only_one_requirement(suite: Suite, honest: servers.Honest) -> None:
    for ended in suite.both("--target", suite.target(honest.url), "--only", "tiny.create", codes=(1, 3)):
        assert ended.report is not None
        assert ended.report["counts"]["pass"] == 1
        assert ended.report["counts"]["not-run"] == 4
        assert ended.report["verdict"] == "incomplete"
        assert ended.row("tiny.read.shows-the-status")["reason"] == "deselected"


def test_an_exclusion_that_is_not_on_record(suite: Suite, honest: servers.Honest) -> None:
    ended = suite.run("--target", suite.target(honest.url), "--exclude", "SHOULD")
    assert ended.code == 3
    assert ended.verdict("tiny.read.has-an-etag") == "not-run"


def test_an_exclusion_on_record(suite: Suite, honest: servers.Honest) -> None:
    ended = suite.run("--target", suite.target(honest.url, RECORD))
    assert ended.code == 0, ended.output
    assert ended.report is not None
    assert ended.report["reason"] == "every applicable requirement was verified, but for 1 excluded on record"
    assert ended.verdict("tiny.read.has-an-etag") == "not-run"
    assert "switched off in staging" in ended.row("tiny.read.has-an-etag")["reason"]


def test_an_exclusion_on_record_that_has_expired(suite: Suite, honest: servers.Honest) -> None:
    ended = suite.run("--target", suite.target(honest.url, RECORD, 'expires = "2024-01-31"'))
    assert ended.code == 3
    assert ended.report is not None
    assert "expired on 2024-01-31: remove the entry, or renew it" in ended.report["reason"]


def test_a_requirement_does_not_hold_by_half_of_its_checks(suite: Suite, honest: servers.Honest) -> None:
    for options in (("-k", "not create-and-find"), ("-k", "not create-and-find", "-n", "2")):
        ended = suite.pytest("--target", suite.target(honest.url), *options)
        assert ended.code == 1, ended.output
        assert ended.verdict("tiny.create.is-answered-with-201") == "not-run"
        assert "create-and-find] was deselected" in ended.row("tiny.create.is-answered-with-201")["reason"]
        assert ended.verdict("tiny.read.shows-the-status") == "pass"


def test_nothing_applies(suite: Suite, honest: servers.Honest) -> None:
    remove = '[claims]\nremove = ["create", "read", "search", "search:patient"]'
    for ended in suite.both("--target", suite.target(honest.url, remove), codes=(5, 3)):
        assert ended.report is not None
        assert ended.report["verdict"] == "incomplete"
        assert ended.report["reason"].startswith("nothing was verified")


def test_without_leave_to_write_a_run_only_reads_and_says_so(suite: Suite, honest: servers.Honest) -> None:
    ended = suite.run("--target", suite.target(honest.url, allow_writes=False))
    assert ended.code == 0, ended.output
    assert ended.lines("nothing will be written to this server; to test writes, put allow_writes = true") == 1
    assert ended.report is not None
    assert ended.report["mode"] == "read-only"
    assert "this run is read-only" in ended.row("tiny.create.is-answered-with-201")["reason"]
    assert {line.partition(" ")[0] for line in honest.seen} == {"GET"}


def test_read_only_holds_for_checks_that_forget_it(suite: Suite, honest: servers.Honest) -> None:
    rows = suite.pack / "requirements" / "own.toml"
    rows.write_text(rows.read_text().replace('applies_when = ["create"]\n', ""), encoding="utf-8")
    ended = suite.run("--target", suite.target(honest.url), "--read-only")
    assert ended.code == 3, ended.output
    assert "needs POST, and this run is read-only" in ended.row("tiny.create.is-answered-with-201")["reason"]
    assert {line.partition(" ")[0] for line in honest.seen} == {"GET"}


def test_a_failing_test_of_ones_own_beside_the_suite(suite: Suite, honest: servers.Honest) -> None:
    (suite.folder / "test_mine.py").write_text("def test_mine(): assert 0", encoding="utf-8")
    ended = suite.pytest("test_mine.py", "--target", suite.target(honest.url))
    assert ended.code == 1
    assert ended.report is not None
    assert ended.report["verdict"] == "conformant"


def test_the_options_without_the_checks(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    (suite.folder / "test_mine.py").write_text("def test_mine(): pass", encoding="utf-8")
    target = suite.target(lying(servers.ForgetsTheStatus()))
    plain = [part for part in suite.pytest_command() if part not in {"--pyargs", "conformance.checks"}]
    named = suite.ended([*plain, "--target", target, "test_mine.py"])
    assert named.code == 4
    assert named.lines("--pack is given, but the checks of the conformance suite are not among what is named") == 1
    unnamed = suite.ended([*plain, "--target", target])
    assert unnamed.code == 1
    assert unnamed.verdict("tiny.read.shows-the-status") == "fail"


def test_a_level_a_basis_and_a_topic(suite: Suite, honest: servers.Honest) -> None:
    for pattern, passed in (("SHOULD", 1), ("tiny.read", 3), ("*the-patient", 1)):
        ended = suite.run("--target", suite.target(honest.url), "--only", pattern)
        assert ended.report is not None
        assert ended.report["counts"]["pass"] == passed, (pattern, ended.report["counts"])


def test_the_last_failures_alone(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    wrong, right = lying(servers.ForgetsTheStatus()), lying(servers.Honest())
    first = suite.run("--target", suite.target(wrong))
    assert first.report is not None
    red = {row["id"] for row in first.report["requirements"] if row["verdict"] == "fail"}
    assert red

    again = suite.run("--target", suite.target(right), "--last-failed", keep_reports=True)
    assert again.report is not None
    assert {row["id"] for row in again.report["requirements"] if row["verdict"] == "pass"} == red
    assert again.report["verdict"] == "incomplete"

    nothing = suite.run("--target", suite.target(right), "--last-failed", keep_reports=True)
    assert nothing.code == 2
    assert "nothing was red in the run in reports; leave the option out" in nothing.output


def test_the_last_failures_of_no_run(suite: Suite, honest: servers.Honest) -> None:
    ended = suite.run("--target", suite.target(honest.url), "--last-failed")
    assert ended.code == 2, ended.output


def test_the_first_failure_ends_it(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    ended = suite.run("--target", suite.target(lying(servers.ForgetsTheStatus())), "--fail-fast")
    assert ended.code == 1
    assert ended.report is not None
    assert ended.report["counts"]["fail"] == 1
    assert "stopping after 1 failures" in "".join(row["reason"] for row in ended.report["requirements"])


def test_workers_make_the_checks_whatever_folder_is_named(suite: Suite) -> None:
    """Without files named, and with reports that land elsewhere, pytest takes another root folder."""
    reports = str(suite.folder / "reports")
    command = [sys.executable, "-m", "pytest", "--pack", "medicasoft", "--only", "medicasoft.read"]

    ended = suite.ended([*command, "-n", "2", "-p", "no:cacheprovider", "--report-dir", reports], cwd=CHECKOUT)

    assert ended.report is not None, ended.output
    assert ended.report["counts"]["pass"] > 0
