"""The Consents that the answers of a run held, and what is wrong with each by the definitions of its release."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from conformance.observed.bodies import held, mentions, parsed, written_ids
from conformance.observed.planted import planted
from conformance.validation.validator import Validator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.model import Exchange
    from conformance.observed import Answers
    from conformance.validation.issue import Issue

Json = dict[str, Any]


def consents(answers: Answers) -> Iterator[tuple[Exchange, Json]]:
    """Each Consent of a successful answer, alone or in a Bundle, but for those that the suite has sent wrong itself."""
    is_planted = planted(answers)
    for answer in answers:
        if 200 <= (answer.status or 0) < 300 and mentions(answer.response_body, "Consent"):
            for consent in held(parsed(answer.response_body)):
                if not is_planted(consent):
                    yield answer, consent


def held_against_the_profile(answers: Answers) -> list[tuple[Exchange, Issue | None]]:
    """What the validator has to say when they are held against the pack's profile; None once for each Consent.

    What the suite has written so itself is not the server's: a finding that a body sent under the same id has as well.
    """
    return answers.once(_held_against_the_profile)


def _held_against_the_profile(answers: Answers) -> list[tuple[Exchange, Issue | None]]:
    def validated(consent: Json) -> tuple[Issue, ...]:
        return _issues(json.dumps(consent), answers.release, answers.definitions, answers.profile)

    ours = {
        (id, _told(issue))
        for answer in answers
        if answer.flawed is None
        for id in written_ids(answer)  # noqa: A001 - FHIR's own word
        for sent in held(parsed(answer.request_body))
        for issue in validated(sent)
    }
    found: list[tuple[Exchange, Issue | None]] = []
    for answer, consent in consents(answers):
        found.append((answer, None))
        issues = validated(consent)
        found += [(answer, issue) for issue in issues if (str(consent.get("id")), _told(issue)) not in ours]
    return found


def _told(issue: Issue) -> tuple[str, str]:
    """The rule and the place of a finding; a server may put the items of a list in another order."""
    return issue.rule, re.sub(r"\[\d+\]", "", issue.expression)


@lru_cache(maxsize=8192)
def _issues(consent: str, release: str, definitions: tuple[Path, ...], profile: str | None) -> tuple[Issue, ...]:
    return tuple(_validator(release, definitions).validate(json.loads(consent), profile=profile))


@lru_cache(maxsize=8)
def _validator(release: str, definitions: tuple[Path, ...]) -> Validator:
    return Validator(release, profiles=definitions)
