"""Marks where two short texts differ, word by word."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

LIMIT = 600
"""More words than this are not compared: the matcher is quadratic, and nobody would read the marks."""
ALIKE = 0.4
SHARED = 2
"""Texts less alike than this, or with fewer words in common, differ as a whole: marks would only confuse."""

Piece = tuple[str, bool]
"""Text, and whether it differs from the other side."""

_WORD = re.compile(r"\s+|[\w.:+-]+|.", re.DOTALL)


def marked(expected: str, actual: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces. With nothing in common neither is marked: the reader sees that they differ."""
    left, right = _WORD.findall(expected), _WORD.findall(actual)
    if not left or not right or len(left) + len(right) > LIMIT:
        return [(expected, False)], [(actual, False)]
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    shared = sum(
        not word.isspace() for block in matcher.get_matching_blocks() for word in left[block.a : block.a + block.size]
    )
    if shared < SHARED or matcher.ratio() < ALIKE:
        return [(expected, False)], [(actual, False)]
    lefts: list[Piece] = []
    rights: list[Piece] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if b > a:
            lefts.append(("".join(left[a:b]), tag != "equal"))
        if d > c:
            rights.append(("".join(right[c:d]), tag != "equal"))
    return lefts, rights
