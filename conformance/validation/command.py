"""`consent-conformance validate`: files, folders, NDJSON, standard input; as text, JSON lines or OperationOutcome."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tomllib
from collections import deque
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from conformance.model import UsageError
from conformance.validation.definitions import PACKS
from conformance.validation.issue import Source
from conformance.validation.validator import Validator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.stock import Stock
    from conformance.validation.issue import Issue

VALID, INVALID, USAGE = 0, 1, 2
LONGEST_LINE = 256 * 1024 * 1024
BATCH = 64
LINES = (".ndjson", ".jsonl")
TYPE, QUERY = "Consent", "_count=200"

Json = dict[str, Any]
Document = tuple[str, bytes]


def main(argv: list[str]) -> int:
    """Runs the command; 0 when all documents are valid, 1 when some are not, 2 for a usage error or no document."""
    options = _parser().parse_args(argv)
    try:
        return _run(options)
    except UsageError as error:
        sys.stderr.write(f"consent-conformance validate: {error}\n")
        return USAGE
    except BrokenPipeError:
        return INVALID


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="consent-conformance validate",
        description="Hold FHIR resources against the official definitions, and against profiles.",
        epilog="Exit status: 0 all valid, 1 some invalid, 2 usage error, or nothing to validate. "
        "Only errors make a document invalid.",
    )
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="a .json or .ndjson file, a folder of them, or - for standard input"
    )
    server = parser.add_argument_group("what a server holds, in place of files")
    server.add_argument("--from-server", action="store_true", help="read --base-url or --target, page by page")
    server.add_argument("--base-url", metavar="URL", help="the FHIR base of the server")
    server.add_argument("--target", metavar="FILE", help="target.toml: base URL, credentials")
    server.add_argument("--type", metavar="NAME", help=f"resources of that type (default: {TYPE})")
    server.add_argument("--query", metavar="QUERY", help=f"the search (default: {QUERY})")
    server.add_argument("--export", action="store_true", help="by a bulk export ($export), in place of a search")
    parser.add_argument("--fhir", choices=sorted(PACKS), help="release (default: the pack's, else 4.0)")
    parser.add_argument("--pack", help="take release and profiles from a pack in profiles/")
    parser.add_argument(
        "--profile", metavar="URL", help="canonical of the profile that the resources have to conform to"
    )
    parser.add_argument(
        "--package",
        action="append",
        default=[],
        metavar="PATH",
        help="a FHIR package (.tgz), folder or file with profiles; repeatable",
    )
    parser.add_argument(
        "--format", choices=["text", "json", "outcome"], default="text", help="how issues are written (default: text)"
    )
    parser.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="processes that validate at the same time (default: 1)"
    )
    parser.add_argument("--ndjson", action="store_true", help="standard input has one resource per line")
    parser.add_argument("--quiet", action="store_true", help="errors only: no warnings, no information")
    return parser


def _run(options: argparse.Namespace) -> int:
    if options.jobs < 1:
        raise UsageError(f"--jobs {options.jobs}: give a number from 1 on")
    if not options.from_server:
        for name in ("base_url", "target", "type", "query", "export"):
            if getattr(options, name) not in {None, False}:
                raise UsageError(f"--{name.replace('_', '-')}: is of use with --from-server alone")
    stock = _of_server(options) if options.from_server else None
    if stock is None and not options.files:
        raise UsageError("name a FILE, a folder or - for standard input, or ask a server: --from-server")
    fhir, sources = _from_pack(options.pack)
    settings = (options.fhir or fhir, (*sources, *options.package), options.profile)
    validator = _validator(settings)
    if options.profile:
        validator.validate(
            {"resourceType": "Basic"}, profile=options.profile
        )  # an unknown profile is a usage error at once
    documents = _documents(options.files, lines_on_stdin=options.ndjson) if stock is None else stock
    progress = _Progress(shown=sys.stderr.isatty() and not sys.stdout.isatty())
    worst = None
    for name, data, issues in _validated(documents, settings, validator, options.jobs):
        valid = not any(issue.severity == "error" for issue in issues)
        worst = (worst or VALID) if valid else INVALID
        kept = [issue for issue in issues if issue.severity == "error"] if options.quiet else issues
        text = _written(options.format, name, kept, valid=valid)
        _print(text.encode(errors="backslashreplace").decode())
        progress.step(len(data))
    progress.done()
    _print("", at_once=True)
    if worst is None:
        shows = f"the server shows no {options.type or TYPE}"
        where = shows if stock else f"there is no resource in {' '.join(options.files)}"
        raise UsageError(f"nothing was validated: {where}")
    return worst


def _print(text: str, *, at_once: bool = False) -> None:
    try:
        sys.stdout.write(text)
        if at_once:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the rest is tried again at the exit
        raise UsageError(f"what was found cannot be written: {error.strerror}") from error


def _validator(settings: tuple[str, tuple[Any, ...], str | None]) -> Validator:
    return Validator(settings[0], profiles=settings[1])


def _from_pack(name: str | None) -> tuple[str, list[Path]]:
    """Release and profile files of a pack."""
    if name is None:
        return "4.0", []
    from conformance import shipped  # noqa: PLC0415 - only this option needs packs

    folder = shipped.folder("profiles") / name
    if not (folder / "pack.toml").is_file():
        raise UsageError(f"no pack {name!r} in profiles/ (there are: {', '.join(shipped.packs())})")
    settings = tomllib.loads((folder / "pack.toml").read_text(encoding="utf-8"))
    brought = [
        path
        for kind in ("StructureDefinition", "ValueSet", "CodeSystem")
        for path in sorted(folder.glob(f"{kind}-*.json"))
    ]
    fhir = settings.get("fhir", "4.0")
    if not brought:
        sys.stderr.write(f"pack {name} has no profiles: resources are held against FHIR {fhir} alone\n")
    return fhir, brought


def _of_server(options: argparse.Namespace) -> Iterator[Document]:
    """What a server holds, as a stream; nothing is asked before the first document is taken."""
    from conformance.preparation import Options, choose  # noqa: PLC0415 - files are the rule
    from conformance.stock import Stock  # noqa: PLC0415 - as above

    if options.files:
        raise UsageError("--from-server: reads no files; leave them out")
    if not options.base_url and not options.target:
        raise UsageError("--from-server: name the server by --base-url or --target")
    pack, target = choose(Options(pack=options.pack, base_url=options.base_url, target=options.target))
    if target is None:
        raise AssertionError
    options.pack = options.pack or target.pack
    stock = Stock(target, pack, type=options.type or TYPE)
    return _streamed(
        stock, stock.exported() if options.export else stock.paged(QUERY if options.query is None else options.query)
    )


def _streamed(stock: Stock, documents: Iterator[Document]) -> Iterator[Document]:
    try:
        yield from documents
    finally:
        stock.close()


def _documents(names: Iterable[str], *, lines_on_stdin: bool) -> Iterator[Document]:
    for name in names:
        if name == "-":
            if lines_on_stdin:
                yield from _lines("-", sys.stdin.buffer)
            elif text := sys.stdin.buffer.read():
                yield "-", text
            continue
        if not name:
            raise UsageError("a FILE is empty: name a file, a folder or - for standard input")
        path = Path(name)
        if path.is_dir():
            yield from _of_folder(path)
        elif path.exists():  # a pipe, too
            yield from _of_file(path)
        else:
            raise UsageError(f"{name}: there is no such file or folder")


def _of_folder(folder: Path) -> Iterator[Document]:
    files = sorted(file for file in folder.rglob("*") if file.suffix in {".json", *LINES} and not file.is_dir())
    if not files:
        raise UsageError(f"{folder}: the folder has no .json or .ndjson files")
    for file in files:
        if not file.is_file():
            raise UsageError(f"{file}: is no file that can be read; mend the link or take it out of the folder")
        yield from _of_file(file)


def _of_file(file: Path) -> Iterator[Document]:
    try:
        if file.suffix in LINES:
            with file.open("rb") as stream:
                yield from _lines(str(file), stream)
        else:
            yield str(file), file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error


def _lines(name: str, stream: IO[bytes]) -> Iterator[Document]:
    """One document per line; blank lines count and are passed over."""
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        if line.strip():
            yield f"{name}:{number}", line.rstrip(b"\r\n")


def _validated(
    documents: Iterator[Document], settings: tuple[str, tuple[Any, ...], str | None], validator: Validator, jobs: int
) -> Iterator[tuple[str, bytes, list[Issue]]]:
    """Documents with their issues, in order, a bounded number of them in memory."""
    if jobs == 1:
        for name, data in documents:
            yield name, data, validator.validate_bytes(data, profile=settings[2])
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - one process is the rule

    with ProcessPoolExecutor(jobs, initializer=_start_worker, initargs=(settings,)) as pool:
        waiting: deque[Any] = deque()
        for batch in _batches(documents):
            waiting.append((batch, pool.submit(_work, [data for _, data in batch])))
            if len(waiting) > 2 * jobs:
                yield from _collected(*waiting.popleft())
        while waiting:
            yield from _collected(*waiting.popleft())


def _batches(documents: Iterator[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    size = 0
    for document in documents:
        batch.append(document)
        size += len(document[1])
        if len(batch) == BATCH or size > 4_000_000:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _collected(batch: list[Document], future: Any) -> Iterator[tuple[str, bytes, list[Issue]]]:
    """What a process found, with the text put back in which places are looked up."""
    for (name, data), issues in zip(batch, future.result(), strict=True):
        source = Source(data)
        yield name, data, [issue._replace(source=source) for issue in issues]


class _Worker:
    """What a process of the pool keeps between batches."""

    validator: Validator | None = None
    profile: str | None = None


def _start_worker(settings: tuple[str, tuple[Any, ...], str | None]) -> None:
    _Worker.validator, _Worker.profile = _validator(settings), settings[2]


def _work(documents: list[bytes]) -> list[list[Issue]]:
    validator = _Worker.validator
    if validator is None:
        raise RuntimeError("the worker was not started")
    found = []
    for data in documents:
        issues = validator.validate_bytes(data, profile=_Worker.profile)
        found.append([issue._replace(source=None) for issue in issues])
    return found


def _written(form: str, name: str, issues: list[Issue], *, valid: bool) -> str:
    if form == "json":
        return (
            json.dumps(
                {"file": name, "valid": valid, "issues": [issue.to_json() for issue in issues]}, ensure_ascii=False
            )
            + "\n"
        )
    if form == "outcome":
        return json.dumps(outcome(name, issues), ensure_ascii=False) + "\n"
    lines = [f"{name}: {'valid' if valid else 'NOT VALID'}"]
    for issue in issues:
        place = f"{issue.line}:{issue.column}" if issue.line else "-"
        lines.append(
            f"  {place:>8}  {issue.severity:<11}  {issue.expression or '(document)'}  [{issue.rule}]"
            f"\n            {issue.message}"
        )
    return "\n".join(lines) + "\n"


def outcome(name: str, issues: list[Issue]) -> Json:
    """Issues as a FHIR OperationOutcome; a valid document gets one that says so."""
    listed: list[Json] = []
    for issue in issues:
        entry: Json = {
            "severity": issue.severity,
            "code": issue.code,
            "details": {"text": issue.rule},
            "diagnostics": issue.message,
        }
        if issue.expression:
            entry["expression"] = [issue.expression]
        if issue.line:
            entry["location"] = [f"{name}: line {issue.line}, column {issue.column}"]
        listed.append(entry)
    ok = {"severity": "information", "code": "informational", "diagnostics": f"{name}: no issues"}
    return {"resourceType": "OperationOutcome", "issue": listed or [ok]}


class _Progress:
    """Counts documents on a terminal while the results go elsewhere."""

    def __init__(self, *, shown: bool) -> None:
        self.shown = shown
        self.documents = self.size = 0

    def step(self, size: int) -> None:
        self.documents += 1
        self.size += size
        if self.shown and self.documents % 500 == 0:
            sys.stderr.write(f"\r{self.documents} documents, {self.size / 1e6:.1f} MB")

    def done(self) -> None:
        if self.shown and self.documents >= 500:
            sys.stderr.write(f"\r{self.documents} documents, {self.size / 1e6:.1f} MB\n")
