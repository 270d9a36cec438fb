"""Closing a consent: an update that ends it."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from conformance import expect
from conformance.found import TOLD, element, with_elements
from conformance.headers import PLAIN, Change, without

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents, Json, Kept
    from conformance.recorder import Verifying

END = "2031-12-02"
INQUIRY_PERIOD = "nllInqueryPeriod"
UNUSED = ("prefer", "x-access", "x-patientref", "x-purpose", "x-context-id")
"""Headers of the page of 2023 that have no value in its examples, or are not in them."""
BY_THE_WAY = ("x-org-info", "x-request-id", "x-user-agent")
"""Headers of its examples that say nothing of who may close what."""
LEFT_OUT: dict[str, dict[str, tuple[Any, str]]] = {
    "an extension": {
        "extension": ([{"url": "urn:example:left-out", "valueString": "once"}], "urn:example:left-out"),
    },
    "an action": {
        "provision.action": (
            [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentaction", "code": "disclose"}]}],
            "disclose",
        ),
    },
    "an actor": {
        "provision.actor": (
            [{"role": TOLD, "reference": {"display": "the one who is left out"}}],
            "the one who is left out",
        ),
    },
    "a second category": {
        "category": ([{"coding": [{"system": "urn:example:left-out", "code": "beside"}]}], "urn:example:left-out"),
    },
    "those who took part": {
        "performer": ([{"display": "the performer who is left out"}], "the performer who is left out"),
        "organization": ([{"display": "the house that is left out"}], "the house that is left out"),
        "verification": (
            [{"verified": True, "verifiedWith": {"display": "the witness who is left out"}}],
            "the witness who is left out",
        ),
    },
    "date and language": {"dateTime": ("2020-02-29", "2020-02-29"), "language": ("fi", '"fi"')},
}
"""Parts that a PUT leaves out: where they are, what is there once (in a list, beside the rest), what to know it by."""


@dataclass(frozen=True, slots=True)
class _Close:
    """What became of the documented close; `elsewhere` and `otherwise` are successes, where that was refused."""

    documented: Answer
    elsewhere: Answer | None = None
    """At the consent's own address, with the same headers."""
    otherwise: Answer | None = None
    """At the documented address, with other headers."""
    how: str = ""
    """The difference, in words."""

    @property
    def taken(self) -> Answer | None:
        return self.documented if self.documented.succeeded else self.elsewhere or self.otherwise


def test_put_to_the_type_address(consents: Consents, verifying: Verifying) -> None:
    """A consent that was just created is closed by PUT [base]/Consent with its id in the body."""
    known = consents.given("dose")

    def put(body: Json) -> Answer:
        return consents.request("PUT", "/Consent", action="update", body=body, kind=known.kind, requested_id=known.id)

    answer = consents.close_some_way(known, end=END, send=put)

    with verifying("nll-2019.close.put-to-the-type-address"):
        expect.success(answer, usual=200)


@pytest.mark.parametrize("kind", ["dose", "access"])
def test_the_documented_put(consents: Consents, verifying: Verifying, kind: str) -> None:
    """A consent that was just created is closed by PUT [base]/Consent, with the headers of the example.

    Where that is refused, it is tried at the consent's own address and with other headers: what works tells what is to
    blame.
    """
    if kind == "access" and not consents.offers("access-consent"):
        return
    close = _as_documented(consents, consents.given(kind))
    if kind == "access" and close.taken is None:
        return  # whether it can be closed at all is nll-2023.close.access-consent-is-ended

    with verifying("nll-2023.close.put-to-the-type-address"):
        if not close.documented.succeeded and close.elsewhere is None:
            raise consents.untestable("nothing shows that the address is what is refused")
        expect.success(close.documented, usual=200)
    with verifying("nll-2023.headers.documented-set-is-accepted"):
        if close.taken is None:
            raise consents.untestable("nothing shows that the headers are what is refused")
        expect.success(close.elsewhere or close.documented)


def test_only_the_consent_named_in_the_body_changes(consents: Consents, verifying: Verifying) -> None:
    """One patient has two consents, two others have one. The older of the two is closed by its id: it alone changes."""
    patient = consents.patient()
    earlier = consents.given("dose")
    named = consents.given("dose", patient=patient)
    others = (earlier, consents.given("dose", patient=patient), consents.given("dose"))
    before = [consents.current(other) for other in others]

    consents.closed(named, end=END)
    after, beside = consents.read(named.id), [consents.read(other.id) for other in others]

    with verifying("nll-2023.close.body-id-selects-the-consent"):
        _ended(consents, named, after)
        for old, answer in zip(before, beside, strict=True):
            expect.unchanged(old, answer)


