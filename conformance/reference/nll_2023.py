"""The personality nll-2023: consents of the Swedish National Medication List as documented in 2023.

Sources: https://simplifier.net/guide/SwedishNationalMedicationList (Consent - Create, Fetch, Close; HTTP header and
authorization) and the handbook https://samarbetsyta.ehalsomyndigheten.se/handboken/latest/. What they leave open is
decided here once, the milder way; the suite accepts other decisions.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from typing import TYPE_CHECKING, ClassVar

from conformance.reference.medication_list import DOSE, MedicationList
from conformance.reference.messages import Refused, Request, Resource, Route, Write
from conformance.reference.provenance import DEREGISTER, REGISTER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

ACCESS = "access-consent-code-from-the-profile"
INQUIRY_PERIOD = "nllInqueryPeriod"
PURPOSES = frozenset({"VARD"})
ACCESS_TYPES = frozenset(
    {
        "TILLFALLIGT_SAMTYCKE",
        "UTAN_KRAV_SAMTYCKE",
        "UTAN_KRAV_SAMTYCKE_BARN",
        "DOSPATIENTS_UPPGIFTER",
        "TILLFALLIGT_SAMTYCKE_SPARRADE_UPPGIFTER",
        "NODATKOMST",
        "FORMODAT_SAMTYCKE",
        "SAMTYCKE_PRIVAT_TILL_VARDPERSONAL",
    }
)


class NLL2023(MedicationList):
    """Dose consents and access consents."""

    name = "nll-2023"
    claims = (*MedicationList.claims, "provenance:person", "search:status")
    first_statuses: ClassVar[frozenset[str]] = frozenset({"proposed"})
    """What an access consent may be created as."""

    def request_id(self, request: Request) -> str:
        """Every answer has an X-Request-ID, the client's own where it sent one."""
        return super().request_id(request) or str(uuid.uuid4())

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        """Refuse header values that cannot be understood. An absent header and an empty one are the same."""
        super().check_headers(request, route, caller)
        for name in ("x-org-info", "x-user-agent"):
            self.check_object_header(name, request.header(name) or "")
        self.check_code_header("x-purpose", request.header("x-purpose") or "", PURPOSES)
        self.check_code_header("x-access", request.header("x-access") or "", ACCESS_TYPES)

    def check_object_header(self, name: str, written: str) -> None:
        """Refuse what is not base64 of a JSON object."""
        if not written.strip():
            return
        try:
            value = json.loads(base64.b64decode(written.strip(), validate=True).decode())
        except (binascii.Error, ValueError, RecursionError) as unreadable:
            raise Refused(400, "invalid", f"{name} is not base64 of JSON") from unreadable
        if not isinstance(value, dict) or (name == "x-user-agent" and not {"name", "version"} <= set(value)):
            raise Refused(400, "invalid", f"{name} has not the form that is documented")

    def check_code_header(self, name: str, written: str, known: frozenset[str]) -> None:
        if written.strip() and written.strip() not in known:
            raise Refused(400, "code-invalid", f"{name} is not one of {', '.join(sorted(known))}")

    def check_write(self, write: Write) -> None:
        if write.route.type == "Consent":
            self.check_patientref(write)
        super().check_write(write)

    def check_patientref(self, write: Write) -> None:
        """Refuse an x-patientref that names another patient than the body."""
        named = (write.request.header("x-patientref") or "").strip()
        if named and named.rpartition("/")[2] != self.belongs_to("Consent", "", write.resource):
            raise Refused(400, "invalid", "x-patientref names another patient than the consent")

    def check_provenance(self, write: Write) -> None:
        provenance = self.provenance(write.request)
        self.check_activity(provenance, expected=self.expected_activities(write.resource, write.previous))
        self.check_agents(provenance, write.caller)
        self.check_reason(provenance, access_consent=self.kind_of(write.resource) == "access")

    def expected_activities(self, resource: Resource, previous: Stored | None) -> frozenset[str] | None:
        """Return the codes that fit; None where they are not public, as for access consents."""
        if self.kind_of(resource) != "dose":
            return None
        if previous is None:
            return frozenset({REGISTER})
        return frozenset({DEREGISTER}) if self.closed(resource) else frozenset({REGISTER, DEREGISTER})

    def closed(self, resource: Resource) -> bool:
        """Whether a consent is ended, by its status or by its period."""
        return resource.get("status") == "inactive" or "end" in resource.get("provision", {}).get("period", {})

    def kind_of(self, resource: Resource) -> str:
        """Return `dose`, `access` or `other`; the data decides, not meta.profile."""
        codes = {coding.get("code") for concept in resource["category"] for coding in concept.get("coding", ())}
        return "dose" if DOSE in codes else "access" if ACCESS in codes else "other"

    def business_complaints(self, write: Write) -> Iterator[str]:
        """Yield what the two profiles and the handbook mind."""
        kind = self.kind_of(write.resource) if write.route.type == "Consent" else "none"
        if kind == "dose":
            yield from self.dose_complaints(write.resource)
        if kind == "access":
            yield from self.access_complaints(write)

    def dose_complaints(self, resource: Resource) -> Iterator[str]:
        codings = [coding for concept in resource["category"] for coding in concept.get("coding", ())]
        if any(coding.get("code") == DOSE and "system" not in coding for coding in codings):
            yield "the category of a dose consent has a system"

    def access_complaints(self, write: Write) -> Iterator[str]:
        if write.previous is None and write.resource["status"] not in self.first_statuses:
            yield "an access consent is created as proposed; the patient answers it"
        if not write.resource.get("patient", {}).get("reference"):
            yield "an access consent refers to its patient"
        for extension in write.resource.get("extension", ()):
            period = extension.get("valuePeriod", {})
            if INQUIRY_PERIOD in extension.get("url", "") and not {"start", "end"} <= set(period):
                yield "the inquiry period has a start and an end"
