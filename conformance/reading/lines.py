"""Finds the line of a TOML file that a message is about. tomllib itself keeps no positions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Key = tuple[str | int, ...]
"""Where a value stands: keys and row numbers from 0, such as `("scenario", 0, "step", 2, "path")`."""

_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_REPEATED = re.compile(r"overwrite a value|Duplicate inline table key|Cannot declare|immutable namespace|redefine")
_ASSIGNMENT = re.compile(r"""\s*("[^"]*"|'[^']*'|[\w-]+)((?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=""")
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")


def syntax_error(where: str, text: str, message: str) -> str:
    """One sentence for what tomllib says; for a repeated key with both lines, where tomllib names the value's end."""
    lines = text.splitlines() or [""]
    found = _POSITION.search(message)
    number, column = (int(found[1]), int(found[2])) if found and found[1] else (len(lines), len(lines[-1]) + 1)
    if text.startswith("\ufeff"):
        return f"{where}:1:1: begins with a byte order mark; save the file as UTF-8 without one"
    if _REPEATED.search(message) and (twice := _repeated(text)):
        key, first, second = twice
        column = len(lines[second - 1]) - len(lines[second - 1].lstrip()) + 1
        return f"{where}:{second}:{column}: {dotted(key)} is given twice, first in line {first}; keep one of them"
    what = message[: found.start()] if found else message
    return f"{where}:{number}:{column}: not TOML: {what[:1].lower()}{what[1:]}; correct the file there"


def dotted(key: Key) -> str:
    """`scenario[1].step[3].path`, rows counted from 1."""
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in key).lstrip(".")


def line(text: str, key: Key) -> int | None:
    """The line on which `key`, or the innermost table around it, begins. Looks at headers and `key =` only."""
    best: tuple[int, int] | None = None
    for place, line in _places(text):
        if place == key[: len(place)] and (best is None or len(place) > best[0]):
            best = (len(place), line)
    return best[1] if best else None


def _repeated(text: str) -> tuple[Key, int, int] | None:
    """The first key that stands in two lines, with both."""
    seen: dict[Key, int] = {}
    for place, number in _places(text):
        if place in seen:
            return place, seen[place], number
        seen[place] = number
    return None


def _places(text: str) -> Iterator[tuple[Key, int]]:
    rows: dict[Key, int] = {}
    table: Key = ()
    fence = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if fence:
            fence = "" if fence in line else fence
            continue
        if header := _HEADER.match(line):
            table = ()
            names = _names(header[2])
            for depth, name in enumerate(names, start=1):
                table = (*table, name)
                if depth == len(names) and header[1] == "[[":
                    rows[table] = rows.get(table, -1) + 1
                if table in rows:
                    table = (*table, rows[table])
            yield table, number
        elif assignment := _ASSIGNMENT.match(line):
            yield (*table, *_names(assignment[1] + assignment[2])), number
            rest = line[assignment.end() :].lstrip()
            fence = next((mark for mark in ('"""', "'''") if rest.startswith(mark) and mark not in rest[3:]), "")


def _names(dotted: str) -> Key:
    return tuple(part.strip("\"'") for part in re.findall(r""""[^"]*"|'[^']*'|[\w-]+""", dotted))
