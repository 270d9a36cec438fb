"""Validators of an R4 Consent side by side: speed, cold start, memory, detection and false alarms, in one run.

    make benchmark-validators       # sets up an environment of its own in build/, then runs this on one core

Documents come as bytes; parsing counts. Speed is the mean over the valid consents of the second corpus (1.3 kB in the
mean), and that of its richest one. Each validator runs in a process of its own. Detection: of the consents with one
fault, how many get an error. False alarms: of the valid consents of both corpora, how many get one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.validators.contestants import CONTESTANTS
from tests.validation.documents import bases, valid
from tests.validation.mutations import TEXTS, cases
from tests.validation.test_second_corpus import ROWS, text

ROOT = Path(__file__).resolve().parents[2]
SECONDS = float(os.environ.get("BENCHMARK_SECONDS", "4"))


def main() -> int:
    corpus = ROOT / "build" / "validators-corpus.json"
    corpus.parent.mkdir(exist_ok=True)
    corpus.write_text(json.dumps(collected()))
    rows = []
    for name in CONTESTANTS:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.validators.measure", name, str(corpus), str(SECONDS)],
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            print(
                f"{name}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'failed'}", file=sys.stderr
            )
            continue
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        print(rows[-1], file=sys.stderr, flush=True)
    sizes = collected()
    counts = f"{len(sizes['valid'])} valid consents, {len(sizes['invalid'])} with one fault"
    print(f"\n{time.strftime('%Y-%m-%d')}, Python {sys.version.split()[0]}, one core; {counts}\n")
    print("| validator | consents/s, mean | richest/s | cold start | peak memory | faults found | false alarms |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        speed = f"{row['mean']:,.0f} | {row['richest']:,.0f} | {row['cold']:.2f} s | {row['memory']:.0f} MB"
        found = f"{row['found']} of {row['faults']} ({row['found'] / row['faults']:.0%})"
        print(f"| {row['name']} | {speed} | {found} | {row['alarms']} |")
    return 0


def collected() -> dict[str, list[str]]:
    """As texts: the valid consents of the second corpus, for speed; those of our own; our single-fault consents."""
    usual = [text(row).decode() for row in ROWS if row["expected"] == "valid"]
    good = [json.dumps(document) for _, document in valid() if document["resourceType"] == "Consent"]
    bad = [case.text.decode() for case in cases(pair for pair in bases() if pair[0] in {"consent", "small"})][::3]
    bad += [content.decode() for content, _ in TEXTS.values() if content.isascii() and len(content) < 20000]
    return {"usual": usual, "valid": [*usual, *good], "invalid": bad}


if __name__ == "__main__":
    sys.exit(main())
