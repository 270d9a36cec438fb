"""Lies about what becomes of a consent of the R5 ballot, and about searching for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from conformance.reference import dates
from conformance.reference.fault import Fault
from conformance.reference.faults.ballot_shape import BALLOT, with_rule, without
from conformance.reference.matching import listed
from conformance.reference.messages import Refused
from conformance.reference.r5_ballot import PARAMETERS

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Resource, Route
    from conformance.reference.parameters import Criterion, Parameter
    from conformance.reference.searching import Query, Search
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

EVERY_PARAMETER = ("r5-ballot.search.every-claimed-parameter-selects", "r4.search.every-claimed-parameter-selects")


class OfAWindowToCome(Fault):
    """Is told of consents to a login: a rule about classes within a window, as long as that has not ended."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        return self.distorted(resource) if stored.type == "Consent" and self.to_come(resource) else resource

    def to_come(self, resource: Resource) -> bool:
        rule = resource.get("provision", {})
        end = dates.range_of(rule.get("period", {}))[1]
        now = dates.span(self.last_updated(self.clock()))[0]
        return end is not None and end > now and any("class" in inner for inner in rule.get("provision", ()))

    def distorted(self, resource: Resource) -> Resource:
        raise NotImplementedError


class BallotRootTypeDropped(
    OfAWindowToCome,
    name="ballot-root-type-dropped",
    breaks=("r5-ballot.provision.type-is-never-lost",),
    packs=BALLOT,
):
    """The root of a consent to a login reads without its type."""

    def distorted(self, resource: Resource) -> Resource:
        return {**resource, "provision": without(resource["provision"], "type")}


class BallotTypeInherited(
    Fault,
    name="ballot-type-inherited",
    breaks=(
        "r5-ballot.provision.type-is-never-lost",
        "r5-ballot.example.round-trip",
        "r4.create.read-back-is-the-same",
        "r4.write.meaning-survives",
    ),
    packs=BALLOT,
):
    """A rule within a rule gets the type of the rule around it."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        resource = super().kept(resource, previous)
        rule = resource.get("provision", {})
        if "provision" not in rule:
            return resource
        return with_rule(resource, provision=[{**inner, "type": rule["type"]} for inner in rule["provision"]])


class BallotActorWithoutRoleDropped(
    Fault,
    name="ballot-actor-without-role-dropped",
    breaks=("r5-ballot.provision.actor-parts-are-optional",),
    packs=BALLOT,
):
    """An actor that has a reference and no role disappears."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        resource = super().kept(resource, previous)
        if "actor" not in resource.get("provision", {}):
            return resource
        return with_rule(resource, actor=[actor for actor in resource["provision"]["actor"] if "role" in actor])


class BallotAuthorshipLost(
    Fault,
    name="ballot-authorship-lost",
    breaks=("r5-ballot.provision.data-parts-are-needed",),
    packs=BALLOT,
):
    """What somebody wrote becomes data about which somebody else wrote."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        resource = super().kept(resource, previous)
        data = resource.get("provision", {}).get("data", ())
        if not any(one["meaning"] == "authoredby" for one in data):
            return resource
        return with_rule(resource, data=[{**one, "meaning": "instance"} for one in data])


class BallotClassSystemRewritten(
    OfAWindowToCome,
    name="ballot-class-system-rewritten",
    breaks=("r5-ballot.provision.class-is-a-coding-list",),
    packs=BALLOT,
):
    """The system fhir-types of a class reads as resource-types."""

    def distorted(self, resource: Resource) -> Resource:
        system = "http://hl7.org/fhir/resource-types"
        rules = [
            {**inner, "class": [{**one, "system": system} for one in listed(inner.get("class"))]}
            for inner in resource["provision"]["provision"]
        ]
        return with_rule(resource, provision=rules)


class BallotSecondClassDropped(
    OfAWindowToCome,
    name="ballot-second-class-dropped",
    breaks=("r5-ballot.provision.class-is-a-coding-list",),
    packs=BALLOT,
):
    """Of the classes of a rule only the first is shown."""

    def distorted(self, resource: Resource) -> Resource:
        rules = [{**inner, "class": inner["class"][:1]} for inner in resource["provision"]["provision"]]
        return with_rule(resource, provision=rules)


class BallotWindowCutToDays(
    OfAWindowToCome,
    name="ballot-window-cut-to-days",
    breaks=("r5-ballot.provision.short-window-is-kept",),
    packs=BALLOT,
):
    """A window of half an hour reads as the whole day."""

    def distorted(self, resource: Resource) -> Resource:
        period = {bound: value[:10] for bound, value in resource["provision"]["period"].items()}
        return with_rule(resource, period=period)


class BallotWindowLosesItsOffset(
    OfAWindowToCome,
    name="ballot-window-loses-its-offset",
    breaks=("r5-ballot.provision.short-window-is-kept",),
    packs=BALLOT,
):
    """The time of day of a window is shown as if it were of UTC."""

    def distorted(self, resource: Resource) -> Resource:
        period = {bound: f"{value[:19]}Z" for bound, value in resource["provision"]["period"].items()}
        return with_rule(resource, period=period)


class BallotSecondActionDropped(
    Fault, name="ballot-second-action-dropped", breaks=("r5-ballot.example.round-trip",), packs=BALLOT
):
    """Of the actions of a rule within a rule only the first is kept."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        resource = super().kept(resource, previous)
        rules = resource.get("provision", {}).get("provision", ())
        if not any("action" in inner for inner in rules):
            return resource
        kept = [{**inner, "action": inner["action"][:1]} if "action" in inner else inner for inner in rules]
        return with_rule(resource, provision=kept)


