"""What the profiles of dose consents and access consents ask for, in what is read and in what is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect, meaning
from conformance.found import element, objects
from conformance.headers import Change
from conformance.period import order

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents, Json
    from conformance.recorder import Verifying

END = "2031-12-02"
PROFILES = "http://electronichealth.se/fhir/StructureDefinition/"
DOSE, ACCESS = f"{PROFILES}NLLMultiDoseDispConsent", f"{PROFILES}NLLAccessConsent"
INQUIRY_PERIOD = "nllInqueryPeriod"


def test_the_category_of_dose_consents(consents: Consents, verifying: Verifying) -> None:
    """Dose consents, one open and one closed, are read: the category has a system and a code, the same in both."""
    reads = _open_and_closed(consents)

    with verifying("nll-2023.profile.dose-category"):
        first, second = (set(meaning.coded(read.consent.get("category"))) for read in reads)
        known = consents.dialect.dose_category
        if known is not None:
            first = {coding for coding in first if coding[1] == known.code and known.system in {coding[0], None}}
        consents.met("trap.nll.dose-code-today", f"{', '.join('|'.join(coding) for coding in sorted(first)) or 'none'}")
        expect.true(bool(first), "a category with system and code", "none", reads[0])
        expect.true(bool(first & second), f"a category of {sorted(first)}", f"{sorted(second)}", reads[1])


def test_the_patient_of_access_consents(consents: Consents, verifying: Verifying) -> None:
    """Access consents name their patient by reference. One sent with an identifier alone is refused, or given one.

    None is sent to a server that is known to take invalid consents.
    """
    first, second = consents.given("access"), consents.given("access")
    anonymous = consents.body("access")
    anonymous["patient"] = {"identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{consents.unused_id()}"}}

    answers = _sent_wrong(consents, {"no reference to the patient": anonymous})

    with verifying("nll-2023.profile.access-consent-patient"):
        for known in (first, second):
            _refers_to_its_patient(consents, known.id)
        for answer in answers:
            if answer.succeeded:
                _refers_to_its_patient(consents, consents.kept(answer, "access").id)
            else:
                expect.refused(answer)


def test_the_inquiry_period_of_access_consents(consents: Consents, verifying: Verifying) -> None:
    """Access consents read with a whole inquiry period, or none. A wrong one is refused, or put right.

    It is sent without its end, so after another extension, and the wrong way round; none of these to a server that is
    known to take invalid consents.
    """
    first, second = consents.given("access"), consents.given("access")

    answers = _sent_wrong(consents, _with_wrong_inquiry_periods(consents))

    with verifying("nll-2023.profile.access-consent-inquiry-period"):
        for known in (first, second):
            _inquires_from_until(consents, known.id)
        for answer in answers:
            if answer.succeeded:
                _inquires_from_until(consents, consents.kept(answer, "access").id)
            else:
                expect.refused(answer)


def test_meta_profile_does_not_steer(consents: Consents, verifying: Verifying) -> None:
    """Dose consents are closed without a profile, with theirs, another kind's, both, an unknown one: all work."""
    labels: tuple[tuple[str, ...], ...] = ((), (DOSE,), (ACCESS,), (DOSE, ACCESS), ("urn:example:no-such-profile",))
    given = [consents.given("dose") for _ in labels]
    answers = []
    for known, profiles in zip(given, labels, strict=True):
        body = _labelled(consents.closing(known, end=END), profiles)
        change = Change(flaw=f"meta.profile is {' and '.join(profiles)}" if profiles else None)
        answers.append(consents.update(body, kind=known.kind, action="close", change=change))
    if not any(answer.succeeded for answer in answers):
        raise consents.untestable(f"a consent cannot be closed: {answers[0].described}")
    reads = [consents.read(known.id) for known in given]
    if not any(consents.shows_closing(known, read.consent) for known, read in zip(given, reads, strict=True)):
        raise consents.untestable("closing is answered with success and has no effect")

    with verifying("nll-2023.profile.meta-profile-does-not-steer"):
        for answer, read in zip(answers, reads, strict=True):
            expect.success(answer)
            expect.same_meaning(answer.sent or {}, read)


