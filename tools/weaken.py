# ruff: noqa: T201, INP001 - a script that prints
"""How many deliberate weakenings of the assertion code are noticed.

Run: python tools/weaken.py [--minutes 25] [--seed 0] [--trials 12] [--only PART]     (make weaken)

Each weakening (see `weakenings.py`) is tried in a fork of this process: by the tests of its part, by faults that the
function catches (which these are was recorded before, by telling every lie once), and by some correct
servers. It is noticed when a test fails, or when a requirement gets another verdict than without it. The first of every
function is tried first, then the rest in random order, until the time is over. build/weaken.tsv has a line for each
that was tried.
"""

from __future__ import annotations

import argparse
import builtins
import gc
import importlib
import os
import pickle
import random
import signal
import sys
import time
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from pkgutil import iter_modules
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

import pytest
from weakenings import Weakening, code_of, function_at, functions, marked, weakenings

from conformance import matrix, observed, proof, recorder
from conformance.model import Outcome, Verdict, Violation
from conformance.reference import FAULTS
from conformance.validation import rules, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from conformance.model import Finding

ROOT = Path(__file__).parent.parent
FOUND = ROOT / "build" / "weaken.tsv"
REACH = ROOT / "build" / "weaken-reach.pickle"
TABLE = "rules"
"""The function that a weakened rule of the validator's table stands for."""
TESTS = {
    "conformance.period": (
        *("tests/period/test_period_table.py", "tests/period/test_period_edges.py"),
        *("tests/period/test_period_refusals.py", "tests/period/test_period_probes.py"),
    ),
    "conformance.validation": (
        *("tests/validation/test_rules_of_types.py", "tests/validation/test_second_corpus.py"),
        *("tests/validation/test_corpus.py", "tests/validation/test_structure_table.py"),
        "tests/validation/test_vendor_profile.py",
    ),
    "conformance.client.endpoint": (
        *("tests/test_request_headers.py", "tests/access/test_credentials.py", "tests/runner/test_read_only.py"),
    ),
    "conformance.client": ("tests/test_refused_close.py", "tests/test_contradictions.py", "tests/test_given_data.py"),
    "conformance.observed": (
        *("tests/test_leftovers.py", "tests/validation/test_structure_table.py", "tests/runner/test_nothing_seen.py"),
    ),
}
"""The tests of a part, besides the faults that reach it."""
HONEST = (
    *(("medicasoft", ""), ("oracle-health", "")),
    *(("r4", name) for name in ("versions-must-be-named", "holds-no-organizations", "search-lags")),
)
"""Packs, each with a legal variation, whose correct server is judged as well."""
BEFORE = frozenset({"row", "elsewhere", "_held"})
"""Functions of `conformance.observed.structure` that have done their work once modules are imported: no weakening."""
LONGEST = 90
"""Seconds for one weakening; one that takes longer, in an endless loop say, is noticed."""
MARK = "_reached"
REMEMBERING = frozenset({"conformance.examination", "conformance.sending"})
"""Modules elsewhere that remember what was worked out of a body."""


def modules() -> list[str]:
    """Where the assertions are."""
    inside = {"conformance.client": "client", "conformance.period": "period", "conformance.observed": "observed"}
    found = ["conformance.expect"]
    for package, folder in inside.items():
        found += [f"{package}.{one.name}" for one in iter_modules([str(ROOT / "conformance" / folder)])]
    return found


def of_the_table() -> list[Weakening]:
    """One for each rule of the validator: it is never told."""
    return [
        Weakening("conformance.validation", f"{TABLE}.{key}", 0, 0, "the rule is never told") for key in rules.RULES
    ]


