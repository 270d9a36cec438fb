"""Legal content that is rare: extensions in every place, masked values, tables in narratives, other types contained."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conformance.reference.fault import Variation
from conformance.reference.seeds import OTHER_CONSENT

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Resource
    from conformance.reference.store import Stored

PACKS = ("r4", "nll-2023")
NOTE = {"url": "https://example.org/fhir/StructureDefinition/note", "valueString": "as told at the desk"}
MASKED = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}
NARRATIVE = (
    '<div xmlns="http://www.w3.org/1999/xhtml" xml:lang="sv"><h2>Samtycke</h2><table border="1"><tbody><tr>'
    '<td>status</td><td><b>gäller</b><br/>&#160;&lt;1&gt;</td></tr></tbody></table><p style="margin: 0">'
    '<a href="#top">upp</a><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="stämpel"/></p>'
    "<ul><li>ett</li></ul></div>"
)


class ExtensionsInEveryPlace(Variation, name="extensions-in-every-place", packs=PACKS):
    """Primitives, codings and backbones of a consent have ids and extensions: any element may (element.html)."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        if stored.type != "Consent" or "category" not in resource:
            return resource
        first, *others = resource["category"]
        numbered = enumerate(first.get("coding", ()))
        codings = [{**coding, "id": f"coding-{number}", "extension": [NOTE]} for number, coding in numbered]
        listed = {"coding": codings} if codings else {}
        return {
            **resource,
            "_status": {"id": "status-1", "extension": [NOTE]},
            "category": [{**first, **listed, "id": "category-1", "extension": [NOTE]}, *others],
        }


class ContainedIdsAreRenamed(Variation, name="contained-ids-are-renamed", packs=("r4", "r5-ballot")):
    """Contained resources get other ids, where they are referred to as well: they name nothing outside (references)."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        shown = super().presented(stored, request)
        text = json.dumps(shown)
        for number, one in enumerate(shown.get("contained", [])):
            text = text.replace(json.dumps(f"#{one.get('id')}"), f'"#{number}"')
        renamed = json.loads(text)
        contained = [{**one, "id": str(number)} for number, one in enumerate(renamed.get("contained", []))]
        return {**renamed, "contained": contained} if contained else shown


class IdentifierIsAssigned(Variation, name="identifier-is-assigned", packs=("r4", "nll-2023")):
    """Every consent has one more identifier, the server's: anybody may assign one (Consent.identifier)."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        shown = super().presented(stored, request)
        own = {"use": "official", "system": "https://example.org/fhir/consents", "value": stored.id}
        return {**shown, "identifier": [*shown.get("identifier", []), own]} if stored.type == "Consent" else shown


class OldConsentIsMasked(Variation, name="old-consent-is-masked", packs=PACKS):
    """A consent of long ago has extensions instead of a status, and contains a device that it is about.

    It is legal: an element that has extensions needs no value (element.html), and any type may be contained.
    """

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        if stored.id != OTHER_CONSENT:
            return resource
        device = {"resourceType": "Device", "id": "pump", "status": "active"}
        role = {"coding": [{"system": "https://example.org/roles", "code": "pump"}], "text": "the pump"}
        local = {"system": "urn:oid:2.999.7", "code": "X-1", "userSelected": True}
        amount = {"url": "https://example.org/fhir/StructureDefinition/amount", "valueDecimal": 1.0e2}
        actor = {"role": role, "reference": {"reference": "#pump", "type": "Device"}}
        provision = {**resource["provision"], "actor": [*resource["provision"].get("actor", ()), actor]}
        return {
            **{name: value for name, value in resource.items() if name != "status"},
            "_status": {"extension": [MASKED]},
            "implicitRules": "https://example.org/rules",
            "language": "sv-SE",
            "contained": [device],
            "extension": [amount, {"url": NOTE["url"], "extension": [{"url": "part", "valueBoolean": False}]}],
            "category": [*resource["category"], {"coding": [local]}, {"text": "kept at the desk"}],
            "dateTime": "2023-01",
            "provision": provision,
        }


class NarrativeWithTables(Variation, name="narrative-with-tables", packs=PACKS):
    """Consents are shown with a narrative of headings, tables, links and pictures: narrative.html allows them all."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        if stored.type != "Consent":
            return resource
        return {**resource, "text": {"status": "additional", "div": NARRATIVE}}
