"""What each search parameter of Consent selects. Where nothing may be created, given consents serve as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from conformance import expect, meaning
from conformance.found import acting, element, objects

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.client import Consents, Json, Kept
    from conformance.recorder import Recorder, Verifying

LOINC = "http://loinc.org"
CATEGORIES = "http://terminology.hl7.org/CodeSystem/consentcategorycodes"
STATES = "http://hl7.org/fhir/consent-state-codes"
REASONS = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
SCOPES = "http://terminology.hl7.org/CodeSystem/consentscope"
ACTIONS = "http://terminology.hl7.org/CodeSystem/consentaction"
SECRECY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
TWO_CATEGORIES = [
    {"coding": [{"system": LOINC, "code": "59284-0", "display": "Consent"}, {"system": CATEGORIES, "code": "npp"}]},
    {"coding": [{"system": LOINC, "code": "64292-6"}]},
]
ANOTHER_CATEGORY = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IDSCL"}]}]


def test_searching_by_id(consents: Consents, verifying: Verifying) -> None:
    """A consent is found by its id, alone. The id without its last character, or an unused one, does not find it."""
    known = consents.given("active")
    with verifying("r4.search.by-id", "oracle-health.search.by-id"):
        found = consents.find(("_id", known.id), include=[known.id])
        expect.matches(found, include=[known.id])
        others = sorted(found.ids - {known.id})
        expect.true(not others, f"Consent/{known.id} only", f"Consent/{others[:1]} besides", *found.pages)
    for value in filter(None, (known.id[:-1], consents.unused_id())):
        with verifying("r4.search.by-id", "oracle-health.search.by-id"):
            expect.matches(consents.find(("_id", value), tolerant=True), exclude=[known.id])


def test_searching_by_category(consents: Consents, verifying: Verifying) -> None:
    """A consent is found by each of its category codes, with its system, without, and by the system alone.

    Another consent's code, the code of another system, the code without any system, half a code and what people are
    shown in place of a code do not find it. Where consents are given, one of each further status is found by its own.
    """
    known = consents.having({"category": TWO_CATEGORIES})
    others = []
    if consents.may_create:
        others.append(consents.having({"category": ANOTHER_CATEGORY}, patient=known.patient).id)
    near = _near(consents, known)
    codings = meaning.coded(known.body.get("category"))
    if not codings:
        raise consents.untestable("the consent's categories have no code with a system", remedy="given.consents")

    for system, code in codings:
        for value in (code, f"{system}|{code}", f"{system}|"):
            with verifying("r4.search.by-category", "medicasoft.search.by-category"):
                found = consents.find(*near, ("category", value), include=[known.id])
                expect.matches(found, include=[known.id], exclude=others)
        others_alike = [f"{system}|{code[:-1]}"] if len(code) > 1 and (system, code[:-1]) not in codings else []
        others_alike += filter(None, [_display(known.body.get("category"), code)])
        for value in (f"urn:oid:2.999|{code}", f"|{code}", f"{system}|{consents.unused_id()}", *others_alike):
            with verifying("r4.search.by-category", "medicasoft.search.by-category"):
                expect.matches(consents.find(*near, ("category", value), tolerant=True), exclude=[known.id])
    for one in _of_other_status(consents, known):
        near = [consents.of_patient(one.patient)]
        if one.id in consents.find(*near, tolerant=True).ids:
            with verifying("r4.search.by-category", "medicasoft.search.by-category"):
                expect.matches(consents.find(*near, ("category", one.category), include=[one.id]), include=[one.id])


def test_searching_by_status(consents: Consents, verifying: Verifying) -> None:
    """A patient has an active and an inactive consent. Each is found by its own status, neither by another."""
    known = consents.having({"status": "active"})
    own = str(known.body["status"])
    ids = {own: known.id}
    if consents.may_create:
        ids["inactive"] = consents.having({"status": "inactive"}, patient=known.patient).id
    near = consents.of_patient(known.patient)
    consents.findable(known)

    for status in dict.fromkeys((own, "active", "inactive", "rejected")):
        included = [ids[status]] if status in ids else []
        with verifying("r4.search.by-status"):
            found = consents.find(near, ("status", status), include=included, tolerant=not included)
            expect.matches(found, include=included, exclude=set(ids.values()) - set(included))
    with verifying("r4.search.by-status-with-its-system"):
        found = consents.find(near, ("status", f"{STATES}|{own}"), include=[known.id])
        expect.matches(found, include=[known.id])


@pytest.mark.parametrize("status", ["draft", "not-done", "unknown"])
def test_statuses_of_the_ballot(consents: Consents, verifying: Verifying, status: str) -> None:
    """A consent of another status is created and reads with it, or is refused. Its status finds it, active does not."""
    if not (consents.may_create and consents.pack.fhir.startswith("5")):
        return
    known = consents.taken_with({"status": status})
    if known is None:
        return  # a server need not hold consents in every state
    read = consents.read(known.id)

    with verifying("r4.write.meaning-survives"):
        expect.status(read, 200)
        expect.equal(read.consent.get("status"), status, "the status", read)
    if not (consents.offers("search:status") and consents.offers("search:patient")):
        return
    near = consents.of_patient(known.patient)
    if element(read.parsed, "status") == status and known.id in consents.find(near, include=[known.id]).ids:
        with verifying("r4.search.by-status"):
            expect.matches(consents.find(near, ("status", status), include=[known.id]), include=[known.id])
            expect.matches(consents.find(near, ("status", "active"), tolerant=True), exclude=[known.id])


def test_searching_by_actor(consents: Consents, verifying: Verifying) -> None:
    """A consent with two actors is found by either, and not by another consent's actor or a device of the same id."""
    named = [consents.reference("Practitioner"), consents.reference("Organization")] if consents.may_create else []
    known = consents.having({"provision.actor": [acting(reference) for reference in named]})
    others = []
    if consents.may_create:
        others.append(consents.having({"provision.actor": [acting(consents.patient())]}, patient=known.patient))
    near = _near(consents, known)
    actors = known.actors
    if not actors:
        raise consents.untestable("the consent names no actor", remedy="name one that does under given.consents")

    for actor in actors:
        with verifying("r4.search.by-actor"):
            found = consents.find(*near, ("actor", consents.typed(actor)), include=[known.id])
            expect.matches(found, include=[known.id], exclude=[other.id for other in others])
    strangers = [actor for other in others for actor in other.actors]
    others_alike = [
        alike
        for actor in actors
        if consents.dialect.reference_form != "bare"
        and not actor.endswith(alike := f"Device/{actor.rpartition('/')[2]}")
    ]
    for actor in (*strangers, *others_alike, f"Practitioner/{consents.unused_id()}"):
        with verifying("r4.search.by-actor"):
            found = consents.find(*near, ("actor", consents.typed(actor)), tolerant=True)
            expect.matches(found, exclude=[known.id])