def main() -> int:
    """Try as many as the time allows; print what was noticed, and what was not."""
    options = _options()
    sys.path.insert(0, str(ROOT))
    began = time.monotonic()
    everything = [one for name in modules() for one in weakenings(name)] + of_the_table()
    wanted = [one for one in everything if options.only in one.place and not one.place.startswith(options.without)]
    wanted = [one for one in wanted if not (one.module.endswith("observed.structure") and one.function in BEFORE)]
    reach = _reach(options.packs, again=options.again)
    print(f"{len(everything)} weakenings; {len(reach.caught)} functions catch a lie", flush=True)
    began = time.monotonic()
    dice = random.Random(options.seed)  # noqa: S311 - no secret
    judge = Judge(reach, dice, options.trials)
    judge.warm([part for part in TESTS if any(one.module.startswith(part) for one in wanted)])
    tried: dict[Weakening, str] = {}
    for weakening in in_order(wanted, dice):
        if time.monotonic() - began > options.minutes * 60:
            break
        tried[weakening] = judge.tried(weakening)
        print(f"{tried[weakening] or 'SURVIVES'}\t{weakening.place}:{weakening.line}\t{weakening.what}", flush=True)
    FOUND.parent.mkdir(exist_ok=True)
    lines = [f"{one.place}\t{one.line}\t{one.what}\t{by}" for one, by in tried.items()]
    FOUND.write_text("\n".join(["place\tline\tweakening\tnoticed by", *sorted(lines)]) + "\n", encoding="utf-8")
    summary(tried, wanted, time.monotonic() - began)
    return 0


def _reach(packs: Sequence[str], *, again: bool) -> Reach:
    """As it was recorded before, or recorded now, which takes a while."""
    if again or not REACH.is_file():
        began = time.monotonic()
        found: Reach | None = _apart(partial(recorded_reach, packs), seconds=3600)
        assert found is not None, "the reach could not be recorded"
        REACH.parent.mkdir(exist_ok=True)
        REACH.write_bytes(pickle.dumps(found))
        print(f"recorded in {time.monotonic() - began:.0f} s what each function catches")
    known: Reach = pickle.loads(REACH.read_bytes())  # noqa: S301 - our own
    return known


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--trials", type=int, default=12, help="faults for one weakening")
    parser.add_argument("--again", action="store_true", help="record anew which function catches which lie")
    parser.add_argument("--only", default="", metavar="PART", help="places that hold these words")
    parser.add_argument("--without", default="-", metavar="PART", help="no places that begin with these words")
    parser.add_argument("--pack", dest="packs", action="append", help="packs whose faults are told; all")
    options = parser.parse_args()
    options.packs = options.packs or matrix.embedded()
    return options


def in_order(wanted: Sequence[Weakening], dice: random.Random) -> list[Weakening]:
    """The first of each function, then all others, both in random order."""
    first = [one for one in wanted if one.number == 0]
    rest = [one for one in wanted if one.number]
    dice.shuffle(first)
    dice.shuffle(rest)
    return first + rest


def summary(tried: dict[Weakening, str], wanted: Sequence[Weakening], seconds: float) -> None:
    """Figures by module, and the survivors."""
    print(f"\n{len(tried)} of {len(wanted)} tried in {seconds:.0f} s")
    for name in sorted({one.module for one in tried}):
        here = [by for one, by in tried.items() if one.module == name]
        print(f"{name}: {sum(map(bool, here))} of {len(here)} noticed")
    noticed = sum(map(bool, tried.values()))
    print(f"{noticed} of {len(tried)} noticed: {100 * noticed / max(1, len(tried)):.1f} %")
    caught = {one.place for one, by in tried.items() if by}
    unseen = sorted({one.place for one in tried if one.public} - caught)
    print(f"public functions without a weakening that was noticed: {', '.join(unseen) or 'none'}")
    for one, by in sorted(tried.items(), key=lambda pair: pair[0].place):
        if not by:
            print(f"survives: {one.place}:{one.line} {one.what}")


