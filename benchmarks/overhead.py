"""What the suite costs on top of the target: cold start, collection, memory, overhead.

Run: python benchmarks/overhead.py [--pack nll-2023] [--runs 5] [--late 0 10 50]

The server runs in its own process and answers at once, or so many milliseconds late. Overhead is wall time minus the
time spent waiting on sockets; waiting is measured inside the suite's process around the calls that block (connect,
send, receive), so that what the HTTP library computes counts as ours. One worker, no warm-up run is counted, medians
are printed. Python may cache its bytecode, as it does for users.
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
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", default="nll-2023")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--late", type=float, nargs="*", default=[0, 10], metavar="MS", help="of each answer")
    options = parser.parse_args()
    cold = _median([_timed(_cli("--help")) for _ in range(options.runs)])
    print(f"cold start         {cold:6.2f} s   goal 0.30")
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--pack", options.pack, "-p", "no:randomly"]
    collection = _median([_timed(collect) for _ in range(options.runs + 1)][1:])
    print(f"collection         {collection:6.2f} s   goal 1.50")
    for late in options.late:
        runs = _runs(options.pack, late, options.runs)
        wall = _median([run["wall"] for run in runs])
        share = _median([(run["wall"] - run["waited"]) / run["wall"] for run in runs])
        print(f"answers {late:g} ms late: {wall:.2f} s for {runs[0]['requests']} requests, one worker")
        print(f"  waiting          {_median([run['waited'] for run in runs]):6.2f} s")
        print(f"  overhead         {_median([run['wall'] - run['waited'] for run in runs]):6.2f} s")
        print(f"  overhead         {share:6.0%}     goal 25 % of wall time")
        print(f"  peak memory      {max(run['memory'] for run in runs):6.0f} MB  goal 200")
    return 0


def _runs(pack: str, late: float, number: int) -> list[dict[str, float]]:
    """What each run cost, after one that is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "target.toml"
        command = [sys.executable, str(HERE / "late_server.py"), pack, str(late), str(target)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        try:
            assert server.stdout is not None
            server.stdout.readline()
            return [_run(pack, target, Path(folder)) for _ in range(number + 1)][1:]
        finally:
            server.terminate()
            server.wait(10)


def _run(pack: str, target: Path, folder: Path) -> dict[str, float]:
    record = folder / "waiting.json"
    places = [str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**ENVIRONMENT, "WAITING_RECORD": str(record), "PYTHONPATH": os.pathsep.join(places)}
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
    subprocess.run(command, cwd=HERE.parent, capture_output=True, check=True, env=ENVIRONMENT)
    return time.perf_counter() - started


def _median(values: list[float]) -> float:
    return statistics.median(values)


if __name__ == "__main__":
    sys.exit(main())
