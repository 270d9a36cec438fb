"""What one validation gathers while it walks through a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.validation.issue import Issue
from conformance.validation.rules import RULES

if TYPE_CHECKING:
    from conformance.validation.issue import Source

Json = dict[str, Any]
MOST_ISSUES = 1000
"""Beyond that a document is not read for its faults any more."""


class Scope:
    """What belongs to one resource that is not contained: its contained resources and the references to them."""

    __slots__ = ("container", "local", "references")

    def __init__(self, container: Json) -> None:
        self.container = container
        self.references: list[tuple[str, str, frozenset[str]]] = []
        """#id, place, allowed types (empty: any)."""
        self.local: set[str] = set()
        """Everything that is written as # and an id: references, canonicals, uris."""


class Run:
    """The state of one validation."""

    __slots__ = (
        "element_ids",
        "extensions",
        "issues",
        "lone_nulls",
        "named",
        "references",
        "resources",
        "scope",
        "source",
        "told",
        "unchecked",
    )

    def __init__(self, source: Source | None) -> None:
        self.source = source
        self.issues: list[Issue] = []
        self.scope: Scope | None = None
        self.element_ids: set[str] | None = None
        self.extensions: list[tuple[str, str, Json]] = []
        """url, place, extension; for those that stand in a resource or data type, not in another extension."""
        self.lone_nulls: list[tuple[str, str, int]] = []
        self.references: list[tuple[str, str, frozenset[str]]] = []
        """Absolute and relative references, for bundles."""
        self.resources: list[tuple[str, str, Json]] = []
        """type, place, content of every resource met, for profiles."""
        self.unchecked: dict[str, None] = {}
        self.told = 0
        """How often something was said, repetitions and what went beyond the limit included."""

    def add(self, rule: str, expression: str, message: str, severity: str | None = None, *, key: str = "") -> None:
        """Keeps an issue; `severity` only where it is not the one of the rule, `key` for a profile's own constraint."""
        self.told += 1
        entry = RULES[rule]
        if len(self.issues) < MOST_ISSUES:
            self.issues.append(
                Issue(severity or entry.severity, entry.code, expression, key or rule, message, self.source)
            )

    def not_checked(self, what: str, expression: str, message: str) -> None:
        """Says once per document that something was not checked."""
        self.told += 1
        if what not in self.unchecked:
            self.unchecked[what] = None
            self.add("not-checked", expression, message)

    def tellings(self) -> tuple[tuple[str, str, str, str], ...]:
        """rule, place, message of all that was added; and for what was not checked, its name."""
        names = iter(self.unchecked)
        return tuple(
            (issue.rule, issue.expression, issue.message, next(names) if issue.rule == "not-checked" else "")
            for issue in self.issues
        )


def shown(value: Any) -> str:
    """A value as a message shows it: short, in quotes when it is text."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    text = text if len(text) <= 80 else f"{text[:77]}…"
    text = text.encode(errors="backslashreplace").decode()
    return repr(text) if isinstance(value, str) else text
