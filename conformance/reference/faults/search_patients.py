"""Lies about searching for a patient's consents, and about the forms of a reference."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.reference import matching
from conformance.reference.fault import Fault
from conformance.reference.faults.period import SEARCHED
from conformance.reference.messages import Refused
from conformance.reference.parameters import RESULT_PARAMETERS

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Route
    from conformance.reference.parameters import Criterion
    from conformance.reference.searching import Query, Search
    from conformance.reference.store import Stored

R4 = ("r4",)
NEED_A_MATCH = (
    *SEARCHED,
    "period.expired.status-search-agrees-with-read",
    "period.expired.still-found-by-patient",
    "nll-2023.close.closed-is-not-among-active",
    "r4.create.refusal-stores-nothing",
    "r4.delete.then-gone-from-search",
    "r4.search.absolute-reference",
    "r4.search.accepted-modifier-has-its-meaning",
    "r4.search.bad-include-does-not-crash",
    "r4.search.by-actor",
    "r4.search.by-category",
    "r4.search.by-last-updated",
    "r4.search.by-status",
    "r4.search.by-status-with-its-system",
    "r4.search.comma-widens",
    "r4.search.count-is-an-upper-bound",
    "r4.search.count-zero-lists-nothing",
    "r4.search.different-parameters-narrow",
    "r4.search.empty-value-is-ignored",
    "r4.search.escaped-characters-are-understood",
    "r4.search.every-claimed-parameter-selects",
    "r4.search.foreign-reference",
    "r4.search.include-actor",
    "r4.search.include-adds-each-resource-once",
    "r4.search.include-on-every-page",
    "r4.search.include-patient",
    "r4.search.next-link-reaches-every-match",
    "r4.search.no-match-is-an-empty-set",
    "r4.search.post-equals-get",
    "r4.search.reference-forms",
    "r4.search.repeated-parameter-narrows",
    "r4.search.result-is-the-current-content",
    "r4.search.self-link-shows-what-was-used",
    "r4.search.strict-handling-refuses",
    "r4.search.total-counts-matches-only",
    "r4.search.unknown-parameter-is-ignored",
    "r4.search.unknown-target-is-empty",
    "r4.search.unsupported-modifier-is-refused",
    "security.denied.existence-is-not-revealed",
    "security.patient.others-are-out-of-reach",
)
"""What cannot be exercised where the search by patient finds nothing."""


class SearchIgnoresPatient(
    Fault,
    name="search-ignores-patient",
    breaks=(
        "r4.search.by-patient",
        "r4.search.no-match-is-an-empty-set",
        "r4.search.accepted-modifier-has-its-meaning",
        "r4.search.different-parameters-narrow",
        "r4.search.foreign-reference",
        "r4.search.next-link-reaches-every-match",
        "r4.search.post-equals-get",
        "r4.search.reference-forms",
        "r4.search.unknown-target-is-empty",
        "nll-2023.fetch.unknown-id-is-an-error",
    ),
):
    """The parameter patient selects every consent."""

    def matches_criterion(self, stored: Stored, criterion: Criterion) -> bool:
        return criterion.parameter.name == "patient" or super().matches_criterion(stored, criterion)


class PatientSearchAddsAnother(Fault, name="patient-search-adds-another", breaks=("r4.search.by-patient",)):
    """A search that finds consents of a patient adds the consent that was created before each."""

    def found(self, asked: Search) -> list[Stored]:
        matches = super().found(asked)
        numbers = {stored.first for stored in matches}
        if [criterion.name for criterion in asked.criteria] != ["patient"]:
            return matches
        everything = self.searched("Consent")
        pairs = itertools.pairwise(everything)
        before = {one.first for one, following in pairs if following.first in numbers}
        return [stored for stored in everything if stored.first in numbers | before]


class PatientSearchFindsNothing(
    Fault,
    name="patient-search-finds-nothing",
    breaks=(
        "r4.search.by-patient",
        "r4.search.fresh-consent-is-found",
        "nll-2023.fetch.unknown-id-is-an-error",
        "nll-2023.close.read-shows-latest-version",
    ),
    blocks=(
        "nll-2023.close.closed-is-not-among-active",
        "nll-2023.close.unknown-id-creates-nothing",
        "security.patient.others-are-out-of-reach",
        *NEED_A_MATCH,
    ),
):
    """The parameter patient selects no consent."""

    def matches_criterion(self, stored: Stored, criterion: Criterion) -> bool:
        return criterion.parameter.name != "patient" and super().matches_criterion(stored, criterion)


class PatientSearchMatchesPrefix(Fault, name="patient-search-matches-prefix", breaks=("r4.search.by-patient",)):
    """patient=1 finds the consents of patient 10 as well."""

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        if criterion.parameter.name == "patient" and not criterion.modifier and "/" not in wanted:
            return str(value.get("reference", "")).startswith(f"Patient/{wanted}")
        return super().matches_reference(value, criterion, wanted)


class TypedReferenceFindsNothing(
    Fault, name="typed-reference-finds-nothing", breaks=("r4.search.reference-forms",), packs=R4
):
    """patient=Patient/[id] finds nothing where patient=[id] does."""

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        typed = criterion.parameter.name == "patient" and wanted.startswith("Patient/")
        return not typed and super().matches_reference(value, criterion, wanted)


class TypeInReferenceIgnored(Fault, name="type-in-reference-ignored", breaks=("r4.search.reference-forms",)):
    """patient=Organization/[id] finds the consents of the patient with that id."""

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        if criterion.parameter.name == "patient" and "://" not in wanted:
            wanted = wanted.rpartition("/")[2]
        return super().matches_reference(value, criterion, wanted)


class AbsoluteReferenceFindsNothing(
    Fault, name="absolute-reference-finds-nothing", breaks=("r4.search.absolute-reference",)
):
    """A patient's own address on this server finds nothing."""

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        return "://" not in wanted and super().matches_reference(value, criterion, wanted)


