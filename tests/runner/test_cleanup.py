"""What a run creates is gone after it, or closed; what was there before stays as it was. Killed runs are cleaned up."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from runs import LONGEST, RUN, Ended, environment

from conformance import journal
from conformance.reference import ReferenceServer
from conformance.reference.messages import Response
from conformance.reference.server import as_toml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conformance.reference.messages import Request

POINTS = int(os.environ.get("CONFORMANCE_KILLS", "4"))
"""At how many random points runs are killed."""

MOST_WRITES = {"r4": 230, "nll-2023": 500}
CLEANUP = [sys.executable, "-m", "conformance.cli", "cleanup"]
WRITING = {"POST", "PUT", "DELETE", "PATCH"}


class Watched:
    """A reference server on a socket that remembers what was there before, and which writes came."""

    def __init__(self, server: ReferenceServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.writes: list[str] = []
        self.requests = 0
        self.before = self.held()
        self.interrupt: Callable[[int, bool], None] | None = None
        """Called with the number of each write, before and after it was handled."""
        self._handle = server.service.handle
        server.service.handle = self.handle  # type: ignore[method-assign]
        self.target = folder / "target.toml"
        self.target.write_text(as_toml(server.target), encoding="utf-8")

    def handle(self, request: Request) -> Response:
        self.requests += 1
        if request.method not in WRITING or request.path.endswith("/_search"):
            return self._handle(request)
        self.writes.append(f"{request.method} {request.path}")
        number = len(self.writes)
        if self.interrupt is not None:
            self.interrupt(number, False)
        response = self._handle(request)
        if self.interrupt is not None:
            self.interrupt(number, True)
        return response

    def held(self) -> dict[str, dict[str, Any]]:
        """Everything that it holds: `Type/id` → content."""
        store = self.server.service.store
        types = ("Consent", "Patient", "Practitioner", "Organization")
        return {f"{type_}/{one.id}": one.content for type_ in types for one in store.everything(type_)}

    def in_force(self) -> list[str]:
        """What was not there before and has not been closed."""
        return [
            name
            for name, content in self.held().items()
            if name not in self.before and content.get("status") not in {"inactive", "rejected", "entered-in-error"}
        ]

    def assert_nothing_else_changed(self) -> None:
        held = self.held()
        assert {name: held.get(name) for name in self.before} == self.before


@contextlib.contextmanager
def watched(folder: Path, pack: str = "r4", **how: Any) -> Iterator[Watched]:
    with ReferenceServer(pack, **how) as server:
        yield Watched(server, folder)


def command(server: Watched, *options: str) -> list[str]:
    return [*RUN, "--pack", server.server.pack, "--target", str(server.target), *options]


def ended(words: list[str], folder: Path, **more: Any) -> Ended:
    done = subprocess.run(
        words, cwd=folder, env=environment() | more, capture_output=True, text=True, timeout=LONGEST, check=False
    )
    path = folder / "reports" / "results.json"
    report = json.loads(path.read_bytes()) if path.is_file() else None
    return Ended(done.returncode, done.stdout + done.stderr, folder, report)


def keep_what_is_named(server: Watched) -> None:
    """Refuse to delete what a reference leads to, as servers do that keep the integrity of references."""
    honest = server._handle
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "conflict"}]}
    refusal = Response(
        status=409, headers=(("Content-Type", "application/fhir+json"),), body=json.dumps(outcome).encode()
    )

    def handle(request: Request) -> Response:
        place = "/".join(request.path.split("/")[-2:])
        named = request.method == "DELETE" and f'"{place}"' in json.dumps([*server.held().values()])
        return refusal if named else honest(request)

    server._handle = handle


def refuse_to_delete(server: Watched) -> None:
    honest = server._handle
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-supported"}]}
    headers = (("Content-Type", "application/fhir+json"), ("Allow", "GET, PUT"))
    refusal = Response(status=405, headers=headers, body=json.dumps(outcome).encode())
    server._handle = lambda request: refusal if request.method == "DELETE" else honest(request)


def runs(folder: Path) -> list[Path]:
    return sorted((folder / "reports" / journal.FOLDER).iterdir())


def test_what_a_run_creates_is_deleted_after_it(tmp_path: Path) -> None:
    with watched(tmp_path) as server:
        run = ended(command(server, "--only", "r4.create", "--only", "r4.search", "--workers", "2"), tmp_path)

        assert "deleted" in run.output
        assert len(server.writes) > 50
        assert set(server.held()) == set(server.before)
        server.assert_nothing_else_changed()
        again = ended([*CLEANUP, runs(tmp_path)[0].name], tmp_path)
        assert (again.code, "0 deleted" in again.output) == (0, True), again.output
        all_ = ended(CLEANUP, tmp_path)
        assert (all_.code, "nothing is left to clean up" in all_.output) == (0, True), all_.output


def test_what_cannot_be_deleted_is_closed_and_listed(tmp_path: Path) -> None:
    with watched(tmp_path, "nll-2023") as server:
        run = ended(command(server, "--only", "nll-2023.close"), tmp_path)

        stays = set(server.held()) - set(server.before)
        assert stays
        assert server.in_force() == []
        server.assert_nothing_else_changed()
        listed = (runs(tmp_path)[0] / "left.txt").read_text("utf-8").splitlines()
        assert {line.partition(":")[0] for line in listed} == stays
        assert f"{len(stays)} closed, which stay" in run.output


def test_what_a_server_should_have_refused_is_closed_as_well(tmp_path: Path) -> None:
    """A period within the rules ends before it starts: the body that closes the consent has it too."""
    with watched(tmp_path, "nll-2023", faults=["accepts-inversion-within-a-day"]) as server:
        run = ended(command(server, "--only", "period.order"), tmp_path)

        assert "Traceback" not in run.output
        assert "WARNING  period.order.inverted-period-is-refused" in run.output
        assert set(server.held()) - set(server.before)
        assert server.in_force() == []


def test_what_another_resource_names_is_deleted_after_it(tmp_path: Path) -> None:
    with watched(tmp_path) as server:
        keep_what_is_named(server)

        run = ended(command(server, "--generated", "0"), tmp_path)

        assert set(server.held()) == set(server.before), run.output


def test_what_is_created_can_be_kept_for_a_look(tmp_path: Path) -> None:
    with watched(tmp_path) as server:
        kept = ended(command(server, "--only", "r4.create", "--keep-created"), tmp_path)
        assert server.in_force()

        name = runs(tmp_path)[0].name
        assert f"consent-conformance cleanup reports/{journal.FOLDER}/{name}" in kept.output
        cleaned = ended(CLEANUP, tmp_path)
        assert (cleaned.code, set(server.held())) == (0, set(server.before)), cleaned.output


def test_a_server_that_refuses_to_delete_changes_no_other_verdict(tmp_path: Path) -> None:
    verdicts = []
    for name in ("honest", "refusing"):
        folder = tmp_path / name
        folder.mkdir()
        with watched(folder) as server:
            if name == "refusing":
                refuse_to_delete(server)
            run = ended(command(server), folder)
            assert run.report is not None
            verdicts.append({row["id"]: row["verdict"] for row in run.report["requirements"]})
            assert server.in_force() == []
            server.assert_nothing_else_changed()
            if name == "refusing":
                assert "DELETE was refused" in (runs(folder)[0] / "left.txt").read_text("utf-8")
    changed = {row for row, verdict in verdicts[0].items() if verdict != verdicts[1][row]}
    assert changed
    assert {row for row in changed if not row.startswith("r4.delete.")} == set()


def test_a_resource_that_a_lie_led_to_is_not_touched(tmp_path: Path) -> None:
    """Every create is answered with the address of a consent that was there before."""
    with watched(tmp_path) as server:
        somebody = "Consent/" + server.server.target["given"]["consents"][1]
        text = server.target.read_text("utf-8")
        server.target.write_text(text.replace(somebody.partition("/")[2], str(uuid.uuid4())), "utf-8")
        honest = server._handle

        def lying(request: Request) -> Response:
            response = honest(request)
            if request.method == "POST" and response.status == 201:
                headers = [(key, value) for key, value in response.headers if key.lower() != "location"]
                located = ("Location", f"{server.server.url}/{somebody}/_history/1")
                return type(response)(status=201, headers=(*headers, located), body=b"")
            return response

        server._handle = lying
        ended(command(server, "--only", "r4.create"), tmp_path)

        server.assert_nothing_else_changed()
        assert set(server.held()) == set(server.before)
        assert somebody in (runs(tmp_path)[0] / "left.txt").read_text("utf-8")


@pytest.mark.parametrize("point", range(POINTS))
def test_a_killed_run_is_cleaned_up(tmp_path: Path, point: int) -> None:
    """The whole run is killed around a write: before the server has seen to it, or before its answer is sent."""
    pack = ("r4", "nll-2023")[point % 2]
    workers = ("1", "2")[point // 2 % 2]
    chance = random.Random(point)  # noqa: S311 - a seed, not a secret
    fatal, late = chance.randrange(1, MOST_WRITES[pack]), chance.random() < 0.5
    with watched(tmp_path, pack) as server:
        killed = subprocess.Popen(
            command(server, "--workers", workers),
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

        def kill(number: int, handled: bool) -> None:  # noqa: FBT001 - as it is called
            if number == fatal and handled is late:
                os.killpg(killed.pid, signal.SIGKILL)

        server.interrupt = kill
        assert killed.wait(LONGEST) == -signal.SIGKILL, "it ended before its time"
        server.interrupt = None

        cleaned = ended([*CLEANUP, runs(tmp_path)[0].name], tmp_path)

        assert server.in_force() == [], cleaned.output
        if pack == "r4":
            assert set(server.held()) == set(server.before)
        server.assert_nothing_else_changed()
        assert cleaned.code == 0, cleaned.output


def test_a_read_only_run_writes_nothing(tmp_path: Path) -> None:
    with watched(tmp_path) as server:
        run = ended(command(server, "--read-only"), tmp_path)

        assert run.report is not None
        assert run.report["exchanges"]
        assert server.writes == []
        assert not (tmp_path / "reports" / journal.FOLDER).exists()


def test_nobody_elses_consent_is_closed_for_one_that_a_read_shows_instead(tmp_path: Path) -> None:
    """A PUT to the type's address goes by the id in the body, and reads show that of somebody else's consent."""
    with watched(tmp_path, "nll-2023") as server:
        somebody = server.server.target["given"]["consents"][0]
        honest = server._handle

        def lying(request: Request) -> Response:
            response = honest(request)
            if request.method == "GET" and response.status == 200 and b'"resourceType":"Consent"' in response.body[:30]:
                shown = {**json.loads(response.body), "id": somebody}
                headers = [(key, value) for key, value in response.headers if key.lower() != "content-length"]
                body = json.dumps(shown).encode()
                length = ("Content-Length", str(len(body)))
                return type(response)(status=200, headers=(*headers, length), body=body)
            return response

        server._handle = lying
        ended(command(server, "--only", "nll-2023.create"), tmp_path)

        assert set(server.held()) - set(server.before)
        server.assert_nothing_else_changed()