def test_an_identifier_does_not_select(consents: Consents, verifying: Verifying) -> None:
    """Two patients have a consent each, with the same identifier, where that is taken. One is closed; the other stays.

    Each shows the identifier before.
    """
    identifier = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{consents.unused_id()}"}
    created = []
    for _ in range(2):
        body = consents.body("dose")
        body["identifier"] = [*body.get("identifier", ()), identifier]
        created.append(consents.create(body, kind="dose"))
        if not created[-1].succeeded:
            return  # a server may want each identifier once, or none
    other, named = (consents.kept(answer, "dose") for answer in created)
    before = consents.current(other)
    for shown in (before, consents.current(named)):
        if identifier["value"] not in json.dumps(shown.get("identifier")):
            return

    consents.closed(named, end=END)
    after, beside = consents.read(named.id), consents.read(other.id)

    with verifying("nll-2023.close.body-id-selects-the-consent"):
        _ended(consents, named, after)
        expect.unchanged(before, beside)


def test_a_put_replaces_the_whole_consent(consents: Consents, verifying: Verifying) -> None:
    """A consent is stored with an identifier. A PUT without it leaves none behind; one more PUT brings another one."""
    identifier = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{consents.unused_id()}"}
    known = consents.given("dose", patch=[{"op": "add", "path": "/identifier", "value": [identifier]}])
    if identifier["value"] not in json.dumps(consents.current(known).get("identifier")):
        raise consents.untestable("the server stores no identifier, so nothing can be left out")

    shorter = {name: value for name, value in known.body.items() if name != "identifier"}
    answer = consents.update(shorter, kind=known.kind)
    read = consents.read(known.id)
    if not answer.succeeded and not consents.update(known.body, kind=known.kind).succeeded:
        raise consents.untestable(f"the consent cannot be updated at all: {answer.described}")

    with verifying("nll-2023.close.replaces-the-whole-resource"):
        expect.success(answer, usual=200)
        left = json.dumps(read.consent.get("identifier"))  # a server may have given one of its own
        gone = identifier["value"] not in left
        expect.true(gone, "no such identifier after a PUT without it", f"identifier {left}", read)

    other = {**identifier, "value": f"urn:uuid:{consents.unused_id()}"}
    again = consents.update({**shorter, "identifier": [other]}, kind=known.kind)
    read = consents.read(known.id)
    if again.succeeded:
        with verifying("nll-2023.close.replaces-the-whole-resource"):
            left = json.dumps(read.consent.get("identifier"))
            expect.true(other["value"] in left, "the identifier of the second PUT", f"identifier {left}", read)


@pytest.mark.parametrize("part", LEFT_OUT)
def test_a_put_leaves_out_a_part(consents: Consents, verifying: Verifying, part: str) -> None:
    """A consent is stored with parts that a consent need not have. A PUT without them leaves none of them.

    Where it is refused, or stored without, or the PUT is refused, there is nothing to see.
    """
    parts = LEFT_OUT[part]
    shorter = consents.body("dose")
    longer = {
        path: [*(element(shorter, path) or ()), *value] if isinstance(value, list) else value
        for path, (value, _) in parts.items()
    }
    created = consents.create(with_elements(shorter, longer), kind="dose")
    if not created.succeeded:
        return
    known = consents.kept(created, "dose")
    before = consents.current(known)
    shown = {path: mark for path, (_, mark) in parts.items() if mark in json.dumps(element(before, path))}
    if not shown:
        return

    answer = consents.update({**shorter, "id": known.id}, kind="dose")
    if not answer.succeeded:
        return
    read = consents.read(known.id)

    with verifying("nll-2023.close.replaces-the-whole-resource"):
        expect.status(read, 200)
        for path, mark in shown.items():
            left = json.dumps(element(read.consent, path))  # a server may have one of its own
            expect.true(mark not in left, f"{path} without {mark} after a PUT without it", f"{path} {left}", read)


