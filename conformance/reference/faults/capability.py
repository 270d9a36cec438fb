"""Lies about the capability statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.reference.fault import Fault
from conformance.reference.messages import Answer, Refused, Resource

if TYPE_CHECKING:
    from collections.abc import Callable

R4_ALONE = ("r4",)
COMPARED = (
    "r4.capabilities.states-fhir-version",
    "r4.capabilities.lists-what-is-claimed",
    "r4.capabilities.lists-claimed-parameters",
)
"""What cannot be looked at where there is no statement."""


class MetadataMissing(
    Fault, name="metadata-missing", breaks=("r4.capabilities.answered",), blocks=COMPARED, packs=R4_ALONE
):
    """GET /metadata answers 404."""

    def capabilities(self) -> Answer:
        raise Refused(404, "not-found", "there is nothing at /metadata")


class MetadataIsBareJson(
    Fault, name="metadata-is-bare-json", breaks=("r4.capabilities.answered",), blocks=COMPARED, packs=R4_ALONE
):
    """GET /metadata answers a JSON object without resourceType."""

    def capabilities(self) -> Answer:
        return _changed(super().capabilities(), lambda statement: _without(statement, "resourceType"))


class MetadataSpeaksForAClient(
    Fault, name="metadata-speaks-for-a-client", breaks=("r4.capabilities.answered",), packs=R4_ALONE
):
    """The capability statement has one rest entry, of the mode client."""

    def capabilities(self) -> Answer:
        def as_client(statement: Resource) -> Resource:
            return {**statement, "rest": [{**rest, "mode": "client"} for rest in statement["rest"]]}

        return _changed(super().capabilities(), as_client)


class MetadataClaimsOtherRelease(
    Fault, name="metadata-claims-other-release", breaks=("r4.capabilities.states-fhir-version",), packs=R4_ALONE
):
    """The capability statement says 5.0.0."""

    def capabilities(self) -> Answer:
        return _changed(super().capabilities(), lambda statement: {**statement, "fhirVersion": "5.0.0"})


class MetadataHidesVersion(
    Fault, name="metadata-hides-version", breaks=("r4.capabilities.states-fhir-version",), packs=R4_ALONE
):
    """The capability statement has no fhirVersion."""

    def capabilities(self) -> Answer:
        return _changed(super().capabilities(), lambda statement: _without(statement, "fhirVersion"))


class MetadataOmitsConsent(
    Fault,
    name="metadata-omits-consent",
    breaks=("r4.capabilities.lists-what-is-claimed", "r4.capabilities.lists-claimed-parameters"),
    packs=R4_ALONE,
):
    """The capability statement does not speak of Consent."""

    def capabilities(self) -> Answer:
        return _changed(super().capabilities(), lambda statement: _of_consent(statement, lambda _: None))


class MetadataOmitsVersions(
    Fault, name="metadata-omits-versions", breaks=("r4.capabilities.lists-what-is-claimed",), packs=R4_ALONE
):
    """The capability statement does not list vread, which works."""

    def capabilities(self) -> Answer:
        def without_vread(consent: Resource) -> Resource:
            return {**consent, "interaction": [one for one in consent["interaction"] if one["code"] != "vread"]}

        return _changed(super().capabilities(), lambda statement: _of_consent(statement, without_vread))


class MetadataOmitsClaimedParameter(
    Fault, name="metadata-omits-claimed-parameter", breaks=("r4.capabilities.lists-claimed-parameters",), packs=R4_ALONE
):
    """The capability statement does not list the search parameter status, which works."""

    def capabilities(self) -> Answer:
        def without_status(consent: Resource) -> Resource:
            return {**consent, "searchParam": [one for one in consent["searchParam"] if one["name"] != "status"]}

        return _changed(super().capabilities(), lambda statement: _of_consent(statement, without_status))


def _changed(answer: Answer, change: Callable[[Resource], Resource]) -> Answer:
    return Answer(status=answer.status, resource=change(answer.resource or {}), headers=answer.headers)


def _without(resource: Resource, element: str) -> Resource:
    return {name: value for name, value in resource.items() if name != element}


def _of_consent(statement: Resource, change: Callable[[Resource], Resource | None]) -> Resource:
    """The statement with its row for Consent changed, or without it."""
    rest = statement["rest"][0]
    rows = [change(row) if row["type"] == "Consent" else row for row in rest["resource"]]
    return {**statement, "rest": [{**rest, "resource": [row for row in rows if row]}]}


class MetadataNamesNoFormat(
    Fault, name="metadata-names-no-format", breaks=("r4.capabilities.answered",), packs=R4_ALONE
):
    """The capability statement says neither since when it holds nor in which formats the server speaks."""

    def capabilities(self) -> Answer:
        return _changed(super().capabilities(), lambda statement: _without(_without(statement, "format"), "date"))
