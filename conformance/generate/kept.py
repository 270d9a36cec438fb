"""Examples that were kept: what of them is looked at, and whether one has the form that its topic tries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

TOPICS = {
    "round_trips": ("meaning", "content", "answers"),
    "searches": ("found", "dates", "apart"),
    "mutants": ("stored", "answers"),
    "lifecycles": ("current", "search", "versions", "old", "stale", "gone", "answers"),
}
"""Topic → what is looked at when an example of it is tried."""

ASKED = frozenset({"name", "of", "cut", "prefix"})
"""What a search by date is made from."""
DATES = ("period", "date")
"""The parameters that are searched by date."""


def wrong_with(example: Any, topic: str, kinds: Collection[str]) -> str | None:
    """What keeps an example from being tried, as the rest of a sentence; None when nothing does.

    `kinds` are the kinds of consent of which the pack has bodies.
    """
    if not isinstance(example, dict):
        return "holds no example; give a JSON object"
    if topic == "lifecycles":
        return _wrong_with_steps(example.get("steps"))
    if topic == "mutants" and "raw" in example:
        return None if isinstance(example["raw"], str) else "has a raw that is no text; give what is to be sent"
    return _wrong_with_consent(example, topic, kinds)


def _wrong_with_steps(steps: Any) -> str | None:
    from conformance.generate.lifecycles import STEPS  # noqa: PLC0415 - Hypothesis is slow to import

    if not isinstance(steps, list) or not steps:
        return "has no steps; give a list of them"
    for number, step in enumerate(steps, start=1):
        if not isinstance(step, dict) or step.get("do") not in STEPS:
            return f"does nothing known in step {number}; give as its do one of: {', '.join(STEPS)}"
    return None


def _wrong_with_consent(example: dict[str, Any], topic: str, kinds: Collection[str]) -> str | None:
    body = example.get("body")
    if not isinstance(body, dict) or body.get("resourceType") != "Consent":
        return "has no Consent in its body; give one"
    if example.get("kind") not in kinds:
        return f"is of the kind '{example.get('kind')}', which the pack has no body of; there are: {', '.join(kinds)}"
    if topic == "mutants" and ("wrong" in example) != ("rule" in example):
        return "says what is wrong or which rule that breaks, but not both; give wrong and rule"
    if topic == "searches" and not (_all(int, example.get("probes")) and _all(dict, example.get("dated"))):
        return "does not say which searches to try; give probes, a list of numbers, and dated, a list of objects"
    for asked in example["dated"] if topic == "searches" else ():
        if asked.keys() != ASKED or asked["name"] not in DATES:
            keys = ", ".join(sorted(ASKED))
            return f"has no search in one place of dated; give {keys}, of which name is one of: {', '.join(DATES)}"
    return None


def _all(kind: type, values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(one, kind) for one in values)
