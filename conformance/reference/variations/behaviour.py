"""Legal differences in what a server decides."""

from __future__ import annotations

import copy
import itertools
import random
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from conformance.reference import dates
from conformance.reference.fault import Variation
from conformance.reference.messages import Refused, Response
from conformance.reference.r4 import R4

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.reference.messages import Answer, Headers, Request, Resource, Route, Write
    from conformance.reference.searching import Search
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

VALIDATE = "http://hl7.org/fhir/OperationDefinition/Resource-validate"
EVERY_PACK = ("r4", "nll-2019", "nll-2023", "oracle-health", "medicasoft", "r5-ballot")


class RefusesWith422(Variation, name="refuses-with-422"):
    """What is refused with 400 is refused with 422: servers are not held to the split (http.html#create)."""

    def refused(self, request: Request, refusal: Refused) -> Answer:
        answer = super().refused(request, refusal)
        understood = request.method in {"POST", "PUT"} and refusal.code in {"invariant", "required", "code-invalid"}
        return replace(answer, status=422) if answer.status == 400 and understood else answer


class UnknownUpdateAnswers409(Variation, name="unknown-update-answers-409", packs=("nll-2023",)):
    """A PUT on an id that nobody has is refused with 409: the source says that it fails and names no number."""

    def refused(self, request: Request, refusal: Refused) -> Answer:
        answer = super().refused(request, refusal)
        return replace(answer, status=409) if request.method == "PUT" and answer.status == 404 else answer


class UpdateCreates(Variation, name="update-creates", packs=("r4",)):
    """A PUT on an id that nobody has creates the consent: a server may let clients choose ids (http.html#upsert)."""

    def on_unknown_update(self, request: Request, route: Route, resource: Resource) -> Answer:
        return self.created(request, self.save(route, resource, self.current(route)))


class DeletedReadsAsUnknown(Variation, name="deleted-reads-as-unknown", packs=("r4",)):
    """A deleted consent reads 404 instead of 410: a server need not track deletions (http.html#delete)."""

    def refused(self, request: Request, refusal: Refused) -> Answer:
        answer = super().refused(request, refusal)
        return replace(answer, status=404) if answer.status == 410 else answer


class LocationIsRelative(Variation, name="location-is-relative"):
    """Location is relative to the address that was posted to: RFC 9110 §10.2.2 allows a relative reference."""

    def location(self, stored: Stored) -> str:
        return super().location(stored).removeprefix(f"{self.base}/")


class LocationIsAPath(Variation, name="location-is-a-path"):
    """Location is a path of the host: RFC 9110 §10.2.2 allows a relative reference."""

    def location(self, stored: Stored) -> str:
        return "/" + super().location(stored).split("/", 3)[3]


class WritesAnswerNoBody(Variation, name="writes-answer-no-body"):
    """A write that does not say what it wants back gets no body: the default is the server's (http.html#ops)."""

    def preferred(self, request: Request, stored: Stored) -> Resource | None:
        asked = self.preference(request, "return") is not None
        return super().preferred(request, stored) if asked else None


class BundleWithoutTotal(Variation, name="bundle-without-total"):
    """A searchset says no total: the element is optional (bundle-definitions.html#Bundle.total)."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        return {name: value for name, value in super().bundle(asked, matches).items() if name != "total"}


class BundleWithId(Variation, name="bundle-with-id"):
    """A searchset has an id, a meta and a timestamp: a Bundle is a resource like any other (bundle.html)."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        now = self.last_updated(self.clock())
        own = {"id": self.new_id(), "meta": {"lastUpdated": now}, "timestamp": now}
        return {**super().bundle(asked, matches), **own}


class FurtherLinks(Variation, name="further-links"):
    """A searchset also links to its first page: a server may offer any registered relation (http.html#paging)."""

    def links(self, asked: Search, after: int | None) -> list[Resource]:
        links = super().links(asked, after)
        return [{"relation": "first", "url": links[0]["url"]}, *links]


class NewestFirst(Variation, name="newest-first"):
    """Matches come newest first: without _sort the order is the server's (search.html#sort)."""

    def bundle(self, asked: Search, matches: list[Stored]) -> Resource:
        bundle = super().bundle(asked, matches)
        entries = sorted(bundle.get("entry", []), key=_is_match)
        return {**bundle, "entry": [*reversed(entries)]} if entries else bundle


def _is_match(entry: Resource) -> bool:
    return bool(entry["search"]["mode"] != "include")


class SmallPages(Variation, name="small-pages"):
    """A page holds one match when the client does not say how many: the size is the server's (http.html#paging)."""

    def count(self, query: tuple[tuple[str, str], ...]) -> int:
        asked = any(name == "_count" for name, _ in query)
        return super().count(query) if asked else 1


