"""GET [base]/metadata: what the server says that it offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance import expect
from conformance.found import objects
from conformance.headers import without

if TYPE_CHECKING:
    from conformance.answer import Answer
    from conformance.client import Consents
    from conformance.recorder import Verifying

INTERACTIONS = {
    "read": "read",
    "vread": "vread",
    "history": "history-instance",
    "create": "create",
    "update:instance-url": "update",
    "delete": "delete",
    "search": "search-type",
}
"""Claim → the code of restful-interaction that lists it."""

RESULT_PARAMETERS = frozenset({"_count", "_sort", "_include", "_revinclude", "_summary", "_elements", "_total"})


def test_the_capability_statement(consents: Consents, verifying: Verifying) -> None:
    """The statement is there, speaks for a server, and names the FHIR version of this pack."""
    answer = consents.request("GET", "/metadata", action="read")

    with verifying("r4.capabilities.answered"):
        expect.status(answer, 200)
        statement = expect.resource_type(answer, "CapabilityStatement")
        missing = [name for name in ("status", "date", "kind", "format") if not statement.get(name)]
        expect.equal(missing, [], "elements that every statement has, left out:", answer)
        modes = [rest.get("mode") for rest in objects(statement.get("rest"))]
        expect.true("server" in modes, "a rest entry of mode server", f"the modes {modes}", answer)
    with verifying("r4.capabilities.states-fhir-version"):
        version = str(_statement(consents, answer).get("fhirVersion"))
        release = consents.pack.fhir.partition("-")[0]
        expect.true(f"{version}.".startswith(f"{release}."), f"fhirVersion {release}.x", version, answer)
    with verifying("r5-ballot.capabilities.states-the-ballot-version"):
        version = str(_statement(consents, answer).get("fhirVersion"))
        expect.true(version.startswith("5.0.0-"), "fhirVersion 5.0.0-ballot", version, answer)
        if version != "5.0.0-ballot":
            answer.note(f"fhirVersion is {version}, another preview of R5")


def test_the_statement_without_a_token(consents: Consents, verifying: Verifying) -> None:
    """The statement is there with the token, and without it as well."""
    _statement(consents, consents.request("GET", "/metadata", action="read"))

    answer = consents.request("GET", "/metadata", action="read", change=without("Authorization"))

    with verifying("oracle-health.capabilities.without-token"):
        expect.status(answer, 200)
        expect.resource_type(answer, "CapabilityStatement")


def test_the_smart_configuration(consents: Consents, verifying: Verifying) -> None:
    """Without a token the SMART configuration is there: where to authorize, where tokens come from, what is offered."""
    anybody = without("Authorization")
    answer = consents.request("GET", "/.well-known/smart-configuration", action="read", change=anybody)

    with verifying("medicasoft.smart.configuration"):
        expect.status(answer, 200)
        told = answer.parsed if isinstance(answer.parsed, dict) else {}
        for name, kind in (("authorization_endpoint", str), ("token_endpoint", str), ("capabilities", list)):
            found = told.get(name)
            expect.true(isinstance(found, kind) and bool(found), f"JSON with {name}", f"{name} is {found}", answer)


def test_what_is_claimed_is_listed(consents: Consents, verifying: Verifying) -> None:
    """Each interaction, search parameter and include that the system is said to offer stands in the statement."""
    answer = consents.request("GET", "/metadata", action="read")
    statement = _statement(consents, answer)
    interactions, parameters, includes = _listed(statement)

    with verifying("r4.capabilities.lists-what-is-claimed"):
        missing = [code for claim, code in INTERACTIONS.items() if consents.offers(claim) and code not in interactions]
        expect.true(not missing, "every claimed interaction on Consent", f"none of {', '.join(missing)}", answer)
    with verifying("r4.capabilities.lists-claimed-parameters"):
        claimed = {name.partition(":")[2] for name in consents.claims if name.startswith("search:")} - {"post"}
        chained = {name for name in claimed if name.partition(".")[0] in parameters}
        missing = sorted(claimed - parameters - chained - RESULT_PARAMETERS)
        expect.true(not missing, "every claimed search parameter", f"none of {', '.join(missing)}", answer)
        wanted = {f"Consent:{name.partition(':')[2]}" for name in consents.claims if name.startswith("include:")}
        missing = sorted(wanted - includes) if not includes & {"*", "Consent:*"} else []
        expect.true(not missing, "every claimed include", f"none of {', '.join(missing)}", answer)


def test_what_works_is_listed(consents: Consents, verifying: Verifying) -> None:
    """What works for a known consent, read, version and history, stands in the statement; if not, it is mentioned."""
    answer = consents.request("GET", "/metadata", action="read")
    interactions, _, _ = _listed(_statement(consents, answer))
    known = consents.given("active")
    read = consents.read(known.id)
    version = read.meta.get("versionId")
    working = {
        "read": read.resource_type == "Consent",
        "vread": isinstance(version, str) and consents.vread(known.id, version).resource_type == "Consent",
        "history-instance": consents.history(known.id).resource_type == "Bundle",
    }

    with verifying("r4.capabilities.lists-what-is-claimed"):
        for code, works in working.items():
            if works and code not in interactions:
                answer.note(f"{code} works and is not listed")


def _statement(consents: Consents, answer: Answer) -> dict[str, Any]:
    if answer.resource_type != "CapabilityStatement":
        raise consents.untestable(f"there is no CapabilityStatement: {answer.described}")
    return answer.resource


def _listed(statement: dict[str, Any]) -> tuple[set[str], set[str], set[str]]:
    """The codes of interactions, the names of parameters and the includes that are listed for Consent."""
    rests = objects(statement.get("rest"))
    consent = [row for rest in rests for row in objects(rest.get("resource")) if row.get("type") == "Consent"]
    interactions = {str(one.get("code")) for row in consent for one in objects(row.get("interaction"))}
    parameters = {str(one.get("name")) for row in (*rests, *consent) for one in objects(row.get("searchParam"))}
    listed = [row.get("searchInclude") for row in consent]
    includes = {str(one) for rows in listed if isinstance(rows, list) for one in rows}
    return interactions, parameters, includes
