"""The server that measures the suite shares nothing with the suite's own judgement."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import conformance.reference

FOLDER = Path(conformance.reference.__file__).parent
MODULES = sorted(FOLDER.rglob("*.py"))
ALLOWED = ("conformance.reference", "conformance.model")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_module_imports_nothing_that_judges(module: Path) -> None:
    imported = []
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import hides where it leads"
            imported += [f"{node.module}.{alias.name}" for alias in node.names]
    ours = [name for name in imported if name.split(".")[0] == "conformance"]
    assert [name for name in ours if not name.startswith(ALLOWED)] == []


def test_there_are_modules() -> None:
    assert len(MODULES) > 15
