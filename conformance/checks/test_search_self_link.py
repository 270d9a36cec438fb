"""The self link of a searchset: what the server understood of the query."""

from __future__ import annotations

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

    A second parameter that is claimed is shown beside the patient.
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
            shown = _shown(answer)
            expect.true(
                any(_same_name(name, parameter) and text.endswith(value) for name, text in shown),
                f"a self link with {parameter}={value}",
                f"one with {shown}",
                answer,
            )
            names = [name for name, _ in shown]
            expect.true(UNKNOWN[0] not in names, "a self link without what was ignored", f"one with {shown}", answer)
    for name, asked in _narrowing(consents, known):
        narrowed = consents.search([(parameter, value), (name, asked)])
        if narrowed.status == 200 and known.id in consents.paged(narrowed).ids:
            with verifying("r4.search.self-link-shows-what-was-used"):
                shown = _shown(narrowed)
                used = any(_same_name(one, name) for one, _ in shown)
                expect.true(used, f"a self link with {name}={asked}", f"one with {shown}", narrowed)


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
