"""The personality nll-2019: bodies without status and scope, validity in dataPeriod, raw X-Provenance."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from asking import DOSE, PRACTITIONER, encoded, provenance

if TYPE_CHECKING:
    from collections.abc import Callable

    from asking import Client, Json

WORKPLACE = {"url": "http://electronichealth.se/fhir/StructureDefinition/NLLWorkplaceName", "valueString": "Sala"}
SEEDED = "0d0a3a52-31f1-4a4e-9d38-6b1f0c6a7e11"


@pytest.fixture
def nll(shared: Callable[[str], Client]) -> Client:
    return shared("nll-2019")


def dose_consent(*, of: str | None = None, **more: Any) -> Json:
    return {
        "resourceType": "Consent",
        "category": [{"coding": [DOSE]}],
        "patient": {"reference": f"Patient/{of or uuid.uuid4()}"},
        "dateTime": "2019-10-02T15:28:59+02:00",
        "provision": {"dataPeriod": {"start": "2019-10-03"}},
        **more,
    }


def register(nll: Client, body: Json, **more: Any) -> Any:
    """POST with the documented provenance, or with `said` in its place."""
    said = more.pop("said", registering())
    return nll.create(body, headers={"X-Provenance": said})


def registering(**more: Any) -> str:
    practitioner = {**PRACTITIONER, "extension": [WORKPLACE]}
    return json.dumps(provenance("REGISTRERA_DOSSAMTYCKE", **{"contained": [practitioner], **more}))


def cancelling(**more: Any) -> str:
    return json.dumps(provenance("AVREGISTRERA_DOSSAMTYCKE", **more))


def cancel(nll: Client, known: Json, *, said: str | None = None, **more: Any) -> Any:
    body = {**known, "provision": {"dataPeriod": {"start": "2019-10-03", "end": "2031-12-02"}}, **more}
    return nll.send("PUT", "/Consent", body=body, headers={"X-Provenance": cancelling() if said is None else said})


def registered(nll: Client, **more: Any) -> Json:
    answer = register(nll, dose_consent(**more))
    assert answer.status_code == 201, answer.text
    return dict(nll.get(f"/Consent/{answer.json()['id']}").json())


def test_a_dose_consent_is_registered_and_cancelled(nll: Client) -> None:
    patient = str(uuid.uuid4())
    known = registered(nll, of=patient)
    assert not {"status", "scope", "policy"} & set(known)
    assert cancel(nll, known).status_code == 200
    after = nll.get(f"/Consent/{known['id']}").json()
    assert after["provision"] == {"dataPeriod": {"start": "2019-10-03", "end": "2031-12-02"}}
    assert nll.found(f"patient={patient}") == nll.found(f"patient._id={patient}") == [known["id"]]


def test_a_patient_is_looked_up(nll: Client) -> None:
    bundle = nll.get("/Patient?identifier=191212121212").json()
    assert [entry["resource"]["id"] for entry in bundle["entry"]] == ["1f9502c7-034f-4b0b-9d73-f091b277ced0"]


def test_what_it_holds_from_the_start_has_the_form_of_the_era(nll: Client) -> None:
    held = nll.get(f"/Consent/{SEEDED}").json()
    assert set(held) == {"resourceType", "id", "meta", "text", "category", "patient", "provision"}
    assert held["provision"] == {"dataPeriod": {"start": "2023-01-10"}}


@pytest.mark.parametrize(
    "more",
    [
        {"dateTime": "2019-10-02T15:28:59"},
        {"dateTime": "2019-10-24"},
        {"status": "active"},
        {"category": [{"coding": [{"code": "consent-dose-disp"}]}]},
        {"provision": {"dataPeriod": {"end": "2031-12-02"}}},
    ],
)
def test_what_a_body_may_say(nll: Client, more: Json) -> None:
    known = registered(nll)
    assert cancel(nll, known, **more).status_code == 200
    read = nll.get(f"/Consent/{known['id']}").json()
    assert {name: read[name] for name in more} == more


@pytest.mark.parametrize(
    "more",
    [
        {"category": [{"coding": [{"code": "consent-other"}]}]},
        {"category": []},
        {"dateTime": "yesterday"},
        {"status": "closed"},
        {"patient": "Patient/1"},
        {"provision": {"dataPeriod": {"start": "2031-12-02", "end": "2031-12-01"}}},
        {"unknown": True},
    ],
)
def test_what_a_body_may_not_say(nll: Client, more: Json) -> None:
    known = registered(nll)
    answer = cancel(nll, known, **more)
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")
    assert nll.get(f"/Consent/{known['id']}").json() == known
    assert register(nll, dose_consent(**more)).status_code == 400


AGENT = provenance()["agent"][0]
BAD_PROVENANCE = {
    "empty": "",
    "nothing in it": "{}",
    "cut off": cancelling()[:-1],
    "base64": encoded(provenance()),
    "a list": "[]",
    "a practitioner": json.dumps(PRACTITIONER),
    "activity of registering": json.dumps(provenance("REGISTRERA_DOSSAMTYCKE")),
    "no activity": json.dumps({**provenance(), "activity": {}}),
    "no agent": cancelling(agent=[]),
    "agent that is no list": cancelling(agent=AGENT),
    "agent without type": cancelling(agent=[{"who": AGENT["who"]}]),
    "agent of another type": cancelling(agent=[{**AGENT, "type": {"coding": [{"code": "author"}]}}]),
    "agent without who": cancelling(agent=[{"type": AGENT["type"]}]),
    "practitioner without name": cancelling(contained=[{**PRACTITIONER, "name": [{}]}]),
    "practitioner without identifier": cancelling(contained=[{**PRACTITIONER, "identifier": []}]),
}


@pytest.mark.parametrize("name", BAD_PROVENANCE)
def test_a_provenance_that_is_not_right_is_refused(nll: Client, name: str) -> None:
    known = registered(nll)
    answer = cancel(nll, known, said=BAD_PROVENANCE[name])
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")
    assert nll.get(f"/Consent/{known['id']}").json() == known


def test_the_practitioner_is_the_person_of_the_token(nll: Client) -> None:
    other = {**PRACTITIONER, "identifier": [{**PRACTITIONER["identifier"][0], "value": "9000035"}]}
    assert cancel(nll, registered(nll), said=cancelling(contained=[other])).status_code == 403


@pytest.mark.parametrize("agents", [[AGENT, {**AGENT, "type": {"coding": [{"code": "author"}]}}], [AGENT]])
def test_an_enterer_may_have_company(nll: Client, agents: list[Json]) -> None:
    assert register(nll, dose_consent(), said=registering(agent=agents)).status_code == 201
    assert register(nll, dose_consent(), said=registering(agent=agents[::-1])).status_code == 201


@pytest.mark.parametrize("said", [None, registering(contained=[PRACTITIONER]), cancelling()])
def test_registering_asks_for_more(nll: Client, said: str | None) -> None:
    patient = str(uuid.uuid4())
    assert register(nll, dose_consent(of=patient), said=said).status_code == 400
    assert nll.found(f"patient={patient}") == []


def test_an_update_has_one_address(nll: Client) -> None:
    known = registered(nll)
    assert nll.send("PUT", f"/Consent/{known['id']}", body=known).status_code == 405
    assert nll.send("DELETE", f"/Consent/{known['id']}").status_code == 405
