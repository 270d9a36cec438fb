"""The server as a thing that starts, tells where it is, and stops."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import tomllib
from typing import TYPE_CHECKING

import pytest
import requests
from asking import consent

from conformance.model import UsageError
from conformance.reference import FAULTS, ReferenceServer
from conformance.reference.server import as_toml

if TYPE_CHECKING:
    from pathlib import Path

    from asking import Client, Start


@pytest.mark.parametrize("pack", ["r4", "nll-2023"])
def test_it_starts_and_stops_at_once(pack: str) -> None:
    with ReferenceServer(pack):
        pass
    begun = time.monotonic()
    with ReferenceServer(pack) as server:
        started = time.monotonic() - begun
        url = server.url
        with requests.Session() as session:
            session.trust_env = False
            assert session.get(f"{url}/metadata", timeout=10).status_code == 200
            begun = time.monotonic()
    assert started < 0.3
    assert time.monotonic() - begun < 0.4
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/metadata", timeout=10)


def test_two_servers_share_nothing(start: Start) -> None:
    one, other = start("r4"), start("r4")
    known = one.created(consent())
    assert other.get(f"/Consent/{known['id']}").status_code == 404
    stranger = {"Authorization": f"Bearer {one.target['auth']['token']}"}
    assert other.get(f"/Consent/{known['id']}", headers=stranger).status_code == 401


def test_a_file_outlives_the_server(start: Start, tmp_path: Path) -> None:
    path = str(tmp_path / "consents.db")
    with ReferenceServer("r4", path=path) as server:
        from asking import Client

        client = Client(server)
        known = client.created(consent())
        client.update({**known, "status": "inactive"})
    again = start("r4", path=path)
    assert again.get(f"/Consent/{known['id']}").json()["status"] == "inactive"
    assert again.get(f"/Consent/{known['id']}/_history/1").json()["status"] == "active"


def test_many_clients_at_once(r4: Client) -> None:
    def write() -> None:
        for _ in range(10):
            answer = requests.post(
                f"{r4.server.url}/Consent",
                json=consent(of="crowd"),
                headers={"Authorization": f"Bearer {r4.target['auth']['token']}"},
                timeout=10,
            )
            statuses.append(answer.status_code)

    statuses: list[int] = []
    crowd = [threading.Thread(target=write) for _ in range(8)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert statuses == [201] * 80
    assert len(set(r4.found("patient=crowd"))) == 80


def test_the_target_is_toml_and_complete(r4: Client) -> None:
    target = r4.target
    assert tomllib.loads(as_toml(target)) == target
    assert set(target["tokens"]) == {"other-role", "narrow-scope", "patient-bound", "expired"}
    given = target["given"]
    ended = r4.get(f"/Consent/{given['ended-consents'][0]}").json()
    assert ended["provision"]["period"]["end"] < "2026"
    assert r4.get(f"/Consent/{given['consents'][0]}").status_code == 200
    assert given["consents"][0] in r4.found(f"patient={given['patients'][0]}")
    assert r4.found(f"patient={given['other-patients'][0]}")[0] not in r4.found(f"patient={given['patients'][0]}")
    assert r4.found(f"patient={given['empty-patients'][0]}") == []
    for actor in given["actors"]:
        assert r4.get(f"/{actor}").status_code == 200
    for identifier in given["patient-identifiers"]:
        assert r4.get(f"/Patient?identifier={identifier}").json()["total"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"pack": "nll"}, "no personality 'nll'"),
        ({"pack": "r4", "faults": ["close-forgets"]}, "near: close-forgets-period-end"),
        ({"pack": "r4", "variations": ["keys"]}, "keys-in-other-order"),
        ({"pack": "r4", "faults": ["second-close-reopens"]}, "is for nll-2023, not for r4"),
    ],
)
def test_a_mistyped_request_for_a_server_is_said(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said), ReferenceServer(**arguments):  # type: ignore[arg-type]
        pass


def test_a_port_that_is_taken_is_said(r4: Client) -> None:
    port = int(r4.server.url.split(":")[2].split("/")[0])
    with pytest.raises(UsageError, match=f"port {port} .* choose another --port"), ReferenceServer("r4", port=port):
        pass


def test_serve_says_ready_writes_its_target_and_stops_on_a_signal(tmp_path: Path) -> None:
    target = tmp_path / "target.toml"
    code = (
        "import sys; from pathlib import Path; from conformance.reference import serve\n"
        "serve('nll-2023', port=0, faults=['close-swallows-unknown-id'], write_target=Path(sys.argv[1]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(target)], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert process.stdout is not None
    ready, _, url = process.stdout.readline().strip().partition(" ")
    written = tomllib.loads(target.read_text(encoding="utf-8"))
    answer = requests.get(
        f"{url}/Consent?patient=1", headers={"Authorization": f"Bearer {written['auth']['token']}"}, timeout=10
    )
    process.send_signal(signal.SIGTERM)
    assert (ready, written["base_url"], answer.status_code, process.wait(10)) == ("ready", url, 200, 0)
    process.stdout.close()


def test_faults_are_told_together(start: Start) -> None:
    client = start(
        "r4", faults=["create-answers-ok", "write-turns-permit-into-deny"], variations=["keys-in-other-order"]
    )
    answer = client.create(consent(provision={"type": "permit"}))
    assert (answer.status_code, answer.json()["provision"]["type"]) == (200, "deny")
    assert next(iter(json.loads(answer.text))) == "provision"
    assert "create-answers-ok" in FAULTS
