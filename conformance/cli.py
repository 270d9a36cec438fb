"""`consent-conformance`: the suite as a command. Imports nothing heavy before a subcommand is known."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance import __version__
from conformance import commands_before_runs as before_runs
from conformance.model import UsageError
from conformance.report import commands as stored_runs

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_CODES = "exit codes: 0 conformant, 1 not conformant, 2 usage error, 3 incomplete or target unreachable"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand and return the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["validate"]:
        from conformance.validation.command import main as validate  # noqa: PLC0415 - see above

        return int(validate(given[1:]))
    options = _parser().parse_args(given)
    try:
        return int(options.perform(options))
    except UsageError as mistake:
        print(f"consent-conformance: {mistake}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="consent-conformance",
        description="Conformance test suite and validator for FHIR Consent servers.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"consent-conformance {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    _add_run(commands)

    cleanup = commands.add_parser("cleanup", help="remove what a run has left on a server")
    cleanup.add_argument(
        "run", metavar="RUN", nargs="?", help="name or folder of its journal, as the run has printed it (default: all)"
    )
    cleanup.add_argument("--target", metavar="FILE", help="target.toml, when it is not where it was")
    cleanup.add_argument("--report-dir", metavar="DIR", default="reports", help="where its reports are")
    cleanup.set_defaults(perform=_cleanup)

    serve = commands.add_parser("serve", help="start the reference server on loopback")
    serve.add_argument("--pack", metavar="NAME", required=True, help="whose personality it takes")
    serve.add_argument("--port", type=int, default=0, metavar="N", help="default: a free one")
    serve.add_argument("--fault", action="append", default=[], metavar="NAME", help="tell this lie")
    serve.add_argument("--variation", action="append", default=[], metavar="NAME", help="differ in this legal way")
    serve.add_argument("--write-target", metavar="FILE", help="write a target.toml that fits the server")
    serve.set_defaults(perform=_serve)

    rows = commands.add_parser("requirements", help="list the requirements of a pack with their checks")
    rows.add_argument("--pack", metavar="NAME", default="r4", help="default: r4")
    rows.add_argument("--format", choices=["text", "json", "coverage"], default="text")
    rows.set_defaults(perform=_requirements)

    explain = commands.add_parser("explain", help="a requirement, its source, its checks and its faults")
    explain.add_argument("id", metavar="ID")
    explain.add_argument("--pack", metavar="NAME", help="default: any pack that has the requirement")
    explain.set_defaults(perform=_explain)

    _add_prove(commands)

    before_runs.add_to(commands)
    stored_runs.add_to(commands)
    commands.add_parser("validate", help="validate FHIR resources", add_help=False)
    return parser


def _add_prove(commands: Any) -> None:
    prove = commands.add_parser("prove", help="show that each check can fail, and that no legal server is blamed")
    prove.add_argument("--pack", action="append", default=[], metavar="NAME", help="only in this pack (default: all)")
    prove.add_argument("--only", metavar="WORD", help="only faults and variations with this word in their name")
    prove.add_argument("--jobs", type=int, metavar="N", help="run N at a time (default: one per processor)")
    prove.add_argument("--everywhere", action="store_true", help="each fault in every pack that can tell it")
    prove.add_argument("--own-process", action="store_true", help="each server in a process and on a socket of its own")
    prove.add_argument("--part", type=int, default=1, metavar="K", help="only part K of --parts")
    prove.add_argument("--parts", type=int, default=1, metavar="N", help="share the runs out in N parts (default: 1)")
    prove.add_argument(
        "--report-dir", metavar="DIR", default="reports", help="where the matrix lands (default: reports)"
    )
    prove.add_argument("--write", metavar="FILE", help="put the figures into this page, between its marks")
    prove.set_defaults(perform=_prove)


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser("run", help="certify a server, by default the embedded one", epilog=EXIT_CODES)
    run.add_argument("--pack", metavar="NAME", help="the documented system to certify against, or a pack's folder")
    run.add_argument("--base-url", metavar="URL", help="the FHIR base of the server (default: the embedded server)")
    run.add_argument(
        "--target",
        action="append",
        default=[],
        metavar="FILE",
        help="target.toml: base URL, credentials, given data; given again, another server, one after the other",
    )
    run.add_argument("--report-dir", metavar="DIR", default="reports", help="where reports land (default: reports)")
    run.add_argument("--only", action="append", default=[], metavar="PATTERN", help="only these requirements")
    run.add_argument("--exclude", action="append", default=[], metavar="PATTERN", help="all but these requirements")
    run.add_argument("--read-only", action="store_true", help="send nothing that writes")
    run.add_argument("--fail-fast", action="store_true", help="stop at the first check that is red")
    run.add_argument("--last-failed", action="store_true", help="only what was red in the run in --report-dir")
    run.add_argument("--dry-run", action="store_true", help="print every request that would be sent, and send nothing")
    run.add_argument("--keep-created", action="store_true", help="leave on the server what the run creates there")
    run.add_argument("--generated", type=int, metavar="N", help="generated requests (default: 500; 0: none)")
    run.add_argument("--seed", type=int, default=0, metavar="N", help="another number generates other requests")
    run.add_argument("--workers", type=int, default=1, metavar="N", help="check with N processes (default: 1)")
    run.set_defaults(perform=_run)


def _run(options: argparse.Namespace) -> int:
    from conformance.command_run import run  # noqa: PLC0415 - see above

    return run(options)


def _cleanup(options: argparse.Namespace) -> int:
    from conformance.command_cleanup import run  # noqa: PLC0415 - see above

    return run(options)


def _serve(options: argparse.Namespace) -> int:
    from conformance import packs  # noqa: PLC0415 - see above
    from conformance.reference.server import serve  # noqa: PLC0415 - see above

    pack = packs.load(options.pack)
    if pack.personality is None:
        raise UsageError(f"pack '{pack.name}' has no personality to serve; name one in its pack.toml")
    serve(
        pack.personality,
        port=options.port,
        faults=options.fault,
        variations=options.variation,
        write_target=Path(options.write_target) if options.write_target else None,
        **pack.own_data,
    )
    return 0


def _prove(options: argparse.Namespace) -> int:
    from conformance.command_prove import jobs, prove  # noqa: PLC0415 - see above

    options.jobs = options.jobs or jobs()
    return prove(options)


def _requirements(options: argparse.Namespace) -> int:
    from conformance.listing import listed  # noqa: PLC0415 - see above

    for line in listed(options.pack, form=options.format):
        print(line)
    return 0


def _explain(options: argparse.Namespace) -> int:
    from conformance.listing import explained  # noqa: PLC0415 - see above

    for line in explained(options.id, pack=options.pack):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
