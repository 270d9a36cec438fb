"""Targets that nothing may be written to: the data that they name, and what is found from there."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance import proof
from conformance.reference import ReferenceServer
from conformance.reference.server import as_toml

if TYPE_CHECKING:
    from conformance.model import Judged, Report

PATIENTS = {"patients": ["12742397"], "other-patients": ["12742403"], "empty-patients": ["12742407"]}


def run(given: dict[str, Any], *options: str, claims: dict[str, list[str]] | None = None) -> Report:
    """A run of oracle-health against a server of which only so much is known."""
    with ReferenceServer("oracle-health") as server, tempfile.TemporaryDirectory() as folder:
        target = {**server.target, "given": given, **({"claims": claims} if claims else {})}
        path = Path(folder) / "target.toml"
        path.write_text(as_toml(target), encoding="utf-8")
        return proof.run("--pack", "oracle-health", "--target", str(path), "--report-dir", folder, *options)


def row(report: Report, requirement: str) -> Judged:
    return next(one for one in report.requirements if one.requirement.id == requirement)


def test_consents_actors_and_identifiers_are_found_by_the_patient() -> None:
    report = run(PATIENTS, "--only", "oracle-health.search")

    used = report.target["given"]
    assert used["consents"] == ["AR-12742397-12724066", "AR-12742403-12724077", "AR-12742403-12724078"]
    assert used["actors"][0] == "RelatedPerson/12724066-12742397"
    assert used["patient-identifiers"] == ["urn:oid:2.16.840.1.113883.6.1000|…"]
    assert set(used["found"]) == {"consents", "actors", "patient-identifiers", "actor-identifiers", "ended-consents"}
    assert used["found"]["consents"].startswith("3 by GET /Consent?patient=…")
    for judged in (row(report, f"oracle-health.search.by-{what}") for what in ("actor", "actor-identifier", "patient")):
        assert str(judged.verdict) == "pass", judged.reason
    pages = row(report, "oracle-health.search.page-links")
    assert "name a consent of such a patient under given.consents" in pages.reason


def test_what_was_given_is_used_as_it_is() -> None:
    with ReferenceServer("oracle-health") as server:
        given = server.target["given"]
    report = run(given, "--only", "oracle-health.read.by-id")

    assert report.target["given"]["consents"] == given["consents"]
    assert "found" not in report.target["given"]


def test_nothing_to_read_is_red_and_says_which_key_to_set() -> None:
    report = run({}, "--only", "oracle-health.read", "--only", "oracle-health.search.by-patient-identifier")

    by_id = row(report, "oracle-health.read.by-id")
    assert (str(by_id.verdict), str(report.verdict)) == ("not-testable", "incomplete")
    assert "name consents under given.consents" in by_id.reason
    assert "given.patient-identifiers" in row(report, "oracle-health.search.by-patient-identifier").reason


def test_what_needs_an_attempt_to_write_does_not_apply_to_a_read_only_run() -> None:
    report = run(PATIENTS, "--read-only", "--only", "oracle-health.writes")

    assert row(report, "oracle-health.writes.are-not-offered").reason == "needs a write, and this run is read-only"
