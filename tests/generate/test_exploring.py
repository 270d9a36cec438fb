"""What is made up: the same for a seed, valid or wrong in one thing alone, and no more of it than was allowed."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest

from conformance import proof
from conformance.generate import exploring
from conformance.generate.exploring import Exploring
from conformance.generate.smaller import reduced
from conformance.validation import Validator

Json = dict[str, Any]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Json]:
    """Every example that is tried from now on, with the number of exchanges at the end of its check."""
    examples: list[Json] = []
    explore = Exploring.explore

    def kept(self: Exploring, *given: Any, **named: Any) -> Any:
        explored = explore(self, *given, **named)
        examples.extend(json.loads(key) for key in self._seen)
        return explored

    monkeypatch.setattr(Exploring, "explore", kept)
    return examples


def run(check: str, *options: str, number: int = 80) -> None:
    proof.against("r4", options=["-k", check, "--generated", str(number), *options])


def test_a_seed_makes_the_same_examples_whatever_is_imported(made: list[Json]) -> None:
    run("lifecycles")
    first = made.copy()
    made.clear()
    importlib.import_module("tests.report.synthetic")  # full of constants that Hypothesis would like
    run("lifecycles")
    assert made == first
    made.clear()
    run("lifecycles", "--seed", "1")
    assert made != first


@pytest.mark.parametrize(("check", "part"), [("lifecycles", "steps"), ("are_found", "probes")])
def test_some_are_tried_whatever_the_seed(check: str, part: str, made: list[Json]) -> None:
    """Where a share has room for more."""

    def tried(seed: str, number: int) -> set[str]:
        made.clear()
        run(check, "--seed", seed, number=number)
        for one in made:
            one.get("body", {}).pop("meta", None)  # the mark of the run
        return {json.dumps(one, sort_keys=True) for one in made}

    first, second = tried("0", 500), tried("1", 500)
    assert len(first & second) > 4
    assert all(json.loads(one)[part] for one in first & second)
    assert len(first - second) > 1
    assert len(tried("0", 80) & tried("1", 80)) < 2


def test_consents_are_valid(made: list[Json]) -> None:
    run("come_back", number=200)
    assert len(made) > 10
    errors = [issue for one in made for issue in Validator().validate(one["body"]) if issue.severity == "error"]
    assert errors == []


@pytest.mark.parametrize("seed", ["0", "11"])
def test_a_target_that_refuses_all_that_is_wrong_is_not_one_that_takes_nothing(
    seed: str, made: list[Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much that is wrong comes first: a consent with nothing wrong comes before it."""
    monkeypatch.setattr(exploring, "FRUITLESS", 1)
    report = proof.against("r4", options=["-k", "faults_are", "--generated", "80", "--seed", seed])
    assert not {"rule", "raw"} & set(made[0])
    rows = {row.requirement.id: str(row.verdict) for row in report.requirements}
    assert rows["generated.write.invalid-is-not-stored"] == "pass"
    assert "not-testable" not in {verdict for row, verdict in rows.items() if row.startswith("generated.")}
    assert len(made) > 2


def test_mutants_break_the_named_rule_and_no_other(made: list[Json]) -> None:
    run("faults_are", number=300)
    wrong = [one for one in made if "rule" in one]
    assert len({one["rule"] for one in wrong}) > 2
    for one in wrong:
        rules = {issue.rule for issue in Validator().validate(one["body"]) if issue.severity == "error"}
        assert rules == {one["rule"]}, one["wrong"]


def test_none_are_sent_when_none_are_allowed() -> None:
    report = proof.against("r4", options=["-k", "test_generated or test_reading", "--generated", "0"])
    said = {str(row.verdict) for row in report.requirements if row.requirement.id.startswith("generated.")}
    assert said == {"not-applicable"}


def test_smaller_leaves_only_what_is_needed() -> None:
    example = {"body": {"a": [1, 2, {"b": "x", "c": "y"}], "d": {"e": 1}}, "kind": "k"}
    smallest = reduced(example, lambda one: "x" in json.dumps(one), under=("body",))
    assert smallest == {"body": {"a": [{"b": "x"}]}, "kind": "k"}
