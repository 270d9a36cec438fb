"""The personality nll-2019: dose consents of the Swedish National Medication List as documented in 2019.

Sources: the page Cancel consent for dose dispensing, and for create
https://simplifier.net/guide/swedishnationalmedicationlist-21.3/CreateMultiDoseConsent?version=current. What they leave
open is decided here once, the milder way; the suite accepts other decisions.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, ClassVar

from conformance.reference import rules
from conformance.reference.medication_list import DOSE, MedicationList
from conformance.reference.messages import Refused, Resource, Route, Write
from conformance.reference.provenance import DEREGISTER, REGISTER, codes, objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENTERER = "enterer"
WORKPLACE = "http://electronichealth.se/fhir/StructureDefinition/NLLWorkplaceName"
OF_R4_ALONE = {
    "status": "active",
    "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
}
"""What R4 demands of a consent and the bodies of this era do not have."""
NO_ZONE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?", re.ASCII)


def without_other_categories(resource: Resource) -> Iterator[str]:
    """A consent of this era is a consent of type consent-dose-disp; the code's system is not compared."""
    if not any(DOSE in codes(concept) for concept in objects(resource.get("category"))):
        yield f"category: a consent has the code {DOSE}"


class NLL2019(MedicationList):
    """Dose consents whose validity stands in provision.dataPeriod; X-Provenance is raw JSON."""

    name = "nll-2019"
    validity = "dataPeriod"
    consent_rules: ClassVar[tuple[Callable[[Resource], Iterator[str]], ...]] = (
        *(rule for rule in rules.CONSENT_OF_R4 if rule is not rules.with_a_policy),
        without_other_categories,
    )

    def complaints(self, resource: Resource, route: Route) -> list[str]:
        """As in R4, but for the elements that the era leaves out, and the zone that its dateTime may lack."""
        if route.type != "Consent":
            return super().complaints(resource, route)
        judged = {**OF_R4_ALONE, **resource}
        written = resource.get("dateTime")
        if isinstance(written, str) and NO_ZONE.fullmatch(written):
            judged["dateTime"] = f"{written}Z"
        return super().complaints(judged, route)

    def seeded(self, resource: Resource) -> Resource:
        """A consent of this era has its validity in dataPeriod, and neither status nor scope nor policy."""
        if resource["resourceType"] != "Consent":
            return resource
        provision = {"dataPeriod" if name == "period" else name: it for name, it in resource["provision"].items()}
        rest = {name: it for name, it in resource.items() if name not in {"status", "scope", "policy"}}
        return {**rest, "provision": provision}

    def decoded_provenance(self, written: str) -> Any:
        """Return the JSON value of the header: JSON as it is, in UTF-8."""
        try:
            return json.loads(written)
        except (ValueError, RecursionError) as unreadable:
            raise Refused(400, "invalid", "X-Provenance is not JSON") from unreadable

    def check_provenance(self, write: Write) -> None:
        provenance = self.provenance(write.request)
        self.check_activity(provenance, expected=frozenset({DEREGISTER if write.previous else REGISTER}))
        practitioner = self.practitioner(provenance, self.enterer(provenance))
        if practitioner is not None:
            self.check_named(practitioner, registering=write.previous is None)
            self.check_person(practitioner, write.caller)

    def enterer(self, provenance: Resource) -> Resource:
        """Return the agent of type enterer, alone or beside others; refuse a Provenance without one."""
        agents = objects(provenance.get("agent"))
        if not agents:
            raise Refused(400, "required", "X-Provenance has no agent")
        for agent in agents:
            if ENTERER in codes(agent.get("type")):
                return agent
        raise Refused(400, "code-invalid", f"no agent of X-Provenance has the type {ENTERER}")

    def check_named(self, practitioner: Resource, *, registering: bool) -> None:
        """Refuse a practitioner without name or identifier, and to register without workplace name."""
        if not any({"family", "given", "text"} & set(name) for name in objects(practitioner.get("name"))):
            raise Refused(400, "required", "the practitioner of X-Provenance has no name")
        if not any(identifier.get("value") for identifier in objects(practitioner.get("identifier"))):
            raise Refused(400, "required", "the practitioner of X-Provenance has no identifier")
        if registering and not self.workplace(practitioner):
            raise Refused(400, "required", "the practitioner of X-Provenance has no workplace name")

    def workplace(self, practitioner: Resource) -> str:
        """Return the name of the practitioner's workplace; empty when there is none."""
        extensions = objects(practitioner.get("extension"))
        return next((str(found.get("valueString", "")) for found in extensions if found.get("url") == WORKPLACE), "")
