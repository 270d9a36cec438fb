"""Who may do what: bearer tokens, scopes, professions, and the one patient that a token may be bound to."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from conformance.reference.answers import Answers
from conformance.reference.messages import Refused, Request, Resource, Route
from conformance.reference.tokens import Caller

if TYPE_CHECKING:
    from conformance.reference.store import Stored

OPEN_INTERACTIONS = frozenset({"capabilities"})


class Access(Answers):
    """The seams that decide whether a caller is let in and what it sees."""

    secured: ClassVar[bool] = True
    """Whether a token is needed."""

    writers: ClassVar[frozenset[str]] = frozenset({"LK", "SJ", "AP"})
    """Professions that may create and close consents: physician, nurse, pharmacist (handbook TA 17)."""

    def admitted(self, request: Request, route: Route) -> Caller | None:
        """Return whom the request comes from, None where nobody is asked; refuse it when it may not do this."""
        if route.interaction in OPEN_INTERACTIONS or not self.secured:
            return None
        caller = self.authenticate(request)
        self.authorise(caller, route)
        return caller

    def authenticate(self, request: Request) -> Caller:
        """Return the caller that the one bearer token speaks for; refuse anything else (RFC 6750 §3)."""
        sent = request.each("authorization")
        if not sent:
            raise self.unauthorised("a bearer token is needed")
        if len(sent) > 1:
            raise Refused(400, "invalid", "there is more than one Authorization header")
        scheme, _, token = sent[0].strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise self.unauthorised("Authorization is not of the form 'Bearer token'", error="invalid_request")
        claims = self.verified(token.strip())
        if claims is None:
            raise self.unauthorised("the token is not valid", error="invalid_token")
        if self.expired(claims["exp"]):
            raise self.unauthorised("the token has expired", error="invalid_token")
        return Caller(claims=claims)

    def verified(self, token: str) -> dict[str, object] | None:
        """Return the claims of a token that we signed, None for any other."""
        return self.tokens.claims(token)

    def expired(self, exp: object) -> bool:
        return not isinstance(exp, int | float) or exp <= self.clock().timestamp()

    def unauthorised(self, reason: str, *, error: str | None = None) -> Refused:
        """Return the 401 with its challenge (RFC 9110 §11.6.1)."""
        challenge = 'Bearer realm="consents"' + (f', error="{error}"' if error else "")
        return Refused(401, "login", reason, (("WWW-Authenticate", challenge),))

    def authorise(self, caller: Caller, route: Route) -> None:
        """Refuse what the caller's scopes or profession do not cover."""
        if not self.in_scope(caller, route):
            raise Refused(403, "forbidden", "the token's scopes do not cover this")
        if route.writes and not self.role_may_write(caller):
            raise Refused(403, "forbidden", "the caller's role may not write")

    def in_scope(self, caller: Caller, route: Route) -> bool:
        """Whether a scope of the form context/type.action covers the interaction."""
        needed = "write" if route.writes else "read"
        for scope in caller.scopes:
            context, _, rest = scope.partition("/")
            kind, _, action = rest.partition(".")
            if context in {"user", "patient", "system"} and kind in {"*", route.type} and action in {"*", needed}:
                return True
        return False

    def role_may_write(self, caller: Caller) -> bool:
        return bool(caller.professions & self.writers)

    def visible(self, caller: Caller | None, stored: Stored) -> bool:
        """Whether the caller may know of the resource."""
        if caller is None or caller.patient is None:
            return True
        return self.belongs_to(stored.type, stored.id, stored.resource or {}) in {caller.patient, None}

    def belongs_to(self, kind: str, id: str, resource: Resource) -> str | None:  # noqa: A002 - FHIR's word
        """Return the id of the patient that a resource is about, empty when it does not say; None: about nobody."""
        if kind == "Patient":
            return id
        if kind not in {"Consent", "RelatedPerson"}:
            return None
        reference = resource.get("patient", {}).get("reference")
        return reference.rpartition("/")[2] if isinstance(reference, str) else ""
