"""One look at the target before the first check: whether it is there, speaks FHIR, and what it says that it offers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from conformance.callers import Callers
from conformance.client import Consents
from conformance.clock import ahead
from conformance.discovery import discover
from conformance.found import objects
from conformance.model import CheckRecord, Claim, Unreachable
from conformance.preparation import redactor_for
from conformance.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.answer import Answer
    from conformance.model import Exchange
    from conformance.packs import Pack
    from conformance.preparation import Preparation
    from conformance.target import Target
    from conformance.wire import Wire

INTERACTIONS = {
    "read": ("read",),
    "vread": ("vread",),
    "update": ("update", "update:instance-url"),
    "delete": ("delete",),
    "history-instance": ("history",),
    "create": ("create",),
    "search-type": ("search",),
}
SOURCE = "the server's CapabilityStatement"
MOST_APART = timedelta(days=31)
"""A server may live in another week, for a rehearsal say. Further apart, what a check takes for the future is past."""
REQUIRED = "http.html#capabilities: every server has a statement; this one shows none"


@dataclass(frozen=True, kw_only=True)
class FirstLook:
    """What the target declares, and why nothing can be checked, if so; `record` holds the exchanges that show it."""

    declared: tuple[Claim, ...]
    broken: str
    record: CheckRecord


def first_look(pack: Pack, target: Target, wire: Wire) -> FirstLook:
    """Look at the target once, so that one that is not there is said once and not once per check. Closes the wire."""
    redactor = redactor_for(pack, target)
    recorder = Recorder(redactor)
    callers = Callers(target, redactor)
    consents = Consents(
        wire=wire,
        target=target,
        pack=pack,
        dialect=pack.dialect.with_overrides(target.dialect),
        recorder=recorder,
        callers=callers,
        claims=(),
        may_write=False,
    )
    declared: tuple[Claim, ...] = ()
    broken = ""
    try:
        statement = look(consents, given=target.given.consents)
        if pack.claims_from == "metadata":
            declared = declared_claims(statement, needed=not target.claims_add)
    except Unreachable as problem:
        broken = redactor.text(str(problem))
    finally:
        callers.close()
        wire.close()
    broken = broken or _apart(recorder.exchanges)
    record = CheckRecord(
        nodeid="conformance/preflight.py::look",
        title="One look at the target before the first check.",
        findings=(),
        exchanges=tuple(recorder.exchanges),
    )
    return FirstLook(declared=declared, broken=broken, record=record)


def completed(preparation: Preparation, wire: Wire, seen: FirstLook) -> tuple[Preparation, CheckRecord]:
    """A run whose target names the data that checks read, found where it was not given, and the record of the looks.

    Nothing is looked for where checks make what they need, or where the target is not there. Closes the wire.
    """
    if preparation.may_create or seen.broken:
        return preparation, seen.record
    recorder = Recorder(preparation.redactor)
    callers = Callers(preparation.target, preparation.redactor)
    consents = Consents(
        wire=wire,
        target=preparation.target,
        pack=preparation.pack,
        dialect=preparation.dialect,
        recorder=recorder,
        callers=callers,
        claims=preparation.offered,
        may_write=False,
    )
    try:
        discovery = discover(consents, preparation.target.given)
    except Unreachable:  # the first check meets it again, and says so
        return preparation, seen.record
    finally:
        callers.close()
        wire.close()
    target = replace(preparation.target, given=discovery.given)
    before = len(seen.record.exchanges)
    looks = tuple(replace(one, id=str(before + int(one.id))) for one in recorder.exchanges)
    record = replace(seen.record, exchanges=(*seen.record.exchanges, *looks))
    return replace(preparation, target=target, found=discovery.found), record


def look(consents: Consents, *, given: Sequence[str] = ()) -> Answer:
    """Ask for /metadata, for a consent and, where these leave a doubt, for a search; return the first answer.

    Raises:
        Unreachable: there is no response, or the same one, which is not FHIR, to everything, or the credentials are
            not accepted.

    """
    statement = consents.request("GET", "/metadata", action="read")
    read = consents.read(given[0] if given else consents.unused_id())
    declared = statement.resource_type == "CapabilityStatement" and statement.status == 200
    if declared and read.status != 401:
        return statement
    search = consents.search([consents.of_patient(f"Patient/{consents.unused_id()}")])
    if read.status == search.status == 401:
        raise Unreachable(
            "the target does not accept the credentials; set [auth] in target.toml to credentials that it accepts "
            f"(GET {read.exchange.url} gave {read.described})"
        )
    answers = (statement, read, search)
    if all(answer.status >= 500 for answer in answers):
        raise Unreachable(f"the target answers {read.described} to everything: nothing can be checked until it works")
    alike = len({answer.status for answer in answers}) == 1 or all(_is_page(answer) for answer in answers)
    if alike and not any(answer.resource_type for answer in answers):
        raise Unreachable(f"{_hint(statement)} (GET {statement.exchange.url} gave {statement.described})")
    return statement


def _apart(answers: Sequence[Exchange]) -> str:
    """Why nothing is checked by these clocks; empty when they agree well enough, or the target does not tell its own.

    An answer out of a cache has the Date of its origin (RFC 9111 §4.2.3), so that the newest of all counts.
    """
    known = [seconds for answer in answers if (seconds := ahead(answer)) is not None]
    nearest = min(known, key=abs, default=0.0)
    if abs(nearest) <= MOST_APART.total_seconds():
        return ""
    side = "ahead of" if nearest > 0 else "behind"
    return (
        f"the target's clock is {abs(nearest) / 86_400:.0f} days {side} this machine's: "
        "what a run says about periods and deadlines would mean nothing; set the clock that is wrong"
    )


def _hint(answer: Answer) -> str:
    remedy = "is base_url the FHIR base, and does [auth] hold what the target asks for?"
    if 300 <= answer.status < 400:
        return f"everything leads to {answer.exchange.header('Location')}; {remedy}"
    if _is_page(answer):
        return f"every answer is a web page; {remedy}"
    return "no answer is FHIR; is base_url the FHIR base?"


def declared_claims(statement: Answer, *, needed: bool) -> tuple[Claim, ...]:
    """The claims that a CapabilityStatement makes for Consent.

    Without one, that there should be one is all that can be held against the server, where nothing else is claimed.

    Raises:
        Unreachable: there is no CapabilityStatement to go by, it is needed, and the credentials may be the reason.

    """
    if statement.resource_type != "CapabilityStatement":
        if not needed:
            return ()
        if statement.status not in {401, 403}:
            return (Claim(claim="capabilities", source=REQUIRED),)
        raise Unreachable(
            f"this pack goes by the server's own CapabilityStatement, and GET /metadata gave {statement.described}; "
            "give the claims in target.toml: claims.add"
        )
    return tuple(Claim(claim=claim, source=SOURCE) for claim in dict.fromkeys(claims_in(statement.parsed)))


def claims_in(statement: dict[str, Any]) -> Iterator[str]:
    """What a CapabilityStatement claims for Consent, in the words of claims; some twice."""
    yield "capabilities"
    for rest in objects(statement.get("rest")):
        for resource in objects(rest.get("resource")):
            if resource.get("type") == "Consent":
                yield from _of_consent(resource, rest)


def _of_consent(resource: dict[str, Any], rest: dict[str, Any]) -> Iterator[str]:
    for row in objects(resource.get("interaction")):
        yield from INTERACTIONS.get(str(row.get("code")), ())
    names = [row.get("name") for row in (*objects(resource.get("searchParam")), *objects(rest.get("searchParam")))]
    parameters = {name for name in names if isinstance(name, str) and name.isprintable()}
    for parameter in sorted(parameters):
        yield f"search:{parameter}"
    includes = resource.get("searchInclude")
    for include in includes if isinstance(includes, list) else ():
        for name in ("patient", "actor"):
            # A wild card (search.html#include) stands for the parameters that the server has.
            if include == f"Consent:{name}" or (str(include) in {"*", "Consent:*"} and name in parameters):
                yield f"include:{name}"
    if str(resource.get("versioning")) in {"versioned", "versioned-update"}:
        yield "versions"
    if resource.get("versioning") == "versioned-update":
        yield "if-match"
    if str(resource.get("conditionalRead")) in {
        "not-match",
        "full-support",
    }:  # those who take If-None-Match
        yield "conditional-read"


def _is_page(answer: Answer) -> bool:
    return answer.status < 400 and answer.media_type in {"text/html", "application/xhtml+xml"}
