"""Legal differences where the page of 2019 is silent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from conformance.reference.fault import Variation
from conformance.reference.messages import Refused
from conformance.reference.nll_2019 import NO_ZONE, OF_R4_ALONE

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Resource, Route
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

NLL = ("nll-2019",)


class StatusAndScopeAreAdded(Variation, name="status-and-scope-are-added", packs=NLL):
    """Consents are shown with a status, inactive once they have an end, and a scope: R4 has both (consent.html)."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        if stored.type != "Consent":
            return resource
        ended = "end" in resource.get("provision", {}).get("dataPeriod", {})
        return {**OF_R4_ALONE, **resource, "status": "inactive" if ended else "active"}


class StartLeftOutIsKept(Variation, name="start-left-out-is-kept", packs=NLL):
    """A start that a PUT leaves out stays: the page's example has none, and does not say what becomes of it."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        provision = resource.get("provision", {})
        old = previous.content.get("provision", {}).get("dataPeriod", {}) if previous else {}
        if "start" in old and "start" not in provision.get("dataPeriod", {}):
            validity = {"start": old["start"], **provision.get("dataPeriod", {})}
            resource = {**resource, "provision": {**provision, "dataPeriod": validity}}
        return super().kept(resource, previous)


class AnotherCategoryIsTaken(Variation, name="another-category-is-taken", packs=NLL):
    """A PUT may change the category: the page says which consent to cancel, not what a server refuses."""

    def complaints(self, resource: Resource, route: Route) -> list[str]:
        minded = super().complaints(resource, route)
        return [] if route.interaction == "update" and all("consent-dose-disp" in one for one in minded) else minded


class NotApplicableHeadersAreRefused(Variation, name="not-applicable-headers-are-refused", packs=NLL):
    """A write with X-Access or X-Purpose is refused: the page calls both not applicable."""

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        super().check_headers(request, route, caller)
        if route.writes and any(request.header(name) is not None for name in ("x-access", "x-purpose")):
            raise Refused(400, "invalid", "X-Access and X-Purpose are not applicable")


class DateTimesAreNormalised(Variation, name="date-times-are-normalised", packs=NLL):
    """A dateTime is shown in UTC, one without zone in Swedish time: the same moments (datatypes.html#dateTime)."""

    def presented(self, stored: Stored, request: Request) -> Resource:
        resource = super().presented(stored, request)
        written = resource.get("dateTime", "")
        if NO_ZONE.fullmatch(written):
            return {**resource, "dateTime": f"{written}+02:00"}
        if "T" in written:
            moment = datetime.fromisoformat(written).astimezone(UTC).isoformat().replace("+00:00", "Z")
            return {**resource, "dateTime": moment}
        return resource
