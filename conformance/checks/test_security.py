"""Who gets a consent and who may change it."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from conformance import expect, meaning
from conformance.found import Found, element, next_link, objects
from conformance.headers import PLAIN, Change, setting, without
from conformance.model import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.answer import Answer
    from conformance.client import Consents, Json, Kept
    from conformance.recorder import Verifying

END = "2031-12-02"
NOBODY = without("Authorization", flaw="no token")
NO_TOKEN = setting("Authorization", "Bearer not-a-token", flaw="no real token")
ACTIVE = {
    "<script": "<p>A consent.</p><script>alert(1)</script>",
    "onclick": '<p onclick="alert(1)">A consent.</p>',
    "javascript:": '<p><a href="javascript:alert(1)">A consent.</a></p>',
    "<iframe": '<p>A consent.</p><iframe src="https://example.org/"></iframe>',
}
"""What makes a narrative do something, and one that does."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """What came of writes with a token that is none."""

    answers: tuple[Answer, ...]
    after: Answer
    """The consent as it reads after them."""

    @property
    def all_refused(self) -> bool:
        return all(answer.refused for answer in self.answers)


def test_without_a_token_there_is_no_consent(consents: Consents, verifying: Verifying) -> None:
    """A consent reads and is found with the token. Without a token no read, old version or search gives it.

    Nor do its patient's compartment and a search by subject, where they are offered and the token finds it there; nor
    the next page of a search that goes on, where the token gets one.
    """
    known = consents.given("active")
    version = _version(consents.current(known))
    answers = _asked(consents, known, version, NOBODY)
    answers += _asked_elsewhere(consents, consents, known, NOBODY)
    first = _goes_on(consents, known)
    beyond = sorted(_listed(_after(consents, first))) if first else []
    again = _after(consents, first, change=NOBODY) if first and beyond else None

    with verifying("security.token.absent-gets-no-consent"):
        for answer in answers:
            expect.no_consent(answer, known.id)
        if again is not None:
            expect.no_consent(again, beyond[0])
            expect.true(not _listed(again), "no consent on any page", "a Bundle of others", again)
    with verifying("security.token.absent-is-unauthorized"):
        for answer in answers:
            if answer.succeeded:
                answer.note(f"not refused at all: {answer.described}")
            else:
                expect.status(answer, 401, noted={403, 404})


def test_the_scheme_in_other_case(consents: Consents, verifying: Verifying) -> None:
    """A consent reads with the token. With the name of the scheme in small and in capital letters it reads as well."""
    known = consents.given("active")
    consents.current(known)
    name, value = consents.credentials
    scheme, blank, rest = value.partition(" ")
    answers = [
        consents.read(known.id, change=setting(name, f"{spelling}{blank}{rest}" if rest else value))
        for spelling in (scheme.lower(), scheme.upper())
    ]

    with verifying("security.token.scheme-name-is-case-insensitive"):
        for answer in answers:
            if not rest:
                answer.note("the credentials of this target have no scheme")
            expect.status(answer, 200)


def test_an_altered_token(consents: Consents, verifying: Verifying) -> None:
    """A consent reads with the token. With one character of the token changed no read and no search gives it.

    Nor do its patient's compartment and a search by subject, where the right token finds it there. Nor does it close or
    delete one, or create another, where the right token does. Nor, where tokens are JSON Web Tokens, is it given by one
    that says it needs no signature and has none, or by one that says something else under the old signature.
    """
    known = consents.given("active")
    before = consents.current(known)
    version = _version(before)
    flaw = Change(flaw="an altered token")
    answers = _asked(consents.with_altered_token(), known, version, flaw)
    answers += _asked_elsewhere(consents, consents.with_altered_token(), known, flaw)
    unsigned = consents.with_unsigned_token()
    if unsigned is not None:
        answers += _asked(unsigned, known, version, Change(flaw="a token without signature"))
    relabelled = _saying_something_else(consents) if unsigned is not None else None
    if relabelled is not None:
        answers.append(consents.read(known.id, change=relabelled))
    tried = _written(consents, consents.with_altered_token(), known, flaw)

    with verifying("security.token.altered-is-refused"):
        for answer in (*answers, *(tried.answers if tried else ())):
            expect.refused(answer, best=401)
    if tried and tried.all_refused:
        with verifying("security.write.unauthorised-changes-nothing"):
            _no_effect(consents, before, tried)


def test_an_expired_token(consents: Consents, verifying: Verifying) -> None:
    """A consent reads with a valid token. With one that has expired no read, old version or search gives it.

    Nor do its patient's compartment and a search by subject, where the valid token finds it there. Nor does it close or
    delete one, or create another, where the valid token does.
    """
    if not consents.offers("auth:expired"):
        return  # without such a token nothing more is known of writes
    known = consents.given("active")
    before = consents.current(known)
    expired, flaw = consents.with_token("expired"), Change(flaw="an expired token")
    answers = _asked(expired, known, _version(before), flaw)
    answers += _asked_elsewhere(consents, expired, known, flaw)
    tried = _written(consents, expired, known, flaw)

    with verifying("security.token.expired-is-refused"):
        for answer in (*answers, *(tried.answers if tried else ())):
            expect.refused(answer, best=401)
    if tried and tried.all_refused:
        with verifying("security.write.unauthorised-changes-nothing"):
            _no_effect(consents, before, tried)


@pytest.mark.parametrize("first", ["the wrong one", "the right one"])
def test_two_authorization_headers(consents: Consents, verifying: Verifying, first: str) -> None:
    """A consent reads with the token. With a second Authorization that is wrong, before it or after it, it does not."""
    known = consents.given("active")
    consents.current(known)
    name, right = consents.credentials
    wrong = f"{right.partition(' ')[0]} x" if " " in right else "x"
    values = (wrong, right) if first == "the wrong one" else (right, wrong)

    answer = consents.read(known.id, change=setting(name, *values, flaw="two Authorization headers"))

    with verifying("security.token.two-headers-are-not-merged"):
        expect.status(answer, 400, 401, noted={403, 404})


def test_a_write_without_authority_changes_nothing(consents: Consents, verifying: Verifying) -> None:
    """A token that nobody issued closes nothing: the consent reads as before with the right token."""
    known = consents.given("active")
    before = consents.current(known)
    consents.close(known, end=END, change=NO_TOKEN)
    read = consents.read(known.id)

    with verifying("security.write.unauthorised-changes-nothing"):
        expect.unchanged(before, read)


def test_a_create_without_authority_creates_nothing(consents: Consents, verifying: Verifying) -> None:
    """A consent is created and found. With a token that nobody issued no consent comes to its patient."""
    consents.given("active")
    body = consents.body("active")
    answer = consents.create(body, kind="active", change=NO_TOKEN)
    stored = consents.stored_from(body) if consents.offers("search:patient") else []

    with verifying("security.write.unauthorised-changes-nothing"):
        expect.true(not answer.succeeded, "a refusal (4xx)", answer.described, answer)
        expect.equal(stored, [], "consents made from the body:", answer)


def test_a_delete_without_authority_deletes_nothing(consents: Consents, verifying: Verifying) -> None:
    """A consent of this run reads. Neither without a token nor with one that nobody issued can it be deleted."""
    if not consents.offers("delete"):
        return
    known = consents.given("active")
    before = consents.current(known)
    for change in (NOBODY, NO_TOKEN):
        consents.delete(known.id, change=change)
    read = consents.read(known.id)

    with verifying("security.write.unauthorised-changes-nothing"):
        expect.unchanged(before, read)


def test_a_token_that_may_only_read(consents: Consents, verifying: Verifying) -> None:
    """The full token reads, creates and closes. The one that may only read neither creates, nor closes, nor deletes."""
    reader = consents.with_token("narrow-scope")
    consents.closed(consents.given("active"), end=END)
    known = consents.given("active")
    before = consents.current(known)
    if not reader.read(known.id).succeeded:
        raise consents.untestable(
            "the token of tokens.narrow-scope does not read a consent", remedy="give one that may read"
        )
    flaw = Change(flaw="a token that may only read")
    body = consents.body("active")

    closed = reader.close(known, end=END, change=flaw)
    created = reader.create(body, kind="active", change=flaw)
    deleted = [reader.delete(known.id, change=flaw)] if consents.offers("delete") else []
    after = consents.read(known.id)

    with verifying("security.scope.read-token-cannot-write"):
        for answer in (closed, created, *deleted):
            expect.refused(answer, best=403)
        expect.unchanged(before, after)
        if consents.offers("search:patient"):
            expect.equal(consents.stored_from(body), [], "consents made from the refused body:", created)


def test_a_token_bound_to_one_patient(consents: Consents, verifying: Verifying) -> None:
    """A token bound to one patient reads and finds that patient's consent; another's by no read and no search.

    Nor by the other's compartment or by subject, where the full token finds it there, nor by a search that names both
    patients. What it finds without naming a patient is that patient's too, also by what selects the other's consent.
    Where it finds nothing no total counts more than for a patient whom nobody knows.
    """
    bound = consents.with_token("patient-bound")
    own = _reachable(consents, bound)
    if own.id not in bound.find(consents.of_patient(own.patient), include=[own.id]).ids:
        raise consents.untestable("the token bound to a patient does not find that patient's consent")
    other = _of_another(consents, own)
    flaw = Change(flaw="another patient's consent")
    answers = _asked(bound, other, _version(consents.current(other)), flaw)
    answers += _asked_elsewhere(consents, bound, other, flaw)
    answers += _asked_for_both(bound, own, other, flaw)
    wide = [bound.search([selector]) for selector in _naming_no_patient(consents, other)]
    nobody = consents.of_patient(f"Patient/{consents.unused_id()}")
    of_nobody = _counted_of_nothing(bound.search([nobody], change=flaw))

    with verifying("security.patient.others-are-out-of-reach"):
        for answer in answers:
            if answer.succeeded and answer.resource_type == "Bundle":
                _not_among(answer, {other.id}, bound)
                hidden = _counted_of_nothing(answer)
                expect.true(hidden <= of_nobody, f"the total {of_nobody} where nothing is shown", f"{hidden}", answer)
            shown = answer.resource_type != "Bundle" and other.id in answer.content.decode("utf-8", "replace")
            given = answer.resource_type == "Consent" or (answer.succeeded and shown)
            expect.true(not given, "a refusal (403 or 404)", answer.described, answer)
        for answer in wide:
            if answer.status == 200 and _is_bundle(answer):
                whose = {meaning.patient_of(match).rpartition("/")[2] for match in Found((answer,)).matches}
                strangers = sorted(whose - {own.patient.rpartition("/")[2], ""})
                expect.true(not strangers, "the patient's own consents", f"one of Patient/{strangers[:1]}", answer)


def test_a_forbidden_id_and_an_unknown_one(consents: Consents, verifying: Verifying) -> None:
    """A token bound to one patient asks for another's consent: it is refused, or answered as an unknown id is."""
    bound = consents.with_token("patient-bound")
    other = _of_another(consents, _reachable(consents, bound))

    forbidden = bound.read(other.id, change=Change(flaw="another patient's consent"))
    unknown = bound.read(consents.unused_id())

    with verifying("security.denied.existence-is-not-revealed"):
        if forbidden.status != unknown.status:
            forbidden.note(f"a forbidden id answers {forbidden.status}, an unknown one {unknown.status}")
            expect.refused(forbidden)
        expect.true(forbidden.resource_type != "Consent", "no consent", forbidden.described, forbidden)


