"""What the rows of a pack may refer to, and what several kinds of rows have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.reading.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from conformance.catalogue import Catalogue
    from conformance.reading import Document, Key, Problems
    from conformance.scenarios import Body, HeaderValue


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What the rows of a pack may refer to. `fixture` says in a sentence why a fixture can't be had, or None."""

    catalogue: Catalogue
    headers: Mapping[str, Mapping[str, HeaderValue]]
    bodies: Mapping[str, Body]
    fixture: Callable[[str], str | None]
    problems: Problems

    def knows(self, ids: Collection[str], document: Document, key: Key) -> None:
        for name in ids:
            if name not in self.catalogue:
                self.problems.say(
                    document, key, f"no requirement '{name}' in this pack; {nearest(name, self.catalogue.ids())}"
                )

    def has_kind(self, kind: str | None, document: Document, key: Key) -> None:
        if kind is not None and kind not in self.bodies:
            self.problems.say(document, key, f"no kind '{kind}' in [bodies] of pack.toml; {nearest(kind, self.bodies)}")

    def has_fixture(self, name: str | None, document: Document, key: Key) -> None:
        if name is not None and (sentence := self.fixture(name)):
            self.problems.say(document, key, sentence)


def listed(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def unrepeated(names: list[str], document: Document, key: Key, problems: Problems) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            problems.say(
                document, (*key, index), f"'{name}' is the name of row {names.index(name) + 1} as well; rename one"
            )
