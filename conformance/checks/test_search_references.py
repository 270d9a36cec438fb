"""Searching by a reference: whose consents are found, and in which forms one may ask."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from conformance import expect, meaning
from conformance.found import acting, objects
from conformance.headers import Change

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.client import Consents, Kept
    from conformance.found import Found
    from conformance.recorder import Verifying

ELSEWHERE = "http://elsewhere.example/fhir"
NUMBERS = "urn:oid:2.999.1"
OTHERS = {"subject": "Patient", "grantee": "Practitioner", "manager": "Organization", "controller": "Organization"}
"""Parameters of the R5 ballot → the type of what each is asked for here."""


def test_searching_by_patient(consents: Consents, verifying: Verifying) -> None:
    """Two patients have a consent each. A search for either finds that patient's consent and not the other's.

    Nor is it found for a patient whose id is longer; nor, where consents are given, for its patient's id cut short.
    """
    mine, other = consents.given("active"), consents.given("active")
    for one, not_that in ((mine, other), (other, mine)):
        with verifying(
            "r4.search.by-patient", "nll-2019.find.search-by-patients-logical-id", "medicasoft.search.by-patient"
        ):
            found = consents.find(consents.of_patient(one.patient), include=[one.id])
            expect.matches(found, include=[one.id], exclude=[not_that.id])

    if consents.may_create and consents.dialect.patients == "any":
        longer = consents.given("active", patient=f"{mine.patient}-2")
        found = consents.find(consents.of_patient(mine.patient), include=[mine.id])
        with verifying(
            "r4.search.by-patient", "nll-2019.find.search-by-patients-logical-id", "medicasoft.search.by-patient"
        ):
            expect.matches(found, include=[mine.id], exclude=[longer.id])
    unknown = consents.of_patient(f"Patient/{consents.unused_id()}")
    if not consents.may_create and len(_bare(mine)) > 1 and mine.id not in consents.find(unknown, tolerant=True).ids:
        found = consents.find(consents.of_patient(f"Patient/{_bare(mine)[:-1]}"), tolerant=True)
        with verifying(
            "r4.search.by-patient", "nll-2019.find.search-by-patients-logical-id", "medicasoft.search.by-patient"
        ):
            expect.matches(found, exclude=[mine.id])


def test_a_patient_by_id_and_by_type_and_id(consents: Consents, verifying: Verifying) -> None:
    """A patient is asked for as an id and as Patient/id; both find the consent. Organization/id does not."""
    known = consents.given("active")
    consents.findable(known)
    form, parameter, bare = consents.patient_form, consents.dialect.patient_parameter, _bare(known)
    forms = {"bare": [bare], "typed": [f"Patient/{bare}"], "both": [bare, f"Patient/{bare}"]}[form]

    for value in forms:
        with verifying("r4.search.reference-forms"):
            found = consents.find((parameter, value), include=[known.id])
            expect.matches(found, include=[known.id])
    if form != "bare":
        flaw = Change(flaw="an organization as patient")
        with verifying("r4.search.reference-forms"):
            found = consents.find((parameter, f"Organization/{bare}"), tolerant=True, change=flaw)
            expect.matches(found, exclude=[known.id])


@pytest.mark.parametrize(("name", "kind"), OTHERS.items(), ids=OTHERS)
def test_others_by_id(consents: Consents, verifying: Verifying, name: str, kind: str) -> None:
    """Whom a consent names otherwise is asked for as Type/id, which finds it. The id alone does as well, or is refused.

    It may be refused since it does not say which of several types is meant.
    """
    claimed = consents.offers(f"search:{name}") and consents.pack.fhir.startswith("5")
    if not (claimed and consents.may_create and consents.patient_form == "both"):
        return
    named = consents.patient() if name == "subject" else consents.reference(kind)
    if name == "subject":
        known, near = consents.given("active", patient=named), []
    else:
        known = consents.having({name: [{"reference": named}]})
        near = [consents.of_patient(known.patient)]
    if known.id not in consents.find(*near, (name, named), include=[known.id], tolerant=True).ids:
        return  # what the parameter selects is judged elsewhere

    answer = consents.search([*near, (name, named.rpartition("/")[2])])

    with verifying("r4.search.reference-forms"):
        if answer.refused:
            answer.note(f"{name} takes no id without its type")
        else:
            expect.matches(consents.paged(answer), include=[known.id])


def test_a_patient_by_absolute_address(consents: Consents, verifying: Verifying) -> None:
    """A patient is asked for by its address on this server: as we call it, or as the server's own entries do.

    The address of a patient that nobody has does not find the consent. An actor's address finds what the actor does.
    """
    known = consents.given("active")
    listed = consents.findable(known)
    parameter = consents.dialect.patient_parameter
    bases = (consents.base, *_bases(listed))

    with verifying("r4.search.absolute-reference"):
        if "." in parameter:
            listed.first.note(f"{parameter} takes an id, so no reference can be given")
            return
        _found_by_address(consents, bases, parameter, f"Patient/{_bare(known)}", known.id)
        nobody = f"Patient/{consents.unused_id()}"
        if known.id not in consents.find(consents.of_patient(nobody), tolerant=True).ids:  # else patient is ignored
            for base in bases:
                found = consents.find((parameter, f"{base}/{nobody}"), tolerant=True)
                expect.matches(found, exclude=[known.id])
    acted = _found_by_its_actor(consents)
    if acted is not None:
        with verifying("r4.search.absolute-reference"):
            _found_by_address(consents, bases, "actor", acted.actors[0], acted.id)


def test_a_patient_of_another_server(consents: Consents, verifying: Verifying) -> None:
    """A patient's consent is found. The address of another server's patient of the same id does not find it.

    Nor does it as the actor that the consent names.
    """
    known = consents.given("active")
    consents.findable(known)
    acted = _found_by_its_actor(consents)

    foreign = f"{ELSEWHERE}/Patient/{_bare(known)}"

    with verifying("r4.search.foreign-reference"):
        found = consents.find((consents.dialect.patient_parameter, foreign), tolerant=True)
        expect.matches(found, exclude=[known.id])
    if acted is not None:
        with verifying("r4.search.foreign-reference"):
            found = consents.find(("actor", f"{ELSEWHERE}/{acted.actors[0]}"), tolerant=True)
            expect.matches(found, exclude=[acted.id])


def test_searching_for_what_does_not_exist(consents: Consents, verifying: Verifying) -> None:
    """A patient's consent is found. A patient or a category that nobody has gives an empty searchset."""
    known = consents.given("active")
    consents.findable(known)
    near = consents.of_patient(known.patient)
    nobody = consents.search([consents.of_patient(f"Patient/{consents.unused_id()}")])

    with verifying("r4.search.unknown-target-is-empty", "medicasoft.search.unknown-patient"):
        consents.met("trap.medicasoft.not-found-in-search", f"an unknown patient: {nobody.described}")
        expect.status(nobody, 200, noted=(404,))
        if nobody.status == 200:
            expect.equal(len(consents.paged(nobody).matches), 0, "the number of matches", nobody)
    if consents.offers("search:category"):
        nothing = consents.search([near, ("category", f"http://loinc.org|{consents.unused_id()}")])
        with verifying("r4.search.unknown-target-is-empty"):
            expect.status(nothing, 200, noted=(404,))
            if nothing.status == 200:
                expect.matches(consents.paged(nothing), exclude=[known.id])


