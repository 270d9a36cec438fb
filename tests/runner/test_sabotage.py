"""Runs that were sabotaged: none ends as conformant, each has its exit code and one sentence that names the cause.

| sabotage | where it is tried |
|---|---|
| the target is down from the start | test_bad_targets.py::test_an_unreachable_port |
| it goes down half way | test_bad_targets.py::test_a_target_that_dies_half_way |
| it fails half way, and answers 500 from then on | test_bad_targets.py::test_a_target_that_fails_half_way |
| every answer is 200 with {} | test_bad_targets.py::test_a_server_that_is_no_fhir_server |
| every answer is 200 with nothing at all | test_sabotage.py::test_a_server_that_says_nothing |
| every answer is 404 | test_bad_targets.py::test_a_server_that_is_no_fhir_server |
| every answer is 500 | test_bad_targets.py::test_a_server_that_is_no_fhir_server |
| everything is refused with 401 | test_bad_targets.py::test_credentials_that_are_not_accepted |
| a login page in place of JSON, or a redirect to one | test_bad_targets.py::test_a_server_that_is_no_fhir_server |
| a server that holds nothing, and may not be written to | test_sabotage.py::test_an_empty_server |
| it never answers, or its bodies never end | test_bad_targets.py::test_a_target_that_hangs_is_cut_off |
| it lies in its framing: lengths, encodings, a connection that breaks off | test_sabotage.py::test_a_broken_wire |
| nothing is selected by -k | test_selection.py::test_a_keyword_that_selects_nothing |
| nothing applies, since all claims were removed | test_selection.py::test_nothing_applies |
| the checks are not among what pytest collects | test_selection.py::test_the_options_without_the_checks |
| a check crashes, its set-up or tear-down does, or it skips | test_broken_suite.py::test_a_check_that_crashes |
| checks cannot be collected | test_broken_suite.py::test_checks_that_cannot_be_collected |
| a worker dies | test_broken_suite.py::test_a_worker_that_dies |
| a requirement that no check verifies | test_broken_suite.py::test_a_requirement_that_no_check_verifies |
| a fixture that is no JSON | test_mistyped.py::test_a_fixture_that_is_broken |
| a wrong request of our own | test_broken_suite.py::test_a_fixture_that_is_no_consent_of_r4 |
| a pack that claims nothing | test_mistyped.py::test_a_pack_that_claims_nothing |
| results of another pack | test_sabotage.py::test_results_of_another_pack |
| a baseline whose entries hold again, or have expired | test_deviations.py::test_listed_and_holding |
| an exclusion that has expired | test_selection.py::test_an_exclusion_on_record_that_has_expired |
| a clock that is ten years off | test_sabotage.py::test_a_clock_that_is_ten_years_off |
| no space for the report | test_sabotage.py::test_a_full_disk |
| Ctrl-C | test_interrupted.py::test_ctrl_c |
"""

from __future__ import annotations

import codecs
import gzip
import re
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import servers

if TYPE_CHECKING:
    from collections.abc import Callable

    from runs import Ended, Suite

TEN_YEARS = timedelta(days=3652)
PLACES = re.findall(r"\| (test_\w+\.py)::(test_\w+) \|$", __doc__, re.MULTILINE)


class SaysNothing(servers.Honest):
    """200 without a body on everything."""

    def answer(self, *_: object) -> servers.Response:
        return 200, {}, b""


class LivesInAnotherDecade(servers.Honest):
    """Every answer has the Date of its own clock, so far off."""

    def __init__(self, off: timedelta) -> None:
        super().__init__()
        self.off = off

    def answer(self, method: str, path: str, query: str, body: bytes) -> servers.Response | None:
        response = super().answer(method, path, query, body)
        assert response is not None
        status, headers, content = response
        return status, {**headers, "Date": format_datetime(datetime.now(UTC) + self.off, usegmt=True)}, content


def red(ended: Ended, *, code: int, words: str) -> None:
    """The run is incomplete, with this exit code, and says why in words that stand in its report as well."""
    assert ended.code == code, ended.output
    assert ended.report is not None
    assert ended.report["verdict"] == "incomplete"
    assert words in ended.report["reason"], ended.report["reason"]
    assert words in ended.output


def test_every_sabotage_is_tried_where_the_table_says() -> None:
    here = Path(__file__).parent
    assert len(PLACES) >= 25
    assert [place for place in PLACES if f"def {place[1]}(" not in (here / place[0]).read_text("utf-8")] == []


