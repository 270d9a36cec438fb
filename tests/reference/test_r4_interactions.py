"""The personality r4: what each interaction answers."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest
from asking import Clock, consent

if TYPE_CHECKING:
    from asking import Client, Start


def test_create_read_update_delete(r4: Client) -> None:
    created = r4.create(consent())
    id_ = created.json()["id"]
    assert created.status_code == 201
    assert created.headers["Location"] == f"{r4.server.url}/Consent/{id_}/_history/1"
    assert created.headers["ETag"] == 'W/"1"'

    read = r4.get(f"/Consent/{id_}")
    assert (read.status_code, read.json()) == (200, created.json())
    assert read.headers["Content-Type"].startswith("application/fhir+json")

    closed = {**read.json(), "status": "inactive"}
    updated = r4.update(closed)
    assert (updated.status_code, updated.json()["status"]) == (200, "inactive")
    assert updated.json()["meta"]["versionId"] == "2"

    assert r4.send("DELETE", f"/Consent/{id_}").status_code == 204
    assert r4.get(f"/Consent/{id_}").status_code == 410
    assert r4.send("DELETE", f"/Consent/{id_}").status_code == 204
    assert r4.update(closed).status_code == 405
    assert r4.found(f"_id={id_}") == []


def test_the_servers_own_id_and_meta(r4: Client) -> None:
    own = {"versionId": "client", "lastUpdated": "2001-01-01T00:00:00Z", "tag": [{"code": "kept"}]}
    sent = consent(id="mine", meta=own)
    read = r4.created(sent)
    assert read["id"] != "mine"
    assert read["meta"]["versionId"] == "1"
    assert read["meta"]["lastUpdated"] > "2020"
    assert read["meta"]["tag"] == [{"code": "kept"}]


def test_content_comes_back_as_sent(r4: Client) -> None:
    sent = consent(identifier=[{"value": "1"}, {"value": "2"}])
    sent["patient"]["display"] = "Å. Läkare 漢"
    read = r4.created(sent)
    assert {name: value for name, value in read.items() if name not in {"id", "meta"}} == sent


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_unknown_id_is_not_found(r4: Client, method: str) -> None:
    for id_ in (str(uuid.uuid4()), "a" * 65, "under_score", "%20", "_x"):
        assert r4.send(method, f"/Consent/{id_}").status_code == 404


def test_head_is_get_without_a_body(r4: Client) -> None:
    id_ = r4.created(consent())["id"]
    got, headed = r4.get(f"/Consent/{id_}"), r4.send("HEAD", f"/Consent/{id_}")
    assert headed.content == b""
    same = ("ETag", "Content-Type", "Content-Length", "Last-Modified")
    assert [headed.headers[name] for name in same] == [got.headers[name] for name in same]


def test_ids_have_a_case(r4: Client) -> None:
    id_ = r4.created(consent())["id"]
    assert r4.get(f"/Consent/{id_.swapcase()}").status_code == (404 if id_.swapcase() != id_ else 200)


def test_a_conditional_read_answers_304_for_the_same_version_only(r4: Client) -> None:
    id_ = r4.created(consent())["id"]
    same = r4.get(f"/Consent/{id_}", headers={"If-None-Match": 'W/"1"'})
    other = r4.get(f"/Consent/{id_}", headers={"If-None-Match": 'W/"7"'})
    assert (same.status_code, same.content) == (304, b"")
    assert (other.status_code, other.json()["id"]) == (200, id_)


def test_a_stale_if_match_is_refused_and_changes_nothing(r4: Client) -> None:
    first = r4.created(consent())
    assert r4.update({**first, "status": "inactive"}, headers={"If-Match": 'W/"1"'}).status_code == 200
    assert r4.update({**first, "status": "rejected"}, headers={"If-Match": 'W/"1"'}).status_code == 412
    assert r4.get(f"/Consent/{first['id']}").json()["status"] == "inactive"


def test_an_update_agrees_with_its_address(r4: Client) -> None:
    one, other = r4.created(consent()), r4.created(consent())
    without = {name: value for name, value in one.items() if name != "id"}
    for body in (other, without):
        assert r4.send("PUT", f"/Consent/{one['id']}", body=body).status_code == 400
    assert r4.get(f"/Consent/{one['id']}").json() == one


def test_an_update_of_an_unknown_id_is_refused_and_creates_nothing(r4: Client) -> None:
    body = consent(id=str(uuid.uuid4()))
    assert r4.update(body).status_code == 405
    assert r4.get(f"/Consent/{body['id']}").status_code == 404


def test_an_update_replaces_the_whole_consent(r4: Client) -> None:
    first = r4.created(consent(identifier=[{"value": "1"}], organization=[{"reference": "Organization/1"}]))
    shorter = {name: value for name, value in first.items() if name not in {"identifier", "organization"}}
    r4.update(shorter)
    assert not {"identifier", "organization"} & set(r4.get(f"/Consent/{first['id']}").json())


def test_versions_and_history(r4: Client) -> None:
    first = r4.created(consent())
    path = f"/Consent/{first['id']}/_history"
    r4.update({**first, "status": "inactive"})
    r4.send("DELETE", f"/Consent/{first['id']}")

    assert [r4.get(f"{path}/{version}").status_code for version in ("1", "2", "3", "4", "x")] == [
        200, 200, 410, 404, 404,
    ]  # fmt: skip
    assert r4.get(f"{path}/1").json() == first
    history = r4.get(path).json()
    assert history["type"] == "history"
    assert [entry["request"]["method"] for entry in history["entry"]] == ["DELETE", "PUT", "POST"]
    assert [entry["response"]["status"] for entry in history["entry"]] == ["204", "200", "201"]
    assert [entry.get("resource", {}).get("status") for entry in history["entry"]] == [None, "inactive", "active"]
    assert r4.get(f"/Consent/{uuid.uuid4()}/_history").status_code == 404


@pytest.mark.parametrize(
    ("prefer", "kind"),
    [
        ("return=minimal", None),
        ("return=representation", "Consent"),
        ("return=OperationOutcome", "OperationOutcome"),
        ("return = OperationOutcome", "OperationOutcome"),
        ("handling=strict; return=minimal", None),
        ("return=nonsense", "Consent"),
        ("", "Consent"),
    ],
)
def test_prefer_says_what_a_write_answers(r4: Client, prefer: str, kind: str | None) -> None:
    answer = r4.create(consent(), headers={"Prefer": prefer})
    assert answer.status_code == 201
    assert (answer.json()["resourceType"] if answer.content else None) == kind
    if kind == "OperationOutcome":
        assert {issue["severity"] for issue in answer.json()["issue"]} == {"information"}


@pytest.mark.parametrize(
    ("accept", "format_", "status"),
    [
        ("application/fhir+json", "", 200),
        ("application/json", "", 200),
        ("*/*", "", 200),
        ("text/html, application/fhir+json;q=0.5", "", 200),
        ("application/fhir+json;fhirVersion=4.0", "", 200),
        ("text/csv", "", 406),
        ("application/fhir+xml", "", 406),
        ("application/fhir+json;q=0", "", 406),
        ("text/html", "json", 200),
        ("text/html", "application/fhir%2Bjson", 200),
        ("application/fhir+json", "xml", 406),
    ],
)
def test_negotiation(r4: Client, accept: str, format_: str, status: int) -> None:
    id_ = r4.created(consent())["id"]
    query = f"?_format={format_}" if format_ else ""
    answer = r4.get(f"/Consent/{id_}{query}", headers={"Accept": accept})
    assert answer.status_code == status
    assert answer.json()["resourceType"] == ("Consent" if status == 200 else "OperationOutcome")


@pytest.mark.parametrize(
    ("label", "status"),
    [
        ("application/fhir+json", 201),
        ("application/json; charset=utf-8", 201),
        (None, 201),
        ("text/csv", 415),
        ("application/fhir+xml", 415),
    ],
)
def test_the_label_of_a_body(r4: Client, label: str | None, status: int) -> None:
    assert r4.create(consent(), headers={"Content-Type": label}).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("PATCH", "/Consent/1", 405, "GET, HEAD, PUT, DELETE"),
        ("PUT", "/Consent", 405, "GET, HEAD, POST"),
        ("DELETE", "/Patient/1", 405, "GET, HEAD"),
        ("GET", "/Consent/_search", 405, "POST"),
        ("GET", "/Medication", 404, None),
        ("GET", "/Consent/1/2", 404, None),
        ("GET", "", 404, None),
    ],
)
def test_what_is_not_offered(r4: Client, method: str, path: str, status: int, allowed: str | None) -> None:
    answer = r4.send(method, path)
    assert (answer.status_code, answer.headers.get("Allow")) == (status, allowed)
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_outside_the_base_there_is_nothing(r4: Client) -> None:
    root = r4.server.url.removesuffix("/fhir")
    for path in ("/", "/fhirx/Consent", "/Consent"):
        assert r4.session.get(root + path, timeout=10).status_code == 404


def test_people_are_created_read_and_found(r4: Client) -> None:
    identifier = {"system": "http://example.org/people", "value": str(uuid.uuid4())}
    for kind in ("Patient", "RelatedPerson", "Practitioner", "Organization"):
        body = {"resourceType": kind, "identifier": [identifier]}
        if kind == "RelatedPerson":
            body["patient"] = {"reference": "Patient/1"}
        created = r4.create(body)
        assert created.status_code == 201, created.text
        assert r4.get(f"/{kind}/{created.json()['id']}").json() == created.json()
        found = r4.get(f"/{kind}?identifier={identifier['system']}%7C{identifier['value']}").json()
        assert [entry["resource"]["id"] for entry in found["entry"]] == [created.json()["id"]]


def test_the_statement_tells_what_is_offered(r4: Client) -> None:
    answer = r4.get("/metadata", headers={"Authorization": None})
    statement = answer.json()
    assert (answer.status_code, statement["fhirVersion"]) == (200, "4.0.1")
    offered = next(resource for resource in statement["rest"][0]["resource"] if resource["type"] == "Consent")
    codes = {interaction["code"] for interaction in offered["interaction"]}
    assert codes == {"read", "vread", "history-instance", "create", "update", "delete", "search-type"}
    names = {parameter["name"] for parameter in offered["searchParam"]}
    assert names >= {"_id", "actor", "category", "date", "patient", "period", "purpose", "source-reference", "status"}
    assert {"Consent:patient", "Consent:actor", "*"} <= set(offered["searchInclude"])


def test_the_clock_is_the_servers(start: Start) -> None:
    clock = Clock(datetime(2031, 5, 6, 7, 8, 9, 123456, tzinfo=UTC))
    client = start("r4", clock=clock)
    first = client.create(consent())
    assert parsedate_to_datetime(first.headers["Date"]) == clock.now.replace(microsecond=0)
    assert first.json()["meta"]["lastUpdated"] == "2031-05-06T07:08:09.123Z"
    assert parsedate_to_datetime(first.headers["Last-Modified"]) == clock.now.replace(microsecond=0)

    clock.now += timedelta(days=3651)
    assert client.get("/Consent/" + first.json()["id"]).status_code == 401


def test_answers_have_a_date_no_server_and_the_request_id(r4: Client) -> None:
    for path in ("/metadata", "/Consent/none", "/Consent?patient=1"):
        answer = r4.get(path, headers={"X-Request-Id": "r-1"})
        assert answer.headers["X-Request-Id"] == "r-1"
        assert parsedate_to_datetime(answer.headers["Date"])
        assert "no-store" in answer.headers["Cache-Control"]
        assert "Server" not in answer.headers
    assert "X-Request-Id" not in r4.get("/metadata").headers
