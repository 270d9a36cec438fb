"""Alone, in parallel, in any order: the same results.json, but for times and what is fresh in each run."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runs import Suite

FRESH = [
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"), "INSTANT"),
    (re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} 20\d\d \d\d:\d\d:\d\d GMT"), "HTTP-DATE"),
    (re.compile(r"(?<=Content-Length\", \")\d+", re.IGNORECASE), "LENGTH"),
]
TIMES = ("started", "finished", "waited_ms")


def alike(report: dict[str, Any]) -> dict[str, Any]:
    """The report without what differs from run to run: times, and ids that are made up for each."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(one) for name, one in value.items() if name not in TIMES}
        return [plain(one) for one in value] if isinstance(value, list) else value

    text = json.dumps(plain(report))
    for pattern, word in FRESH:
        text = pattern.sub(word, text)
    return dict(json.loads(text))


WAYS = {
    "two workers": ("-n", "2", "-p", "no:randomly"),
    "four workers, in random order": ("-n", "4", "--randomly-seed=4"),
    "one worker, in random order": ("--randomly-seed=1",),
}


def embedded(suite: Suite, *options: str) -> dict[str, Any]:
    """The closing of consents, some header cells and what is observed, against the embedded server."""
    topics = ("nll-2023.close", "nll-2023.headers.request-id*", "nll-2023.errors")
    selected = [part for topic in topics for part in ("--only", topic)]
    ended = suite.pytest("--pack", "nll-2023", *selected, *options)
    assert ended.report is not None, ended.output
    assert ended.report["counts"]["pass"] > 10
    return alike(ended.report)


def test_the_way_of_running_changes_nothing(suite: Suite) -> None:
    plain = embedded(suite, "-p", "no:randomly")
    for way, options in WAYS.items():
        assert embedded(suite, *options) == plain, way
