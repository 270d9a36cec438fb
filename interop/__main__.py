"""`make interop`: certify sekmet-fhir by pack `r4`, open and with tokens, and hold the outcome against the triage."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from conformance.model import UsageError
from interop.replay import stale
from interop.sekmet import BUILD, CannotStart, Sekmet
from interop.triage import MODES, Explained, complaints, explained, skeleton

TRIAGE = Path(__file__).with_name("triage.toml")
SUITE = Path(sys.executable).with_name("consent-conformance")
JUDGED = {0, 1, 3}  # conformant, not conformant, incomplete: in all three the run has left its results


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 when every verdict is explained, 1 when not, 2 when something could not be started or read."""
    parser = argparse.ArgumentParser(prog="python -m interop", description=__doc__)
    parser.add_argument("--mode", choices=MODES, action="append", help="one of them instead of both")
    parser.add_argument("--triage", type=Path, default=TRIAGE, metavar="FILE")
    parser.add_argument("--results", type=Path, metavar="FILE", help="judge a stored results.json; starts no server")
    parser.add_argument("--skeletons", action="store_true", help="print a row to start from for each new verdict")
    chosen = parser.parse_args(arguments)
    modes = chosen.mode or list(MODES)
    if chosen.results and len(modes) != 1:
        parser.error("--results needs --mode, since the triage differs")
    try:
        rows = explained(chosen.triage)
        said = []
        for mode in modes:
            results, old = (_read(chosen.results), []) if chosen.results else _certified(mode, rows)
            new = complaints(rows, results, mode) + old
            said += [f"{mode}: {complaint}" for complaint in new]
            if chosen.skeletons:
                names = [complaint.split()[1] for complaint in new if complaint.startswith("new: ")]
                print("\n".join(skeleton(results, name, mode) for name in names))
    except (UsageError, CannotStart) as reason:
        print(reason, file=sys.stderr)
        return 2
    print("\n".join(said) or f"every verdict is explained in {chosen.triage.name}: {_counted(rows)}")
    return 1 if said else 0


def _certified(mode: str, rows: tuple[Explained, ...]) -> tuple[dict[str, Any], list[str]]:
    """The results of a fresh run in that mode, and what of the triage's evidence the server no longer shows."""
    if not shutil.which("curl"):
        raise UsageError("curl is not there, and the evidence of the triage is curl lines; install it")
    reports = BUILD / mode
    shutil.rmtree(reports, ignore_errors=True)
    with Sekmet(tokens=mode == "tokens") as server:
        server.write_target(reports / "target.toml")
        command = [str(SUITE), "run", "--pack", "r4", "--target", str(reports / "target.toml")]
        run = subprocess.run([*command, "--report-dir", str(reports)], check=False)
        if run.returncode not in JUDGED:
            raise UsageError(f"{' '.join(command)} ended with {run.returncode} and judged nothing")
        shown_here = [row for row in rows if row.modes[0] == mode]
        return _read(reports / "results.json"), stale(shown_here, base=server.url, tokens=server.tokens)


def _read(path: Path) -> dict[str, Any]:
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: no results.json to be read: {error}") from error
    if not isinstance(results, dict) or results.get("schema") != "1" or results["pack"]["name"] != "r4":
        raise UsageError(f"{path}: not the results of a run of pack r4 in the form that this triage knows (schema 1)")
    return results


def _counted(rows: tuple[Explained, ...]) -> str:
    counts = {whose: sum(row.whose == whose for row in rows) for whose in sorted({row.whose for row in rows})}
    return ", ".join(f"{whose}: {count}" for whose, count in counts.items()) or "there is none"


if __name__ == "__main__":
    sys.exit(main())
