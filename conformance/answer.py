"""One answer of the target, as a check reads it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from conformance.found import objects
from conformance.model import Violation

if TYPE_CHECKING:
    from conformance.model import Exchange
    from conformance.recorder import Recorder
    from conformance.wire import Headers

_LOGICAL_ID = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?/?$")


@dataclass(frozen=True)
class Answer:
    """A response with the request that led to it. Values are as received; `exchange` is the redacted record."""

    exchange: Exchange
    recorder: Recorder = field(repr=False)
    status: int
    headers: Headers
    content: bytes
    sent: dict[str, Any] | None = None
    requested_id: str | None = None

    @property
    def shows(self) -> tuple[str, ...]:
        """The exchange's id, for a `Violation`."""
        return (self.exchange.id,)

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        return 400 <= self.status < 500

    @property
    def unsupported(self) -> bool:
        """Whether the server says that it cannot do what is asked for (RFC 9110 §15.6.2), which is no breakdown."""
        return self.status == 501

    @property
    def refused_by_rule(self) -> bool:
        """Whether it was refused, as the answer says, by a rule of business.

        http.html#create: 422 for business rules, with an OperationOutcome; its code business-rule says so of any 4xx.
        """
        if not self.refused or self.resource_type != "OperationOutcome" or "issue" not in self.resource:
            return False
        return self.status == 422 or any(one.get("code") == "business-rule" for one in objects(self.resource["issue"]))

    def header(self, name: str) -> str | None:
        """The header of that name in any case, repeated ones joined by a comma (RFC 9110 §5.3); None when absent."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(found) if found else None

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters, in lower case; empty when absent."""
        return (self.header("Content-Type") or "").partition(";")[0].strip().lower()

    @cached_property
    def parsed(self) -> Any:
        """The body as JSON; None when it is no JSON."""
        try:
            return json.loads(self.content.decode("utf-8"))
        except (ValueError, RecursionError):
            return None

    @property
    def resource(self) -> dict[str, Any]:
        """The FHIR resource in the body.

        Raises:
            Violation: there is none.

        """
        found = self.parsed
        if isinstance(found, dict) and isinstance(found.get("resourceType"), str):
            return found
        raise Violation("a FHIR resource as JSON", self.described, self.shows)

    @property
    def consent(self) -> dict[str, Any]:
        """The Consent in the body.

        Raises:
            Violation: there is none.

        """
        found = self.resource
        if found["resourceType"] != "Consent":
            raise Violation("a Consent", self.described, self.shows)
        return found

    @property
    def meta(self) -> dict[str, Any]:
        """The meta of the resource in the body; {} where there is none."""
        found = self.parsed.get("meta") if isinstance(self.parsed, dict) else None
        return found if isinstance(found, dict) else {}

    @property
    def resource_type(self) -> str | None:
        found = self.parsed.get("resourceType") if isinstance(self.parsed, dict) else None
        return found if isinstance(found, str) else None

    @property
    def location_id(self) -> str | None:
        """The logical id in Location (or Content-Location), absolute or relative, with or without a version."""
        match = self._located()
        return match[2] if match else None

    @property
    def location_version(self) -> str | None:
        """The version id in Location (or Content-Location); None where it names none."""
        match = self._located()
        return match[3] if match else None

    @property
    def location(self) -> str | None:
        """The address in Location (or Content-Location) of something stored, as it was sent."""
        match = self._located()
        return match.string if match else None

    def _located(self) -> re.Match[str] | None:
        addresses = [(self.header(name) or "").partition("?")[0] for name in ("Location", "Content-Location")]
        return next((match for address in addresses if (match := _LOGICAL_ID.search(address))), None)

    @property
    def given_id(self) -> str | None:
        """The id that the server gave to what it stored: from Location, or from the Consent in the body."""
        if self.location_id:
            return self.location_id
        if self.resource_type == "Consent" and isinstance(self.parsed.get("id"), str):
            return str(self.parsed["id"])
        return None

    @property
    def described(self) -> str:
        """The answer in a few words, for `Violation.actual`."""
        if self.exchange.problem:
            return f"{self.status}, but {self.exchange.problem}"
        if not self.content:
            return f"{self.status} without a body"
        if self.resource_type == "OperationOutcome":
            return f"{self.status} with an OperationOutcome: {_first_issue(self.parsed)}"
        if self.resource_type:
            return f"{self.status} with a {self.resource_type}"
        if self.parsed is not None:
            return f"{self.status} with JSON that is no FHIR resource"
        label = self.media_type or "no Content-Type"
        why = no_json(self.content.decode("utf-8", "backslashreplace")) if label.endswith("json") else None
        return f"{self.status} with a body that is no JSON ({label}{f'; {why}' if why else ''})"

    def note(self, text: str) -> None:
        """Mention something accepted but unusual in the report."""
        self.recorder.note(text)


def instant(value: Any) -> datetime | None:
    """A FHIR instant (datatypes.html#instant); None for what is none."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo is not None else None


def no_json(text: str) -> str | None:
    """What keeps a text from being one JSON value (RFC 8259 §2, §8.1); None for one that is, or that nests too deep."""
    if text.startswith("\ufeff"):
        return "it begins with a byte order mark"
    try:
        json.loads(text)
    except json.JSONDecodeError as problem:
        if problem.msg == "Extra data":
            return f"it goes on after its end, with {text[problem.pos : problem.pos + 20]!r}"
        if problem.pos >= len(text.rstrip()) or problem.msg.startswith("Unterminated string"):
            return f"it breaks off after {len(text)} characters"
        return f"it is none from character {problem.pos + 1} on, {text[problem.pos : problem.pos + 20]!r}"
    except (ValueError, RecursionError):  # longer numbers and deeper nesting than Python takes
        return None
    return None


def _first_issue(outcome: dict[str, Any]) -> str:
    issues = outcome.get("issue")
    issue = issues[0] if isinstance(issues, list) and issues and isinstance(issues[0], dict) else {}
    details = issue.get("details")
    text = issue.get("diagnostics") or (details.get("text") if isinstance(details, dict) else None) or issue.get("code")
    return str(text or "no issue")[:200]
