"""A dry run: every request that a run would send, printed as an .http file. Nothing leaves this process.

Checks go on from the answers that they get, so a dry run asks the reference server, in this process, in place of the
target: what is printed is what a conforming server of this pack would be sent, in the dialect and with the claims of
target.toml. Ids, tokens and given data are the reference server's.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.clock import SetClock
from conformance.model import UsageError
from conformance.preparation import Options, choose
from conformance.proof import QUIET, Within
from conformance.redaction import Redactor
from conformance.reference import ReferenceServer
from conformance.wire import refuse_to_write, writes

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from conformance.reference.messages import Resource
    from conformance.wire import Headers, Received

STANDS = ("pack", "allow_writes", "claims", "dialect", "exclude", "deviation")
"""Tables of target.toml that hold for the reference server as well."""


def perform(options: argparse.Namespace, arguments: Sequence[str]) -> int:
    """Print the requests; 0, whatever the reference server makes of them, 2 for a usage error.

    Raises:
        UsageError: an option is wrong, or the pack has nothing to rehearse with.

    """
    pack, target = choose(Options(pack=options.pack, base_url=options.base_url, target=options.target))
    if pack.personality is None:
        raise UsageError(f"--dry-run: pack '{pack.name}' has no embedded server to rehearse with")
    clock = SetClock()
    with ReferenceServer(pack.personality, clock=clock.now, listen=False) as server:
        table = server.target
        if target is not None:
            table = {**table, "allow_writes": target.allow_writes, **_said(options.target)}
        base_url = target.base_url if target else server.url
        headers = target.http.headers if target else {}
        redactor = Redactor((*(target.secrets() if target else ()), *_tokens(server.target)))
        read_only = options.read_only or not table["allow_writes"]
        how = {"embedded": target is None, "read_only": read_only}
        rehearsal = Rehearsal(server, clock, table, base_url, headers, redactor, **how)
        code = pytest.main([*arguments, "--pack", options.pack or str(pack.folder), *QUIET], plugins=[rehearsal])
    if code == pytest.ExitCode.USAGE_ERROR:
        return 2
    print(f"\n# {rehearsal.requests} requests, {rehearsal.writes} of which write; none of them was sent")
    if rehearsal.writes:
        print("# and afterwards, for each resource created: a GET, and a DELETE or the PUT that closes it")
    return 0


class Rehearsal(Within):
    """The reference server in the place of the target; prints what it is asked."""

    def __init__(
        self,
        server: ReferenceServer,
        clock: SetClock,
        table: dict[str, Any],
        base_url: str,
        headers: dict[str, str],
        redactor: Redactor,
        *,
        embedded: bool,
        read_only: bool,
    ) -> None:
        super().__init__(server, clock)
        self.target = table
        self.embedded = embedded
        self.requests = self.writes = 0
        self._read_only = read_only
        self._searching_by_post = "search:post" in table.get("claims", {}).get("add", ())
        self._check = "before the first check"
        self._here, self._there = server.url, base_url
        self._headers = tuple(headers.items())
        self._redactor = redactor

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._check = item.nodeid

    def send(self, method: str, url: str, headers: Headers, body: bytes | None = None) -> Received:
        """Print the request, and answer as the reference server does."""
        if self._read_only:
            refuse_to_write(method, url, searching_by_post=self._searching_by_post)
        self.requests += 1
        self.writes += writes(method, url)
        redact = self._redactor
        there = self._there + url.removeprefix(self._here)
        print(f"\n### {self._check}\n{method} {redact.url(there)}")
        for name, value in redact.headers((*headers, *self._headers)):
            print(f"{name}: {value}")
        if body:
            content_type = next((value for name, value in headers if name.lower() == "content-type"), "")
            print("", redact.body(body.decode("utf-8", "backslashreplace"), content_type), sep="\n")
        return super().send(method, url, headers, body)


def _said(file: str | None) -> Resource:
    """What target.toml says that holds for the reference server as well; files by absolute paths."""
    if file is None:
        return {}
    path = Path(file)
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    bodies = table.get("bodies", {})
    placed = {kind: _placed(path, body) for kind, body in bodies.items()}
    own = {name: _placed(path, value) for name, value in table.get("fixtures", {}).items()}
    rows = [_placed(path, value) for value in table.get("scenarios", ())]
    files = {"bodies": placed, "fixtures": own, "scenarios": rows}
    return {name: table[name] for name in STANDS if name in table} | files


def _placed(path: Path, value: Any) -> Any:
    """A file by its absolute path; anything else as it is."""
    return str((path.parent / Path(value).expanduser()).resolve()) if isinstance(value, str) else value


def _tokens(table: dict[str, Any]) -> list[str]:
    return [table["auth"]["token"], *(row["token"] for row in table["tokens"].values())]
