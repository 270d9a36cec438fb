"""Whether anything but the server decides a verdict: many runs in random order, 1 to 4 workers, 0 to 50 ms latency.

Run: python benchmarks/steadiness.py [--runs 50] [--packs r4 nll-2019 nll-2023]

The packs take turns. Each run is of a process of its own against a server in a process of its own that answers at once
(every fourth run) or up to 50 ms late, now more, now less. Exit code 1 when a verdict changed.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from conformance.matrix import embedded

OF_ONE_RUN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--packs", nargs="*", default=embedded())
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    dice = random.Random(options.seed)  # noqa: S311 - no secret
    first: dict[str, dict[str, str]] = {}
    changed = 0
    for number in range(options.runs):
        pack = options.packs[number % len(options.packs)]
        workers, order, late = dice.randint(1, 4), dice.randrange(2**31), number % 4 != 0
        started = time.perf_counter()
        verdicts = _verdicts(pack, workers=workers, order=order, late=late)
        known = first.setdefault(pack, verdicts)
        different = sorted(one for one in known.keys() | verdicts.keys() if known.get(one) != verdicts.get(one))
        changed += bool(different)
        said = "".join(f"\n  {one}: {known.get(one)} → {verdicts.get(one)}" for one in different)
        how = f"{workers} workers, order {order}, {'0-50 ms late' if late else 'at once'}"
        print(f"{number + 1}: {pack}, {how}, {time.perf_counter() - started:.1f} s{said}", flush=True)
    print(f"{options.runs} runs, {changed} with another verdict than the first of their pack")
    return 1 if changed else 0


def _verdicts(pack: str, *, workers: int, order: int, late: bool) -> dict[str, str]:
    """Requirement → verdict and notes but for what a run made up, and the run's own verdict, of one run."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "target.toml"
        serve = [sys.executable, "-m", "conformance.cli", "serve", "--pack", pack, "--write-target", str(target)]
        serve += ["--variation", "answers-take-time"] if late else []
        with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                if not server.stdout.readline().startswith("ready "):
                    sys.exit(f"the reference server did not start: {' '.join(serve)}")
                command = [sys.executable, "-m", "pytest", "--pyargs", "conformance.checks", "--pack", pack, "-q"]
                command += ["--target", str(target), "--report-dir", folder]
                command += [f"--randomly-seed={order}", "-n", str(workers), "-p", "no:cacheprovider"]
                said = subprocess.run(command, capture_output=True, text=True, check=False)
            finally:
                server.terminate()
        if not (Path(folder) / "results.json").exists():
            sys.exit(f"a run against {pack} left no results:\n{said.stdout}{said.stderr}")
        results = json.loads((Path(folder) / "results.json").read_text(encoding="utf-8"))
    found = {
        row["id"]: OF_ONE_RUN.sub("…", f"{row['verdict']} {sorted(row['notes'])}") for row in results["requirements"]
    }
    return {**found, "the run": results["verdict"]}


if __name__ == "__main__":
    sys.exit(main())
