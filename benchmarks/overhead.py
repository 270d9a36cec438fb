"""What the suite costs on top of the target: cold start, collection, memory, overhead.

Run: python benchmarks/overhead.py [--pack nll-2023] [--runs 5]

The server runs in its own process. Overhead is wall time minus the time spent waiting on sockets; waiting is measured
inside the suite's process around the calls that block (connect, send, receive), so that what the HTTP library computes
counts as ours. One worker, no warm-up run is counted, medians are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", default="nll-2023")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    print(f"cold start   {_median([_timed(_cli('--help')) for _ in range(options.runs)]):6.2f} s   goal 0.30")
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--pack", options.pack, "-p", "no:randomly"]
    print(f"collection   {_median([_timed(collect) for _ in range(options.runs)]):6.2f} s   goal 1.50")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "target.toml"
        server = subprocess.Popen(
            _cli("serve", "--pack", options.pack, "--write-target", str(target)), stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            server.stdout.readline()
            runs = [_run(options.pack, target, Path(folder)) for _ in range(options.runs + 1)][1:]
        finally:
            server.terminate()
            server.wait(10)
    wall = _median([run["wall"] for run in runs])
    share = _median([(run["wall"] - run["waited"]) / run["wall"] for run in runs])
    print(f"wall         {wall:6.2f} s   {runs[0]['requests']} requests")
    print(f"waiting      {_median([run['waited'] for run in runs]):6.2f} s")
    print(f"overhead     {share:6.0%}     goal 25 % of wall time")
    print(f"peak memory  {max(run['memory'] for run in runs):6.0f} MB  goal 200")
    return 0


def _run(pack: str, target: Path, folder: Path) -> dict[str, float]:
    record = folder / "waiting.json"
    environment = {**os.environ, "WAITING_RECORD": str(record), "PYTHONPATH": str(HERE)}
    command = [sys.executable, "-m", "pytest", "-p", "waiting", "-p", "no:randomly", "-q", "--pack", pack]
    command += ["--target", str(target), "--report-dir", str(folder / "reports")]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=HERE.parent, env=environment, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - started
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    results = json.loads((folder / "reports" / "results.json").read_text())
    return {**json.loads(record.read_text()), "wall": wall, "requests": len(results["exchanges"])}


def _cli(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "import sys; from conformance.cli import main; sys.exit(main())", *arguments]


def _timed(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=HERE.parent, capture_output=True, check=True)
    return time.perf_counter() - started


def _median(values: list[float]) -> float:
    return statistics.median(values)


if __name__ == "__main__":
    sys.exit(main())
