"""The personality nll-2023: closing at the type's address, x-provenance, access consents, x-request-id."""

from __future__ import annotations

import base64
import json
import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from asking import ACCESS, DOSE, PRACTITIONER, Client, consent, encoded, provenance

if TYPE_CHECKING:
    from asking import Json

INQUIRY = "urn:example:extension-url-of-nllInqueryPeriod-from-the-profile"


def access(**more: Any) -> Json:
    return consent(kind=ACCESS, **{"status": "proposed", "provision": {}, **more})


def proposed(nll: Client) -> Json:
    body = access()
    del body["provision"]
    return nll.created(body)


def ended(body: Json, end: str = "2031-12-02") -> Json:
    return {**body, "status": "inactive", "provision": {"period": {"start": "2023-01-10", "end": end}}}


def test_a_dose_consent_is_closed_by_the_id_in_the_body(nll: Client) -> None:
    patient = str(uuid.uuid4())
    one, other = nll.created(consent(of=patient)), nll.created(consent(of=patient))
    answer = nll.update(ended(one))
    assert (answer.status_code, answer.json()["status"]) == (200, "inactive")
    assert nll.get(f"/Consent/{one['id']}").json()["provision"]["period"]["end"] == "2031-12-02"
    assert nll.get(f"/Consent/{other['id']}").json() == other
    assert nll.found(f"patient={patient}&status=inactive") == [one["id"]]
    assert nll.update(ended(one)).status_code == 200


def test_an_access_consent_is_closed(nll: Client) -> None:
    known = proposed(nll)
    answer = nll.update(ended(known), headers={"x-provenance": encoded(provenance("SOME_ACTIVITY"))})
    assert (answer.status_code, answer.json()["status"]) == (200, "inactive")


def test_location_and_ids(nll: Client) -> None:
    created = nll.create(consent())
    id_ = created.json()["id"]
    assert created.headers["Location"] == f"{nll.server.url}/Consent/{id_}"
    assert str(uuid.UUID(id_)) == id_


def test_an_update_has_one_address(nll: Client) -> None:
    known = nll.created(consent())
    answer = nll.send("PUT", f"/Consent/{known['id']}", body=ended(known))
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert nll.send("DELETE", f"/Consent/{known['id']}").status_code == 405
    assert nll.get(f"/Consent/{known['id']}/_history").status_code == 405
    assert nll.get(f"/Consent/{known['id']}").json() == known


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ("", 400),
        ('{"resourceType": "Con', 400),
        ({"resourceType": "Patient", "id": "1"}, 400),
        (consent(), 400),
        (consent(id=str(uuid.uuid4())), 404),
    ],
)
def test_an_update_of_nothing_fails(nll: Client, body: Any, status: int) -> None:
    answer = nll.send("PUT", "/Consent", body=body)
    assert (answer.status_code, answer.json()["resourceType"]) == (status, "OperationOutcome")
    if status == 404:
        assert nll.get(f"/Consent/{body['id']}").status_code == 404


def test_a_put_replaces_everything(nll: Client) -> None:
    known = nll.created(consent(identifier=[{"value": "1"}]))
    shorter = {name: value for name, value in known.items() if name != "identifier"}
    assert nll.update(shorter).status_code == 200
    assert "identifier" not in nll.get(f"/Consent/{known['id']}").json()


BAD_PROVENANCE = {
    "absent": None,
    "empty": "",
    "not base64": "%%%",
    "base64 cut off": encoded(provenance())[:-3],
    "raw json": json.dumps(provenance()),
    "not json": base64.b64encode(b"not json").decode(),
    "a list": encoded([provenance()]),
    "an empty object": encoded({}),
    "a practitioner": encoded(PRACTITIONER),
    "no activity": encoded({k: v for k, v in provenance().items() if k != "activity"}),
    "activity in words": encoded({**provenance(), "activity": {"text": "closing"}}),
    "activity of a create": encoded(provenance("REGISTRERA_DOSSAMTYCKE")),
    "no such activity": encoded(provenance("NOT_A_CODE")),
    "no agent": encoded(provenance(agent=[])),
    "agent that is no object": encoded(provenance(agent=["x"])),
    "agent without type": encoded(provenance(agent=[{"who": {"reference": "#writer"}}])),
    "agent of another type": encoded(
        provenance(agent=[{"type": {"coding": [{"code": "verifier"}]}, "who": {"reference": "#writer"}}])
    ),
    "agent without who": encoded(provenance(agent=[{"type": {"coding": [{"code": "enterer"}]}}])),
    "who is missing": encoded(provenance(contained=[])),
    "who is a patient": encoded(provenance(contained=[{"resourceType": "Patient", "id": "writer"}])),
    "who is elsewhere": encoded(
        provenance(agent=[{"type": {"coding": [{"code": "enterer"}]}, "who": {"reference": "Practitioner/1"}}])
    ),
    "nothing is as it should be": encoded({"resourceType": "Provenance", "contained": "x", "agent": {}, "activity": 1}),
}


@pytest.mark.parametrize("name", BAD_PROVENANCE)
def test_a_provenance_that_is_not_right_is_refused(nll: Client, name: str) -> None:
    known = nll.created(consent())
    answer = nll.update(ended(known), headers={"x-provenance": BAD_PROVENANCE[name]})
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")
    assert nll.get(f"/Consent/{known['id']}").json() == known


def test_a_create_needs_a_provenance_too(nll: Client) -> None:
    patient = str(uuid.uuid4())
    assert nll.create(consent(of=patient), headers={"x-provenance": None}).status_code == 400
    closing = {"x-provenance": encoded(provenance("AVREGISTRERA_DOSSAMTYCKE"))}
    assert nll.create(consent(of=patient), headers=closing).status_code == 400
    assert nll.found(f"patient={patient}") == []


