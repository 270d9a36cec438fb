"""A generated consent is written and read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance import expect, period
from conformance.generate import sameness
from conformance.generate.valid import Valid
from conformance.generate.values import CHANCE
from conformance.model import Violation

if TYPE_CHECKING:
    from hypothesis import strategies as st

    from conformance.answer import Answer
    from conformance.client import Consents, Json
    from conformance.generate.exploring import Exploring, Smaller, Trial


def examples(exploring: Exploring) -> st.SearchStrategy[Json]:
    """`{"kind", "body"}`: a valid consent."""
    return CHANCE.map(Valid(exploring).consent)


def smaller(exploring: Exploring) -> Smaller:
    """Takes parts from a consent while it stays valid."""
    return Valid(exploring).smaller


def attempt(trial: Trial) -> None:
    """Create the consent and read it."""
    written(trial)


def written(trial: Trial) -> Answer | None:
    """Create the example's consent and read it; the read, or None where the target did not take it.

    A refusal is the target's right, and is not held against it.
    """
    asking, body = trial.consents, trial.example["body"]
    created = asking.create(body, kind=trial.example["kind"])
    with trial.watching("answers"):
        expect.no_server_error(created)
    if not created.succeeded or not created.given_id:
        return None
    trial.accepted += 1
    read = asking.read(created.given_id)
    with trial.watching("answers"):
        expect.no_server_error(read)
    if read.resource_type == "Consent" and not _is_in_force(asking, body):
        body = {**body, "status": read.parsed.get("status")}  # R4 leaves open whether the status follows the period
    with trial.watching("meaning"):
        expect.same_meaning(body, read)
    with trial.watching("content"):
        lines = sameness.lost(body, read.consent)
        if lines:
            raise Violation("the consent as it was sent", "; ".join(lines[:5]), read.shows)
    return read


def _is_in_force(asking: Consents, body: Json) -> bool:
    """Whether it is certain that the period of the consent has begun and is not over."""
    now = asking.clock.now().isoformat(timespec="seconds")
    return period.in_force(asking.period_of(body), now, asking.dialect.zone) == "yes"
