"""How long a run takes against a server 50 ms away: one worker, four workers, and each pack read-only.

Run: python benchmarks/workers.py [--late 50] [--workers 4] [--packs nll-2023]

The server runs in its own process and answers so many milliseconds late. `checks` is from the first request to the last
verdict, `all` is wall time with start, reports and cleanup. Goals: nll-2023 with four workers within 120 s and at least
2.5 times as fast as with one, read-only packs within 20 s.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).parent
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
SERVED = ("nll-2019", "nll-2023", "r4", "r5-ballot", "oracle-health", "medicasoft")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--late", type=float, default=50)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--packs", nargs="*", default=list(SERVED), help="those to run read-only")
    options = parser.parse_args()
    print(f"answers {options.late:g} ms late, load of the machine {os.getloadavg()[0]:.1f}")
    alone = _run("nll-2023", options.late, 1)
    together = _run("nll-2023", options.late, options.workers)
    faster = alone["checks"] / together["checks"]
    print(f"{options.workers} workers are {faster:.1f} times as fast, {alone['all'] / together['all']:.1f} with all")
    for pack in options.packs:
        _run(pack, options.late, options.workers, "--read-only")
    return 0


def _run(pack: str, late: float, workers: int, *more: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "target.toml"
        command = [sys.executable, str(HERE / "late_server.py"), pack, str(late), str(target)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        try:
            assert server.stdout is not None
            server.stdout.readline()
            started = time.perf_counter()
            run = [sys.executable, "-m", "conformance.cli", "run", "--pack", pack, "--target", str(target), *more]
            where = ["--report-dir", folder, "--workers", str(workers)]
            done = subprocess.run([*run, *where], env=ENVIRONMENT, capture_output=True, text=True, check=False)
            wall = time.perf_counter() - started
        finally:
            server.terminate()
            server.wait()
        report = json.loads((Path(folder) / "results.json").read_text("utf-8"))
    moments = [datetime.fromisoformat(report[name]) for name in ("started", "finished")]
    checks = (moments[1] - moments[0]).total_seconds()
    cleanup = next((line for line in done.stdout.splitlines() if line.startswith("cleanup:")), "")
    print(
        f"{pack:<14} {report['mode']:<10} {workers} workers  checks {checks:6.1f} s  all {wall:6.1f} s  "
        f"{len(report['exchanges']):5} exchanges  {report['verdict']}  {cleanup}"
    )
    return {"checks": checks, "all": wall}


if __name__ == "__main__":
    sys.exit(main())
