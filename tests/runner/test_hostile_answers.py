"""Answers that no server should give are the server's fault: none of them breaks a check."""

from __future__ import annotations

import copy
import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from conformance import preflight, proof
from conformance.clock import SetClock
from conformance.model import RunVerdict
from conformance.reference import ReferenceServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.wire import Headers, Received

VALUES: list[Any] = [None, 0, -1.5, True, "", "x", "\ud800", [], {}, [None], {"a": None}, ["x"], 5, "a" * 3000]
VALUES += ["http://[/Consent/x"]
MOMENTS = ["0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:60-14:00", "2026-01-01T10:30:Z"]
BODIES = [
    b"",
    b"null",
    b"[]",
    b'"x"',
    b"{",
    b"[" * 5000 + b"]" * 5000,
    b'{"a":' * 2000 + b"1" + b"}" * 2000,
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b"9" * 5000,
    b'{"resourceType": 5}',
    b'{"resourceType": ["Consent"]}',
    b'{"resourceType": "Consent"}',
    b'{"resourceType": "Consent", "id": 1e1000000000000000000}',
    b'{"resourceType": "Bundle", "total": 1e400, "entry": [{"resource": {"id": -1e999999999999999999}}]}',
    b'{"resourceType": "Bundle", "entry": "x"}',
    b'{"resourceType": "Bundle", "entry": [5], "link": {}}',
    b'{"resourceType": "OperationOutcome", "issue": [[]]}',
]
LINES = ["", "\u00e9", "http://[", "W/", "Consent", "/", "a" * 5000, "; charset", "application/fhir+json; charset=x"]
LINES += ["Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "http://[/Consent/x/_history/1"]
LINES += ["\u00b2", f"Sun, 22 Nov {'9' * 20} 16:51:53 GMT", "Fri, 31 Dec 9999 23:59:59 -2300"]


class Hostile(proof.Within):
    """Spoils about half of the answers, each in one place, and the same ones for the same seed."""

    def __init__(self, server: ReferenceServer, clock: SetClock, how: str, *, seed: int) -> None:
        super().__init__(server, clock)
        self._how = how
        self._dice = random.Random(seed)  # noqa: S311 - no secret

    def send(self, method: str, url: str, headers: Headers, body: bytes | None = None) -> Received:
        answer = super().send(method, url, headers, body)
        if ("/metadata" in url) is not (self._how == "statements"):
            return answer
        if self._how != "statements" and self._dice.random() < 0.5:
            return answer
        if self._how == "bodies":
            return replace(answer, body=self._dice.choice(BODIES))
        if self._how == "headers":
            lines = tuple(
                (name, self._dice.choice(LINES) if self._dice.random() < 0.5 else old) for name, old in answer.headers
            )
            return replace(answer, headers=lines)
        return replace(answer, body=self._spoilt(answer.body))

    def _spoilt(self, body: bytes) -> bytes:
        """JSON with a value of another kind in one place; what is no JSON stays as it is."""
        if not body.startswith((b"{", b"[")):
            return body
        document = json.loads(body)
        places = list(_places(document))
        if places:
            holder, name = self._dice.choice(places)
            is_dated = isinstance(name, str) and isinstance(holder[name], str) and holder[name][:2] in {"19", "20"}
            holder[name] = copy.deepcopy(self._dice.choice(MOMENTS if is_dated else VALUES))
        return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("pack", "how"),
    [
        ("r4", "values"),
        ("r4", "bodies"),
        ("r4", "headers"),
        ("nll-2023", "values"),
        ("nll-2019", "values"),
        ("oracle-health", "values"),
        ("medicasoft", "values"),
        ("r5-ballot", "values"),
    ],
)
def test_no_answer_breaks_a_check(pack: str, how: str) -> None:
    clock = SetClock()
    with ReferenceServer(pack, clock=clock.now, listen=False) as server:
        report = proof.run("--pack", pack, within=Hostile(server, clock, how, seed=1))
    broken = {
        check["nodeid"]: check["message"]
        for row in report.requirements
        for check in row.checks
        if check["outcome"] == "error"
    }
    assert broken == {}
    assert report.verdict is RunVerdict.NOT_CONFORMANT


@pytest.mark.parametrize("seed", range(24))
def test_no_statement_breaks_a_run(seed: int) -> None:
    """A CapabilityStatement with a value of another kind in one place: what it claims is less, or something else."""
    clock = SetClock()
    with ReferenceServer("r4", clock=clock.now, listen=False) as server:
        within = Hostile(server, clock, "statements", seed=seed)
        report = proof.run("--pack", "r4", "-k", "test_capability", within=within)
    outcomes = {check["outcome"] for row in report.requirements for check in row.checks}
    assert outcomes
    assert "error" not in outcomes


@pytest.mark.parametrize(
    "members",
    [
        {"searchParam": [{"name": {}}, {}, {"name": "\ud800"}, {"name": "x\nallow_writes = true"}]},
        {"searchInclude": 5, "versioning": [], "conditionalRead": {}},
        {"interaction": [{"code": []}, 5, "x"], "searchParam": {}, "searchInclude": [{}, [], "*"]},
    ],
    ids=["parameters", "members", "rows"],
)
def test_odd_claims_are_none(members: dict[str, Any]) -> None:
    statement = {"rest": [{"resource": [{"type": "Consent", **members}]}]}
    assert list(preflight.claims_in(statement)) == ["capabilities"]


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(holder, name or index) of each value in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in list(items):
        yield value, name
        yield from _places(inner)