class BallotEndedBecomesUnknown(
    Fault,
    name="ballot-ended-becomes-unknown",
    breaks=("r5-ballot.example.active-after-its-end",),
    packs=BALLOT,
):
    """A consent to a login whose window has ended reads with the status unknown."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        rule = resource.get("provision", {})
        end = dates.range_of(rule.get("period", {}))[1]
        ended = end is not None and end < dates.span(self.last_updated(self.clock()))[0]
        return {**resource, "status": "unknown"} if ended and "provision" in rule else resource


class BallotNarrativeEscaped(
    OfAWindowToCome,
    name="ballot-narrative-escaped",
    breaks=("r5-ballot.example.narrative", "r5-ballot.model.values-have-their-datatype"),
    packs=BALLOT,
):
    """The narrative comes back with its markup escaped."""

    def distorted(self, resource: Resource) -> Resource:
        div = resource["text"]["div"].replace("<", "&lt;").replace(">", "&gt;")
        return {**resource, "text": {**resource["text"], "div": div}}


class BallotCategoryAbsentCrashes(
    Fault,
    name="ballot-category-absent-crashes",
    breaks=("r5-ballot.model.category-may-be-absent",),
    packs=BALLOT,
):
    """A consent without category answers 500."""

    def validate(self, resource: Resource, route: Route) -> None:
        super().validate(resource, route)
        if route.type == "Consent" and not resource.get("category"):
            raise Refused(500, "exception", "a column may not be null")


class BallotSubjectSearchUnindexed(
    Fault, name="ballot-subject-search-unindexed", breaks=("r5-ballot.search.by-subject",), packs=BALLOT
):
    """The parameter subject finds nothing."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        return [] if parameter.name == "subject" else super().searched_values(stored, parameter)


class BallotSubjectSearchKnowsPatientsOnly(
    Fault,
    name="ballot-subject-search-knows-patients-only",
    breaks=("r5-ballot.search.by-subject",),
    packs=BALLOT,
):
    """The parameter subject does not find the consents of a group."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        found = super().searched_values(stored, parameter)
        return [one for one in found if self.is_patient(one)] if parameter.name == "subject" else found


class BallotPatientSearchReadsAnySubject(
    Fault,
    name="ballot-patient-search-reads-any-subject",
    breaks=("r5-ballot.search.patient-means-patient-subjects",),
    packs=BALLOT,
):
    """patient=x finds the consent of Group/x as well."""

    def is_patient(self, subject: Any) -> bool:  # noqa: ARG002 - whoever it is
        return True

    def parameters(self, kind: str) -> dict[str, Parameter]:
        known = super().parameters(kind)
        if kind != "Consent":
            return known
        return {**known, "patient": replace(known["patient"], types=("Patient", "Group", "Practitioner"))}

    def matches_reference(self, value: Any, criterion: Any, wanted: str) -> bool:
        if criterion.parameter.name == "patient":
            wanted = wanted.removeprefix("Patient/")
        return super().matches_reference(value, criterion, wanted)


class BallotPatientSearchAddsGroups(
    Fault,
    name="ballot-patient-search-adds-groups",
    breaks=("r5-ballot.search.patient-means-patient-subjects",),
    packs=BALLOT,
):
    """A search by patient adds every consent about a group."""

    def found(self, asked: Search) -> list[Stored]:
        matches = super().found(asked)
        if [criterion.name for criterion in asked.criteria] != ["patient"] or not matches:
            return matches
        groups = [
            stored
            for stored in self.searched("Consent")
            if str(stored.content.get("subject", {}).get("reference")).startswith("Group/")
        ]
        return matches + [stored for stored in groups if stored not in matches]


class BallotControllerSearchReadsManager(
    Fault, name="ballot-controller-search-reads-manager", breaks=EVERY_PARAMETER, packs=BALLOT
):
    """The parameter controller selects by manager."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        return super().searched_values(stored, PARAMETERS["manager"] if parameter.name == "controller" else parameter)


