"""What the operator may have meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


def nearest(word: str, known: Collection[str]) -> str:
    """`did you mean 'x'?`, or what is known when nothing is near. Case, `-` and `_` make no difference."""
    names = sorted(known)
    if not names:
        return "there are none"
    folded = {_folded(name): name for name in names}
    if close := difflib.get_close_matches(_folded(word), folded, n=1, cutoff=0.6):
        return f"did you mean '{folded[close[0]]}'?"
    if len(names) > 20:
        some = difflib.get_close_matches(_folded(word), folded, n=5, cutoff=0.0)
        return f"the nearest of {len(names)} are: {', '.join(folded[each] for each in some)}"
    return f"there are: {', '.join(names)}"


def _folded(word: str) -> str:
    return word.lower().replace("_", "-")