@pytest.mark.parametrize("active", ACTIVE, ids=["script", "event", "address", "frame"])
def test_active_content_in_a_narrative(consents: Consents, verifying: Verifying, active: str) -> None:
    """A consent can be created. One whose narrative does something is refused, or stored without what does it."""
    consents.given("active")
    text = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{ACTIVE[active]}</div>'}
    body = consents.body("active", patch=[{"op": "add", "path": "/text", "value": text}])

    answer = consents.create(body, kind="active", change=Change(flaw="active content in the narrative"))
    read = consents.read(consents.kept(answer, "active").id) if answer.succeeded else answer
    if answer.succeeded and read.resource_type != "Consent":
        raise consents.untestable(f"the consent could not be read: {read.described}")

    with verifying("security.narrative.active-content-is-not-kept"):
        if answer.succeeded:
            div = str(element(read.consent, "text.div")).lower()
            expect.true(active not in div, f"a narrative without {active}", "it reads back", read)
        else:
            expect.refused(answer)


def _asked(consents: Consents, known: Kept, version: object, change: Change) -> list[Answer]:
    """The answers to every way that is offered of getting at a consent: reads, old versions, and searches."""
    answers = [consents.read(known.id, change=change)]
    if consents.offers("search:patient"):
        near = [consents.of_patient(known.patient)]
        answers.append(consents.search(near, change=change))
        if consents.offers("search:post"):
            answers.append(consents.search(near, change=change, method="POST"))
    if consents.offers("search:_id"):
        answers.append(consents.search([("_id", known.id)], change=change))
    if consents.offers("vread") and isinstance(version, str):
        answers.append(consents.vread(known.id, version, change=change))
    if consents.offers("history"):
        answers.append(consents.history(known.id, change=change))
    return answers