def test_closing_an_unknown_consent(consents: Consents, verifying: Verifying) -> None:
    """A known consent can be closed. For an id that nobody has the same request is refused and leaves nothing."""
    known = consents.given("dose")
    unknown = known.under(consents.unused_id())
    consents.closed(known, end=END)
    near = consents.of_patient(known.patient)
    checked = verifying.applies("nll-2023.close.unknown-id-creates-nothing")
    before = consents.find(near, include=[known.id]).ids if checked else set()

    answer = consents.close(unknown, end=END)

    with verifying("nll-2023.close.unknown-id-fails"):
        consents.met("trap.nll.unknown-id-status", answer.described)
        expect.refused(answer)
    if checked:
        read = consents.read(unknown.id)
        found = consents.find(near, include=[known.id])
        with verifying("nll-2023.close.unknown-id-creates-nothing"):
            expect.absent(read)
            expect.matches(found, exclude=[unknown.id, *(found.ids - before)])


def test_a_read_after_closing_shows_the_closed_consent(consents: Consents, verifying: Verifying) -> None:
    """A consent is closed; the next read and the next search show what the PUT wrote."""
    known = consents.given("dose")
    closed = consents.closed(known, end=END)

    read = consents.read(known.id)
    found = consents.find(consents.of_patient(known.patient), include=[known.id])

    with verifying("nll-2023.close.read-shows-latest-version"):
        expect.same_state(closed.body, read.consent, period=consents.period_of, by=read)
        expect.matches(found, include=[known.id])
        listed = next(match for match in found.matches if match.get("id") == known.id)
        expect.same_state(closed.body, listed, period=consents.period_of, by=found.first)


def test_closing_a_dose_consent(consents: Consents, verifying: Verifying) -> None:
    """A dose consent reads as open. After the documented close it is inactive, or has the end that was sent."""
    known = consents.given("dose")
    consents.current(known)

    close = _as_documented(consents, known)
    read = consents.read(known.id)

    with verifying("nll-2023.close.dose-consent-is-ended"):
        _taken(close)
        _ended(consents, known, read)


def test_closing_a_proposed_access_consent(consents: Consents, verifying: Verifying) -> None:
    """An access consent reads as proposed. After the documented close it is inactive, or has the end that was sent."""
    known = consents.given("access")
    if consents.current(known).get("status") == "active":
        raise consents.untestable("the access consent reads active before it is closed, not proposed")

    close = _as_documented(consents, known)
    read = consents.read(known.id)

    with verifying("nll-2023.close.access-consent-is-ended"):
        _taken(close)
        _ended(consents, known, read)


def test_closing_an_access_consent_without_inquiry_period(consents: Consents, verifying: Verifying) -> None:
    """An access consent need not have an inquiry period. Where one without is taken, it can be closed as others can."""
    body = consents.body("access")
    rest = [one for one in body.get("extension", ()) if INQUIRY_PERIOD not in one.get("url", "")]
    if rest == body.get("extension", []):
        return  # the other checks close one without
    created = consents.create(with_elements(body, {"extension": rest or None}), kind="access")
    if not created.succeeded:
        return
    known = consents.kept(created, "access")
    if consents.current(known).get("status") == "active":
        return  # the check of proposed ones says so

    close = _as_documented(consents, known)
    read = consents.read(known.id)

    with verifying("nll-2023.close.access-consent-is-ended"):
        _taken(close)
        _ended(consents, known, read)


def test_closing_twice(consents: Consents, verifying: Verifying) -> None:
    """A closed consent is closed again with the same body: accepted or refused, it stays closed with the same end."""
    known = consents.given("dose")
    consents.closed(known, end=END)
    before = consents.current(known)

    answer = consents.close(known, end=END)
    read = consents.read(known.id)

    with verifying("nll-2023.close.repeating-is-harmless"):
        expect.no_server_error(answer)
        expect.same_state(before, read.consent, period=consents.period_of, by=read)


def test_a_put_without_an_id(consents: Consents, verifying: Verifying) -> None:
    """A consent can be closed. The same body without an id, sent to the type's address, changes and creates nothing."""
    known = consents.given("dose")
    before = consents.current(known)
    consents.closed(consents.given("dose"), end=END)
    body = {name: value for name, value in consents.closing(known, end=END).items() if name != "id"}

    change = Change(flaw="no id in the body")
    answer = consents.request("PUT", "/Consent", action="close", body=body, kind=known.kind, change=change)
    after = consents.read(known.id)

    with verifying("nll-2023.close.body-without-id-fails"):
        expect.refused(answer)
        expect.unchanged(before, after)
        if consents.offers("search:patient"):
            others = [one for one in consents.stored_from(body) if one != known.id]
            expect.equal(others, [], "further consents made from the body:", answer)


