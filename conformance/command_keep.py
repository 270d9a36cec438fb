"""`consent-conformance keep`: what generated requests have found becomes a scenario row, tried again in every run.

It goes to a target (a folder `kept/` beside target.toml, which `scenarios` in it names) or into a pack.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance import packs, reading, shipped
from conformance.model import Outcome, UsageError
from conformance.own_scenarios import with_scenarios
from conformance.reading import Problems
from conformance.reading.spelling import nearest
from conformance.recorder import printable
from conformance.report.results import FILE_NAME, read
from conformance.target import scenario_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.model import Report

KEPT = "kept"
"""The folder beside target.toml, and what `scenarios` calls it."""
ROW = """# What generated requests have found. Written by `consent-conformance keep`; remove both files to forget it.
[[scenario]]
name = {name}
title = {title}
source = {source}

[scenario.generated]
requirement = {requirement}
topic = {topic}
aspect = {aspect}
example = {example}
"""
_LONGEST = 240
"""Characters of a title."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """A row to be: `name` is that of its files as well."""

    name: str
    text: str
    example: dict[str, Any]


def keep(finding: str, *, report_dir: Path | None, target: Path | None, pack: str | None) -> Iterator[str]:
    """Write the rows of a finding, in lines that say where.

    `finding` is the id of a requirement, or the path of its script as a run writes it.

    Raises:
        UsageError: there is no such finding, or it cannot be kept there.

    """
    run, requirement = _named(finding, report_dir)
    report = read(run)
    rows = tuple(_rows(report, requirement, where=reading.shown(run)))
    if pack is not None:
        yield from _into_pack(packs.load(pack), rows, report)
    else:
        yield from _into_target(target or Path("target.toml"), rows, report)


def _named(finding: str, report_dir: Path | None) -> tuple[Path, str]:
    """The results.json and the id of the requirement."""
    folder = report_dir or Path("reports")
    if not finding.endswith(".sh"):
        return folder / FILE_NAME, finding
    path = Path(finding)
    if not path.is_file():
        beside = [one.name for one in path.parent.glob("*.sh")]
        raise UsageError(f"{reading.shown(path)}: no such file; {nearest(path.name, beside)}")
    results = (report_dir or path.resolve().parent.parent) / FILE_NAME
    if not results.is_file():
        where = reading.shown(path)
        said = f"{reading.shown(results)} is not there, which holds the example"
        raise UsageError(f"{where}: {said}; name the folder of the run's reports by --report-dir")
    return results, path.stem


def _rows(report: Report, requirement: str, *, where: str) -> Iterator[_Row]:
    """A row for each example that shows a violation of the requirement."""
    violated = {
        row.requirement.id: [check for check in row.checks if check["outcome"] == Outcome.VIOLATED]
        for row in report.requirements
    }
    examples = {id: [one for one in checks if "generated" in one] for id, checks in violated.items()}  # noqa: A001
    if not examples.get(requirement):
        found = [id for id, checks in examples.items() if checks]  # noqa: A001 - FHIR's own word
        raise UsageError(f"{where}: requirements: {_why_not(requirement, violated)}; {_others(found)}")
    for check in examples[requirement]:
        tried = check["generated"]
        written = json.dumps(tried, sort_keys=True).encode()
        name = f"{requirement.replace('.', '-')}-{hashlib.sha256(written).hexdigest()[:8]}"
        members = {
            "name": name,
            "title": _title(check),
            "source": f"found by generated requests on {report.started[:10]}, suite {report.suite}",
            "requirement": requirement,
            "topic": tried["topic"],
            "aspect": tried["aspect"],
            "example": f"{name}.json",
        }
        text = ROW.format(**{key: json.dumps(value, ensure_ascii=False) for key, value in members.items()})
        yield _Row(name=name, text=text, example=tried["example"])


def _why_not(requirement: str, violated: dict[str, list[dict[str, Any]]]) -> str:
    if requirement not in violated:
        return f"'{requirement}' is not among them"
    if not violated[requirement]:
        return f"'{requirement}' is not violated"
    return f"'{requirement}' was not found violated by generated requests, or by an older suite"


def _others(found: list[str]) -> str:
    return f"there are findings of: {', '.join(found)}" if found else "the run has found nothing by generated requests"


def _title(check: dict[str, Any]) -> str:
    """What was wrong, on one line in letters that TOML and terminals take."""
    words = printable(f"Expected {check['expected']}; got {check['actual']}").replace("\n", " ")
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 2]} …"


# -- into a pack ---------------------------------------------------------------------------------------------------


def _into_pack(pack: packs.Pack, rows: tuple[_Row, ...], report: Report) -> Iterator[str]:
    _refuse_another(pack, report, where=reading.shown(pack.folder / "pack.toml"))
    is_shipped = pack.folder.parent == shipped.folder("profiles")
    examples = shipped.folder("fixtures") / pack.name if is_shipped else pack.folder / "fixtures"
    written = _write(rows, pack.folder / "scenarios", examples)
    try:
        packs.load(pack.folder)
    except UsageError:
        _forget(written)
        raise
    yield from map(reading.shown, written)
    yield f"tried again in every run of pack {pack.name} that writes"


# -- for a target --------------------------------------------------------------------------------------------------


def _into_target(target: Path, rows: tuple[_Row, ...], report: Report) -> Iterator[str]:
    problems = Problems()
    document = reading.toml(target, schema="target", problems=problems)
    problems.stop()
    assert document is not None  # or it would have stopped
    where = reading.shown(target)
    named = document.value.get("pack", report.pack)
    pack = packs.load(_found(named, target.parent))
    _refuse_another(pack, report, where=where)
    listed = document.value.get("scenarios")
    changed = None if listed is not None else _with_scenarios(target)
    if listed is not None and KEPT not in (Path(one).as_posix() for one in listed):
        raise UsageError(f"{where}: scenarios: does not name the folder '{KEPT}', which findings go to; add it")
    folder = target.parent / KEPT
    before = [path for path in scenario_files(document, target.parent) if path.parent != folder]
    written = _write(rows, folder, folder)
    try:
        with_scenarios(pack, [*before, *sorted(folder.glob("*.toml"))])
    except UsageError:
        _forget(written)
        raise
    yield from map(reading.shown, written)
    if changed is not None:
        target.write_text(changed, encoding="utf-8")
        yield f'{where}: scenarios = ["{KEPT}"] was added'
    yield f"tried again in every run of {where} that writes"


def _found(pack: str, beside: Path) -> str:
    """A pack's folder may be named as seen from target.toml."""
    return str(beside / pack) if (beside / pack / "pack.toml").is_file() else pack