NO_JSON = "200 with a body that is no JSON (application/fhir+json; it "
WIRE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "length-promises-more": (
        lambda body: servers.framed(body, length=len(body) + 100),
        "200, but the body could not be read: IncompleteRead",
    ),
    "length-promises-less": (lambda body: servers.framed(body, length=len(body) - 20), f"{NO_JSON}breaks off after"),
    "body-breaks-off": (lambda body: servers.framed(body[: len(body) // 2]), f"{NO_JSON}breaks off after"),
    "body-comes-twice": (lambda body: servers.framed(body * 2), f"{NO_JSON}goes on after its end"),
    "byte-order-mark": (lambda body: servers.framed(codecs.BOM_UTF8 + body), f"{NO_JSON}begins with a byte order mark"),
    "sixteen-bits": (lambda body: servers.framed(body.decode().encode("utf-16")), f"{NO_JSON}is none from character 1"),
    "zipped-without-saying": (lambda body: servers.framed(gzip.compress(body)), f"{NO_JSON}is none from character 1"),
    "zipped-in-name-only": (
        lambda body: servers.framed(body, "Content-Encoding: gzip"),
        "200, but the body could not be read: Error -3 while decompressing",
    ),
    "leads-in-circles": (lambda _: servers.framed(b"", "Location: ?again", line="302 Found"), "302 without a body"),
    "no-http-at-all": (lambda _: b"\x00\x01 good morning\r\n\r\n", "good morning"),
    "closes-without-a-word": (lambda _: b"", "broke the connection off"),
}
"""How a read is spoilt, and what is said of it."""
NO_ANSWER = frozenset({"no-http-at-all", "closes-without-a-word"})


@pytest.mark.parametrize("how", WIRE)
def test_a_broken_wire(suite: Suite, lying: Callable[[servers.Honest], str], how: str) -> None:
    """What no server may put on a wire is its own fault; where no answer can be made out, nothing was verified."""
    spoilt, words = WIRE[how]
    ended = suite.run("--target", suite.target(lying(servers.SpoilsReads(spoilt))))
    assert ended.code == (3 if how in NO_ANSWER else 1), ended.output
    row = ended.row("tiny.read.shows-the-status")
    assert row["verdict"] == ("error" if how in NO_ANSWER else "fail")
    assert words in row["reason"]
    assert ended.verdict("tiny.search.finds-the-patient") == "pass"


def test_a_server_that_says_nothing(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    for ended, code in zip(
        suite.both("--target", suite.target(lying(SaysNothing())), codes=(1, 3)), (1, 3), strict=True
    ):
        red(ended, code=code, words="no answer is FHIR; is base_url the FHIR base?")


def test_an_empty_server(suite: Suite, honest: servers.Honest) -> None:
    """It answers as it should, and there is nothing on it that a check could look at."""
    target = suite.target(honest.url, allow_writes=False)
    ended = suite.run("--pack", "r4", "--target", target, "--only", "r4.read.existing-is-ok")
    red(ended, code=3, words="no consent is known to read; name consents under given.consents")


@pytest.mark.parametrize(("off", "side"), [(TEN_YEARS, "ahead of"), (-TEN_YEARS, "behind")], ids=["ahead", "behind"])
def test_a_clock_that_is_ten_years_off(
    suite: Suite, lying: Callable[[servers.Honest], str], off: timedelta, side: str
) -> None:
    """Whoever of the two is wrong: what is in force today cannot be asked."""
    server = LivesInAnotherDecade(off)
    target = suite.target(lying(server))
    words = f"the target's clock is 3652 days {side} this machine's"
    for ended, code in zip(suite.both("--target", target, codes=(1, 3)), (1, 3), strict=True):
        red(ended, code=code, words=words)
        assert "set the clock that is wrong" in ended.output
    assert not any(request.startswith("POST") for request in server.seen)


def test_a_clock_of_next_week_keeps_nobody_from_checking(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    ended = suite.run("--target", suite.target(lying(LivesInAnotherDecade(timedelta(days=7)))))
    assert ended.code == 0, ended.output


def test_results_of_another_pack(suite: Suite, honest: servers.Honest) -> None:
    """They are no run to compare with, and say nothing of what failed last."""
    target = suite.target(honest.url)
    assert suite.run("--target", target).code == 0
    (suite.folder / "reports").rename(suite.folder / "green")
    other = suite.run("--pack", "r4", "--target", target, "--only", "r4.read")
    assert other.report is not None
    compared = [sys.executable, "-m", "conformance.cli", "diff", "reports", "green"]
    ended = suite.ended(compared, keep_reports=True)
    assert ended.code == 2, ended.output
    assert ended.lines("green is of pack 'tiny', and reports of 'r4'; compare one pack") == 1
    again = suite.run("--target", target, "--last-failed", keep_reports=True)
    assert again.code == 2, again.output
    assert again.lines("--last-failed: the run in reports is of pack 'r4', and this one of 'tiny'") == 1


def test_a_full_disk(suite: Suite, honest: servers.Honest) -> None:
    """Writing fails, as on a disk without room. An earlier, better report that lies there is no excuse."""
    target = suite.target(honest.url)
    assert suite.run("--target", target).code == 0
    (suite.folder / "reports" / "results.json.part").symlink_to("/dev/full")
    for ended in suite.both("--target", target, codes=(1, 3), keep_reports=True):
        assert ended.lines("the report could not be written into ") == 1, ended.output
        assert ended.lines("No space left on device; make room there or name another folder by --report-dir") == 1
