"""`consent-conformance prove`: how far the suite itself can be trusted, shown by lying to it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from conformance import matrix, packs
from conformance.model import UsageError
from conformance.reading.spelling import nearest
from conformance.report.proof import as_html, as_tsv, figures, rewritten

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from conformance.matrix import Outcomes, Trial


def prove(options: argparse.Namespace) -> int:
    """Run every fault and variation, write the matrix, print what breaks a law: 0 none, 1 some.

    Raises:
        UsageError: a pack cannot be embedded, nothing is left to run, or a part of it is to be written down as all.

    """
    for name in options.pack:
        if name not in matrix.embedded():
            raise UsageError(f"--pack: no embedded server for {name!r}; {nearest(name, matrix.embedded())}")
    whole = options.parts == 1 and not options.only
    if options.write is not None:
        if not whole or options.pack:
            raise UsageError("--write: the page is about the whole proof; leave out --pack, --only, --part and --parts")
        rewritten(_page(options.write), "")  # before anything takes its time
    planned = matrix.trials(options.pack, everywhere=options.everywhere)
    if options.only:
        planned = [one for one in planned if one.kind == matrix.HONEST or options.only in one.name]
    planned = planned[options.part - 1 :: options.parts]
    if not planned:
        raise UsageError("--part: nothing is left to run; lower --parts")
    started = time.perf_counter()
    carried = matrix.all_carried_out(planned, jobs=options.jobs, own_process=options.own_process)
    outcomes = list(_shown(carried, planned))
    rows = matrix.rows(outcomes)
    lacking = [row for row in rows if row.missing] if whole else []
    breaches = [(one.trial, line) for one in outcomes for line in one.breaches]
    folder = Path(options.report_dir)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "proof.tsv").write_text(as_tsv(rows), encoding="utf-8")
    (folder / "proof.html").write_text(as_html(rows, outcomes), encoding="utf-8")
    if options.write is not None:
        titles = {name: packs.load(name).title for name in matrix.embedded()}
        told = figures(rows, outcomes, counted=matrix.counted(), titles=titles)
        Path(options.write).write_text(rewritten(_page(options.write), told), encoding="utf-8")
    for trial, line in breaches if sys.stderr.isatty() else ():
        print(f"{trial}: {line}")
    for row in lacking:
        print(f"{row.requirement.id}: {row.missing}")
    lies = sum(one.trial.kind == matrix.FAULT for one in outcomes)
    liberties = sum(one.trial.kind == matrix.VARIATION for one in outcomes)
    proven = sum(bool(row.alone) for row in rows)
    print(f"{lies} faults and {liberties} variations in {time.perf_counter() - started:.0f} s")
    print(f"{proven} requirements are caught alone by a fault of their own")
    print(f"{len(breaches)} breaches of the law of faults, {len(lacking)} requirements without their whole proof")
    print(f"{folder / 'proof.html'}, {folder / 'proof.tsv'}")
    return 1 if breaches or lacking else 0


def _page(path: str) -> str:
    try:
        return Path(path).read_text("utf-8")
    except OSError as problem:
        raise UsageError(f"--write: {path} cannot be read: {problem.strerror}; give docs/proof.md") from problem


def jobs() -> int:
    """As many processes as there are processors."""
    return os.cpu_count() or 1


def _shown(carried: Iterator[Outcomes], planned: Sequence[Trial]) -> Iterator[Outcomes]:
    """Pass the outcomes on, and show how far it is: a bar on a terminal, a line per tenth elsewhere."""
    total = len(planned)
    if not sys.stderr.isatty():
        for number, outcome in enumerate(carried, 1):
            yield outcome
            for line in outcome.breaches:
                print(f"{outcome.trial}: {line}", file=sys.stderr, flush=True)
            if number * 10 // total > (number - 1) * 10 // total:
                print(f"{number} of {total} runs", file=sys.stderr)
        return
    from rich.console import Console  # noqa: PLC0415 - only on a terminal
    from rich.progress import track  # noqa: PLC0415 - only on a terminal

    yield from track(carried, "proving", total=total, console=Console(stderr=True), transient=True)
