"""Plays a documented scenario: fills its templates, sends its requests, holds answers against its rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import jsonpatch
import jsonpointer

from conformance import expect
from conformance.client import Kept
from conformance.found import Found
from conformance.headers import Change, value_of
from conformance.model import NotTestable, Violation

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents, Json
    from conformance.scenarios import Expectation, Step

END = "2031-12-02"
_NAME = re.compile(r"\{([a-z][a-z0-9-]*)\}")
_ABSENT = object()


def _id(reference: str) -> str:
    return reference.partition("/_history")[0].rpartition("/")[2]


class Play:
    """One scenario under way: the names that it remembers.

    Known from the start: `{patient}` and `{other-patient}` (references of this run), `{unused-id}`, `{end}`,
    `{patient-parameter}`, `{period}`.
    """

    def __init__(self, consents: Consents) -> None:
        self._consents = consents
        self._names: dict[str, str] = {
            "end": END,
            "patient-parameter": consents.dialect.patient_parameter,
            "period": consents.dialect.period_element.replace(".", "/"),
        }
        self._read: Json | None = None
        self._sent: Json | None = None

    def request(self, step: Step) -> Answer:
        """Send the step's request."""
        change = Change(
            setting=tuple(
                (name, self.fill(value_of(value, self._consents.pack, self._consents.dialect, step.action, step.kind)))
                for name, value in self._headers(step).items()
            ),
            flaw=step.flawed,
        )
        body = self._body(step)
        self._sent = body
        return self._consents.request(
            step.method, self.fill(step.path), action=step.action, body=body, kind=step.kind or "", change=change
        )

    def hold(self, answer: Answer, row: Expectation) -> None:
        """Hold an answer against one row of expectations.

        Raises:
            Violation: it differs.

        """
        if row.status:
            expect.status_of(answer, row.status, noted=row.noted)
        for name, pattern in row.header.items():
            value = expect.header(answer, name)
            # A media type is the same in any case (RFC 9110 §8.3.1).
            case = re.IGNORECASE if name.lower() == "content-type" else re.NOFLAG
            expect.true(re.fullmatch(self.fill(pattern), value, case) is not None, f"{name}: {pattern}", value, answer)
        for pointer, wanted in row.body.items():
            expect.true(answer.parsed is not None, f"a body with {pointer}", answer.described, answer)
            found = self._at(answer, self.fill(pointer))
            expect.equal(None if found is _ABSENT else found, self._filled(wanted), f"{pointer}:", answer)
        for pointer in row.absent:
            expect.true(self._at(answer, self.fill(pointer)) is _ABSENT, f"nothing at {pointer}", "something", answer)
        if row.includes or row.excludes:
            matches = Found((answer, *self._consents.further_pages(answer)))
            expect.matches(
                matches,
                include=[self.fill(one) for one in row.includes],
                exclude=[self.fill(one) for one in row.excludes],
            )

    def remember(self, step: Step, answer: Answer) -> None:
        """Keep what later steps name; a request without which they make no sense must have worked.

        Raises:
            NotTestable: there is nothing to remember, or a step without expectations failed.

        """
        if not step.expect and not step.flawed and not answer.succeeded:
            raise NotTestable(f"step '{step.name}' did not work: {answer.described}", exchanges=answer.shows)
        if answer.status == 200 and answer.resource_type == "Consent":
            shown, asked = str(answer.consent.get("id")), answer.exchange
            if asked.method == "GET" and shown not in asked.url.partition("?")[0].split("/"):  # it is somebody else's
                raise NotTestable(f"step '{step.name}' shows another consent, {shown}", exchanges=answer.shows)
            self._read = answer.consent
        for name, place in step.remember.items():
            found = self._found(answer, place)
            if not isinstance(found, str) or not found:
                raise NotTestable(f"step '{step.name}' gave no {name}: {answer.described}", exchanges=answer.shows)
            self._names[name] = found

    def fill(self, text: str) -> str:
        """The text with its `{names}` replaced."""
        return _NAME.sub(lambda match: self._name(match[1]), text)

    def _name(self, name: str) -> str:
        if name not in self._names:
            if name in {"patient", "other-patient"}:
                self._names[name] = self._consents.patient()
            elif name in {"unused-id", "uuid"}:
                return self._consents.unused_id()
            elif name.startswith("given-"):
                self._names |= self._given(name)
                if name not in self._names:
                    raise self._consents.untestable(
                        "the consent names no actor", remedy="name others in given.consents"
                    )
            elif name.endswith("-id") and name[:-3] in {"patient", "other-patient"}:
                return self._name(name[:-3]).rpartition("/")[2]
            else:
                raise NotTestable(f"no step before has remembered {{{name}}}")
        return self._names[name]

    def _given(self, name: str) -> dict[str, str]:
        """What `name` and the names that belong to it stand for: a consent that the target holds, and its people."""
        if name.endswith("-identifier"):
            known = self._consents.identifier("actor" if "actor" in name else "patient")
            return {name: quote(known, safe="")}
        if name == "given-other-patient-id":
            self._name("given-patient-id")  # that of the first consent comes first
            return {name: _id(self._consents.given("active").patient)}
        held = self._consents.given("active")
        actors = [_id(reference) for reference in held.actors]
        return {
            "given-consent": held.id,
            "given-patient-id": _id(held.patient),
            **({"given-actor-id": actors[0]} if actors else {}),
        }

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.fill(value)
        if isinstance(value, list):
            return [self._filled(one) for one in value]
        if isinstance(value, dict):
            return {key: self._filled(one) for key, one in value.items()}
        return value

    def _headers(self, step: Step) -> dict[str, Any]:
        named = self._consents.pack.headers.get(step.header_set, {}) if step.header_set else {}
        return {**named, **step.headers}

    def _body(self, step: Step) -> Json | None:
        body: Json
        if step.action == "close" and step.body is None:
            if self._read is None:
                raise NotTestable(f"step '{step.name}' closes what no step before has read")
            kind = step.kind or "active"
            body = self._consents.closing(Kept(str(self._read.get("id")), self._read, kind), end=END)
        elif step.body is not None:
            body = self._consents.pack.fixture(step.body)
        elif step.kind is not None and step.method in {"POST", "PUT"}:
            body = self._consents.body(step.kind, patient=self._name("patient"))
        else:
            return None
        if step.patch:
            body = jsonpatch.apply_patch(body, self._filled(list(step.patch)))
        return self._filled(body)  # type: ignore[no-any-return]

    def _found(self, answer: Answer, place: str) -> Any:
        if place == "id":
            return answer.given_id
        if place.startswith("header:"):
            return answer.header(place.partition(":")[2])
        found = self._at(answer, place)
        return found if isinstance(found, str) else None

    @staticmethod
    def _at(answer: Answer, pointer: str) -> Any:
        try:
            return jsonpointer.resolve_pointer(answer.parsed, pointer, _ABSENT)
        except (jsonpointer.JsonPointerException, TypeError) as problem:
            raise Violation(f"a body with {pointer}", f"{answer.described}: {problem}", answer.shows) from None
