"""The personality r4: what each search parameter selects, and the Bundle that shows it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from asking import coded, consent

if TYPE_CHECKING:
    from collections.abc import Callable

    from asking import Client

SYSTEM = "http://example.org/codes"
DEEP = {"provision": {"period": {"start": "2031-01-01"}}}


@dataclass(frozen=True)
class Pair:
    """Two consents of one patient that differ in one element."""

    client: Client
    patient: str
    one: str
    other: str

    def finds(self, query: str) -> set[str]:
        found = self.client.found(f"patient={self.patient}&{query}")
        return {name for name, id_ in (("one", self.one), ("other", self.other)) if id_ in found}


def pair(client: Client, one: dict[str, Any], other: dict[str, Any]) -> Pair:
    patient = str(uuid.uuid4())
    ids = [client.created(consent(of=patient, **more))["id"] for more in (one, other)]
    return Pair(client, patient, *ids)


def reference(to: str) -> dict[str, str]:
    return {"reference": to}


def actor(to: str) -> dict[str, Any]:
    return {"role": {"coding": [coded("IRCP")]}, "reference": reference(to)}


TOKENS: dict[str, Callable[[str], dict[str, Any]]] = {
    "action": lambda code: {"provision": {"action": [{"coding": [coded(code)]}]}},
    "category": lambda code: {"category": [{"coding": [coded("first")]}, {"coding": [coded("x"), coded(code)]}]},
    "identifier": lambda code: {"identifier": [{"system": SYSTEM, "value": code}]},
    "purpose": lambda code: {"provision": {"purpose": [coded(code)]}},
    "scope": lambda code: {"scope": {"coding": [coded(code)]}},
    "security-label": lambda code: {"provision": {"securityLabel": [coded(code)]}},
}
REFERENCES: dict[str, tuple[str, Callable[[str], dict[str, Any]]]] = {
    "actor": ("Practitioner", lambda to: {"provision": {"actor": [actor("Organization/x"), actor(to)]}}),
    "consentor": ("RelatedPerson", lambda to: {"performer": [reference(to)]}),
    "data": (
        "MedicationRequest",
        lambda to: {"provision": {"data": [{"meaning": "instance", "reference": reference(to)}]}},
    ),
    "organization": ("Organization", lambda to: {"organization": [reference(to)]}),
    "source-reference": ("DocumentReference", lambda to: {"sourceReference": reference(to)}),
}


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_parameter_selects(r4: Client, name: str) -> None:
    both = pair(r4, TOKENS[name]("a"), TOKENS[name]("b"))
    assert both.finds(f"{name}=a") == {"one"}
    assert both.finds(f"{name}={SYSTEM}|a") == {"one"}
    assert both.finds(f"{name}={SYSTEM}%7Cb") == {"other"}
    assert both.finds(f"{name}={SYSTEM}|") == {"one", "other"}
    assert both.finds(f"{name}=|a") == set()
    assert both.finds(f"{name}=urn:other|a") == set()
    assert both.finds(f"{name}=a,b") == {"one", "other"}
    assert both.finds(f"{name}=a&{name}=b") == set()
    assert both.finds(f"{name}:not=a") == {"other"}
    assert both.finds(f"{name}:missing=false") == {"one", "other"}


@pytest.mark.parametrize("name", REFERENCES)
def test_a_reference_parameter_selects(r4: Client, name: str) -> None:
    kind, element = REFERENCES[name]
    both = pair(r4, element(f"{kind}/a"), element(f"{kind}/b"))
    assert both.finds(f"{name}=a") == {"one"}
    assert both.finds(f"{name}={kind}/a") == {"one"}
    assert both.finds(f"{name}={kind}%2Fb") == {"other"}
    assert both.finds(f"{name}={quote(r4.server.url, safe='')}%2F{kind}%2Fa") == {"one"}
    assert both.finds(f"{name}:{kind}=a") == {"one"}
    assert both.finds(f"{name}=Medication/a") == set()
    assert both.finds(f"{name}=a,b") == {"one", "other"}
    assert both.finds(f"{name}:missing=true") == set()


def test_status_selects(r4: Client) -> None:
    both = pair(r4, {"status": "active"}, {"status": "inactive"})
    assert both.finds("status=active") == {"one"}
    assert both.finds("status=inactive") == {"other"}
    assert both.finds("status=http://hl7.org/fhir/consent-state-codes|active") == {"one"}
    assert both.finds("status=rejected") == set()
    assert both.finds("status:not=active") == {"other"}


def test_patient_selects_in_every_form(r4: Client) -> None:
    both = pair(r4, {}, {"patient": reference("Patient/2")})
    for form in (both.patient, f"Patient/{both.patient}", f"{r4.server.url}/Patient/{both.patient}"):
        assert r4.found(f"patient={form}") == [both.one]
    assert r4.found(f"patient:Patient={both.patient}") == [both.one]
    assert r4.found(f"patient=Organization/{both.patient}") == []
    assert r4.found(f"patient={both.patient[:-1]}") == []


def test_id_and_last_updated_select(r4: Client) -> None:
    both = pair(r4, {}, {})
    assert both.finds(f"_id={both.one}") == {"one"}
    assert both.finds(f"_id={both.one[:8]}") == set()
    assert both.finds(f"_id={both.one},{both.other}") == {"one", "other"}
    assert both.finds("_lastUpdated=gt2020-01-01") == {"one", "other"}
    assert both.finds("_lastUpdated=lt2020-01-01") == set()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("date=2031-06-10", {"one"}),
        ("date=2031-06", {"one", "other"}),
        ("date=ge2031-06-11", {"other"}),
        ("date=lt2031-06-11", {"one"}),
        ("date=ne2031-06-10", {"other"}),
        ("date=2031-06-11T08:00:00Z", {"other"}),
        ("date=2031-06-11T10:00:00%2B02:00", {"other"}),
        ("date:missing=true", set()),
    ],
)
def test_date_selects_by_date_time(r4: Client, query: str, found: set[str]) -> None:
    both = pair(r4, {"dateTime": "2031-06-10"}, {"dateTime": "2031-06-11T08:00:00Z"})
    assert both.finds(query) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("period=2031", {"one"}),
        ("period=eq2031", {"one"}),
        ("period=ne2031", {"other"}),
        ("period=gt2999", {"other"}),
        ("period=ge2999", {"other"}),
        ("period=eb2999", {"one"}),
        ("period=sa2030", {"one"}),
        ("period=gt2031-11-30T09:59:00Z", {"one", "other"}),
        ("period=gt2031-12-01T12:00:01Z", {"other"}),
    ],
)
def test_period_selects_by_the_root_provision(r4: Client, query: str, found: set[str]) -> None:
    closed = {"provision": {"period": {"start": "2031-02-01", "end": "2031-11-30"}}}
    open_ = {"provision": {"period": {"start": "2029-02-01"}}}
    assert pair(r4, closed, open_).finds(query) == found


def test_period_looks_at_nothing_else(r4: Client) -> None:
    elsewhere = {"dateTime": "2031-06-01", "provision": {"dataPeriod": {"start": "2031-01-01", "end": "2031-12-31"}}}
    assert pair(r4, elsewhere, {}).finds("period=ge1900") == {"other"}


def test_a_chain_asks_the_resource_that_is_referred_to(r4: Client) -> None:
    identifier = {"system": SYSTEM, "value": str(uuid.uuid4())}
    person = r4.create({"resourceType": "Patient", "identifier": [identifier]}).json()["id"]
    doctor = r4.create({"resourceType": "Practitioner", "identifier": [identifier]}).json()["id"]
    mine = r4.created(consent(of=person))["id"]
    acted = r4.created(consent(provision={"actor": [actor(f"Practitioner/{doctor}")]}))["id"]
    asked = f"{identifier['system']}%7C{identifier['value']}"
    assert r4.found(f"patient.identifier={asked}") == [mine]
    assert r4.found(f"patient:Patient.identifier={asked}") == [mine]
    assert r4.found(f"actor.identifier={asked}") == [acted]
    assert r4.found(f"actor:Practitioner.identifier={asked}") == [acted]
    assert r4.found(f"actor:Organization.identifier={asked}") == []
    assert r4.found(f"patient._id={person}") == [mine]
    assert r4.found("patient.identifier=nobody") == []


@pytest.mark.parametrize(
    "query",
    [
        "date=23%20May%202009",
        "date=2019-02-30",
        "date=2031-06-10T08Z",
        "period=xx2031",
        "patient:nosuchmodifier=1",
        "status:text=active",
        "patient:missing=perhaps",
        "patient=Patient/",
        "_count=many",
    ],
)
def test_what_makes_no_sense_is_refused(r4: Client, query: str) -> None:
    answer = r4.get(f"/Consent?{query}")
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")


def test_an_unknown_parameter_is_ignored_unless_strictness_is_preferred(r4: Client) -> None:
    both = pair(r4, {}, {})
    query = f"patient={both.patient}&nosuchparameter=x&category="
    assert r4.found(query) == [both.one, both.other]
    assert r4.found(query, headers={"Prefer": "handling=lenient"}) == [both.one, both.other]
    assert r4.get(f"/Consent?{query}", headers={"Prefer": "handling=strict"}).status_code == 400
    self_link = r4.get(f"/Consent?{query}").json()["link"][0]
    assert self_link["relation"] == "self"
    assert parse_qs(urlsplit(self_link["url"]).query) == {"patient": [both.patient]}


def test_a_form_is_as_good_as_a_query(r4: Client) -> None:
    both = pair(r4, {"status": "active"}, {"status": "inactive"})
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = r4.send("POST", "/Consent/_search", body=f"patient={both.patient}&status=inactive", headers=form)
    assert [entry["resource"]["id"] for entry in answer.json()["entry"]] == [both.other]
    assert r4.send("POST", "/Consent/_search", body="{}").status_code == 415


def test_pages_show_every_match_once(r4: Client) -> None:
    patient = str(uuid.uuid4())
    ids = [r4.created(consent(of=patient))["id"] for _ in range(5)]
    url, seen = f"/Consent?patient={patient}&_count=2", []
    for _ in range(10):
        page = r4.get(url).json()
        assert page["total"] == 5
        seen.append([entry["resource"]["id"] for entry in page["entry"]])
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        if not following:
            break
        url = following[0].removeprefix(r4.server.url)
    assert seen == [ids[:2], ids[2:4], ids[4:]]


def test_a_count_of_zero_only_counts(r4: Client) -> None:
    both = pair(r4, {}, {})
    bundle = r4.get(f"/Consent?patient={both.patient}&_count=0").json()
    assert (bundle["total"], bundle.get("entry"), len(bundle["link"])) == (2, None, 1)


def test_includes_add_what_matches_refer_to(r4: Client) -> None:
    person = r4.create({"resourceType": "Patient"}).json()["id"]
    doctor = r4.create({"resourceType": "Practitioner"}).json()["id"]
    acting = {"actor": [actor(f"Practitioner/{doctor}"), actor("Practitioner/elsewhere")]}
    for _ in range(2):
        r4.created(consent(of=person, provision=acting))

    def included(query: str) -> list[str]:
        bundle = r4.get(f"/Consent?patient={person}&{query}").json()
        assert bundle["total"] == 2
        return [
            f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
            for entry in bundle["entry"]
            if entry["search"]["mode"] == "include"
        ]

    assert included("_count=9") == []
    assert included("_include=Consent:patient") == [f"Patient/{person}"]
    assert included("_include=Consent%3Aactor") == [f"Practitioner/{doctor}"]
    assert included("_include=Consent:patient&_include=Consent:actor") == [
        f"Patient/{person}",
        f"Practitioner/{doctor}",
    ]
    assert set(included("_include=*")) == {f"Patient/{person}", f"Practitioner/{doctor}"}
    assert included("_include=Consent:actor:Organization") == []
    assert included("_include=Consent:nosuchpath") == []
    assert included("_include=Consent:patient&_count=1") == [f"Patient/{person}"]


def test_entries_say_where_and_why(r4: Client) -> None:
    both = pair(r4, {}, {})
    r4.update({**r4.get(f"/Consent/{both.one}").json(), "status": "inactive"})
    bundle = r4.get(f"/Consent?patient={both.patient}").json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
    assert [entry["fullUrl"] for entry in bundle["entry"]] == [
        f"{r4.server.url}/Consent/{id_}" for id_ in (both.one, both.other)
    ]
    assert bundle["entry"][0]["resource"]["status"] == "inactive"
    assert {tuple(sorted(entry)) for entry in bundle["entry"]} == {("fullUrl", "resource", "search")}


def test_no_match_is_an_empty_searchset(r4: Client) -> None:
    bundle = r4.get(f"/Consent?patient={uuid.uuid4()}").json()
    assert (bundle["type"], bundle["total"], "entry" in bundle) == ("searchset", 0, False)


@pytest.mark.parametrize(
    "query", ["patient=" + "x" * 4000, "patient=%00", "patient=%FF", "period=9999-12-31", "_after=x"]
)
def test_odd_queries_do_not_crash(r4: Client, query: str) -> None:
    assert r4.get(f"/Consent?{query}").status_code in {200, 400}
