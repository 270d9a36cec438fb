"""A reference server over HTTP, and a plain client of it."""

from __future__ import annotations

import base64
import copy
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
import requests

from conformance.reference import ReferenceServer

if TYPE_CHECKING:
    from datetime import datetime

Json = dict[str, Any]

DOSE = {"system": "http://electronichealth.se/fhir/ValueSet/consent-types-1", "code": "consent-dose-disp"}
ACCESS = {"system": "urn:example:kinds", "code": "access-consent-code-from-the-profile"}
PRIVACY = {"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}
PRACTITIONER = {
    "resourceType": "Practitioner",
    "id": "writer",
    "identifier": [{"system": "http://electronichealth.se/identifier/forskrivarkod", "value": "9000027"}],
    "name": [{"family": "Läkare", "given": ["Lars"]}],
}


def consent(*, of: str | None = None, kind: Json = DOSE, **more: Any) -> Json:
    """A consent of the patient of that id, or of one of its own. `more` are elements in place of the usual ones."""
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [PRIVACY]},
        "category": [{"coding": [kind]}],
        "patient": {"reference": f"Patient/{of or uuid.uuid4()}"},
        "policy": [{"uri": "urn:example:policy"}],
        "provision": {"period": {"start": "2023-01-10"}},
        **copy.deepcopy(more),
    }


def provenance(activity: str = "AVREGISTRERA_DOSSAMTYCKE", **more: Any) -> Json:
    return {
        "resourceType": "Provenance",
        "contained": [PRACTITIONER],
        "activity": {"coding": [{"code": activity}]},
        "agent": [{"type": {"coding": [{"code": "enterer"}]}, "who": {"reference": "#writer"}}],
        **more,
    }


def encoded(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


class Client:
    """Requests to one server with its valid token; for nll-2023 with the provenance that fits."""

    def __init__(self, server: ReferenceServer) -> None:
        self.server = server
        self.target = server.target
        self.session = requests.Session()
        self.session.trust_env = False

    def token(self, purpose: str) -> str:
        return str(self.target["tokens"][purpose]["token"])

    def send(self, method: str, path: str, *, body: Any = None, headers: Json | None = None, **more: Any) -> Any:
        """Send a request; a header of None is left out, a body that is no text is sent as JSON."""
        lines: Json = {"Authorization": f"Bearer {self.target['auth']['token']}"}
        if body is not None:
            lines["Content-Type"] = "application/fhir+json"
        if self.server.pack == "nll-2023" and method in {"POST", "PUT"}:
            lines["x-provenance"] = encoded(
                provenance("REGISTRERA_DOSSAMTYCKE" if method == "POST" else "AVREGISTRERA_DOSSAMTYCKE")
            )
        lines |= headers or {}
        content = body if isinstance(body, str | bytes) or body is None else json.dumps(body)
        return self.session.request(
            method, self.server.url + path, data=content, headers=lines, allow_redirects=False, timeout=10, **more
        )

    def get(self, path: str, **more: Any) -> Any:
        return self.send("GET", path, **more)

    def create(self, body: Json, **more: Any) -> Any:
        return self.send("POST", f"/{body.get('resourceType', 'Consent')}", body=body, **more)

    def created(self, body: Json) -> Json:
        """Create and return what is read back."""
        answer = self.create(body)
        assert answer.status_code == 201, answer.text
        read = self.get("/Consent/" + answer.json()["id"])
        assert read.status_code == 200, read.text
        return dict(read.json())

    def update(self, body: Json, **more: Any) -> Any:
        path = "/Consent" if self.server.pack == "nll-2023" else f"/Consent/{body['id']}"
        return self.send("PUT", path, body=body, **more)

    def found(self, query: str, **more: Any) -> list[str]:
        """The ids that a search finds, in order."""
        answer = self.get(f"/Consent?{query}", **more)
        assert answer.status_code == 200, answer.text
        return [
            entry["resource"]["id"] for entry in answer.json().get("entry", []) if entry["search"]["mode"] == "match"
        ]


Start = Callable[..., Client]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts servers that end with the test."""
    with ExitStack() as servers:

        def started(pack: str, **more: Any) -> Client:
            return Client(servers.enter_context(ReferenceServer(pack, **more)))

        yield started


@pytest.fixture(scope="session")
def shared() -> Iterator[Callable[[str], Client]]:
    """Honest servers that live as long as the session."""
    with ExitStack() as servers:
        running: dict[str, Client] = {}

        def of(pack: str) -> Client:
            if pack not in running:
                running[pack] = Client(servers.enter_context(ReferenceServer(pack)))
            return running[pack]

        yield of


@pytest.fixture
def r4(shared: Callable[[str], Client]) -> Client:
    return shared("r4")


@pytest.fixture
def nll(shared: Callable[[str], Client]) -> Client:
    return shared("nll-2023")


class Clock:
    """A time that passes when it is told to."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def coded(code: str, system: str = "http://example.org/codes") -> Json:
    return {"system": system, "code": code}
