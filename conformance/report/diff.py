"""What changed between two runs: fixed, broken, changed, new and gone requirements."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.model import Verdict
from conformance.report.summary import WORDS

if TYPE_CHECKING:
    from conformance.model import Report

RED = frozenset({Verdict.ERROR, Verdict.FAIL, Verdict.STALE_DEVIATION, Verdict.NOT_TESTABLE, Verdict.NOT_RUN})
"""Verdicts that keep a run from being conformant."""
KINDS = ("broken", "fixed", "changed", "new", "gone")


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One requirement in both runs; `old` is None when it is new, `new` when it is gone."""

    id: str
    old: Verdict | None
    new: Verdict | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Two runs compared. `remarks` say what else differs and makes the comparison weaker."""

    broken: tuple[Change, ...]
    fixed: tuple[Change, ...]
    changed: tuple[Change, ...]
    new: tuple[Change, ...]
    gone: tuple[Change, ...]
    remarks: tuple[str, ...]

    @property
    def something_broke(self) -> bool:
        """Whether something that was not red is red now; a new requirement that is red counts, too."""
        return bool(self.broken) or any(change.new in RED for change in self.new)

    def of(self, kind: str) -> tuple[Change, ...]:
        """The changes of one of `KINDS`."""
        found: tuple[Change, ...] = getattr(self, kind)
        return found


def diff(old: Report, new: Report) -> Difference:
    """Compare two runs requirement by requirement, in the order of the new run."""
    before = {judged.requirement.id: judged.verdict for judged in old.requirements}
    after = {judged.requirement.id: judged.verdict for judged in new.requirements}
    found: dict[str, list[Change]] = {kind: [] for kind in KINDS}
    for name, verdict in after.items():
        change = Change(id=name, old=before.get(name), new=verdict)
        if change.old is None:
            found["new"].append(change)
        elif change.old is not verdict:
            found[_kind(change.old, verdict)].append(change)
    found["gone"] = [Change(id=name, old=verdict, new=None) for name, verdict in before.items() if name not in after]
    return Difference(
        **{kind: tuple(changes) for kind, changes in found.items()},
        remarks=tuple(_remarks(old, new)),
    )


def text(difference: Difference) -> str:
    """For a terminal: a line per requirement."""
    told = [f"note: {remark}" for remark in difference.remarks]
    for kind in KINDS:
        changes = difference.of(kind)
        if changes:
            told += [f"{kind} ({len(changes)})", *(f"  {change.id}: {_step(change)}" for change in changes)]
    return "\n".join(told or ["no requirement changed its verdict"]) + "\n"


def markdown(difference: Difference) -> str:
    """For a CI job or a pull request: a table."""
    told = [f"> {remark}" for remark in difference.remarks]
    rows = [f"| {kind} | `{change.id}` | {_step(change)} |" for kind in KINDS for change in difference.of(kind)]
    table = ["| | requirement | verdict |", "|---|---|---|", *rows] if rows else ["No requirement changed its verdict."]
    return "\n".join([*told, *([""] if told else []), *table]) + "\n"


def to_json(difference: Difference) -> dict[str, Any]:
    """For machines: a list per kind, and the remarks."""
    changes = {
        kind: [{"id": change.id, "old": change.old, "new": change.new} for change in difference.of(kind)]
        for kind in KINDS
    }
    return {**changes, "remarks": list(difference.remarks), "something_broke": difference.something_broke}


def json_text(difference: Difference) -> str:
    """`to_json`, written."""
    return json.dumps(to_json(difference), indent=1) + "\n"


def _kind(old: Verdict, new: Verdict) -> str:
    """Something is fixed when it was seen to hold, not when it is no longer looked at or is put on record."""
    if new in RED and old not in RED:
        return "broken"
    held = new is Verdict.PASS and old in RED | {Verdict.WARN, Verdict.KNOWN_DEVIATION}
    return "fixed" if held or (new is Verdict.WARN and old in RED) else "changed"


def _step(change: Change) -> str:
    return " → ".join(WORDS[verdict] if verdict else "—" for verdict in (change.old, change.new))


def _remarks(old: Report, new: Report) -> list[str]:
    compared = (
        ("packs", old.pack, new.pack),
        ("targets", old.target.get("base_url"), new.target.get("base_url")),
        ("modes", old.mode, new.mode),
        ("suite versions", old.suite, new.suite),
        ("requirement sets", old.requirement_set[:12], new.requirement_set[:12]),
    )
    return [f"different {what}: {before} and {after}" for what, before, after in compared if before != after]
