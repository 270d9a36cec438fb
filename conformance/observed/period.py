"""What all answers of a run say about periods, and about the time that it is."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from conformance.clock import ahead
from conformance.model import Violation
from conformance.observed import observes
from conformance.observed.bodies import held, parsed
from conformance.observed.planted import planted
from conformance.period import order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.model import Exchange
    from conformance.observed import Answers

Json = dict[str, Any]
PERIODS = frozenset({"period", "dataPeriod", "valuePeriod"})
"""The elements of a Consent and of its extensions whose type is Period."""
TOLERATED_SKEW = 120.0
"""Seconds by which the clocks of two machines may differ."""
WORTH_SAYING = 5.0
"""Seconds of difference from which on it is mentioned: a Date has no fractions, and an answer takes its time."""


@observes("period.order.returned-periods-are-not-inverted")
def no_returned_period_is_inverted(answers: Answers) -> str | None:
    """No Period of a returned Consent, at any depth, ends before it starts, but for those sent wrong on purpose."""
    is_planted = planted(answers)
    seen: dict[str, str | None] = {}

    def fault(answer: Exchange) -> str | None:
        body = answer.response_body or ""
        if answer.flawed and answer.method in {"POST", "PUT"}:
            return None
        if body not in seen:
            seen[body] = (
                next(_inverted(parsed(body), is_planted, answers.dialect.zone), None) if "eriod" in body else None
            )
        return seen[body]

    return answers.none_may(fault, expected="no period that ends before it starts")


@observes("period.clock.is-near-the-runs-clock")
def the_clocks_agree(answers: Answers) -> str | None:
    """Half of the answers of the run have a Date within two minutes of the moment at which they were asked for."""
    skews = [skew for answer in answers if (skew := ahead(answer)) is not None]
    if not skews:
        return "no answer of this run has a Date"
    skew = median(skews)
    told = f"the target's clock is {abs(skew):.0f} s {'ahead' if skew > 0 else 'behind'}"
    if abs(skew) > TOLERATED_SKEW:
        dated = next(answer for answer in answers if ahead(answer) is not None)
        raise Violation(f"a Date within {TOLERATED_SKEW:.0f} s of the run's clock", told, (dated.id,))
    return told if abs(skew) > WORTH_SAYING else None


def _inverted(body: Any, is_planted: Callable[[Json], bool], zone: str | None) -> Iterator[str]:
    """A line for each period that is not in order, in the Consents of a body."""
    for consent in held(body):
        if not is_planted(consent):
            for path, found in _periods(consent, "Consent"):
                if _is_inverted(found, zone):
                    yield f"{path} from {found.get('start')} to {found.get('end')}"


def _is_inverted(period: dict[str, Any], zone: str | None) -> bool:
    try:
        return order(period, zone) == "violation"
    except ValueError:  # a bound that is no dateTime: another rule of the data type
        return False


def _periods(value: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _periods(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            if name in PERIODS and isinstance(item, dict):
                yield f"{path}.{name}", item
            else:
                yield from _periods(item, f"{path}.{name}")