def test_the_practitioner_is_the_person_of_the_token(nll: Client) -> None:
    known = nll.created(consent())
    other = {**PRACTITIONER, "identifier": [{**PRACTITIONER["identifier"][0], "value": "9000035"}]}
    answer = nll.update(ended(known), headers={"x-provenance": encoded(provenance(contained=[other]))})
    assert answer.status_code == 403
    assert nll.get(f"/Consent/{known['id']}").json() == known


@pytest.mark.parametrize(
    "more",
    [
        {"recorded": "2023-01-26T08:00:00+01:00", "target": [{"reference": "Consent/1"}]},
        {"contained": [{**PRACTITIONER, "name": [{"family": "Åkerström-Łęcka 漢"}]}]},
        {"agent": [*provenance()["agent"], {**provenance()["agent"][0], "type": {"coding": [{"code": "author"}]}}]},
        {"reason": [{"text": "the patient asked"}]},
    ],
)
def test_a_provenance_may_say_more(nll: Client, more: Json) -> None:
    known = nll.created(consent())
    assert nll.update(ended(known), headers={"x-provenance": encoded(provenance(**more))}).status_code == 200


def test_an_access_consents_provenance_has_no_reason(nll: Client) -> None:
    known = proposed(nll)
    reason = {"x-provenance": encoded(provenance(reason=[{"text": "the patient asked"}]))}
    assert nll.update(ended(known), headers=reason).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        access(status="active"),
        {name: value for name, value in access().items() if name != "patient"},
        access(patient={"identifier": {"value": "191212121212"}}),
        access(extension=[{"url": INQUIRY, "valuePeriod": {"start": "2023-01-20"}}]),
        consent(kind={"code": DOSE["code"]}),
    ],
)
def test_rules_of_business_answer_422(nll: Client, body: Json) -> None:
    body = {name: value for name, value in body.items() if value}
    answer = nll.create(body)
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (422, "business-rule")


@pytest.mark.parametrize("profile", [None, "http://electronichealth.se/fhir/StructureDefinition/NLLAccessConsent"])
def test_meta_profile_does_not_steer(nll: Client, profile: str | None) -> None:
    meta = {"meta": {"profile": [profile]}} if profile else {}
    known = nll.created(consent(**meta))
    assert nll.update(ended(known)).status_code == 200


HEADERS = {
    "x-org-info": encoded({"orgenhetsOrt": "Sala"}),
    "x-user-agent": encoded({"name": "Test application", "version": "0.01010101010.1 beta"}),
    "x-access": "UTAN_KRAV_SAMTYCKE",
    "x-purpose": "VARD",
    "x-context-id": "c-1",
}


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("value", ["documented", "absent", "empty"])
def test_further_headers_may_be_there_or_not(nll: Client, name: str, value: str) -> None:
    known = nll.created(consent())
    headers = {**HEADERS, name: {"documented": HEADERS[name], "absent": None, "empty": ""}[value]}
    assert nll.update(ended(known), headers=headers).status_code == 200
    assert nll.get(f"/Consent/{known['id']}", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-org-info", "Sala"),
        ("x-org-info", encoded(["Sala"])),
        ("x-org-info", base64.b64encode(b"not json").decode()),
        ("x-user-agent", encoded({"version": "1"})),
        ("x-user-agent", json.dumps({"name": "a", "version": "1"})),
        ("x-access", "NOT_A_CODE"),
        ("x-purpose", "NOT_A_CODE"),
        ("x-patientref", "2a5757da-7f59-4d62-b2e1-6babb3e661f4"),
    ],
)
def test_further_headers_that_make_no_sense_are_refused(nll: Client, name: str, value: str) -> None:
    known = nll.created(consent())
    answer = nll.update(ended(known), headers={name: value})
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")
    assert nll.get(f"/Consent/{known['id']}").json() == known


def test_patientref_of_the_same_patient_is_accepted(nll: Client) -> None:
    known = nll.created(consent())
    patient = known["patient"]["reference"].removeprefix("Patient/")
    assert nll.update(ended(known), headers={"x-patientref": patient}).status_code == 200


def test_every_answer_has_a_request_id(nll: Client) -> None:
    known = nll.created(consent())
    for sent in ("bdf0c50a-65d1-4509-9ef7-47d4f425e930", "1", "x" * 200):
        for path in (f"/Consent/{known['id']}", "/Consent/none", "/nothing"):
            assert nll.get(path, headers={"x-request-id": sent}).headers["X-Request-ID"] == sent
    for path in (f"/Consent/{known['id']}", "/Consent/none"):
        for absent in ({}, {"x-request-id": ""}, {"Authorization": None}):
            assert re.fullmatch(r"[0-9a-f-]{36}", nll.get(path, headers=absent).headers["X-Request-ID"])


def test_header_names_have_no_case(nll: Client) -> None:
    known = nll.created(consent())
    headers = {"Authorization": None, "AUTHORIZATION": f"Bearer {nll.target['auth']['token']}"}
    closing = {"x-provenance": None, "X-PROVENANCE": encoded(provenance())}
    assert nll.get(f"/Consent/{known['id']}", headers=headers).status_code == 200
    assert nll.update(ended(known), headers={**headers, **closing}).status_code == 200


def test_failures_are_outcomes_whatever_is_preferred(nll: Client) -> None:
    known = nll.created(consent())
    wrong = {"x-provenance": None, "Prefer": "return=representation"}
    assert nll.update(ended(known), headers=wrong).json()["resourceType"] == "OperationOutcome"
