"""From findings to verdicts, row by row of the table of verdicts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from conformance.judge import Circumstances, judge, merged, verdict_of_run, weigh
from conformance.model import (
    Basis,
    CheckRecord,
    Deviation,
    Exchange,
    Exclusion,
    Finding,
    Judged,
    Level,
    Outcome,
    Requirement,
    RunVerdict,
    Verdict,
)

TODAY = date(2026, 6, 1)
LISTED = Deviation(requirement="a.b.c", reason="known", owner="us", tracker="T-1", expires="2026-06-01")
EXPIRED = Deviation(requirement="a.b.c", reason="known", owner="us", tracker="T-1", expires="2026-05-31")
EXCLUDED = Exclusion(requirement="a.b.c", reason="not in staging")
EXCLUDED_UNTIL = Exclusion(requirement="a.b.c", reason="not in staging", expires="2026-05-31")


def requirement(
    level: Level = Level.SHALL, basis: Basis = Basis.STATED, not_tested: str | None = None, name: str = "a.b.c"
) -> Requirement:
    return Requirement(id=name, level=level, basis=basis, source="s", text="t", set="a/b", not_tested=not_tested)


def record(*outcomes: Outcome, nodeid: str = "n", name: str = "a.b.c") -> CheckRecord:
    findings = tuple(Finding(requirement=name, outcome=outcome, message=f"said {outcome}") for outcome in outcomes)
    return CheckRecord(nodeid=nodeid, title="t", findings=findings)


def verdict(*outcomes: Outcome, row: Requirement | None = None, **under: Any) -> Judged:
    given = {"inapplicable": {}, "selected": {"a.b.c"}, "covered": {"a.b.c"}, "today": TODAY} | under
    records = [record(*outcomes)] if outcomes else []
    (judged,) = judge([row or requirement()], records, Circumstances(**given))
    return judged


@pytest.mark.parametrize(
    ("level", "basis", "expected"),
    [
        (Level.SHALL, Basis.STATED, Verdict.FAIL),
        (Level.SHALL, Basis.DOCUMENTED, Verdict.FAIL),
        (Level.SHALL, Basis.INFERRED, Verdict.WARN),
        (Level.SHOULD, Basis.STATED, Verdict.WARN),
        (Level.SHOULD, Basis.DOCUMENTED, Verdict.WARN),
        (Level.SHOULD, Basis.INFERRED, Verdict.WARN),
        (Level.MAY, Basis.STATED, Verdict.WARN),
        (Level.MAY, Basis.DOCUMENTED, Verdict.WARN),
        (Level.MAY, Basis.INFERRED, Verdict.WARN),
    ],
)
def test_what_a_violation_costs(level: Level, basis: Basis, expected: Verdict) -> None:
    assert weigh(requirement(level, basis), Outcome.VIOLATED) is expected


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome.HELD, Verdict.PASS),
        (Outcome.NOT_TESTABLE, Verdict.NOT_TESTABLE),
        (Outcome.ERROR, Verdict.ERROR),
    ],
)
def test_level_and_basis_matter_for_violations_only(outcome: Outcome, expected: Verdict) -> None:
    found = {weigh(requirement(level, basis), outcome) for level in Level for basis in Basis}
    assert found == {expected}


HELD, VIOLATED, UNTESTED, BROKE = Outcome.HELD, Outcome.VIOLATED, Outcome.NOT_TESTABLE, Outcome.ERROR
INFERRED = requirement(basis=Basis.INFERRED)
NOT_TESTED = requirement(not_tested="cannot be seen")
ELSEWHERE = {"selected": set[str]()}


@pytest.mark.parametrize(
    ("outcomes", "under", "expected", "reason"),
    [
        ((HELD,), {}, Verdict.PASS, ""),
        ((HELD, VIOLATED), {}, Verdict.FAIL, "said violated"),
        ((HELD, UNTESTED), {}, Verdict.NOT_TESTABLE, "said not-testable"),
        ((VIOLATED, UNTESTED), {}, Verdict.FAIL, "said violated"),
        ((VIOLATED, BROKE), {}, Verdict.ERROR, "said error"),
        ((VIOLATED,), {"row": INFERRED}, Verdict.WARN, "said violated"),
        ((VIOLATED, UNTESTED), {"row": INFERRED}, Verdict.NOT_TESTABLE, "said not-testable"),
        ((), {"row": NOT_TESTED}, Verdict.NOT_TESTED, "cannot be seen"),
        ((), {"inapplicable": {"a.b.c": "not claimed"}}, Verdict.NOT_APPLICABLE, "not claimed"),
        ((), {"row": NOT_TESTED, "inapplicable": {"a.b.c": "no"}}, Verdict.NOT_TESTED, "cannot be seen"),
        ((), {"covered": set()}, Verdict.ERROR, "no check verifies this requirement"),
        ((), {"covered": set(), **ELSEWHERE}, Verdict.ERROR, "no check verifies this requirement"),
        ((), ELSEWHERE, Verdict.NOT_RUN, "deselected"),
        ((), {"left_out": {"a.b.c": "n"}}, Verdict.NOT_RUN, "its checks were deselected"),
        ((), {}, Verdict.ERROR, "came to no result: the suite is at fault"),
        ((), {"stopped": "Ctrl-C"}, Verdict.NOT_RUN, "not exercised: Ctrl-C"),
        ((), {"broken": "gone"}, Verdict.ERROR, "not exercised: gone"),
        ((), {"stopped": "by us", "broken": "gone"}, Verdict.ERROR, "not exercised: gone"),
        ((HELD,), {"broken": "gone"}, Verdict.PASS, ""),
        ((HELD,), {"broken": "gone", "left_out": {"a.b.c": "n"}}, Verdict.ERROR, "not exercised: gone"),
        ((HELD,), {"stopped": "Ctrl-C", "left_out": {"a.b.c": "n"}}, Verdict.NOT_RUN, "not exercised: Ctrl-C"),
        ((HELD,), {"left_out": {"a.b.c": "n"}}, Verdict.NOT_RUN, "only in part: n was deselected"),
        ((VIOLATED,), {"left_out": {"a.b.c": "n"}}, Verdict.FAIL, "said violated"),
        ((VIOLATED,), {"left_out": {"a.b.c": "n"}, "row": INFERRED}, Verdict.NOT_RUN, "only in part"),
        ((UNTESTED,), {"left_out": {"a.b.c": "n"}}, Verdict.NOT_TESTABLE, "said not-testable"),
        ((VIOLATED,), {"deviations": (LISTED,)}, Verdict.KNOWN_DEVIATION, "known (T-1, until 2026-06-01)"),
        ((VIOLATED,), {"deviations": (EXPIRED,)}, Verdict.STALE_DEVIATION, "expired on 2026-05-31: said violated"),
        ((HELD,), {"deviations": (LISTED,)}, Verdict.STALE_DEVIATION, "remove the entry"),
        ((HELD,), {"deviations": (EXPIRED,)}, Verdict.STALE_DEVIATION, "remove the entry"),
        ((VIOLATED,), {"deviations": (LISTED,), "row": INFERRED}, Verdict.KNOWN_DEVIATION, "known"),
        ((UNTESTED,), {"deviations": (LISTED,)}, Verdict.NOT_TESTABLE, "said not-testable"),
        ((BROKE,), {"deviations": (LISTED,)}, Verdict.ERROR, "said error"),
        ((HELD,), {"deviations": (LISTED,), "left_out": {"a.b.c": "n"}}, Verdict.NOT_RUN, "only in part"),
        ((), {"exclusions": (EXCLUDED,), **ELSEWHERE}, Verdict.NOT_RUN, "excluded on record: not in staging"),
        ((), {"exclusions": (EXCLUDED_UNTIL,), **ELSEWHERE}, Verdict.NOT_RUN, "expired on 2026-05-31: remove"),
    ],
)
def test_verdicts_of_a_requirement(
    outcomes: tuple[Outcome, ...], under: dict[str, Any], expected: Verdict, reason: str
) -> None:
    judged = verdict(*outcomes, **under)
    assert judged.verdict is expected
    assert reason in judged.reason if reason else judged.reason == ""


def test_notes_are_kept_once_and_checks_are_published() -> None:
    noted = Finding(requirement="a.b.c", outcome=HELD, notes=("200 where 201 is usual",), exchanges=("e1",))
    records = [CheckRecord(nodeid=name, title="t", findings=(noted,)) for name in ("m", "n")]
    (judged,) = judge(
        [requirement()],
        records,
        Circumstances(inapplicable={}, selected={"a.b.c"}, covered={"a.b.c"}, today=TODAY),
    )
    assert judged.notes == ("200 where 201 is usual",)
    assert [(one["nodeid"], one["outcome"], one["exchanges"]) for one in judged.checks] == [
        ("m", "held", ["e1"]),
        ("n", "held", ["e1"]),
    ]


def test_exchanges_are_numbered_by_check_whatever_came_first() -> None:
    def made(nodeid: str) -> CheckRecord:
        exchange = Exchange(id="1", method="GET", url=nodeid)
        finding = Finding(requirement="a.b.c", outcome=HELD, exchanges=("1",))
        return CheckRecord(nodeid=nodeid, title="t", findings=(finding,), exchanges=(exchange,))

    one, other = merged([made("n"), made("m")]), merged([made("m"), made("n")])
    assert one == other
    records, exchanges = one
    assert {name: exchange.url for name, exchange in exchanges.items()} == {"e00001": "m", "e00002": "n"}
    assert [record.findings[0].exchanges for record in records] == [("e00001",), ("e00002",)]


def run(*verdicts: Verdict, reason: str = "why", stopped: str = "") -> tuple[RunVerdict, str]:
    rows = [
        Judged(requirement=requirement(name=f"a.b.{number}"), verdict=one, reason=reason)
        for number, one in enumerate(verdicts)
    ]
    return verdict_of_run(rows, stopped=stopped)


GREEN, KNOWN = RunVerdict.CONFORMANT, RunVerdict.CONFORMANT_WITH_DEVIATIONS
RED, OPEN = RunVerdict.NOT_CONFORMANT, RunVerdict.INCOMPLETE


@pytest.mark.parametrize(
    ("verdicts", "expected", "said"),
    [
        ([Verdict.PASS], GREEN, "every applicable requirement was verified"),
        ([Verdict.PASS, Verdict.WARN], GREEN, "every applicable requirement was verified, 1 with a warning"),
        ([Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.NOT_TESTED], GREEN, "every applicable"),
        ([Verdict.WARN], GREEN, "1 with a warning"),
        (
            [Verdict.PASS, Verdict.KNOWN_DEVIATION],
            KNOWN,
            "1 requirement is violated as put on record for this target: a.b.1",
        ),
        ([Verdict.PASS, Verdict.FAIL], RED, "1 requirement is violated: a.b.1"),
        ([Verdict.FAIL, Verdict.FAIL], RED, "2 requirements are violated: a.b.0, a.b.1"),
        ([Verdict.FAIL] * 4, RED, "4 requirements are violated: a.b.0, a.b.1, a.b.2 …"),
        ([Verdict.STALE_DEVIATION], RED, "1 known deviation is stale: a.b.0"),
        ([Verdict.FAIL, Verdict.STALE_DEVIATION], RED, "violated: a.b.0; 1 known deviation is stale: a.b.1"),
        ([Verdict.FAIL, Verdict.ERROR, Verdict.NOT_TESTABLE, Verdict.NOT_RUN], RED, "1 requirement is"),
        ([Verdict.PASS, Verdict.ERROR], OPEN, "1 not verified; a.b.1: why"),
        ([Verdict.PASS, Verdict.NOT_TESTABLE], OPEN, "1 not verified; a.b.1: why"),
        ([Verdict.PASS, Verdict.NOT_RUN], OPEN, "1 not verified; a.b.1: why"),
        ([Verdict.NOT_RUN, Verdict.NOT_TESTABLE, Verdict.ERROR], OPEN, "3 not verified; a.b.2: why"),
        ([Verdict.KNOWN_DEVIATION, Verdict.NOT_TESTABLE], OPEN, "1 not verified"),
        ([Verdict.NOT_APPLICABLE, Verdict.NOT_TESTED], OPEN, "nothing was verified"),
        ([], OPEN, "nothing was verified"),
    ],
)
def test_verdicts_of_a_run(verdicts: list[Verdict], expected: RunVerdict, said: str) -> None:
    verdict, reason = run(*verdicts)
    assert verdict is expected
    assert said in reason


def test_an_exclusion_on_record_does_not_hold_a_run_up_but_is_mentioned() -> None:
    rows = [
        Judged(requirement=requirement(), verdict=Verdict.PASS),
        Judged(requirement=requirement(name="a.b.d"), verdict=Verdict.NOT_RUN, reason="excluded on record: staging"),
    ]
    assert verdict_of_run(rows) == (GREEN, "every applicable requirement was verified, but for 1 excluded on record")
    assert verdict_of_run(rows[1:])[0] is OPEN


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [([Verdict.PASS], OPEN), ([Verdict.PASS, Verdict.KNOWN_DEVIATION], OPEN), ([Verdict.FAIL], RED)],
)
def test_a_run_that_was_stopped_is_not_conformant(verdicts: list[Verdict], expected: RunVerdict) -> None:
    assert run(*verdicts, stopped="Ctrl-C")[0] is expected
