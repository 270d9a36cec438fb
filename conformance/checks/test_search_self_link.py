"""The self link of a searchset: what the server understood of the query."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from conformance import expect
from conformance.headers import Change

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents, Kept
    from conformance.recorder import Verifying

UNKNOWN = ("nosuchparameter", "x")


def test_the_self_link_shows_what_was_used(consents: Consents, verifying: Verifying) -> None:
    """A search by patient shows the patient in its self link. A parameter that is ignored is not shown there.

    A second parameter that is claimed is shown beside the patient with its value, or all of several; a period with its
    prefix and each time that it was asked for. A search by POST shows the patient as well.
    """
    known = consents.given("active")
    parameter, value = consents.of_patient(known.patient)
    consents.findable(known)
    plain = consents.search([(parameter, value)])
    besides = consents.search([(parameter, value), UNKNOWN], change=Change(flaw="an unknown parameter"))

    with verifying("r4.search.self-link-shows-what-was-used"):
        for answer in (plain, besides):
            if answer is besides and answer.status != 200:
                answer.note("an unknown parameter is refused")
                continue
            shown = _shows(answer, parameter, value)
            names = [name for name, _ in shown]
            expect.true(UNKNOWN[0] not in names, "a self link without what was ignored", f"one with {shown}", answer)
    narrowing = _narrowing(consents, known)
    for name, asked in [*narrowing, *_of_two_states(consents, known, narrowing)]:
        narrowed = consents.search([(parameter, value), (name, asked)])
        if narrowed.status == 200 and known.id in consents.paged(narrowed).ids:
            with verifying("r4.search.self-link-shows-what-was-used"):
                shown = _shown(narrowed)
                texts = [text for one, text in shown if _same_name(one, name)]
                if name == "period":  # in another form, perhaps, and still not as one that equals
                    used = any(text[:1].isalpha() for text in texts)
                else:
                    used = _codes(asked) <= set[str]().union(*map(_codes, texts))
                expect.true(used, f"a self link with {name}={asked}", f"one with {shown}", narrowed)
    selected = _by_two_periods(consents, known)
    if selected is not None:
        with verifying("r4.search.self-link-shows-what-was-used"):
            shown = _shown(selected)
            periods = {text for name, text in shown if _same_name(name, "period")}
            expect.true(len(periods) > 1, "a self link with both periods", f"one with {shown}", selected)
    if consents.offers("search:post"):
        stranger = consents.of_patient(consents.patient_without_consents())
        if known.id in consents.find(stranger, method="POST", tolerant=True).ids:
            return  # then the form is not used
        posted = consents.search([(parameter, value)], method="POST")
        if posted.status == 200 and known.id in consents.paged(posted).ids:
            with verifying("r4.search.self-link-shows-what-was-used"):
                _shows(posted, parameter, value)


def test_the_self_link_repeats_the_request(consents: Consents, verifying: Verifying) -> None:
    """A search by patient, with the includes that are offered, has the same names and values in its self link."""
    known = consents.given("active")
    includes = [("_include", f"Consent:{name}") for name in ("patient", "actor") if consents.offers(f"include:{name}")]
    asked = [(consents.dialect.patient_parameter, known.patient.rpartition("/")[2]), *includes]

    answer = consents.search(asked)

    with verifying("oracle-health.search.self-link-repeats-the-request"):
        expect.status(answer, 200)
        shown = [(name, value.rpartition("/")[2]) for name, value in _shown(answer)]  # Patient/1 says 1, too
        missing = [f"{name}={value}" for name, value in asked if (name, value) not in shown]
        expect.equal(missing, [], "parameters that the self link leaves out:", answer)
        further = sorted({name for name, _ in shown} - {name for name, _ in asked})
        if further:
            answer.note(f"the self link says {' and '.join(further)} besides")


def _by_two_periods(consents: Consents, known: Kept) -> Answer | None:
    """A search by two periods that finds the consent; None where not both select."""
    if not (consents.offers("search:period") and consents.offers("multiple-values")):
        return None
    near = consents.of_patient(known.patient)
    after, before, never = (("period", value) for value in ("gt1990-06-15", "lt2200-06-15", "lt1990-06-15"))
    if any(known.id in consents.find(near, *pair, tolerant=True).ids for pair in ((after, never), (never, after))):
        return None
    answer = consents.search([near, after, before])
    return answer if answer.status == 200 and known.id in consents.paged(answer).ids else None


def _shows(answer: Answer, parameter: str, value: str) -> list[tuple[str, str]]:
    """What the self link shows, the parameter among it."""
    shown = _shown(answer)
    id_ = value.rpartition("/")[2]  # with its type or without it is the same where one type can be
    used = any(_same_name(name, parameter) and (text == id_ or text.endswith(f"Patient/{id_}")) for name, text in shown)
    expect.true(used, f"a self link with {parameter}={value}", f"one with {shown}", answer)
    return shown


def _narrowing(consents: Consents, known: Kept) -> list[tuple[str, str]]:
    """Parameters besides patient that select, with values that the consent has."""
    status = str(known.body.get("status", "active"))
    asked = [
        ("status", status, "rejected"),
        ("period", "gt1990-01-01", "lt1990-01-01"),
        ("category", known.category, consents.unused_id()),
    ]
    near = consents.of_patient(known.patient)
    return [
        (name, own)
        for name, own, other in asked
        if own
        and consents.offers(f"search:{name}")
        and known.id not in consents.find(near, (name, other), tolerant=True).ids
    ]


def _of_two_states(consents: Consents, known: Kept, narrowing: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The consent's status and another in one value, where either place in it counts."""
    own = dict(narrowing).get("status")
    if own is None or not consents.offers("multiple-values"):
        return []
    near = consents.of_patient(known.patient)
    both = [("status", f"{own},rejected"), ("status", f"rejected,{own}")]
    return both if all(known.id in consents.find(near, one, tolerant=True).ids for one in both) else []


def _codes(value: str) -> set[str]:
    """The codes in a token value: a server may show each with its system or without."""
    return {one.rpartition("|")[2].casefold() for one in re.split(r"(?<!\\),", value)}


def _shown(answer: Answer) -> list[tuple[str, str]]:
    """The decoded query of the self link; nothing where there is none."""
    links = answer.resource.get("link")
    rows = links if isinstance(links, list) else []
    own = [link for link in rows if isinstance(link, dict) and link.get("relation") == "self"]
    queries = [str(link.get("url")).partition("#")[0].partition("?")[2] for link in own]
    return [pair for query in queries for pair in parse_qsl(query, keep_blank_values=True)]


def _same_name(shown: str, asked: str) -> bool:
    """Whether the link names the parameter, with a modifier or a chain of its own or without."""
    return shown.partition(":")[0].partition(".")[0] == asked.partition(":")[0].partition(".")[0]
