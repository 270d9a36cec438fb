"""The evidence of the triage is run again: each row's curl against the live server, and its answer looked for."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from interop.triage import Explained


def stale(rows: Iterable[Explained], *, base: str, tokens: Mapping[str, str]) -> list[str]:
    """What the server does not answer as the triage says, one complaint per row.

    The script sees `$BASE`, and `$SUITE`, `$READER` and `$EXPIRED` for the tokens of those names. Each line of the
    row's answer must occur in what it prints, one after the other; what stands between them may vary.
    """
    seen = {"BASE": base, "PATH": os.environ.get("PATH", os.defpath)}
    seen |= {name.upper(): token for name, token in tokens.items()}
    said = []
    for row in rows:
        done = subprocess.run(["sh", "-c", row.curl], env=seen, capture_output=True, text=True, timeout=60, check=False)
        if (missing := _first_missing(row.answer, done.stdout)) is not None:
            printed = (done.stdout + done.stderr).strip()[-800:] or "nothing"
            said.append(f"stale: {row.requirement}: the answer has no {missing!r} any more; it is\n{printed}")
    return said


def _first_missing(answer: str, printed: str) -> str | None:
    at = 0
    for line in filter(None, (line.strip() for line in answer.splitlines())):
        found = printed.find(line, at)
        if found < 0:
            return line
        at = found + len(line)
    return None
