"""Where packs and fixtures lie: in the package when it was installed from a wheel, else in the checkout around it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from conformance.reading.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = Path(__file__).parent
_ID = re.compile(r'^id\s*=\s*"([^"]+)"', re.MULTILINE)


def folder(kind: Literal["profiles", "fixtures"]) -> Path:
    """The folder of all shipped packs, or of their fixtures."""
    packaged = _HERE / "_data" / kind
    return packaged if packaged.is_dir() else _HERE.parent / kind


def packs() -> tuple[str, ...]:
    """The names of the shipped packs."""
    return tuple(sorted(path.parent.name for path in folder("profiles").glob("*/pack.toml")))


def requirement_file(name: str, *, beside: Path) -> Path | None:
    """The file of a set such as `r4/rest`: of a shipped pack, else of a pack next to the folder `beside`."""
    pack, _, topic = name.partition("/")
    roots = (folder("profiles"), beside.parent)
    paths = (root / pack / "requirements" / f"{topic}.toml" for root in roots)
    return next((path for path in paths if path.is_file()), None)


def requirement_sets(*, beside: Path) -> frozenset[str]:
    """The sets that the pack in the folder `beside` can include."""
    paths = (path for root in (folder("profiles"), beside.parent) for path in root.glob("*/requirements/*.toml"))
    return frozenset(f"{path.parent.parent.name}/{path.stem}" for path in paths if path.parent.parent != beside)


def requirement_ids() -> Iterator[str]:
    """The ids of all shipped requirements, without reading the files any further."""
    for path in folder("profiles").glob("*/requirements/*.toml"):
        yield from _ID.findall(path.read_text("utf-8"))


def fixture(name: str, *, pack: Path) -> Path | None:
    """The file of a fixture: in the pack's own folder, in fixtures/<pack>, or in fixtures/ as `<other pack>/<name>`."""
    if Path(name).is_absolute() or ".." in Path(name).parts:
        return None
    places = (pack / "fixtures" / name, folder("fixtures") / pack.name / name, folder("fixtures") / name)
    return next((path for path in places if path.is_file()), None)


def no_fixture(name: str, *, pack: Path) -> str:
    """A sentence for a fixture that does not exist, with the nearest that does."""
    roots = (pack / "fixtures", folder("fixtures") / pack.name)
    names = {path.relative_to(root).as_posix() for root in roots for path in root.rglob("*.json")}
    return f"no fixture '{name}' in fixtures/{pack.name}; {nearest(name, names)}"
