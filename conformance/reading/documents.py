"""Reads data files loudly: what is wrong is said in one sentence with file, line, key and remedy, all of it at once."""

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
    from conformance.reading.lines import Key


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A file that was read. `where` is its name for messages; `text` is kept to find lines; `data` is its content."""

    where: str
    data: dict[str, Any]
    text: str = ""

    def place(self, key: Key) -> str:
        """`file:line: requirement[3].level (r4.read.existing-is-ok)`, rows counted from 1."""
        line = lines.line(self.text, key)
        words = f"{self.where}:{line}" if line else self.where
        dotted = lines.dotted(key)
        name = self._row_name(key)
        return f"{words}: {dotted}{f' ({name})' if name else ''}" if dotted else words

    def _row_name(self, key: Key) -> str:
        """The id or name of the innermost row on the way to `key`."""
        found, here = "", self.data
        for part in key:
            try:
                here = here[part]  # type: ignore[index]
            except (KeyError, IndexError, TypeError):
                break
            if isinstance(part, int) and isinstance(here, dict):
                named = next((here[word] for word in ("id", "name", "requirement", "claim") if word in here), "")
                found = named if isinstance(named, str) else ""
        return found


@dataclass(frozen=True, slots=True)
class Problems:
    """What is wrong with the files read so far."""

    sentences: list[str] = field(default_factory=list)

    def say(self, document: Document, key: Key, sentence: str) -> None:
        self.sentences.append(f"{document.place(key)}: {sentence}")

    def stop(self) -> None:
        """Raises one UsageError with every problem on a line of its own, if there is any."""
        if self.sentences:
            raise UsageError("\n".join(dict.fromkeys(self.sentences)))


def toml(path: Path, *, schema: str, problems: Problems) -> Document | None:
    """The document in a TOML file, held against `conformance/schemas/<schema>.schema.json`.

    Dates become ISO strings. None when the file can't be read or has the wrong shape; `problems` then says why.
    """
    where = shown(path)
    text = _text(path, problems)
    if text is None:
        return None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.sentences.append(lines.syntax_error(where, text, str(error)))
        return None
    return table(data, where=where, schema=schema, problems=problems, text=text)


def table(data: dict[str, Any], *, where: str, schema: str, problems: Problems, text: str = "") -> Document | None:
    """As `toml`, for a table that is in memory already."""
    before = len(problems.sentences)
    document = Document(where=where, data=data, text=text)
    document = Document(where=where, data=_plain(data, document, (), problems), text=text)
    for key, sentence in shapes.wrong(document.data, schema):
        problems.say(document, key, sentence)
    return document if len(problems.sentences) == before else None


def json_file(path: Path, *, problems: Problems) -> Any:
    """The content of a JSON file, in which no key may be given twice. None when there is a problem."""
    text = _text(path, problems)
    if text is None:
        return None
    try:
        return json.loads(text, object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        problems.sentences.append(
            f"{shown(path)}:{error.lineno}:{error.colno}: not JSON: {error.msg}; correct the file"
        )
    except ValueError as error:
        problems.sentences.append(f"{shown(path)}: {error}; keep one of them")
    return None


def shown(path: Path) -> str:
    """A path as the operator would write it: relative where that is shorter."""
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
        problems.sentences.append(f"{where}: no such file; {nearest(path.name, beside)}")
    except IsADirectoryError:
        problems.sentences.append(f"{where}: is a folder; name a file")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.sentences.append(f"{where}:{line}: not UTF-8; save the file as UTF-8")
    except OSError as error:
        problems.sentences.append(f"{where}: cannot be read ({error.strerror}); check its permissions")
    return None


def _plain(value: Any, document: Document, key: Key, problems: Problems) -> Any:
    """The value as JSON knows it: TOML dates and times as text, no infinite numbers."""
    if isinstance(value, dict):
        return {name: _plain(inner, document, (*key, name), problems) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, document, (*key, row), problems) for row, inner in enumerate(value)]
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        problems.say(document, key, f"{value} is no finite number; give one")
        return 0.0
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key '{twice}' is given twice in one object")
    return result
