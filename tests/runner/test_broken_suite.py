"""Our own mistakes are errors with a cause, and no certificate comes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from runs import Ended, Suite
    from servers import Honest

CRASHES = {
    "in-a-check": """
        from conformance.play import Play
        def hold(self, answer, row): raise KeyError("patient")
        Play.hold = hold
    """,
    "after-the-last-requirement": """
        from conformance.play import Play
        kept = Play.remember
        def remember(self, step, answer):
            kept(self, step, answer)
            if not step.remember: raise KeyError("patient")
        Play.remember = remember
    """,
    "in-the-set-up": """
        import pytest
        @pytest.fixture(autouse=True)
        def broken(): raise KeyError("patient")
    """,
    "in-the-tear-down": """
        import pytest
        @pytest.fixture(autouse=True)
        def broken():
            yield
            raise KeyError("patient")
    """,
    "a-skip": """
        import pytest
        from conformance.play import Play
        def request(self, step): pytest.skip("KeyError: 'patient'")
        Play.request = request
    """,
}


def sabotaged(suite: Suite, honest: Honest, code: str, *options: str) -> Ended:
    """A run with a pytest plugin of these lines."""
    lines = [line.removeprefix(" " * 8) for line in code.splitlines()]
    (suite.folder / "saboteur.py").write_text("\n".join(lines), encoding="utf-8")
    target = suite.target(honest.url)
    return suite.pytest("-p", "saboteur", "--target", target, *options, environ={"PYTHONPATH": str(suite.folder)})


@pytest.mark.parametrize("place", CRASHES)
def test_a_check_that_crashes(suite: Suite, honest: Honest, place: str) -> None:
    ended = sabotaged(suite, honest, CRASHES[place], *(("-n", "2") if place == "in-the-tear-down" else ()))
    assert ended.code == 1, ended.output
    assert ended.report is not None
    assert ended.report["verdict"] == "incomplete"
    row = ended.row("tiny.read.of-nothing-is-refused")
    assert row["verdict"] == "error"
    assert row["reason"].startswith("the suite is at fault, not the server: ")
    assert "'patient'" in row["reason"]


def test_an_obstacle_after_the_last_requirement_is_mentioned(suite: Suite, honest: Honest) -> None:
    """What the check would have asked next is not known to anybody, so the verdict stands with a note."""
    code = """
        from conformance.model import Violation
        from conformance.play import Play
        kept = Play.remember
        def remember(self, step, answer):
            kept(self, step, answer)
            if not step.remember: raise Violation("a Bundle", "a page of a shop")
        Play.remember = remember
    """
    ended = sabotaged(suite, honest, code)
    row = ended.row("tiny.read.of-nothing-is-refused")
    assert row["verdict"] == "pass"
    assert row["notes"] == ["the check did not come to its end: expected a Bundle; got a page of a shop"]


def test_a_fixture_of_the_wrong_kind(suite: Suite, honest: Honest) -> None:
    (suite.pack / "fixtures" / "consent.json").write_text("[]", encoding="utf-8")
    ended = suite.run("--target", suite.target(honest.url))
    assert ended.code == 3
    assert ended.verdict("tiny.create.is-answered-with-201") == "error"
    assert ended.report is not None
    assert "the suite is at fault, not the server: " in ended.report["reason"]


def test_a_fixture_that_is_no_consent_of_r4(suite: Suite, honest: Honest) -> None:
    path = suite.pack / "fixtures" / "consent.json"
    path.write_text(path.read_text().replace('"active"', '"actve"'), encoding="utf-8")
    ended = suite.run("--target", suite.target(honest.url))
    assert ended.code == 3
    row = ended.row("tiny.create.is-answered-with-201")
    assert row["verdict"] == "error"
    assert "the suite is at fault, not the server: " in row["reason"]
    assert "Consent.status: 'actve' is not in" in row["reason"]
    assert not any(request.startswith("POST") for request in map(str, honest.seen))


def test_a_scenario_that_cannot_be_played(suite: Suite, honest: Honest) -> None:
    path = suite.pack / "scenarios" / "own.toml"
    path.write_text(path.read_text().replace('remember = { consent = "id" }', 'remember = { consent = "/nowhere" }'))
    for ended in suite.both("--target", suite.target(honest.url), codes=(1, 3)):
        assert ended.verdict("tiny.read.shows-the-status") == "not-testable"
        assert "step 'create' gave no consent" in ended.row("tiny.read.shows-the-status")["reason"]
        assert ended.verdict("tiny.create.is-answered-with-201") == "pass"


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two-workers"])
def test_checks_that_cannot_be_collected(suite: Suite, honest: Honest, workers: tuple[str, ...]) -> None:
    code = """
        def pytest_pycollect_makemodule(module_path):
            if module_path.name == "test_scenarios.py": raise ValueError("no module of that name")
    """
    ended = sabotaged(suite, honest, code, *workers)
    assert ended.code == 1, ended.output
    assert ended.report is not None
    assert ended.report["verdict"] == "incomplete"
    assert "of the suite cannot be collected: " in ended.report["reason"]
    assert "no module of that name" in ended.report["reason"]
    assert ended.verdict("tiny.read.shows-the-status") == "error"


def test_a_worker_that_dies(suite: Suite, honest: Honest) -> None:
    code = """
        import os
        def pytest_runtest_setup(item):
            if "read-nothing" in item.nodeid: os._exit(9)
    """
    ended = sabotaged(suite, honest, code, "-n", "2")
    assert ended.code == 1, ended.output
    assert ended.report is not None
    assert ended.report["verdict"] == "incomplete"
    assert "crashed while running" in ended.report["reason"]
    assert ended.verdict("tiny.read.of-nothing-is-refused") == "error"


def test_a_requirement_that_no_check_verifies(suite: Suite, honest: Honest) -> None:
    path = suite.pack / "requirements" / "own.toml"
    row = path.read_text().partition("[[requirement]]")[2].partition("[[requirement]]")[0]
    path.write_text(f"{path.read_text()}\n[[requirement]]{row.replace('is-answered-with-201', 'is-forgotten')}")
    ended = suite.run("--target", suite.target(honest.url))
    assert ended.code == 3
    assert ended.verdict("tiny.create.is-forgotten") == "error"
    assert ended.report is not None
    assert "tiny.create.is-forgotten: no check verifies this requirement" in ended.report["reason"]
