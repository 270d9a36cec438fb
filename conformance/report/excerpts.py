"""Finds in a body what a finding is about, so that a reader sees it without looking for it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.report.difference import Piece

FOLD = 7
"""Lines of a body that its box shows at once; what differs below them is brought up."""
_AROUND = 1
"""Lines above the one that differs that are shown with it."""
_LONGEST_ID = 64
"""Characters of a FHIR id."""
_WORDS = re.compile(
    r"""\d{4}-\d\d(?:-\d\d)?(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?|(?<=")[^"\s]{2,80}(?=")|(?<=')[^'\s]{2,80}(?=')"""
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sought:
    """What a finding is about: words that stand in bodies as values, or else, where it is about one, the period."""

    words: tuple[str, ...] = ()
    period: bool = False

    def place(self, text: str) -> int | None:
        """The index of the line of a body that has it; None when no line has."""
        lines = text.split("\n")
        for word in (*self.words, *(("period",) if self.period else ())):
            for number, line in enumerate(lines):
                if f'"{word}"' in line:
                    return number
        return None

    def pieces(self, text: str) -> list[Piece]:
        """The text in pieces; each of the words is marked."""
        if not self.words:
            return [(text, False)]
        parts = re.split("(" + "|".join(re.escape(f'"{word}"') for word in self.words) + ")", text)
        return [(part, bool(number % 2)) for number, part in enumerate(parts) if part]


NOTHING = Sought()


def sought(wanted: Sequence[Piece] | None, found: Sequence[Piece] | None, *, period: bool) -> Sought:
    """The dates and quoted words of a comparison that only one side has, those that are marked as different first."""
    sides = ["".join(text for text, _ in side or ()) for side in (wanted, found)]
    words = [word for text, differs in (*(wanted or ()), *(found or ())) if differs for word in _WORDS.findall(text)]
    words += [word for side in sides for word in _WORDS.findall(side)]
    told = tuple(dict.fromkeys(word for word in words if not all(word in side for side in sides)))
    return Sought(words=told, period=period)


def parted(text: str, at: int | None) -> tuple[str, str]:
    """What stands above line `at` and its neighbour, and the rest; nothing does when the line is seen anyway."""
    lines = text.split("\n")
    if at is None or at < FOLD:
        return "", text
    cut = at - _AROUND
    return "\n".join(lines[:cut]), "\n".join(lines[cut:])


def around(text: str, at: int) -> str:
    """The line `at` with its neighbours."""
    return "\n".join(text.split("\n")[max(0, at - _AROUND) : at + _AROUND + 1])


def id_within(body: str | None) -> str:
    """The id of the resource in a body; empty when there is none."""
    if not body or '"id"' not in body or len(body) > 200_000:
        return ""
    try:
        resource = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    found = resource.get("id") if isinstance(resource, dict) and "resourceType" in resource else None
    return found if isinstance(found, str) and len(found) <= _LONGEST_ID else ""