def _counted_of_nothing(answer: Answer) -> int:
    """The total of a search that shows no match on its only page; 0 where there is none, and of any other answer."""
    if answer.resource_type != "Bundle":
        return 0
    total = answer.resource.get("total")
    empty = answer.resource.get("type") == "searchset" and not (Found((answer,)).matches or next_link(answer))
    return total if empty and isinstance(total, int) else 0


def _asked_elsewhere(consents: Consents, asking: Consents, known: Kept, change: Change) -> list[Answer]:
    """The answers of the patient's compartment and of a search by subject, where `consents` finds the consent there."""
    places = []
    if consents.offers("compartment"):
        places.append(f"/Patient/{known.patient.rpartition('/')[2]}/Consent")
    if consents.offers("search:subject"):
        places.append(f"/Consent?subject={quote(consents.typed(known.patient))}")
    return [
        asking.request("GET", place, action="search", change=change)
        for place in places
        if _is_found(consents, known, place)
    ]


def _asked_for_both(bound: Consents, own: Kept, other: Kept, change: Change) -> list[Answer]:
    """The answers to searches by both patients, separated by a comma, in either order."""
    (name, first), (_, second) = bound.of_patient(own.patient), bound.of_patient(other.patient)
    queries = [[(name, f"{first},{second}")], [(name, f"{second},{first}")]]
    answers = [bound.search(query, change=change) for query in queries]
    if bound.offers("search:post"):
        answers += [bound.search(query, change=change, method="POST") for query in queries]
    return answers


