"""Everything that is decided before the first check: pack, target, claims, what applies, what was selected."""

from __future__ import annotations

import fnmatch
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from conformance import packs, sending
from conformance import target as targets
from conformance.headers import value_of
from conformance.model import Claim, Requirement, UsageError
from conformance.own_fixtures import furnished
from conformance.printed import Examples
from conformance.reading.spelling import nearest
from conformance.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from conformance.packs import Dialect, Pack
    from conformance.target import Target

DEFAULT_PACK = "r4"
WRITING = (
    "create",
    "update",
    "update:instance-url",
    "update:type-url",
    "delete",
    "validation",
    "prefer",
    "if-match",
    "read-only",
)
"""Claims whose requirements cannot be looked at without trying to write."""
SENDING_INVALID = frozenset(
    {"period.order.inverted-period-is-refused", "security.narrative.active-content-is-not-kept"}
)
"""What else is looked at by consents that break R4's rules, besides what needs the claim `validation`."""
EMBEDDED = "the embedded server"
GENERATED = "generated."
"""What the ids of requirements begin with that only generated requests exercise."""
GENERATED_CHECKS = "test_generated.py"
"""The module of the checks that make up their requests."""
MOST_GENERATED, FEWEST_GENERATED = 500, 20
"""Generated requests of a run that asks for no other number, and how few make sense."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user asked for. Paths as given; patterns as in `fnmatch`, a topic stands for all below it."""

    pack: str | None = None
    base_url: str | None = None
    target: str | None = None
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    read_only: bool = False
    keep_created: bool = False
    generated: int | None = None
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """A run, decided. `inapplicable` gives the reason for each requirement that does not apply."""

    pack: Pack
    target: Target
    dialect: Dialect
    claims: tuple[Claim, ...]
    embedded: bool
    read_only: bool
    generated: int
    """How many generated requests the run may send."""
    seed: int
    inapplicable: Mapping[str, str]
    selected: frozenset[str]
    found: Mapping[str, str] = field(default_factory=dict)
    """What of target.given was found on the server: key → how much, and by which requests."""
    redactor: Redactor = field(repr=False)

    @property
    def mode(self) -> str:
        return "read-only" if self.read_only else "full"

    @property
    def may_create(self) -> bool:
        """Whether checks make the consents that they need; else they use what the target was given."""
        return not self.read_only and "create" in self.offered

    @cached_property
    def applicable(self) -> frozenset[str]:
        """The requirements that apply and were selected."""
        rows = self.pack.catalogue.requirements
        return frozenset(row.id for row in rows if row.id not in self.inapplicable and row.id in self.selected)

    @cached_property
    def examples(self) -> Examples:
        """What the sources of the pack print with a slip in it."""
        return Examples(self.pack)

    @cached_property
    def offered(self) -> frozenset[str]:
        return frozenset(row.claim for row in self.claims)


def choose(options: Options) -> tuple[Pack, Target | None]:
    """The pack, and the target unless it is the embedded server.

    Raises:
        UsageError: a name, a file or a combination of options is wrong.

    """
    target = None
    if options.target:
        target = targets.load(Path(options.target), environ=os.environ, base_url=options.base_url)
    elif options.base_url:
        target = targets.from_dict({"base_url": options.base_url}, where="--base-url", environ=os.environ)
    pack = packs.load(options.pack or (target.pack if target else None) or DEFAULT_PACK)
    if target is not None:
        pack = furnished(pack, target)
    elif pack.personality is None:
        raise UsageError(f"pack '{pack.name}' has no embedded server: give --base-url URL or --target FILE")
    return pack, target


def prepare(
    options: Options, pack: Pack, target: Target, *, embedded: bool, declared: Sequence[Claim] | None = None
) -> Preparation:
    """Decide a run. `declared` are the claims of the server's own CapabilityStatement, for packs that go by it."""
    target.check_against(pack)
    sending.check_bodies(target, pack)
    read_only = options.read_only or not (target.allow_writes or embedded)
    claims = claims_of(pack, target, declared, read_only=read_only)
    generated = _generated(options)
    inapplicable = dict(inapplicable_rows(pack, claims, read_only=read_only, generated=generated))
    dialect = pack.dialect.with_overrides(target.dialect)
    if dialect.lenient_validation:
        for row in pack.catalogue.requirements:
            if "validation" in row.applies_when or row.id in SENDING_INVALID:
                inapplicable.setdefault(row.id, "dialect.lenient_validation: no invalid consents are sent")
    selected = select(pack.catalogue.requirements, options.only, options.exclude)
    excluded = {row.requirement for row in target.exclusions}
    return Preparation(
        pack=pack,
        target=target,
        dialect=dialect,
        claims=claims,
        embedded=embedded,
        read_only=read_only,
        generated=generated,
        seed=options.seed,
        inapplicable=inapplicable,
        selected=frozenset(selected - excluded),
        redactor=redactor_for(pack, target),
    )


