"""Each lie is told by the server that is asked to tell it; those about the first requirements are seen here alone."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from asking import ACCESS, DOSE, Client, consent, encoded, provenance

from conformance.reference import FAULTS, ReferenceServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from asking import Json, Start

    from conformance.reference.fault import Fault

TOLD = [(pack, name) for name, fault in FAULTS.items() for pack in fault.packs]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_says_what_it_does(fault: type[Fault]) -> None:
    assert fault.aim in fault.breaks
    assert not fault.breaks & fault.blocks
    assert str(fault.__doc__).endswith(".")
    assert "\n" not in str(fault.__doc__).strip()
    assert len(set(fault.packs)) == len(fault.packs) > 0


@pytest.mark.parametrize(("pack", "name"), TOLD, ids=[f"{pack}-{name}" for pack, name in TOLD])
def test_a_lying_server_starts_and_answers(pack: str, name: str) -> None:
    with ReferenceServer(pack, faults=[name], listen=False) as server:
        token = server.target.get("auth", {}).get("token", "")
        bearer = ("Authorization", f"Bearer {token}")
        status, _, body = server.answer("GET", f"{server.url}/Consent?status=active", [bearer], b"")
    assert 200 <= status <= 500
    assert body or status != 200


def ended(body: Json, end: str = "2031-12-02", **more: Any) -> Json:
    period = {**body.get("provision", {}).get("period", {}), "end": end}
    return {**body, "status": "inactive", "provision": {**body.get("provision", {}), "period": period}, **more}


def period_after(client: Client, end: str) -> Json:
    known = client.created(consent())
    client.update(ended(known, end))
    return dict(client.get(f"/Consent/{known['id']}").json().get("provision", {}).get("period", {}))


def read_after(client: Client, change: Json) -> Json:
    known = client.created(consent(identifier=[{"value": "1"}]))
    client.update({name: value for name, value in {**known, **change}.items() if value is not None})
    return dict(client.get(f"/Consent/{known['id']}").json())


def older(client: Client) -> Any:
    """The answer to a read of a consent that is not the last one stored."""
    id_ = client.create(consent()).json()["id"]
    client.create(consent())
    return client.get(f"/Consent/{id_}")


def proposed(client: Client) -> Json:
    body = consent(kind=ACCESS, status="proposed")
    return {**body, "id": client.create(body).json()["id"]}


def close(client: Client, **headers: str | None) -> int:
    """The status of a close with headers changed; underscores stand for hyphens."""
    known = client.created(consent())
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    return int(client.update(ended(known), headers=changed).status_code)


def patients(client: Client) -> tuple[str, list[str]]:
    """A patient's id with one consent after another patient's, and whose consents a search for it finds."""
    mine = str(uuid.uuid4())
    client.create(consent())
    client.create(consent(of=mine))
    answer = client.get(f"/Consent?patient={mine}").json()
    return mine, [entry["resource"]["patient"]["reference"] for entry in answer.get("entry", [])]


def nothing(client: Client) -> Any:
    return client.get(f"/Consent?patient={uuid.uuid4()}")


def status_of_two(client: Client) -> tuple[str, str]:
    """The status of the older and the newer consent of one patient after the older was closed."""
    patient = str(uuid.uuid4())
    one, other = client.created(consent(of=patient)), client.created(consent(of=patient))
    client.update(ended(one))
    return tuple(client.get(f"/Consent/{body['id']}").json()["status"] for body in (one, other))  # type: ignore[return-value]


def unknown_update(client: Client) -> tuple[int, int]:
    """The status of an update of an unknown id, and of a read of it afterwards."""
    body = ended(consent(id=str(uuid.uuid4())))
    return client.update(body).status_code, client.get(f"/Consent/{body['id']}").status_code


def searched_after(client: Client) -> str:
    patient = str(uuid.uuid4())
    client.update(ended(client.created(consent(of=patient))))
    return str(client.get(f"/Consent?patient={patient}").json()["entry"][0]["resource"]["status"])


def closed_twice(client: Client) -> tuple[int, str]:
    known = client.created(consent())
    client.update(ended(known))
    return client.update(ended(known)).status_code, client.get(f"/Consent/{known['id']}").json()["status"]


def refused_with(client: Client, authorization: str | None) -> bool:
    """Whether a close with that authorization left the consent, version and all, as it was."""
    known = client.created(consent())
    client.update(ended(known), headers={"Authorization": authorization})
    return client.get(f"/Consent/{known['id']}").json() == known


def wrong_id(client: Client) -> bool:
    id_ = client.create(consent()).json()["id"]
    client.create(consent())
    return client.get(f"/Consent/{id_}").json()["id"] != id_


def reopened(client: Client) -> str:
    known = client.created(consent(status="inactive"))
    client.update({**known, "status": "active"})
    return str(client.get(f"/Consent/{known['id']}").json()["status"])


def nested(client: Client) -> Json:
    return dict(client.created(consent(provision={"type": "deny", "provision": [{"type": "permit"}]}))["provision"])


def acted(client: Client) -> Json:
    actor = {"role": {"text": "reader"}, "reference": {"reference": "Practitioner/1"}}
    return dict(client.created(consent(provision={"type": "permit", "actor": [actor]}))["provision"])


CLAIMS = '{"FORSKRIVARKOD":"9000027","YRKESKOD":["LK"]}'
NOBODY = {"Authorization": None}
SEEN: dict[str, Callable[[Client], bool]] = {
    "access-consent-is-taken-as-active": lambda c: c.create(consent(kind=ACCESS)).status_code == 201,
    "access-consent-starts-active": lambda c: c.get(f"/Consent/{proposed(c)['id']}").json()["status"] == "active",
    "basic-scheme-is-accepted": lambda c: close(c, Authorization="Basic x") == 200,
    "broken-base64-is-skipped": lambda c: close(c, x_provenance="%%%") == 200,
    "close-at-type-address-redirects": lambda c: close(c) == 307,
    "close-at-type-address-refused": lambda c: close(c) == 405,
    "close-closes-the-others-too": lambda c: status_of_two(c) == ("inactive", "inactive"),
    "close-demands-blank-headers": lambda c: close(c) == 400,
    "close-forgets-period-end": lambda c: "end" not in period_after(c, "2031-12-02"),
    "close-keeps-the-identifier": lambda c: "identifier" in read_after(c, {"identifier": None}),
    "close-merges-into-stored": lambda c: "identifier" in read_after(c, {"identifier": None}),
    "close-of-dose-crashes": lambda c: close(c) == 500,
    "close-of-proposed-crashes": lambda c: c.update(ended(proposed(c))).status_code == 500,
    "close-of-unknown-id-crashes": lambda c: unknown_update(c) == (500, 404),
    "close-refuses-but-stores": lambda c: unknown_update(c) in {(404, 200), (405, 200)},
    "close-refuses-documented-user-agent": lambda c: (
        close(c, x_user_agent=encoded({"name": "Test application", "version": "0.01010101010.1 beta"})) == 400
    ),
    "close-refuses-dose-consents": lambda c: close(c) == 422,
    "close-refuses-proposed": lambda c: c.update(ended(proposed(c))).status_code == 422,
    "close-selects-by-patient": lambda c: status_of_two(c) == ("active", "inactive"),
    "close-sets-end-to-now": lambda c: period_after(c, "2031-12-02")["end"] != "2031-12-02",
    "close-swallows-unknown-id": lambda c: unknown_update(c) == (200, 404),
    "close-turns-proposed-active": lambda c: (
        (
            known := proposed(c),
            c.update(ended(known)),
            c.get(f"/Consent/{known['id']}").json()["status"],
        )[2]
        == "active"
    ),
    "close-upserts-unknown-id": lambda c: unknown_update(c) == (201, 200),
    "close-without-provenance-header-is-done": lambda c: close(c, x_provenance=None) == 200,
    "close-without-token-is-done": lambda c: close(c, Authorization=None) == 200,
    "closing-at-a-time-drops-start": lambda c: "start" not in period_after(c, "2031-12-02T10:00:00Z"),
    "closing-at-a-time-moves-start": lambda c: "T" in period_after(c, "2031-12-02T10:00:00Z")["start"],
    "closing-moves-start": lambda c: period_after(c, "2031-12-02")["start"] != "2023-01-10",
    "create-answers-accepted": lambda c: c.create(consent()).status_code == 202,
    "create-answers-ok": lambda c: c.create(consent()).status_code == 200,
    "create-location-is-the-collection": lambda c: c.create(consent()).headers["Location"].endswith("/Consent"),
    "create-loses-the-category-system": lambda c: (
        c.create(consent()).json()["category"] == [{"coding": [{"code": DOSE["code"]}]}]
    ),
    "create-sends-content-location": lambda c: "Location" not in c.create(consent()).headers,
    "create-sends-no-location": lambda c: "Location" not in c.create(consent()).headers,
    "create-without-provenance-header-is-done": lambda c: (
        c.create(consent(), headers={"x-provenance": None}).status_code == 201
    ),
    "create-without-token-is-done": lambda c: c.create(consent(), headers=NOBODY).status_code == 201,
    "date-only-end-becomes-midnight": lambda c: period_after(c, "2031-12-02")["end"] == "2031-12-02T00:00:00Z",
    "decoded-claims-are-accepted": lambda c: close(c, Authorization=CLAIMS) == 200,
    "end-in-a-year-becomes-its-last-month": lambda c: period_after(c, "2031")["end"] == "2031-12",
    "end-loses-its-offset": lambda c: period_after(c, "2031-12-02T10:00:00+02:00")["end"] == "2031-12-02T10:00:00Z",
    "end-with-a-time-is-forgotten": lambda c: "end" not in period_after(c, "2031-12-02T10:00:00Z"),
    "fetch-unknown-answers-empty-bundle": lambda c: c.get(f"/Consent/{uuid.uuid4()}").status_code == 200,
    "fetch-unknown-crashes": lambda c: c.get(f"/Consent/{uuid.uuid4()}").status_code == 500,
    "fetch-without-token-is-done": lambda c: (
        c.get(f"/Consent/{c.created(consent())['id']}", headers=NOBODY).status_code == 200
    ),
    "no-match-counts-one": lambda c: nothing(c).json()["total"] == 1,
    "no-match-is-no-content": lambda c: nothing(c).status_code == 204,
    "no-match-is-not-found": lambda c: nothing(c).status_code == 404,
    "partial-end-is-spelled-out": lambda c: period_after(c, "2031-11")["end"] == "2031-11-30",
    "patient-search-adds-another": lambda c: len(patients(c)[1]) == 2,
    "patient-search-finds-nothing": lambda c: patients(c)[1] == [],
    "provenance-outside-latin-one-is-refused": lambda c: (
        close(c, x_provenance=encoded({**provenance(), "language": "漢"})) == 400
    ),
    "provenance-type-not-looked-at": lambda c: (
        close(c, x_provenance=encoded({**provenance(), "resourceType": "Practitioner"})) == 200
    ),
    "read-answers-accepted": lambda c: older(c).status_code == 202,
    "read-answers-another-type": lambda c: older(c).json()["resourceType"] == "Basic",
    "read-body-id-in-upper-case": lambda c: older(c).json().get("id", "").isupper(),
    "read-is-one-version-behind": lambda c: read_after(c, {"status": "inactive"})["status"] == "active",
    "read-leaves-out-the-id": lambda c: "id" not in older(c).json(),
    "read-returns-another-consent": wrong_id,
    "read-wraps-in-bundle": lambda c: older(c).json()["resourceType"] == "Bundle",
    "refusal-is-plain-text": lambda c: c.get("/Consent/none").headers["Content-Type"].startswith("text/plain"),
    "refusal-returns-the-resource": lambda c: (
        c.update({**c.created(consent()), "status": "nope"}).json()["resourceType"] == "Consent"
    ),
    "request-id-not-on-search": lambda c: "X-Request-ID" not in nothing(c).headers,
    "request-id-only-on-success": lambda c: "X-Request-ID" not in c.get("/Consent/none").headers,
    "search-answers-collection": lambda c: c.get("/Consent?status=active").json()["type"] == "collection",
    "search-bundle-has-no-type": lambda c: "type" not in c.get("/Consent?status=active").json(),
    "search-ignores-patient": lambda c: len(patients(c)[1]) > 1,
    "search-shows-old-content": lambda c: searched_after(c) == "active",
    "search-without-token-is-done": lambda c: c.get("/Consent?patient=1", headers=NOBODY).status_code == 200,
    "second-close-crashes": lambda c: closed_twice(c) == (500, "inactive"),
    "second-close-reopens": lambda c: closed_twice(c) == (409, "active"),
    "token-is-not-verified": lambda c: close(c, Authorization="Bearer not-a-token") == 200,
    "unauthorised-write-advances-the-version": lambda c: not refused_with(c, "Bearer not-a-token"),
    "unauthorised-write-answers-refusal-but-stores": lambda c: not refused_with(c, "Bearer not-a-token"),
    "unknown-id-is-gone": lambda c: c.get(f"/Consent/{uuid.uuid4()}").status_code == 410,
    "unknown-id-reads-as-empty": lambda c: c.get(f"/Consent/{uuid.uuid4()}").status_code == 200,
    "unknown-id-update-says-created-but-lost": lambda c: unknown_update(c) == (201, 404),
    "update-acknowledged-but-lost": lambda c: read_after(c, {"status": "inactive"})["status"] == "active",
    "update-answers-created": lambda c: close(c) == 201,
    "update-answers-no-content": lambda c: close(c) == 204,
    "update-cannot-reopen": lambda c: reopened(c) == "inactive",
    "update-keeps-old-status": lambda c: read_after(c, {"status": "inactive"})["status"] == "active",
    "write-forgets-nested-provisions": lambda c: "provision" not in nested(c),
    "write-forgets-the-actors": lambda c: "actor" not in acted(c),
    "write-replaces-the-actor-by-the-patient": lambda c: acted(c)["actor"][0]["reference"]["reference"].startswith(
        "Patient/"
    ),
    "write-turns-permit-into-deny": lambda c: nested(c)["provision"][0]["type"] == "deny",
}


@pytest.mark.parametrize("name", SEEN)
def test_the_lie_is_told_on_request_alone(start: Start, shared: Callable[[str], Client], name: str) -> None:
    home = FAULTS[name].packs[0]
    assert SEEN[name](start(home, faults=[name]))
    assert not SEEN[name](shared(home))