def _saying_something_else(consents: Consents) -> Change | None:
    """The token with its expiry a second later, or one more claim, under the signature that it had.

    None where it is no JSON Web Token.
    """
    name, value = consents.credentials
    scheme, _, token = value.rpartition(" ")
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, binascii.Error, ValueError, RecursionError):
        return None
    if len(parts) != 3 or not isinstance(claims, dict):
        return None
    until = claims.get("exp")
    claims |= {"exp": until + 1} if isinstance(until, int | float) else {"altered": True}
    said = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode("ascii").rstrip("=")
    altered = f"{parts[0]}.{said}.{parts[2]}"
    return setting(name, f"{scheme} {altered}" if scheme else altered, flaw="a token with another claim")


def _is_found(consents: Consents, known: Kept, place: str) -> bool:
    """Whether the first page at this address has the consent, as long as `settle` says."""

    def found() -> bool:
        return known.id in _listed(consents.request("GET", place, action="search"))

    return consents.settled(found, bool)


def _listed(page: Answer | None) -> set[str]:
    """The ids of the consents on a page; none where it is no Bundle of entries, which is judged elsewhere."""
    if page is None or page.status != 200 or not _is_bundle(page):
        return set()
    try:
        return Found((page,)).ids
    except Violation:
        return set()


def _after(consents: Consents, page: Answer, change: Change = PLAIN) -> Answer | None:
    """What the next link leads to; None where there is none, or one that is no address, which is judged elsewhere."""
    try:
        return consents.page_after(page, change=change)
    except Violation:
        return None


def _goes_on(consents: Consents, known: Kept) -> Answer | None:
    """The first page of a search by a patient that has a next link; None where none is known.

    Where consents may be created, another one makes two pages for the patient of this one.
    """
    if not (consents.offers("paging") and consents.offers("search:patient")):
        return None
    if consents.may_create:
        another = consents.create(consents.body("active", patient=known.patient), kind="active")
        if not another.succeeded:
            return None
        both, near = {known.id, another.given_id}, [consents.of_patient(known.patient), ("_count", "1")]
        page = consents.settled(
            lambda: consents.search(near), lambda page: _has_next(page) or both <= _listed(page) or page.status != 200
        )
        return page if _has_next(page) else None
    for patient in dict.fromkeys(one.patient for one in consents.existing("active")):
        page = consents.search([consents.of_patient(patient)])
        if _has_next(page):
            return page
    return None


