"""Every verdict that is not quiet has an explanation on record: whose fault it is, by which section, shown how.

`triage.toml` holds one row per requirement that ends in `fail`, `warn` or worse. `complaints` holds a fresh
results.json against it: a verdict that is new, gone or changed is an error, and so is a fault of our own.
"""

from __future__ import annotations

import json
import shlex
import tomllib
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema

from conformance.model import UsageError, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA = json.loads(Path(__file__).with_name("triage.schema.json").read_text(encoding="utf-8"))
QUIET = {Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.NOT_TESTED, Verdict.KNOWN_DEVIATION}
MODES = ("open", "tokens")
"""How the server was started: for everybody, or with access tokens."""


class Whose(StrEnum):
    """Who has to do something about it."""

    SERVER = "server"
    OPEN_QUESTION = "open question"
    OURS = "ours"


@dataclass(frozen=True, kw_only=True, slots=True)
class Explained:
    """One explained verdict.

    `section` names the passage of the source, `checks` the checks that found it (names without their files), `curl`
    is a shell script with `$BASE` for the base URL, and `answer` holds passages of what it prints, in order.
    """

    requirement: str
    verdict: Verdict
    whose: Whose
    section: str
    explanation: str
    checks: tuple[str, ...]
    curl: str
    answer: str
    modes: tuple[str, ...] = MODES


def explained(path: Path) -> tuple[Explained, ...]:
    """The rows of a triage file. UsageError names the rows and keys that do not fit triage.schema.json."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: no valid TOML: {error}") from error
    wrong = sorted(
        jsonschema.Draft202012Validator(SCHEMA).iter_errors(table), key=lambda error: list(map(str, error.path))
    )
    if wrong:
        raise UsageError("\n".join(f"{path}: {_place(table, error)}: {error.message}" for error in wrong))
    rows = tuple(_row(**row) for row in table.get("explained", []))
    for (requirement, mode), times in Counter((row.requirement, mode) for row in rows for mode in row.modes).items():
        if times > 1:
            raise UsageError(f"{path}: {requirement} is explained {times} times for mode {mode}; keep one row")
    return rows


def _place(table: dict[str, Any], error: jsonschema.ValidationError) -> str:
    """`$.explained[1].verdict (r4.read.existing-is-ok)`, rows counted from 0."""
    row = table["explained"][error.path[1]] if len(error.path) > 1 else None
    name = row.get("requirement") if isinstance(row, dict) else None
    return f"{error.json_path} ({name})" if name else str(error.json_path)


def _row(*, checks: list[str], verdict: str, whose: str, modes: Iterable[str] = MODES, **texts: str) -> Explained:
    return Explained(
        **{key: text.strip() for key, text in texts.items()},
        verdict=Verdict(verdict),
        whose=Whose(whose),
        checks=tuple(sorted(checks)),
        modes=tuple(modes),
    )


def complaints(rows: Iterable[Explained], results: dict[str, Any], mode: str) -> list[str]:
    """What is wrong between the triage and a results.json of a run in that mode; nothing when they agree."""
    wanted = {row.requirement: row for row in rows if mode in row.modes}
    found = {
        requirement["id"]: requirement
        for requirement in results["requirements"]
        if Verdict(requirement["verdict"]) not in QUIET
    }
    verified = any(requirement["verdict"] == Verdict.PASS for requirement in results["requirements"])
    said = [] if verified else ["nothing: no requirement passed, so that the run proves nothing"]
    for name in sorted(wanted.keys() | found.keys()):
        if name not in wanted:
            said.append(f"new: {name} ends in {found[name]['verdict']} and is not explained: {_actual(found[name])}")
        elif name not in found:
            said.append(f"gone: {name} no longer ends in {wanted[name].verdict}; take its row away")
        else:
            said += _differences(wanted[name], found[name])
        if name in wanted and wanted[name].whose is Whose.OURS:
            said.append(f"ours: {name}: {wanted[name].explanation}")
    return said


def _differences(row: Explained, requirement: dict[str, Any]) -> list[str]:
    if requirement["verdict"] != row.verdict:
        return [f"changed: {row.requirement} is explained as {row.verdict} and ends in {requirement['verdict']}"]
    if (checks := blaming(requirement)) != row.checks:
        return [f"changed: {row.requirement} was found by {', '.join(row.checks)}, now by {', '.join(checks)}"]
    return []


def blaming(requirement: dict[str, Any]) -> tuple[str, ...]:
    """The names of the checks of a requirement that did not hold, sorted, each once; `-` when there is none."""
    names: set[str] = {check["nodeid"].rpartition("::")[2] for check in _unheld(requirement)}
    return tuple(sorted(names)) or ("-",)


def _unheld(requirement: dict[str, Any]) -> list[dict[str, Any]]:
    return [check for check in requirement["checks"] if check["outcome"] != "held"]


def _actual(requirement: dict[str, Any]) -> str:
    first = next(iter(_unheld(requirement)), None)
    return str(first["actual"] or first["message"] if first else requirement["reason"])


def skeleton(results: dict[str, Any], requirement: str, mode: str) -> str:
    """A row to start from, with the exchanges of the first check that did not hold. Whose it is stays to be decided."""
    row = next(row for row in results["requirements"] if row["id"] == requirement)
    shown = [check["exchanges"] for check in _unheld(row)][:1]
    exchanges = [results["exchanges"][key] for keys in shown for key in keys]
    base = results["target"]["base_url"].rstrip("/")
    lines = {
        "requirement": json.dumps(requirement),
        "verdict": json.dumps(row["verdict"]),
        "whose": '""',
        "section": json.dumps(row["source"], ensure_ascii=False),
        "explanation": json.dumps(_actual(row), ensure_ascii=False),
        "checks": json.dumps(blaming(row)),
        "modes": json.dumps([mode]),
        "curl": _block([_as_curl(exchange, base) for exchange in exchanges]),
        "answer": _block([f"{exchange['status']} {exchange['response_body'] or ''}" for exchange in exchanges]),
    }
    return "[[explained]]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items())


def _block(lines: list[str]) -> str:
    return "'''\n" + "\n".join(lines).replace("'''", "'' '") + "\n'''"


def _as_curl(exchange: dict[str, Any], base: str) -> str:
    words = ["curl", "-si", "-X", exchange["method"]]
    for name, value in exchange["request_headers"]:
        if name.lower() in {"content-type", "accept", "prefer", "if-match", "if-none-match", "if-none-exist"}:
            words += ["-H", f"{name}: {value}"]
    if exchange["request_body"] is not None:
        words += ["-d", exchange["request_body"]]
    return f'{shlex.join(words)} "$BASE"{shlex.quote(exchange["url"].removeprefix(base))}'
