"""Stored runs that came with the project: the sample in reports/, and one that an earlier version wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from conformance import cli
from conformance.model import Verdict
from conformance.report import results
from conformance.report.notes import contradictions

if TYPE_CHECKING:
    from conformance.model import Report

SAMPLE = Path(__file__).parents[2] / "reports" / "sample"
EARLIER = sorted((Path(__file__).parent / "data").glob("results-*.json"))


@pytest.fixture(scope="module")
def sample() -> Report:
    return results.read(SAMPLE)


@pytest.mark.parametrize(
    "verdict", [Verdict.FAIL, Verdict.STALE_DEVIATION, Verdict.WARN, Verdict.KNOWN_DEVIATION, Verdict.PASS]
)
def test_the_sample_shows_what_can_happen(sample: Report, verdict: Verdict) -> None:
    assert results.counts(sample)[verdict]


def test_the_sample_meets_contradictions_and_tells_what_changed(sample: Report) -> None:
    assert len([met for met in contradictions(sample) if met.readings]) >= 5
    page = (SAMPLE / "report.html").read_text("utf-8")
    assert "1 fixed" in page
    assert "3 broken" in page
    assert 'class="timeline"' in page


def test_the_sample_holds_no_secret_and_no_place_of_its_making() -> None:
    for path in SAMPLE.iterdir():
        text = path.read_text("utf-8")
        assert "Bearer ey" not in text
        assert str(Path.home()) not in text
        assert str(SAMPLE.parents[1]) not in text


@pytest.mark.parametrize("path", EARLIER, ids=[path.stem for path in EARLIER])
def test_a_run_of_an_earlier_version_still_renders(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = json.loads(path.read_bytes())
    jsonschema.validate(stored, results.json_schema())
    assert cli.main(["render", str(path), "--output", str(tmp_path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(list(tmp_path.iterdir())) == 5
    page = (tmp_path / "report.html").read_text("utf-8")
    for row in stored["requirements"]:
        assert f'id="{row["id"]}" data-verdict="{row["verdict"]}"' in page
    assert cli.main(["diff", str(path), str(path)]) == 0
    assert cli.main(["baseline", str(path)]) == 0


def test_there_is_a_run_of_an_earlier_version() -> None:
    assert EARLIER
