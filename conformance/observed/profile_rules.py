"""Every returned Consent is held against the profile of the pack; its profile.toml says what each finding breaks."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from conformance.model import NotTestable, Violation
from conformance.observed import returned

if TYPE_CHECKING:
    from conformance.model import Exchange
    from conformance.observed import Answers
    from conformance.scenarios import ProfileRule, ProfileRules
    from conformance.validation import Issue

ABOUT_PROFILES = "profile-*"
"""The rules of the validator that only a profile can break."""


def every_consent_follows_the_profile(answers: Answers, held: ProfileRules, requirement: str) -> str | None:
    """Every Consent that an answer holds, alone or in a Bundle, follows the profile of the pack."""
    wrong: list[tuple[Exchange, Issue]] = []
    notes: dict[str, None] = {}
    seen = False
    for answer, issue in returned.held_against_the_profile(answers):
        seen = True
        rule = next((one for one in held.rules if issue is not None and speaks_of(one, issue)), None)
        if issue is None or rule is None or rule.requirement != requirement:
            continue
        if rule.contradiction is None:
            wrong.append((answer, issue))
        elif note := answers.met(rule.contradiction, f"{issue.expression}: {issue.message}"):
            notes[note] = None
    if not seen:
        raise NotTestable("no consent was returned in this run", remedy="name consents under given.consents")
    if wrong:
        answer, issue = wrong[0]
        differing = tuple(dict.fromkeys(one.id for one, _ in wrong))
        raise Violation(
            "Consents that follow the profile",
            f"{issue.expression}: {issue.message} ({answer.method} {answer.url}; {len(differing)} answers differ)",
            differing[:5],
        )
    return "; ".join(notes) or None


def speaks_of(rule: ProfileRule, issue: Issue) -> bool:
    """Whether a row of profile.toml is about a finding of the validator."""
    if not any(fnmatchcase(issue.rule, pattern) for pattern in rule.keys or (ABOUT_PROFILES,)):
        return False
    path = re.sub(r"\[\d+\]", "", issue.expression)
    return not rule.paths or any(fnmatchcase(path, pattern) for pattern in rule.paths)
