"""Several targets in one command: one run after the other, each in a process and a folder of its own, and one page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.model import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

BY_WEIGHT = (2, 1, 3, 0)
"""Exit codes, the one that decides first: a usage error, not conformant, incomplete, conformant."""


def run(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    """Run `consent-conformance run` with these arguments for each target; the worst exit code.

    Raises:
        UsageError: options do not go together.

    """
    for given, name in ((options.base_url, "--base-url"), (options.dry_run, "--dry-run")):
        if given:
            raise UsageError(f"{name} goes with one target; several are given")
    folder = Path(options.report_dir)
    names = _names(options.target)
    codes = []
    for target, name in zip(options.target, names, strict=True):
        print(f"\n{target}", flush=True)
        command = [sys.executable, "-m", "conformance.cli", "run", *arguments]
        codes.append(subprocess.call([*command, "--target", target, "--report-dir", str(folder / name)]))  # noqa: S603 - ourselves
    there = [folder / name for name in names if (folder / name / "results.json").is_file()]
    if there:
        from conformance.report import overview  # noqa: PLC0415 - Jinja2 is not needed before

        print(f"\nAll of them: {overview.write(overview.gather(there, beside=folder), folder / 'index.html')}")
    return next((code for code in BY_WEIGHT if code in codes), 3)


def _names(targets: Sequence[str]) -> list[str]:
    """A folder's name for each target: that of its file, with a number where two are alike."""
    names: list[str] = []
    for target in targets:
        stem = Path(target).stem
        again = sum(name == stem or name.startswith(f"{stem}-") for name in names)
        names.append(f"{stem}-{again + 1}" if stem in names else stem)
    return names
