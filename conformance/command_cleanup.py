"""`consent-conformance cleanup`: removes what a run has left on a server; and the same at the end of a run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance import cleanup, journal, packs
from conformance import target as targets
from conformance.model import UsageError
from conformance.own_fixtures import furnished
from conformance.redaction import Redactor

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection

    from conformance.cleanup import Cleaned
    from conformance.packs import Pack
    from conformance.target import Target

DONE = "done"
"""A file beside the journal of a run of which nothing is in force any more."""

LEFT = "left.txt"
"""The list of what stays on the server, beside the journal."""

SHOWN = 5


def run(options: argparse.Namespace) -> int:
    """Clean up after a run, or every run that still needs it: 0 when nothing is in force any more, 3 when something is.

    Raises:
        UsageError: there is no such run, or its target cannot be used.

    """
    reports = Path(options.report_dir)
    if options.run:
        return _cleaned(_folder(options.run, reports), options.target)
    waiting = [path.parent for path in _records(reports) if not (path.parent / DONE).exists()]
    if not waiting:
        print(f"cleanup: nothing is left to clean up by the journals in {reports / journal.FOLDER}")
    return max((_cleaned(folder, options.target) for folder in waiting), default=0)


def _cleaned(folder: Path, target_file: str | None) -> int:
    about = _about(folder)
    target = _target(target_file or about["target"], about)
    pack = furnished(packs.load(about["pack"]), target)
    if not target.allow_writes:
        raise UsageError(f"{target.where}: allow_writes is not set: nothing is deleted from a server without it")
    cleaned = cleanup.clean(journal.writes(folder), pack=pack, target=target, claims=about["claims"])
    print(f"cleanup: {folder.name}")
    for line in _told(cleaned, folder, given=bool(target_file)):
        print(line)
    return 0 if cleaned.done else 3


def after_run(
    folder: Path, *, pack: Pack, target: Target, claims: Collection[str], keep: bool, workers: int
) -> list[str]:
    """Clean up after a run that has come to its end; what became of it, in lines for a terminal."""
    writes = list(journal.writes(folder))
    if not writes:
        (folder / DONE).touch()
        return []
    again = f"consent-conformance cleanup {folder}"
    if keep:
        return [f"what the run has created stays on the server; to remove it: {again}"]
    try:
        cleaned = cleanup.clean(writes, pack=pack, target=target, claims=claims, workers=workers)
    except KeyboardInterrupt:
        return [f"the cleanup was interrupted; to go on: {again}"]
    return _told(cleaned, folder, given=False)


def _told(cleaned: Cleaned, folder: Path, *, given: bool) -> list[str]:
    lines = [f"cleanup: {line}" for line in cleanup.said(cleaned)]
    path = folder / LEFT
    path.unlink(missing_ok=True)
    if cleaned.done:
        (folder / DONE).touch()
    if cleaned.left:
        listed = "".join(f"{one.place}: {one.why}\n" for one in cleaned.left)
        path.write_text(listed, encoding="utf-8", errors="backslashreplace")
        lines += [f"  {one.place}: {one.why}" for one in cleaned.left if not one.closed][:SHOWN]
        lines.append(f"cleanup: what stays on the server is listed in {path}")
    if not cleaned.done and not given:
        lines.append(f"cleanup: to try again: consent-conformance cleanup {folder}")
    return lines


def _folder(name: str, reports: Path) -> Path:
    """The journal of a run, by its name or its path."""
    for folder in (Path(name), reports / journal.FOLDER / name):
        if (folder / "run.json").is_file():
            return folder
    place = reports / journal.FOLDER
    known = [path.parent.name for path in _records(reports)]
    there = f"there are: {', '.join(known)}" if known else "there are none; --report-dir names the reports' folder"
    raise UsageError(f"no run '{name}' in {place} ({there})")


def _records(reports: Path) -> list[Path]:
    return sorted((reports / journal.FOLDER).glob("*/run.json"))


def _about(folder: Path) -> dict[str, Any]:
    path = folder / "run.json"
    try:
        about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return {name: about[name] for name in ("pack", "target", "base_url", "asked_url", "claims")}
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise UsageError(f"{path}: is no record of a run ({type(problem).__name__}: {problem})") from problem


def _target(file: str | None, about: dict[str, Any]) -> Target:
    """The server of the run. Raises UsageError when the file names another one by now."""
    if file is None:
        raise UsageError("the run had no target.toml, so that it wrote nothing")
    target = targets.load(Path(file), environ=os.environ, base_url=about["asked_url"])
    here = Redactor(target.secrets()).url(target.base_url)
    if here != about["base_url"]:
        raise UsageError(
            f"{file}: base_url is {here}, and the run was against {about['base_url']}; name its target by --target"
        )
    return target
