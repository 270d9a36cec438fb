"""Files that a document names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance.reading.documents import shown
from conformance.reading.spelling import nearest

if TYPE_CHECKING:
    from conformance.reading import Place


def named_file(place: Place, folder: Path) -> Path | None:
    """The file that a place names, beside the document; None with a problem said when there is none."""
    path = folder / Path(place.value).expanduser()
    if path.is_file():
        return path
    beside = [entry.name for entry in path.parent.iterdir() if entry.is_file()] if path.parent.is_dir() else []
    place.say(f"no file '{shown(path)}'; {nearest(path.name, beside)}")
    return None
