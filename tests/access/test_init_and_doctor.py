"""From nothing to a verdict: `init` writes a target.toml that loads, `doctor` says what a run would meet."""

from __future__ import annotations

import json
import os
import pty
import socket
import subprocess
import sys
import tomllib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from authority import DAY
from protected import protected
from test_credentials import CLIENT, SECRET

from conformance import doctor, packs
from conformance import target as targets
from conformance.reference import ReferenceServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from authority import Authority
    from protected import Protected

    from conftest import Ended


def found(pack: str, path: Path, **environ: str) -> dict[str, list[doctor.Finding]]:
    """Look → findings."""
    findings: dict[str, list[doctor.Finding]] = {look: [] for look in doctor.LOOKS}
    for finding in doctor.examine(packs.load(pack), targets.load(path, environ=environ)):
        findings[finding.look].append(finding)
    return findings


def states(findings: dict[str, list[doctor.Finding]]) -> dict[str, str]:
    return {look: " ".join(one.state for one in ones) for look, ones in findings.items()}


@pytest.fixture
def reference() -> Iterator[ReferenceServer]:
    with ReferenceServer("r4") as running:
        yield running


def test_from_nothing_to_a_verdict_on_a_protected_server(
    server: Protected, tmp_path: Path, command: Callable[..., Ended]
) -> None:
    server.add("consent-conformance", SECRET, scope="system/Consent.cruds " + "system/*.read system/*.write")
    written = command("init", server.base_url, "--yes")
    assert (written.code, "CONSENT_CLIENT_SECRET" in written.output) == (0, True), written.output
    path = tmp_path / "target.toml"
    path.write_text(path.read_text().replace('"system/Consent.cruds"', '"system/*.read system/*.write"'))

    looked = command("doctor", CONSENT_CLIENT_SECRET=SECRET)
    assert looked.code == 0, looked.output
    ran = command("run", "--target", "target.toml", "--only", "r4.capabilities.answered", CONSENT_CLIENT_SECRET=SECRET)

    assert ran.report is not None
    verdicts = {row["id"]: row["verdict"] for row in ran.report["requirements"]}
    assert verdicts["r4.capabilities.answered"] == "pass"
    assert SECRET not in written.output + looked.output + ran.output + ran.left


@pytest.mark.parametrize("kind", ["none", "bearer", "basic", "header", "client-credentials", "command"])
def test_the_file_that_is_written_loads(
    reference: ReferenceServer, tmp_path: Path, command: Callable[..., Ended], kind: str
) -> None:
    ended = command("init", reference.url, "--auth", kind, "--output", "mine.toml")

    assert ended.code == 0, ended.output
    names = ("CONSENT_TOKEN", "CONSENT_PASSWORD", "CONSENT_API_KEY", "CONSENT_CLIENT_SECRET")
    read = targets.load(tmp_path / "mine.toml", environ=dict.fromkeys(names, "x"))
    assert (read.auth.kind, read.pack, read.allow_writes) == (kind, "r4", False)


def test_the_kind_of_credentials_is_proposed_by_what_the_server_shows(
    server: Protected, tmp_path: Path, command: Callable[..., Ended]
) -> None:
    kinds = []
    for server.discoverable in (True, False):
        command("init", server.base_url, "--force")
        kinds.append(tomllib.loads((tmp_path / "target.toml").read_text())["auth"]["kind"])

    assert kinds == ["client-credentials", "bearer"]


def test_a_file_that_is_there_is_not_written_over(
    reference: ReferenceServer, write: Callable[..., Path], command: Callable[..., Ended]
) -> None:
    path = write("http://127.0.0.1/fhir")
    before = path.read_text()

    refused = command("init", reference.url, "--yes")

    assert (refused.code, path.read_text()) == (2, before)
    assert refused.output.strip() == (
        "consent-conformance: target.toml: is there already; give another --output, or --force to write over it"
    )
    assert command("init", reference.url, "--yes", "--force").code == 0
    assert path.read_text() != before


def test_a_server_that_is_not_there_gets_no_file(tmp_path: Path, command: Callable[..., Ended]) -> None:
    ended = command("init", "http://127.0.0.1:1/fhir")

    assert (ended.code, (tmp_path / "target.toml").exists()) == (3, False)
    assert ended.output == "consent-conformance: http://127.0.0.1:1 cannot be reached: Connection refused\n"


def test_an_authority_that_only_the_operator_knows(
    authority: Authority, tmp_path: Path, command: Callable[..., Ended]
) -> None:
    with protected(certificate=authority.signs("server").both) as server:
        refused = command("init", server.base_url)
        ended = command("init", server.base_url, "--ca", str(authority.certificate))

    assert refused.code == 3
    assert "give that CA by --ca FILE" in refused.output
    assert ended.code == 0, ended.output
    read = targets.load(tmp_path / "target.toml", environ={"CONSENT_CLIENT_SECRET": "x"})
    assert read.tls.ca is not None