@pytest.mark.parametrize("wrong", ["no body", "a body cut off in the middle", "a Patient with the consent's id"])
def test_a_put_without_a_consent(consents: Consents, verifying: Verifying, wrong: str) -> None:
    """A consent can be closed. A PUT with nothing, half of it, or another resource is refused and changes nothing."""
    known = consents.given("dose")
    before = consents.current(known)
    consents.closed(consents.given("dose"), end=END)
    whole = json.dumps(consents.closing(known, end=END)).encode()
    bodies = {
        "no body": b"",
        "a body cut off in the middle": whole[: len(whole) // 2],
        "a Patient with the consent's id": json.dumps({"resourceType": "Patient", "id": known.id}).encode(),
    }

    answer = consents.update(bodies[wrong], id=known.id, kind=known.kind, action="close", change=Change(flaw=wrong))
    after = consents.read(known.id)

    with verifying("nll-2023.close.body-is-needed"):
        expect.refused(answer)
        expect.unchanged(before, after)


def test_a_closed_consent_is_not_among_the_active(consents: Consents, verifying: Verifying) -> None:
    """An active consent is found among the active ones; closed by its status, among the inactive ones only."""
    known = consents.given("dose")
    patient, active = consents.of_patient(known.patient), ("status", "active")
    if known.id not in consents.find(patient, active, include=[known.id]).ids:
        raise consents.untestable("a search by patient and status does not find an active consent")
    consents.closed(known, end=END)
    status = consents.current(known).get("status")

    inactive_ones = consents.find(patient, ("status", str(status)), include=[known.id])
    active_ones = consents.find(patient, active)

    with verifying("nll-2023.close.closed-is-not-among-active"):
        if status == "active":
            consents.met("trap.nll.close-by-period-or-status", "a closed consent keeps the status active")
        else:
            expect.matches(inactive_ones, include=[known.id])
            expect.matches(active_ones, exclude=[known.id])


def _as_documented(consents: Consents, known: Kept) -> _Close:
    """Close by PUT [base]/Consent as the example has it; find out what about that is refused, if it is."""

    def put(body: Json, change: Change = PLAIN, address: str = "/Consent") -> Answer:
        return consents.update(body, kind=known.kind, action="close", change=change, address=address)

    documented = consents.close_some_way(known, end=END, send=put)
    if documented.succeeded or not consents.still_open(known, end=END):
        return _Close(documented)
    elsewhere = consents.close_some_way(known, end=END, send=lambda body: put(body, address="/Consent/{id}"))
    if elsewhere.succeeded:
        return _Close(documented, elsewhere=elsewhere, how="at the consent's own address")
    patient = known.patient.rpartition("/")[2]
    values = ("return=representation", "UTAN_KRAV_SAMTYCKE", patient, "VARD", consents.unused_id())
    unused = tuple(zip(UNUSED, values, strict=True))
    for lines in (unused, *((line,) for line in unused), ()):
        change = Change(setting=lines) if lines else without(*BY_THE_WAY)
        otherwise = consents.close_some_way(known, end=END, send=functools.partial(put, change=change))
        if otherwise.succeeded:
            how = f"with {', '.join(name for name, _ in lines)}" if lines else f"without {', '.join(BY_THE_WAY)}"
            return _Close(documented, otherwise=otherwise, how=how)
    return _Close(documented)


def _taken(close: _Close) -> None:
    """It was closed, in whatever way: another requirement judges the way."""
    answer = close.taken or close.documented
    expect.success(answer)
    if close.how:
        answer.note(f"the documented close is refused, and taken {close.how}")


def _ended(consents: Consents, known: Kept, read: Answer) -> None:
    """The status is inactive, or the period has the end that was sent: the source leaves open which of them closes."""
    expect.status(read, 200)
    status, end = read.consent.get("status"), consents.period_of(read.consent).get("end")
    ended = "no end" if end is None else f"the end {end}"
    consents.met("trap.nll.close-by-period-or-status", f"after the close the status is {status}, with {ended}")
    expect.true(
        status == "inactive" or (end is not None and expect.same_moment(end, END)),
        f"status inactive, or the end {END}",
        f"Consent/{known.id} with status {status} and {ended}",
        read,
    )