@dataclass(frozen=True, kw_only=True)
class Selecting:
    """A parameter, the element that it selects by, two values of the element, and how a value is asked for."""

    name: str
    path: str
    values: Callable[[Consents], tuple[Any, Any]]
    asked: Callable[[Any], str]
    never: str | None = None
    """What no consent has; None: a reference of the same type to what nobody has."""
    release: str = ""
    """The FHIR release whose consents have the element in this form; empty: all."""


def _coded(system: str, *codes: str) -> Callable[[Consents], tuple[Any, Any]]:
    first, second = ({"system": system, "code": code} for code in codes)
    return lambda _: (first, second)


def _of(wrap: Callable[[Any], Any], values: Callable[[Consents], tuple[Any, Any]]) -> Callable[[Consents], Any]:
    return lambda consents: tuple(wrap(value) for value in values(consents))


def _references(kind: str) -> Callable[[Consents], tuple[Any, Any]]:
    return lambda consents: ({"reference": consents.reference(kind)}, {"reference": consents.reference(kind)})


def _stored_consents(consents: Consents) -> tuple[Any, Any]:
    """References to consents, which every target that takes consents can hold."""
    first, second = (f"Consent/{consents.given('active').id}" for _ in range(2))
    return {"reference": first}, {"reference": second}