def test_slashes_and_colons_in_a_query(consents: Consents, verifying: Verifying) -> None:
    """A reference's slash, and slashes and colons of a category's system, find the same as they are and escaped."""
    known = consents.given("active")
    findable = consents.findable(known)
    parameter, value = consents.of_patient(known.patient)
    pairs = []
    if consents.patient_form != "bare":
        pairs.append((f"{parameter}=Patient/{_bare(known)}", f"{parameter}=Patient%2F{_bare(known)}"))
    if consents.offers("search:category"):
        for system, code in meaning.coded(known.body.get("category"))[:1]:
            near = f"{parameter}={quote(value)}"
            forms = (quote(system, safe=safe) for safe in (":/", ""))
            literal, escaped = (f"{near}&category={form}%7C{quote(code, safe='')}" for form in forms)
            pairs.append((literal, escaped))

    tried = 0
    for pair in pairs:
        answers = [consents.request("GET", f"/Consent?{query}", action="search") for query in pair]
        if not any(answer.status == 200 and known.id in consents.paged(answer).ids for answer in answers):
            continue
        tried += 1
        with verifying("r4.search.escaped-characters-are-understood"):
            for answer in answers:
                expect.success(answer)
                expect.matches(consents.paged(answer), include=[known.id])
    if not pairs:
        with verifying("r4.search.escaped-characters-are-understood"):
            findable.first.note("no parameter that is claimed takes a value with a slash or a colon")
    elif not tried:
        raise consents.untestable("neither the escaped nor the literal form of a query finds the consent")


