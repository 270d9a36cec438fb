"""Targets that are not there, or not what they should be: one sentence with a remedy, the right exit code."""

from __future__ import annotations

import json
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest
import servers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runs import Ended, Suite

Start = "Callable[[servers.Honest], str]"


def incomplete(ended: tuple[Ended, ...], *words: str) -> None:
    """The run is incomplete, and each of the words stands in one line of what it says."""
    for one in ended:
        assert one.report is not None, one.output
        assert one.report["verdict"] == "incomplete", one.output
        assert one.code in {1, 3}
        for word in words:
            assert one.lines(word) == 1, f"{word!r} in {one.lines(word)} lines\n{one.output}"
            assert word in one.report["reason"]


def test_an_unreachable_port(suite: Suite) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/fhir"
        ended = suite.both("--target", suite.target(url), codes=(1, 3))
    incomplete(ended, "cannot be reached: Connection refused")
    assert ended[0].report is not None
    (exchange,) = ended[0].report["exchanges"].values()
    assert exchange["problem"] is not None


def test_an_unreachable_port_with_workers(suite: Suite) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        target = suite.target(f"http://127.0.0.1:{closed.getsockname()[1]}/fhir")
        ended = suite.pytest("--target", target, "-n", "2")
    incomplete((ended,), "cannot be reached: Connection refused")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate with its key."""
    path = tmp_path / "self-signed.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run([*command.split(), "-keyout", path, "-out", tmp_path / "cert.pem"], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + (tmp_path / "cert.pem").read_bytes())
    return path


def test_a_self_signed_certificate(suite: Suite, certificate: Path) -> None:
    with servers.serving(servers.Honest(), certificate=certificate) as url:
        incomplete((suite.run("--target", suite.target(url)),), "TLS with https://", "tls.ca of target.toml")
        trusting = suite.run("--target", suite.target(url, "[tls]", f'ca = "{certificate}"'))
    assert trusting.code == 0, trusting.output


def test_https_to_a_port_that_speaks_http(suite: Suite, honest: servers.Honest) -> None:
    target = suite.target(honest.url.replace("http://", "https://"))
    incomplete((suite.run("--target", target),), "TLS with https://")


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (servers.FailsAlways, "answers 500 with an OperationOutcome: out of order to everything"),
        (servers.ShowsALoginPage, "every answer is a web page; is base_url the FHIR base"),
        (
            servers.RedirectsToALogin,
            "everything leads to https://login.example.org/?next=fhir; is base_url the FHIR base",
        ),
        (servers.AgreesToEverything, "no answer is FHIR; is base_url the FHIR base?"),
        (servers.FindsNothing, "no answer is FHIR; is base_url the FHIR base?"),
    ],
)
def test_a_server_that_is_no_fhir_server(
    suite: Suite, lying: Callable[[servers.Honest], str], server: type[servers.Honest], words: str
) -> None:
    ended = suite.run("--target", suite.target(lying(server())))
    assert ended.code == 3
    incomplete((ended,), words)
    assert ended.report is not None
    assert len(ended.report["exchanges"]) == 3


@pytest.mark.parametrize("server", [servers.RefusesEveryone, servers.RefusesTheToken])
def test_credentials_that_are_not_accepted(
    suite: Suite, lying: Callable[[servers.Honest], str], server: type[servers.Honest]
) -> None:
    ended = suite.run("--target", suite.target(lying(server())))
    assert ended.code == 3
    incomplete((ended,), "set [auth] in target.toml to credentials that it accepts")


def test_a_target_that_hangs_is_cut_off(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    target = suite.target(lying(servers.NeverAnswers()), "[http]", "timeout = 0.3")
    incomplete((suite.run("--target", target),), "did not answer within 0.3 s (http.timeout of target.toml)")


def test_a_body_that_never_ends_is_cut_off(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    ended = suite.run("--target", suite.target(lying(servers.DripsItsBody()), "[http]", "timeout = 0.5"))
    assert ended.report is not None
    assert ended.code == 1
    assert "within 0.5 s" in ended.row("tiny.read.shows-the-status")["reason"]


def test_searches_that_hang_leave_the_rest_verified(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    ended = suite.run("--target", suite.target(lying(servers.HangsOnSearches()), "[http]", "timeout = 0.3"))
    assert ended.code == 3, ended.output
    assert ended.verdict("tiny.search.finds-the-patient") == "error"
    assert ended.verdict("tiny.read.shows-the-status") == "pass"
    assert ended.verdict("tiny.read.of-nothing-is-refused") == "pass"


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two-workers"])
def test_a_target_that_dies_half_way(
    suite: Suite, lying: Callable[[servers.Honest], str], workers: tuple[str, ...]
) -> None:
    target = suite.target(lying(servers.DiesHalfWay(answers=3)))
    ended = suite.pytest("--target", target, "-p", "no:randomly", *workers)
    assert ended.code == 1, ended.output
    assert ended.report is not None
    assert ended.report["verdict"] == "incomplete"
    assert ended.report["reason"].startswith("the target went away during the run: ")
    assert ended.lines("the target went away during the run") <= 2, ended.output
    assert len(ended.report["exchanges"]) >= 3
    assert all(row["verdict"] != "pass" for row in ended.report["requirements"] if "find" in row["id"])


def test_a_target_that_fails_half_way(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    """It still answers, but with nothing but 500: the run stops and says so once."""
    server = servers.FailsHalfWay(answers=8)
    ended = suite.run("--pack", "r4", "--target", suite.target(lying(server)))
    assert ended.code in {1, 3}, ended.output
    assert ended.report is not None
    why = "3 checks in a row had nothing but server errors from the target, and it answers 500 to GET /metadata as well"
    assert ended.lines("3 checks in a row had nothing but server errors") <= 2, ended.output
    assert why in ended.output + json.dumps(ended.report)
    assert len(server.seen) < 60


def test_a_busy_server_is_asked_again(suite: Suite, lying: Callable[[servers.Honest], str]) -> None:
    server = servers.IsBusyNowAndThen()
    ended = suite.run("--target", suite.target(lying(server)))
    assert ended.code == 0, ended.output
    assert ended.report is not None
    assert len(ended.report["exchanges"]) == len(server.seen)
    assert "answers were 429 or 503 (see http.rate and http.retries of target.toml)" in ended.output
    impatient = suite.run("--target", suite.target(server.url, "[http]", "retries = 0"))
    assert impatient.code in {1, 3}, impatient.output


def test_a_server_that_is_busy_for_hours_is_not_waited_for(
    suite: Suite, lying: Callable[[servers.Honest], str]
) -> None:
    ended = suite.run("--target", suite.target(lying(servers.IsBusyForHours())))
    assert ended.code == 3
    assert ended.lines("answers 503 with an OperationOutcome: maintenance to everything") == 1


def test_the_request_rate_is_kept(suite: Suite, honest: servers.Honest) -> None:
    ended = suite.run("--target", suite.target(honest.url, "[http]", "rate = 20"))
    assert ended.code == 0, ended.output
    after_the_first_look = honest.times[2:]
    assert after_the_first_look[-1] - after_the_first_look[0] > (len(after_the_first_look) - 1) / 20 * 0.8
