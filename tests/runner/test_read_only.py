"""A read-only run sends nothing that could write, whatever a check would like to send."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance import proof, target
from conformance.model import NotTestable
from conformance.reference import ReferenceServer
from conformance.reference.server import as_toml
from conformance.wire import Wire

if TYPE_CHECKING:
    from conformance.reference.messages import Request, Response

ANYWHERE = target.from_dict({"base_url": "http://127.0.0.1:9/fhir"}, where="a test", environ={})


def sent(pack: str, *options: str) -> set[tuple[str, bool]]:
    """(method, whether the address ends in _search) of all that arrived at a server in a run."""
    arrived: set[tuple[str, bool]] = set()
    with ReferenceServer(pack) as server, tempfile.TemporaryDirectory() as folder:
        answer = server.service.handle

        def recording(request: Request) -> Response:
            arrived.add((request.method, request.path.endswith("/_search")))
            return answer(request)

        server.service.handle = recording  # type: ignore[method-assign]
        path = Path(folder) / "target.toml"
        path.write_text(as_toml(server.target), encoding="utf-8")
        proof.run("--pack", pack, "--target", str(path), "--report-dir", folder, *options)
    return arrived


@pytest.mark.parametrize(
    ("pack", "allowed"),
    [
        pytest.param("r4", {("GET", False), ("HEAD", False), ("POST", True)}, id="searching-by-post"),
        pytest.param("nll-2023", {("GET", False), ("HEAD", False)}, id="not-searching-by-post"),
        pytest.param("oracle-health", {("GET", False), ("HEAD", False)}, id="nothing-to-write"),
    ],
)
def test_nothing_arrives_that_could_write(pack: str, allowed: set[tuple[str, bool]]) -> None:
    assert sent(pack, "--read-only") == allowed


def test_a_full_run_does_send_writes() -> None:
    assert ("POST", False) in sent("r4", "--only", "r4.create")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_the_connection_itself_refuses(method: str) -> None:
    with pytest.raises(NotTestable, match=f"needs {method}, and this run is read-only"):
        Wire(ANYWHERE, read_only=True, searching_by_post=True).send(method, "http://127.0.0.1:9/fhir/Consent", ())


def test_a_search_by_post_needs_its_claim() -> None:
    with pytest.raises(NotTestable, match="needs POST"):
        Wire(ANYWHERE, read_only=True).send("POST", "http://127.0.0.1:9/fhir/Consent/_search", ())
