"""results.json: the product of a run. Everything else in this package renders it."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.model import (
    Basis,
    Claim,
    Deviation,
    Exchange,
    Judged,
    Level,
    Report,
    Requirement,
    RunVerdict,
    UsageError,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SCHEMA = "1"
SUITE = "consent-conformance"
FILE_NAME = "results.json"
EXCHANGE_KEYS = tuple(member.name for member in fields(Exchange))
CHECK_KEYS = ("nodeid", "title", "outcome", "message", "expected", "actual", "notes", "exchanges")
MORE_CHECK_KEYS = ("generated",)
"""Those that not every check has."""


def counts(report: Report) -> dict[Verdict, int]:
    """How many requirements got each verdict, every verdict named, worst first."""
    found = [judged.verdict for judged in report.requirements]
    return {verdict: found.count(verdict) for verdict in Verdict}


def to_json(report: Report) -> dict[str, Any]:
    """The published form, in an order that depends on nothing but the content.

    Requirements and claims keep the report's order (the catalogue's); checks stand by node id, exchanges by id.
    """
    return {
        "schema": SCHEMA,
        "suite": {"name": SUITE, "version": report.suite},
        "pack": {"name": report.pack, "title": report.pack_title, "requirement_set": report.requirement_set},
        "mode": report.mode,
        "target": report.target,
        "claims": [{"claim": claim.claim, "source": claim.source} for claim in report.claims],
        "started": report.started,
        "finished": report.finished,
        "verdict": report.verdict.value,
        "reason": report.reason,
        "counts": {verdict.value: count for verdict, count in counts(report).items()},
        "exchanges": {key: _exchange_to_json(report.exchanges[key]) for key in sorted(report.exchanges)},
        "requirements": [_judged_to_json(judged) for judged in report.requirements],
    }


def from_json(data: dict[str, Any]) -> Report:
    """The run back from its published form. UsageError for what is no results.json that this version knows."""
    version = data.get("schema") if isinstance(data, dict) else None
    if version != SCHEMA:
        raise UsageError(
            f"results.json: schema {version!r} is not known here (there is: {SCHEMA!r}); "
            "render it with the version of consent-conformance that wrote it"
        )
    try:
        report = Report(
            suite=data["suite"]["version"],
            pack=data["pack"]["name"],
            pack_title=data["pack"]["title"],
            requirement_set=data["pack"]["requirement_set"],
            mode=data["mode"],
            target=data["target"],
            claims=tuple(Claim(**claim) for claim in data["claims"]),
            started=data["started"],
            finished=data["finished"],
            verdict=RunVerdict(data["verdict"]),
            reason=data["reason"],
            requirements=tuple(_judged_from_json(row) for row in data["requirements"]),
            exchanges={key: _exchange_from_json(exchange) for key, exchange in data["exchanges"].items()},
        )
        _consistent(report, data["counts"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"results.json: not in the form of results.schema.json ({_said(error)})") from error
    return report


def write(report: Report, folder: Path) -> Path:
    """Write results.json into the folder, whole or not at all; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE_NAME
    unfinished = path.with_suffix(".json.part")
    with unfinished.open("wb") as file:
        file.writelines(_in_lines(to_json(report)))
    unfinished.replace(path)
    return path


def _in_lines(data: dict[str, Any]) -> Iterator[bytes]:
    """JSON with a line for each requirement and exchange: `json` is slow where it indents, and diffs stay short."""
    between = b"{\n"
    for name, value in data.items():
        yield between + _dumped(name) + b": "
        between = b",\n"
        if isinstance(value, list) and value:
            yield from _rows(b"[]", (_dumped(row) for row in value))
        elif name == "exchanges" and value:
            yield from _rows(b"{}", (_dumped(key) + b": " + _dumped(row) for key, row in value.items()))
        else:
            yield _dumped(value)
    yield b"\n}\n"


