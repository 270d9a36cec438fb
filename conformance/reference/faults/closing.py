"""Lies about closing a consent: which one is meant, what is kept of it, and what an unknown id leads to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault
from conformance.reference.messages import Answer, Refused, Request, Resource, Route, Write

if TYPE_CHECKING:
    from conformance.reference.parameters import Criterion
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

NLL = ("nll-2023",)
NO_CLOSE = ("nll-2023.close.access-consent-is-ended", "nll-2023.close.dose-consent-is-ended")
"""What a server violates that refuses every close, whatever the address and the headers."""

NEED_A_CLOSE = (
    "nll-2023.authorization.person-matches-provenance",
    "nll-2023.authorization.role-decides",
    "nll-2023.close.body-id-selects-the-consent",
    "nll-2023.close.body-is-needed",
    "nll-2023.close.body-without-id-fails",
    "nll-2023.close.closed-is-not-among-active",
    "nll-2023.close.put-to-the-type-address",
    "nll-2023.close.read-shows-latest-version",
    "nll-2023.close.repeating-is-harmless",
    "nll-2023.close.replaces-the-whole-resource",
    "nll-2023.close.unknown-id-creates-nothing",
    "nll-2023.close.unknown-id-fails",
    "nll-2023.headers.access-not-needed-to-close",
    "nll-2023.headers.authorization-absent",
    "nll-2023.headers.authorization-empty",
    "nll-2023.headers.authorization-malformed",
    "nll-2023.headers.context-id-is-optional",
    "nll-2023.headers.documented-set-is-accepted",
    "nll-2023.headers.names-in-any-case",
    "nll-2023.headers.org-info-absent",
    "nll-2023.headers.org-info-malformed",
    "nll-2023.headers.patientref-not-needed-to-close",
    "nll-2023.headers.patientref-of-another-patient",
    "nll-2023.headers.prefer-operation-outcome",
    "nll-2023.headers.prefer-representation",
    "nll-2023.headers.provenance-absent",
    "nll-2023.headers.provenance-empty",
    "nll-2023.headers.provenance-encoding",
    "nll-2023.headers.purpose-not-needed-to-close",
    "nll-2023.headers.repeated-are-handled-cleanly",
    "nll-2023.headers.request-id-absent",
    "nll-2023.headers.request-id-malformed",
    "nll-2023.headers.user-agent-absent",
    "nll-2023.headers.user-agent-malformed",
    "nll-2023.profile.dose-category",
    "nll-2023.profile.meta-profile-does-not-steer",
    "nll-2023.profile.must-support-is-returned",
    "nll-2023.provenance.access-consent-rules",
    "nll-2023.provenance.activity-fits-the-action",
    "nll-2023.provenance.activity-is-needed",
    "nll-2023.provenance.agent-type-is-needed",
    "nll-2023.provenance.agent-type-is-of-the-value-set",
    "nll-2023.provenance.agent-who-is-needed",
    "nll-2023.provenance.who-and-why-are-enough",
    "period.end.can-be-moved",
    "period.end.comes-back-as-the-same-moment",
    "period.end.future-end-is-accepted",
    "period.end.keeps-its-precision",
    "period.end.leaving-it-out-reopens",
    "period.end.past-end-has-one-outcome",
    "period.open-start.is-accepted",
    "period.start.survives-closing",
    "r4.search.full-urls-are-unique",
    "r4.search.result-is-the-current-content",
    "r4.write.meaning-survives",
    "security.scope.read-token-cannot-write",
    "security.write.unauthorised-changes-nothing",
)
"""What cannot be exercised where dose consents, or all, cannot be closed."""


NEED_A_CLOSE_OF_ACCESS = (
    "nll-2023.close.read-shows-latest-version",
    "nll-2023.headers.provenance-absent",
    "nll-2023.provenance.access-consent-rules",
    "nll-2023.provenance.activity-is-needed",
    "nll-2023.provenance.agent-type-is-needed",
    "r4.write.meaning-survives",
)
"""What cannot be exercised where access consents alone cannot be closed as documented."""


class _AlsoAtItsOwnAddress(Fault):
    """Carries out a PUT to the consent's own address as well."""

    def asked(self, request: Request) -> Route:
        match (request.method, *request.segments):
            case ("PUT", "Consent", named):
                return Route(interaction="update", type="Consent", id=named)
        return super().asked(request)


class CloseAtTypeAddressRefused(
    _AlsoAtItsOwnAddress,
    name="close-at-type-address-refused",
    breaks=("nll-2023.close.put-to-the-type-address",),
    blocks=NEED_A_CLOSE,
    packs=NLL,
):
    """A PUT to [base]/Consent answers 405, one to the consent's own address is carried out."""

    def asked(self, request: Request) -> Route:
        if (request.method, request.segments) == ("PUT", ("Consent",)):
            raise Refused(405, "not-supported", "an update goes to the consent's own address")
        return super().asked(request)


