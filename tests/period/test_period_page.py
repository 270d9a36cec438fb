"""The page for people is true: its examples run, its drawings are what the package answers, its requirements exist."""

import doctest
import importlib.util
import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "period-end.md"
REQUIREMENTS = ROOT / "profiles" / "r4" / "requirements" / "period.toml"

spec = importlib.util.spec_from_file_location("draw_periods", ROOT / "docs" / "draw_periods.py")
assert spec
assert spec.loader
draw_periods = importlib.util.module_from_spec(spec)
spec.loader.exec_module(draw_periods)


def test_examples_run() -> None:
    outcome = doctest.testfile(str(PAGE), module_relative=False)
    assert outcome.attempted == 6
    assert outcome.failed == 0


@pytest.mark.parametrize("name", draw_periods.DRAWINGS)
def test_drawing_is_current_well_formed_and_shown(name: str) -> None:
    drawn = draw_periods.DRAWINGS[name]()
    assert (draw_periods.FOLDER / name).read_text(encoding="utf-8") == drawn, "run python docs/draw_periods.py"
    assert ET.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - our own drawing
    assert f"](period/{name})" in PAGE.read_text(encoding="utf-8")


def test_drawings_bring_colours_for_dark_pages() -> None:
    for draw in draw_periods.DRAWINGS.values():
        assert "prefers-color-scheme: dark" in draw()


def test_each_requirement_about_periods_is_on_the_page() -> None:
    rows = tomllib.loads(REQUIREMENTS.read_text(encoding="utf-8"))["requirement"]
    on_page = set(re.findall(r"`(period\.[a-z.-]+)`", PAGE.read_text(encoding="utf-8")))
    assert {row["id"] for row in rows} - on_page == set()