def _rows(brackets: bytes, rows: Iterable[bytes]) -> Iterator[bytes]:
    between = brackets[:1] + b"\n"
    for row in rows:
        yield between + row
        between = b",\n"
    yield b"\n" + brackets[1:]


def _dumped(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # a body that was no UTF-8
        return json.dumps(value).encode()


def read(path: Path) -> Report:
    """A stored run; `path` is a results.json or the folder that holds one."""
    path = path / FILE_NAME if path.is_dir() else path
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); name a results.json or its folder") from error
    except ValueError as error:
        raise UsageError(f"{path}: is not JSON ({error}); name a results.json or its folder") from error
    try:
        return from_json(data)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


def json_schema() -> dict[str, Any]:
    """The JSON Schema of results.json (Draft 2020-12)."""
    schema: dict[str, Any] = json.loads(Path(__file__).with_name("results.schema.json").read_bytes())
    return schema


def _judged_to_json(judged: Judged) -> dict[str, Any]:
    requirement = judged.requirement
    row: dict[str, Any] = {
        "id": requirement.id,
        "level": requirement.level.value,
        "basis": requirement.basis.value,
        "text": requirement.text,
        "source": requirement.source,
        "set": requirement.set,
        "applies_when": list(requirement.applies_when),
        "restates": list(requirement.restates),
        "replaces": list(requirement.replaces),
        "not_tested": requirement.not_tested,
        "verdict": judged.verdict.value,
        "reason": judged.reason,
        "notes": list(judged.notes),
        "checks": [_check(check) for check in sorted(judged.checks, key=_by_node)],
    }
    if judged.deviation is not None:
        row["deviation"] = asdict(judged.deviation)
    return row


def _judged_from_json(row: dict[str, Any]) -> Judged:
    deviation = row.get("deviation")
    return Judged(
        requirement=Requirement(
            id=row["id"],
            level=Level(row["level"]),
            basis=Basis(row["basis"]),
            source=row["source"],
            text=row["text"],
            set=row["set"],
            applies_when=tuple(row["applies_when"]),
            restates=tuple(row["restates"]),
            replaces=tuple(row["replaces"]),
            not_tested=row["not_tested"],
        ),
        verdict=Verdict(row["verdict"]),
        reason=row["reason"],
        notes=tuple(row["notes"]),
        checks=tuple(_check(check) for check in row["checks"]),
        deviation=Deviation(**deviation) if deviation else None,
    )


def _check(check: dict[str, Any]) -> dict[str, Any]:
    return {
        **{key: check[key] for key in CHECK_KEYS},
        **{key: check[key] for key in MORE_CHECK_KEYS if key in check},
    }


def _by_node(check: dict[str, Any]) -> tuple[str, ...]:
    return (check["nodeid"], check["outcome"], check["expected"], check["actual"], check["message"])


def _exchange_to_json(exchange: Exchange) -> dict[str, Any]:
    members: dict[str, Any] = {name: getattr(exchange, name) for name in EXCHANGE_KEYS}
    members["request_headers"] = _pairs(exchange.request_headers)
    members["response_headers"] = _pairs(exchange.response_headers)
    return members


def _pairs(headers: Iterable[tuple[str, str]]) -> list[list[str]]:
    return [[name, value] for name, value in headers]


def _exchange_from_json(members: dict[str, Any]) -> Exchange:
    headers = {
        key: tuple((name, value) for name, value in members[key]) for key in ("request_headers", "response_headers")
    }
    return Exchange(**{**members, **headers})


def _consistent(report: Report, stated: dict[str, int]) -> None:
    if stated != {verdict.value: count for verdict, count in counts(report).items()}:
        raise ValueError("counts do not agree with the requirements")
    for judged in report.requirements:
        for check in judged.checks:
            lost = [key for key in check["exchanges"] if key not in report.exchanges]
            if lost:
                raise ValueError(f"{judged.requirement.id} refers to exchange {lost[0]}, which is missing")


def _said(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
