"""Who is let in, on both personalities."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import jwt
import pytest
from asking import Client, consent

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.reference.server import ReferenceServer


@pytest.fixture(params=["r4", "nll-2023"])
def client(request: pytest.FixtureRequest, shared: Callable[[str], Client]) -> Client:
    return shared(request.param)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def altered(token: str) -> str:
    signature = token.rpartition(".")[2]
    middle = "A" if signature[10] != "A" else "B"
    return token.rpartition(".")[0] + "." + signature[:10] + middle + signature[11:]


def unauthorised(client: Client) -> dict[str, dict[str, str | None]]:
    valid = client.target["auth"]["token"]
    claims = jwt.decode(valid, options={"verify_signature": False})
    return {
        "absent": {"Authorization": None},
        "empty": {"Authorization": ""},
        "no token": {"Authorization": "Bearer "},
        "a word": bearer("not-a-token"),
        "no scheme": {"Authorization": valid},
        "another scheme": {"Authorization": "Basic dXNlcjpwYXNz"},
        "plain claims": {"Authorization": json.dumps(claims)},
        "altered": bearer(altered(valid)),
        "unsigned": bearer(jwt.encode(claims, None, algorithm="none")),
        "signed by another": bearer(jwt.encode(claims, "s" * 32)),
        "expired": bearer(client.token("expired")),
    }


@pytest.mark.parametrize("name", [
    "absent", "empty", "no token", "a word", "no scheme", "another scheme", "plain claims", "altered", "unsigned",
    "signed by another", "expired",
])  # fmt: skip
def test_without_a_good_token_nothing_is_shown_or_done(client: Client, name: str) -> None:
    patient = str(uuid.uuid4())
    known = client.created(consent(of=patient))
    headers = unauthorised(client)[name]
    answers = [
        client.get(f"/Consent/{known['id']}", headers=headers),
        client.get(f"/Consent?patient={patient}", headers=headers),
        client.update({**known, "status": "inactive"}, headers=headers),
        client.create(consent(of=patient), headers=headers),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["resourceType"]) == (401, "OperationOutcome")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert patient not in answer.text
    assert client.get(f"/Consent/{known['id']}").json() == known
    assert client.found(f"patient={patient}") == [known["id"]]


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer"])
def test_the_scheme_has_no_case(client: Client, scheme: str) -> None:
    valid = client.target["auth"]["token"]
    assert client.get("/Consent?patient=1", headers={"Authorization": f"{scheme} {valid}"}).status_code == 200


@pytest.mark.parametrize("purpose", ["other-role", "narrow-scope"])
def test_who_may_only_fetch(client: Client, purpose: str) -> None:
    patient = str(uuid.uuid4())
    known = client.created(consent(of=patient))
    headers = bearer(client.token(purpose))
    assert client.get(f"/Consent/{known['id']}", headers=headers).json() == known
    assert client.found(f"patient={patient}", headers=headers) == [known["id"]]
    assert client.update({**known, "status": "inactive"}, headers=headers).status_code == 403
    assert client.create(consent(of=patient), headers=headers).status_code == 403
    assert client.get(f"/Consent/{known['id']}").json() == known
    assert client.found(f"patient={patient}") == [known["id"]]


def test_a_token_bound_to_a_patient(client: Client) -> None:
    bound = client.target["given"]["patients"][0]
    other = client.target["given"]["other-patients"][0]
    headers = bearer(client.token("patient-bound"))
    mine, theirs = client.created(consent(of=bound)), client.created(consent(of=other))
    unclear = client.created(consent(patient={"display": "somebody"}))

    assert client.get(f"/Consent/{mine['id']}", headers=headers).status_code == 200
    assert mine["id"] in client.found(f"patient={bound}", headers=headers)
    for hidden in (theirs, unclear):
        unknown = client.get(f"/Consent/{uuid.uuid4()}", headers=headers)
        answer = client.get(f"/Consent/{hidden['id']}", headers=headers)
        assert answer.status_code == unknown.status_code == 404
        assert other not in answer.text
        assert client.found(f"_id={hidden['id']}", headers=headers) == []
    assert client.found(f"patient={other}", headers=headers) == []
    assert client.get(f"/Patient/{other}", headers=headers).status_code == 404
    assert client.update({**mine, "status": "inactive"}, headers=headers).status_code == 403


def test_two_tokens_are_not_merged(client: Client) -> None:
    import http.client
    from urllib.parse import urlsplit

    server: ReferenceServer = client.server
    where = urlsplit(server.url)
    valid = f"Bearer {client.target['auth']['token']}"
    for tokens in (("Bearer x", valid), (valid, "Bearer x")):
        connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=10)
        connection.putrequest("GET", "/fhir/Consent?patient=1")
        for token in tokens:
            connection.putheader("Authorization", token)
        connection.endheaders()
        assert connection.getresponse().status == 400
        connection.close()
