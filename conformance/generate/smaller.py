"""Smaller versions of an example that shows something: the same JSON with parts taken away, large ones first."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Place = tuple[Any, ...]


def reduced(example: Any, still: Callable[[Any], bool], *, under: Place = (), deepest: int | None = None) -> Any:
    """The example with as much taken away as can be while `still` holds.

    `under` is the place below which something may be taken, `deepest` how far below. Whole branches go before leaves.
    """
    changed = True
    while changed:
        changed = False
        for place in list(places(at(example, under), under)):
            if deepest is not None and len(place) - len(under) > deepest:
                break
            if not _is_there(example, place):
                continue
            candidate = without(example, place, below=len(under))
            if still(candidate):
                example, changed = candidate, True
    return example


def places(value: Any, start: Place = ()) -> Iterator[Place]:
    """Every place below, the higher ones first, the last entry of a list first."""
    level = [(start, value)]
    while level:
        below: list[tuple[Place, Any]] = []
        for place, inner in level:
            keys = list(inner) if isinstance(inner, dict) else range(len(inner) - 1, -1, -1)
            for key in keys:
                yield (*place, key)
                if isinstance(inner[key], dict | list):
                    below.append(((*place, key), inner[key]))
        level = below


def without(example: Any, place: Place, *, below: int = 0) -> Any:
    """The example without what stands there, and without lists and objects that this leaves empty below a depth."""
    made = copy.deepcopy(example)
    for depth in range(len(place), below, -1):
        holder = at(made, place[: depth - 1])
        if depth == len(place) or holder[place[depth - 1]] in ({}, []):
            del holder[place[depth - 1]]
        else:
            break
    return made


def at(example: Any, place: Place) -> Any:
    for step in place:
        example = example[step]
    return example


def _is_there(example: Any, place: Place) -> bool:
    try:
        at(example, place)
    except (KeyError, IndexError, TypeError):
        return False
    return True