def test_on_a_terminal_it_asks(reference: ReferenceServer, tmp_path: Path) -> None:
    """What is typed stands in the file; a wrong answer is asked for again; nothing typed takes what is proposed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "conformance.cli", "init", reference.url],
        cwd=tmp_path,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    os.write(ours, b"no-such-pack\nr4\nbearer\nMY_TOKEN\nyes\n")
    said, _ = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)

    assert process.returncode == 0, said
    assert said.count(b"Pack (") == 2
    table = tomllib.loads((tmp_path / "target.toml").read_text())
    assert table["auth"] == {"kind": "bearer", "token_env": "MY_TOKEN"}
    assert table["allow_writes"] is True


def test_a_healthy_server(reference: ReferenceServer, write: Callable[..., Path]) -> None:
    given = f"[given]\nconsents = {json.dumps(reference.target['given']['consents'])}"
    path = write(reference.url, '[auth]\nkind = "bearer"\ntoken_env = "T"', given)

    findings = found("r4", path, T=reference.target["auth"]["token"])

    assert set(states(findings).values()) == {"ok"}, findings


def test_json_for_machines(
    reference: ReferenceServer, write: Callable[..., Path], command: Callable[..., Ended]
) -> None:
    write(reference.url)

    ended = command("doctor", "--format", "json")

    told: dict[str, Any] = json.loads(ended.output)
    assert (ended.code, told["ready"], told["pack"]) == (3, False, "r4")
    broken = next(finding for finding in told["findings"] if finding["state"] == "broken")
    assert (broken["look"], "set [auth]" in broken["means"]) == ("read", True)
    assert {finding["look"] for finding in told["findings"]} == set(doctor.LOOKS)


def test_doctor_without_a_target_says_how_to_name_one(command: Callable[..., Ended]) -> None:
    ended = command("doctor")

    assert ended.code == 2
    assert "name the target by --target FILE or --base-url URL" in ended.output


def test_a_name_that_nobody_knows(write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    findings = found("r4", write("https://fhir.example.org/r4"))

    assert findings["dns"][0].seen == "fhir.example.org: Name or service not known"
    assert [one for one in states(findings).values() if one != "skipped"] == ["broken"]


@pytest.mark.parametrize(("ends", "state"), [(DAY * 3, "warning"), (DAY * 90, "ok"), (-timedelta(hours=1), "broken")])
def test_the_end_of_a_certificate(
    authority: Authority, write: Callable[..., Path], ends: timedelta, state: str
) -> None:
    with protected(certificate=authority.signs("server", begins=-2 * DAY, ends=ends).both) as server:
        findings = found("r4", write(server.base_url, "[tls]", f'ca = "{authority.certificate}"'))

    assert findings["tls"][0].state == state


def test_a_clock_that_is_off(write: Callable[..., Path]) -> None:
    from datetime import UTC, datetime

    with ReferenceServer("r4", clock=lambda: datetime.now(UTC) + timedelta(minutes=7)) as ahead:
        path = write(ahead.url, '[auth]\nkind = "bearer"\ntoken_env = "T"')
        (clock,) = found("r4", path, T=ahead.target["auth"]["token"])["clock"]

    assert (clock.state, clock.seen) == ("warning", "its clock is 7 minutes ahead of this machine's")


def test_a_token_that_may_only_read(server: Protected, write: Callable[..., Path]) -> None:
    server.add("suite", SECRET, scope="system/*.read")
    path = write(server.base_url, *CLIENT, 'scope = "system/*.read system/*.write"')

    findings = found("r4", path, SECRET=SECRET)

    assert findings["token"][0].seen == "not granted: system/*.write"
    assert findings["writes"][0].state == "warning"
    assert "creates will not be testable" in findings["writes"][0].means


def test_nothing_is_written_without_leave(server: Protected, write: Callable[..., Path]) -> None:
    server.add("suite", SECRET)
    path = write(server.base_url, *CLIENT)
    path.write_text(path.read_text().replace("allow_writes = true", ""))

    findings = found("r4", path, SECRET=SECRET)

    assert findings["writes"][0].state == "note"
    assert {path for path, _, body in server.requests if body} == {"/token"}


def test_given_consents_that_are_not_there(reference: ReferenceServer, write: Callable[..., Path]) -> None:
    path = write(reference.url, '[auth]\nkind = "bearer"\ntoken_env = "T"', '[given]\nended-consents = ["nobody"]')

    (given,) = found("r4", path, T=reference.target["auth"]["token"])["given"]

    assert (given.state, given.seen) == ("warning", "not there: nobody (404)")


def test_a_bearer_token_that_has_expired(reference: ReferenceServer, write: Callable[..., Path]) -> None:
    path = write(reference.url, '[auth]\nkind = "bearer"\ntoken_env = "T"')

    (token,) = found("r4", path, T=reference.target["tokens"]["expired"]["token"])["token"]

    assert token.state == "broken"
    assert "expired 60 minutes ago" in token.seen