class AbsoluteReferenceIsRefused(
    Fault,
    name="absolute-reference-is-refused",
    breaks=("r4.search.absolute-reference",),
):
    """A patient's own address on this server is refused as a value."""

    def check_values(self, criterion: Criterion) -> None:
        super().check_values(criterion)
        if any(value.startswith(self.base) for value in criterion.values):
            raise Refused(400, "value", f"{criterion.name}: an address is no reference")


class ForeignReferenceCountsAsLocal(
    Fault, name="foreign-reference-counts-as-local", breaks=("r4.search.foreign-reference",)
):
    """The address of another server's patient finds the consents of our patient of that id."""

    def matches_reference(self, value: Any, criterion: Criterion, wanted: str) -> bool:
        if "://" in wanted and not wanted.startswith(self.base):
            wanted = "/".join(wanted.split("/")[-2:])
        return super().matches_reference(value, criterion, wanted)


class UnknownPatientIsAnError(
    Fault, name="unknown-patient-is-an-error", breaks=("r4.search.unknown-target-is-empty",), packs=R4
):
    """A search for a patient that neither exists nor has a consent answers 422."""

    def check_values(self, criterion: Criterion) -> None:
        super().check_values(criterion)
        for value in criterion.values:
            if criterion.name == "patient" and not self._is_known(value):
                raise Refused(422, "not-found", f"there is no patient {value!r}")

    def _is_known(self, value: str) -> bool:
        id_ = value.rpartition("/")[2]
        consents = self.store.everything("Consent")
        named = {target for one in consents for target in matching.referenced(one.content, "patient", self.base)}
        return ("Patient", id_) in named or self.store.current("Patient", id_) is not None


class EscapedSlashNotDecoded(
    Fault, name="escaped-slash-not-decoded", breaks=("r4.search.escaped-characters-are-understood",)
):
    """patient=Patient%2F[id] finds nothing where patient=Patient/[id] does."""

    def query(self, request: Request) -> Query:
        if "=Patient%2f" not in request.written_query.replace("%2F", "%2f"):
            return super().query(request)
        kept = tuple((name, value.replace("Patient/", "Patient%2F")) for name, value in request.query)
        return super().query(replace(request, query=kept))


class EscapedColonNotDecoded(
    Fault, name="escaped-colon-not-decoded", breaks=("r4.search.escaped-characters-are-understood",), packs=R4
):
    """A system with its colon escaped is not the same system."""

    def query(self, request: Request) -> Query:
        if "http%3A" not in request.written_query:
            return super().query(request)
        kept = tuple((name, value.replace("http:", "http%3A")) for name, value in request.query)
        return super().query(replace(request, query=kept))


class PostSearchIgnoresBody(Fault, name="post-search-ignores-body", breaks=("r4.search.post-equals-get",), packs=R4):
    """A search by POST finds every consent, whatever stands in its form."""

    def query(self, request: Request) -> Query:
        return request.query if request.method == "POST" else super().query(request)


class PostSearchFindsNothing(Fault, name="post-search-finds-nothing", breaks=("r4.search.post-equals-get",), packs=R4):
    """A search by POST finds nothing."""

    def found(self, asked: Search) -> list[Stored]:
        return [] if asked.request.method == "POST" else super().found(asked)


class PostSearchIsRefused(Fault, name="post-search-is-refused", breaks=("r4.search.post-equals-get",), packs=R4):
    """There is no search by POST."""

    def asked(self, request: Request) -> Route:
        if (request.method, request.segments) == ("POST", ("Consent", "_search")):
            raise Refused(404, "not-found", "there is nothing at _search")
        return super().asked(request)


class PostSearchReadsOneField(
    Fault, name="post-search-reads-one-field", breaks=("r4.search.post-equals-get",), packs=R4
):
    """Of a form that is posted the first field is read."""

    def query(self, request: Request) -> Query:
        query = super().query(request)
        return query[:1] if request.method == "POST" else query


class PostedFormIsNotDecoded(
    Fault,
    name="posted-form-is-not-decoded",
    breaks=("r4.search.post-equals-get", "r4.search.unsupported-modifier-is-refused"),
    packs=R4,
):
    """The names and values of a form that is posted are taken as they are escaped."""

    def query(self, request: Request) -> Query:
        if request.method != "POST":
            return super().query(request)
        fields = (field.partition("=") for field in request.body.decode().split("&"))
        return (*request.query, *((name, value) for name, _, value in fields))


class PostedRepeatsCountOnce(Fault, name="posted-repeats-count-once", breaks=("r4.search.post-equals-get",), packs=R4):
    """Of fields with the same name in a form the last is read."""

    def query(self, request: Request) -> Query:
        query = super().query(request)
        return tuple(dict(query).items()) if request.method == "POST" else query


class PostedWishesAreNotRead(Fault, name="posted-wishes-are-not-read", breaks=("r4.search.post-equals-get",), packs=R4):
    """The _count and the _include of a form change nothing."""

    def query(self, request: Request) -> Query:
        query = super().query(request)
        return tuple(one for one in query if one[0] not in RESULT_PARAMETERS) if request.method == "POST" else query
