"""Measures one validator in this process and prints a JSON line; see __main__.py."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_SECONDS = 30
"""For each figure: one of the validators takes a tenth of a second for a document."""
FEWEST = 12
"""Documents that are judged however long it takes."""


def main(name: str, corpus: str, seconds: float) -> None:
    documents = json.loads(Path(corpus).read_bytes())
    valid = [text.encode() for text in documents["valid"]]
    usual = [text.encode() for text in documents["usual"]]
    richest = max(usual, key=len)
    began = time.perf_counter()
    from benchmarks.validators.contestants import CONTESTANTS  # noqa: PLC0415 - its time counts

    judge = CONTESTANTS[name]()
    judge(usual[0])
    cold = time.perf_counter() - began
    mean = rate(judge, usual, seconds)
    rich = rate(judge, [richest], seconds / 4)
    memory = peak_memory()
    faults = [text.encode() for text in documents["invalid"]]
    affordable = max(FEWEST, int(mean * MOST_SECONDS))
    faults, valid = sample(faults, affordable), sample(valid, affordable)
    print(
        json.dumps(
            {
                "name": name,
                "cold": cold,
                "mean": mean,
                "richest": rich,
                "memory": memory,
                "faults": len(faults),
                "found": sum(not judge(data) for data in faults),
                "alarms": sum(not judge(data) for data in valid),
            }
        )
    )


def sample(documents: list[bytes], most: int) -> list[bytes]:
    """An even choice, where a validator would take minutes for all of them."""
    return documents[:: -(-len(documents) // most)]


def peak_memory() -> float:
    """MB. Linux keeps it per program; getrusage would count the parent from which this process was forked."""
    found = re.search(r"VmHWM:\s*([0-9]+)", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def rate(judge: Callable[[bytes], bool], documents: list[bytes], seconds: float) -> float:
    """Documents per second of processor time: the best of the rounds that fit, or what of one fits MOST_SECONDS."""
    best, end = float("inf"), time.monotonic() + seconds
    while best == float("inf") or time.monotonic() < end:
        began, limit, judged = time.process_time(), time.monotonic() + MOST_SECONDS, 0
        for data in documents:
            judge(data)
            judged += 1
            if time.monotonic() > limit:
                break
        best = min(best, (time.process_time() - began) / judged)
    return 1 / best


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
