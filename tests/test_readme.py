"""The README mentions every option, verdict, pack and key."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from conformance import packs
from conformance.cli import _parser
from conformance.model import RunVerdict, Verdict

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
SCHEMAS = ROOT / "conformance" / "schemas"


def options() -> set[str]:
    commands = next(action for action in _parser()._actions if action.choices)
    assert isinstance(commands.choices, dict)
    return {
        option
        for parser in commands.choices.values()
        for action in parser._actions
        for option in action.option_strings
        if option.startswith("--") and option != "--help"
    }


@pytest.mark.parametrize("option", sorted(options()))
def test_every_option_is_mentioned(option: str) -> None:
    assert option in README


@pytest.mark.parametrize("verdict", [*Verdict, *RunVerdict])
def test_every_verdict_is_mentioned(verdict: str) -> None:
    assert str(verdict) in README or str(verdict).replace("-", " ") in README


@pytest.mark.parametrize("name", packs.available())
def test_every_pack_is_mentioned(name: str) -> None:
    assert f"| `{name}` |" in README


@pytest.mark.parametrize("schema", ["target", "pack"])
def test_every_key_is_mentioned(schema: str) -> None:
    keys = json.loads((SCHEMAS / f"{schema}.schema.json").read_text("utf-8"))["properties"]
    assert [key for key in keys if not re.search(rf"[`\[.]{key}[`\].]", README)] == []


def test_every_file_that_it_links_to_exists() -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []
