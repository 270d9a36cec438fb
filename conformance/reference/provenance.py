"""The header x-provenance of the Swedish National Medication List: who writes a consent, and why.

Sources: the guide's pages on HTTP headers, Provenance and Consent scenarios
(https://simplifier.net/guide/SwedishNationalMedicationList).
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from conformance.reference.answers import Answers
from conformance.reference.messages import Refused, Request, Resource

if TYPE_CHECKING:
    from conformance.reference.tokens import Caller

REGISTER = "REGISTRERA_DOSSAMTYCKE"
DEREGISTER = "AVREGISTRERA_DOSSAMTYCKE"
AGENT_TYPES = frozenset({"enterer", "author"})
PRESCRIBER_CODE = "http://electronichealth.se/identifier/forskrivarkod"


class Provenances(Answers):
    """The seams that read and judge x-provenance."""

    def provenance(self, request: Request) -> Resource:
        """Return the Provenance of a write; refuse a request without one that can be read."""
        written = (request.header("x-provenance") or "").strip()
        if not written:
            raise Refused(400, "required", "x-provenance is needed to write a consent")
        provenance = self.decoded_provenance(written)
        if not isinstance(provenance, dict) or provenance.get("resourceType") != "Provenance":
            raise Refused(400, "invalid", "x-provenance is not a Provenance")
        return provenance

    def decoded_provenance(self, written: str) -> Any:
        """Return the JSON value of the header: base64 of UTF-8."""
        try:
            return json.loads(base64.b64decode(written, validate=True).decode())
        except (binascii.Error, ValueError, RecursionError) as unreadable:
            raise Refused(400, "invalid", "x-provenance is not base64 of JSON") from unreadable

    def check_activity(self, provenance: Resource, *, expected: frozenset[str] | None) -> None:
        """Refuse an activity without a code, and a code that does not fit what is done."""
        stated = codes(provenance.get("activity"))
        if not stated:
            raise Refused(400, "required", "x-provenance has no activity with a code")
        if expected is not None and not expected & stated:
            raise Refused(400, "code-invalid", f"the activity is {', '.join(sorted(expected))} here")

    def check_agents(self, provenance: Resource, caller: Caller | None) -> None:
        """Refuse a Provenance without agent, and agents without a type, a practitioner, or the right one."""
        agents = provenance.get("agent")
        if not isinstance(agents, list) or not agents:
            raise Refused(400, "required", "x-provenance has no agent")
        for agent in agents:
            self.check_agent_type(agent)
            practitioner = self.practitioner(provenance, agent)
            if practitioner is not None:
                self.check_person(practitioner, caller)

    def check_agent_type(self, agent: Any) -> None:
        stated = codes(agent.get("type") if isinstance(agent, dict) else None)
        if not stated:
            raise Refused(400, "required", "an agent of x-provenance has no type")
        if not stated & AGENT_TYPES:
            raise Refused(400, "code-invalid", f"the agent's type is one of {', '.join(sorted(AGENT_TYPES))}")

    def practitioner(self, provenance: Resource, agent: Any) -> Resource | None:
        """Return the contained Practitioner that agent.who refers to; refuse everything else."""
        who = agent.get("who")
        reference = who.get("reference") if isinstance(who, dict) else None
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise Refused(400, "required", "agent.who does not refer to a contained Practitioner")
        for contained in objects(provenance.get("contained")):
            if contained.get("id") == reference[1:] and contained.get("resourceType") == "Practitioner":
                return contained
        raise Refused(400, "invalid", f"x-provenance contains no Practitioner {reference}")

    def check_person(self, practitioner: Resource, caller: Caller | None) -> None:
        """Refuse a practitioner who is not the person of the token."""
        named = [
            identifier.get("value")
            for identifier in objects(practitioner.get("identifier"))
            if identifier.get("system") == PRESCRIBER_CODE
        ]
        if caller is None or caller.prescriber_code not in named:
            raise Refused(403, "forbidden", "the practitioner of x-provenance is not the person of the token")

    def check_reason(self, provenance: Resource, *, access_consent: bool) -> None:
        """Refuse a reason where an access consent is written."""
        if access_consent and provenance.get("reason"):
            raise Refused(400, "invalid", "the provenance of an access consent has no reason")


def codes(concept: Any) -> frozenset[str]:
    """Return the codes of a CodeableConcept that a client sent; what is none has none."""
    codings = objects(concept.get("coding") if isinstance(concept, dict) else None)
    return frozenset(coding["code"] for coding in codings if isinstance(coding.get("code"), str) and coding["code"])


def objects(value: Any) -> list[Resource]:
    """Return the objects of a list that a client sent; what is no list has none."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
