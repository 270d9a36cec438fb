"""Lies that show only in a search with more to it: a second value or page, a modifier, a zone, a backslash."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.reference.fault import Fault

if TYPE_CHECKING:
    from conformance.reference.messages import Resource
    from conformance.reference.searching import Search

R4 = ("r4",)
SHOWN = ("r4.search.self-link-shows-what-was-used",)


class _SelfLink(Fault):
    """Shows another value in the self link; the next link says what was asked for."""

    def as_shown(self, name: str, value: str) -> str:
        raise NotImplementedError

    def links(self, asked: Search, after: int | None) -> list[Resource]:
        first, *rest = super().links(asked, after)
        used = tuple((name, self.as_shown(name, value)) for name, value in self.used(asked))
        return [{**first, "url": self.address(asked.route, used)}, *rest]


class SelfLinkEndsAtAComma(_SelfLink, name="self-link-ends-at-a-comma", breaks=SHOWN, packs=R4):
    """Of several values in one the self link shows the first; all are used."""

    def as_shown(self, name: str, value: str) -> str:  # noqa: ARG002 - of any parameter
        return value.partition(",")[0]


class SelfLinkShowsAnotherStatus(_SelfLink, name="self-link-shows-another-status", breaks=SHOWN, packs=R4):
    """The self link says status=inactive, whatever status was asked for."""

    def as_shown(self, name: str, value: str) -> str:
        return "inactive" if name == "status" else value


class SelfLinkShowsTheSystemAlone(_SelfLink, name="self-link-shows-the-system-alone", breaks=SHOWN, packs=R4):
    """The self link shows a category's system, and not its code."""

    def as_shown(self, name: str, value: str) -> str:
        return re.sub(r"\|[^,]*", "|", value) if name == "category" else value
