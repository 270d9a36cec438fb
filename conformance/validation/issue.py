"""What a validation says: one `Issue` per thing found, and the text in which its place can be looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from conformance.validation.positions import Positions
from conformance.validation.rules import RULES

if TYPE_CHECKING:
    from typing import Any


class Source:
    """The bytes that were validated. Places in it are worked out when somebody asks, not before."""

    __slots__ = ("_data", "_positions")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._positions: Positions | None = None

    def place(self, expression: str) -> tuple[int, int] | None:
        """Line and column, from 1, of the element or of its nearest ancestor that is there."""
        if self._positions is None:
            self._positions = Positions(self._data.decode("utf-8-sig", errors="replace"))
        return self._positions.place(expression)


class Issue(NamedTuple):
    """One thing found in a resource.

    `severity` is `error`, `warning` or `information`; `code` is from FHIR's issue-type; `expression` is the place, from
    the root type on, with elements named as in JSON (`Consent.provision.actor[0].role`); `rule` is a key of `RULES`
    or the key of a profile's constraint. Two issues are equal when those and the message are.

    A tuple and no dataclass: issues are made by the million, and a frozen dataclass takes four times as long.
    """

    severity: str
    code: str
    expression: str
    rule: str
    message: str
    source: Source | None = None
    at: tuple[int, int] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Issue) and tuple(self[:5]) == tuple(other[:5])

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:5])

    def __repr__(self) -> str:
        return f"Issue({self.severity!r}, {self.expression!r}, {self.rule!r}, {self.message!r})"

    @property
    def line(self) -> int | None:
        """From 1; None when the resource came as an object and not as text."""
        place = self.place()
        return place[0] if place else None

    @property
    def column(self) -> int | None:
        """From 1, in characters."""
        place = self.place()
        return place[1] if place else None

    def place(self) -> tuple[int, int] | None:
        if self.at is not None or self.source is None:
            return self.at
        return self.source.place(self.expression)

    def to_json(self) -> dict[str, Any]:
        """The published form; `line` and `column` only where they are known."""
        published: dict[str, Any] = {
            "severity": self.severity,
            "code": self.code,
            "expression": self.expression,
            "rule": self.rule,
            "message": self.message,
        }
        place = self.place()
        if place:
            published["line"], published["column"] = place
        return published


def issue(
    rule: str, expression: str, message: str, *, source: Source | None = None, at: tuple[int, int] | None = None
) -> Issue:
    """An issue of a rule in the table, with the severity and code that the table gives it."""
    entry = RULES[rule]
    return Issue(entry.severity, entry.code, expression, rule, message, source, at)
