"""The requirements that a system is judged by, read from the requirement files of its pack and of packs it includes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance import claims as known_claims
from conformance import reading
from conformance.model import Basis, Level, Requirement, UsageError
from conformance.reading import Place, Problems
from conformance.reading.spelling import nearest
from conformance.reading.surroundings import unrepeated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """Requirements in the order of their files. Ids are unique."""

    requirements: tuple[Requirement, ...]
    _by_id: dict[str, Requirement] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {row.id: row for row in self.requirements})

    def __getitem__(self, requirement: str) -> Requirement:
        """The requirement of that id. Raises UsageError with the nearest id."""
        try:
            return self._by_id[requirement]
        except KeyError:
            raise UsageError(
                f"no requirement '{requirement}' in this pack; {nearest(requirement, self._by_id)}"
            ) from None

    def __contains__(self, requirement: object) -> bool:
        return requirement in self._by_id

    def __iter__(self) -> Iterator[Requirement]:
        return iter(self.requirements)

    def __len__(self) -> int:
        return len(self.requirements)

    def ids(self) -> tuple[str, ...]:
        return tuple(self._by_id)

    @property
    def digest(self) -> str:
        """SHA-256 over the rows sorted by id, without the files that they stand in. A certificate names it."""
        rows = [dataclasses.asdict(self._by_id[name]) for name in sorted(self._by_id)]
        for row in rows:
            del row["set"]
        return hashlib.sha256(json.dumps(rows, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def replaced(self) -> dict[str, str]:
        """Id → the id that stands instead of it, both within this catalogue."""
        return {old: row.id for row in self.requirements for old in row.replaces if old in self._by_id}

    def applicable(self, claims: Collection[str]) -> dict[str, str]:
        """Id → "" when the requirement applies to a system with these claims, and otherwise why it does not.

        A requirement that does not apply replaces nothing: what it would stand for is then judged by the other one.
        """
        reasons = {row.id: _why_not(row, claims) for row in self.requirements}
        standing = {old: new for old, new in self.replaced().items() if self._stands(new, reasons)}
        return {
            own: f"replaced by {standing[own]}" if own in standing and self[own].not_tested is None else reason
            for own, reason in reasons.items()
        }

    def _stands(self, id: str, reasons: dict[str, str]) -> bool:  # noqa: A002 - FHIR's own word
        """Whether a requirement applies, or stands there for people to read."""
        return not reasons[id] or self[id].not_tested is not None


def _why_not(row: Requirement, claims: Collection[str]) -> str:
    if row.not_tested is not None:
        return row.not_tested
    missing = [claim for claim in row.applies_when if claim not in claims]
    return f"not claimed: {', '.join(missing)}" if missing else ""


def read_requirements(path: Path, *, pack: str) -> tuple[Requirement, ...]:
    """The requirements of one file, whose set is `<pack>/<file stem>`. Raises UsageError with all problems of the file.

    Whether `restates` and `replaces` name requirements that exist is seen only when the whole pack is loaded.
    """
    problems = Problems()
    rows = read(path, pack=pack, problems=problems)
    problems.stop()
    return tuple(row for row, _ in rows)


def read(path: Path, *, pack: str, problems: Problems) -> list[tuple[Requirement, Place]]:
    """As `read_requirements`, collecting problems, and with the place of each row."""
    document = reading.toml(path, schema="requirements", problems=problems)
    if document is None:
        return []
    rows = list(document.rows("requirement"))
    unrepeated(rows, "id")
    for row in rows:
        for place in row.rows("applies_when"):
            if sentence := known_claims.unknown(place.value):
                place.say(sentence)
    return [(_requirement(row.value | {"set": f"{pack}/{path.stem}"}), row) for row in rows]


def _requirement(row: dict[str, Any]) -> Requirement:
    lists = {key: tuple(row.get(key, ())) for key in ("applies_when", "restates", "replaces")}
    return Requirement(**{**row, **lists, "level": Level(row["level"]), "basis": Basis(row["basis"])})


def gather(found: list[tuple[Requirement, Place]], *, elsewhere: Collection[str]) -> Catalogue:
    """The catalogue of all rows read; ids in `elsewhere` may be restated and replaced besides its own."""
    first: dict[str, Requirement] = {}
    for row, place in found:
        known = first.setdefault(row.id, row)
        if known.set != row.set:
            (place / "id").say(f"'{row.id}' stands in {known.set} as well; ids are never reused")
    for row, place in found:
        for key in ("restates", "replaces"):
            for other in place.rows(key):
                if other.value == row.id:
                    other.say("names its own row; remove it")
                elif other.value not in first and other.value not in elsewhere:
                    other.say(f"no requirement '{other.value}' in any pack; {nearest(other.value, first)}")
    return Catalogue(requirements=tuple(first.values()))
