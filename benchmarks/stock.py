"""A stock of generated Consents, validated as a stream and on Spark: the counts have to be equal.

Run: python benchmarks/stock.py [--consents 1000000] [--jobs 2] [--folder build/stock]     (make stock)

Needs the extra `spark` and Java 17. Of every hundred Consents, ten are wrong in ten ways, so that equal counts mean
something. Prints for each form the counts per rule, the time and the rate; exit code 1 when the counts differ.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent.parent
MODEL = json.loads((HERE / "fixtures" / "r4" / "active.json").read_text("utf-8"))
PER_FILE = 100_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--consents", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path("build/stock"))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    size = generate(options.folder, options.consents)
    print(f"{options.consents:,} Consents, {size / 1e6:.0f} MB of NDJSON")
    forms = {"stream": streamed, "spark": on_spark}
    counts = {}
    for name, form in forms.items():
        started = time.perf_counter()
        counts[name] = form(options.folder, options.jobs)
        took = time.perf_counter() - started
        number = sum(counts[name][verdict] for verdict in ("valid", "not valid"))
        print(f"{name}: {number:,} in {took:.0f} s, {number / took:,.0f} a second with {options.jobs} processes")
    for what in sorted(set().union(*counts.values())):
        print(f"  {what:<40} {'  '.join(f'{counted[what]:>9,}' for counted in counts.values())}")
    equal = counts["stream"] == counts["spark"] and sum(counts["stream"].values()) > 0
    print("the counts are equal" if equal else "THE COUNTS DIFFER")
    return 0 if equal else 1


def generate(folder: Path, number: int) -> int:
    """Write them, the same every time; return the size in bytes."""
    chance, size = random.Random(2026), 0  # noqa: S311 - the same stock every time
    for old in folder.glob("*.ndjson"):
        old.unlink()
    for first in range(0, number, PER_FILE):
        with (folder / f"consents-{first:09}.ndjson").open("wb") as file:
            for serial in range(first, min(first + PER_FILE, number)):
                line = written(serial, chance)
                size += len(line)
                file.write(line)
    return size


def written(serial: int, chance: random.Random) -> bytes:
    year = chance.randrange(2015, 2030)
    period = {"start": f"{year}", "end": f"{year + 3}-02"}
    body: dict[str, Any] = {
        **MODEL,
        "id": f"c{serial}",
        "status": chance.choice(["active", "inactive", "draft", "rejected"]),
        "patient": {"reference": f"Patient/{chance.randrange(10_000_000)}"},
        "dateTime": f"{year}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
        "provision": {"type": chance.choice(["permit", "deny"]), "period": period},
    }
    wrong = serial % 100
    if wrong < len(WAYS):
        return WAYS[wrong](body)
    return json.dumps(body, ensure_ascii=False).encode() + b"\n"


def changed(body: dict[str, Any], **members: Any) -> bytes:
    kept = {name: value for name, value in {**body, **members}.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False).encode() + b"\n"


WAYS = (
    lambda body: changed(body, status="perhaps"),
    lambda body: changed(body, status=None),
    lambda body: changed(body, scope=None),
    lambda body: changed(body, dateTime="2024-13-01"),
    lambda body: changed(body, patient={"reference": 7}),
    lambda body: changed(body, colour="blue"),
    lambda body: changed(body, provision={"period": {"start": "2024-05-02", "end": "2024-05-01"}}),
    lambda body: changed(body, category=[]),
    lambda body: changed(body)[:-2] + b"\n",
    lambda body: changed(body).replace(b'"status":', b'"status": "draft", "status":', 1),
)


def streamed(folder: Path, jobs: int) -> Counter[str]:
    """By the command line, as JSON lines."""
    command = [
        sys.executable,
        "-m",
        "conformance.cli",
        "validate",
        "--format",
        "json",
        "--jobs",
        str(jobs),
        str(folder),
    ]
    counted: Counter[str] = Counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        for line in running.stdout:
            row = json.loads(line)
            counted["valid" if row["valid"] else "not valid"] += 1
            counted.update(f"{issue['severity']} {issue['rule']}" for issue in row["issues"])
    return counted


def on_spark(folder: Path, jobs: int) -> Counter[str]:
    """By `conformance.validation.spark`, counted by Spark."""
    from pyspark.sql import SparkSession, functions  # noqa: PLC0415 - takes seconds, and Java

    from conformance.validation import spark  # noqa: PLC0415 - as above

    builder = SparkSession.builder.master(f"local[{jobs}]").config("spark.ui.enabled", "false")
    session = builder.config("spark.driver.memory", "2g").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    judged = spark.validated(session.read.text(str(folder / "*.ndjson")))
    verdict = functions.when(judged.valid, "valid").otherwise("not valid")
    issue = functions.transform(judged.issues, lambda one: functions.concat_ws(" ", one.severity, one.rule))
    counted = judged.select(functions.explode(functions.concat(functions.array(verdict), issue)).alias("what"))
    found = {row["what"]: row["count"] for row in counted.groupBy("what").count().collect()}
    session.stop()
    return Counter(found)


if __name__ == "__main__":
    sys.exit(main())
