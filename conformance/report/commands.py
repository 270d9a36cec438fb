"""`consent-conformance diff`, `render`, `overview` and `baseline`: what can be done with stored runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance.model import UsageError
from conformance.report.results import read

if TYPE_CHECKING:
    import argparse

FORMS = ("text", "markdown", "json")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands to the command line."""
    diff = commands.add_parser("diff", help="what changed between two runs; exit code 1 when something broke")
    diff.add_argument("old", metavar="OLD", type=Path, help="results.json or its folder")
    diff.add_argument("new", metavar="NEW", type=Path, help="results.json or its folder")
    diff.add_argument("--format", choices=FORMS, default="text")
    diff.set_defaults(perform=_diff)

    render = commands.add_parser("render", help="make the reports of a stored run again")
    render.add_argument("run", metavar="RUN", type=Path, help="results.json or its folder")
    render.add_argument("--previous", metavar="RUN", type=Path, help="an earlier run to compare with")
    render.add_argument("--output", metavar="DIR", type=Path, help="default: beside the run")
    render.set_defaults(perform=_render)

    overview = commands.add_parser("overview", help="several stored runs on one page")
    overview.add_argument("folders", metavar="DIR", type=Path, nargs="+", help="every results.json below it")
    overview.add_argument("--output", metavar="FILE", type=Path, default=Path("reports/index.html"))
    overview.set_defaults(perform=_overview)

    baseline = commands.add_parser("baseline", help="the first list of known deviations, to be put into target.toml")
    baseline.add_argument("run", metavar="RUN", type=Path, help="results.json or its folder")
    baseline.set_defaults(perform=_baseline)


def _diff(options: argparse.Namespace) -> int:
    from conformance.report import diff  # noqa: PLC0415 - each command pays for itself only

    old, new = read(options.old), read(options.new)
    if old.pack != new.pack:  # nothing could break: hardly a requirement is in both
        raise UsageError(f"{options.new} is of pack '{new.pack}', and {options.old} of '{old.pack}'; compare one pack")
    found = diff.diff(old, new)
    written = {"text": diff.text, "markdown": diff.markdown, "json": diff.json_text}[options.format](found)
    print(written, end="")  # noqa: T201 - a command prints
    return int(found.something_broke)


def _render(options: argparse.Namespace) -> int:
    from conformance.report.forms import write_forms  # noqa: PLC0415 - see above

    folder = options.output or (options.run if options.run.is_dir() else options.run.parent)
    previous = read(options.previous) if options.previous else None
    for path in write_forms(read(options.run), folder, previous):
        print(path)  # noqa: T201 - see above
    return 0


def _overview(options: argparse.Namespace) -> int:
    from conformance.report import overview  # noqa: PLC0415 - see above

    runs = overview.gather(options.folders, beside=options.output.parent)
    print(overview.write(runs, options.output))  # noqa: T201 - see above
    return 0


def _baseline(options: argparse.Namespace) -> int:
    from conformance.report.baseline import baseline  # noqa: PLC0415 - see above

    print(baseline(read(options.run)), end="")  # noqa: T201 - see above
    return 0
