"""One look at the target before the first check: whether it is there, speaks FHIR, and what it says that it offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.model import Claim, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.answer import Answer
    from conformance.client import Consents

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


def look(consents: Consents) -> Answer:
    """Ask for /metadata, and for a consent that nobody has; return the first answer.

    Raises:
        Unreachable: there is no response, or every answer is a server error or a web page.

    """
    statement = consents.request("GET", "/metadata", action="read")
    if statement.resource_type == "CapabilityStatement" and statement.status == 200:
        return statement
    probe = consents.read(consents.unused_id())
    answers = (statement, probe)
    if all(answer.status >= 500 for answer in answers):
        raise Unreachable(f"the target answers {probe.described} to everything: nothing can be tested")
    if all(_is_page(answer) for answer in answers):
        raise Unreachable(
            "the target answers with web pages instead of FHIR JSON: is base_url the FHIR base, and the login done?"
        )
    return statement


def declared_claims(statement: Answer) -> tuple[Claim, ...]:
    """The claims that a CapabilityStatement makes for Consent.

    Raises:
        Unreachable: there is no CapabilityStatement to go by.

    """
    if statement.resource_type != "CapabilityStatement":
        raise Unreachable(
            f"this pack goes by the server's own CapabilityStatement, and GET /metadata gave {statement.described}; "
            "give the claims in target.toml: claims.add"
        )
    return tuple(Claim(claim=claim, source=SOURCE) for claim in dict.fromkeys(_claims(statement.parsed)))


def _claims(statement: dict[str, Any]) -> Iterator[str]:
    yield "capabilities"
    for rest in _rows(statement, "rest"):
        for resource in _rows(rest, "resource"):
            if resource.get("type") == "Consent":
                yield from _of_consent(resource, rest)


def _of_consent(resource: dict[str, Any], rest: dict[str, Any]) -> Iterator[str]:
    for row in _rows(resource, "interaction"):
        yield from INTERACTIONS.get(str(row.get("code")), ())
    parameters = {row.get("name") for row in (*_rows(resource, "searchParam"), *_rows(rest, "searchParam"))}
    for parameter in sorted(map(str, parameters)):
        yield f"search:{parameter}"
    for include in resource.get("searchInclude") or ():
        for name in ("patient", "actor"):
            # `*` stands for _include=* (search.html#include): for the parameters that the server has
            if include == f"Consent:{name}" or (include == "*" and name in parameters):
                yield f"include:{name}"
    if resource.get("versioning") in {"versioned", "versioned-update"}:
        yield "versions"
    if resource.get("versioning") == "versioned-update":
        yield "if-match"
    if resource.get("conditionalRead") in {"modified-since", "not-match", "full-support"}:
        yield "conditional-read"


def _rows(element: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    rows = element.get(name)
    if isinstance(rows, list):
        yield from (row for row in rows if isinstance(row, dict))


def _is_page(answer: Answer) -> bool:
    return answer.status < 400 and answer.media_type in {"text/html", "application/xhtml+xml"}
