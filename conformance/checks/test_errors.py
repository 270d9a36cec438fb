"""Bad input, and headers that only trace or name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance import expect
from conformance.headers import Change, setting

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.answer import Answer
    from conformance.client import Consents, Kept
    from conformance.recorder import Verifying

VALUES = {"four-thousand-letters": "x" * 4000, "a-null-byte": "%00"}
BODIES = {"json-cut-off": b'{"resourceType": "Consent"', "a-list": b"[]", "no-text": b"\xff\xfe\x00\x01"}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_bad_query(consents: Consents, verifying: Verifying, value: str) -> None:
    """A known consent reads. A query with a value that fits nothing finds nothing or is refused, and nothing breaks."""
    known = consents.given("active")
    consents.current(known)

    place = "/Consent" if consents.offers("search:patient") else f"/Consent/{known.id}"
    query = f"{place}?{consents.dialect.patient_parameter}={value}"
    answer = consents.request("GET", query, action="search", change=Change(flaw="a value that fits nothing"))

    with verifying("r4.errors.bad-input-is-not-a-server-error"):
        expect.no_server_error(answer)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_bad_body(consents: Consents, verifying: Verifying, body: bytes) -> None:
    """A known consent reads. A body that is no Consent at all is the client's mistake, and nothing breaks."""
    consents.current(consents.given("active"))
    if not consents.may_create:
        return  # the queries remain

    answer = consents.create(body, kind="active", change=Change(flaw="the body is no Consent"))

    with verifying("r4.errors.bad-input-is-not-a-server-error"):
        expect.no_server_error(answer)


def test_a_request_can_be_traced(consents: Consents, verifying: Verifying) -> None:
    """A read with an X-Request-Id of ours answers with it, with none, or with ours as X-Correlation-Id."""
    ours = consents.unused_id()

    answer = consents.read(consents.given("active").id, change=setting("X-Request-Id", ours))

    with verifying("r4.headers.request-id-is-traceable"):
        theirs, correlation = answer.header("X-Request-Id"), answer.header("X-Correlation-Id")
        traced = theirs in {None, ours} or correlation == ours
        expect.true(traced, f"X-Request-Id {ours}, or it as X-Correlation-Id", f"{theirs} and {correlation}", answer)


def test_another_tenant(consents: Consents, verifying: Verifying) -> None:
    """A consent reads. Below the address of a tenant that does not exist it does not."""
    known = consents.given("active")
    consents.current(known)
    elsewhere = f"{consents.base.rpartition('/')[0]}/{consents.unused_id()}"
    flaw = Change(flaw="a tenant that does not exist")

    answer = consents.request("GET", f"{elsewhere}/Consent/{known.id}", action="read", change=flaw)

    with verifying("oracle-health.errors.unknown-tenant"):
        expect.status(answer, 403, noted={401, 404})


@pytest.mark.parametrize("spelling", [str.upper, str.lower, str.swapcase], ids=["upper", "lower", "mixed"])
def test_header_names_in_other_case(consents: Consents, verifying: Verifying, spelling: Callable[[str], str]) -> None:
    """A consent reads. With every header name in another case it reads just the same."""
    known = consents.given("active")
    plain = _read(consents, known)
    names = [name for name, _ in plain.exchange.request_headers]
    change = Change(renamed=tuple((name, spelling(name)) for name in names))

    answer = consents.read(known.id, change=change)

    with verifying("r4.headers.names-are-case-insensitive"):
        expect.status(answer, plain.status)
        expect.same_content(plain.consent, answer, leaving_out=("text",))


def _read(consents: Consents, known: Kept) -> Answer:
    answer = consents.read(known.id)
    if answer.status != 200 or answer.resource_type != "Consent":
        raise consents.untestable(f"the consent could not be read: {answer.described}")
    return answer