def _numbers(consents: Consents) -> tuple[Any, Any]:
    first, second = ({"system": "urn:oid:2.999.1", "value": consents.unused_id()} for _ in range(2))
    return [first], [second]


def _token(value: Any) -> str:
    """system|code of the first coding or identifier in the value."""
    found = _first(value)
    found = _first(found.get("coding")) or found
    code = found.get("code", found.get("value"))
    return f"{found.get('system', '')}|{code}" if code else ""


def _reference(value: Any) -> str:
    found = _first(value)
    reference = element(found, "reference.reference") if "meaning" in found else found.get("reference")
    return reference if isinstance(reference, str) else ""


def _first(value: Any) -> Json:
    """The object, or the first one of a list; an empty one where there is none."""
    return next(iter(objects(value if isinstance(value, list) else [value])), {})


def _month(value: Any) -> str:
    """Year and month of the date, or of the first in a list."""
    return str(value[0] if isinstance(value, list) and value else value or "")[:7]


def _listed(value: Any) -> list[Any]:
    return [value]


def _concept(coding: Any) -> Json:
    return {"coding": [coding]}


PARAMETERS = (
    Selecting(name="identifier", path="identifier", values=_numbers, asked=_token, never="urn:oid:2.999.1|none"),
    Selecting(
        name="scope",
        path="scope",
        values=_of(_concept, _coded(SCOPES, "patient-privacy", "research")),
        asked=_token,
        never=f"{SCOPES}|none",
    ),
    Selecting(
        name="date",
        path="dateTime",
        values=lambda _: ("2024-03-15T12:00:00Z", "2019-06-15T12:00:00Z"),
        asked=_month,
        never="1901-01",
    ),
    Selecting(
        name="action",
        path="provision.action",
        values=_of(_listed, _of(_concept, _coded(ACTIONS, "access", "correct"))),
        asked=_token,
        never=f"{ACTIONS}|none",
    ),
    Selecting(
        name="purpose",
        path="provision.purpose",
        values=_of(_listed, _coded(REASONS, "TREAT", "HRESCH")),
        asked=_token,
        never=f"{REASONS}|none",
    ),
    Selecting(
        name="organization",
        path="organization",
        values=_of(_listed, _references("Organization")),
        asked=_reference,
    ),
    Selecting(name="consentor", path="performer", values=_of(_listed, _references("Patient")), asked=_reference),
    Selecting(
        name="data",
        path="provision.data",
        values=_of(lambda reference: [{"meaning": "instance", "reference": reference}], _stored_consents),
        asked=_reference,
    ),
    Selecting(
        name="security-label",
        path="provision.securityLabel",
        values=_of(_listed, _coded(SECRECY, "R", "V")),
        asked=_token,
        never=f"{SECRECY}|none",
    ),
    Selecting(name="source-reference", path="sourceReference", values=_stored_consents, asked=_reference, release="4"),
    Selecting(
        name="source-reference",
        path="sourceReference",
        values=_of(_listed, _stored_consents),
        asked=_reference,
        release="5",
    ),
    Selecting(
        name="controller",
        path="controller",
        values=_of(_listed, _references("Organization")),
        asked=_reference,
        release="5",
    ),
    Selecting(
        name="manager",
        path="manager",
        values=_of(_listed, _references("Organization")),
        asked=_reference,
        release="5",
    ),
    Selecting(
        name="grantee",
        path="grantee",
        values=_of(_listed, _references("Practitioner")),
        asked=_reference,
        release="5",
    ),
    Selecting(
        name="verified",
        path="verification",
        values=lambda _: ([{"verified": True}], [{"verified": False}]),
        asked=lambda value: str(_first(value).get("verified", "")).lower(),
        never="neither",
        release="5",
    ),
    Selecting(
        name="verified-date",
        path="verification",
        values=_of(lambda day: [{"verified": True, "verificationDate": [day]}], lambda _: ("2024-03-15", "2019-06-15")),
        asked=lambda value: _month(_first(value).get("verificationDate")),
        never="1901-01",
        release="5",
    ),
)