def test_an_access_consent_with_the_label_of_a_dose_consent(consents: Consents, verifying: Verifying) -> None:
    """An access consent can be created. With the profile of dose consents in meta.profile it can be so as well."""
    if not consents.offers("access-consent") or consents.if_taken("access") is None:
        return
    body = _labelled(consents.body("access"), (DOSE,))

    answer = consents.create(body, kind="access", change=Change(flaw=f"meta.profile is {DOSE}"))

    with verifying("nll-2023.profile.meta-profile-does-not-steer"):
        expect.success(answer)


def test_must_support_elements(consents: Consents, verifying: Verifying) -> None:
    """Dose consents, one open and one closed, are read: id, last change, status, scope, category, patient are there."""
    reads = _open_and_closed(consents)

    with verifying("nll-2023.profile.must-support-is-returned"):
        for read in reads:
            shown = read.consent
            missing = [name for name in ("id", "status", "scope", "category", "patient") if not _there(shown, name)]
            if not any(_there(meta, "lastUpdated") for meta in objects([shown.get("meta")])):
                missing.append("meta.lastUpdated")
            expect.equal(missing, [], "missing must-support elements:", read)


def _open_and_closed(consents: Consents) -> tuple[Answer, Answer]:
    """Reads of two dose consents, of which the second was closed if this run may."""
    first, second = consents.given("dose"), consents.given("dose")
    if consents.may_update:
        consents.closed(second, end=END)
    return consents.read(first.id), consents.read(second.id)


def _sent_wrong(consents: Consents, bodies: dict[str, Json]) -> list[Answer]:
    """The answers to creates of these access consents, by what is wrong with each; none where such are not sent."""
    if consents.dialect.lenient_validation:
        return []
    return [consents.create(body, kind="access", change=Change(flaw=flaw)) for flaw, body in bodies.items()]


def _with_wrong_inquiry_periods(consents: Consents) -> dict[str, Json]:
    """Bodies of access consents, by what is wrong with the inquiry period of each."""
    endless, later, turned = (consents.body("access") for _ in range(3))
    for body in (endless, later):
        for period in _inquiry_periods(body):
            period.pop("end", None)
    later["extension"] = [{"url": "urn:example:another", "valueString": "first"}, *objects(later.get("extension"))]
    for period in _inquiry_periods(turned):
        period.update(start="2023-01-27T08:00:00+01:00", end="2023-01-20T08:00:00+01:00")
    return {
        "an inquiry period without an end": endless,
        "an inquiry period without an end, after another extension": later,
        "an inquiry period that ends before it starts": turned,
    }


def _inquiry_periods(body: Json) -> list[Json]:
    return [one["valuePeriod"] for one in objects(body.get("extension")) if INQUIRY_PERIOD in one.get("url", "")]


def _labelled(body: Json, profiles: tuple[str, ...]) -> Json:
    """The body with exactly these profiles in meta.profile."""
    rest = {name: value for name, value in body.items() if name != "meta"}
    return {**rest, "meta": {"profile": list(profiles)}} if profiles else rest


def _refers_to_its_patient(consents: Consents, id: str) -> None:  # noqa: A002 - FHIR's own word
    read = consents.read(id)
    reference = element(read.consent, "patient.reference")
    expect.true(bool(reference), "patient.reference", "a patient without it", read)


def _inquires_from_until(consents: Consents, id: str) -> None:  # noqa: A002 - FHIR's own word
    read = consents.read(id)
    for extension in objects(read.consent.get("extension")):
        if INQUIRY_PERIOD in str(extension.get("url")):
            period = extension.get("valuePeriod", {})
            whole = all(isinstance(element(period, side), str) for side in ("start", "end"))
            expect.true(whole, "an inquiry period with start and end", f"{period}", read)
            turned = order(period, consents.dialect.zone) == "violation"
            expect.true(not turned, "an inquiry period in order", f"{period}", read)


def _there(element: Json, name: str) -> bool:
    """Present: with a value, or at least with an extension in its place (element.html)."""
    return name in element or f"_{name}" in element