class BallotGranteeSearchReadsGrantor(
    Fault, name="ballot-grantee-search-reads-grantor", breaks=EVERY_PARAMETER, packs=BALLOT
):
    """The parameter grantee selects by grantor."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        read = replace(parameter, path="grantor") if parameter.name == "grantee" else parameter
        return super().searched_values(stored, read)


class BallotSecondGranteeIsNotIndexed(
    Fault, name="ballot-second-grantee-is-not-indexed", breaks=EVERY_PARAMETER, packs=BALLOT
):
    """A consent is found by the first of its grantees."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        found = super().searched_values(stored, parameter)
        return found[:1] if parameter.name == "grantee" else found


class BallotCompartmentLeaks(
    Fault, name="ballot-compartment-leaks", breaks=("r5-ballot.search.patient-compartment",), packs=BALLOT
):
    """The compartment of a patient lists every consent."""

    def query(self, request: Request) -> Query:
        return (
            super().query(replace(request, path="/Consent"))
            if "Patient" in request.segments
            else super().query(request)
        )


class _OpenCompartment(Fault):
    """Lets a caller into the compartment of a patient whom it turns away elsewhere."""

    turned_away: ClassVar[str]

    def admitted(self, request: Request, route: Route) -> Caller | None:
        try:
            return super().admitted(request, route)
        except Refused as refusal:
            if request.segments[0] == "Patient" and refusal.reason == self.turned_away:
                return None
            raise


class BallotCompartmentIsOpen(
    _OpenCompartment,
    name="ballot-compartment-is-open",
    breaks=("security.token.absent-gets-no-consent",),
    packs=BALLOT,
):
    """The compartment of a patient answers without a token."""

    turned_away = "a bearer token is needed"


class BallotCompartmentOutlastsTokens(
    _OpenCompartment,
    name="ballot-compartment-outlasts-tokens",
    breaks=("security.token.expired-is-refused",),
    packs=BALLOT,
):
    """The compartment of a patient answers a token that has expired."""

    turned_away = "the token has expired"


class BallotSubjectSearchSeesAll(
    Fault,
    name="ballot-subject-search-sees-all",
    breaks=("security.patient.others-are-out-of-reach",),
    packs=BALLOT,
):
    """A search by subject finds whose consents it is asked for, whomever the token is bound to."""

    def found(self, asked: Search) -> list[Stored]:
        by_subject = "subject" in {criterion.name for criterion in asked.criteria}
        return super().found(replace(asked, caller=None) if by_subject else asked)


class BallotRootTypeFilledIn(
    Fault,
    name="ballot-root-type-filled-in",
    breaks=("r5-ballot.provision.type-is-not-made-up",),
    packs=BALLOT,
):
    """A rule that is sent without type becomes one that denies."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        resource = super().kept(resource, previous)
        rule = resource.get("provision", {})
        return with_rule(resource, type="deny") if rule and "type" not in rule else resource


class BallotUpdateLosesThePolicyBasis(
    Fault,
    name="ballot-update-loses-the-policy-basis",
    breaks=("r4.update.read-back-is-the-new-content",),
    packs=BALLOT,
):
    """A consent has its policyBasis until it is updated."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        resource = super().kept(resource, previous)
        return resource if previous is None else without(resource, "policyBasis")


class BallotCompartmentIgnoresParameters(
    Fault,
    name="ballot-compartment-ignores-parameters",
    breaks=("r5-ballot.search.patient-compartment",),
    packs=BALLOT,
):
    """The compartment of a patient is shown whole, whatever else is asked for."""

    def query(self, request: Request) -> Query:
        return super().query(replace(request, query=()) if request.segments[0] == "Patient" else request)


class BallotManagerIsAskedForWithItsType(
    Fault, name="ballot-manager-is-asked-for-with-its-type", breaks=("r4.search.reference-forms",), packs=BALLOT
):
    """The parameter manager finds nothing by an id alone."""

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        untyped = criterion.parameter.name == "manager" and "/" not in wanted
        return not untyped and super().matches_reference(value, criterion, wanted)


class BallotGranteeIsIndexedOnce(
    Fault, name="ballot-grantee-is-indexed-once", breaks=("r4.search.result-is-the-current-content",), packs=BALLOT
):
    """A consent is found by the grantees that it was created with."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        first = self.store.versions(stored.type, stored.id)[-1]
        return super().searched_values(first if parameter.name == "grantee" else stored, parameter)


class BallotNotDoneIsNotIndexed(
    Fault, name="ballot-not-done-is-not-indexed", breaks=("r4.search.by-status",), packs=BALLOT
):
    """No consent is found by the status not-done."""

    def searched_values(self, stored: Stored, parameter: Parameter) -> list[Any]:
        found = super().searched_values(stored, parameter)
        return [value for value in found if value != "not-done"] if parameter.name == "status" else found
