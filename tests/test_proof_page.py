"""docs/proof.md says what is so: its figures are those of the catalogues, the lies and the sabotage that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance import cli, matrix
from conformance.model import UsageError
from conformance.report.proof import BEGIN, END, catalogue_figures, rewritten

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "proof.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| (.+?) \| (.+) \|$", PAGE, re.MULTILINE))
AGAIN = "make prove writes them again; whoever adds a lie or a liberty between two proofs puts the number in by hand"


@pytest.fixture(scope="module")
def counted() -> matrix.Counted:
    return matrix.counted()


def test_what_there_is_to_prove_is_counted_right(counted: matrix.Counted) -> None:
    figures = {what: str(number) for what, number in catalogue_figures(counted).items()}
    assert {what: number for what, number in ROWS.items() if what in figures} == figures, AGAIN


def test_every_pack_has_its_row(counted: matrix.Counted) -> None:
    told = dict(re.findall(r"^\| `([\w-]+)` .+? \| (\d+ \| \d+) \|$", PAGE, re.MULTILINE))
    assert told == {name: f"{checked} | {firm}" for name, (checked, firm) in counted.by_pack.items()}, AGAIN


def test_what_was_run_broke_no_law() -> None:
    """`make prove` writes the page even when one was broken."""
    assert ROWS["breaches of a law"] in {"0", "not counted yet"}
    assert ROWS["requirements without their whole proof"] in {"0", "not counted yet"}


def test_sabotage_is_counted_right() -> None:
    table = (ROOT / "tests" / "runner" / "test_sabotage.py").read_text("utf-8")
    cases = re.findall(r"^\| .+ \| test_\w+\.py::test_\w+ \|$", table, re.MULTILINE)
    assert f"sabotaged in {len(cases)} ways" in PAGE


def test_it_is_one_screen() -> None:
    assert len(PAGE.splitlines()) <= 60


def test_the_prose_stays_when_the_figures_change() -> None:
    page = f"# Mine\n\n{BEGIN}\nold\n{END}\n\nalso mine\n"
    assert rewritten(page, "new\n") == f"# Mine\n\n{BEGIN}\n\nnew\n\n{END}\n\nalso mine\n"
    with pytest.raises(UsageError, match="has no line"):
        rewritten("# Mine\n", "new\n")


@pytest.mark.parametrize("options", [("--only", "etag"), ("--parts", "3"), ("--pack", "r4")], ids=" ".join)
def test_a_part_of_the_proof_is_not_written_down_as_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    page = tmp_path / "proof.md"
    page.write_text(PAGE, encoding="utf-8")
    assert cli.main(["prove", "--write", str(page), *options]) == 2
    assert "the page is about the whole proof" in capsys.readouterr().err
    assert page.read_text("utf-8") == PAGE


def test_a_page_without_marks_is_refused_before_anything_is_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "proof.md"
    page.write_text("# Mine\n", encoding="utf-8")
    assert cli.main(["prove", "--write", str(page)]) == 2
    assert "docs/proof.md has them" in capsys.readouterr().err
