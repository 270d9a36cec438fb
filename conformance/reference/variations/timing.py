"""Legal differences in when a server shows what was written, and in what it asks of a client before it serves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from functools import cached_property
from typing import TYPE_CHECKING

from conformance.reference.fault import Variation
from conformance.reference.messages import Refused

if TYPE_CHECKING:
    from conformance.reference.messages import Answer, Request, Resource, Route
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

LAG = timedelta(seconds=1)
EVERY = 7
"""How many requests lie between two that come too fast."""


class SearchLags(Variation, name="search-lags"):
    """A search shows what was written a second ago: R4 does not say when it must, and the target's `settle` does."""

    dialect = {"settle": 2}  # noqa: RUF012 - as in R4

    def searched(self, kind: str) -> list[Stored]:
        return self.store.everything_at(kind, self.clock() - LAG)


class HistoryLags(Variation, name="history-lags", packs=("r4",)):
    """A history shows what was written a second ago, as one that is cached does: again the target says how long."""

    dialect = {"settle": 2}  # noqa: RUF012 - as in R4

    def history(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        answer = super().history(request, route, caller)
        until = self.clock() - LAG
        old = {stored.version for stored in self.store.versions(route.type, route.id) if stored.updated <= until}
        bundle = answer.resource or {}
        entries = [one for one in bundle["entry"] if one["response"]["etag"].strip('W/"') in old]
        rest = {name: value for name, value in bundle.items() if name != "entry"}
        return replace(answer, resource={**rest, "total": len(entries), **({"entry": entries} if entries else {})})


class UnchangedIsTheSameVersion(Variation, name="unchanged-is-the-same-version"):
    """An update that changes nothing makes no version: R4 asks for new content to have a new one (http.html#update)."""

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        if previous is not None and not previous.deleted and route.type == "Consent":
            kept, stored = self.kept(resource, previous), previous.content
            if _content(kept) == _content(stored):
                return previous
        return super().save(route, resource, previous)


class VersionsMustBeNamed(Variation, name="versions-must-be-named", packs=("r4",)):
    """An update without If-Match is refused with 412: a server may demand it, and the target says that it does."""

    dialect = {"if_match": "always"}  # noqa: RUF012 - as in R4

    def check_precondition(self, request: Request, previous: Stored) -> None:
        if request.header("if-match") is None:
            raise Refused(412, "conflict", "say by If-Match which version is to be replaced")
        super().check_precondition(request, previous)


class BusyNowAndThen(Variation, name="busy-now-and-then"):
    """Every seventh request is one too many and answered with 429 and Retry-After: RFC 6585 section 4 is for that.

    Retry-After is a number of seconds and a date in turn, by the clock of this server (RFC 9110 §10.2.3).
    """

    @cached_property
    def _asked(self) -> list[int]:
        return [0]

    def perform(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        self._asked[0] += 1
        if self._asked[0] % EVERY == 0:
            after = "0" if self._asked[0] % (2 * EVERY) else format_datetime(self.clock(), usegmt=True)
            raise Refused(429, "throttled", "one request too many", headers=(("Retry-After", after),))
        return super().perform(request, route, caller)


def _content(resource: Resource) -> Resource:
    rest = {name: value for name, value in resource.items() if name not in {"id", "meta", "resourceType"}}
    meta = {name: value for name, value in resource.get("meta", {}).items() if name not in {"versionId", "lastUpdated"}}
    return {**rest, "meta": meta}
