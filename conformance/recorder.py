"""What one check leaves behind: its exchanges and, per requirement, what it found out."""

from __future__ import annotations

import dataclasses
import json
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.headers import FHIR_JSON
from conformance.model import CheckRecord, Exchange, Finding, NotTestable, Outcome, Violation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from conformance.printed import Examples
    from conformance.redaction import Redactor
    from conformance.wire import Headers, Received

_HERE = Path(__file__).parent


class Recorder:
    """The notebook of one check. Everything written into it is redacted first."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._notes: list[str] = []
        self.exchanges: list[Exchange] = []
        self.findings: list[Finding] = []
        self.brief = False
        """Findings refer to the exchanges that show them alone: the check makes hundreds."""

    def exchange(
        self,
        *,
        method: str,
        url: str,
        headers: Headers,
        body: bytes | None,
        received: Received | None,
        problem: str | None = None,
        flawed: str | None = None,
    ) -> Exchange:
        """Record a request with its response, or with the problem that took the response's place."""
        redact = self._redactor
        sent_type = next((value for name, value in headers if name.lower() == "content-type"), "")
        came = received.headers if received else ()
        came_type = next((value for name, value in came if name.lower() == "content-type"), "")
        # In this order: whom a provenance or an included patient names is looked for in all that is redacted after it.
        request_headers = tuple(redact.headers(headers))
        request_body = redact.body(_text(body), sent_type)
        response_body = redact.body(_text(received.body), came_type) if received else None
        recorded = Exchange(
            id=str(len(self.exchanges) + 1),
            method=method,
            url=redact.url(url),
            request_headers=request_headers,
            request_body=request_body,
            status=received.status if received else None,
            response_headers=tuple(redact.headers(came)),
            response_body=response_body,
            started=received.started.isoformat(timespec="milliseconds").replace("+00:00", "Z") if received else "",
            waited_ms=round(received.waited * 1000, 1) if received else 0.0,
            problem=redact.text(problem) if problem else None,
            flawed=flawed,
        )
        self.exchanges.append(recorded)
        return recorded

    def note(self, text: str) -> None:
        """Something accepted but unusual, or a contradiction of the sources that was met."""
        text = self._recordable(text)
        if text not in self._notes:
            self._notes.append(text)

    def found(
        self, requirements: Iterable[str], outcome: Outcome, cause: BaseException | None = None, message: str = ""
    ) -> None:
        """Write down what came out for these requirements; the exchanges that show it come first."""
        showing: tuple[str, ...] = getattr(cause, "exchanges", ())
        others = () if self.brief else tuple(one.id for one in self.exchanges if one.id not in showing)
        text = self._recordable
        for requirement in requirements:
            self.findings.append(
                Finding(
                    requirement=requirement,
                    outcome=outcome,
                    message=text(message or str(cause)) if cause else "",
                    expected=text(cause.expected) if isinstance(cause, Violation) else "",
                    actual=text(cause.actual) if isinstance(cause, Violation) else "",
                    notes=tuple(self._notes),
                    exchanges=showing + others,
                    generated=self._shown_again(cause),
                )
            )

    def cut_short(self, obstacle: BaseException) -> None:
        """The check met an obstacle when each requirement had been judged once: what more it would have asked stays."""
        if self.findings:
            note = self._recordable(f"the check did not come to its end: {obstacle}")
            self.findings[-1] = dataclasses.replace(self.findings[-1], notes=(*self.findings[-1].notes, note))

    def _shown_again(self, cause: BaseException | None) -> dict[str, Any] | None:
        """What generated requests tried, without secrets."""
        tried = cause.generated if isinstance(cause, Violation) else None
        redacted = self._redactor.body(json.dumps(tried), FHIR_JSON) if tried else None
        return json.loads(redacted) if redacted else None

    def broke(self, requirements: Iterable[str], problem: BaseException) -> None:
        """Write down that the check itself broke: an error of the suite, or of what it runs in."""
        self.found(requirements, Outcome.ERROR, problem, own_fault(problem))

    def _recordable(self, text: str) -> str:
        """Without secrets, and without lone surrogates, which no file and no terminal takes."""
        return self._redactor.text(text).encode("utf-8", "backslashreplace").decode("utf-8")


class Verifying:
    """`with verifying("pack.topic.point"):` ties the assertions inside to requirements.

    A violation inside is written down and the check goes on, so that one lie does not hide the next requirement.
    """

    def __init__(self, recorder: Recorder, applicable: Collection[str], examples: Examples | None = None) -> None:
        self._recorder = recorder
        self._applicable = applicable
        self._examples = examples

    def applies(self, *requirements: str) -> bool:
        """Whether any of them applies to this target: to leave out a request that only they need."""
        return any(requirement in self._applicable for requirement in requirements)

    @contextmanager
    def __call__(self, *requirements: str) -> Iterator[None]:
        concerned = [requirement for requirement in requirements if requirement in self._applicable]
        self._recorder._notes.clear()  # noqa: SLF001 - the two classes are one notebook
        try:
            yield
        except Violation as violation:
            for requirement in concerned:
                self._violated(requirement, violation)
        except NotTestable as obstacle:
            self._recorder.found(concerned, Outcome.NOT_TESTABLE, obstacle)
        else:
            self._recorder.found(concerned, Outcome.HELD)

    def _violated(self, requirement: str, violation: Violation) -> None:
        """Write a violation down, or a note in its place when what shows it is an example that the source prints."""
        showing = [exchange for exchange in self._recorder.exchanges if exchange.id in violation.exchanges]
        note = self._examples.excuse(requirement, showing) if self._examples else None
        if note is None:
            self._recorder.found([requirement], Outcome.VIOLATED, violation)
        else:
            self._recorder.note(note)
            self._recorder.found([requirement], Outcome.HELD)


def own_fault(problem: BaseException) -> str:
    """What to say of an exception that no server should be able to cause, with its place in this package."""
    frames = [frame for frame in traceback.extract_tb(problem.__traceback__) if _HERE in Path(frame.filename).parents]
    place = f" at {Path(frames[-1].filename).relative_to(_HERE)}:{frames[-1].lineno}" if frames else ""
    what = f"{type(problem).__name__}: {problem}".removesuffix(": ")
    return f"the suite is at fault, not the server: {what}{place}"


def packed(record: CheckRecord) -> str:
    """A record as JSON in ASCII: a worker of pytest-xdist can send neither enumerations nor lone surrogates."""
    return json.dumps(record, default=_members)


def _members(value: Any) -> dict[str, Any]:
    """The members of one dataclass, not copied: `dataclasses.asdict` copies all that is in them."""
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def unpacked(text: str) -> CheckRecord:
    """The record that `packed` wrote."""
    row = json.loads(text)
    return CheckRecord(
        nodeid=row["nodeid"],
        title=row["title"],
        findings=tuple(Finding(**{**_tupled(each), "outcome": Outcome(each["outcome"])}) for each in row["findings"]),
        exchanges=tuple(Exchange(**_tupled(each)) for each in row["exchanges"]),
    )


def printable(text: str) -> str:
    """The text without control characters: what a server sends must not steer a terminal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in text)


def _tupled(row: dict[str, Any]) -> dict[str, Any]:
    """JSON lists as the tuples that the dataclasses hold."""
    return {
        name: tuple(tuple(one) if isinstance(one, list) else one for one in value) if isinstance(value, list) else value
        for name, value in row.items()
    }


def _text(body: bytes | None) -> str | None:
    return body.decode("utf-8", "backslashreplace") if body is not None else None