class Judge:
    """Tries weakenings; remembers what each fault comes to when nothing is weakened."""

    def __init__(self, reach: Reach, dice: random.Random, trials: int) -> None:
        self._reach = reach
        self._dice = dice
        self._trials = trials
        self._breadth = Counter(lie for lies in reach.passed.values() for lie in lies)
        """How many functions a lie leads through: one that leads through few is told by what they do."""
        self._without: dict[tuple[str, str], dict[str, str] | None] = {}
        self._honest: list[tuple[str, str, dict[str, str]]] = []

    def warm(self, parts: Sequence[str]) -> None:
        """Import and work out what runs need, so that forks need not."""
        for part in parts:
            failing = _tested(TESTS[part]) or _apart(partial(_tested, TESTS[part]), seconds=LONGEST)
            assert failing == "", f"{failing} fails without a weakening"
        told("r4", next(name for name, fault in FAULTS.items() if fault.aim.startswith("r4.read")))
        self._honest = [(*where, judged(*where)) for where in HONEST]
        gc.freeze()

    def tried(self, weakening: Weakening) -> str:
        """What noticed it; nothing when nothing did."""
        part = next((tests for name, tests in TESTS.items() if weakening.module.startswith(name)), ())
        faults = self._faults(weakening)
        noticed = _apart(partial(_noticed, weakening, part, faults, self._honest), seconds=LONGEST)
        return "a time limit" if noticed is None else str(noticed)

    def _faults(self, weakening: Weakening) -> list[tuple[str, str, dict[str, str]]]:
        """(pack, fault, what it comes to without a weakening): some that the function catches, or has a part in."""
        caught = sorted(self._reach.caught.get(weakening.place, set()))
        passed = sorted(self._reach.passed.get(weakening.place, set()) - set(caught))
        self._dice.shuffle(caught)
        passed.sort(key=lambda lie: self._breadth[lie])
        chosen = []
        for pack, name in (caught + passed)[: self._trials]:
            if (pack, name) not in self._without:
                self._without[pack, name] = _apart(partial(told, pack, name), seconds=LONGEST)
            plain = self._without[pack, name]
            if plain is not None:
                chosen.append((pack, name, plain))
        return chosen


def told(pack: str, fault: str) -> dict[str, str]:
    """What becomes of the requirements that are looked at together with the aim of a fault, and what it lacks in words.

    No requests are made up; checks of other requirements are left out, unless the lie shows in their answers alone.
    """
    aim = FAULTS[fault].aim
    few = ("--generated", "0")
    report = proof.against(pack, faults=[fault], options=(*few, "--only", aim))
    if not any(row.requirement.id == aim and row.verdict in matrix.TRIPPED for row in report.requirements):
        report = proof.against(pack, faults=[fault], options=few)
    found = {row.requirement.id: str(row.verdict) for row in report.requirements if row.verdict is not Verdict.NOT_RUN}
    return found | {"": "; ".join(matrix._unexplained(report, aim))}  # noqa: SLF001 - the law, as it is tested


def judged(pack: str, variation: str) -> dict[str, str]:
    """What becomes of the requirements on a correct server."""
    report = proof.against(pack, variations=[variation] if variation else [], options=("--generated", "0"))
    return {row.requirement.id: str(row.verdict) for row in report.requirements}


def _noticed(
    weakening: Weakening,
    tests: Sequence[str],
    faults: Sequence[tuple[str, str, dict[str, str]]],
    honest: Sequence[tuple[str, str, dict[str, str]]],
) -> str:
    weaken(weakening)
    failing = _tested(tests)
    if failing:
        return failing
    for pack, fault, plain in faults:
        if told(pack, fault) != plain:
            return f"{pack}: {fault}"
    wrong = (f"{pack}: correct, {name or 'as it is'}" for pack, name, plain in honest if judged(pack, name) != plain)
    return next(wrong, "")


def _tested(tests: Sequence[str]) -> str:
    """The first of these files in which a test fails; empty when none does."""
    settings = ("-x", "-p", "no:randomly", "-p", "no:xdist", "-p", "no:cacheprovider", "-p", "no:terminal")
    quiet = ("-W", "ignore::pytest.PytestAssertRewriteWarning", "--rootdir", str(ROOT))
    passing = (pytest.main([str(ROOT / one), *settings, *quiet]) == pytest.ExitCode.OK for one in tests)
    return next((one for one, passes in zip(tests, passing, strict=False) if not passes), "")


