"""A close that is refused as documented: what it took instead is said wherever the consent counts as closed."""

from __future__ import annotations

import pytest

from conformance import proof

ENDED = "nll-2023.close.dose-consent-is-ended"


@pytest.mark.parametrize(
    ("fault", "note"),
    [
        ("close-at-type-address-refused", "and taken at the consent's own address"),
        ("close-demands-context-id", "and taken with prefer, x-access, x-patientref, x-purpose, x-context-id"),
    ],
)
def test_what_it_took_is_noted(fault: str, note: str) -> None:
    report = proof.against("nll-2023", faults=[fault], options=["--only", ENDED])
    (row,) = [row for row in report.requirements if row.requirement.id == ENDED]
    assert row.verdict == "pass"
    assert f"the documented close is refused, {note}" in " ".join(row.notes)
