"""Tries examples within a budget of requests and seconds, and makes small what shows a violation.

Every example is tried once: what came out is remembered by its JSON, so that making it smaller costs a request only for
what was not tried yet. The same seed gives the same examples, whatever else is imported and however many workers run.
"""

from __future__ import annotations

import contextlib
import json
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest import mock

import hypothesis
from hypothesis.internal.conjecture import providers

from conformance.generate.world import STAND_INS, World, real
from conformance.model import OwnMistake, Unreachable, Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hypothesis.strategies import SearchStrategy

    from conformance.client import Consents
    from conformance.recorder import Recorder

    Attempt = Callable[["Trial"], None]
    Smaller = Callable[[Any, Callable[[Any], bool]], Any]

TO_SHRINK = 400
"""Requests that making one finding smaller may cost; with 0 it stays as it was found."""
SECONDS_TO_SHRINK = 30.0
ROOM = 100
"""A share of fewer requests leaves all but one example to the seed: those always tried would take all of it."""
FRUITLESS = 20
"""After so many examples of which the target has taken none, no more are made."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """What generated requests may cost: `requests` in a whole run, `seconds` for each check; `seed` picks them."""

    requests: int
    seconds: float = 60.0
    seed: int = 0


class Trial:
    """One example under way. `watching` ties what is asserted to an aspect; a violation ends neither."""

    def __init__(self, consents: Consents, recorder: Recorder, example: Any, people: dict[str, str]) -> None:
        self.consents = consents
        self.example = real(example, people)
        self.people = people
        self.violations: dict[str, Violation] = {}
        self.accepted = 0
        """How many writes the target took."""
        self.besides: dict[str, dict[str, Any]] = {}
        """Aspect → members that an example needs besides, to show the same where nothing else is."""
        self._recorder = recorder
        self._before = len(recorder.exchanges)

    @property
    def shows(self) -> tuple[str, ...]:
        """Every exchange of the example, in order."""
        return tuple(exchange.id for exchange in self._recorder.exchanges[self._before :])

    @contextmanager
    def watching(self, *aspects: str) -> Iterator[None]:
        """Keep the first violation inside for each of these aspects."""
        try:
            yield
        except Violation as violation:
            shows = tuple(dict.fromkeys((*violation.exchanges, *self.shows)))
            for aspect in aspects:
                self.violations.setdefault(aspect, Violation(violation.expected, violation.actual, shows))


@dataclass(frozen=True, slots=True)
class Explored:
    """What came of all examples: by aspect the violation that the smallest example shows."""

    violations: dict[str, Violation]
    examples: int
    accepted: int
    seed: int

    def hold(self, consents: Consents, aspect: str) -> None:
        """Raise what was found about an aspect.

        Raises:
            Violation: an example showed one.
            NotTestable: the target took nothing that was made.

        """
        if aspect in self.violations:
            raise self.violations[aspect]
        if not self.accepted:
            raise consents.untestable(
                f"the target took none of the {self.examples} consents that were generated",
                remedy="exclude the requirement on record, or give larger bodies under bodies in target.toml",
            )


@dataclass(slots=True)
class _Seen:
    violations: dict[str, Violation]
    accepted: int = 0
    besides: dict[str, dict[str, Any]] = field(default_factory=dict)


class _Enough(BaseException):
    """Ends the making of examples: Hypothesis lets it through, where it would take an Exception for a finding."""


@dataclass
class Exploring:
    """Tries examples against one target for one check. `world` is set up once, with the first example."""

    consents: Consents
    recorder: Recorder
    budget: Budget
    topic: str = ""
    """The module that makes the examples."""
    _world: World | None = None
    _seen: dict[str, _Seen] = field(default_factory=dict)

    @property
    def world(self) -> World:
        if self._world is None:
            self._world = World(self.consents)
        return self._world

    def explore(
        self,
        examples: SearchStrategy[Any],
        attempt: Attempt,
        *,
        share: float,
        smaller: Smaller,
        always: Iterable[Any] = (),
    ) -> Explored:
        """Try examples for a share of the budget; then make smaller, one by one, what violates an aspect.

        `attempt` carries out one example and ties what it asserts to aspects; `smaller` takes away what it can from an
        example while a condition holds. `always` are tried before all others, whatever the seed: the first of them, and
        the rest where the share has room for them and for others.
        """
        most = max(1, int(self.budget.requests * share))
        last = len(self.recorder.exchanges) + most
        deadline = time.monotonic() + self.budget.seconds

        def tried(example: Any) -> None:
            if len(self.recorder.exchanges) >= last or time.monotonic() > deadline or self._is_fruitless:
                raise _Enough
            self._try(example, attempt)

        with contextlib.suppress(_Enough):
            for place, example in enumerate(always):
                if place and most < ROOM:
                    break
                tried(example)
        self._make(examples, tried, number=most)
        outcomes = list(self._seen.values())
        found = list(dict.fromkeys(aspect for seen in outcomes for aspect in seen.violations))
        return Explored(
            violations={aspect: self._smallest(attempt, aspect, smaller) for aspect in found},
            examples=len(outcomes),
            accepted=sum(seen.accepted for seen in outcomes),
            seed=self.budget.seed,
        )

    @property
    def _is_fruitless(self) -> bool:
        """Whether the target takes nothing that is made, so that more of it would only be a nuisance."""
        return len(self._seen) >= FRUITLESS and not any(
            seen.accepted or seen.violations for seen in self._seen.values()
        )

    def _smallest(self, attempt: Attempt, aspect: str, smaller: Smaller) -> Violation:
        """The violation that the smallest example shows which so many requests lead to."""
        last = len(self.recorder.exchanges) + TO_SHRINK
        deadline = time.monotonic() + SECONDS_TO_SHRINK

        def shows(example: Any) -> bool:
            known = self._seen.get(_key(example))
            if known is None and len(self.recorder.exchanges) < last and time.monotonic() < deadline:
                with contextlib.suppress(OwnMistake):  # it is smaller than a right body can be
                    known = self._try(example, attempt)
            return known is not None and aspect in known.violations

        first = min((key for key, seen in self._seen.items() if aspect in seen.violations), key=len)
        smallest = smaller(json.loads(first), shows) if TO_SHRINK else json.loads(first)
        seen = self._seen[_key(smallest)]
        example = {**smallest, **seen.besides.get(aspect, {})}
        violation = seen.violations[aspect]
        violation.generated = {"topic": self.topic, "aspect": aspect, "example": example}
        return violation

    def again(self, example: Any, attempt: Attempt, *, aspect: str) -> Explored:
        """Try one example that was kept, for the sake of an aspect.

        Raises:
            NotTestable: it names people or places that the target has nobody for, or the target does not take it.

        """
        written = _key(example)
        missing = [name for name in STAND_INS if f'"{name}"' in written and name not in self.world.known]
        if missing:
            kind = missing[0].partition("/")[0]
            said = f"the example names a {kind}, and none is known to stand for it"
            raise self.consents.untestable(said, remedy=f"name a {kind} in given.actors")
        seen = self._try(example, attempt)
        if not seen.accepted and aspect not in {*seen.violations, "answers", "stored"}:
            said = "the target does not take what was kept"
            raise self.consents.untestable(said, remedy="remove the row of the finding")
        for violation in seen.violations.values():
            violation.generated = {"topic": self.topic, "aspect": aspect, "example": example}
        return Explored(seen.violations, examples=1, accepted=1, seed=self.budget.seed)

    def _try(self, example: Any, attempt: Attempt) -> _Seen:
        key = _key(example)
        if key in self._seen:
            return self._seen[key]
        trial = Trial(self.consents, self.recorder, example, self.world.people())
        try:
            attempt(trial)
        except Unreachable as problem:
            if not self._answers():
                raise
            trial.violations.setdefault("answers", Violation("an answer", str(problem), trial.shows))
        seen = self._seen[key] = _Seen(trial.violations, trial.accepted, trial.besides)
        return seen

    def _answers(self) -> bool:
        """Whether the target answers to something plain."""
        try:
            self.consents.read(self.consents.unused_id())
        except Unreachable:
            return False
        return True

    def _make(self, examples: SearchStrategy[Any], tried: Callable[[Any], None], *, number: int) -> None:
        """Let Hypothesis make so many examples, or until it is `_Enough`.

        It does not shrink: it would make each smaller example anew from the start, twenty times slower than parts are
        taken from JSON, and without a budget.
        """
        obstacle: Exception | None = None
        simplest = True

        @hypothesis.seed(self.budget.seed)
        @hypothesis.settings(
            max_examples=number + 1,
            phases=[hypothesis.Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(examples)
        def once(example: Any) -> None:
            """Hypothesis would try again what raises, and would speak of flakiness. It begins alike with every seed."""
            nonlocal obstacle, simplest
            if simplest:
                simplest = False
                return
            try:
                tried(example)
            except Exception as raised:
                obstacle = raised
                raise _Enough from raised

        with _same_for_a_seed(), contextlib.suppress(_Enough):
            once()
        if obstacle is not None:
            raise obstacle


@contextmanager
def _same_for_a_seed() -> Iterator[None]:
    """Keep Hypothesis from mixing in constants of the modules that happen to be imported (since 6.131)."""
    if not hasattr(providers.HypothesisProvider, "_maybe_draw_constant"):
        yield
        return
    with mock.patch.object(providers.HypothesisProvider, "_maybe_draw_constant", new=_no_constant):
        yield


def _no_constant(*_: object, **__: object) -> None:
    """No constant, whatever is asked for."""


def _key(example: Any) -> str:
    return json.dumps(example, sort_keys=True)
