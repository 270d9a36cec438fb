"""results.json: exact both ways, strict, and in an order that depends on nothing but its content."""

from __future__ import annotations

import dataclasses
import json
import random
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import synthetic

from conformance.model import UsageError, Verdict
from conformance.report import results

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUNS = {"every-verdict": synthetic.every_verdict, "hostile": synthetic.hostile, "large": lambda: synthetic.large(40)}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_a_run_comes_back_exactly(run: Any, tmp_path: Path) -> None:
    report = run()
    assert results.from_json(results.to_json(report)) == report
    assert results.read(results.write(report, tmp_path)) == report
    assert results.read(tmp_path) == report
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_what_is_written_fits_the_schema(run: Any, tmp_path: Path) -> None:
    data = json.loads(results.write(run(), tmp_path).read_bytes())
    validator = jsonschema.Draft202012Validator(results.json_schema())
    validator.check_schema(results.json_schema())
    assert not list(validator.iter_errors(data))


def test_the_schema_takes_nothing_else() -> None:
    validator = jsonschema.Draft202012Validator(results.json_schema())
    data = json.loads(json.dumps(results.to_json(synthetic.every_verdict())))
    spoilt = [
        {**data, "score": 97},
        {**data, "mode": "quick"},
        {**data, "counts": {**data["counts"], "skipped": 1}},
        {**data, "counts": {key: count for key, count in data["counts"].items() if key != "warn"}},
        {**data, "requirements": [{**data["requirements"][0], "level": "MUST"}]},
        {**data, "requirements": [{**data["requirements"][0], "checks": [{"nodeid": "x"}]}]},
        {**data, "exchanges": {"a": {"method": "GET"}}},
        {key: value for key, value in data.items() if key != "target"},
    ]
    assert all(not validator.is_valid(one) for one in spoilt)


def test_each_key_of_the_schema_is_described() -> None:
    def undescribed(schema: Any, path: str) -> Iterator[str]:
        if isinstance(schema, dict):
            for name, value in schema.get("properties", {}).items():
                if "$ref" not in value and not value.get("description", "").endswith((".", ")")):
                    yield f"{path}.{name}"
            for name, value in schema.items():
                yield from undescribed(value, f"{path}.{name}")

    assert not list(undescribed(results.json_schema(), "results"))


def test_every_verdict_is_counted_even_when_there_is_none() -> None:
    counted = results.to_json(synthetic.report([], []))["counts"]
    assert counted == {verdict.value: 0 for verdict in Verdict}


def test_the_order_of_arrival_leaves_no_trace(tmp_path: Path) -> None:
    report = synthetic.every_verdict()
    shuffled = random.Random(4)  # noqa: S311 - an order, not a secret
    keys = list(report.exchanges)
    shuffled.shuffle(keys)
    rows = []
    for judged in report.requirements:
        checks = list(judged.checks)
        shuffled.shuffle(checks)
        rows.append(dataclasses.replace(judged, checks=tuple(checks)))
    arrived = dataclasses.replace(
        report, requirements=tuple(rows), exchanges={key: report.exchanges[key] for key in keys}
    )
    one = results.write(report, tmp_path / "one").read_bytes()
    assert results.write(arrived, tmp_path / "other").read_bytes() == one


def test_a_form_of_another_time_is_named() -> None:
    with pytest.raises(UsageError, match=r"schema '2' is not known here \(there is: '1'\)"):
        results.from_json({"schema": "2"})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda data: data.pop("mode"), "'mode' is missing"),
        (lambda data: data.update(verdict="great"), "'great' is not a valid RunVerdict"),
        (lambda data: data["counts"].update(fail=0), "counts do not agree"),
        (lambda data: data["exchanges"].pop("w0-0001"), "nll-2023.close.unknown-id-fails refers to exchange w0-0001"),
        (lambda data: data["requirements"][0].pop("text"), "'text' is missing"),
        (lambda data: data["exchanges"]["w0-0001"].update(colour="red"), "colour"),
    ],
    ids=["a-key-missing", "unknown-verdict", "wrong-counts", "lost-exchange", "no-text", "unknown-key"],
)
def test_a_damaged_file_says_what_is_wrong(spoil: Any, said: str) -> None:
    data = json.loads(json.dumps(results.to_json(synthetic.every_verdict())))
    spoil(data)
    with pytest.raises(UsageError) as refusal:
        results.from_json(data)
    assert said in str(refusal.value)


def test_what_is_no_results_json_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot be read \(No such file"):
        results.read(tmp_path / "absent.json")
    (tmp_path / "page.json").write_text("<html>")
    with pytest.raises(UsageError, match=r"page\.json: is not JSON"):
        results.read(tmp_path / "page.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(UsageError, match=r"list\.json: results\.json: schema None is not known"):
        results.read(tmp_path / "list.json")