def weaken(weakening: Weakening) -> None:
    """Put it in place, and forget what was worked out before."""
    if weakening.function.startswith(f"{TABLE}."):
        _leave_out(weakening.function.removeprefix(f"{TABLE}."))
    else:
        function_at(weakening.module, weakening.function).__code__ = code_of(weakening)
    plans = "conformance.validation" if weakening.module != "conformance.validation" else "conformance.observed"
    for name, module in list(sys.modules.items()):
        if name.startswith(("conformance.observed", "conformance.period", plans)) or name in REMEMBERING:
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


def _leave_out(rule: str) -> None:
    told = run.Run.add

    def add(self: Any, key: str, *more: Any, **named: Any) -> None:
        if key != rule:
            told(self, key, *more, **named)

    run.Run.add = add  # type: ignore[method-assign]
    rules.RULES[rule] = rules.Rule("information", *_rest(rules.RULES[rule]))


def _rest(rule: rules.Rule) -> tuple[str, str, str]:
    return rule.code, rule.says, rule.source


@dataclass
class Reach:
    """Place of a function → (pack, fault) whose aim is caught by it, or that only lead through it."""

    caught: dict[str, set[tuple[str, str]]]
    passed: dict[str, set[tuple[str, str]]]


def recorded_reach(packs: Sequence[str]) -> Reach:
    """Tell every lie once, in its home, and follow how its aim is caught."""
    watch = Watch()
    watch.start()
    for name, fault in sorted(FAULTS.items()):
        if fault.packs[0] in packs and not fault.aim.startswith(matrix.GENERATED):
            watch.follow(fault.packs[0], name)
    return Reach(dict(watch.caught), dict(watch.passed))


class Watch:
    """Which functions stand on the way to the violation of an aim, and which are called on the way."""

    def __init__(self) -> None:
        self.caught: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self.passed: dict[str, set[tuple[str, str]]] = defaultdict(set)
        self._aim = ""
        self._told = ("", "")
        self._met: set[str] = set()
        self._files = {str(importlib.import_module(name).__file__): name for name in modules()}

    def follow(self, pack: str, fault: str) -> None:
        """One lie, and the checks of its aim."""
        self._aim, self._told = FAULTS[fault].aim, (pack, fault)
        self._met.clear()
        told(pack, fault)
        for place in self._met:
            self.passed[place].add(self._told)

    def start(self) -> None:
        """Put a mark into every function, and follow checks and observations."""
        setattr(builtins, MARK, self._met.add)
        for module in modules():
            for name, _ in functions(module):
                function = function_at(module, name)
                if hasattr(function, "__code__"):
                    function.__code__ = marked(module, name, MARK)
        verifying, found = recorder.Verifying.__call__, observed._findings  # noqa: SLF001 - there is no other seam

        @contextmanager
        def watched(this: Any, *requirements: str) -> Iterator[None]:
            with verifying(this, *requirements):
                try:
                    yield
                except Violation as violation:
                    if self._aim in requirements:
                        self._catch(violation)
                    raise

        def observing(function: Callable[..., Any], answers: Any, concerned: list[str]) -> tuple[Finding, ...]:
            before = set(self._met)
            self._met.clear()
            findings = found(function, answers, concerned)
            if self._aim in concerned and any(one.outcome is Outcome.VIOLATED for one in findings):
                for place in self._met:
                    self.caught[place].add(self._told)
            self._met |= before
            return findings

        recorder.Verifying.__call__ = watched  # type: ignore[method-assign]
        observed._findings = observing  # noqa: SLF001 - as above

    def _catch(self, violation: Violation) -> None:
        for frame, _ in walk_tb(violation.__traceback__):
            module = self._files.get(frame.f_code.co_filename)
            if module is not None:
                name = frame.f_code.co_qualname.partition(".<locals>")[0]
                self.caught[f"{module}.{name}"].add(self._told)


def _apart(work: Callable[[], Any], *, seconds: int) -> Any:
    """What some work returns that is done in a fork, in silence; None when it breaks or takes longer."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        signal.alarm(seconds)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        told = b""
        try:
            told = pickle.dumps(work())
        finally:
            with os.fdopen(write, "wb") as pipe:
                pipe.write(told)
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(told) if told else None  # noqa: S301 - our own fork wrote it


if __name__ == "__main__":
    sys.exit(main())