def _has_next(page: Answer) -> bool:
    return page.status == 200 and _is_bundle(page) and next_link(page) is not None


def _naming_no_patient(consents: Consents, known: Kept) -> Iterator[tuple[str, str]]:
    """Every claimed parameter besides its patient and its id that selects this consent, with a value that does."""
    if consents.offers("search:status"):
        yield ("status", str(known.body.get("status", "active")))
    if consents.offers("search:category") and known.category:
        yield ("category", known.category)
    if consents.offers("search:actor") and known.actors:
        yield ("actor", consents.typed(known.actors[0]))
    for whose in ("patient", "actor"):
        if consents.offers(f"search:{whose}.identifier") and consents.offers(f"include:{whose}"):
            page = consents.search([consents.of_patient(known.patient), ("_include", f"Consent:{whose}")])
            named = {known.patient} if whose == "patient" else set(known.actors)
            for identifier in _identifiers(page, {"/".join(one.split("/")[-2:]) for one in named})[:1]:
                yield (f"{whose}.identifier", identifier)


def _identifiers(page: Answer, references: set[str]) -> list[str]:
    """The identifiers, as system|value, of these resources among the entries of a page."""
    entries = objects(page.resource.get("entry")) if page.status == 200 and _is_bundle(page) else []
    resources = [entry["resource"] for entry in entries if isinstance(entry.get("resource"), dict)]
    listed = [one.get("identifier") for one in resources if f"{one.get('resourceType')}/{one.get('id')}" in references]
    rows = [row for rows in listed if isinstance(rows, list) for row in rows if isinstance(row, dict)]
    return [f"{row.get('system', '')}|{row['value']}" for row in rows if row.get("value")]


def _is_bundle(answer: Answer) -> bool:
    return answer.resource_type == "Bundle"


def _written(consents: Consents, asking: Consents, known: Kept, change: Change) -> _Tried | None:
    """The answers to every write that this run may send and that then works with the right token, and what they left.

    A consent that was deleted stays so: it is one of this run, and the check is done with it.
    """
    if not consents.may_update:
        return None
    body = consents.body("active")
    closed = asking.close(known, end=END, change=change)
    created = asking.create(body, kind="active", change=change)
    deleted = asking.delete(known.id, change=change) if consents.offers("delete") else None
    after = consents.read(known.id)
    answers = [created]  # that a consent can be created, the known one shows
    if consents.close(known, end=END).succeeded:
        answers.append(closed)
    if deleted is not None and consents.delete(known.id).succeeded:
        answers.append(deleted)
    return _Tried(tuple(answers), after)


def _no_effect(consents: Consents, before: Json, tried: _Tried) -> None:
    """Writes that were all refused have neither changed the consent nor made another."""
    expect.unchanged(before, tried.after)
    created = tried.answers[0]
    if consents.offers("search:patient"):
        expect.equal(consents.stored_from(created.sent or {}), [], "consents made from the refused body:", created)


def _version(read: Json) -> object:
    return element(read, "meta.versionId")


def _not_among(answer: Answer, ids: set[str], bound: Consents) -> None:
    """No page of a Bundle has an entry of one of these ids."""
    found = Found((answer, *bound.further_pages(answer)))
    shown = {str(element(entry, "resource.id")) for entry in found.entries}
    expect.true(not ids & shown, f"a Bundle without Consent/{min(ids)}", "it among the entries", answer)


def _reachable(consents: Consents, bound: Consents) -> Kept:
    """A consent that the holder of the bound token reads."""
    own = next((known for known in consents.existing("active") if bound.read(known.id).succeeded), None)
    if own is None:
        raise consents.untestable(
            "the token bound to a patient reads none of given.consents",
            remedy="name a consent of that patient in given.consents",
        )
    return own


def _of_another(consents: Consents, own: Kept) -> Kept:
    """A consent of another patient than that one."""
    other = consents.given("active")
    return other if other.patient.rpartition("/")[2] != own.patient.rpartition("/")[2] else consents.given("active")
