"""Generated requests and schemathesis side by side, against the same reference servers that lie.

    make benchmark-openapi [FAULTS="--generation 39 --others 10"]    # sets up an environment of its own in build/

Schemathesis gets an OpenAPI description of Consent that says all that OpenAPI can say (`description`), credentials, a
body as an example, links, all its phases and its default checks, and `--seconds` of time. The suite gets its default
budget: 500 generated requests alone (`--only generated`) for faults that no hand-written check finds, a whole run for
the others. A finding is what a tool reports of a faulty server and of no honest one: of schemathesis a check and an
operation, of the suite a requirement. What schemathesis reports of a sequence names no operation, and counts when no
honest server has had a report of that check at all. Requests are counted by the server.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

from benchmarks.openapi.description import description
from conformance.preparation import GENERATED
from conformance.reference import FAULTS, ReferenceServer
from conformance.reference.server import as_toml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conformance.reference.messages import Request, Response

BIN = Path(sys.executable).parent
HONEST = 3
"""Honest servers, each with a seed of its own: what is reported of any of them is no finding."""
SEQUENCE = "Stateful tests"
"""What schemathesis calls the operation of a failure in a sequence."""


@dataclass(frozen=True)
class Tried:
    """What a tool reports of one server, and what that took."""

    reported: frozenset[str]
    seconds: float
    requests: int


def main() -> int:
    """Print a line for each fault as it is tried, and the table at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generation", type=int, default=39, help="so many faults that only generation finds")
    parser.add_argument("--others", type=int, default=10, help="and so many of the others")
    parser.add_argument("--seconds", type=int, default=30, help="for schemathesis, each server")
    given = parser.parse_args()
    ours = [name for name in sorted(FAULTS) if "r4" in FAULTS[name].packs]
    only = [name for name in ours if FAULTS[name].aim.startswith(GENERATED)]
    groups = {
        "only by generation": (_spread(only, given.generation), ("--only", GENERATED.rstrip("."))),
        "by hand as well": (_spread(sorted({*ours} - {*only}), given.others), ()),
    }

    def schemathesis(server: ReferenceServer, folder: Path, seed: int) -> set[str]:
        return _schemathesis(server, folder, seed, seconds=given.seconds)

    known = frozenset().union(*(_tried(schemathesis, "", seed).reported for seed in range(HONEST)))
    print(f"schemathesis reports of honest servers: {', '.join(sorted(known))}")
    table = []
    for group, (names, options) in groups.items():
        if not names:
            continue

        def suite(server: ReferenceServer, folder: Path, seed: int, options: tuple[str, ...] = options) -> set[str]:
            return _suite(server, folder, seed, options)

        blamed = _tried(suite, "", 0).reported
        for tool, run, noise in (("schemathesis", schemathesis, known), ("consent-conformance", suite, blamed)):
            tried = {name: _tried(run, name, 0, noise) for name in names}
            table.append((group, tool, len(noise), list(tried.values())))
    print("| faults | tool | found | reported of honest servers | seconds | requests |")
    for group, tool, noise, rows in table:
        found = sum(bool(row.reported) for row in rows)
        seconds, requests = round(mean(row.seconds for row in rows)), round(mean(row.requests for row in rows))
        print(f"| {group} | {tool} | {found} of {len(rows)} | {noise} | {seconds} | {requests} |")
    return 0


def _spread(names: list[str], number: int) -> list[str]:
    """So many of them, evenly spaced in their order."""
    number = min(number, len(names))
    return [names[place * len(names) // number] for place in range(number)]


def _tried(
    tool: Callable[[ReferenceServer, Path, int], Iterable[str]],
    fault: str,
    seed: int,
    noise: frozenset[str] = frozenset(),
) -> Tried:
    asked = 0
    with tempfile.TemporaryDirectory() as folder, ReferenceServer("r4", faults=[fault] if fault else []) as server:
        handle = server.service.handle

        def counting(request: Request) -> Response:
            nonlocal asked
            asked += 1
            return handle(request)

        server.service.handle = counting  # type: ignore[method-assign]
        started = time.perf_counter()
        reported = frozenset(tool(server, Path(folder), seed)) - _with_sequences(noise)
        took = time.perf_counter() - started
    said = ", ".join(sorted(reported)) or "-"
    print(f"{tool.__name__.strip('_'):13} {fault or 'honest':50} {took:4.0f} s {asked:5} requests  {said}", flush=True)
    return Tried(reported, took, asked)


def _with_sequences(noise: frozenset[str]) -> frozenset[str]:
    """Noise, and the same checks in sequences, which are different with each server."""
    return noise | {f"{row.partition(' ')[0]} {SEQUENCE}" for row in noise}


def _schemathesis(server: ReferenceServer, folder: Path, seed: int, *, seconds: int) -> set[str]:
    """Check and operation of each failure."""
    (folder / "openapi.json").write_text(json.dumps(description(server.url)), encoding="utf-8")
    token = f"Authorization: Bearer {server.target['auth']['token']}"
    command = [BIN / "schemathesis", "run", "openapi.json", "--url", server.url, "--header", token]
    command += ["--seed", str(seed), "--max-time", str(seconds), "--continue-on-failure"]
    command += ["--report", "json", "--report-json-path", "report.json"]
    subprocess.run(command, cwd=folder, capture_output=True, check=False)
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return {f"{row['code']} {name}" for row in report["failures"] for name in row["operations"]}


def _suite(server: ReferenceServer, folder: Path, seed: int, options: tuple[str, ...]) -> set[str]:
    """The requirements that fail or warn."""
    (folder / "target.toml").write_text(as_toml(server.target), encoding="utf-8")
    command = [BIN / "consent-conformance", "run", "--pack", "r4", "--target", "target.toml", "--seed", str(seed)]
    subprocess.run([*command, "--keep-created", *options], cwd=folder, capture_output=True, check=False)
    report = json.loads((folder / "reports" / "results.json").read_text(encoding="utf-8"))
    return {row["id"] for row in report["requirements"] if row["verdict"] in {"fail", "warn"}}


if __name__ == "__main__":
    raise SystemExit(main())
