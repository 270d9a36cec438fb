"""Every line of a pack's source document ends in a requirement, and the page that says so is up to date."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from conformance import coverage, listing, packs

DOCS = Path(__file__).parent.parent / "docs" / "coverage"
WITH_SOURCE = [name for name in packs.available() if packs.load(name).source_lines]


@pytest.mark.parametrize("name", WITH_SOURCE)
def test_the_page_is_what_the_data_say(name: str) -> None:
    assert (DOCS / f"{name}.md").read_text("utf-8").splitlines() == list(listing.coverage_table(name))


@pytest.mark.parametrize("name", WITH_SOURCE)
def test_the_lines_follow_each_other(name: str) -> None:
    ranges = [[int(number) for number in re.split("-", row.lines)] for row in packs.load(name).source_lines]
    assert all(before[-1] < after[0] for before, after in pairwise(ranges))


@pytest.mark.parametrize("name", WITH_SOURCE)
def test_every_own_requirement_comes_of_a_line_or_of_another_page(name: str) -> None:
    pack = packs.load(name)
    cited = {one for row in pack.source_lines for one in row.requirements}
    own = [row for row in pack.catalogue.requirements if row.id.startswith(f"{name}.") and row.basis == "stated"]
    assert [row.id for row in own if row.id not in cited] == []


@pytest.mark.parametrize("name", packs.available())
def test_no_requirement_is_without_a_check_or_a_reason(name: str) -> None:
    pack = packs.load(name)
    places = coverage.places(pack)
    bare = [row.id for row in pack.catalogue.requirements if row.not_tested is None and row.id not in places]
    assert bare == []


def test_the_suite_verifies_no_id_that_no_pack_knows() -> None:
    known = {row.id for name in packs.available() for row in packs.load(name).catalogue.requirements}
    assert {one for ids in coverage.functions().values() for one in ids} - known == set()
