"""PUT [base]/Consent/[id] that changes one element: it reads as it was changed, and is found by it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from conformance import expect, meaning
from conformance.found import acting, element, with_elements

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.client import Consents, Json, Kept
    from conformance.found import Found
    from conformance.recorder import Verifying

LOINC = "http://loinc.org"
REASONS = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
NUMBERS = "https://example.org/consent-numbers"


@dataclass(frozen=True, kw_only=True)
class Changed:
    """An element, a value of it, and a search parameter that looks at it.

    `words` are two texts of which the value has one, before and after; `asked` is how one is searched for.
    """

    path: str
    words: Callable[[Consents], tuple[str, str]]
    value: Callable[[str], Any]
    parameter: str = ""
    asked: Callable[[str], str] = str
    release: str = ""
    """The FHIR release whose consents have the element; empty: all."""


def _either(first: str, second: str) -> Callable[[Consents], tuple[str, str]]:
    return lambda _: (first, second)


def _two(kind: str) -> Callable[[Consents], tuple[str, str]]:
    return lambda consents: (consents.reference(kind), consents.reference(kind))


def _referring(reference: str) -> list[Json]:
    return [{"reference": reference}]


ELEMENTS = (
    Changed(
        path="category",
        words=_either("59284-0", "64292-6"),
        value=lambda code: [{"coding": [{"system": LOINC, "code": code}]}],
        parameter="category",
        asked=lambda code: f"{LOINC}|{code}",
    ),
    Changed(
        path="dateTime",
        words=_either("2024-03", "2019-06"),
        value=lambda month: f"{month}-15T12:00:00Z",
        parameter="date",
    ),
    Changed(
        path="identifier",
        words=lambda consents: (consents.unused_id(), consents.unused_id()),
        value=lambda number: [{"system": NUMBERS, "value": number}],
        parameter="identifier",
        asked=lambda number: f"{NUMBERS}|{number}",
    ),
    Changed(
        path="provision.actor",
        words=_two("Organization"),
        value=lambda reference: [acting(reference)],
        parameter="actor",
    ),
    Changed(
        path="provision.provision",
        words=_either("HRESCH", "HPAYMT"),
        value=lambda code: [{"type": "permit", "purpose": [{"system": REASONS, "code": code}]}],
    ),
    Changed(
        path="provision.period",
        words=_either("2041", "2043"),
        value=lambda year: {"start": "2024-03-01", "end": f"{year}-11-30"},
        parameter="period",
        asked=lambda year: {"2041": "eb2042-06-01", "2043": "gt2042-06-01"}[year],
    ),
    Changed(
        path="provision.dataPeriod",
        words=_either("2017-05-09", "2013-02-03"),
        value=lambda day: {"start": day},
    ),
    Changed(path="grantee", words=_two("Practitioner"), value=_referring, parameter="grantee", release="5"),
    Changed(path="manager", words=_two("Organization"), value=_referring, parameter="manager", release="5"),
    Changed(path="controller", words=_two("Organization"), value=_referring, parameter="controller", release="5"),
    Changed(
        path="verification",
        words=_either("true", "false"),
        value=lambda word: [{"verified": word == "true"}],
        parameter="verified",
        release="5",
    ),
)


@pytest.mark.parametrize("changed", ELEMENTS, ids=[changed.path for changed in ELEMENTS])
def test_changing_one_element(consents: Consents, verifying: Verifying, changed: Changed) -> None:
    """A consent has one value of an element, and is given another: it reads with that, and is found by that alone."""
    of_the_release = consents.pack.fhir.startswith(changed.release)
    if not (of_the_release and verifying.applies("r4.update.read-back-is-the-new-content")):
        return
    before, after = changed.words(consents)
    known = consents.having({changed.path: changed.value(before)})
    if before == after or not _says(_written(consents.current(known), changed.path), before):
        return  # a target may have given one organization only; what is not stored at all is judged elsewhere
    searched = _is_searched(consents, known, changed, before, after)

    body = with_elements(known.body, {changed.path: changed.value(after)})
    answer = consents.update(body, kind=known.kind)
    read = consents.read(known.id)

    shown = _written(read.parsed, changed.path)

    with verifying("r4.update.read-back-is-the-new-content"):
        if not answer.succeeded:
            expect.refused(answer)
            answer.note(f"{changed.path} cannot be changed: {answer.described}")
            return
        expect.status(read, 200)
        expect.true(_says(shown, after), f"{changed.path} with {after}", shown[:160], read)
    if _says(shown, after):
        with verifying("r4.update.replaces-the-whole-resource"):
            expect.true(not _says(shown, before), f"{changed.path} without {before}", shown[:160], read)
    if searched and _says(shown, after) and not _says(shown, before):  # what is not stored cannot be found
        near = consents.of_patient(known.patient)
        now, earlier = ((changed.parameter, changed.asked(word)) for word in (after, before))
        with verifying("r4.search.result-is-the-current-content"):
            expect.matches(consents.find(near, now, include=[known.id]), include=[known.id])
            expect.matches(_once_gone(consents, known, near, earlier), exclude=[known.id])


def test_changing_the_patient(consents: Consents, verifying: Verifying) -> None:
    """A consent is made another patient's. It reads so, and is found by that patient and no longer by the first."""
    if not verifying.applies("r4.update.read-back-is-the-new-content"):
        return
    known, another = consents.given("active"), consents.patient()
    consents.findable(known)
    whom = meaning.patient_element(known.body)
    answer = consents.update({**known.body, whom: {**known.body[whom], "reference": another}}, kind=known.kind)
    read = consents.read(known.id)

    with verifying("r4.update.read-back-is-the-new-content"):
        if not answer.succeeded:
            expect.refused(answer)
            answer.note(f"a consent stays its patient's: {answer.described}")
            return
        expect.status(read, 200)
        expect.true(meaning.patient_of(read.consent).endswith(another), another, meaning.patient_of(read.consent), read)
    if consents.offers("search:patient") and meaning.patient_of(read.parsed or {}).endswith(another):
        now, earlier = consents.of_patient(another), consents.of_patient(known.patient)
        with verifying("r4.search.result-is-the-current-content"):
            expect.matches(consents.find(now, include=[known.id]), include=[known.id])
            expect.matches(_once_gone(consents, known, earlier), exclude=[known.id])


def _is_searched(consents: Consents, known: Kept, changed: Changed, before: str, after: str) -> bool:
    """Whether the parameter finds the consent by the value that it has, and not by the one that it is to have."""
    if not (changed.parameter and consents.offers("search:patient") and consents.offers(f"search:{changed.parameter}")):
        return False
    near = consents.of_patient(known.patient)
    own, other = (
        consents.find(near, (changed.parameter, changed.asked(word)), include=include, tolerant=True)
        for word, include in ((before, [known.id]), (after, []))
    )
    return known.id in own.ids and known.id not in other.ids


def _once_gone(consents: Consents, known: Kept, *parameters: tuple[str, str]) -> Found:
    """What a search finds once it does not find the consent any more, or as long as `settle` says."""
    return consents.find(*parameters, until=lambda found: known.id not in found.ids, tolerant=True)


def _says(text: str, word: str) -> bool:
    """Whether a word stands there, and not as the beginning of a longer one, as the id 1 in 12."""
    return re.search(rf"{re.escape(word)}(?![\w.])", text) is not None


def _written(resource: Any, path: str) -> str:
    return json.dumps(element(resource, path), ensure_ascii=False)
