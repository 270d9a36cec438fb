"""What one look at a target showed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "warning", "broken", "skipped"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What one look showed, and what it means for a run. `broken`: a run would verify nothing, or hardly anything."""

    look: str
    state: State
    seen: str
    means: str = ""


class Broken(Exception):
    """Nothing further can be looked at."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.seen)
        self.finding = finding