class StatusFollowsThePeriod(Variation, name="status-follows-the-period"):
    """A consent whose end has passed is shown as inactive: R4 leaves open whether the status follows (consent.html)."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        return self.with_status_of_today(super().presented(stored, request))

    def searched(self, kind: str) -> list[Stored]:
        return [
            replace(stored, resource=self.with_status_of_today(stored.content)) for stored in super().searched(kind)
        ]

    def with_status_of_today(self, resource: Resource) -> Resource:
        period = resource.get("provision", {}).get("period", {})
        end = dates.range_of(period)[1]
        over = end is not None and end <= dates.instant(self.clock())
        return {**resource, "status": "inactive"} if over and resource.get("status") == "active" else resource


class VersionsAreWords(Variation, name="versions-are-words"):
    """Version ids are not numbers: they are opaque (resource.html#Meta.versionId)."""

    def new_version(self, previous: Stored | None) -> str:
        number = int(previous.version.rpartition("-")[2]) + 1 if previous else 1
        return f"v-{number}"


class IdsAreLong(Variation, name="ids-are-long", packs=("r4",)):
    """Ids have 64 characters: R4 allows as many (datatypes.html#id)."""

    def new_id(self) -> str:
        return (super().new_id() + "." + super().new_id())[:64]


class IdsAreNumbers(Variation, name="ids-are-numbers", packs=("r4",)):
    """Ids are counted: a server may assign what it likes (datatypes.html#id)."""

    @cached_property
    def numbers(self) -> itertools.count[int]:
        return itertools.count(1001)

    def new_id(self) -> str:
        return str(next(self.numbers))


class AnswersTakeTime(Variation, name="answers-take-time", packs=EVERY_PACK):
    """Each answer comes up to 50 milliseconds late, now more, now less: nothing says how fast a server is."""

    def sent(self, request: Request, route: Route | None, response: Response) -> Response:
        return replace(super().sent(request, route, response), delay=random.uniform(0, 0.05))  # noqa: S311 - no secret


class SomeAnswersTakeLong(Variation, name="some-answers-take-long", packs=("r4",)):
    """Every fortieth answer takes 300 milliseconds: it stays within any time-out, and nothing asks for less."""

    @cached_property
    def _asked(self) -> list[int]:
        return [0]

    def sent(self, request: Request, route: Route | None, response: Response) -> Response:
        self._asked[0] += 1
        return replace(super().sent(request, route, response), delay=0.0 if self._asked[0] % 40 else 0.3)


class HoldsWhatIsReferredTo(Variation, name="holds-what-is-referred-to", packs=("r4",)):
    """A consent whose patient the server does not hold is refused: it may see to the integrity of references."""

    dialect = {"patients": "create"}  # noqa: RUF012 - as in R4

    def business_complaints(self, write: Write) -> Iterator[str]:
        yield from super().business_complaints(write)
        said = str(write.resource.get("patient", {}).get("reference", ""))
        kind, _, logical_id = said.removeprefix(f"{self.base}/").partition("/")
        held = self.store.current(kind, logical_id) if kind == "Patient" else None
        if kind == "Patient" and (held is None or held.deleted):
            yield f"there is no {said}"


class HoldsNoOrganizations(Variation, name="holds-no-organizations", packs=("r4",)):
    """Besides consents there are patients alone, who are to be made first: a server offers the types that it likes."""

    dialect = {"patients": "create"}  # noqa: RUF012 - as in R4
    types = frozenset({"Consent", "Patient"})
    claims = tuple(claim for claim in R4.claims if claim != "include:actor")

    def capabilities(self) -> Answer:
        answer = super().capabilities()
        statement = copy.deepcopy(answer.resource or {})
        for resource in statement["rest"][0]["resource"]:
            if "searchInclude" in resource:
                resource["searchInclude"] = ["Consent:patient"]
        return replace(answer, resource=statement)


class ActiveConsentsAreNotDeleted(Variation, name="active-consents-are-not-deleted", packs=("r4",)):
    """What is in force is not deleted: a resource may have reasons to stay, and 409 says so (http.html#delete)."""

    def delete(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        stored = self.current(route)
        content = stored.content if stored and not stored.deleted else {}
        end = ((content.get("provision") or {}).get("period") or {}).get("end", "9999")
        if route.type == "Consent" and content and end >= self.clock().date().isoformat():
            raise Refused(409, "conflict", "an active consent is closed before it is deleted")
        return super().delete(request, route, caller)


class OffersMore(Variation, name="offers-more", packs=("r4",)):
    """The statement also offers other resources, and operations on Consent: a server may do more than a client asks."""

    def capabilities(self) -> Answer:
        answer = super().capabilities()
        statement = copy.deepcopy(answer.resource or {})
        (rest,) = statement["rest"]
        for resource in rest["resource"]:
            if resource["type"] == "Consent":
                resource["interaction"].append({"code": "patch"})
                resource["operation"] = [{"name": "validate", "definition": VALIDATE}]
                resource["supportedProfile"] = ["https://example.org/StructureDefinition/our-consent"]
        rest["resource"].append({"type": "Observation", "interaction": [{"code": "read"}, {"code": "search-type"}]})
        rest["interaction"] = [{"code": "transaction"}, {"code": "history-system"}]
        return replace(answer, resource=statement)


class PrivateCaching(Variation, name="private-caching"):
    """Answers say Cache-Control: private instead of no-store: both keep them out of shared caches (RFC 9111 §5.2.2)."""

    def common_headers(self, request: Request, answer: Answer) -> Headers:
        return tuple(
            (name, "private, max-age=0" if name == "Cache-Control" else value)
            for name, value in super().common_headers(request, answer)
        )


class NoTokenIsForbidden(Variation, name="no-token-is-forbidden"):
    """A request without a good token is refused with 403: a server may say no more (RFC 9110 §15.5.4)."""

    def unauthorised(self, reason: str, *, error: str | None = None) -> Refused:
        refusal = super().unauthorised(reason, error=error)
        return Refused(403, "forbidden", refusal.reason)
