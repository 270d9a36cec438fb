"""The overview of many stored runs: what each system does by topic, how a target changed, since when it fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.model import UsageError, Verdict
from conformance.report.diff import RED
from conformance.report.html import SEALS, environment
from conformance.report.results import FILE_NAME, counts, read
from conformance.report.summary import HEADLINES, target_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from conformance.model import Report

SHOWN = (Verdict.FAIL, Verdict.STALE_DEVIATION, Verdict.ERROR, Verdict.NOT_TESTABLE, Verdict.NOT_RUN)
TREND_HEIGHT = 48
TREND_STEP = 14
MOST_RUNS = 60
"""Older runs of a target are left out of its trend."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A stored run and where its page lies, seen from the overview."""

    report: Report
    page: str

    @property
    def system(self) -> tuple[str, str]:
        """Runs of the same system against the same pack belong together."""
        return target_name(self.report), self.report.pack


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """What a system does in one topic: its worst verdict, and how many requirements have which."""

    worst: Verdict
    numbers: Sequence[tuple[Verdict, int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Failing:
    """A requirement that fails in the latest run, and since when without a break."""

    id: str
    text: str
    since: Run


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """The runs of one system, newest first. `bars` are (x, height of fails, height of the rest that is red)."""

    name: str
    pack: str
    runs: Sequence[Run]
    failing: Sequence[Failing]
    bars: Sequence[tuple[int, float, float]]

    @property
    def latest(self) -> Run:
        """The newest run: what the matrix shows."""
        return self.runs[0]


def gather(folders: Iterable[Path], *, beside: Path) -> list[Run]:
    """Every results.json below the folders; pages are addressed as seen from the folder `beside`.

    Raises:
        UsageError: there is none, or one cannot be read.

    """
    folders = list(folders)
    files = sorted({path.resolve() for folder in folders for path in folder.rglob(FILE_NAME)})
    if not files:
        named = ", ".join(str(folder) for folder in folders)
        raise UsageError(f"no {FILE_NAME} below {named}; name a folder that holds reports of runs")
    return [Run(report=read(file), page=_address(file.parent / "report.html", beside.resolve())) for file in files]


def render(runs: Iterable[Run]) -> str:
    """The page as one text."""
    histories = [_history(together) for together in _by_system(runs).values()]
    topics = sorted({judged.requirement.topic for one in histories for judged in one.latest.report.requirements})
    matrix = [(topic, [_cell(one.latest.report, topic) for one in histories]) for topic in topics]
    page = environment().get_template("overview.html.j2")
    return page.render(
        histories=histories,
        matrix=matrix,
        headlines=HEADLINES,
        seals=SEALS,
        verdicts=list(Verdict),
        counts=counts,
        height=TREND_HEIGHT,
        step=TREND_STEP,
        red=SHOWN,
    )


def write(runs: Iterable[Run], path: Path) -> Path:
    """Write the overview; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(runs), encoding="utf-8", errors="backslashreplace")
    return path


def _address(page: Path, beside: Path) -> str:
    try:
        return page.relative_to(beside).as_posix()
    except ValueError:
        return page.as_uri()


def _by_system(runs: Iterable[Run]) -> dict[tuple[str, str], list[Run]]:
    found: dict[tuple[str, str], list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.report.started, reverse=True):
        found.setdefault(run.system, []).append(run)
    return dict(sorted(found.items()))


def _history(runs: list[Run]) -> History:
    shown = runs[:MOST_RUNS]
    numbers = [counts(run.report) for run in reversed(shown)]
    fails = [number[Verdict.FAIL] for number in numbers]
    others = [sum(count for verdict, count in number.items() if verdict in RED) for number in numbers]
    most = max([*others, 1])
    bars = [
        (place * TREND_STEP, round(fail / most * TREND_HEIGHT, 1), round((all_ - fail) / most * TREND_HEIGHT, 1))
        for place, (fail, all_) in enumerate(zip(fails, others, strict=True))
    ]
    name, pack = runs[0].system
    return History(name=name, pack=pack, runs=runs, failing=_failing(runs), bars=bars)


def _failing(runs: list[Run]) -> list[Failing]:
    """What fails now, with the first run of the unbroken row of runs in which it failed."""
    verdicts = [{judged.requirement.id: judged.verdict for judged in run.report.requirements} for run in runs]
    found = []
    for judged in runs[0].report.requirements:
        if judged.verdict is Verdict.FAIL:
            unbroken = 0
            while unbroken + 1 < len(runs) and verdicts[unbroken + 1].get(judged.requirement.id) is Verdict.FAIL:
                unbroken += 1
            found.append(Failing(id=judged.requirement.id, text=judged.requirement.text, since=runs[unbroken]))
    return sorted(found, key=lambda one: one.since.report.started)


def _cell(report: Report, topic: str) -> Cell | None:
    verdicts = [judged.verdict for judged in report.requirements if judged.requirement.topic == topic]
    if not verdicts:
        return None
    numbers = [(verdict, verdicts.count(verdict)) for verdict in Verdict if verdict in verdicts]
    return Cell(worst=numbers[0][0], numbers=numbers)
