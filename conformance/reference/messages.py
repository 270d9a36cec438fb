"""What goes into the reference service and what comes out of it: plain values, no sockets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from conformance.reference.store import Stored
    from conformance.reference.tokens import Caller

Resource = dict[str, Any]
Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One HTTP request. `path` starts below the base and is percent-encoded as it came: `/Consent/1`."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Headers = ()
    body: bytes = b""
    written_query: str = ""
    """The query as it came, still percent-encoded."""

    def each(self, name: str) -> list[str]:
        """Return every value of the header, in order. Names are compared without regard to case (RFC 9110 §5.1)."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    def header(self, name: str) -> str | None:
        """Return the header's value, repeated lines joined by a comma as RFC 9110 §5.3 says; None when absent."""
        values = self.each(name)
        return ", ".join(values) if values else None

    @property
    def segments(self) -> tuple[str, ...]:
        """The decoded parts of the path: `("Consent", "1")`."""
        return tuple(unquote(part) for part in self.path.strip("/").split("/"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A response whose body is still a resource, or words for people in its place."""

    status: int
    resource: Resource | None = None
    text: str = ""
    headers: Headers = ()

    def header(self, name: str) -> str | None:
        """Return the first value of the header, None when absent."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """One HTTP response. `delay` is how many seconds the server waits before it sends it."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    delay: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """What a request asks for: the interaction under FHIR's own name, such as `read` or `search-type`, and of what."""

    interaction: str
    type: str = ""
    id: str = ""
    version: str = ""

    @property
    def writes(self) -> bool:
        """Whether the interaction changes what is stored."""
        return self.interaction in {"create", "update", "delete"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Write:
    """A create or an update on its way: who sends what, and what it replaces; None: nothing."""

    request: Request
    route: Route
    caller: Caller | None
    resource: Resource
    previous: Stored | None


class Refused(Exception):
    """The request is not carried out. `code` is from FHIR's issue-type value set."""

    def __init__(self, status: int, code: str, reason: str, headers: Headers = ()) -> None:
        super().__init__(f"{status} {code}: {reason}")
        self.status = status
        self.code = code
        self.reason = reason
        self.headers = headers
