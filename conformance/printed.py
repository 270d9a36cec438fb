"""Examples that a source prints with a slip in them: an answer that equals one gets a note where the rule stands.

A contradiction of a pack names them, with the requirements that they break. Everything else in the answer is judged as
ever: what is judged at the end of a run is judged again with the slip mended, and what a check judges is excused only
when the whole answer is the printed one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.model import Exchange
    from conformance.packs import Pack
    from conformance.scenarios import Contradiction

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Example:
    """One printed example. `request` is the end of the address that it answers; empty: any."""

    contradiction: Contradiction
    body: Json
    repaired: Json
    request: str

    @property
    def note(self) -> str:
        row = self.contradiction
        return f"contradiction {row.id}: the answer is the example that the source prints, slip included ({row.where})"

    def answers(self, exchange: Exchange) -> bool:
        return exchange.url.endswith(self.request)


class Examples:
    """The printed examples of a pack."""

    def __init__(self, pack: Pack) -> None:
        self._examples = [
            (row, Example(row, pack.fixture(one.body), pack.fixture(one.repaired), one.request))
            for row in pack.contradictions
            for one in row.printed
        ]

    def excuse(self, requirement: str, exchanges: Sequence[Exchange]) -> str | None:
        """The note that takes the place of a violation, when each answer that shows it is a printed example."""
        notes = []
        for exchange in exchanges:
            body = _parsed(exchange.response_body)
            found = next(
                (one for one in self._of(requirement) if one.answers(exchange) and _same(one.body, body)), None
            )
            if found is None:
                return None
            notes.append(found.note)
        return notes[0] if notes else None

    def mended(self, requirement: str, exchanges: Iterable[Exchange]) -> tuple[tuple[Exchange, ...], tuple[str, ...]]:
        """The exchanges with each printed example replaced by the repaired one, and the notes; none: there was none."""
        examples = self._of(requirement)
        notes: dict[str, None] = {}
        mended = tuple(_mended(exchange, examples, notes) for exchange in exchanges) if examples else ()
        return mended, tuple(notes)

    def _of(self, requirement: str) -> list[Example]:
        return [example for row, example in self._examples if requirement in row.requirements]


def _mended(exchange: Exchange, examples: list[Example], notes: dict[str, None]) -> Exchange:
    body = _parsed(exchange.response_body)
    if not isinstance(body, dict):
        return exchange
    known = [example for example in examples if example.answers(exchange)]
    whole = _replaced(body, known, notes)
    entries = whole.get("entry")
    if isinstance(entries, list):
        whole = {**whole, "entry": [_entry(entry, known, notes) for entry in entries]}
    return exchange if whole == body else replace(exchange, response_body=json.dumps(whole, ensure_ascii=False))


def _entry(entry: Any, examples: list[Example], notes: dict[str, None]) -> Any:
    if not isinstance(entry, dict) or not isinstance(entry.get("resource"), dict):
        return entry
    return {**entry, "resource": _replaced(entry["resource"], examples, notes)}


def _replaced(resource: Json, examples: list[Example], notes: dict[str, None]) -> Json:
    """The resource, or what it is when its slips are mended; of a Bundle the entries, all that is compared."""
    equal = [example for example in examples if _same(example.body, resource)]
    notes |= {example.note: None for example in equal}
    if not equal:
        return resource
    repaired = equal[0].repaired
    return {**resource, "entry": repaired["entry"]} if resource.get("resourceType") == "Bundle" else repaired


def _same(printed: Json, found: Any) -> bool:
    """Whether two resources are equal; of Bundles type and entries count, on whichever host."""
    if not isinstance(found, dict) or printed.get("resourceType") != found.get("resourceType"):
        return False
    if printed["resourceType"] != "Bundle":
        return printed == found
    return printed.get("type") == found.get("type") and _entries(printed) == _entries(found)


def _entries(bundle: Json) -> list[Any]:
    listed = bundle.get("entry")
    return [_without_host(entry) for entry in listed] if isinstance(listed, list) else []


def _without_host(entry: Any) -> Any:
    if not isinstance(entry, dict) or not isinstance(entry.get("fullUrl"), str):
        return entry
    return {**entry, "fullUrl": "/".join(entry["fullUrl"].split("/")[-2:])}


def _parsed(body: str | None) -> Any:
    try:
        return json.loads(body or "")
    except (ValueError, RecursionError):
        return None
