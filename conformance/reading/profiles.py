"""Reads profile.toml of a pack."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conformance import reading
from conformance.reading.spelling import nearest
from conformance.scenarios import ProfileRule, ProfileRules

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.reading import Problems
    from conformance.reading.surroundings import Surroundings

OF_THE_RELEASE = "http://hl7.org/fhir/StructureDefinition/Consent"
"""Nothing but what the release itself says of a Consent."""


def profile_rules(path: Path, around: Surroundings, problems: Problems) -> ProfileRules | None:
    """What the rules of the pack's profile stand for; None when the file cannot be read."""
    document = reading.toml(path, schema="profile", problems=problems)
    if document is None:
        return None
    known = {OF_THE_RELEASE, *(_url(file) for file in path.parent.glob("StructureDefinition-*.json"))}
    wanted = document.value["profile"]
    if wanted not in known:
        (document / "profile").say(
            f"no StructureDefinition of this pack has the url '{wanted}'; {nearest(wanted, known)}"
        )
    rules = []
    for row in document.rows("rule"):
        around.requirements(row / "requirement")
        rules.append(
            ProfileRule(
                requirement=row.value["requirement"],
                keys=tuple(row.value.get("keys", ())),
                paths=tuple(row.value.get("paths", ())),
                contradiction=around.contradiction(row / "contradiction"),
            )
        )
    return ProfileRules(profile=wanted, rules=tuple(rules))


def _url(file: Path) -> str:
    try:
        return str(json.loads(file.read_bytes()).get("url"))
    except (ValueError, AttributeError):  # whoever validates with it says so
        return ""
