"""What the answers of a run hold that is there to be judged, and what the validator says of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.examination import examined

if TYPE_CHECKING:
    from conformance.examination import Told
    from conformance.model import Exchange
    from conformance.observed import Answers

Json = dict[str, Any]

_PATIENT = re.compile(r'"patient":\s*\{[^{}]*"reference":\s*"([^"]+)"')
"""In a body, whole or cut off."""
_ADDRESS = re.compile(r"(?:^|/)Consent/([^/\s?#]+)(?:/_history/[^/\s?#]+)?/?$")


@dataclass(frozen=True, slots=True)
class Returned:
    """What was returned in one answer: the Consents, alone or in a Bundle, and what is said of all resources."""

    exchange: Exchange
    consents: tuple[Json, ...]
    told: tuple[Told, ...]


def returned(answers: Answers) -> list[Returned]:
    """What there is to judge in each answer.

    Consents that the suite has sent wrong on purpose are left out wherever they turn up, as is anything but an
    OperationOutcome in the answer to such a request. What was there before the run is not left out.
    """
    wrong, copies, bare = _wrong_on_purpose(answers), _refused_on_purpose(answers), _written_without_narrative(answers)
    found = []
    for exchange in answers:
        body = exchange.response_body or ""
        if exchange.problem or '"resourceType"' not in body:
            continue
        held = examined(body, answers.release)
        if exchange.flawed:
            found.append(Returned(exchange, (), tuple(told for told in held.told if told.type == "OperationOutcome")))
            continue
        names = [(str(one.get("id", "")), one) for one in held.consents]
        left_out = {name for name, one in names if name in wrong or _content(one) in copies}
        untold = {name for name, one in names if name in bare or _patient(one) in bare}
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


def _wrong_on_purpose(answers: Answers) -> set[str]:
    """The ids under which something wrong may be stored."""
    return {id for exchange in answers if exchange.flawed for id in _written_ids(exchange)}  # noqa: A001 - FHIR's own word


def _refused_on_purpose(answers: Answers) -> list[Json]:
    """The content of wrong bodies that were refused: a server that has kept one all the same is judged for that."""
    refused = (one for one in answers if one.flawed and one.method == "POST" and (one.status or 0) >= 400)
    return [_content(body) for one in refused if isinstance(body := _parsed(one.request_body), dict)]


def _written_without_narrative(answers: Answers) -> set[str | None]:
    """The ids of consents that the run itself has written without a narrative, and whose they are."""
    written = [one for one in answers if one.method in {"POST", "PUT"} and '"div"' not in (one.request_body or "")]
    found: set[str | None] = set()
    for one in written:
        match = _PATIENT.search(one.request_body or "")
        found |= {*_written_ids(one), *([_tail(match[1])] if match else [])}
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


def _written_ids(exchange: Exchange) -> set[str]:
    """The ids under which a create or an update has, or may have, stored its body."""
    if exchange.method not in {"POST", "PUT"}:
        return set()
    address = exchange.url.partition("?")[0] if exchange.method == "PUT" else ""
    places = [address, *(exchange.header(name) or "" for name in ("Location", "Content-Location"))]
    found = {match[1] for place in places if (match := _ADDRESS.search(place))}
    bodies = [exchange.response_body, exchange.request_body if exchange.method == "PUT" else None]
    for body in map(_parsed, bodies):
        if isinstance(body, dict) and body.get("resourceType") == "Consent" and "id" in body:
            found.add(str(body["id"]))
    return found


def _parsed(body: str | None) -> Any:
    try:
        return json.loads(body or "")
    except (ValueError, RecursionError):
        return None
