"""What the answers of a run hold that is there to be judged, and what the validator says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.examination import examined
from conformance.observed.bodies import mentions, parsed, written_ids
from conformance.observed.planted import planted

if TYPE_CHECKING:
    from conformance.examination import Told
    from conformance.model import Exchange
    from conformance.observed import Answers

Json = dict[str, Any]

_PATIENT = re.compile(r'"patient":\s*\{[^{}]*"reference":\s*"([^"]+)"')
"""In a body, whole or cut off."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What was returned in one answer: the Consents, alone or in a Bundle, and what is said of all resources."""

    exchange: Exchange
    consents: tuple[Json, ...]
    told: tuple[Told, ...]


def returned(answers: Answers) -> list[Returned]:
    """What there is to judge in each answer.

    Consents that the suite has sent wrong on purpose are left out wherever they turn up, as is anything but an
    OperationOutcome in the answer to such a request. What others wrote before the run is not left out.
    """
    is_planted, copies = planted(answers), _refused_on_purpose(answers)
    writes = any(one.method == "POST" and one.status == 201 for one in answers)
    bare, narrated = (_written(answers, with_narrative=told) for told in (False, True))
    found = []
    for exchange in answers:
        body = exchange.response_body or ""
        if exchange.problem or not mentions(body, "resourceType"):
            continue
        held = examined(body, answers.release)
        if exchange.flawed:
            found.append(Returned(exchange, (), tuple(told for told in held.told if told.type == "OperationOutcome")))
            continue
        names = [(str(one.get("id", "")), one) for one in held.consents]
        left_out = {name for name, one in names if is_planted(one) or _content(one) in copies}
        untold = {
            name
            for name, one in names
            if {name, _patient(one)} & bare or (writes and not {name, _patient(one)} & narrated)
        }
        found.append(
            Returned(
                exchange,
                tuple(one for name, one in names if name not in left_out),
                tuple(
                    told
                    for told in held.told
                    if told.type != "Consent"
                    or not (told.id in left_out or (told.rule == "dom-6" and told.id in untold))
                ),
            )
        )
    return found


def _refused_on_purpose(answers: Answers) -> list[Json]:
    """The content of wrong bodies that were refused: a server that has kept one all the same is judged for that."""
    refused = (one for one in answers if one.flawed and one.method == "POST" and (one.status or 0) >= 400)
    return [_content(body) for one in refused if isinstance(body := parsed(one.request_body), dict)]


def _written(answers: Answers, *, with_narrative: bool) -> set[str | None]:
    """The ids of consents that the run itself has written with a narrative, or without, and whose they are."""
    bodies = [one for one in answers if one.method in {"POST", "PUT"}]
    found: set[str | None] = set()
    for one in bodies:
        if ('"div"' in (one.request_body or "")) is with_narrative:
            match = _PATIENT.search(one.request_body or "")
            found |= {*written_ids(one), *([_tail(match[1])] if match else [])}
    return found


def _content(consent: Json) -> Json:
    return {name: value for name, value in consent.items() if name not in {"id", "meta", "text"}}


def _patient(consent: Json) -> str | None:
    """Type and id of the patient, however the reference is written."""
    patient = consent.get("patient")
    reference = patient.get("reference") if isinstance(patient, dict) else None
    return _tail(reference) if isinstance(reference, str) else None


def _tail(reference: str) -> str:
    return "/".join(reference.split("/")[-2:])
