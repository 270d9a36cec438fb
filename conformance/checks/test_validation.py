"""Bodies that are no consents of R4, sent to servers that say that they validate. Whatever refuses them will do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from conformance import expect
from conformance.found import TOLD, acting, element, with_elements
from conformance.headers import PLAIN, Change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.answer import Answer
    from conformance.client import Consents
    from conformance.recorder import Verifying

SOMEBODY = {"display": "Whom it may concern"}
ATTACHMENT = {"contentType": "text/plain", "data": "U2lnbmVkLg=="}
POLICY = [{"uri": "https://example.org/policies/record-sharing"}]
POLICY_RULE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}]}
DATA = [{"meaning": "related", "reference": SOMEBODY}]
VERIFIED = [{"verified": True, "verificationDate": "2024-03-02"}]
PERMIT = {"type": "permit"}
INNER = [PERMIT]


@dataclass(frozen=True)
class Case:
    """Values by dotted path: what makes a right consent, and what makes it wrong. None takes an element away."""

    wrong: Mapping[str, Any]
    right: Mapping[str, Any]


def answer_to(case: Case, flaw: str, consents: Consents) -> Answer:
    """The answer to the wrong consent, after the right one was taken.

    Raises:
        NotTestable: it was not.

    """
    control = consents.having(case.right)
    body = with_elements({name: value for name, value in control.body.items() if name != "id"}, case.wrong)
    return consents.create(body, kind=control.kind, change=Change(flaw=flaw))


MISSING = {
    "status": Case({"status": None}, {}),
    "scope": Case({"scope": None}, {}),
    "category": Case({"category": None}, {}),
    "actor-role": Case(
        {"provision.actor": [{"reference": SOMEBODY}]}, {"provision.actor": [{"role": TOLD, "reference": SOMEBODY}]}
    ),
    "actor-reference": Case(
        {"provision.actor": [{"role": TOLD}]}, {"provision.actor": [{"role": TOLD, "reference": SOMEBODY}]}
    ),
    "data-meaning": Case({"provision.data": [{"reference": SOMEBODY}]}, {"provision.data": DATA}),
    "data-reference": Case({"provision.data": [{"meaning": "related"}]}, {"provision.data": DATA}),
    "verified": Case({"verification": [{"verificationDate": "2024-03-02"}]}, {"verification": VERIFIED}),
    "inner-actor-role": Case(
        {"provision.provision": [{**PERMIT, "actor": [{"reference": SOMEBODY}]}]},
        {"provision.provision": [{**PERMIT, "actor": [{"role": TOLD, "reference": SOMEBODY}]}]},
    ),
    "inner-data-reference": Case(
        {"provision.provision": [{**PERMIT, "data": [{"meaning": "related"}]}]},
        {"provision.provision": [{**PERMIT, "data": DATA}]},
    ),
}


@pytest.mark.parametrize("missing", MISSING)
def test_a_required_element_is_missing(consents: Consents, verifying: Verifying, missing: str) -> None:
    """A complete consent is created. The same one without an element that R4 requires is refused."""
    answer = answer_to(MISSING[missing], f"without {missing}", consents)

    with verifying("r4.consent.refuses-missing-required-elements"):
        expect.refused(answer)


STRANGE = {
    "status": Case({"status": "bogus"}, {}),
    "provision-type": Case({"provision.type": "maybe"}, {"provision.type": "permit"}),
    "inner-provision-type": Case({"provision.provision": [{"type": "maybe"}]}, {"provision.provision": INNER}),
    "data-meaning": Case({"provision.data": [{"meaning": "some", "reference": SOMEBODY}]}, {"provision.data": DATA}),
    "status-in-capitals": Case({"status": "Active"}, {}),
    "innermost-provision-type": Case(
        {"provision.provision": [{**PERMIT, "provision": [{"type": "maybe"}]}]},
        {"provision.provision": [{**PERMIT, "provision": INNER}]},
    ),
}


@pytest.mark.parametrize("strange", STRANGE)
def test_a_code_that_nobody_knows(consents: Consents, verifying: Verifying, strange: str) -> None:
    """A consent is created. The same one with another code where R4 leaves no choice is refused."""
    answer = answer_to(STRANGE[strange], f"an unknown code as {strange}", consents)

    with verifying("r4.consent.refuses-codes-outside-required-bindings"):
        expect.refused(answer)


def test_a_consent_without_policy(consents: Consents, verifying: Verifying) -> None:
    """A consent with a policy and one with a policyRule are accepted. One with neither is refused."""
    consents.given("active")
    change = Change(flaw="neither policy nor policyRule")

    def created(policy: Any, rule: Any, change: Change = PLAIN) -> Answer:
        body = with_elements(consents.body("active"), {"policy": policy, "policyRule": rule})
        return consents.create(body, kind="active", change=change)

    with_policy, with_rule = created(POLICY, None), created(None, POLICY_RULE)
    neither = created(None, None, change)

    with verifying("r4.consent.refuses-missing-policy"):
        expect.accepted(with_policy)
        expect.accepted(with_rule)
        expect.refused(neither)


OF_OTHER_RELEASES = {"subject": {"reference": "Patient/example"}, "provision.decision": "permit"}


@pytest.mark.parametrize("path", OF_OTHER_RELEASES)
def test_an_element_of_another_release(consents: Consents, verifying: Verifying, path: str) -> None:
    """A consent is created. With an element of another release it is refused, or the element does not come back."""
    answer = answer_to(Case({path: OF_OTHER_RELEASES[path]}, {}), f"an element {path}", consents)

    with verifying("r4.consent.refuses-unknown-elements"):
        expect.no_server_error(answer)
        if answer.succeeded:
            read = consents.read(consents.kept(answer, "active").id)
            expect.true(element(read.consent, path) is None, f"no {path}, or a refusal", f"{path} was stored", read)
            answer.note(f"{path} is dropped, not refused")


OF_ANOTHER_JSON_TYPE = {
    "performer": Case({"performer": SOMEBODY}, {"performer": [SOMEBODY]}),
    "patient": Case({"patient": "Patient/example"}, {}),
    "provision": Case({"provision": [{"type": "permit"}]}, {"provision.type": "permit"}),
    "status": Case({"status": 1}, {}),
    "verified": Case({"verification": [{"verified": "true"}]}, {"verification": VERIFIED}),
}


@pytest.mark.parametrize("name", OF_ANOTHER_JSON_TYPE)
def test_a_value_of_another_json_type(consents: Consents, verifying: Verifying, name: str) -> None:
    """A consent is created. The same one with an object for a list, a text for an object and the like is refused."""
    answer = answer_to(OF_ANOTHER_JSON_TYPE[name], f"{name} of the wrong JSON type", consents)

    with verifying("r4.consent.refuses-wrong-json-types"):
        expect.refused(answer)


WRITTEN_WRONG = {
    "no-zone": ("2019-10-02T15:28:59", "2019-10-02T15:28:59+02:00"),
    "thirtieth-of-february": ("2019-02-30", "2019-02-28"),
    "hour-24": ("2019-10-02T24:00:00Z", "2019-10-02T23:00:00Z"),
    "no-seconds": ("2019-10-02T15:28+02:00", "2019-10-02T15:28:00+02:00"),
    "day-first": ("02/10/2019", "2019-10"),
}


@pytest.mark.parametrize("how", WRITTEN_WRONG)
def test_a_date_time_that_is_none(consents: Consents, verifying: Verifying, how: str) -> None:
    """A consent is created with a dateTime. The same one with a dateTime outside grammar or calendar is refused."""
    wrong, right = WRITTEN_WRONG[how]
    consents.given("active")
    taken = consents.create(with_elements(consents.body("active"), {"dateTime": right}), kind="active")

    answer = answer_to(Case({"dateTime": wrong}, {}), f"dateTime {wrong}", consents)

    with verifying("r4.consent.refuses-bad-date-times"):
        expect.accepted(taken)
        expect.refused(answer)


def test_two_sources(consents: Consents, verifying: Verifying) -> None:
    """A consent with an attachment is created, and so is one with a reference. One with both is refused."""
    reference = {"display": "The form in the archive"}
    consents.having({"sourceAttachment": None, "sourceReference": reference})

    attached = {"sourceReference": None, "sourceAttachment": ATTACHMENT}
    answer = answer_to(Case({"sourceReference": reference}, attached), "two sources", consents)

    with verifying("r4.consent.refuses-two-sources"):
        expect.refused(answer)


POINTING_ELSEWHERE = {
    "patient": Case({"patient": {"reference": "Organization/1"}}, {}),
    "performer": Case({"performer": [{"reference": "Device/1"}]}, {"performer": [SOMEBODY]}),
    "organization": Case({"organization": [{"reference": "Patient/1"}]}, {"organization": [SOMEBODY]}),
    "source": Case(
        {"sourceAttachment": None, "sourceReference": {"reference": "Observation/1"}},
        {"sourceAttachment": None, "sourceReference": SOMEBODY},
    ),
    "actor": Case(
        {"provision.actor": [acting("Location/1")]},
        {"provision.actor": [{"role": TOLD, "reference": SOMEBODY}]},
    ),
}


@pytest.mark.parametrize("name", POINTING_ELSEWHERE)
def test_a_reference_of_the_wrong_type(consents: Consents, verifying: Verifying, name: str) -> None:
    """A consent is created. The same one whose element points at a type that R4 does not allow there is refused."""
    answer = answer_to(POINTING_ELSEWHERE[name], f"{name} points at another type", consents)

    with verifying("r4.consent.refuses-wrong-reference-types"):
        expect.refused(answer)
