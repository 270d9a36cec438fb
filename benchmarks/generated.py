"""How surely generated requests find what only they can find: each such fault on many seeds, and the honest servers.

    python -m benchmarks.generated [--seeds 20] [--first 0] [NAME…]     faults whose name contains one of these words
    python -m benchmarks.generated --honest [--requests 2000]           nothing may be blamed

A line for each: on how many seeds it was found and on which not, the most exchanges that its smallest example took, and
seconds a run. With --as-found nothing is made small, which is several times faster and finds the same.
"""

from __future__ import annotations

import argparse
import time

from conformance import matrix, proof
from conformance.generate import exploring
from conformance.preparation import GENERATED
from conformance.reference import FAULTS

CHECKS = {
    "generated.write.meaning-survives": "come_back",
    "generated.write.content-survives": "come_back",
    "generated.write.is-answered-without-a-server-error": "come_back or faults_are or lifecycles",
    "generated.write.invalid-is-not-stored": "faults_are",
    "generated.search": "are_found",
    "generated.lifecycle": "lifecycles",
}
"""The checks that verify a requirement, or a topic: the others need not run to see whether it is found."""


def main() -> int:
    """Print the lines; 1 when a fault was missed on more than one seed in twenty or an honest server was blamed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--as-found", action="store_true")
    parser.add_argument("--honest", action="store_true")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("names", nargs="*", metavar="NAME")
    given = parser.parse_args()
    if given.as_found:
        exploring.TO_SHRINK = 0
    seeds = range(given.first, given.first + given.seeds)
    if given.honest:
        return int(any([_honest(pack, seeds, given.requests) for pack in matrix.embedded()]))  # noqa: C419 - print all
    wanted = [name for name in sorted(FAULTS) if not given.names or any(word in name for word in given.names)]
    missed = [name for name in wanted if FAULTS[name].aim.startswith(GENERATED) and not _found(name, seeds)]
    print(f"missed too often: {', '.join(missed) or 'none'}")
    return int(bool(missed))


def _found(name: str, seeds: range) -> bool:
    fault = FAULTS[name]
    found, most, started = 0, 0, time.perf_counter()
    missed = []
    for seed in seeds:
        options = ["-k", next(checks for name, checks in CHECKS.items() if fault.aim.startswith(name))]
        options += ["--seed", str(seed)]
        report = proof.against(fault.packs[0], faults=[name], options=options)
        row = next(row for row in report.requirements if row.requirement.id == fault.aim)
        shown = [len(check["exchanges"]) for check in row.checks if check["outcome"] == "violated"]
        found += bool(shown)
        missed += [] if shown else [seed]
        most = max(most, *shown, 0)
    seconds = (time.perf_counter() - started) / len(seeds)
    where = f"  not on {', '.join(map(str, missed))}" if missed else ""
    print(f"{name:45} {found:3}/{len(seeds)}  {most} exchanges  {seconds:.1f} s{where}", flush=True)
    return found >= len(seeds) - len(seeds) // 20


def _honest(pack: str, seeds: range, requests: int) -> bool:
    blamed = []
    for seed in seeds:
        options = ["-k", "test_generated", "--generated", str(requests), "--seed", str(seed)]
        report = proof.against(pack, options=options)
        blamed += [
            f"seed {seed}: {row.requirement.id} {row.verdict}: {row.reason}"
            for row in report.requirements
            if row.requirement.id.startswith(GENERATED) and row.verdict in {"fail", "warn", "error", "not-testable"}
        ]
    print(f"{pack:10} {len(seeds)} seeds of {requests} requests: {len(blamed)} blamed", *blamed, sep="\n  ", flush=True)
    return bool(blamed)


if __name__ == "__main__":
    raise SystemExit(main())