@pytest.mark.parametrize(
    "parameter", PARAMETERS, ids=[f"{parameter.name}{parameter.release}" for parameter in PARAMETERS]
)
def test_searching_by_another_parameter(
    consents: Consents, verifying: Verifying, recorder: Recorder, parameter: Selecting
) -> None:
    """Two consents of a patient differ in one element. Its parameter finds the one that has the value asked for.

    Where the element is a list, a third consent has both values: it is found as well, by the second in its list.
    """
    of_the_release = consents.pack.fhir.startswith(parameter.release)
    if not (of_the_release and consents.offers(f"search:{parameter.name}")):
        with verifying("r4.search.every-claimed-parameter-selects", "r5-ballot.search.every-claimed-parameter-selects"):
            if of_the_release:
                recorder.note(f"{parameter.name} is not claimed")
        return
    first, second = parameter.values(consents) if consents.may_create else (None, None)
    known = consents.having({parameter.path: first})
    others = []
    if consents.may_create and second != first:  # a target may have given one organization only
        others.append(consents.having({parameter.path: second}, patient=known.patient).id)
    both: list[str] = []
    if others and isinstance(first, list) and isinstance(second, list):
        one = consents.taken_with({parameter.path: [*second, *first]}, patient=known.patient)
        both = [one.id] if one is not None and _has_all(consents, one, parameter.path) else []
    near = consents.of_patient(known.patient)
    consents.findable(known)
    wanted = parameter.asked(element(known.body, parameter.path))
    if not wanted:
        raise consents.untestable(f"the consent has nothing that {parameter.name} asks for", remedy="given.consents")

    with verifying("r4.search.every-claimed-parameter-selects", "r5-ballot.search.every-claimed-parameter-selects"):
        found = consents.find(near, (parameter.name, wanted), include=[known.id, *both])
        expect.matches(found, include=[known.id, *both], exclude=others)
    never = parameter.never or f"{wanted.partition('/')[0]}/{consents.unused_id()}"
    foreign = [f"urn:oid:2.999|{wanted.partition('|')[2]}"] if "|" in wanted else []
    for value in (never, *foreign):
        with verifying("r4.search.every-claimed-parameter-selects", "r5-ballot.search.every-claimed-parameter-selects"):
            expect.matches(consents.find(near, (parameter.name, value), tolerant=True), exclude=[known.id])


def _has_all(consents: Consents, known: Kept, path: str) -> bool:
    """Whether a list reads with as many entries as it was sent with: what is not stored is judged elsewhere."""
    sent, shown = (element(body, path) for body in (known.body, consents.current(known)))
    return isinstance(shown, list) and isinstance(sent, list) and len(shown) >= len(sent)


def _near(consents: Consents, known: Kept) -> list[tuple[str, str]]:
    """What keeps other patients' consents out of the way, where patient is claimed, and finds the known one."""
    if not consents.offers("search:patient"):
        return []
    consents.findable(known)
    return [consents.of_patient(known.patient)]


def _of_other_status(consents: Consents, known: Kept) -> list[Kept]:
    """One consent with a category of each status that given ones have and the known one has not."""
    if consents.may_create or not consents.offers("search:patient"):
        return []
    coded = {str(one.body.get("status")): one for one in consents.existing("active") if one.category}
    return [one for status, one in coded.items() if status != known.body.get("status")]


def _display(concepts: Any, code: str) -> str:
    """The display beside a code; empty where there is none, or where a search may take it for a code.

    That is where a code reads the same but for its case (search.html#token), or the display has what separates values.
    """
    codings = meaning.codings(concepts)
    shown = next(
        (str(coding["display"]) for coding in codings if coding.get("code") == code and "display" in coding), ""
    )
    known = {coding["code"].casefold() for coding in codings}
    return "" if shown.casefold() in known or set(shown) & set(",|$\\") else shown