def _with_scenarios(target: Path) -> str:
    """The text of target.toml with the key before everything else but its first comments.

    Raises:
        UsageError: that would say something else than before besides.

    """
    text = target.read_text(encoding="utf-8")
    line = f'scenarios = ["{KEPT}"]   # what generated requests have found is tried in every run'
    changed = re.sub(r"\A((?:[ \t]*(?:#[^\n]*)?\n)*)", lambda first: f"{first[0]}{line}\n", text, count=1)
    before = tomllib.loads(text)
    if tomllib.loads(changed) != {"scenarios": [KEPT], **before}:
        raise UsageError(f"{reading.shown(target)}: scenarios: missing; add by hand: {line}")
    return changed


# -- both ----------------------------------------------------------------------------------------------------------


def _refuse_another(pack: packs.Pack, report: Report, *, where: str) -> None:
    """Say when a finding of one pack is to be kept in another, which has other bodies and other sentences."""
    if pack.name != report.pack:
        raise UsageError(f"{where}: pack: is '{pack.name}', and the run was one of '{report.pack}'; name that one")


def _write(rows: tuple[_Row, ...], scenarios: Path, examples: Path) -> list[Path]:
    """The files that were written. What was kept before is left as it is."""
    written = []
    for row in rows:
        example = json.dumps(row.example, ensure_ascii=True, indent=2) + "\n"
        for path, text in ((scenarios / f"{row.name}.toml", row.text), (examples / f"{row.name}.json", example)):
            if not path.exists():
                _write_one(path, text)
                written.append(path)
    return written


def _write_one(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        said = f"cannot be written ({problem.strerror or problem}); name another place by --target or --pack"
        raise UsageError(f"{reading.shown(path)}: {said}") from problem


def _forget(written: list[Path]) -> None:
    for path in written:
        path.unlink()
