"""Requirements about all answers of a run: pure functions over the recorded exchanges.

They run on the controller at the end, since a worker of pytest-xdist cannot see every exchange.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from conformance.model import CheckRecord, Exchange, Finding, NotTestable, Outcome, Violation
from conformance.recorder import own_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from conformance.packs import Dialect, Pack
    from conformance.target import Target

_OBSERVATIONS: list[tuple[tuple[str, ...], Callable[[Answers], str | None]]] = []


@dataclass(frozen=True)
class Answers:
    """Every exchange of a run that got a response, in order."""

    exchanges: tuple[Exchange, ...]
    target: Target
    dialect: Dialect
    release: str = "4.0"
    """The FHIR release of the pack."""
    definitions: tuple[Path, ...] = ()
    """The FHIR definitions that the pack brings."""

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self.exchanges)

    def none_may(self, fault: Callable[[Exchange], str | None], *, expected: str) -> str | None:
        """Hold each answer against a rule: `fault` says what is wrong with it, or None.

        Raises:
            Violation: at least one answer breaks the rule; the first few are told.

        """
        if not self.exchanges:
            raise NotTestable("no answer was received in this run")
        wrong = [(exchange, said) for exchange in self.exchanges if (said := fault(exchange)) is not None]
        if wrong:
            first, said = wrong[0]
            raise Violation(
                expected,
                f"{len(wrong)} of {len(self.exchanges)} answers differ; {first.method} {first.url}: {said}",
                tuple(exchange.id for exchange, _ in wrong[:5]),
            )
        return None


def observes(*requirements: str) -> Callable[[Callable[[Answers], str | None]], Callable[[Answers], str | None]]:
    """Register a function over all answers for these requirements. It raises Violation, or returns a note or None."""

    def register(function: Callable[[Answers], str | None]) -> Callable[[Answers], str | None]:
        _OBSERVATIONS.append((requirements, function))
        return function

    return register


def observe(
    exchanges: Mapping[str, Exchange], applicable: Collection[str], *, target: Target, dialect: Dialect, pack: Pack
) -> tuple[CheckRecord, ...]:
    """Evaluate what applies, in the order of the names."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    answers = Answers(
        tuple(exchange for exchange in exchanges.values() if exchange.status is not None),
        target,
        dialect,
        pack.fhir,
        pack.definitions,
    )
    records = []
    for requirements, function in _OBSERVATIONS:
        concerned = [requirement for requirement in requirements if requirement in applicable]
        if concerned:
            nodeid = f"conformance/observed/{function.__module__.rpartition('.')[2]}.py::{function.__name__}"
            title = " ".join((function.__doc__ or function.__name__).split())
            findings = _findings(function, answers, concerned)
            records.append(CheckRecord(nodeid=nodeid, title=title, findings=findings))
    return tuple(sorted(records, key=lambda record: record.nodeid))


def _findings(function: Callable[[Answers], str | None], answers: Answers, concerned: list[str]) -> tuple[Finding, ...]:
    outcome, message, expected, actual = Outcome.HELD, "", "", ""
    notes: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    try:
        note = function(answers)
        notes = (note,) if note else ()
    except Violation as violation:
        outcome, message, shows = Outcome.VIOLATED, str(violation), violation.exchanges
        expected, actual = violation.expected, violation.actual
    except NotTestable as obstacle:
        outcome, message, shows = Outcome.NOT_TESTABLE, str(obstacle), obstacle.exchanges
    except Exception as problem:  # noqa: BLE001 - our own bug becomes the verdict `error`, with its name
        outcome, message = Outcome.ERROR, own_fault(problem)
    return tuple(
        Finding(
            requirement=requirement,
            outcome=outcome,
            message=message,
            expected=expected,
            actual=actual,
            notes=notes,
            exchanges=shows,
        )
        for requirement in concerned
    )
