"""Lies about versions: the ETag, conditional requests, vread and history."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from conformance.reference.fault import Fault

if TYPE_CHECKING:
    from datetime import datetime

    from conformance.reference.messages import Answer, Headers, Request, Resource, Route
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

R4_ALONE = ("r4",)


class EtagNamesAnotherVersion(Fault, name="etag-names-another-version", breaks=("r4.read.etag-names-the-version",)):
    """The ETag is one version behind meta.versionId."""

    def etag(self, stored: Stored) -> str:
        return f'W/"{int(stored.version) - 1}"'


class EtagIsADigest(Fault, name="etag-is-a-digest", breaks=("r4.read.etag-names-the-version",)):
    """The ETag is a digest of the content."""

    def etag(self, stored: Stored) -> str:
        return f'W/"{hashlib.sha256(json.dumps(stored.resource).encode()).hexdigest()}"'


class ReadSendsNoEtag(
    Fault,
    name="read-sends-no-etag",
    breaks=("r4.read.etag-is-sent",),
    blocks=("r4.update.stale-version-is-refused",),
    packs=R4_ALONE,
):
    """No answer carries an ETag."""

    def version_headers(self, stored: Stored) -> Headers:
        return tuple(line for line in super().version_headers(stored) if line[0] != "ETag")


class EtagIsUnquoted(Fault, name="etag-is-unquoted", breaks=("r4.read.etag-is-sent",), packs=R4_ALONE):
    """The ETag is the version without quotes."""

    def etag(self, stored: Stored) -> str:
        return stored.version


class EtagIsStrong(Fault, name="etag-is-strong", breaks=("r4.read.etag-is-sent",), packs=R4_ALONE):
    """The ETag promises the same bytes: it has no W/."""

    def etag(self, stored: Stored) -> str:
        return super().etag(stored).removeprefix("W/")


class ReadSendsNoLastModified(Fault, name="read-sends-no-last-modified", breaks=("r4.read.last-modified-is-sent",)):
    """No answer carries Last-Modified."""

    def version_headers(self, stored: Stored) -> Headers:
        return tuple(line for line in super().version_headers(stored) if line[0] != "Last-Modified")


class LastModifiedInLocalTime(Fault, name="last-modified-in-local-time", breaks=("r4.read.last-modified-is-sent",)):
    """Last-Modified is what the clock on a wall in Stockholm showed, and says GMT."""

    def version_headers(self, stored: Stored) -> Headers:
        return super().version_headers(replace(stored, updated=stored.updated + timedelta(hours=1)))


class ConditionalReadAlwaysUnchanged(
    Fault,
    name="conditional-read-always-unchanged",
    breaks=("r4.read.not-modified-only-when-unchanged",),
    packs=R4_ALONE,
):
    """Any If-None-Match answers 304."""

    def not_modified(self, request: Request, stored: Stored) -> bool:  # noqa: ARG002 - the version is not looked at
        return request.header("if-none-match") is not None


class ConditionalReadKnowsOldVersions(
    Fault,
    name="conditional-read-knows-old-versions",
    breaks=("r4.read.not-modified-only-when-unchanged",),
    packs=R4_ALONE,
):
    """If-None-Match with any version that the consent ever had answers 304."""

    def not_modified(self, request: Request, stored: Stored) -> bool:
        versions = self.store.versions(stored.type, stored.id)
        return any(super(ConditionalReadKnowsOldVersions, self).not_modified(request, one) for one in versions)


class UpdateKeepsLastUpdated(
    Fault,
    name="update-keeps-last-updated",
    breaks=("r4.update.advances-the-version", "r4.read.last-modified-is-sent"),
    packs=R4_ALONE,
):
    """After the second change meta.lastUpdated is a day before the first."""

    def meta(self, resource: Resource, *, version: str, updated: datetime, previous: Stored | None) -> Resource:
        if previous is not None and previous.version != "1":
            updated -= timedelta(days=1)
        return super().meta(resource, version=version, updated=updated, previous=previous)


class VersionsAreReused(Fault, name="versions-are-reused", breaks=("r4.update.advances-the-version",), packs=R4_ALONE):
    """The third version of a consent has the version id of the first."""

    def new_version(self, previous: Stored | None) -> str:
        return "1" if previous is not None and previous.version == "2" else super().new_version(previous)


class VersionIsANumber(
    Fault,
    name="version-is-a-number",
    breaks=("r4.update.advances-the-version", "r4.consent.primitives-have-their-json-type"),
    packs=R4_ALONE,
):
    """After a second change meta.versionId is a JSON number."""

    def meta(self, resource: Resource, *, version: str, updated: datetime, previous: Stored | None) -> Resource:
        meta = super().meta(resource, version=version, updated=updated, previous=previous)
        return {**meta, "versionId": int(version)} if int(version) > 2 else meta


class IfMatchIsIgnored(
    Fault, name="if-match-is-ignored", breaks=("r4.update.stale-version-is-refused",), packs=R4_ALONE
):
    """An If-Match that names an old version is overlooked."""

    def check_precondition(self, request: Request, previous: Stored) -> None:
        pass


class StaleUpdateIsRefusedButStored(
    Fault, name="stale-update-is-refused-but-stored", breaks=("r4.update.stale-version-is-refused",), packs=R4_ALONE
):
    """An update that names an old version answers 412 and is stored."""

    def update(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        previous = self.current(route)
        named = (request.header("if-match") or "").strip()
        if previous is not None and named not in {"", self.etag(previous)}:
            self.save(route, self.parse_body(request, route), previous)
        return super().update(request, route, caller)


class VreadReturnsCurrent(
    Fault, name="vread-returns-current", breaks=("r4.vread.returns-the-asked-version",), packs=R4_ALONE
):
    """Any version that a consent ever had reads as the current one."""

    def shown(self, stored: Stored, request: Request) -> Answer:
        current = self.store.current(stored.type, stored.id)
        return super().shown(current if current is not None and not current.deleted else stored, request)


class OldVersionsLoseInnerRules(
    Fault, name="old-versions-lose-inner-rules", breaks=("r4.vread.returns-the-asked-version",), packs=R4_ALONE
):
    """An old version reads without the rules within its rule."""

    def vread(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        answer = super().vread(request, route, caller)
        current, resource = self.store.current(route.type, route.id), answer.resource or {}
        if current is None or current.version == route.version or "provision" not in resource:
            return answer
        rule = {name: value for name, value in resource["provision"].items() if name != "provision"}
        return replace(answer, resource={**resource, "provision": rule})


class VreadMislabelsVersions(
    Fault,
    name="vread-mislabels-versions",
    breaks=("r4.vread.returns-the-asked-version", "r4.read.etag-names-the-version"),
    packs=R4_ALONE,
):
    """An old version reads with the versionId of the current one."""

    def vread(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        answer = super().vread(request, route, caller)
        current = self.store.current(route.type, route.id)
        resource = answer.resource or {}
        version = current.version if current else route.version
        return replace(answer, resource={**resource, "meta": {**resource.get("meta", {}), "versionId": version}})


class UnknownVersionReadsCurrent(
    Fault, name="unknown-version-reads-current", breaks=("r4.vread.unknown-version-is-not-found",), packs=R4_ALONE
):
    """A version that a consent never had reads as the current one."""

    def vread(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        known = {stored.version for stored in self.store.versions(route.type, route.id)}
        current = self.store.current(route.type, route.id)
        if route.version not in known and current is not None and not current.deleted:
            return self.shown(current, request)
        return super().vread(request, route, caller)


class UnreadableVersionReadsCurrent(
    Fault, name="unreadable-version-reads-current", breaks=("r4.vread.unknown-version-is-not-found",), packs=R4_ALONE
):
    """A version that is no number reads as the current one."""

    def vread(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        current = self.store.current(route.type, route.id)
        if current is not None and not current.deleted and not (route.version or "").isdecimal():
            return self.shown(current, request)
        return super().vread(request, route, caller)


class _History(Fault):
    """Changes the entries of a history."""

    def history(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        answer = super().history(request, route, caller)
        bundle = answer.resource or {}
        return replace(answer, resource={**bundle, "entry": self.told(bundle.get("entry", []))})

    def told(self, entries: list[Resource]) -> list[Resource]:
        return entries


class HistoryListsCurrentOnly(
    _History, name="history-lists-current-only", breaks=("r4.history.lists-every-version",), packs=R4_ALONE
):
    """A history holds the current version and no other."""

    def told(self, entries: list[Resource]) -> list[Resource]:
        return entries[:1]


class HistoryOldestFirst(
    _History, name="history-oldest-first", breaks=("r4.history.lists-every-version",), packs=R4_ALONE
):
    """A history begins with the oldest version."""

    def told(self, entries: list[Resource]) -> list[Resource]:
        return entries[::-1]


class HistoryWithoutRequests(
    _History, name="history-without-requests", breaks=("r4.history.lists-every-version",), packs=R4_ALONE
):
    """The entries of a history do not say by which request each version came about."""

    def told(self, entries: list[Resource]) -> list[Resource]:
        return [{name: value for name, value in entry.items() if name != "request"} for entry in entries]


class UpdateAnswersTheOldEtag(
    Fault, name="update-answers-the-old-etag", breaks=("r4.read.etag-names-the-version",), packs=R4_ALONE
):
    """The answer to an update shows the new version, and its ETag names the one before."""

    def updated(self, request: Request, stored: Stored) -> Answer:
        answer = super().updated(request, stored)
        before = f'W/"{int(stored.version) - 1}"'
        return replace(answer, headers=tuple((name, before if name == "ETag" else it) for name, it in answer.headers))


class VreadAnswersTheCurrentEtag(
    Fault, name="vread-answers-the-current-etag", breaks=("r4.read.etag-names-the-version",), packs=R4_ALONE
):
    """An old version reads with the ETag of the current one."""

    def vread(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        answer = super().vread(request, route, caller)
        current = self.store.current(route.type, route.id)
        tag = self.etag(current) if current is not None else ""
        return replace(answer, headers=tuple((name, tag if name == "ETag" else it) for name, it in answer.headers))


class LastModifiedLagsBehind(
    Fault, name="last-modified-lags-behind", breaks=("r4.read.last-modified-is-sent",), packs=R4_ALONE
):
    """Once a consent was updated, Last-Modified is a minute before meta.lastUpdated."""

    def version_headers(self, stored: Stored) -> Headers:
        late = timedelta(minutes=1) if stored.version != "1" else timedelta()
        return super().version_headers(replace(stored, updated=stored.updated - late))


class ModifiedSinceMeansNever(
    Fault, name="modified-since-means-never", breaks=("r4.read.not-modified-only-when-unchanged",), packs=R4_ALONE
):
    """Any If-Modified-Since answers 304."""

    def not_modified(self, request: Request, stored: Stored) -> bool:
        return request.header("if-modified-since") is not None or super().not_modified(request, stored)


class ModifiedSinceOutweighsTheVersion(
    Fault,
    name="modified-since-outweighs-the-version",
    breaks=("r4.read.not-modified-only-when-unchanged",),
    packs=R4_ALONE,
):
    """An If-Modified-Since beside an If-None-Match decides alone (RFC 7232 section 3.3 has it ignored)."""

    def not_modified(self, request: Request, stored: Stored) -> bool:
        since = request.header("if-modified-since")
        own = dict(self.version_headers(stored)).get("Last-Modified")
        return super().not_modified(request, stored) or (
            request.header("if-none-match") is not None and since is not None and since == own
        )


class StrongTagsAlwaysMatch(
    Fault, name="strong-tags-always-match", breaks=("r4.read.not-modified-only-when-unchanged",), packs=R4_ALONE
):
    """An If-None-Match in the strong form answers 304, whatever version it names."""

    def not_modified(self, request: Request, stored: Stored) -> bool:
        named = (request.header("if-none-match") or "").strip()
        return named.startswith('"') or super().not_modified(request, stored)


class IfMatchMindsOlderVersionsOnly(
    Fault, name="if-match-minds-older-versions-only", breaks=("r4.update.stale-version-is-refused",), packs=R4_ALONE
):
    """An If-Match that names a version which is yet to come is as good as the current one."""

    def check_precondition(self, request: Request, previous: Stored) -> None:
        named = (request.header("if-match") or "").strip().removeprefix("W/").strip('"')
        if not (named.isdecimal() and int(named) > int(previous.version)):
            super().check_precondition(request, previous)