def redactor_for(pack: Pack, target: Target) -> Redactor:
    """What takes secrets out of a run. It knows from the start whom the provenance headers of the pack name."""
    redactor = Redactor(target.secrets(), people=target.redact_people)
    dialect = pack.dialect.with_overrides(target.dialect)
    for group in pack.headers.values():
        for name, documented in group.items():
            if name.lower().endswith("provenance"):
                redactor.headers([(name, value_of(documented, pack, dialect, "create", None))])
    redactor.headers(target.http.headers.items())
    return redactor


def claims_of(
    pack: Pack, target: Target, declared: Sequence[Claim] | None, *, read_only: bool = False
) -> tuple[Claim, ...]:
    """What the system offers and who says so: the pack or the server's own statement, corrected by target.toml."""
    rows = {row.claim: row for row in pack.claims}
    rows |= {row.claim: row for row in declared or ()}
    if not rows.keys() & {"auth", "open"}:
        mode = "auth" if target.auth.kind != "none" else "open"
        rows.setdefault(mode, Claim(claim=mode, source="auth of target.toml"))
    for purpose, claim in TOKEN_CLAIMS.items():
        if purpose in target.tokens:
            rows.setdefault(claim, Claim(claim=claim, source=f"tokens.{purpose} of target.toml"))
    if target.given.ended_consents:
        rows.setdefault("ended-consent", Claim(claim="ended-consent", source="given.ended-consents of target.toml"))
    elif "create" in rows and not read_only:
        rows.setdefault("ended-consent", Claim(claim="ended-consent", source="what can be created can have ended"))
    for claim in target.claims_add:
        rows.setdefault(claim, Claim(claim=claim, source="claims.add of target.toml"))
    for claim in target.claims_remove:
        rows.pop(claim, None)
    return tuple(rows[claim] for claim in sorted(rows))


TOKEN_CLAIMS = {
    "other-role": "auth:roles",
    "narrow-scope": "auth:scopes",
    "patient-bound": "auth:patient-scoped",
    "expired": "auth:expired",
}


def _generated(options: Options) -> int:
    """How many generated requests the options allow."""
    asked = MOST_GENERATED if options.generated is None else options.generated
    if 0 < asked < FEWEST_GENERATED or asked < 0:
        raise UsageError(f"--generated {asked}: give 0, or at least {FEWEST_GENERATED} requests")
    return asked


def inapplicable_rows(
    pack: Pack, claims: Sequence[Claim], *, read_only: bool, generated: int = MOST_GENERATED
) -> Mapping[str, str]:
    """Requirement id → why it does not apply, for those that do not."""
    offered = {row.claim for row in claims}
    reasons = {id: why for id, why in pack.catalogue.applicable(offered).items() if why}  # noqa: A001
    if read_only:
        for row in pack.catalogue.requirements:
            writes = [claim for claim in row.applies_when if claim in WRITING]
            if writes and row.id not in reasons:
                reasons[row.id] = "needs a write, and this run is read-only"
    if not generated:
        kept = {id for row in pack.scenarios for id in row.requirements}  # noqa: A001 - FHIR's own word
        for row in pack.catalogue.requirements:
            if row.id.startswith(GENERATED) and row.id not in kept:
                reasons.setdefault(row.id, "needs generated requests, and this run sends none (--generated 0)")
    return reasons


def select(rows: Sequence[Requirement], only: Collection[str], exclude: Collection[str]) -> set[str]:
    """The ids that --only and --exclude leave. A pattern is an id, a topic, a level, a basis, or a shell pattern.

    Raises:
        UsageError: a pattern fits no requirement.

    """
    for option, patterns in (("--only", only), ("--exclude", exclude)):
        for pattern in patterns:
            if not any(_fits(pattern, row) for row in rows):
                known = {name for row in rows for name in (row.id, row.topic, row.set, str(row.level), str(row.basis))}
                raise UsageError(
                    f"{option}: no requirement of this pack fits '{pattern}'; {nearest(pattern, known)} "
                    "(an id, a topic, a level, a basis, or a pattern with *)"
                )
    chosen = {row.id for row in rows if not only or any(_fits(pattern, row) for pattern in only)}
    return {row.id for row in rows if row.id in chosen and not any(_fits(pattern, row) for pattern in exclude)}


def _fits(pattern: str, row: Requirement) -> bool:
    return (
        row.id == pattern
        or row.id.startswith(pattern + ".")
        or pattern in {str(row.level), str(row.basis), row.set}
        or ("*" in pattern and fnmatch.fnmatchcase(row.id, pattern))
    )
