"""Consents that a target shows and need not answer for: the suite itself has put them there, wrong on purpose."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from conformance.journal import TAG_SYSTEM
from conformance.observed.bodies import written_ids

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.observed import Answers

Json = dict[str, Any]

_MARK = re.compile(rf'"system":\s*"{TAG_SYSTEM}",\s*"code":\s*"([^"]+)"')
"""As the suite writes it into what it creates (`conformance.journal.marked`)."""


def planted(answers: Answers) -> Callable[[Json], bool]:
    """Tell whether a Consent was written wrong on purpose, or is what an earlier run of the suite has left behind.

    The first is known by its id. Of an earlier run, which may have been killed before it could clean up, nobody knows
    which were wrong: all that have the suite's mark and were not written by this run. What anybody else wrote counts.
    """
    return answers.once(_planted)


def _planted(answers: Answers) -> Callable[[Json], bool]:
    taken = [one for one in answers if one.flawed and not 400 <= (one.status or 0) < 500]
    wrong = {id for one in taken for id in written_ids(one)}  # noqa: A001 - FHIR's own word
    ours = {mark for exchange in answers for mark in _MARK.findall(exchange.request_body or "")}

    def is_planted(consent: Json) -> bool:
        return str(consent.get("id", "")) in wrong or not _marks(consent) <= ours

    return is_planted


def _marks(consent: Json) -> set[str]:
    meta = consent.get("meta")
    tags = meta.get("tag") if isinstance(meta, dict) else None
    rows = [row for row in tags if isinstance(row, dict)] if isinstance(tags, list) else []
    return {str(row.get("code")) for row in rows if row.get("system") == TAG_SYSTEM}
