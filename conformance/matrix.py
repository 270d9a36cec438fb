"""The whole proof: every fault and every variation against every requirement, and the laws that must hold over them.

Three laws. The honest server and every legal variation of it trip nothing. With a fault on, exactly the requirements
that it breaks trip (`conformance.proof.breaches`), and the finding about its aim says what was expected and what was
found. Each requirement that can be exercised is the aim of a fault that it alone catches, but for rows that restate it;
one that can fail a server is the aim of two faults.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING

from conformance import coverage, packs, proof
from conformance.model import Outcome, Verdict
from conformance.preparation import GENERATED
from conformance.reference import FAULTS, VARIATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from conformance.model import Report, Requirement

HONEST, FAULT, VARIATION = "honest", "fault", "variation"
TRIPPED = frozenset({Verdict.FAIL, Verdict.WARN})
EXERCISED = frozenset({Verdict.PASS, *TRIPPED})


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of a pack against the reference server: as it is, with one fault, or with one variation."""

    pack: str
    kind: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.pack}, {self.kind} {self.name}".rstrip()


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What a trial came to: requirements by verdict, and where it broke a law, a line each."""

    trial: Trial
    tripped: frozenset[str]
    exercised: frozenset[str]
    breaches: tuple[str, ...]
    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement and the faults that it caught: those aimed at it, those that nothing else caught, all."""

    requirement: Requirement
    packs: tuple[str, ...]
    aimed: tuple[str, ...]
    alone: tuple[str, ...]
    caught: tuple[str, ...]
    exercised: bool

    @property
    def missing(self) -> str:
        """What this requirement still lacks, in words; empty when its proof is whole."""
        if self.requirement.not_tested is not None or not self.exercised:
            return ""
        if not self.alone:
            return "no fault that it alone catches" if self.aimed else "no fault is aimed at it"
        if self.requirement.can_fail and len(self.aimed) < 2:
            return "one fault only, and it can fail a server"
        return ""


@dataclass(frozen=True, slots=True)
class Counted:
    """What there is to prove: requirement ids by the catalogues alone, and how many lies and liberties there are."""

    checked: frozenset[str]
    can_fail: frozenset[str]
    untested: frozenset[str]
    lies: int
    liberties: int
    by_pack: dict[str, tuple[int, int]]
    """Pack → (requirements with a check, of these those that can fail a server)."""


def embedded() -> list[str]:
    """The packs whose personality the reference server has."""
    return [name for name in packs.available() if packs.load(name).personality == name]


def trials(only: Sequence[str] = (), *, everywhere: bool = False) -> list[Trial]:
    """Each fault once in its home pack, or in every pack that can tell it; each variation in all of its packs."""
    wanted = list(only) or embedded()
    planned = [Trial(pack, HONEST) for pack in wanted]
    for name, fault in sorted(FAULTS.items()):
        planned += [Trial(pack, FAULT, name) for pack in (fault.packs if everywhere else fault.packs[:1])]
    planned += [
        Trial(pack, VARIATION, name) for name, variation in sorted(VARIATIONS.items()) for pack in variation.packs
    ]
    return [trial for trial in planned if trial.pack in wanted]


def carried_out(trial: Trial, *, own_process: bool = False) -> Outcomes:
    """Run one trial: in this process, or against a server in a process and on a socket of its own."""
    started = time.perf_counter()
    lies = (trial.name,) if trial.kind == FAULT else ()
    liberties = (trial.name,) if trial.kind == VARIATION else ()
    # A variation may be one of the wire, so that handing requests over would not show it.
    framed = trial.kind == VARIATION or (trial.kind == FAULT and FAULTS[trial.name].on_the_wire)
    near = proof.over_a_socket if framed else proof.against
    carry_out = proof.against_a_process if own_process else near
    report = carry_out(trial.pack, faults=lies, variations=liberties, options=_generation(trial))
    if trial.kind == FAULT:
        breaches = [*proof.breaches(report, FAULTS[trial.name]), *_unexplained(report, FAULTS[trial.name].aim)]
    else:
        breaches = proof.blamed(report)
    return Outcomes(
        trial=trial,
        tripped=_with(report, TRIPPED),
        exercised=_with(report, EXERCISED),
        breaches=tuple(breaches),
        requests=len(report.exchanges),
        seconds=time.perf_counter() - started,
    )


def _generation(trial: Trial) -> tuple[str, ...]:
    """How many generated requests a trial sends.

    A fault that was made for a generated requirement is judged with all of them. Any other is judged without: what is
    made up at random meets some of those lies too, and which ones is chance, so that no `breaks` could name them. What
    blames nobody is judged with generated requests as well, fewer for the variations, since there are many of them.
    """
    if trial.kind == FAULT and not FAULTS[trial.name].aim.startswith(GENERATED):
        return ("--generated", "0")
    return ("--generated", "100") if trial.kind == VARIATION else ()


