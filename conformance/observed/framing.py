"""Bodies of every answer: that they came whole, and are what their headers say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.answer import no_json
from conformance.observed import observes

_UNREADABLE = re.compile(r"(?<!\\)((?:\\\\)*)\\x[0-9a-f]{2}")
r"""How a byte is recorded that is no UTF-8, as \xff; not what JSON writes for a backslash and an x, as \\xff.

r4.content.bodies-are-utf-eight is about those.
"""

if TYPE_CHECKING:
    from conformance.model import Exchange
    from conformance.observed import Answers


@observes("r4.content.bodies-are-whole")
def every_body_is_whole(answers: Answers) -> str | None:
    """Every body of the run arrived whole and could be decoded; what is labelled as JSON is one JSON value."""

    def fault(answer: Exchange) -> str | None:
        if answer.problem:
            return answer.problem
        body = answer.response_body or ""
        label = (answer.header("Content-Type") or "").partition(";")[0].strip().lower()
        if answer.status is None or answer.status >= 500 or not body.strip() or not label.endswith("json"):
            return None
        why = no_json(_UNREADABLE.sub(r"\1?", body) if "\\x" in body else body)
        return f"{label}, and {why}" if why else None

    return answers.none_may(fault, expected="whole bodies that are what their headers say")
