"""A target's own person and organization stand in the headers, whole documents or single values."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from conformance import packs, proof, target
from conformance.clock import SetClock
from conformance.model import UsageError, Verdict
from conformance.own_fixtures import furnished
from conformance.reference import ReferenceServer

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.wire import Headers, Received

PROVENANCE = "x-provenance-healthcare-user.reconstructed.json"
ORGANIZATION = "x-org-info.json"


class Hears(proof.Within):
    """Keeps what it was told in X-Provenance and X-Org-Info."""

    heard: dict[str, list[str]]

    def send(self, method: str, url: str, headers: Headers, body: bytes | None = None) -> Received:
        for name, value in headers:
            if name.lower() in {"x-provenance", "x-org-info"}:
                self.heard.setdefault(name.lower(), []).append(value)
        return super().send(method, url, headers, body)


def certified(fixtures: dict[str, Any], *only: str) -> tuple[dict[str, list[Any]], dict[str, Verdict]]:
    """What was heard in each header, as JSON where it is some, and the verdicts."""
    with ReferenceServer("nll-2023", listen=False) as server:
        within = Hears(server, SetClock())
        within.heard = {}
        within.target = {**server.target, "fixtures": fixtures}
        options = [word for pattern in only for word in ("--only", pattern)]
        report = proof.run("--pack", "nll-2023", *options, within=within)
    heard = {name: [_decoded(value) for value in values] for name, values in within.heard.items()}
    return heard, {row.requirement.id: row.verdict for row in report.requirements}


def _decoded(value: str) -> Any:
    try:
        return json.loads(base64.b64decode(value))
    except ValueError:
        return None


def test_single_values_are_put_into_the_documents_of_the_pack() -> None:
    heard, verdicts = certified({PROVENANCE: {"/contained/0/name/0/family": "Testsson"}}, "nll-2023.close")

    told = [one for one in heard["x-provenance"] if one]
    assert {one["contained"][0]["name"][0]["family"] for one in told} == {"Testsson"}
    codes = {one["activity"]["coding"][0]["code"] for one in told}
    assert {"REGISTRERA_DOSSAMTYCKE", "AVREGISTRERA_DOSSAMTYCKE"} <= codes
    assert not {Verdict.FAIL, Verdict.ERROR, Verdict.NOT_TESTABLE} & set(verdicts.values())


def test_a_whole_document_takes_the_place_of_the_pack_s(tmp_path: Path) -> None:
    own = {**packs.load("nll-2023").fixture(ORGANIZATION), "comment": "ours"}
    path = tmp_path / "organization.json"
    path.write_text(json.dumps(own), encoding="utf-8")

    heard, _ = certified({ORGANIZATION: str(path)}, "nll-2023.close.unknown-id-fails")

    assert own in heard["x-org-info"]


def test_the_pack_itself_stays_as_it_is() -> None:
    pack = packs.load("nll-2023")
    before = pack.fixture(PROVENANCE)

    furnished(pack, _target({PROVENANCE: {"/contained/0/name/0/family": "Testsson"}}))

    assert packs.load("nll-2023").fixture(PROVENANCE) == before


def test_people_of_the_operator_are_not_recorded() -> None:
    with ReferenceServer("nll-2023", listen=False) as server:
        within = proof.Within(server, SetClock())
        within.target = {**server.target, "fixtures": {PROVENANCE: {"/contained/0/name/0/family": "Hemligsson"}}}
        report = proof.run("--pack", "nll-2023", "--only", "nll-2023.close", within=within)

    assert "Hemligsson" not in repr(report.exchanges)


@pytest.mark.parametrize(
    ("fixtures", "said"),
    [
        (
            {"x-org-inf.json": {"/a": "b"}},
            "no header of pack 'nll-2023' is made from it; did you mean 'x-org-info.json'?",
        ),
        (
            {PROVENANCE: {"/contained/7/id": "b"}},
            "the pack's document has no place '/contained/7/id'; look at the pointers of its values",
        ),
        (
            {PROVENANCE: {"/activity": {}}},
            "the pack has to replace '/activity/coding/0/code', and the document has no such place; add it",
        ),
    ],
)
def test_what_fits_nowhere_is_said(fixtures: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        furnished(packs.load("nll-2023"), _target(fixtures))

    (name,) = fixtures
    assert f"a test: fixtures.{name}: {said}" in str(caught.value).splitlines()


def test_a_pointer_starts_with_a_slash() -> None:
    with pytest.raises(UsageError, match=r"x-org-info\.json\.name: is no JSON pointer; it starts with a slash"):
        _target({ORGANIZATION: {"name": "b"}})


def _target(fixtures: dict[str, Any]) -> target.Target:
    data = {"base_url": "http://127.0.0.1/fhir", "fixtures": fixtures}
    return target.from_dict(data, where="a test", environ={})
