"""Media types and encoding: what answers are labelled, which formats are understood."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conformance import expect, meaning
from conformance.headers import setting

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents
    from conformance.recorder import Verifying

GENERIC = ("application/json", "text/json")
WORDS = "Å. Läkare 漢 🗂"


def test_json_is_labelled(consents: Consents, verifying: Verifying) -> None:
    """A read, and where it is offered a search, is labelled as FHIR JSON or as the system documents."""
    known = consents.given("active")
    answers = [consents.read(known.id)]
    if consents.offers("search:patient"):
        answers.append(consents.search([consents.of_patient(known.patient)]))

    for answer in answers:
        if answer.status != 200 or not answer.resource_type:
            raise consents.untestable(f"there is no JSON to look at: {answer.described}")
        with verifying("r4.content.json-media-type"):
            labels = consents.dialect.media_types
            expect.true(answer.media_type in labels, f"Content-Type {' or '.join(labels)}", _label(answer), answer)


def test_asking_for_generic_json(consents: Consents, verifying: Verifying) -> None:
    """A consent that reads as application/fhir+json reads as application/json, too."""
    known = consents.given("active")
    consents.current(known)

    answer = consents.read(known.id, change=setting("Accept", "application/json"))

    with verifying("r4.content.generic-json-is-understood"):
        expect.status(answer, 200)
        expect.resource_type(answer, "Consent")
        labels = (*consents.dialect.media_types, *GENERIC)
        expect.true(answer.media_type in labels, f"Content-Type {' or '.join(labels)}", _label(answer), answer)


def test_asking_for_a_format_that_nobody_has(consents: Consents, verifying: Verifying) -> None:
    """A known consent reads. Asked for text/csv the server refuses, or answers in what it has and says so."""
    known = consents.given("active")
    consents.current(known)

    answer = consents.read(known.id, change=setting("Accept", "text/csv"))

    with verifying("r4.content.unacceptable-format-is-refused"):
        expect.no_server_error(answer)
        if answer.status == 200 and answer.resource_type:
            labels = (*consents.dialect.media_types, *GENERIC)
            expect.true(answer.media_type in labels, f"JSON labelled {' or '.join(labels)}", _label(answer), answer)
        if answer.status != 406:
            answer.note(f"answered {answer.described} where 406 is usual")


def test_sending_a_format_that_nobody_has(consents: Consents, verifying: Verifying) -> None:
    """A consent is created. The same body labelled text/csv is refused."""
    consents.given("active")
    label = setting("Content-Type", "text/csv", flaw="JSON labelled text/csv")

    answer = consents.create(consents.body("active"), kind="active", change=label)

    with verifying("r4.content.unsupported-body-type-is-refused"):
        expect.refused(answer, best=415)


def test_letters_outside_ascii(consents: Consents, verifying: Verifying) -> None:
    """A consent is created with letters of three alphabets and a sign. It reads and is listed with them, in UTF-8."""
    body = consents.body("active")
    whom = meaning.patient_element(body)
    body[whom]["display"] = WORDS
    body["identifier"] = [{"system": "https://example.org/notes", "value": f"{WORDS} {consents.unused_id()}"}]
    known = consents.kept(consents.create(body, kind="active"), "active")

    read = consents.read(known.id)

    with verifying("r4.content.bodies-are-utf-eight"):
        expect.status(read, 200)
        charset = _charset(read)
        expect.true(charset in {"", "utf-8"}, "charset utf-8 or none", _label(read), read)
        shown = json.dumps([read.consent.get(whom), read.consent.get("identifier")], ensure_ascii=False)
        if '"display"' not in shown and '"value"' not in shown:
            raise consents.untestable("the server stores neither a display nor an identifier, so no text comes back")
        expect.true(WORDS in shown, f"the text {WORDS}", shown, read)
        if consents.offers("search:patient"):
            first = consents.search([consents.of_patient(known.patient)])
            if first.status != 200 or first.resource_type != "Bundle":
                raise consents.untestable("the search is not answered with a Bundle, so no text can be looked at in it")
            found = consents.paged(first)
            listed = json.dumps([one for one in found.matches if one.get("id") == known.id], ensure_ascii=False)
            expect.true(
                listed == "[]" or WORDS in listed, f"the text {WORDS} in a search as well", listed, *found.pages
            )


@pytest.mark.parametrize("wanted", ["json", "application/fhir%2Bjson"], ids=["short", "media-type"])
def test_the_format_parameter(consents: Consents, verifying: Verifying, wanted: str) -> None:
    """A known consent reads. With Accept: text/html, _format asks for JSON all the same."""
    known = consents.given("active")
    consents.current(known)

    html = setting("Accept", "text/html")
    answer = consents.request("GET", f"/Consent/{known.id}?_format={wanted}", action="read", change=html)

    with verifying("r4.content.format-parameter"):
        expect.status(answer, 200)
        expect.resource_type(answer, "Consent")


def _label(answer: Answer) -> str:
    return answer.header("Content-Type") or "no Content-Type"


def _charset(answer: Answer) -> str:
    parameters = (answer.header("Content-Type") or "").split(";")[1:]
    named = dict(part.strip().lower().partition("=")[::2] for part in parameters)
    return named.get("charset", "").strip('"')
