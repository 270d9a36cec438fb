"""Requirements about all answers of a run: pure functions over the recorded exchanges.

They run on the controller at the end, since a worker of pytest-xdist cannot see every exchange.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial, update_wrapper
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, TypeVar

from conformance.model import CheckRecord, Exchange, Finding, NotTestable, Outcome, Violation
from conformance.recorder import own_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import Path

    from conformance.packs import Dialect, Pack
    from conformance.printed import Examples
    from conformance.scenarios import Contradiction
    from conformance.target import Target

T = TypeVar("T")

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
    contradictions: tuple[Contradiction, ...] = ()
    """Where the sources of the pack contradict themselves or each other."""
    profile: str | None = None
    """The profile that the pack asks for, if it has one."""
    _worked_out: dict[Callable[[Answers], Any], Any] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def once(self, work: Callable[[Answers], T]) -> T:
        """What several observations need: worked out by the first of them, and given to the others."""
        if work not in self._worked_out:
            self._worked_out[work] = work(self)
        return self._worked_out[work]  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self.exchanges)

    def met(self, contradiction: str, seen: str) -> str | None:
        """A note of what the target made of a contradiction of its sources; None when the pack has it not on record."""
        return next((row.met(seen) for row in self.contradictions if row.id == contradiction), None)

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
                f"{said} ({first.method} {first.url}; {len(wrong)} of {len(self.exchanges)} answers differ)",
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
    exchanges: Mapping[str, Exchange],
    applicable: Collection[str],
    *,
    target: Target,
    dialect: Dialect,
    pack: Pack,
    examples: Examples,
) -> tuple[CheckRecord, ...]:
    """Evaluate what applies, in the order of the names; `examples` are those that the sources print with a slip."""
    from conformance.observed.profile_rules import every_consent_follows_the_profile  # noqa: PLC0415 - as below

    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    answers = Answers(
        tuple(exchange for exchange in exchanges.values() if exchange.status is not None),
        target,
        dialect,
        pack.fhir,
        pack.definitions,
        pack.contradictions,
        pack.profile.profile if pack.profile is not None else None,
    )
    wanted = [(requirements, function, "") for requirements, function in _OBSERVATIONS]
    if pack.profile is not None:
        for id in pack.profile.requirements:  # noqa: A001 - FHIR's own word
            row_of_profile = partial(every_consent_follows_the_profile, held=pack.profile, requirement=id)
            wanted.append(((id,), update_wrapper(row_of_profile, every_consent_follows_the_profile), f"[{id}]"))
    records = []
    for requirements, function, row in wanted:
        concerned = [id for id in requirements if id in applicable]  # noqa: A001 - FHIR's own word
        if concerned:
            file = f"{function.__module__.rpartition('.')[2]}.py"
            title = " ".join((function.__doc__ or function.__name__).split())
            found = _findings(function, answers, concerned)
            findings = tuple(_mended(finding, function, answers, examples) for finding in found)
            nodeid = f"conformance/observed/{file}::{function.__name__}{row}"
            records.append(CheckRecord(nodeid=nodeid, title=title, findings=findings))
    return tuple(sorted(records, key=lambda record: record.nodeid))


def _mended(
    finding: Finding, function: Callable[[Answers], str | None], answers: Answers, examples: Examples
) -> Finding:
    """A violation, or a note in its place when nothing is wrong but what the source prints itself."""
    if finding.outcome is not Outcome.VIOLATED:
        return finding
    exchanges, told = examples.mended(finding.requirement, answers)
    if not told:
        return finding
    (again,) = _findings(function, replace(answers, exchanges=exchanges), [finding.requirement])
    return replace(again, notes=(*again.notes, *told)) if again.outcome is Outcome.HELD else again


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
