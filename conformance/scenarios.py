"""The rows of a pack that become checks: documented scenarios, cells of the header matrix, contradictions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Action = Literal["create", "update", "close", "read", "search", "delete"]
Encoding = Literal["base64", "base64url", "plain", "raw"]
Patch = tuple[dict[str, Any], ...]
"""RFC 6902 operations."""

RUN_NAMES = {
    "patient": "the reference to a patient of the run, the same throughout the scenario",
    "patient-id": "the logical id of that patient",
    "patient-parameter": "the search parameter that takes it, by the dialect",
    "other-patient": "the reference to another patient of the run",
    "other-patient-id": "the logical id of the other patient",
    "unused-id": "an id that no consent has, a fresh one at each place",
    "uuid": "a fresh UUID at each place",
    "end": "the date at which a consent is closed, in the future",
    "period": "the place of a consent's period, by the dialect, as a part of a JSON Pointer",
    "given-consent": "the logical id of a consent that the target holds",
    "given-patient-id": "the logical id of that consent's patient",
    "given-actor-id": "the logical id of that consent's first actor",
    "given-patient-identifier": "an identifier of a patient whom the target holds, system|value, encoded",
    "given-actor-identifier": "an identifier of an actor whom the target holds, system|value, encoded",
    "given-other-patient-id": "the logical id of the patient of another consent that the target holds",
}
"""Names that a scenario may use in braces without having remembered them, and what the run puts there."""

CELL_NAMES = {
    "consent-id": "the logical id of the consent that is closed or read",
    "patient-id": "the logical id of the patient whose consent is written or read",
    "other-patient-id": "the logical id of another patient",
    "token": "the target's credentials without the name of their scheme",
    "uuid": "a fresh UUID",
}
"""Names that the value of a header cell may have in braces."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeaderValue:
    """How the value of one request header is made: from `value`, or from `fixture`.

    * `value` is text in which `{uuid}` becomes a fresh UUID for each request, `{name}` what a scenario remembered.
    * `fixture` is a JSON file of the pack, written on one line by `encoding`: `base64`, or as it is (`plain`, `raw`),
      or as the dialect says (`dialect:provenance_header`, `dialect:header_encoding`).
    * `by_action` changes the fixture by what is done to which kind of consent: `{"close-dose": patch, …}`.

    In TOML, `x-request-id = "{uuid}"` is short for `x-request-id = { value = "{uuid}" }`.
    """

    value: str | None = None
    fixture: str | None = None
    encoding: str = "plain"
    by_action: dict[str, Patch] = field(default_factory=dict)

    def patch_for(self, action: str, activity_kind: str = "") -> Patch:
        """The change for `close` of a `dose` consent: that of `close-dose`, else that of `close`, else none."""
        return self.by_action.get(f"{action}-{activity_kind}", self.by_action.get(action, ()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """What a check gets when it asks for a consent by `kind`, such as `dose-active`.

    `create` is a JSON file of the pack, `patch` changes it. `reconstructed` says that no source prints it: a refusal is
    then not testable and asks for `bodies.<kind>` in target.toml. `activity_kind` is the word for it in `by_action`.
    """

    kind: str
    create: str
    activity_kind: str
    patch: Patch = ()
    reconstructed: bool = False


@dataclass(frozen=True, slots=True)
class Statuses:
    """Acceptable statuses: numbers, and classes such as `2xx`. `404 in statuses`; false when there are none."""

    listed: tuple[int | str, ...] = ()

    def __contains__(self, status: object) -> bool:
        return status in self.listed or (isinstance(status, int) and f"{status // 100}xx" in self.listed)

    def __bool__(self) -> bool:
        return bool(self.listed)

    def __str__(self) -> str:
        return " or ".join(str(each) for each in self.listed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Expectation:
    """What must come back for `requirements` to hold. What is not given is not looked at.

    `noted` statuses pass with a note. `header`: name → regular expression that the whole value matches. `body`: JSON
    pointer → value; `absent`: pointers at which nothing may be, `{ absent = true }` in TOML. `includes` and `excludes`:
    ids that a Bundle holds and does not. Text in all of them may hold `{name}`.
    """

    requirements: tuple[str, ...]
    status: Statuses = Statuses()
    noted: Statuses = Statuses()
    header: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One request of a scenario. `path` is below the base address.

    `header_set` names a set of the pack, `headers` are given in place; both come on top of the usual ones for `action`.
    `body` is a JSON file of the pack; None with a `kind`: the body of that kind; None without: no body. `remember`:
    name → JSON pointer into the answer, `header:<name>`, or `id` for the logical id from Location or body.
    """

    name: str
    method: str
    path: str
    action: Action
    kind: str | None = None
    body: str | None = None
    patch: Patch = ()
    header_set: str | None = None
    headers: dict[str, HeaderValue] = field(default_factory=dict)
    remember: dict[str, str] = field(default_factory=dict)
    flawed: str | None = None
    expect: tuple[Expectation, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Generated:
    """An example in which generated requests once found that `requirement` is violated.

    `example` is a JSON file of the pack. It is tried as all examples of `topic` are, a module of
    `conformance.generate`; `aspect` is what was wrong, among all that the topic looks at.
    """

    requirement: str
    topic: str
    aspect: str
    example: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """A documented sequence of requests, or an example that generated requests have left."""

    name: str
    title: str
    source: str
    steps: tuple[Step, ...] = ()
    generated: Generated | None = None

    @property
    def requirements(self) -> tuple[str, ...]:
        """The ids that it verifies, each once, in their order."""
        if self.generated is not None:
            return (self.generated.requirement,)
        named = (name for step in self.steps for row in step.expect for name in row.requirements)
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True, kw_only=True, slots=True)
class HeaderCell:
    """One change to one header of an otherwise complete request, and what must come of it.

    Exactly one of `absent`, `value`, `values` (the header is sent once per value), `repeated` (twice as documented),
    `case` (of its name), and `patch` or `encoding` or both (of its fixture). Texts may hold names of `CELL_NAMES`.
    `expect`: `refused` (any 4xx and nothing changed), `accepted` (any 2xx), `clean` (either; no 5xx, nothing half
    done), `done` (2xx and the effect reads back), `optional` (2xx without the header, either with it). `contradiction`
    is the id of the one that the server's choice answers; the report then says what it chose.
    """

    name: str
    requirements: tuple[str, ...]
    base: Literal["close", "create", "read", "search"]
    kind: str | None
    header: str
    expect: Literal["refused", "accepted", "clean", "done", "optional"]
    absent: bool = False
    repeated: bool = False
    value: str | None = None
    values: tuple[str, ...] = ()
    case: Literal["lower", "upper"] | None = None
    patch: Patch = ()
    encoding: Encoding | None = None
    status: Statuses = Statuses()
    """The statuses of a refusal, where the source gives numbers."""
    noted: Statuses = Statuses()
    """Further statuses, which pass with a note."""
    note: str = ""
    contradiction: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceLine:
    """A line (or range of lines) of the pack's source document and the requirements that came of it."""

    lines: str
    says: str
    requirements: tuple[str, ...]
    contradictions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileRule:
    """Which finding of the validator, when a returned Consent is held against the profile, breaks `requirement`.

    `keys` are patterns of rules of the validator or keys of the profile's constraints, `paths` patterns of elements
    without indices; what is empty says nothing. The first row that speaks of a finding counts. With a `contradiction`
    the finding is a note, since the sources leave it open.
    """

    requirement: str
    keys: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    contradiction: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileRules:
    """The profile that every returned Consent is held against, and what its rules stand for."""

    profile: str
    rules: tuple[ProfileRule, ...]

    @property
    def requirements(self) -> tuple[str, ...]:
        """The ids that the profile verifies, each once, in their order."""
        return tuple(dict.fromkeys(rule.requirement for rule in self.rules))


@dataclass(frozen=True, kw_only=True, slots=True)
class Printed:
    """An example that the source prints with a slip in it, its syntax repaired, and the same example `repaired`.

    Both are JSON files of the pack. `request` is the end of the address to which it is printed as the answer.
    """

    body: str
    repaired: str
    request: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contradiction:
    """A place where the sources contradict themselves or each other, and what the suite makes of it."""

    id: str
    where: str
    readings: tuple[str, ...]
    consequence: str
    note: str = ""
    requirements: tuple[str, ...] = ()
    printed: tuple[Printed, ...] = ()

    def met(self, seen: str) -> str:
        """A note for the report of what the target made of it."""
        readings = " / ".join(self.readings)
        return f"contradiction {self.id}: {seen} (the sources do not settle this; {self._made_of_it}: {readings})"

    @property
    def _made_of_it(self) -> str:
        return {
            "accept either": "each reading is accepted",
            "the rule stands": "the requirement stands whichever is meant",
            "setting": "a setting says which is meant",
            "warning at most": "whichever is meant, a warning is the most that follows",
            "repaired": "the slip was repaired before use",
            "never an expectation": "the suite expects none of the readings",
            "none": "nothing follows from it",
        }[self.consequence]
