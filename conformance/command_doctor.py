"""`consent-conformance doctor`: what a run would meet, and what to do about it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.doctor import examine
from conformance.model import UsageError
from conformance.preparation import Options, choose
from conformance.recorder import printable

if TYPE_CHECKING:
    import argparse

DEFAULT = "target.toml"


def doctor(options: argparse.Namespace) -> int:
    """Look at the target: 0 a run can start, 2 usage error, 3 something keeps it from verifying anything.

    Raises:
        UsageError: there is no target, or something is wrong with it.

    """
    file = options.target or (DEFAULT if not options.base_url and Path(DEFAULT).is_file() else None)
    if file is None and not options.base_url:
        raise UsageError(f"name the target by --target FILE or --base-url URL; there is no {DEFAULT} in this folder")
    pack, target = choose(Options(pack=options.pack, base_url=options.base_url, target=file))
    assert target is not None  # one was named
    target.check_against(pack)
    findings = []
    told = options.format == "text"
    if told:
        print(f"{target.base_url}, to be held against pack {pack.name}\n")
    for finding in examine(pack, target):
        findings.append(finding)
        if told:
            print(f"{finding.look:9} {_WORDS[finding.state]:8} {_flat(finding.seen)}")
            if finding.means:
                print(f"{'':18} → {_flat(finding.means)}")
            sys.stdout.flush()
    ready = all(finding.state != "broken" for finding in findings)
    if told:
        print(f"\n{_verdict(ready, sum(finding.state == 'warning' for finding in findings))}")
    else:
        rows = [asdict(finding) for finding in findings]
        print(json.dumps({"target": target.base_url, "pack": pack.name, "ready": ready, "findings": rows}, indent=2))
    return 0 if ready else 3


_WORDS = {"ok": "ok", "note": "note", "warning": "WARNING", "broken": "BROKEN", "skipped": "skipped"}


def _verdict(ready: bool, warnings: int) -> str:  # noqa: FBT001 - two words that belong together
    if not ready:
        return "A run would verify nothing: mend what is broken first."
    return f"A run can start{f'; see the {warnings} warnings' if warnings > 1 else '; see the warning' * warnings}."


def _flat(text: str) -> str:
    return " ".join(printable(text).split())
