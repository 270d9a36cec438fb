"""Where the elements of a JSON text stand: path → line and column."""

from __future__ import annotations

import json
import re
from bisect import bisect_right

TOKEN = re.compile(r'[ \t\r\n]*(?:("(?:[^"\\]|\\.)*")|([{}\[\]:,])|([^\s{}\[\]:,"]+))', re.DOTALL)
DEEPEST = 420
"""Levels that are followed; deeper texts are refused before anybody asks for a place in them."""
MOST_REPEATED = 50
ROOT = re.compile(r"^[A-Za-z]*")


class Positions:
    """The places of all values in a text. Reads what it can of a broken text."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._offsets: dict[str, int] = {}
        self.repeated: list[str] = []
        """Paths of properties that stand twice in their object."""
        self._read(text)

    def place(self, expression: str) -> tuple[int, int]:
        """Line and column, from 1, of a FHIRPath location or of its nearest ancestor in the text."""
        path = ROOT.sub("", expression, count=1)
        while path and path not in self._offsets:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        offset = self._offsets.get(path, 0)
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def _read(self, text: str) -> None:  # noqa: C901, PLR0912 - one state machine
        """Path → offset of the key, or of the value in an array. A repeated key leads to its last place."""
        offsets = self._offsets
        open_paths: list[str] = []
        counters: list[int] = []  # next index in an array; -1 in an object
        path, key, key_at = "", "", 0
        expects_key = False
        for match in TOKEN.finditer(text):
            string, mark, _ = match.groups()
            start = match.start(match.lastindex or 0)
            if mark == ":":
                path = f"{open_paths[-1]}.{key}" if open_paths else key
                if path in offsets and len(self.repeated) < MOST_REPEATED:
                    self.repeated.append(path)
                    below = (f"{path}.", f"{path}[")
                    for earlier in [known for known in offsets if known.startswith(below)]:
                        del offsets[earlier]
                offsets[path] = key_at
                expects_key = False
            elif mark == ",":
                if counters and counters[-1] >= 0:
                    counters[-1] += 1
                    path = f"{open_paths[-1]}[{counters[-1]}]"
                else:
                    expects_key = True
            elif mark in {"}", "]"}:
                if open_paths:
                    open_paths.pop()
                    counters.pop()
                expects_key = False
            else:
                if string and expects_key:
                    key, key_at = _unescaped(string), start
                    continue
                offsets.setdefault(path, start)
                if len(open_paths) > DEEPEST:
                    return
                if mark == "{":
                    open_paths.append(path)
                    counters.append(-1)
                    expects_key = True
                elif mark == "[":
                    open_paths.append(path)
                    counters.append(0)
                    path = f"{path}[0]"
                    expects_key = False


def _unescaped(string: str) -> str:
    if "\\" not in string:
        return string[1:-1]
    try:
        return str(json.loads(string))
    except ValueError:
        return string[1:-1]
