"""What profiles ask of every consent that is returned."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from conformance.identities import REDACTED
from conformance.observed import observes

if TYPE_CHECKING:
    from conformance.model import Exchange
    from conformance.observed import Answers

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@observes("nll-2023.profile.id-is-a-uuid")
def every_logical_id_is_a_uuid(answers: Answers) -> str | None:
    """The id of every Consent that an answer holds, alone or in a Bundle, is a UUID."""

    def fault(answer: Exchange) -> str | None:
        wrong = [id for id in _ids(answer) if not UUID.fullmatch(id)]  # noqa: A001 - FHIR's own word
        return f"Consent/{wrong[0]}" if wrong else None

    return answers.none_may(fault, expected="ids that are UUIDs")


def _ids(answer: Exchange) -> list[str]:
    """The ids of the Consents in a successful answer."""
    if not 200 <= (answer.status or 0) < 300:
        return []
    try:
        body: Any = json.loads(answer.response_body or "")
    except (ValueError, RecursionError):
        return []
    entries = body.get("entry") if isinstance(body, dict) else None
    rows = [entry.get("resource") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    found = [one for one in (body, *rows) if isinstance(one, dict) and one.get("resourceType") == "Consent"]
    # what looks like a personal identity number inside a UUID is taken out when an answer is recorded
    return [str(one["id"]) for one in found if "id" in one and REDACTED not in str(one["id"])]