def all_carried_out(planned: Sequence[Trial], *, jobs: int = 1, own_process: bool = False) -> Iterator[Outcomes]:
    """Run trials in so many processes; they come in the order in which they end."""
    carry_out = partial(carried_out, own_process=own_process)
    if jobs == 1:
        yield from map(carry_out, planned)
        return
    # A process that has run many suites has grown. ProcessPoolExecutor would hang when it replaces its own (gh-115634).
    with get_context("spawn").Pool(jobs, maxtasksperchild=40) as pool:
        yield from pool.imap_unordered(carry_out, planned)


def rows(outcomes: Iterable[Outcomes]) -> list[Row]:
    """One row for each requirement of the packs that were run, those that lack something first."""
    outcomes = list(outcomes)
    run = sorted({one.trial.pack for one in outcomes})
    lies = [one for one in outcomes if one.trial.kind == FAULT]
    exercised = frozenset[str]().union(*(one.exercised for one in outcomes if one.trial.kind != FAULT))
    restating = _restating(run)
    found = [
        _row(requirement, where, lies, restating.get(requirement.id, frozenset()), requirement.id in exercised)
        for requirement, where in _requirements(run)
    ]
    return sorted(found, key=lambda row: (not row.missing, row.requirement.id))


def _row(
    requirement: Requirement,
    where: tuple[str, ...],
    lies: list[Outcomes],
    restating: frozenset[str],
    exercised: bool,  # noqa: FBT001 - private, one caller
) -> Row:
    own = requirement.id
    caught = [one for one in lies if own in one.tripped]
    aimed = [one for one in caught if FAULTS[one.trial.name].aim == own]
    alone = [one for one in aimed if one.tripped <= {own, *restating}]
    return Row(
        requirement=requirement,
        packs=where,
        aimed=_names(aimed),
        alone=_names(alone),
        caught=_names(caught),
        exercised=exercised,
    )


def _names(some: Iterable[Outcomes]) -> tuple[str, ...]:
    return tuple(sorted({one.trial.name for one in some}))


def counted() -> Counted:
    """What the catalogues of all embedded packs hold; nothing is run."""
    found = _requirements(embedded())
    checked = [(row, where) for row, where in found if row.not_tested is None]
    by_pack = {}
    for pack in embedded():
        here = [row for row, where in checked if pack in where]
        by_pack[pack] = len(here), sum(row.can_fail for row in here)
    return Counted(
        checked=frozenset(row.id for row, _ in checked),
        can_fail=frozenset(row.id for row, _ in checked if row.can_fail),
        untested=frozenset(row.id for row, _ in found if row.not_tested is not None),
        lies=len(FAULTS),
        liberties=len(VARIATIONS),
        by_pack=by_pack,
    )


def _requirements(run: Iterable[str]) -> list[tuple[Requirement, tuple[str, ...]]]:
    """Each requirement of these packs with the packs that have it."""
    where: dict[str, list[str]] = {}
    known: dict[str, Requirement] = {}
    for name in run:
        pack = packs.load(name)
        checked = coverage.places(pack)
        for requirement in pack.catalogue.requirements:
            if requirement.not_tested is not None or requirement.id in checked:
                known[requirement.id] = requirement
                where.setdefault(requirement.id, []).append(name)
    return [(known[one], tuple(where[one])) for one in sorted(known)]


def _restating(run: Iterable[str]) -> dict[str, frozenset[str]]:
    """Requirement id → the rows that say the same again, in either direction."""
    pairs = {
        (row.id, other) for name in run for row in packs.load(name).catalogue.requirements for other in row.restates
    }
    both = pairs | {(other, own) for own, other in pairs}
    return {own: frozenset(other for one, other in both if one == own) for own, _ in both}


def _unexplained(report: Report, aim: str) -> Iterator[str]:
    """Findings about the aim that do not say what was expected and what was found instead."""
    for row in report.requirements:
        if row.requirement.id == aim:
            for check in row.checks:
                if check["outcome"] == Outcome.VIOLATED and (
                    not check["expected"] or not check["actual"] or check["expected"] == check["actual"]
                ):
                    yield f"{aim} is caught without saying what is wrong: {check['nodeid']}"


def _with(report: Report, verdicts: frozenset[Verdict]) -> frozenset[str]:
    return frozenset(row.requirement.id for row in report.requirements if row.verdict in verdicts)
