"""What the rows of a pack may refer to, and what several kinds of rows have in common."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.reading.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from conformance.reading import Place
    from conformance.scenarios import Body, HeaderValue, Patch

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""RFC 9110 section 5.1."""

NAME = re.compile(r"\{([a-z][a-z0-9-]*)\}")
"""A name in braces, which stands for a value that the run knows."""

_NEEDS = {"add": "value", "replace": "value", "test": "value", "move": "from", "copy": "from"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What the rows of a pack may refer to.

    `ids` of requirements; None when a requirement file could not be read, so that nobody knows. `fixture` says in a
    sentence why a fixture can't be had, or None; `content` is that of one that can. `contradictions` are ids; None when
    their file could not be read.
    """

    ids: Collection[str] | None
    headers: Mapping[str, Mapping[str, HeaderValue]]
    bodies: Mapping[str, Body]
    fixture: Callable[[str], str | None]
    content: Callable[[str], Any]
    contradictions: Collection[str] | None = ()

    def contradiction(self, place: Place) -> str | None:
        """The id of a contradiction at a place, if any; says when the pack has none of it."""
        name: str | None = place.value
        if name is not None and self.contradictions is not None and name not in self.contradictions:
            place.say(f"no contradiction '{name}' in contradictions.toml; {nearest(name, self.contradictions)}")
        return name

    def requirements(self, place: Place) -> tuple[str, ...]:
        """The ids at a place, one or a list; says which of them no requirement has."""
        names = listed(place.value)
        for name in names:
            if self.ids is not None and name not in self.ids:
                place.say(f"no requirement '{name}' in this pack; {nearest(name, self.ids)}")
        return names

    def kind(self, place: Place) -> str | None:
        """The kind of consent at a place, if any; says when the pack has no body of it."""
        name: str | None = place.value
        if name is not None and name not in self.bodies:
            place.say(f"no kind '{name}' in [bodies] of pack.toml; {nearest(name, self.bodies)}")
        return name

    def fixture_name(self, place: Place) -> str | None:
        """The name of a fixture at a place, if any; says when it can't be had."""
        name: str | None = place.value
        if name is not None and (sentence := self.fixture(name)):
            place.say(sentence)
        return name


def listed(value: Any) -> tuple[Any, ...]:
    """One value or a list of them, as a tuple; none for None."""
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)


def patch(place: Place) -> Patch:
    """RFC 6902 operations, each of which has the value or the source that it needs."""
    for number, operation in enumerate(place.value or ()):
        wanted = _NEEDS.get(operation["op"])
        for part in ("value", "from"):
            if part == wanted and part not in operation:
                (place / number / part).say(f"missing; '{operation['op']}' needs it")
            elif part != wanted and part in operation:
                (place / number / part).say(f"does not belong to '{operation['op']}'; remove it")
    return tuple(place.value or ())


def unrepeated(rows: Collection[Place], word: str) -> None:
    """Says which rows have the id or name of an earlier one."""
    first: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        name = row.value[word]
        if name in first:
            (row / word).say(f"'{name}' is the {word} of row {first[name]} as well; rename one")
        first.setdefault(name, number)


def check_names(place: Place, known: Collection[str] | None, *, text: str | None = None) -> None:
    """Says which `{name}` in a value, or in `text`, stands for nothing there. `known` is None: any may."""
    for name in dict.fromkeys(_names(place.value if text is None else text)):
        if known is not None and name not in known:
            place.say(f"{{{name}}} stands for nothing here; {nearest(name, known)}")


def check_header_text(place: Place) -> None:
    """Says when text can't be a header's value (RFC 9110 section 5.5)."""
    if isinstance(place.value, str) and any(ord(letter) < 32 and letter != "\t" for letter in place.value):
        place.say("a header value has no line breaks; keep it on one line")


def _names(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [name for pair in value.items() for inner in pair for name in _names(inner)]
    if isinstance(value, list):
        return [name for inner in value for name in _names(inner)]
    return NAME.findall(value) if isinstance(value, str) else []
