"""Resources that come as JSON: the fixtures beside the packs, in the package when it was installed from a wheel."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.reference.messages import Resource

PACKAGE = Path(__file__).parent.parent
FOLDERS = (PACKAGE / "_data" / "fixtures", PACKAGE.parent / "fixtures")


def example(name: str) -> Resource:
    """Return a fixture by its path below the folder of all fixtures, such as `r4/active.json`; a fresh copy."""
    resource: Resource = json.loads(_text(name))
    return resource


@cache
def _text(name: str) -> str:
    folder = next(folder for folder in FOLDERS if folder.is_dir())
    return (folder / name).read_text(encoding="utf-8")
