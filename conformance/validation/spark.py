"""The validator over a Spark DataFrame, for stocks that one machine cannot go through: `pip install …[spark]`.

```python
from conformance.validation import spark

consents = session.read.text("s3://…/Consent/*.ndjson")          # one resource per row, in `value`
judged = spark.validated(consents)                                # … with `valid` and `issues`
judged.where("not valid").select("value", "issues.rule").show()
```

The same validator as on the command line, a row at a time in Spark's own Python workers; nothing is collected.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from conformance.model import UsageError
from conformance.validation.validator import Validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame

MEMBERS = ("severity", "code", "expression", "rule", "message")
"""What each entry of `issues` holds, all of them text."""

ISSUES = pa.list_(pa.struct([pa.field(name, pa.string()) for name in MEMBERS]))
ADDED = {"valid": "boolean", "issues": f"array<struct<{', '.join(f'{name}: string' for name in MEMBERS)}>>"}


def validated(
    resources: DataFrame,
    *,
    column: str = "value",
    fhir: str = "4.0",
    profiles: Sequence[Path | str] = (),
    profile: str | None = None,
) -> DataFrame:
    """Return the DataFrame with two more columns: `valid`, and `issues`, an array of structs.

    `column` holds one resource per row, as text or as bytes; a null is no resource. `profiles` are paths that every
    worker can read, `profile` a canonical, as for `Validator`.

    Raises:
        UsageError: there is no such column, the two new ones are there already, or the profile is not known.

    """
    if column not in resources.columns:
        raise UsageError(
            f"there is no column '{column}' (there are: {', '.join(resources.columns)}); name it: column=…"
        )
    taken = [name for name in ADDED if name in resources.columns]
    if taken:
        raise UsageError(f"there is a column '{taken[0]}' already; rename it first")
    settings = (fhir, tuple(map(str, profiles)))
    _validator(*settings).validate(
        {"resourceType": "Basic"}, profile=profile
    )  # mistakes are said here, not by a worker
    fields = [f"`{field.name}` {field.dataType.simpleString()}" for field in resources.schema.fields]
    schema = ", ".join([*fields, *(f"{name} {kind}" for name, kind in ADDED.items())])
    return resources.mapInArrow(_work(column, settings, profile), schema)


def _work(
    column: str, settings: tuple[str, tuple[str, ...]], profile: str | None
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        validator = _validator(*settings)
        for batch in batches:
            found = [_issues(validator, text, profile) for text in batch.column(column).to_pylist()]
            valid = [not any(issue["severity"] == "error" for issue in issues) for issues in found]
            columns = [*batch.columns, pa.array(valid, pa.bool_()), pa.array(found, ISSUES)]
            yield pa.RecordBatch.from_arrays(columns, names=[*batch.schema.names, *ADDED])

    return work


def _issues(validator: Validator, text: str | bytes | None, profile: str | None) -> list[dict[str, Any]]:
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text or b""
    return [dict(zip(MEMBERS, issue, strict=False)) for issue in validator.validate_bytes(data, profile=profile)]


@functools.lru_cache(maxsize=4)
def _validator(fhir: str, profiles: tuple[str, ...]) -> Validator:
    """One for each worker process: it takes longer to make than to use."""
    return Validator(fhir, profiles=profiles)
