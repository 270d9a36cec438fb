"""Lies that a life of several writes brings to light: what is forgotten after the second, the third, or a deletion."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.reference.fault import Fault

if TYPE_CHECKING:
    from conformance.reference.messages import Answer, Request, Resource, Route
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

CURRENT = ("generated.lifecycle.read-shows-the-last-write",)
SEARCH = ("generated.lifecycle.search-shows-the-last-write",)
VERSIONS = ("generated.lifecycle.version-ids-are-never-used-again",)
OLD = ("generated.lifecycle.old-versions-stay-as-they-were",)
STALE = ("generated.lifecycle.stale-update-is-refused",)
GONE = ("generated.lifecycle.deleted-stays-gone",)
AT_HOME = ("r4",)


class LeapDayIsTheDayBefore(Fault, name="updates-know-no-leap-day", breaks=CURRENT, packs=AT_HOME):
    """An update to begin on a 29 February makes the consent begin on the 28th; a create does not."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        kept = super().kept(resource, previous)
        if previous is None or not _start(kept).endswith("-02-29"):
            return kept
        period = {**kept["provision"]["period"], "start": _start(kept).replace("-02-29", "-02-28")}
        return {**kept, "provision": {**kept["provision"], "period": period}}


class StartNeverGoesBack(Fault, name="start-never-goes-back", breaks=CURRENT, packs=AT_HOME):
    """An update cannot make a consent begin earlier: the later start stays, and the update is acknowledged."""

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:
        kept = super().kept(resource, previous)
        before = _start(previous.content) if previous and previous.resource else ""
        if not before or not _start(kept) or _start(kept) >= before:
            return kept
        period = {**kept["provision"]["period"], "start": before}
        return {**kept, "provision": {**kept["provision"], "period": period}}


def _start(resource: Resource) -> str:
    return str(resource.get("provision", {}).get("period", {}).get("start", ""))


class SearchIsStaleAfterTwoUpdates(Fault, name="search-is-stale-after-two-updates", breaks=SEARCH, packs=AT_HOME):
    """A search judges and shows the second version of a consent that has more."""

    def searched(self, kind: str) -> list[Stored]:
        found = super().searched(kind)
        if kind != "Consent":
            return found
        return [(self.store.versions(kind, stored.id)[:-1] or [stored])[-1] for stored in found]


class ReopenedIsNotIndexed(Fault, name="reopened-consents-are-not-found-as-active", breaks=SEARCH, packs=AT_HOME):
    """Once a consent was inactive, a search by status takes it for inactive."""

    def searched_values(self, stored: Stored, parameter: Any) -> list[Any]:
        if parameter.name == "status":
            versions = self.store.versions(stored.type, stored.id)
            if any(one.resource and one.resource.get("status") == "inactive" for one in versions):
                return ["inactive"]
        return super().searched_values(stored, parameter)


class VersionIsReusedAfterDelete(Fault, name="version-is-reused-after-a-delete", breaks=VERSIONS, packs=AT_HOME):
    """An update brings a deleted consent back under the version that it had before."""

    def on_unknown_update(self, request: Request, route: Route, resource: Resource) -> Answer:
        previous = self.store.current(route.type, route.id)
        if previous is None:
            return super().on_unknown_update(request, route, resource)
        return self.created(request, self.save(route, resource, previous))

    def new_version(self, previous: Stored | None) -> str:
        return str(int(previous.version) - 1) if previous and previous.deleted else super().new_version(previous)


class VersionsGoRound(Fault, name="versions-go-round", breaks=VERSIONS, packs=AT_HOME):
    """After version 3 comes version 1 again."""

    def new_version(self, previous: Stored | None) -> str:
        return str(int(previous.version) % 3 + 1) if previous else super().new_version(previous)


class FirstVersionIsRewritten(Fault, name="third-version-rewrites-the-first", breaks=OLD, packs=AT_HOME):
    """Where there are three versions or more, a vread of the first one shows the content of the third."""

    def vread(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        answer = super().vread(request, route, caller)
        versions = self.store.versions(route.type, route.id)
        if len(versions) < 3 or route.version != versions[-1].version or versions[-3].resource is None:
            return answer
        return replace(answer, resource={**versions[-3].resource, "meta": versions[-1].content["meta"]})


class HistoryHasThreeEntries(Fault, name="history-has-three-entries", breaks=OLD, packs=AT_HOME):
    """A history lists the three newest versions, and says nothing of the others."""

    def history(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        answer = super().history(request, route, caller)
        if answer.resource is None:
            return answer
        entries = answer.resource["entry"][:3]
        return replace(answer, resource={**answer.resource, "entry": entries, "total": len(entries)})


class StaleByTwoIsAccepted(Fault, name="update-stale-by-two-versions-is-accepted", breaks=STALE, packs=AT_HOME):
    """An update that names the version before the current one is refused; an older one is carried out."""

    def check_precondition(self, request: Request, previous: Stored) -> None:
        named = (request.header("if-match") or "").removeprefix("W/").strip('"')
        if not (named.isdecimal() and int(named) <= int(previous.version) - 2):
            super().check_precondition(request, previous)


class NewStartMindsNoVersion(Fault, name="new-start-minds-no-version", breaks=STALE, packs=AT_HOME):
    """An update that gives a consent another start undoes what others have done, whatever version it names."""

    def check_precondition(self, request: Request, previous: Stored) -> None:
        if _start(self.decode(request.body)) == _start(previous.content):
            super().check_precondition(request, previous)


class DeletedAfterChangeIsFound(Fault, name="deleted-after-a-change-is-found", breaks=GONE, packs=AT_HOME):
    """A consent that was changed before it was deleted is still found, with its last content."""

    def searched(self, kind: str) -> list[Stored]:
        found = super().searched(kind)
        known = {stored.id for stored in found}
        rows = self.store._connection.execute("SELECT DISTINCT id FROM versions WHERE type = ?", (kind,))  # noqa: SLF001
        for (id_,) in rows.fetchall():
            versions = self.store.versions(kind, id_)
            if id_ not in known and len(versions) > 2:
                found += [stored for stored in itertools.islice(versions, 1, 2) if not stored.deleted]
        return found


class DeletedAfterChangeIsRead(Fault, name="deleted-after-a-change-is-read", breaks=GONE, packs=AT_HOME):
    """A consent that was changed before it was deleted still reads, with its last content."""

    def looked_up(self, route: Route) -> Stored | None:
        found = super().looked_up(route)
        if found is None or not found.deleted:
            return found
        versions = self.store.versions(route.type, route.id)
        return versions[1] if len(versions) > 2 and not versions[1].deleted else found
