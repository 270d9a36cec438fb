"""Consents with one fault each, at any depth, and texts that are none.

A mutant leaves only when the validator names exactly the rule that it was made to break, and named nothing before.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from conformance import expect
from conformance.generate import values
from conformance.generate.smaller import at, places
from conformance.generate.valid import Valid, origins
from conformance.headers import Change
from conformance.model import Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from hypothesis import strategies as st

    from conformance.client import Json
    from conformance.generate.exploring import Exploring, Smaller, Trial
    from conformance.generate.smaller import Place

DATES = frozenset({"dateTime", "start", "end", "verificationDate"})
CODES = frozenset({"status", "type", "meaning"})
REQUIRED = frozenset({"status", "scope", "category", "role", "reference", "meaning", "verified"})
LISTS = frozenset(
    {"category", "performer", "organization", "actor", "action", "purpose", "data", "coding", "provision"}
)
TARGETS = {
    "patient": "Practitioner/1",
    "performer": "Device/1",
    "organization": "Patient/1",
    "sourceReference": "Patient/1",
}
FREE = frozenset({"extension", "contained", "identifier", "sourceAttachment", "_dateTime"})
"""What a mutation does not go into: open to anybody's content, or not Consent's own."""


def _unknown(value: Any, _: Place) -> Any:
    return {**value, "madeUp": "x"} if isinstance(value, dict) else None


def _number(value: Any, place: Place) -> Any:
    return 7 if isinstance(value, str) and place[-1] in {"display", "text", "code", "system", "uri", *CODES} else None


def _single(value: Any, place: Place) -> Any:
    return value[0] if isinstance(value, list) and place[-1] in LISTS else None


def _bogus(value: Any, place: Place) -> Any:
    return "bogus" if isinstance(value, str) and place[-1] in CODES else None


def _no_date(value: Any, place: Place) -> Any:
    return "2023-02-30" if isinstance(value, str) and place[-1] in DATES else None


def _inverted(value: Any, place: Place) -> Any:
    wrong = {"start": "2025-01-01", "end": "2024-12-31"}
    return wrong if isinstance(value, dict) and place[-1] in {"period", "dataPeriod"} else None


def _other_type(value: Any, place: Place) -> Any:
    if place[-1] != "reference" or not isinstance(value, str) or value.startswith("#"):
        return None
    return TARGETS.get(str(place[0])) if len(place) <= 3 else None


def _gone(_: Any, place: Place) -> Any:
    held = place[-2] if len(place) > 1 and isinstance(place[-2], str) else place[-3] if len(place) > 2 else ""
    wanted = held in {"actor", "data", "verification"} or len(place) == 1
    return GONE if place[-1] in REQUIRED and wanted else None


DEEP = 5
"""So many of the deepest places are mutated as often as all places together: servers judge those least."""
GONE = object()
MUTATIONS: dict[str, tuple[str, Callable[[Any, Place], Any]]] = {
    "an element that nobody knows": ("unknown-element", _unknown),
    "a number for a text": ("json-type", _number),
    "an entry for a list": ("array-form", _single),
    "a code outside its binding": ("required-binding", _bogus),
    "a day that no calendar has": ("datetime-format", _no_date),
    "a period that ends before it starts": ("per-1", _inverted),
    "a reference to a type that is not allowed": ("reference-target", _other_type),
    "a required element left out": ("cardinality", _gone),
}
"""What is wrong → the rule of the validator that sees it, and what a value becomes: None where it does not fit."""
TEXTS = (
    '{"resourceType": "Consent", "status": "act',
    '{"resourceType": "Consent"} {}',
    "[]",
    "null",
    '"Consent"',
    "[" * 5_000,
    '{"resourceType": "Consent", "status": NaN}',
    '{"resourceType": "Consent", "language": "\\ud800"}',
    '{"resourceType": "Consent", "status": ' + "9" * 5_000 + "}",
    "\ufeff{}",
    "\x00\x01\x02",
    '<Consent xmlns="http://hl7.org/fhir"/>',
)


def mutations(body: Json, what: str) -> list[tuple[Place, Any]]:
    """Every way in which this can be wrong with a consent: the place, and what stands there then, GONE for nothing."""
    _, change = MUTATIONS[what]
    found = []
    for place in places(body):
        if FREE & set(place) or place[0] in {"resourceType", "id", "meta", "text"}:
            continue
        wrong = change(at(body, place), place)
        if wrong is not None:
            found.append((place, wrong))
    return found


def mutated(body: Json, place: Place, wrong: Any) -> Json:
    """The consent with that one fault."""
    changed = copy.deepcopy(body)
    holder = at(changed, place[:-1])
    if wrong is GONE:
        del holder[place[-1]]
    else:
        holder[place[-1]] = wrong
    return changed


def examples(exploring: Exploring) -> st.SearchStrategy[Json]:
    """`{"kind", "body", "wrong", "rule"}`: a consent and what is wrong with it, if anything; or `{"raw"}`: a text."""
    asking = exploring.consents
    valid = Valid(exploring)

    def example(random: Random) -> Json:
        shape = values.number(random, 7)
        if shape == 7:
            return {"raw": values.pick(random, TEXTS)}
        made = valid.consent(random)
        if shape == 0 or not asking.offers("validation"):
            return made
        what = values.pick(random, tuple(MUTATIONS))
        found = sorted(mutations(made["body"], what), key=lambda one: -len(one[0]))
        if not found:
            return made
        fault = values.pick(random, found[:DEEP] if values.now_and_then(random) else found)
        wrong = {"kind": made["kind"], "body": mutated(made["body"], *fault), "wrong": what, "rule": MUTATIONS[what][0]}
        return wrong if valid.breaks(wrong) == {wrong["rule"]} else made

    return values.CHANCE.map(example)


def always(exploring: Exploring) -> Iterator[Json]:
    """A consent with nothing wrong: a target that takes none refuses the others for another reason."""
    for origin in origins(exploring.consents)[:1]:
        yield {"kind": origin.kind, "body": origin.body}


def smaller(exploring: Exploring) -> Smaller:
    """Takes parts from the consent while the same one thing is wrong with it."""
    valid = Valid(exploring)

    def made_smaller(example: Json, still: Callable[[Json], bool]) -> Json:
        if "raw" in example:
            return example
        return valid.smaller(example, still, breaking=frozenset({example["rule"]} if "rule" in example else ()))

    return made_smaller


def attempt(trial: Trial) -> None:
    """Send it. What is wrong is refused, and in no case served as it is; nothing ends in a server error."""
    asking, example = trial.consents, trial.example
    if "raw" in example:
        body = example["raw"].encode("utf-8", "surrogatepass")
        answer = asking.create(body, kind="active", change=Change(flaw="a text that is no consent"))
        with trial.watching("answers"):
            expect.no_server_error(answer)
        if answer.succeeded and answer.given_id and asking.offers("delete"):
            asking.delete(answer.given_id)  # what was taken all the same might spoil the searches of other checks
        return
    wrong = example.get("wrong")
    created = asking.create(example["body"], kind=example["kind"], change=Change(flaw=wrong))
    with trial.watching("answers"):
        expect.no_server_error(created)
    if wrong is None:
        trial.accepted += created.succeeded
        return
    if created.succeeded and created.given_id:
        with trial.watching("stored"):
            _not_served(trial, created.given_id)


def _not_served(trial: Trial, id: str) -> None:  # noqa: A002 - FHIR's own word
    """A server may leave out what it does not know; it may not keep it, nor make up what was wrong."""
    wrong, rule = trial.example["wrong"], trial.example["rule"]
    read = trial.consents.read(id)
    dropped = rule == "unknown-element" and read.status == 200 and "madeUp" not in json.dumps(read.parsed)
    if not dropped:
        raise Violation(f"a refusal of {wrong} ({rule})", f"created, and read back: {read.described}", read.shows)
