"""A dry run prints what would be sent, in the words of the target, and sends nothing."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import servers
    from runs import Suite

R4 = ["--pack", "r4", "--only", "r4.create"]
REQUEST = re.compile(r"^### .*\n([A-Z]+) (\S+)$", re.MULTILINE)


def asked(output: str) -> Counter[tuple[str, str]]:
    """Methods and paths, with ids that are made up anew every time left out."""
    uuid = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
    return Counter((method, uuid.sub("…", url.partition("/fhir")[2])) for method, url in REQUEST.findall(output))


def test_it_prints_what_a_run_sends(suite: Suite, honest: servers.Honest) -> None:
    dry = suite.run(*R4, "--dry-run", "--target", suite.target(honest.url))
    run = suite.run(*R4)

    assert (dry.code, honest.seen) == (0, [])
    assert run.report is not None
    sent = Counter(
        (row["method"], re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "…", row["url"].partition("/fhir")[2]))
        for row in run.report["exchanges"].values()
    )
    assert asked(dry.output) == sent
    assert f"# {sum(sent.values())} requests" in dry.output
    assert all(url.startswith(honest.url) for _, url in REQUEST.findall(dry.output))


def test_it_keeps_secrets_and_says_what_a_read_only_run_leaves_out(suite: Suite, honest: servers.Honest) -> None:
    lines = ["[auth]", 'kind = "bearer"', 'token_env = "STAGING"', "[http.headers]", 'X-Key = { value_env = "KEY" }']
    target = suite.target(honest.url, *lines, allow_writes=False)
    secret = {"STAGING": "sesame-open-1", "KEY": "barley-open-2"}

    dry = suite.run("--pack", "r4", "--dry-run", "--target", target, environ=secret)

    assert (dry.code, honest.seen) == (0, [])
    assert "sesame" not in dry.output
    assert "barley" not in dry.output
    assert "X-Key: [redacted]" in dry.output
    assert "0 of which write" in dry.output
    assert {method for method, _ in asked(dry.output)} <= {"GET", "HEAD", "POST"}


def test_a_pack_without_an_embedded_server_has_nothing_to_rehearse_with(suite: Suite, honest: servers.Honest) -> None:
    ended = suite.run("--dry-run", "--target", suite.target(honest.url))
    assert ended.code == 2
    assert "has no embedded server to rehearse with" in ended.output
