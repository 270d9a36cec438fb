"""What becomes of a submitted body: read, judged, given its id and meta, stored."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from conformance.reference import rules
from conformance.reference.answers import JSON_TYPES, Answers
from conformance.reference.messages import Refused, Request, Resource, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from conformance.reference.store import Stored


class Bodies(Answers):
    """The seams between a request's bytes and a stored version."""

    consent_rules: ClassVar[tuple[Callable[[Resource], Iterator[str]], ...]] = rules.CONSENT_OF_R4

    def parse_body(self, request: Request, route: Route) -> Resource:
        """Return the resource of the type that the address names; refuse what cannot be read as one."""
        label = (request.header("content-type") or "application/fhir+json").partition(";")[0].strip().lower()
        if label not in JSON_TYPES:
            raise Refused(415, "not-supported", f"bodies are read as application/fhir+json, not as {label}")
        resource = self.decode(request.body)
        if not isinstance(resource, dict) or resource.get("resourceType") != route.type:
            raise Refused(400, "invalid", f"the body is not a {route.type}")
        return resource

    def decode(self, body: bytes) -> Any:
        """Return the JSON value of the bytes; refuse what is none (400)."""
        if not body.strip():
            raise Refused(400, "required", "a body is needed")
        try:
            return json.loads(body.decode(), object_pairs_hook=_each_name_once, parse_constant=_no_constant)
        except (ValueError, RecursionError) as unreadable:
            raise Refused(400, "structure", f"the body is not JSON in UTF-8: {unreadable}") from unreadable

    def validate(self, resource: Resource, route: Route) -> None:
        """Refuse a body that breaks a rule of FHIR (400)."""
        minded = self.complaints(resource, route)
        if minded:
            raise Refused(400, "invariant", "; ".join(minded))

    def complaints(self, resource: Resource, route: Route) -> list[str]:
        """Return what the first rule that is broken minds, one sentence each; empty for a good body."""
        own = self.consent_rules if route.type == "Consent" else ()
        return next((minded for rule in (*rules.EVERY_RESOURCE, *own) if (minded := list(rule(resource)))), [])

    def new_id(self) -> str:
        return str(uuid.uuid4())

    def new_version(self, previous: Stored | None) -> str:
        """Return the version id that follows: 1, 2, 3 and so on."""
        return str(int(previous.version) + 1) if previous else "1"

    def save(self, route: Route, resource: Resource, previous: Stored | None) -> Stored:
        """Make the resource the current version under the id of the route."""
        version, now = self.new_version(previous), self.clock()
        kept = self.kept(resource, previous) if route.type == "Consent" else resource
        meta = self.meta(kept, version=version, updated=now, previous=previous)
        rest = {name: value for name, value in kept.items() if name not in {"resourceType", "id", "meta"}}
        content = {"resourceType": route.type, "id": route.id, "meta": meta, **rest}
        return self.store.put(kind=route.type, id=route.id, version=version, updated=now, resource=content)

    def seeded(self, resource: Resource) -> Resource:
        """Return a resource that the server holds from the start, written in R4's form, in the form of its own."""
        return resource

    def kept(self, resource: Resource, previous: Stored | None) -> Resource:  # noqa: ARG002 - faults look at it
        """Return what is kept of a submitted consent: all of it."""
        return resource

    def meta(
        self,
        resource: Resource,
        *,
        version: str,
        updated: datetime,
        previous: Stored | None,  # noqa: ARG002 - faults look at it
    ) -> Resource:
        """Return the meta that is stored: the client's, with the server's own version and time."""
        own = {"versionId": version, "lastUpdated": self.last_updated(updated)}
        return {**resource.get("meta", {}), **own}

    def last_updated(self, moment: datetime) -> str:
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) < len(pairs):
        raise ValueError("an object names a property twice")
    return named


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")
