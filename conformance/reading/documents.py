"""Documents that were read, the places in them, and what is wrong there."""

from __future__ import annotations

import datetime as dt
import json
import math
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.model import UsageError
from conformance.reading import lines, shapes
from conformance.reading.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.reading.lines import Key


_ESCAPES = {code: repr(chr(code))[1:-1] for code in (*range(32), 127)}


@dataclass(frozen=True, slots=True)
class Problems:
    """What is wrong with the files read so far: one sentence each, with file, key and remedy."""

    sentences: list[str] = field(default_factory=list)

    def say(self, sentence: str) -> None:
        """One more. Control characters of a value that it repeats are written as escapes, so it stays one line."""
        self.sentences.append(sentence.translate(_ESCAPES))

    def stop(self) -> None:
        """Raises one UsageError with every problem on a line of its own, if there is any."""
        if self.sentences:
            raise UsageError("\n".join(dict.fromkeys(self.sentences)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A file that was read. `where` is its name for messages; `text` is kept to find lines."""

    where: str
    data: dict[str, Any]
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A value in a document, about which something may be said. `place / "step" / 2` is a place further in.

    `value` is None where the document has nothing.
    """

    document: Document
    problems: Problems
    value: Any
    key: Key = ()

    def __truediv__(self, part: str | int) -> Place:
        inner = None
        if isinstance(part, int) or isinstance(self.value, dict):
            inner = self.value.get(part) if isinstance(self.value, dict) else self.value[part]
        return Place(document=self.document, problems=self.problems, value=inner, key=(*self.key, part))

    def __contains__(self, part: str) -> bool:
        return isinstance(self.value, dict) and part in self.value

    def rows(self, name: str) -> Iterator[Place]:
        """The places of the rows or items of a list; none when there is no list of that name."""
        listed = self / name
        return (listed / number for number in range(len(listed.value or ())))

    def entries(self, name: str) -> Iterator[tuple[str, Place]]:
        """The keys of a table with their places; none when there is no table of that name."""
        table = self / name
        return ((key, table / key) for key in table.value or ())

    def say(self, sentence: str) -> None:
        """Something is wrong here."""
        self.problems.say(f"{self}: {sentence}")

    def __str__(self) -> str:
        """`file:line: requirement[3].level (r4.read.existing-is-ok)`, rows counted from 1."""
        line = lines.line(self.document.text, self.key)
        where = f"{self.document.where}:{line}" if line else self.document.where
        name = self._row_name()
        return f"{where}: {lines.dotted(self.key)}{f' ({name})' if name else ''}"

    def _row_name(self) -> str:
        """The id or name of the innermost row around this place."""
        found, here = "", self.document.data
        for part in self.key:
            try:
                here = here[part]  # type: ignore[index]
            except (KeyError, IndexError, TypeError):
                break
            if isinstance(part, int) and isinstance(here, dict):
                names = (here.get(word) for word in ("id", "name", "requirement", "claim"))
                found = next((name for name in names if isinstance(name, str)), found)
        return found


def toml(path: Path, *, schema: str, problems: Problems) -> Place | None:
    """The content of a TOML file, held against `conformance/schemas/<schema>.schema.json`.

    Dates become ISO strings. None when the file can't be read or has the wrong shape; `problems` then says why.
    """
    text = _text(path, problems)
    if text is None:
        return None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.say(lines.syntax_error(shown(path), text, str(error)))
        return None
    return table(data, where=shown(path), schema=schema, problems=problems, text=text)


def table(data: dict[str, Any], *, where: str, schema: str, problems: Problems, text: str = "") -> Place | None:
    """As `toml`, for a table that is in memory already."""
    before = len(problems.sentences)
    raw = Place(document=Document(where=where, data=data, text=text), problems=problems, value=data)
    plain = _plain(raw)
    root = Place(document=Document(where=where, data=plain, text=text), problems=problems, value=plain)
    if len(problems.sentences) > before:
        return None
    for key, sentence in shapes.wrong(plain, schema):
        Place(document=root.document, problems=problems, value=None, key=key).say(sentence)
    return root if len(problems.sentences) == before else None


def json_file(path: Path, *, problems: Problems) -> Any:
    """The content of a JSON file, in which no key may be given twice. None when there is a problem."""
    text = _text(path, problems)
    if text is None:
        return None
    try:
        return json.loads(text, object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        problems.say(f"{shown(path)}:{error.lineno}:{error.colno}: not JSON: {error.msg}; correct the file there")
    except ValueError as error:
        problems.say(f"{shown(path)}: {error}; keep one of them")
    return None


def shown(path: Path) -> str:
    """A path as the operator would write it: relative to the working directory where it lies below."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def _text(path: Path, problems: Problems) -> str | None:
    where = shown(path)
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        problems.say(f"{where}: no such file; {nearest(path.name, beside)}")
    except IsADirectoryError:
        problems.say(f"{where}: is a folder; name a file")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.say(f"{where}:{line}: not UTF-8; save the file as UTF-8")
    except OSError as error:
        problems.say(f"{where}: cannot be read ({error.strerror}); check the path and its permissions")
    return None


def _plain(place: Place) -> Any:
    """The value as JSON knows it: TOML dates and times as text, no infinite numbers."""
    value = place.value
    if isinstance(value, dict):
        return {key: _plain(place / key) if _is_special(inner) else inner for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(place / number) if _is_special(inner) else inner for number, inner in enumerate(value)]
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        place.say(f"{value} is no finite number; give one")
        return None
    return value


def _is_special(value: Any) -> bool:
    return not isinstance(value, str | bool | int)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key '{twice}' is given twice in one object")
    return result
