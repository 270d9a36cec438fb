"""A FHIR server without sockets: a request goes in, a response comes out.

Every decision is a small method, a seam. A personality, a fault or a variation is a class that overrides one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.reference.bodies import Bodies
from conformance.reference.capability import statement
from conformance.reference.messages import Answer, Refused, Request, Resource, Response, Route, Write
from conformance.reference.searching import Searching

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
SHAPES: dict[tuple[str, ...], dict[str, str]] = {
    (): {"GET": "search-type", "POST": "create"},
    ("*",): {"GET": "read", "PUT": "update", "DELETE": "delete"},
    ("_search",): {"POST": "search-type"},
    ("*", "_history"): {"GET": "history-instance"},
    ("*", "_history", "*"): {"GET": "vread"},
}
"""The interaction that a method stands for, by the shape of what follows the type (http.html#summary)."""


class Service(Searching, Bodies):
    """The interactions of R4's RESTful API on Consent, and on what consents refer to."""

    def handle(self, request: Request) -> Response:
        """Answer one request; a refusal and a bug of ours become OperationOutcomes."""
        route = None
        try:
            route = self.route(request)
            answer = self.answered(request, route)
        except Refused as refusal:
            answer = self.refused(request, refusal)
        except Exception as crash:  # noqa: BLE001 - a server outlives its bugs
            answer = self.crashed(request, crash)
        return self.sent(request, route, self.written(request, answer))

    def route(self, request: Request) -> Route:
        """Return what the method and the path ask for; refuse what is not offered."""
        route = self.asked(request)
        if route.type and route.interaction not in self.offered(route.type):
            raise self.not_allowed(request)
        return route

    def not_allowed(self, request: Request) -> Refused:
        """Return the 405 with the methods that the address takes (RFC 9110 §15.5.6)."""
        allowed = [method for method in METHODS if self.allows(replace(request, method=method))]
        reason = f"{request.method} is not supported at {request.path}"
        return Refused(405, "not-supported", reason, (("Allow", ", ".join(allowed)),))

    def allows(self, request: Request) -> bool:
        try:
            route = self.asked(request)
        except Refused:
            return False
        return route.interaction in self.offered(route.type)

    def asked(self, request: Request) -> Route:
        """Return the interaction that the method and the path stand for, offered or not."""
        method = "GET" if request.method == "HEAD" else request.method
        kind, *rest = request.segments
        if (method, kind, rest) == ("GET", "metadata", []):
            return Route(interaction="capabilities")
        shape = tuple(part if part in {"_history", "_search"} else "*" for part in rest)
        if kind not in self.types or shape not in SHAPES:
            raise Refused(404, "not-supported", f"there is nothing at {request.path}")
        if method not in SHAPES[shape]:
            return Route(interaction="none", type=kind)
        id_, _, version = (*(part for part in rest if part != "_search"), "", "", "")[:3]
        return Route(interaction=SHAPES[shape][method], type=kind, id=id_, version=version)

    def answered(self, request: Request, route: Route) -> Answer:
        """Let the request in and carry it out."""
        self.negotiate(request)
        caller = self.admitted(request, route)
        self.check_headers(request, route, caller)
        return self.perform(request, route, caller)

    def check_headers(self, request: Request, route: Route, caller: Caller | None) -> None:
        """Refuse a request for headers that a personality asks for; R4 asks for none."""

    def perform(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        """Carry out an interaction that the caller may do."""
        if route.interaction == "capabilities":
            return self.capabilities()
        interactions = {
            "read": self.read,
            "vread": self.vread,
            "history-instance": self.history,
            "search-type": self.search,
            "create": self.create,
            "update": self.update,
            "delete": self.delete,
        }
        return interactions[route.interaction](request, route, caller)

    def capabilities(self) -> Answer:
        return Answer(status=200, resource=statement(self))

    def looked_up(self, route: Route) -> Stored | None:
        """Return what a read of an id finds, a deletion included."""
        return self.store.current(route.type, route.id)

    def current(self, route: Route) -> Stored | None:
        """Return what an update or a delete of an id finds, a deletion included."""
        return self.store.current(route.type, route.id)

    def read(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        """Answer http.html#read, and #cread when If-None-Match names the current version."""
        stored = self.looked_up(route)
        if stored is None or not self.visible(caller, stored):
            return self.unknown(request, route)
        if stored.deleted:
            raise Refused(410, "deleted", f"{route.type}/{route.id} was deleted")
        if self.not_modified(request, stored):
            return Answer(status=304, headers=self.version_headers(stored))
        return self.shown(stored, request)

    def unknown(self, request: Request, route: Route) -> Answer:  # noqa: ARG002 - faults look at it
        """Answer a read of an id that nobody has, or that the caller may not know of."""
        raise Refused(404, "not-found", f"there is no {route.type}/{route.id}")

    def not_modified(self, request: Request, stored: Stored) -> bool:
        """Whether If-None-Match names the version that a read would show."""
        named = [tag.strip().removeprefix("W/") for tag in (request.header("if-none-match") or "").split(",")]
        return "*" in named or self.etag(stored).removeprefix("W/") in named

    def vread(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        """Answer http.html#vread."""
        for stored in self.store.versions(route.type, route.id):
            if stored.version == route.version and self.visible(caller, stored):
                if stored.deleted:
                    raise Refused(410, "deleted", f"version {route.version} marks a deletion")
                return self.shown(stored, request)
        raise Refused(404, "not-found", f"there is no {route.type}/{route.id} with version {route.version!r}")

    def history(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        """Answer http.html#history for one resource: all its versions, newest first."""
        versions = [stored for stored in self.store.versions(route.type, route.id) if self.visible(caller, stored)]
        if not versions:
            return self.unknown(request, route)
        entries = [self.history_entry(stored, request) for stored in versions]
        url = f"{self.base}/{route.type}/{route.id}/_history"
        bundle = {
            "resourceType": "Bundle",
            "type": "history",
            "total": len(entries),
            "link": [{"relation": "self", "url": url}],
            "entry": entries,
        }
        return Answer(status=200, resource=bundle)

    def history_entry(self, stored: Stored, request: Request) -> Resource:
        """Return one version as an entry of a history (bundle.html, bdl-3 and bdl-4)."""
        address = f"{stored.type}/{stored.id}"
        response = {"etag": self.etag(stored), "lastModified": self.last_updated(stored.updated)}
        if stored.deleted:
            request_line = {"method": "DELETE", "url": address}
            return {
                "fullUrl": self.full_url(stored),
                "request": request_line,
                "response": {"status": "204", **response},
            }
        first = stored.number == stored.first
        request_line = {"method": "POST", "url": stored.type} if first else {"method": "PUT", "url": address}
        return {
            "fullUrl": self.full_url(stored),
            "resource": self.presented(stored, request),
            "request": request_line,
            "response": {"status": "201" if first else "200", **response},
        }

    def create(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        """Answer http.html#create."""
        resource = self.parse_body(request, route)
        self.validate(resource, route)
        route = replace(route, id=self.new_id())
        self.check_write(Write(request=request, route=route, caller=caller, resource=resource, previous=None))
        return self.created(request, self.save(route, resource, None))

    def update(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        """Answer http.html#update."""
        resource = self.parse_body(request, route)
        self.validate(resource, route)
        route = self.addressed(route, resource)
        previous = self.current(route)
        if previous is None or previous.deleted:
            return self.on_unknown_update(request, route, resource)
        self.check_precondition(request, previous)
        self.check_write(Write(request=request, route=route, caller=caller, resource=resource, previous=previous))
        return self.updated(request, self.save(route, resource, previous))

    def addressed(self, route: Route, resource: Resource) -> Route:
        """Return the route with the id that an update is about: the address and the body agree on it."""
        if resource.get("id") != route.id:
            raise Refused(400, "invalid", f"the body's id is {resource.get('id')!r}, the address says {route.id!r}")
        return route

    def on_unknown_update(self, request: Request, route: Route, resource: Resource) -> Answer:  # noqa: ARG002 - faults look
        """Answer an update of an id that nobody has: clients do not choose ids here (http.html#upsert)."""
        raise Refused(405, "not-found", f"there is no {route.type}/{route.id} to update")

    def check_precondition(self, request: Request, previous: Stored) -> None:
        """Refuse an update whose If-Match names another version than the current one (http.html#concurrency)."""
        named = request.header("if-match")
        if named is not None and named.strip().removeprefix("W/") != self.etag(previous).removeprefix("W/"):
            raise Refused(412, "conflict", f"the current version is {self.etag(previous)}, not {named}")

    def check_write(self, write: Write) -> None:
        """Refuse a write for a rule of business (422)."""
        minded = list(self.business_complaints(write))
        if minded:
            raise Refused(422, "business-rule", "; ".join(minded))

    def business_complaints(self, write: Write) -> Iterator[str]:  # noqa: ARG002 - personalities and faults look at it
        """Yield what a rule of business minds; R4 has none."""
        return iter(())

    def delete(self, request: Request, route: Route, caller: Caller | None) -> Answer:
        """Answer http.html#delete; deleting again is as good as deleting."""
        stored = self.current(route)
        if stored is None or not self.visible(caller, stored):
            return self.unknown(request, route)
        if not stored.deleted:
            self.remove(route, stored)
        return Answer(status=204)

    def remove(self, route: Route, stored: Stored) -> None:
        """Mark the resource as deleted; its versions stay."""
        version = self.new_version(stored)
        self.store.put(kind=route.type, id=route.id, version=version, updated=self.clock(), resource=None)