class CloseAtTypeAddressRedirects(
    _AlsoAtItsOwnAddress,
    name="close-at-type-address-redirects",
    breaks=("nll-2023.close.put-to-the-type-address",),
    blocks=NEED_A_CLOSE,
    packs=NLL,
):
    """A PUT to [base]/Consent is sent on to the consent's own address, where it is carried out."""

    def update(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        chosen = self.addressed(route, self.parse_body(request, route))
        if route.id or self.current(chosen) is None:
            return super().update(request, route, caller)
        return Answer(status=307, headers=(("Location", f"{self.base}/Consent/{chosen.id}"),))


class CloseOfAccessAtTypeAddressRefused(
    _AlsoAtItsOwnAddress,
    name="close-of-access-at-type-address-refused",
    breaks=("nll-2023.close.put-to-the-type-address",),
    blocks=NEED_A_CLOSE_OF_ACCESS,
    packs=NLL,
):
    """A PUT of an access consent to [base]/Consent answers 405, one to the consent's own address is carried out."""

    def check_write(self, write: Write) -> None:
        super().check_write(write)
        if (
            write.previous is not None
            and self.kind_of(write.resource) == "access"
            and write.request.segments == ("Consent",)
        ):
            raise Refused(405, "not-supported", "an access consent has an address of its own")


class CloseSelectsByPatient(
    Fault,
    name="close-selects-by-patient",
    breaks=("nll-2023.close.body-id-selects-the-consent",),
    packs=NLL,
):
    """A PUT changes the newest consent of the patient, whichever of the patient's consents its id names."""

    def addressed(self, route: Route, resource: Resource) -> Route:
        chosen = super().addressed(route, resource)
        if self.current(chosen) is None:
            return chosen
        patient = resource.get("patient")
        same = [stored for stored in self.store.everything("Consent") if stored.content.get("patient") == patient]
        return replace(chosen, id=same[-1].id) if same else chosen


class CloseClosesTheOthersToo(
    Fault,
    name="close-closes-the-others-too",
    breaks=("nll-2023.close.body-id-selects-the-consent",),
    packs=NLL,
):
    """Closing one consent closes every consent of the patient."""

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        if previous is not None and resource.get("status") == "inactive":
            for other in self.store.everything("Consent"):
                if other.id != route.id and other.content.get("patient") == resource.get("patient"):
                    super().save(replace(route, id=other.id), {**other.content, "status": "inactive"}, other)
        return super().save(route, resource, previous)


class CloseMergesIntoStored(
    Fault,
    name="close-merges-into-stored",
    breaks=(
        "nll-2023.close.replaces-the-whole-resource",
        "r4.update.replaces-the-whole-resource",
    ),
):
    """Elements that a PUT leaves out keep their old value."""

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        old = previous.content if previous else {}
        return super().save(route, {**old, **resource}, previous)


class CloseKeepsTheIdentifier(
    Fault,
    name="close-keeps-the-identifier",
    breaks=("nll-2023.close.replaces-the-whole-resource",),
):
    """The identifier that a consent was created with stays when a PUT leaves it out."""

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        if previous is not None and "identifier" in previous.content:
            resource = {**resource, "identifier": resource.get("identifier", previous.content["identifier"])}
        return super().save(route, resource, previous)


class UpdateKeepsTheExtension(
    Fault,
    name="update-keeps-the-extension",
    breaks=("nll-2023.close.replaces-the-whole-resource",),
    packs=NLL,
):
    """The extensions that a consent was created with stay when a PUT leaves them out."""

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        if previous is not None and "extension" in previous.content:
            resource = {"extension": previous.content["extension"], **resource}
        return super().save(route, resource, previous)


class UpdateMergesTheRule(
    Fault,
    name="update-merges-the-rule",
    breaks=("nll-2023.close.replaces-the-whole-resource",),
    packs=NLL,
):
    """What a consent's rule has besides its period stays when a PUT leaves it out."""

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        old = previous.content.get("provision", {}) if previous is not None else {}
        rest = {name: it for name, it in old.items() if name != "period"}
        if rest:
            resource = {**resource, "provision": {**rest, **resource.get("provision", {})}}
        return super().save(route, resource, previous)


class CloseUpsertsUnknownId(
    Fault,
    name="close-upserts-unknown-id",
    breaks=("nll-2023.close.unknown-id-fails", "nll-2023.close.unknown-id-creates-nothing"),
    packs=NLL,
):
    """A PUT on an id that nobody has creates the consent."""

    def on_unknown_update(self, request: Request, route: Route, resource: Resource) -> Answer:
        return self.created(request, self.save(route, resource, None))


class CloseSwallowsUnknownId(
    Fault,
    name="close-swallows-unknown-id",
    breaks=("nll-2023.close.unknown-id-fails", "r4.update.unknown-id-is-consistent"),
):
    """A PUT on an id that nobody has answers 200 and stores nothing."""

    def on_unknown_update(self, request: Request, route: Route, resource: Resource) -> Answer:  # noqa: ARG002 - as in Service
        return Answer(status=200, resource=resource)


class CloseOfUnknownIdCrashes(
    Fault,
    name="close-of-unknown-id-crashes",
    breaks=(
        "nll-2023.close.unknown-id-fails",
        "r4.update.unknown-id-is-consistent",
    ),
):
    """A PUT on an id that nobody has answers 500."""

    def on_unknown_update(self, request: Request, route: Route, resource: Resource) -> Answer:  # noqa: ARG002 - as in Service
        raise Refused(500, "exception", "the consent is missing")


class CloseRefusesButStores(
    Fault,
    name="close-refuses-but-stores",
    breaks=("nll-2023.close.unknown-id-creates-nothing", "r4.update.unknown-id-is-consistent"),
):
    """A PUT on an id that nobody has is refused, and the consent is there afterwards."""

    def on_unknown_update(self, request: Request, route: Route, resource: Resource) -> Answer:
        self.save(route, resource, None)
        return super().on_unknown_update(request, route, resource)


class SearchShowsOldContent(
    Fault,
    name="search-shows-old-content",
    breaks=("nll-2023.close.read-shows-latest-version", "r4.search.result-is-the-current-content"),
):
    """The entries of a search show each consent as it was before its last change."""

    def entry(self, stored: Stored, mode: str, request: Request) -> Resource:
        versions = self.store.versions(stored.type, stored.id)
        return super().entry(versions[1] if len(versions) > 1 else stored, mode, request)


class CloseRefusesDoseConsents(
    Fault,
    name="close-refuses-dose-consents",
    breaks=("nll-2023.close.dose-consent-is-ended",),
    blocks=NEED_A_CLOSE,
    packs=NLL,
):
    """A PUT that closes a dose consent is refused."""

    def check_write(self, write: Write) -> None:
        super().check_write(write)
        if write.previous is not None and self.kind_of(write.resource) == "dose" and self.closed(write.resource):
            raise Refused(422, "business-rule", "a dose consent is not closed here")


class CloseOfDoseCrashes(
    Fault,
    name="close-of-dose-crashes",
    breaks=("nll-2023.close.dose-consent-is-ended",),
    blocks=NEED_A_CLOSE,
    packs=NLL,
):
    """A PUT that closes a dose consent answers 500."""

    def check_write(self, write: Write) -> None:
        super().check_write(write)
        if write.previous is not None and self.kind_of(write.resource) == "dose" and self.closed(write.resource):
            raise Refused(500, "exception", "no such transition")


class CloseRefusesProposed(
    Fault,
    name="close-refuses-proposed",
    breaks=("nll-2023.close.access-consent-is-ended",),
    blocks=NEED_A_CLOSE_OF_ACCESS,
    packs=NLL,
):
    """A PUT on an access consent that is still proposed is refused."""

    def check_write(self, write: Write) -> None:
        super().check_write(write)
        if write.previous is not None and write.previous.content["status"] == "proposed":
            raise Refused(422, "business-rule", "the patient has not answered yet")


class CloseOfProposedCrashes(
    Fault,
    name="close-of-proposed-crashes",
    breaks=("nll-2023.close.access-consent-is-ended",),
    blocks=NEED_A_CLOSE_OF_ACCESS,
    packs=NLL,
):
    """A PUT on an access consent that is still proposed answers 500."""

    def check_write(self, write: Write) -> None:
        super().check_write(write)
        if write.previous is not None and write.previous.content["status"] == "proposed":
            raise Refused(500, "exception", "no such transition")


class CloseTurnsProposedActive(
    Fault,
    name="close-turns-proposed-active",
    breaks=("nll-2023.close.access-consent-is-ended",),
    blocks=NEED_A_CLOSE_OF_ACCESS,
    packs=NLL,
):
    """A PUT that closes an access consent which is still proposed is refused, and makes the consent active."""

    def check_write(self, write: Write) -> None:
        super().check_write(write)
        if write.previous is not None and write.previous.content["status"] == "proposed":
            self.save(write.route, {**write.previous.content, "status": "active"}, write.previous)
            raise Refused(409, "conflict", "the consent has been answered")


class SecondCloseReopens(
    Fault,
    name="second-close-reopens",
    breaks=("nll-2023.close.repeating-is-harmless", "period.end.can-be-moved"),
    packs=NLL,
):
    """Closing a consent that is closed already is refused, and makes it active again."""

    def check_write(self, write: Write) -> None:
        super().check_write(write)
        if write.previous is not None and self.closed(write.previous.content) and self.closed(write.resource):
            self.save(write.route, {**write.resource, "status": "active"}, write.previous)
            raise Refused(409, "conflict", "the consent is closed already")


class SecondCloseCrashes(
    Fault,
    name="second-close-crashes",
    breaks=("nll-2023.close.repeating-is-harmless",),
    packs=NLL,
):
    """Closing a consent that is closed already, with the same end, answers 500."""

    def check_write(self, write: Write) -> None:
        super().check_write(write)
        if write.previous is not None and self.closed(write.previous.content) and self.closed(write.resource):
            before, after = (one.get("provision", {}).get("period") for one in (write.previous.content, write.resource))
            if before == after:
                raise Refused(500, "exception", "no such transition")


class CloseWithoutIdCreates(
    Fault, name="close-without-id-creates", breaks=("nll-2023.close.body-without-id-fails",), packs=NLL
):
    """A PUT without an id in the body creates a consent."""

    def update(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        resource = self.parse_body(request, route)
        if "id" in resource:
            return super().update(request, route, caller)
        return self.created(request, self.save(replace(route, id=self.new_id()), resource, None))


class CloseWithoutBodyIsDone(
    Fault, name="close-without-body-is-done", breaks=("nll-2023.close.body-is-needed",), packs=NLL
):
    """A PUT without a body answers 200."""

    def update(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        return super().update(request, route, caller) if request.body else Answer(status=200)


class CloseAcceptsOtherType(
    Fault, name="close-accepts-other-type", breaks=("nll-2023.close.body-is-needed",), packs=NLL
):
    """A PUT of a Patient is taken as the closing of the consent with its id."""

    def decode(self, body: bytes) -> Any:
        resource = super().decode(body)
        if isinstance(resource, dict) and resource.get("resourceType") == "Patient":
            stored = self.store.current("Consent", str(resource.get("id")))
            if stored is not None and not stored.deleted:
                return {**stored.content, "status": "inactive"}
        return resource


class ClosedConsentStillFoundActive(
    Fault,
    name="closed-consent-still-found-active",
    breaks=("nll-2023.close.closed-is-not-among-active", "r4.search.result-is-the-current-content"),
    packs=NLL,
):
    """A search for active consents finds those that were active before they were closed."""

    def matches_criterion(self, stored: Stored, criterion: Criterion) -> bool:
        if criterion.parameter.name == "status" and stored.content.get("status") == "inactive":
            before = self.store.versions(stored.type, stored.id)[1:]
            if any(super(ClosedConsentStillFoundActive, self).matches_criterion(one, criterion) for one in before):
                return True
        return super().matches_criterion(stored, criterion)


class CloseDoseHasNoEffect(
    Fault,
    name="close-dose-has-no-effect",
    breaks=(
        "nll-2023.close.dose-consent-is-ended",
        "nll-2023.close.body-id-selects-the-consent",
        "nll-2023.close.read-shows-latest-version",
        "period.end.comes-back-as-the-same-moment",
        "period.end.keeps-its-precision",
    ),
    blocks=NEED_A_CLOSE,
    packs=NLL,
):
    """A dose consent that was closed reads as active, and without an end."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        if previous is not None and self.kind_of(resource) == "dose" and self.closed(resource):
            provision = resource.get("provision", {})
            period = {bound: value for bound, value in provision.get("period", {}).items() if bound != "end"}
            resource = {**resource, "status": "active", "provision": {**provision, "period": period}}
        return super().kept(resource, previous)


class CloseGivesTheNextOneAVersion(
    Fault,
    name="close-gives-the-next-one-a-version",
    breaks=("nll-2023.close.body-id-selects-the-consent",),
    packs=NLL,
):
    """Closing a consent gives the next patient's a new version with the old content."""

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        if previous is not None and route.type == "Consent":
            whose = resource.get("patient")
            others = [other for other in self.store.everything("Consent") if other.content.get("patient") != whose]
            for other in [one for one in others if one.first > previous.first][:1]:
                super().save(replace(route, id=other.id), other.content, other)
        return super().save(route, resource, previous)


class ThirdVersionIsNotKept(
    Fault,
    name="third-version-is-not-kept",
    breaks=(
        "nll-2023.close.replaces-the-whole-resource",
        "period.end.can-be-moved",
        "period.end.leaving-it-out-reopens",
    ),
    packs=NLL,
):
    """The second PUT on a consent is answered with 200 and the version that was there before."""

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        if previous is not None and len(self.store.versions(route.type, route.id)) > 1:
            return previous
        return super().save(route, resource, previous)
