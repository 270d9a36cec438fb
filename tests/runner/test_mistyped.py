"""What an operator mistypes: one sentence with file, key and remedy, exit code 4 (pytest) or 2 (run), nothing sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from runs import Suite
    from servers import Honest


def refused(suite: Suite, honest: Honest, *options: str, words: str, by_pytest: bool = False) -> None:
    ended = suite.pytest(*options) if by_pytest else suite.run(*options)
    assert ended.code == (4 if by_pytest else 2), ended.output
    assert ended.lines(words) == 1, ended.output
    assert ended.report is None
    assert honest.seen == []


def test_no_such_pack(suite: Suite, honest: Honest) -> None:
    target = suite.target(honest.url)
    words = "no pack 'nll-2032' in profiles/ (there are:"
    for by_pytest in (True, False):
        refused(suite, honest, "--target", target, "--pack", "nll-2032", words=words, by_pytest=by_pytest)


@pytest.mark.parametrize("option", ["--only", "--exclude"])
def test_a_pattern_that_fits_nothing(suite: Suite, honest: Honest, option: str) -> None:
    target = suite.target(honest.url)
    words = f"{option}: no requirement of this pack fits 'tiny.raed'; did you mean 'tiny.read'?"
    refused(suite, honest, "--target", target, option, "tiny.raed", words=words)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("alow_writes = true", "did you mean 'allow_writes'"),
        ("allow_writes = true", "target.toml"),
        ("[auth]\nkind = 'bearer'\ntoken_env = 'NOBODY_SET_ME'", "NOBODY_SET_ME is not set; set it before the run"),
        ("[[exclude]]\nrequirement = 'tiny.read.shows-the-statos'\nreason = 'r'", "tiny.read.shows-the-status"),
    ],
    ids=["unknown-key", "duplicate-key", "variable", "no-requirement"],
)
def test_a_mistake_in_target_toml(suite: Suite, honest: Honest, line: str, words: str) -> None:
    by_pytest = "NOBODY" in line
    refused(suite, honest, "--target", suite.target(honest.url, line), words=words, by_pytest=by_pytest)


def test_a_body_that_is_no_consent_of_r4(suite: Suite, honest: Honest) -> None:
    body = (suite.pack / "fixtures" / "consent.json").read_text()
    (suite.folder / "mine.json").write_text(body.replace('"scope"', '"scop"'), encoding="utf-8")
    target = suite.target(honest.url, "[bodies]\nactive = 'mine.json'")
    refused(suite, honest, "--target", target, words="bodies.active: mine.json: Consent.scop: Consent has no element")


@pytest.mark.parametrize(
    ("line", "words"),
    [("tilte = 'x'", "tilte"), ("title = 'again'", "pack.toml")],
    ids=["unknown-key", "duplicate-key"],
)
def test_a_mistake_in_pack_toml(suite: Suite, honest: Honest, line: str, words: str) -> None:
    path = suite.pack / "pack.toml"
    path.write_text(path.read_text().replace('fhir = "4.0"', f'fhir = "4.0"\n{line}'), encoding="utf-8")
    refused(suite, honest, "--target", suite.target(honest.url), words=words)


def test_a_pack_that_claims_nothing(suite: Suite, honest: Honest) -> None:
    path = suite.pack / "pack.toml"
    path.write_text(path.read_text().partition("[[claim]]")[0], encoding="utf-8")
    refused(suite, honest, "--target", suite.target(honest.url), words="nothing is claimed, so nothing would be judged")


def test_a_fixture_that_is_broken(suite: Suite, honest: Honest) -> None:
    (suite.pack / "fixtures" / "consent.json").write_text("{", encoding="utf-8")
    refused(suite, honest, "--target", suite.target(honest.url), words="consent.json")


def test_a_target_file_that_does_not_exist(suite: Suite, honest: Honest) -> None:
    suite.target(honest.url)
    refused(suite, honest, "--target", "taget.toml", words="taget.toml")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:9/fhir?tenant=1", "has a query or a fragment; leave off what follows the path"),
        ("http://user:word@127.0.0.1:9/fhir", "holds a user name or password; leave it off and use [auth]"),
        ("127.0.0.1:9/fhir", "is no http address"),
        ("http://127.0.0.1:9/fhir/metadata", "ends in /metadata; give the base address"),
        ("http://127.0.0.1:99999/fhir", "is no address"),
    ],
)
def test_a_base_url_that_is_none(suite: Suite, honest: Honest, url: str, words: str) -> None:
    given = ("--base-url", url) if "tenant" in url else ("--target", suite.target(url))
    refused(suite, honest, *given, words=words, by_pytest="tenant" in url)


@pytest.mark.parametrize("place", ["a-file", "a-file/below"])
def test_reports_that_cannot_be_written(suite: Suite, honest: Honest, place: str) -> None:
    (suite.folder / "a-file").write_text("")
    words = "--report-dir: nothing can be written into"
    refused(
        suite,
        honest,
        "--target",
        suite.target(honest.url),
        "--report-dir",
        place,
        words=words,
        by_pytest="below" in place,
    )


def test_the_trailing_slash_of_a_base_url_changes_nothing(suite: Suite, honest: Honest) -> None:
    with_slash = suite.run("--target", suite.target(honest.url + "/"))
    asked, honest.seen[:] = sorted(honest.seen), []
    without = suite.run("--target", suite.target(honest.url))
    assert (with_slash.code, without.code) == (0, 0)
    assert [line.partition("/")[0] for line in asked] == [line.partition("/")[0] for line in sorted(honest.seen)]
    assert with_slash.report is not None
    assert without.report is not None
    assert with_slash.report["target"] == without.report["target"]