@pytest.mark.parametrize("separator", [",", "|", "$", "\\"], ids=["comma", "bar", "dollar", "backslash"])
def test_separators_behind_a_backslash(consents: Consents, verifying: Verifying, separator: str) -> None:
    """A patient has a consent with a number, and one with a number that has a separator in it.

    With a backslash before the separator the second is found by its own number, and the first is not.
    """
    if not (consents.may_create and consents.offers("search:identifier") and consents.offers("read")):
        return
    patient = consents.patient()
    near, plain = consents.of_patient(patient), consents.unused_id()
    other, known = (_numbered(consents, value, patient) for value in (plain, f"{plain}{separator}1"))
    if known is None or other is None:
        return  # a server may refuse such numbers
    if other.id not in consents.find(near, ("identifier", f"{NUMBERS}|{plain}"), include=[other.id], tolerant=True).ids:
        return  # then the parameter is to blame

    with verifying("r4.search.escaped-characters-are-understood"):
        asked = ("identifier", f"{NUMBERS}|{plain}\\{separator}1")
        found = consents.find(near, asked, include=[known.id])
        expect.matches(found, include=[known.id], exclude=[other.id])


def _numbered(consents: Consents, value: str, patient: str) -> Kept | None:
    """A consent with this identifier, where the target takes and keeps it."""
    known = consents.taken_with({"identifier": [{"system": NUMBERS, "value": value}]}, patient=patient)
    held = objects(consents.current(known).get("identifier")) if known is not None else []
    return known if any(one.get("value") == value for one in held) else None


def _found_by_its_actor(consents: Consents) -> Kept | None:
    """A consent that its patient finds as an actor, and nobody else does; None where there is no such one."""
    asked = consents.may_create and consents.offers("search:actor") and consents.dialect.reference_form != "bare"
    if not asked:
        return None
    patient = consents.patient()
    known = consents.taken_with({"provision.actor": [acting(patient)]}, patient=patient)
    if known is None:
        return None
    found = consents.find(("actor", consents.typed(patient)), include=[known.id], tolerant=True)
    nobody = consents.find(("actor", f"Patient/{consents.unused_id()}"), tolerant=True)
    return known if known.id in found.ids and known.id not in nobody.ids else None


def _found_by_address(consents: Consents, bases: Iterable[str], name: str, reference: str, id: str) -> None:  # noqa: A002
    """The consent is found by what it refers to, called by one of the bases at least."""
    for base in bases:
        answer = consents.search([(name, f"{base}/{reference}")])
        if answer.status == 200 and id in consents.paged(answer).ids:
            return
    expect.success(answer)
    expect.matches(consents.paged(answer), include=[id])


def _bare(known: Kept) -> str:
    return known.patient.rpartition("/")[2]


def _bases(found: Found) -> list[str]:
    """The bases under which the server knows its own consents."""
    urls = {str(entry.get("fullUrl", "")).partition("/Consent/")[0] for entry in found.entries}
    return sorted(url for url in urls if re.match(r"(?i)https?://[^/?#\[\]]", url))
